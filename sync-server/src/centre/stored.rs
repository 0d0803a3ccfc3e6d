//! An entry of the log as the store holds it: the salt of its commitment, and its bytes.

use canbao_core::facts::{Entry, Fact, FactError};
use canbao_core::ids::Position;
use canbao_core::ledger::commitment::{Commitment, commitment};
use canbao_core::signed::encode;
use canbao_core::store::{Store, Stream};
use canbao_core::sync;
use minicbor::{Decode, Encode};

use super::answer::Unavailable;

/// The value of [`Stream::Feed`] at the leaf's index.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Stored {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) salt: [u8; 16],
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) entry: Vec<u8>,
}

/// An entry of the log, read; its fact is none where only a newer program knows its kind.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) position: Position,
    pub(super) entry: Entry,
    pub(super) fact: Option<Fact>,
}

impl Stored {
    /// What the log's leaf commits to.
    pub(super) fn commitment(&self) -> Commitment {
        commitment(&self.salt, &self.entry)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub(super) fn from_bytes(position: u64, bytes: &[u8]) -> Result<Self, Unavailable> {
        minicbor::decode(bytes).map_err(|error| unreadable(position, &error))
    }

    /// The entry as it travels.
    pub(super) fn into_entry(self, position: u64) -> sync::Entry {
        sync::Entry {
            position: Position(position),
            salt: self.salt,
            bytes: self.entry,
        }
    }

    pub(super) fn read(&self, position: u64) -> Result<Read, Unavailable> {
        let entry = Entry::from_bytes(&self.entry).map_err(|error| unreadable(position, &error))?;
        let fact = match entry.fact() {
            Ok(fact) => Some(fact),
            Err(FactError::NewerKind) => None,
            Err(error @ FactError::Malformed(_)) => return Err(unreadable(position, &error)),
        };
        Ok(Read {
            position: Position(position),
            entry,
            fact,
        })
    }
}

/// The entry at a position that some view named.
pub(super) fn read_at(store: &Store, position: u64) -> Result<Read, Unavailable> {
    let bytes = store
        .get(Stream::Feed, position)?
        .ok_or_else(|| unreadable(position, &"a view names an entry that is not there"))?;
    Stored::from_bytes(position, &bytes)?.read(position)
}

pub(super) fn unreadable(position: u64, error: &dyn std::fmt::Display) -> Unavailable {
    Unavailable::Entry {
        position,
        detail: error.to_string(),
    }
}
