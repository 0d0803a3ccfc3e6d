//! The state of a declaration (STA-1), computed here and nowhere else.

use serde::Serialize;

use crate::declaration::{Content, Declaration, Problem};
use crate::ids::{DeclarationId, PersonId};
use crate::month::Month;
use crate::statement::Verdict;

use super::submission::{ReceiptNumber, SubmissionState, SubmissionView};
use super::tax::{Receiving, Sending, TransactionKind, TransactionView};
use super::unit::UnitView;

/// Where a declaration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeclarationStatus {
    /// 草稿(已申报未提交).
    Draft,
    /// 删除: voided before it was ever submitted.
    Voided,
    /// 作废: an approved enrolment that never led to a payment (SIL-2).
    Annulled,
    /// 已提交: it waits in the outbox.
    Submitted,
    /// 已受理, with its receipt.
    Received(ReceiptNumber),
    /// 未受理, with the reasons.
    NotReceived(Vec<Problem>),
    /// 已退回, with the reason.
    Returned(String),
    /// 审核不通过, with the reason.
    Rejected(String),
    /// 已撤回.
    Withdrawn,
    /// 审核通过; a roster change not answered by tax yet.
    Approved,
    /// 税务已接收: the roster change of an INT, REG or RES.
    TaxAccepted,
    /// 税务拒收, with tax's words.
    TaxRefused(String),
    /// 审核通过; a wage, month by month.
    Months(Vec<(Month, MonthStage)>),
}

/// Where one month of an approved wage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MonthStage {
    /// 审核通过, not assessed yet.
    Approved,
    /// 已核定.
    Assessed,
    /// 已发送税务.
    SentToTax,
    /// 税务拒收.
    TaxRefused,
    /// 税务已接收.
    TaxAccepted,
    /// 已到账: tax reports 已入库; the proof is not verified here yet.
    InTreasury,
    /// 已记账: a payment record whose proof this device verified, in the unit's unbroken chain.
    Recorded,
}

impl DeclarationStatus {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Voided => "voided",
            Self::Annulled => "annulled",
            Self::Submitted => "submitted",
            Self::Received(_) => "received",
            Self::NotReceived(_) => "not_received",
            Self::Returned(_) => "returned",
            Self::Rejected(_) => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Approved | Self::Months(_) => "approved",
            Self::TaxAccepted => "tax_accepted",
            Self::TaxRefused(_) => "tax_refused",
        }
    }

    /// Whether the employer may change the declaration and submit it (again).
    #[must_use]
    pub fn is_editable(&self) -> bool {
        match self {
            Self::Draft | Self::NotReceived(_) | Self::Returned(_) | Self::Withdrawn => true,
            Self::Voided
            | Self::Annulled
            | Self::Submitted
            | Self::Received(_)
            | Self::Rejected(_)
            | Self::Approved
            | Self::TaxAccepted
            | Self::TaxRefused(_)
            | Self::Months(_) => false,
        }
    }
}

/// The status of a declaration.
///
/// `queued` is the newest submission of it that waits in this device's outbox; `voided` says
/// whether its draft was voided.
#[must_use]
pub fn declaration_status(
    id: DeclarationId,
    voided: bool,
    queued: Option<&Declaration>,
    unit: &UnitView,
) -> DeclarationStatus {
    let answered = |it: &Declaration| {
        let submission = it.submission_id();
        unit.submissions.contains_key(&submission) || unit.refused.contains_key(&submission)
    };
    if queued.is_some_and(|it| !answered(it)) {
        return DeclarationStatus::Submitted;
    }
    let taken = unit.submission_of(id);
    let refused = unit
        .refused
        .values()
        .filter(|it| it.declaration.id == id)
        .max_by_key(|it| it.declaration.revision);
    match (taken, refused) {
        (_, Some(refused)) if taken.is_none_or(|it| is_older(it, &refused.declaration)) => {
            DeclarationStatus::NotReceived(refused.problems.clone())
        }
        (Some(taken), _) => status_of_submission(taken, unit),
        (None, _) if voided => DeclarationStatus::Voided,
        (None, _) => DeclarationStatus::Draft,
    }
}

fn is_older(taken: &SubmissionView, refused: &Declaration) -> bool {
    taken.declaration.revision < refused.revision
}

fn status_of_submission(submission: &SubmissionView, unit: &UnitView) -> DeclarationStatus {
    match &submission.state {
        SubmissionState::Undecided => DeclarationStatus::Received(submission.receipt.clone()),
        SubmissionState::Withdrawn => DeclarationStatus::Withdrawn,
        SubmissionState::Decided(decided) => match &decided.verdict {
            Verdict::Return(reason) => DeclarationStatus::Returned(reason.clone()),
            Verdict::Reject(reason) => DeclarationStatus::Rejected(reason.clone()),
            Verdict::Approve => approved(&submission.declaration, unit),
        },
    }
}

fn approved(declaration: &Declaration, unit: &UnitView) -> DeclarationStatus {
    match &declaration.content {
        Content::Registration { .. } if is_annulled(declaration, unit) => {
            DeclarationStatus::Annulled
        }
        Content::Interruption { .. }
        | Content::Registration { .. }
        | Content::Resumption { .. } => roster_change(declaration, unit),
        Content::Wage {
            person, from, to, ..
        } => DeclarationStatus::Months(
            from.through(*to)
                .map(|month| (month, month_stage(*person, month, unit)))
                .collect(),
        ),
    }
}

fn is_annulled(declaration: &Declaration, unit: &UnitView) -> bool {
    unit.person_meant(&declaration.content.subject())
        .is_some_and(|it| it.is_voided(declaration.submission_id()))
}

fn roster_change(declaration: &Declaration, unit: &UnitView) -> DeclarationStatus {
    let id = declaration.submission_id();
    let sent = unit.transactions.values().find(|it| {
        it.again.is_none()
            && matches!(&it.kind, TransactionKind::RosterChange { submission, .. } if *submission == id)
    });
    match sent.map(|it| &it.receiving) {
        None | Some(Receiving::NotYet) => DeclarationStatus::Approved,
        Some(Receiving::Accepted) => DeclarationStatus::TaxAccepted,
        Some(Receiving::Refused { reason, .. }) => DeclarationStatus::TaxRefused(reason.clone()),
    }
}

/// Where a person's month stands, by the receivables raised for it.
#[must_use]
pub fn month_stage(person: PersonId, month: Month, unit: &UnitView) -> MonthStage {
    let Some(due) = unit.receivables_for(person, month).last() else {
        return MonthStage::Approved;
    };
    if let Some(record) = unit.record_of(due) {
        return if record.is_recorded() {
            MonthStage::Recorded
        } else {
            MonthStage::InTreasury
        };
    }
    let kind = TransactionKind::Assessment {
        settlement: due.receivable.settlement,
    };
    unit.newest_sending(&kind.id(unit.record.id, 1))
        .map_or(MonthStage::Assessed, at_tax)
}

fn at_tax(transaction: &TransactionView) -> MonthStage {
    match (&transaction.receiving, &transaction.sending) {
        (Receiving::Accepted, _) => MonthStage::TaxAccepted,
        (Receiving::Refused { .. }, _) => MonthStage::TaxRefused,
        (Receiving::NotYet, Sending::Sent) => MonthStage::SentToTax,
        (Receiving::NotYet, Sending::Waiting | Sending::Sending | Sending::Failed(_)) => {
            MonthStage::Assessed
        }
    }
}
