//! Why a session ends, and what it tells of a newer peer.

use super::frame::FrameError;
use super::message::{MessageError, Refusal};
use crate::refusal::RefusalName;

/// Why a session ended. After it, a session takes and yields nothing more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// Its own side asked for the end.
    #[error("the session was stopped")]
    Stopped,
    /// The hub refused the session; on the hub, that it did.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The peer speaks a newer protocol from the start.
    #[error("the peer is newer: {0}")]
    NeedsUpdate(NeedsUpdate),
    /// Nothing came from the peer for too long.
    #[error("the peer is silent")]
    Silent,
    /// The peer broke the protocol.
    #[error(transparent)]
    Violation(#[from] Violation),
}

impl CloseReason {
    /// The name of this reason; the hub's own name where the hub refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Stopped => "sync.stopped",
            Self::Refused(refusal) => refusal.code(),
            Self::NeedsUpdate(_) => RefusalName::SyncNeedsUpdate.as_str(),
            Self::Silent => "sync.silent",
            Self::Violation(violation) => violation.code(),
        }
    }

    /// What the other side is told of this end by a hub; nothing where there is nobody to tell
    /// or nothing to say.
    #[must_use]
    pub(super) fn told(&self) -> Option<Refusal> {
        let name = match self {
            Self::Stopped | Self::Silent => return None,
            Self::Refused(refusal) => return Some(refusal.clone()),
            Self::NeedsUpdate(_) => RefusalName::SyncNeedsUpdate,
            Self::Violation(violation) => violation.into(),
        };
        Some(Refusal::new(name, &self.to_string()))
    }
}

/// Something a newer program sent, stepped over and shown as 需要更新.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NeedsUpdate {
    /// A frame of a newer version.
    #[error("frame version {0}")]
    Frame(u8),
    /// A message of an unknown kind.
    #[error("message kind {0}")]
    Message(u64),
}

/// What a peer did that the protocol does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Its bytes are not frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Its frames are not messages.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A message that has no place here.
    #[error("a message of kind {kind} out of order")]
    Unexpected {
        /// The message's kind.
        kind: u64,
    },
    /// The hub serves another feed than it was asked for.
    #[error("another feed")]
    OtherFeed,
    /// Entries that do not continue where the device stands.
    #[error("the feed goes on at {found} instead of {expected}")]
    FeedGap {
        /// The device's cursor.
        expected: u64,
        /// Where the message continues from.
        found: u64,
    },
    /// Positions that do not ascend, or a cursor that goes back or past the end.
    #[error("positions out of order")]
    PositionsOutOfOrder,
    /// More offers or requests than the window allows.
    #[error("more than the window allows")]
    WindowExceeded,
}

impl Violation {
    /// The name of this violation for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&Violation> for RefusalName {
    fn from(violation: &Violation) -> Self {
        match violation {
            Violation::Frame(error) => error.into(),
            Violation::Message(error) => error.into(),
            Violation::Unexpected { .. } => Self::SyncUnexpectedMessage,
            Violation::OtherFeed => Self::SyncOtherFeed,
            Violation::FeedGap { .. } => Self::SyncFeedGap,
            Violation::PositionsOutOfOrder => Self::SyncPositions,
            Violation::WindowExceeded => Self::SyncWindowExceeded,
        }
    }
}

impl From<FrameError> for CloseReason {
    fn from(error: FrameError) -> Self {
        Self::Violation(error.into())
    }
}

impl From<MessageError> for CloseReason {
    fn from(error: MessageError) -> Self {
        Self::Violation(error.into())
    }
}
