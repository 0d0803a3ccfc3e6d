//! The values of the feed's stream: entries as they were received, and packed batches.

use canbao_core::document::DocumentId;
use canbao_core::ids::Position;
use canbao_core::signed::encode;
use canbao_core::store::{Store, Stream};
use canbao_core::structure::contents;
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::Fault;

/// An entry as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Held {
    #[n(0)]
    pub(crate) position: Position,
    /// The salt of the log's commitment to it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 16],
    /// The entry's canonical bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) bytes: Vec<u8>,
    /// When it arrived, by the device's clock.
    #[n(3)]
    pub(crate) received_at: Timestamp,
}

/// Batches of documents that came packed, by a backfill.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct HeldPack {
    /// When they arrived, by the device's clock.
    #[n(0)]
    pub(crate) received_at: Timestamp,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) pack: Vec<u8>,
}

/// A value of the feed's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    Entry(Held),
    Pack(HeldPack),
}

impl Stored {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Entry(held) => encode(held),
            Self::Pack(pack) => encode(pack),
        }
    }

    /// Reads a value back: a pack is an array of two, an entry one of four.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        let fields = minicbor::Decoder::new(bytes).array();
        let read = match fields {
            Ok(Some(2)) => minicbor::decode(bytes).map(Self::Pack),
            Ok(_) | Err(_) => minicbor::decode(bytes).map(Self::Entry),
        };
        read.map_err(|error| damaged(&error))
    }
}

impl HeldPack {
    /// Where its batches were admitted, and of which documents they are.
    pub(crate) fn contents(&self) -> Result<Vec<(Position, DocumentId)>, Fault> {
        contents(&self.pack).map_err(|error| damaged(&error))
    }
}

/// The value at a place of the stream that was noted.
pub(crate) fn stored_at(store: &Store, place: u64) -> Result<Stored, Fault> {
    let bytes = store.get(Stream::Feed, place)?;
    Stored::from_bytes(&bytes.ok_or_else(|| lost(place))?)
}

/// The entry at a place of the stream that was noted.
pub(super) fn entry_at(store: &Store, place: u64) -> Result<Held, Fault> {
    match stored_at(store, place)? {
        Stored::Entry(held) => Ok(held),
        Stored::Pack(_) => Err(lost(place)),
    }
}

/// What a place of the stream should hold and does not.
pub(crate) fn lost(place: u64) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("feed: {place}"))
}

fn damaged(error: &dyn std::fmt::Display) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("feed: {error}"))
}
