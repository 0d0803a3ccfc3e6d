//! What is sent to tax and its two independent states (STA-2).

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::ids::{PersonId, Position, StatementId, UnitId};
use crate::month::Month;
use crate::signing::hash_parts;
use crate::time::Timestamp;

use super::fact::Void;

/// A transaction's id at tax: 32 hexadecimal characters of a hash over what it carries, so that
/// preparing it twice gives one id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct TransactionId(pub String);

impl TransactionId {
    fn of(label: &str, parts: &[&[u8]]) -> Self {
        let hash = hash_parts(label, parts);
        Self(data_encoding::HEXLOWER.encode(&hash[..16]))
    }
}

impl std::fmt::Display for TransactionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a transaction carries.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum TransactionKind {
    /// The roster change of an approved declaration.
    #[n(1)]
    RosterChange {
        /// The approved submission.
        #[n(0)]
        submission: StatementId,
        /// The change.
        #[n(1)]
        change: RosterChange,
    },
    /// The receivables of an assessed settlement period.
    #[n(2)]
    Assessment {
        /// Which.
        #[n(0)]
        settlement: Month,
    },
}

impl TransactionKind {
    /// The transaction's id: of the first sending (attempt 1) or of one of those after a refusal.
    #[must_use]
    pub fn id(&self, unit: UnitId, attempt: u32) -> TransactionId {
        let attempt = attempt.to_be_bytes();
        match self {
            Self::RosterChange { submission, .. } => TransactionId::of(
                "canbao/transaction/roster/2",
                &[&unit.0, &submission.0, &attempt],
            ),
            Self::Assessment { settlement } => TransactionId::of(
                "canbao/transaction/assessment/2",
                &[&unit.0, settlement.to_string().as_bytes(), &attempt],
            ),
        }
    }
}

/// A change of tax's roster: tax reads the month as its own stop or start month (FAQ-1).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RosterChange {
    /// The month is the last one paid.
    #[n(1)]
    Stop {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// Tax's stop month.
        #[n(1)]
        month: Month,
    },
    /// The month is the first one paid.
    #[n(2)]
    Start {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// Tax's start month.
        #[n(1)]
        month: Month,
    },
    /// The start of this month is taken back: it never led to a payment (SIL-2).
    #[n(3)]
    Cancel {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// The start month that tax has.
        #[n(1)]
        month: Month,
    },
}

impl RosterChange {
    /// Who.
    #[must_use]
    pub fn person(&self) -> PersonId {
        match self {
            Self::Stop { person, .. }
            | Self::Start { person, .. }
            | Self::Cancel { person, .. } => *person,
        }
    }

    /// Tax's month.
    #[must_use]
    pub fn month(&self) -> Month {
        match self {
            Self::Stop { month, .. } | Self::Start { month, .. } | Self::Cancel { month, .. } => {
                *month
            }
        }
    }
}

/// 社保发送状态.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// 待发送.
    #[n(1)]
    Waiting,
    /// 发送中: an attempt began; after a crash it is unknown whether tax has it.
    #[n(2)]
    Sending,
    /// 发送成功.
    #[n(3)]
    Sent,
    /// 发送失败, and why.
    #[n(4)]
    Failed(#[n(0)] String),
}

/// 地税接收状态.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiving {
    /// 未接收.
    #[n(1)]
    NotYet,
    /// 接收成功.
    #[n(2)]
    Accepted,
    /// 接收失败, and why.
    #[n(3)]
    Refused {
        /// Tax's reason code.
        #[n(0)]
        code: String,
        /// Tax's words.
        #[n(1)]
        reason: String,
    },
}

/// A transaction as the facts have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionView {
    /// What it carries.
    pub kind: TransactionKind,
    /// 1 for the first sending, one more for each after a refusal.
    pub attempt: u32,
    /// The transaction that carries the same once more.
    pub again: Option<TransactionId>,
    /// Where it was queued in the feed.
    pub position: Position,
    /// Where tax's newest answer stands in the feed.
    pub answered: Option<Position>,
    /// Requests to send it again that came to nothing, with what stood against them.
    pub void: Vec<(StatementId, Void)>,
    /// 社保发送状态.
    pub sending: Sending,
    /// 地税接收状态.
    pub receiving: Receiving,
    /// Whether tax reported 已缴款.
    pub collected: bool,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When either state last changed.
    pub changed_at: Timestamp,
}

impl TransactionView {
    /// The number that the next request to send it again carries.
    #[must_use]
    pub fn next_request(&self) -> u32 {
        u32::try_from(self.void.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }
}

/// The transactions of a unit by id.
pub(super) type Transactions = BTreeMap<TransactionId, TransactionView>;
