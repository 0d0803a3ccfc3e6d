//! The scope on the wire: the parts of the feed that a device sees, and what it missed of them.

use std::fmt;

use minicbor::{Decode, Encode};

use super::{Entry, MessageError, bound};

/// Most parts of a scope.
pub const MAX_PARTS: usize = 20_000;
/// Most bytes of a part's key.
pub const MAX_PART: usize = 32;

/// A part of the feed, by the key that the centre's index has for it; what it means is not the
/// protocol's business.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Part(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({self})")
    }
}

/// Hub to device: what it sees from here on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Scope {
    /// The version of the scope, another one for other parts.
    #[n(0)]
    pub version: u64,
    /// From this position on the feed brings these parts; what a part that is new to the device
    /// has before it must be asked for.
    #[n(1)]
    pub from: u64,
    /// The parts in ascending order of their keys, none twice.
    #[n(2)]
    pub parts: Vec<Part>,
    /// The feed brings some of the parts from this position on, where it is above `from`.
    #[n(3)]
    pub late_from: u64,
    /// Which of them, in ascending order.
    #[n(4)]
    pub late: Vec<Part>,
}

/// Device to hub: what a part has from one position up to another is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct BackfillWanted {
    /// The part.
    #[n(0)]
    pub part: Part,
    /// The first position that the device has not looked at.
    #[n(1)]
    pub from: u64,
    /// Where the feed took over.
    #[n(2)]
    pub upto: u64,
    /// Whether a pack may stand for some of the entries.
    #[n(3)]
    pub packed: bool,
}

/// Hub to device: the next of what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Backfill {
    /// The part.
    #[n(0)]
    pub part: Part,
    /// The position it continues from, as it was wanted.
    #[n(1)]
    pub from: u64,
    /// The part's entries in feed order, from `from` on and below `next`; may be empty.
    #[n(2)]
    pub entries: Vec<Entry>,
    /// Up to here the part is complete; greater than `from`.
    #[n(3)]
    pub next: u64,
    /// What stands for entries of the part that are left out, where that was asked for; bytes
    /// that the store on either side reads.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub pack: Option<Vec<u8>>,
}

impl Part {
    pub(super) fn within_bounds(&self) -> Result<(), MessageError> {
        bound("part", self.0.len(), MAX_PART)
    }
}

impl Scope {
    pub(super) fn within_bounds(&self) -> Result<(), MessageError> {
        bound("scope", self.parts.len(), MAX_PARTS)?;
        self.parts.iter().try_for_each(Part::within_bounds)?;
        let ascends = |parts: &[Part]| parts.is_sorted_by(|one, next| one < next);
        let is_part = |late: &Part| self.parts.binary_search(late).is_ok();
        if ascends(&self.parts) && ascends(&self.late) && self.late.iter().all(is_part) {
            Ok(())
        } else {
            Err(MessageError::Malformed("parts out of order".to_owned()))
        }
    }
}

impl BackfillWanted {
    pub(super) fn within_bounds(&self) -> Result<(), MessageError> {
        self.part.within_bounds()?;
        if self.from < self.upto {
            Ok(())
        } else {
            Err(MessageError::Malformed("a backfill of nothing".to_owned()))
        }
    }
}
