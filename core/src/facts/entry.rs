//! The entry of the feed that carries a fact.

use minicbor::{Decode, Encode};

use crate::ids::Position;
use crate::signed::encode;
use crate::time::Timestamp;

use super::audience::Audience;
use super::fact::Fact;

/// An entry of the feed: a fact, when the centre ordered it, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The centre's clock.
    #[n(0)]
    pub at: Timestamp,
    /// Whom it is for.
    #[n(1)]
    pub audience: Vec<Audience>,
    /// The fact's bytes; a kind of a newer program is held without being read.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    fact: Vec<u8>,
}

/// Bytes that are no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an entry of the feed is malformed: {0}")]
pub struct EntryError(String);

/// Why the fact of an entry cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// A kind that a newer program knows: held, shown as 需要更新.
    #[error("a fact of a kind this program does not know yet")]
    NewerKind,
    /// Damage, or a centre of another make.
    #[error("a fact is malformed: {0}")]
    Malformed(String),
}

impl Entry {
    /// The entry of a fact.
    #[must_use]
    pub fn new(at: Timestamp, fact: &Fact) -> Self {
        Self {
            at,
            audience: fact.audience(),
            fact: encode(fact),
        }
    }

    /// Its bytes, which the leaf of the log commits to.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an entry back.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        minicbor::decode(bytes).map_err(|error| EntryError(error.to_string()))
    }

    /// The fact.
    ///
    /// # Errors
    /// [`FactError`].
    pub fn fact(&self) -> Result<Fact, FactError> {
        self.fact_up_to(Fact::NEWEST_KIND)
    }

    /// The fact, for a program that knows the kinds up to this one.
    ///
    /// # Errors
    /// [`FactError`].
    pub fn fact_up_to(&self, newest_kind: u64) -> Result<Fact, FactError> {
        if kind(&self.fact).is_some_and(|kind| kind > newest_kind) {
            return Err(FactError::NewerKind);
        }
        minicbor::decode(&self.fact).map_err(|error| {
            if error.is_unknown_variant() {
                FactError::NewerKind
            } else {
                FactError::Malformed(error.to_string())
            }
        })
    }
}

/// The number of the kind with which the bytes of a fact or a statement begin.
pub(crate) fn kind(bytes: &[u8]) -> Option<u64> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u64().ok()
}

/// A fact where the feed put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place.
    pub position: Position,
    /// When the centre ordered it.
    pub at: Timestamp,
    /// What it says.
    pub fact: Fact,
}
