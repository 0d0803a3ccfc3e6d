//! Messages: what device and hub say to each other, and its bytes.
//!
//! A message is the CBOR array `[kind, body]`, the body an array of its fields. A kind that
//! this program does not know is named, not an error; a field that a later version appends to
//! a body is skipped.

mod envelope;
mod feed;
mod item;
mod person;
mod proof;
mod scope;
#[cfg(test)]
mod tests;

use minicbor::{Decode, Encode};

use super::{MAX_ENTRY, MAX_ITEM};

pub use envelope::MessageError;
pub(super) use envelope::{bound, envelope, open_envelope, read};
pub use feed::{CaughtUp, Entries, Entry, Hello, Welcome};
pub use item::{Answer, Item, ItemId, MAX_CODE, MAX_DETAIL, Offer, Refusal, Verdict};
pub use person::{StatusKnown, StatusRefused, StatusWanted};
pub use proof::{
    MAX_CHECKPOINT, MAX_PROOF_COUNT, MAX_PROOF_HASHES, ProofHash, ProofRefused, ProofWanted,
    RangeProof,
};
pub use scope::{Backfill, BackfillWanted, MAX_PART, MAX_PARTS, Part, Scope};

use envelope::cut;

/// A body without fields.
#[derive(Encode, Decode)]
struct Empty {}

/// A message between device and hub.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its body")]
pub enum Message {
    Hello(Hello),
    Welcome(Welcome),
    /// Hub to device: the session is refused.
    Refuse(Refusal),
    Entries(Entries),
    CaughtUp(CaughtUp),
    Offer(Offer),
    Answer(Answer),
    ProofWanted(ProofWanted),
    RangeProof(RangeProof),
    ProofRefused(ProofRefused),
    /// Device to hub: are you there?
    Ping,
    /// Hub to device: yes.
    Pong,
    Scope(Scope),
    BackfillWanted(BackfillWanted),
    Backfill(Backfill),
    StatusWanted(StatusWanted),
    StatusKnown(StatusKnown),
    StatusRefused(StatusRefused),
}

/// A message as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// One that this program knows.
    Known(Message),
    /// One of a kind that a newer program sends.
    Unknown {
        /// The kind's number.
        kind: u64,
    },
}

impl Message {
    pub(super) const BACKFILL: u64 = 15;

    /// The message's kind, as its bytes start with it.
    #[must_use]
    pub fn kind(&self) -> u64 {
        match self {
            Self::Hello(_) => 1,
            Self::Welcome(_) => 2,
            Self::Refuse(_) => 3,
            Self::Entries(_) => 4,
            Self::CaughtUp(_) => 5,
            Self::Offer(_) => 6,
            Self::Answer(_) => 7,
            Self::ProofWanted(_) => 8,
            Self::RangeProof(_) => 9,
            Self::ProofRefused(_) => 10,
            Self::Ping => 11,
            Self::Pong => 12,
            Self::Scope(_) => 13,
            Self::BackfillWanted(_) => 14,
            Self::Backfill(_) => Self::BACKFILL,
            Self::StatusWanted(_) => 16,
            Self::StatusKnown(_) => 17,
            Self::StatusRefused(_) => 18,
        }
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = self.kind();
        match self {
            Self::Hello(body) => envelope(kind, body),
            Self::Welcome(body) => envelope(kind, body),
            Self::Refuse(body) => envelope(kind, body),
            Self::Entries(body) => envelope(kind, body),
            Self::CaughtUp(body) => envelope(kind, body),
            Self::Offer(body) => envelope(kind, body),
            Self::Answer(body) => envelope(kind, body),
            Self::ProofWanted(body) => envelope(kind, body),
            Self::RangeProof(body) => envelope(kind, body),
            Self::ProofRefused(body) => envelope(kind, body),
            Self::Ping | Self::Pong => envelope(kind, &Empty {}),
            Self::Scope(body) => envelope(kind, body),
            Self::BackfillWanted(body) => envelope(kind, body),
            Self::Backfill(body) => envelope(kind, body),
            Self::StatusWanted(body) => envelope(kind, body),
            Self::StatusKnown(body) => envelope(kind, body),
            Self::StatusRefused(body) => envelope(kind, body),
        }
    }

    /// Reads a message and checks its bounds.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(bytes: &[u8]) -> Result<Incoming, MessageError> {
        let (kind, body) = open_envelope(bytes)?;
        let message = match kind {
            1 => Self::Hello(read(body)?),
            2 => Self::Welcome(read(body)?),
            3 => Self::Refuse(read(body)?),
            4 => Self::Entries(read(body)?),
            5 => Self::CaughtUp(read(body)?),
            6 => Self::Offer(read(body)?),
            7 => Self::Answer(read(body)?),
            8 => Self::ProofWanted(read(body)?),
            9 => Self::RangeProof(read(body)?),
            10 => Self::ProofRefused(read(body)?),
            11 => read::<Empty>(body).map(|Empty {}| Self::Ping)?,
            12 => read::<Empty>(body).map(|Empty {}| Self::Pong)?,
            13 => Self::Scope(read(body)?),
            14 => Self::BackfillWanted(read(body)?),
            Self::BACKFILL => Self::Backfill(read(body)?),
            16 => Self::StatusWanted(read(body)?),
            17 => Self::StatusKnown(read(body)?),
            18 => Self::StatusRefused(read(body)?),
            kind => return Ok(Incoming::Unknown { kind }),
        };
        message.within_bounds()?;
        Ok(Incoming::Known(message))
    }

    fn within_bounds(&self) -> Result<(), MessageError> {
        match self {
            Self::Refuse(refusal)
            | Self::Answer(Answer {
                verdict: Verdict::Refused(refusal),
                ..
            }) => refusal.within_bounds(),
            Self::ProofRefused(refused) => refused.refusal.within_bounds(),
            Self::StatusRefused(refused) => refused.refusal.within_bounds(),
            Self::Entries(body) => entries_within_bounds(&body.entries),
            Self::Scope(scope) => scope.within_bounds(),
            Self::BackfillWanted(wanted) => wanted.within_bounds(),
            Self::Backfill(backfill) => {
                backfill.part.within_bounds()?;
                bound(
                    "pack",
                    backfill.pack.as_ref().map_or(0, Vec::len),
                    MAX_ENTRY,
                )?;
                entries_within_bounds(&backfill.entries)
            }
            Self::Offer(offer) => bound("item", offer.content.bytes().len(), MAX_ITEM),
            Self::ProofWanted(wanted) => wanted.within_bounds(),
            Self::RangeProof(proof) => {
                bound("checkpoint", proof.checkpoint.len(), MAX_CHECKPOINT)?;
                bound("proof", proof.hashes.len(), MAX_PROOF_HASHES)
            }
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::CaughtUp(_)
            | Self::Answer(_)
            | Self::Ping
            | Self::StatusWanted(_)
            | Self::StatusKnown(_)
            | Self::Pong => Ok(()),
        }
    }
}

fn entries_within_bounds(entries: &[Entry]) -> Result<(), MessageError> {
    entries
        .iter()
        .try_for_each(|entry| bound("entry", entry.bytes.len(), MAX_ENTRY))
}
