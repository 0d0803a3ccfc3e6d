//! The feed on the wire: where a device stands, and what comes next for it.

use minicbor::{Decode, Encode};

use crate::ids::{FeedId, Position};

/// Device to hub, first: where the device stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The newest protocol version the device speaks.
    #[n(0)]
    pub protocol: u16,
    /// The feed the device follows.
    #[n(1)]
    pub feed: FeedId,
    /// The version of its scope as the device last heard it.
    #[n(2)]
    pub scope_version: u64,
    /// The number of positions the device has seen: the next position it wants.
    #[n(3)]
    pub cursor: u64,
    /// How many items wait in its outbox.
    #[n(4)]
    pub offers: u32,
    /// Below this position the feed need not bring what can be had late, by backfills: all there
    /// is for the first session of all, then what the [`Scope`](super::Scope) said. Without
    /// effect at or below the cursor.
    #[n(5)]
    pub late_from: u64,
}

/// Hub to device, the answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// The hub's feed.
    #[n(0)]
    pub feed: FeedId,
    /// The version of the device's scope now.
    #[n(1)]
    pub scope_version: u64,
    /// The number of positions in the feed.
    #[n(2)]
    pub head: u64,
    /// From the device's cursor up to here nothing is for this device; equal to `head` when
    /// there is nothing new at all.
    #[n(3)]
    pub upto: u64,
}

/// One position of the feed, as this device may see it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Its place in the feed and in the centre's log.
    #[n(0)]
    pub position: Position,
    /// The salt of the log's commitment to it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub salt: [u8; 16],
    /// The entry's canonical bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Hub to device: entries in feed order. What lies between them is not for this device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entries {
    /// The cursor this message continues from, so that a message lost or skipped shows.
    #[n(0)]
    pub from: u64,
    /// The entries, positions ascending, none below `from`; never empty.
    #[n(1)]
    pub entries: Vec<Entry>,
}

/// Hub to device: nothing is for this device from one position to another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CaughtUp {
    /// The cursor this message continues from.
    #[n(0)]
    pub from: u64,
    /// The device's cursor after it.
    #[n(1)]
    pub cursor: u64,
}
