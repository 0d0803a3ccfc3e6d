//! The values of the local stream: what was made on this device and what it came to.

use canbao_core::document::{Action, DocumentId};
use canbao_core::facts::Audience;
use canbao_core::signed::encode;
use canbao_core::statement::read_admitted;
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::Fault;

/// A value of the local stream: the truth about what was made here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Made {
    /// A change of a document, with the action that made it.
    #[n(1)]
    Batch {
        #[n(0)]
        document: DocumentId,
        /// Kept so that a refused change can be made again.
        #[n(1)]
        action: Action,
        #[cbor(n(2), with = "minicbor::bytes")]
        batch: Vec<u8>,
        #[n(3)]
        at: Timestamp,
        /// The refused batch, or the one that was built on it, in whose place this one stands.
        #[cbor(n(4), with = "minicbor::bytes")]
        redoes: Option<[u8; 32]>,
    },
    /// A signed statement.
    #[n(2)]
    Statement {
        #[cbor(n(0), with = "minicbor::bytes")]
        signed: Vec<u8>,
        #[n(1)]
        at: Timestamp,
    },
    /// The centre refused an item by name when it was offered: its end.
    #[n(3)]
    Ended {
        #[cbor(n(0), with = "minicbor::bytes")]
        item: [u8; 32],
        #[n(1)]
        code: String,
        #[n(2)]
        detail: String,
        #[n(3)]
        at: Timestamp,
    },
    /// A batch that cannot be made again: it stays in quarantine.
    #[n(4)]
    GivenUp {
        #[cbor(n(0), with = "minicbor::bytes")]
        batch: [u8; 32],
        #[n(1)]
        code: String,
        #[n(2)]
        at: Timestamp,
    },
    /// The centre cannot read an item yet and left it here: it is offered again at each session
    /// until the centre is updated.
    #[n(5)]
    Held {
        #[cbor(n(0), with = "minicbor::bytes")]
        item: [u8; 32],
        #[n(1)]
        at: Timestamp,
    },
}

impl Made {
    /// Whom it is for; none where it says what became of another one.
    pub(crate) fn audience(&self) -> Option<Audience> {
        match self {
            Self::Batch { document, .. } => Some(document.audience()),
            Self::Statement { signed, .. } => {
                let read = read_admitted(signed).ok()?;
                Some(Audience::Unit(read.statement.unit()))
            }
            Self::Ended { .. } | Self::GivenUp { .. } | Self::Held { .. } => None,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        minicbor::decode(bytes).map_err(|error| {
            Fault::store("store.damaged").with("detail", format_args!("local: {error}"))
        })
    }
}
