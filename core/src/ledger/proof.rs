//! Payment proofs (缴费凭证) as files (C2SP tlog-proof): an entry, its salt and what shows that it
//! is in the log, to be verified offline with the log's key alone.

use std::fmt;

use data_encoding::BASE64;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::commitment::{SALT_BYTES, commitment};
use super::inclusion::verify_inclusion;
use super::merkle::{Hash, VerifyError};
use super::note::{MAX_NOTE_BYTES, NoteError, SignedNote, VerifierKey};
use super::{parse_base64, parse_decimal};

/// The longest entry in a proof, in bytes.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// The longest proof file that is read, in bytes: the longest entry in base64, path and note.
pub const MAX_PROOF_BYTES: usize = 112 * 1024;

/// The longest inclusion path of a tree of 64-bit size.
const MAX_PATH_HASHES: usize = 64;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A payment proof. Nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryProof {
    /// The entry's index in the log.
    pub index: u64,
    /// The salt of the entry's commitment.
    pub salt: [u8; SALT_BYTES],
    /// The entry, as it was committed to.
    pub entry: Vec<u8>,
    /// The inclusion path, from the leaf's sibling to the root's child.
    pub path: Vec<Hash>,
    /// A checkpoint of a tree that contains the entry.
    pub checkpoint_note: SignedNote,
}

/// What a verified proof says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    /// The entry's index in the log.
    pub index: u64,
    /// The entry.
    pub entry: Vec<u8>,
    /// The size of the tree in which it is proven.
    pub tree_size: u64,
}

/// Why a proof is not read, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// More than [`MAX_PROOF_BYTES`], [`MAX_ENTRY_BYTES`] or 64 hashes.
    #[error("the proof is too long")]
    TooLarge,
    /// Not UTF-8, or its first line is not that of a proof.
    #[error("this is not a proof of this format")]
    NotAProof,
    /// No `extra` line, or it is not salt and entry in base64.
    #[error("the proof lacks its entry, or the entry is malformed")]
    BadEntry,
    /// The `index` line is missing or malformed.
    #[error("the proof's index is malformed")]
    BadIndex,
    /// A line of the path is not a hash, or no blank line ends the path.
    #[error("hash {number} of the proof's path is malformed")]
    BadPath {
        /// Counted from 1.
        number: usize,
    },
    /// The checkpoint is another log's.
    #[error("the proof is of the log {found:?}")]
    OtherLog {
        /// The origin that its checkpoint states.
        found: String,
    },
    /// The checkpoint is malformed, by the wrong key, or its signature does not hold.
    #[error(transparent)]
    Checkpoint(CheckpointError),
    /// The entry is not at its index in the tree of the checkpoint.
    #[error("the entry is not in the log: {0}")]
    NotInLog(VerifyError),
}

impl ProofError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "proof.too_large",
            Self::NotAProof => "proof.not_a_proof",
            Self::BadEntry => "proof.bad_entry",
            Self::BadIndex => "proof.bad_index",
            Self::BadPath { .. } => "proof.bad_path",
            Self::OtherLog { .. } => "proof.other_log",
            Self::Checkpoint(error) => error.code(),
            Self::NotInLog(_) => "proof.not_in_log",
        }
    }
}

impl From<CheckpointError> for ProofError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::OtherLog { found } => Self::OtherLog { found },
            CheckpointError::Note(_)
            | CheckpointError::OutOfTerm { .. }
            | CheckpointError::Malformed { .. } => Self::Checkpoint(error),
        }
    }
}

impl From<NoteError> for ProofError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(CheckpointError::Note(error))
    }
}

impl EntryProof {
    /// Reads a proof file. What is read is shown again byte for byte.
    ///
    /// # Errors
    /// [`ProofError`], all but those of verification.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofError::NotAProof)?;
        let rest = text
            .strip_prefix(FIRST_LINE)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(ProofError::NotAProof)?;
        let (salt, entry, rest) = parse_extra(rest)?;
        let (index, rest) = parse_index(rest)?;
        let (path, note) = parse_path(rest)?;
        let checkpoint_note = SignedNote::parse(note.as_bytes())?;
        Ok(Self {
            index,
            salt,
            entry,
            path,
            checkpoint_note,
        })
    }

    /// Checks that the log with this key contains the entry.
    ///
    /// # Errors
    /// [`ProofError`]: another log's, the wrong key's, or not in the log.
    pub fn verify(&self, key: &VerifierKey) -> Result<ProvenEntry, ProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint_note, key)?;
        let leaf = commitment(&self.salt, &self.entry).leaf_hash();
        verify_inclusion(&leaf, self.index, &self.path, &checkpoint.head())
            .map_err(ProofError::NotInLog)?;
        let entry = self.entry.clone();
        Ok(ProvenEntry {
            index: self.index,
            entry,
            tree_size: checkpoint.size,
        })
    }
}

