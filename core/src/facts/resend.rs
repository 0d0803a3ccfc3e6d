//! Sending again what tax refused (STA-1: 税务拒收): when it may be, the same on a device and at
//! the centre.

use crate::declaration::ProblemCode;

use super::tax::{Receiving, TransactionId, TransactionKind, TransactionView};
use super::unit::UnitView;

impl UnitView {
    /// The transaction, where it may be sent again: tax refused it, it is the newest sending of
    /// what it carries, and no later change of the same person's went to tax, which it would undo
    /// there.
    ///
    /// # Errors
    /// What stands against it.
    pub fn to_send_again(
        &self,
        transaction: &TransactionId,
    ) -> Result<&TransactionView, ProblemCode> {
        let view = self.transactions.get(transaction);
        let view = view.ok_or(ProblemCode::TransactionUnknown)?;
        if view.again.is_some() {
            return Err(ProblemCode::SentAgainAlready);
        }
        match &view.receiving {
            Receiving::NotYet | Receiving::Accepted => Err(ProblemCode::NotRefusedByTax),
            Receiving::Refused { .. } if self.is_overtaken(view) => {
                Err(ProblemCode::OvertakenAtTax)
            }
            Receiving::Refused { .. } => Ok(view),
        }
    }

    fn is_overtaken(&self, refused: &TransactionView) -> bool {
        let person = |kind: &TransactionKind| match kind {
            TransactionKind::RosterChange { change, .. } => Some(change.person()),
            TransactionKind::Assessment { .. } => None,
        };
        let Some(wanted) = person(&refused.kind) else {
            return false;
        };
        let mut others = self.transactions.values();
        others.any(|it| it.position > refused.position && person(&it.kind) == Some(wanted))
    }
}
