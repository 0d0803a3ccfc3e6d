//! The outbox on the wire: what a device offers, and the verdict on it.

use std::fmt;

use minicbor::{Decode, Encode};

use super::{MessageError, bound, cut};
use crate::ids::Position;
use crate::refusal::RefusalName;

/// Most bytes of a refusal's code.
pub const MAX_CODE: usize = 64;
/// Most bytes of a refusal's detail.
pub const MAX_DETAIL: usize = 512;
/// The identity of an outbox item, given by its owner: the same item has one id for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ItemId(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemId({self})")
    }
}

/// What a device hands to the centre.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// Signed changes of a document.
    #[n(0)]
    Batch(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// A signed statement.
    #[n(1)]
    Statement(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
}

impl Item {
    /// The item's bytes, whatever its kind.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Batch(bytes) | Self::Statement(bytes) => bytes,
        }
    }
}

/// Device to hub: an item of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// Its id.
    #[n(0)]
    pub item: ItemId,
    /// Its content.
    #[n(1)]
    pub content: Item,
}

/// A no, by name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    #[n(0)]
    code: String,
    #[n(1)]
    detail: String,
}

impl Refusal {
    /// A refusal by name, its detail cut to what a message may carry.
    #[must_use]
    pub fn new(name: RefusalName, detail: &str) -> Self {
        Self {
            code: name.as_str().to_owned(),
            detail: cut(detail, MAX_DETAIL),
        }
    }

    /// A dotted name, at most 64 bytes.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What a person needs to find the cause, at most 512 bytes; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            f.write_str(&self.code)
        } else {
            write!(f, "{}: {}", self.code, self.detail)
        }
    }
}

/// What became of an offered item, durably.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// It has, or already had, a place in the feed.
    #[n(0)]
    Taken {
        /// That place.
        #[n(0)]
        position: Position,
    },
    /// It was refused, and will be whenever it is offered.
    #[n(1)]
    Refused(#[n(0)] Refusal),
    /// The centre cannot read it yet: it stays in the outbox, and is offered again at each session
    /// until the centre is updated.
    #[n(2)]
    Held,
}

/// Hub to device: the verdict on an item.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// The item.
    #[n(0)]
    pub item: ItemId,
    /// The verdict.
    #[n(1)]
    pub verdict: Verdict,
}

impl Refusal {
    pub(in crate::sync) fn within_bounds(&self) -> Result<(), MessageError> {
        bound("code", self.code.len(), MAX_CODE)?;
        bound("detail", self.detail.len(), MAX_DETAIL)
    }
}