impl fmt::Display for EntryProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra = [self.salt.as_slice(), &self.entry].concat();
        writeln!(
            f,
            "{FIRST_LINE}\nextra {}\nindex {}",
            BASE64.encode(&extra),
            self.index
        )?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint_note)
    }
}

fn parse_extra(text: &str) -> Result<([u8; SALT_BYTES], Vec<u8>, &str), ProofError> {
    let (line, rest) = text.split_once('\n').ok_or(ProofError::BadEntry)?;
    let extra = line.strip_prefix("extra ").ok_or(ProofError::BadEntry)?;
    let bytes = parse_base64(extra).ok_or(ProofError::BadEntry)?;
    let (salt, entry) = bytes.split_first_chunk().ok_or(ProofError::BadEntry)?;
    if entry.len() > MAX_ENTRY_BYTES {
        return Err(ProofError::TooLarge);
    }
    Ok((*salt, entry.to_vec(), rest))
}

fn parse_index(text: &str) -> Result<(u64, &str), ProofError> {
    let (line, rest) = text.split_once('\n').ok_or(ProofError::BadIndex)?;
    let index = line.strip_prefix("index ").and_then(parse_decimal);
    Ok((index.ok_or(ProofError::BadIndex)?, rest))
}

/// The path, and what follows the blank line that ends it.
fn parse_path(text: &str) -> Result<(Vec<Hash>, &str), ProofError> {
    let (mut path, mut rest) = (Vec::new(), text);
    loop {
        let number = path.len() + 1;
        let (line, after) = rest
            .split_once('\n')
            .ok_or(ProofError::BadPath { number })?;
        if line.is_empty() {
            return Ok((path, after));
        }
        if path.len() == MAX_PATH_HASHES {
            return Err(ProofError::TooLarge);
        }
        path.push(line.parse().map_err(|_| ProofError::BadPath { number })?);
        rest = after;
    }
}

const _: () = assert!(
    MAX_PROOF_BYTES
        >= (MAX_ENTRY_BYTES + SALT_BYTES).div_ceil(3) * 4
            + MAX_PATH_HASHES * 45
            + MAX_NOTE_BYTES
            + 128
);

#[cfg(test)]
mod tests {
    use super::super::commitment::Commitment;
    use super::super::inclusion::prove_inclusion;
    use super::super::merkle::tree_root;
    use super::super::sample::{log_key, node_of};
    use super::*;
    use crate::signing::SigningKey;
    use proptest::prelude::*;

    fn salt(index: u64) -> [u8; SALT_BYTES] {
        [index as u8; SALT_BYTES]
    }

    fn entry(index: u64) -> Vec<u8> {
        format!("record {index}").into_bytes()
    }

    /// The proof of entry `index` in a log of `size` entries.
    fn proof(index: u64, size: u64) -> EntryProof {
        let leaves: Vec<_> = (0..size)
            .map(|n| commitment(&salt(n), &entry(n)))
            .map(|c: Commitment| c.leaf_hash())
            .collect();
        let (origin, key, _) = log_key();
        let checkpoint_note = Checkpoint {
            origin,
            size,
            root: tree_root(&leaves),
        }
        .sign(&key);
        let nodes = |level, index| node_of(&leaves, level, index);
        let path = prove_inclusion(&nodes, index, size).unwrap();
        EntryProof {
            index,
            salt: salt(index),
            entry: entry(index),
            path,
            checkpoint_note,
        }
    }

    #[test]
    fn a_proof_reads_back_and_verifies() {
        let (_, _, key) = log_key();
        for (index, size) in [(0, 1), (0, 2), (6, 7), (99, 100), (3, 129)] {
            let made = proof(index, size);
            let read = EntryProof::parse(made.to_string().as_bytes()).unwrap();
            assert_eq!(read, made);
            let proven = ProvenEntry {
                index,
                entry: entry(index),
                tree_size: size,
            };
            assert_eq!(read.verify(&key), Ok(proven));
        }
    }

    #[test]
    fn the_file_has_the_lines_of_the_specification() {
        let made = proof(1, 3);
        let text = made.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
        let extra = BASE64
            .decode(lines[1].strip_prefix("extra ").unwrap().as_bytes())
            .unwrap();
        assert_eq!(extra, [salt(1).as_slice(), b"record 1"].concat());
        assert_eq!(lines[2], "index 1");
        assert_eq!(
            lines[3..5],
            [made.path[0].to_string(), made.path[1].to_string()]
        );
        assert_eq!(lines[5], "");
        assert!(text.ends_with(&format!("\n\n{}", made.checkpoint_note)));
    }

