//! Submissions as the facts have them: taken in, decided, withdrawn, or not taken in.

use std::fmt;

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::declaration::{Declaration, Problem};
use crate::ids::{CertificateSerial, Position, StatementId};
use crate::month::Month;
use crate::statement::Verdict;
use crate::time::Timestamp;

use super::fact::Void;

/// 受理回执: the settlement month of intake and the submission's place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct ReceiptNumber(pub String);

impl ReceiptNumber {
    /// The receipt of what was taken in at this place, in this settlement period.
    #[must_use]
    pub fn of(settlement: Month, position: Position) -> Self {
        Self(format!("{}{:010}", settlement.compact(), position.0))
    }
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A submission that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionView {
    /// What was submitted.
    pub declaration: Declaration,
    /// Its receipt.
    pub receipt: ReceiptNumber,
    /// The settlement period given at intake.
    pub settlement: Month,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// Who submitted.
    pub signer: CertificateSerial,
    /// Where it stands.
    pub state: SubmissionState,
    /// Decisions and withdrawals that came too late, with what stood against them.
    pub void: Vec<(StatementId, Void)>,
}

/// Where a submission stands (STA-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmissionState {
    /// 已受理, not decided yet.
    Undecided,
    /// 审核通过, 已退回 or 审核不通过.
    Decided(Decided),
    /// 已撤回.
    Withdrawn,
}

/// A decision in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// How.
    pub verdict: Verdict,
    /// The clerk's name.
    pub by: String,
    /// When it was taken in.
    pub at: Timestamp,
}

impl SubmissionView {
    /// The number that the next decision on it carries.
    #[must_use]
    pub fn next_attempt(&self) -> u32 {
        u32::try_from(self.void.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }
}

impl Decided {
    /// Whether nothing can follow: a return alone may be changed and submitted again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self.verdict, Verdict::Return(_))
    }
}

/// A submission that was not taken in (未受理).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedView {
    /// What was submitted.
    pub declaration: Declaration,
    /// Why not.
    pub problems: Vec<Problem>,
    /// When.
    pub at: Timestamp,
}
