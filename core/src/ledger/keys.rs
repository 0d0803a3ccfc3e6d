//! The keys of one log, one after the other: a head is verified by the key that it names, within
//! that key's term.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::note::{NoteError, SignedNote, VerifierKey};

/// A log key and the size of the log from which on it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The key.
    pub key: VerifierKey,
    /// The first size whose head it signs. The key before it signs up to this size.
    pub since: u64,
}

/// Every key of a log, the newest last; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeys {
    before: Vec<Term>,
    newest: Term,
}

/// A log that has had one key.
impl From<VerifierKey> for LogKeys {
    fn from(key: VerifierKey) -> Self {
        Self {
            before: Vec::new(),
            newest: Term { key, since: 0 },
        }
    }
}

impl LogKeys {
    /// The keys in the order of their terms.
    ///
    /// # Errors
    /// [`NoteError::BadKey`] where there is none.
    pub fn new(mut terms: Vec<Term>) -> Result<Self, NoteError> {
        let newest = terms.pop().ok_or(NoteError::BadKey)?;
        Ok(Self {
            before: terms,
            newest,
        })
    }

    /// The key that verifies this head. What the note says is not believed yet: it is once the
    /// key has verified it.
    ///
    /// # Errors
    /// [`CheckpointError::OutOfTerm`] where the note names a key of this log, but one that does
    /// not sign heads of this size. One that names none gets the newest, which will refuse it.
    pub fn key_for(&self, note: &SignedNote) -> Result<&VerifierKey, CheckpointError> {
        let mut out_of_term = None;
        let mut until = None;
        for term in std::iter::once(&self.newest).chain(self.before.iter().rev()) {
            if note.names(&term.key) {
                let size = Checkpoint::unverified_size(note)?;
                if size >= term.since && until.is_none_or(|until| size <= until) {
                    return Ok(&term.key);
                }
                out_of_term = Some(CheckpointError::OutOfTerm { size });
            }
            until = Some(term.since);
        }
        out_of_term.map_or(Ok(&self.newest.key), Err)
    }

    /// Takes a checkpoint of this log.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(&self, note: &SignedNote) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::open(note, self.key_for(note)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::leaf_hash;
    use super::*;
    use crate::ledger::note::KeyName;
    use crate::signing::SigningKey;

    fn name() -> KeyName {
        "log.example/a".parse().unwrap()
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    /// Key 1 up to size 10, key 2 up to 20, key 3 from there on.
    fn keys() -> LogKeys {
        let terms = [(1, 0), (2, 10), (3, 20)].map(|(seed, since)| Term {
            key: VerifierKey::new(name(), key(seed).public()),
            since,
        });
        LogKeys::new(terms.to_vec()).unwrap()
    }

    fn head(size: u64, seed: u8) -> SignedNote {
        let checkpoint = Checkpoint {
            origin: name(),
            size,
            root: leaf_hash(b"leaf"),
        };
        checkpoint.sign(&key(seed))
    }

    #[test]
    fn each_key_signs_the_heads_of_its_term_and_no_others() {
        for (seed, from, upto) in [(1, 0, 10), (2, 10, 20), (3, 20, u64::MAX)] {
            for size in [0, 9, 10, 11, 19, 20, 21, u64::MAX] {
                let opened = keys().open(&head(size, seed));
                if (from..=upto).contains(&size) {
                    assert_eq!(opened.map(|it| it.size), Ok(size), "{seed}");
                } else {
                    let refused = CheckpointError::OutOfTerm { size };
                    assert_eq!(opened, Err(refused), "{seed}");
                }
            }
        }
    }

    #[test]
    fn a_head_by_no_key_of_the_log_is_refused_as_by_the_wrong_key() {
        assert_eq!(
            keys().open(&head(15, 9)),
            Err(CheckpointError::Note(NoteError::WrongKey))
        );
        assert_eq!(LogKeys::new(Vec::new()), Err(NoteError::BadKey));
        let text = head(15, 2).to_string().replace("\n15\n", "\n16\n");
        let altered = SignedNote::parse(text.as_bytes()).unwrap();
        assert_eq!(
            keys().open(&altered),
            Err(CheckpointError::Note(NoteError::BadSignature))
        );
    }
}
