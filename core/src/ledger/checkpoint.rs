//! Checkpoints (C2SP tlog-checkpoint): the log's size and root, signed by the log's key.

use std::fmt;

use super::merkle::{Hash, TreeHead};
use super::note::{KeyName, NoteError, SignedNote, VerifierKey};
use super::parse_decimal;
use crate::signing::SigningKey;

/// What the log's key says the log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's identity, which is its key's name too.
    pub origin: KeyName,
    /// The number of leaves.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
}

/// Why a checkpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note is malformed, by another key of this log, or its signature does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is another log's.
    #[error("the checkpoint is of the log {found:?}")]
    OtherLog {
        /// The origin that it states.
        found: String,
    },
    /// By a key of this log that signs no heads of this size: one that was replaced before, or
    /// came after.
    #[error("a head of size {size} is not for this key of the log to sign")]
    OutOfTerm {
        /// The size that it states.
        size: u64,
    },
    /// A text signed by the log's key that is not a checkpoint.
    #[error("line {line} of the checkpoint is malformed")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
}

impl CheckpointError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => error.code(),
            Self::OtherLog { .. } => "checkpoint.other_log",
            Self::OutOfTerm { .. } => "checkpoint.out_of_term",
            Self::Malformed { .. } => "checkpoint.malformed",
        }
    }
}

impl Checkpoint {
    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root,
        }
    }

    /// Signs the checkpoint with the log's key, under the origin.
    ///
    /// # Panics
    /// Never: a checkpoint is short plain text.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> SignedNote {
        SignedNote::sign(self.to_string(), &self.origin, key)
            .expect("a checkpoint can be read back")
    }

    /// Takes a checkpoint of the log whose key this is.
    ///
    /// Extension lines, which other programs may add, are signed but say nothing here.
    ///
    /// # Errors
    /// [`CheckpointError`]. A note that states another origin is another log's, whoever signed
    /// it; one with the right origin and no signature by this key is of the wrong key.
    pub fn open(note: &SignedNote, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let origin = note
            .unverified_text()
            .split('\n')
            .next()
            .unwrap_or_default();
        if origin != key.name().to_string() {
            return Err(CheckpointError::OtherLog {
                found: origin.to_owned(),
            });
        }
        let text = note.verify(key)?;
        Self::parse(text, key.name())
    }

    /// The size that a note states, whoever signed it: for finding the key, never for believing.
    pub(super) fn unverified_size(note: &SignedNote) -> Result<u64, CheckpointError> {
        let line = note.unverified_text().split('\n').nth(1);
        line.and_then(parse_decimal)
            .ok_or(CheckpointError::Malformed { line: 2 })
    }

    /// Reads the lines after the origin, which the caller has compared.
    fn parse(text: &str, origin: &KeyName) -> Result<Self, CheckpointError> {
        let malformed = |line| CheckpointError::Malformed { line };
        let lines: Vec<_> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .collect();
        let line = |at: usize| lines.get(at).copied().unwrap_or_default();
        let size = parse_decimal(line(1)).ok_or(malformed(2))?;
        let root = line(2).parse().map_err(|_| malformed(3))?;
        match lines.iter().position(|line| line.is_empty()) {
            Some(empty) => Err(malformed(empty + 1)),
            None => Ok(Self {
                origin: origin.clone(),
                size,
                root,
            }),
        }
    }
}

/// The note's text: origin, size and root, each on a line.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::leaf_hash;
    use super::*;

    fn key(origin: &str, seed: u8) -> (KeyName, SigningKey, VerifierKey) {
        let (name, key) = (
            origin.parse::<KeyName>().unwrap(),
            SigningKey::from_seed([seed; 32]),
        );
        let verifier = VerifierKey::new(name.clone(), key.public());
        (name, key, verifier)
    }

    fn open(text: &str) -> Result<Checkpoint, CheckpointError> {
        let (name, key, verifier) = key("log.example/a", 1);
        Checkpoint::open(
            &SignedNote::sign(text.to_owned(), &name, &key).unwrap(),
            &verifier,
        )
    }

    #[test]
    fn a_signed_checkpoint_opens_with_its_key() {
        let (origin, key, verifier) = key("log.example/a", 1);
        for size in [0, 1, u64::MAX] {
            let checkpoint = Checkpoint {
                origin: origin.clone(),
                size,
                root: leaf_hash(b"x"),
            };
            let note = checkpoint.sign(&key);
            assert_eq!(Checkpoint::open(&note, &verifier), Ok(checkpoint));
        }
    }

    #[test]
    fn another_logs_valid_checkpoint_and_a_wrong_key_have_different_names() {
        let (origin, ours, _) = key("log.example/a", 1);
        let note = Checkpoint {
            origin,
            size: 1,
            root: leaf_hash(b"x"),
        }
        .sign(&ours);
        let (_, _, other_log) = key("log.example/b", 1);
        let found = "log.example/a".to_owned();
        let refused = Checkpoint::open(&note, &other_log);
        assert_eq!(refused, Err(CheckpointError::OtherLog { found }));
        let (_, _, wrong_key) = key("log.example/a", 2);
        let refused = Checkpoint::open(&note, &wrong_key);
        assert_eq!(refused, Err(CheckpointError::Note(NoteError::WrongKey)));
        assert_eq!(refused.unwrap_err().code(), "note.wrong_key");
    }

    #[test]
    fn our_signature_under_another_origin_is_another_logs() {
        let root = leaf_hash(b"x");
        let refused = open(&format!("log.example/b\n1\n{root}\n"));
        assert_eq!(
            refused,
            Err(CheckpointError::OtherLog {
                found: "log.example/b".to_owned()
            })
        );
    }

    #[test]
    fn malformed_checkpoints_are_refused_by_line() {
        let root = leaf_hash(b"x");
        let check = |rest: &str, line: usize| {
            let refused = open(&format!("log.example/a\n{rest}"));
            assert_eq!(
                refused,
                Err(CheckpointError::Malformed { line }),
                "{rest:?}"
            );
        };
        check("", 2);
        check(&format!("01\n{root}\n"), 2);
        check(&format!("+1\n{root}\n"), 2);
        check(&format!("-1\n{root}\n"), 2);
        check(&format!("1 \n{root}\n"), 2);
        check(&format!("18446744073709551616\n{root}\n"), 2);
        check(&format!("\n1\n{root}\n"), 2);
        check("1\n", 3);
        check("1\nAAAA\n", 3);
        check(&format!("1\n{root} \n"), 3);
        check(&format!("1\n{root}\n\n"), 4);
        check(&format!("1\n{root}\nextension\n\n"), 5);
    }

    #[test]
    fn extension_lines_are_let_pass() {
        let root = leaf_hash(b"x");
        let opened = open(&format!("log.example/a\n1\n{root}\nextension\nmore\n")).unwrap();
        assert_eq!((opened.size, opened.root), (1, root));
    }
}
