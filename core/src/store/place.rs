//! Where a value lives: a position of a stream, a key of a view, or a name among the file's own.

/// An append-only stream of values at dense positions from 0. The number is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stream {
    /// What the centre ordered: at the centre its log, on a device what it received of it.
    Feed = 1,
    /// What was made on this device: batches of document changes and statements.
    Local = 2,
    /// Keys and certificates of this device; the newest wins.
    Identity = 3,
    /// Proofs of payment records that this device verified, with the heads they lead to.
    Proof = 4,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 4] = [Self::Feed, Self::Local, Self::Identity, Self::Proof];
}

/// A set of keyed values that can be derived from the streams. The number is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum View {
    /// Which positions of the feed an audience sees.
    Audience = 1,
    /// Statements by their id.
    Statement = 2,
    /// Tiles of the centre's log.
    Tile = 3,
    /// Verified snapshots of documents.
    Snapshot = 4,
    /// What is known of each document: its batches and their verdicts.
    Document = 5,
    /// Persons by the keyed hash of what they are searched by.
    Person = 6,
    /// Serials of postings taken in.
    Serial = 7,
    /// Enrolment codes by their hash.
    Code = 8,
    /// How far each peer has read.
    Cursor = 9,
    /// The device's own items: their state on the way to the centre.
    Local = 10,
    /// Transactions with the tax bureau.
    Transaction = 11,
    /// Certificates by their serial and by their device's key.
    Certificate = 12,
    /// Units by district and by the keyed hash of their public numbers.
    Unit = 13,
    /// The signed head of the centre's log, and how far the other views cover it.
    Log = 14,
}

impl View {
    /// Every view.
    pub const ALL: [Self; 14] = [
        Self::Audience,
        Self::Statement,
        Self::Tile,
        Self::Snapshot,
        Self::Document,
        Self::Person,
        Self::Serial,
        Self::Code,
        Self::Cursor,
        Self::Local,
        Self::Transaction,
        Self::Certificate,
        Self::Unit,
        Self::Log,
    ];
}

/// The place that a value is sealed to: moved to any other, it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// A value of a stream, at its position.
    Record(Stream, u64),
    /// What stands where a value of a stream was erased.
    Erased(Stream, u64),
    /// A value of a view, under its key.
    Entry(View, &'a [u8]),
    /// A value of the file itself, under its name.
    Meta(&'a str),
}

impl Place<'_> {
    /// The associated data of the sealing; different places never give the same bytes.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Record(stream, position) => {
                [&[b's', stream as u8][..], &position.to_be_bytes()].concat()
            }
            Self::Erased(stream, position) => {
                [&[b'e', stream as u8][..], &position.to_be_bytes()].concat()
            }
            Self::Entry(view, key) => [&[b'v', view as u8][..], key].concat(),
            Self::Meta(name) => [b"m", name.as_bytes()].concat(),
        }
    }
}