    #[test]
    fn another_logs_proof_and_a_wrong_key_are_refused_by_name() {
        let (origin, key, _) = log_key();
        let other_log = VerifierKey::new("log.example/other".parse().unwrap(), key.public());
        let refused = proof(2, 5).verify(&other_log).unwrap_err();
        assert_eq!(refused.code(), "proof.other_log");
        let wrong_key = VerifierKey::new(origin, SigningKey::from_seed([99; 32]).public());
        let refused = proof(2, 5).verify(&wrong_key).unwrap_err();
        assert_eq!(refused.code(), "note.wrong_key");
    }

    #[test]
    fn an_altered_proof_is_not_in_the_log() {
        let (_, _, key) = log_key();
        let good = proof(2, 5);
        let check = |altered: EntryProof, expected: VerifyError| {
            assert_eq!(altered.verify(&key), Err(ProofError::NotInLog(expected)));
        };
        check(
            EntryProof {
                entry: entry(3),
                ..good.clone()
            },
            VerifyError::RootMismatch,
        );
        check(
            EntryProof {
                salt: salt(3),
                ..good.clone()
            },
            VerifyError::RootMismatch,
        );
        check(
            EntryProof {
                index: 3,
                ..good.clone()
            },
            VerifyError::RootMismatch,
        );
        check(
            EntryProof {
                index: 4,
                ..good.clone()
            },
            VerifyError::ProofLength,
        );
        check(
            EntryProof {
                index: 5,
                ..good.clone()
            },
            VerifyError::OutOfRange { size: 5 },
        );
        check(
            EntryProof {
                path: vec![],
                ..good.clone()
            },
            VerifyError::ProofLength,
        );
        // A path of another tree size under the same log's other checkpoint.
        let other = proof(2, 9).checkpoint_note;
        check(
            EntryProof {
                checkpoint_note: other,
                ..good
            },
            VerifyError::ProofLength,
        );
    }

    #[test]
    fn malformed_proofs_are_refused_by_name() {
        let good = proof(1, 3).to_string();
        let check = |text: &str, expected: &str| {
            let refused = EntryProof::parse(text.as_bytes()).unwrap_err();
            assert_eq!(refused.code(), expected, "{text:?}");
        };
        let line = |at: usize| good.lines().nth(at).unwrap();
        check("", "proof.not_a_proof");
        check("c2sp.org/tlog-proof@v1", "proof.not_a_proof");
        check(&good.replace("@v1", "@v2"), "proof.not_a_proof");
        check(&good.replace('\n', "\r\n"), "proof.not_a_proof");
        check("c2sp.org/tlog-proof@v1\n", "proof.bad_entry");
        check(
            &good.replace(&format!("{}\n", line(1)), ""),
            "proof.bad_entry",
        );
        check(&good.replace(line(1), "extra "), "proof.bad_entry");
        check(&good.replace(line(1), "extra AAAA"), "proof.bad_entry");
        check(
            &good.replace(line(1), &format!("{} ", line(1))),
            "proof.bad_entry",
        );
        for index in [
            "index 01", "index", "index ", "index -1", "index +1", "index 1 ", "INDEX 1",
        ] {
            check(&good.replace("index 1", index), "proof.bad_index");
        }
        check(&good.replace(line(3), "AAAA"), "proof.bad_path");
        check(
            &good.replace(line(3), &format!(" {}", line(3))),
            "proof.bad_path",
        );
        check(&good[..good.find(line(4)).unwrap() + 20], "proof.bad_path");
        let many = format!("{}\n", line(3)).repeat(65);
        check(
            &good.replace(&format!("{}\n", line(3)), &many),
            "proof.too_large",
        );
        check(&"x".repeat(MAX_PROOF_BYTES + 1), "proof.too_large");
        let big = format!(
            "extra {}",
            BASE64.encode(&[0; SALT_BYTES + MAX_ENTRY_BYTES + 1])
        );
        check(&good.replace(line(1), &big), "proof.too_large");
        check(&good[..good.len() - 1], "note.no_signatures");
        check(&format!("{good}\n"), "note.no_signatures");
        check(&format!("{good}more\n"), "note.bad_signature_line");
        assert_eq!(EntryProof::parse(b"\xff"), Err(ProofError::NotAProof));
    }

    #[test]
    fn the_longest_entry_is_read() {
        let long = EntryProof {
            entry: vec![1; MAX_ENTRY_BYTES],
            ..proof(0, 1)
        };
        assert_eq!(EntryProof::parse(long.to_string().as_bytes()), Ok(long));
    }

    proptest! {
        #[test]
        fn no_altered_byte_of_a_proof_goes_unnoticed(
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let (_, _, key) = log_key();
            let mut bytes = proof(5, 11).to_string().into_bytes();
            *at.get_mut(&mut bytes) ^= 1 << bit;
            let read = EntryProof::parse(&bytes);
            prop_assert!(read.and_then(|proof| proof.verify(&key)).is_err());
        }
    }
}
