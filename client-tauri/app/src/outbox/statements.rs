//! The statements made here, by what they are about: a newer one about the same takes the place
//! of an older one on the screen.

use canbao_core::declaration::Declaration;
use canbao_core::facts::TransactionId;
use canbao_core::ids::{AuditId, DeclarationId, StatementId, UnitId};
use canbao_core::month::Month;
use canbao_core::statement::{Statement, Verdict};

use super::{End, Outbox, Waiting, What};
use crate::feed::Feed;

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Declaration(DeclarationId),
    Withdrawal(StatementId),
    Decision(StatementId),
    Assessment(UnitId, Month),
    Audit(AuditId),
    Resend(TransactionId),
}

impl Outbox {
    /// The newest submission of a declaration made here, and how it ended where it was refused.
    pub(crate) fn newest_submission(
        &self,
        id: DeclarationId,
    ) -> Option<(&Declaration, Option<&End>)> {
        let item = self.newest_about(&Subject::Declaration(id))?;
        match &item.what {
            What::Statement(Statement::Submission(declaration)) => {
                Some((declaration, self.end(item)))
            }
            What::Statement(_) | What::Batch(_) => None,
        }
    }

    /// The unit that a statement made here is about.
    pub(crate) fn unit_of(&self, id: [u8; 32]) -> Option<UnitId> {
        match &self.items[*self.by_id.get(&id)?].what {
            What::Statement(statement) => Some(statement.unit()),
            What::Batch(_) => None,
        }
    }

    /// The decision on a submission that waits.
    pub(crate) fn waiting_decision(
        &self,
        feed: &Feed,
        submission: StatementId,
    ) -> Option<&Verdict> {
        let item = self.newest_about(&Subject::Decision(submission))?;
        match &item.what {
            What::Statement(Statement::Decision { verdict, .. }) if self.is_waiting(item, feed) => {
                Some(verdict)
            }
            What::Statement(_) | What::Batch(_) => None,
        }
    }

    /// Whether a withdrawal of a submission waits.
    pub(crate) fn withdrawal_waits(&self, feed: &Feed, submission: StatementId) -> bool {
        self.newest_about(&Subject::Withdrawal(submission))
            .is_some_and(|it| self.is_waiting(it, feed))
    }

    /// The requests for assessment of a unit that were made here: month, attempt, item.
    pub(crate) fn requests(&self, wanted: UnitId) -> impl Iterator<Item = (Month, u32, &Waiting)> {
        self.items.iter().filter_map(move |it| match &it.what {
            What::Statement(Statement::AssessmentRequest {
                unit,
                settlement,
                attempt,
                ..
            }) if *unit == wanted => Some((*settlement, *attempt, it)),
            What::Statement(_) | What::Batch(_) => None,
        })
    }

    /// The newest request made here to send a transaction again, and how it ended where it was
    /// refused.
    pub(crate) fn newest_resend(
        &self,
        transaction: &TransactionId,
    ) -> Option<(&Waiting, Option<&End>)> {
        let item = self.newest_about(&Subject::Resend(transaction.clone()))?;
        Some((item, self.end(item)))
    }

    /// The decisions that were made here: item, unit, submission.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = (&Waiting, UnitId, StatementId)> {
        self.items.iter().filter_map(|it| match &it.what {
            What::Statement(Statement::Decision {
                unit, submission, ..
            }) => Some((it, *unit, *submission)),
            What::Statement(_) | What::Batch(_) => None,
        })
    }

    fn newest_about(&self, subject: &Subject) -> Option<&Waiting> {
        self.newest.get(subject).map(|place| &self.items[*place])
    }
}

/// What an item is about; none of a change of a document.
pub(super) fn subject(what: &What) -> Option<Subject> {
    match what {
        What::Batch(_) => None,
        What::Statement(Statement::Submission(it)) => Some(Subject::Declaration(it.id)),
        What::Statement(Statement::Withdrawal { submission, .. }) => {
            Some(Subject::Withdrawal(*submission))
        }
        What::Statement(Statement::Decision { submission, .. }) => {
            Some(Subject::Decision(*submission))
        }
        What::Statement(Statement::AssessmentRequest {
            unit, settlement, ..
        }) => Some(Subject::Assessment(*unit, *settlement)),
        What::Statement(Statement::Audit { id, .. }) => Some(Subject::Audit(*id)),
        What::Statement(Statement::ResendRequest { transaction, .. }) => {
            Some(Subject::Resend(transaction.clone()))
        }
    }
}
