//! Sending again what tax refused (STA-1: 税务拒收), on the employer's request.

use canbao_core::declaration::ProblemCode;
use canbao_core::facts::{Fact, Receiving, TransactionId, TransactionKind, TransactionView};

use super::intake::{Intake, void_of, whole};

impl Intake<'_> {
    /// The request's answer and the new transaction behind it, or what stands against it.
    pub(super) fn resend(&self, transaction: &TransactionId, statement: Vec<u8>) -> Vec<Fact> {
        let unit = self.id();
        let taken = |void| Fact::ResendTaken {
            unit,
            statement,
            void,
        };
        match self.to_send_again(transaction) {
            Err(code) => vec![taken(Some(void_of(vec![whole(code)])))],
            Ok(refused) => {
                let (kind, attempt) = (refused.kind.clone(), refused.attempt.saturating_add(1));
                vec![
                    taken(None),
                    Fact::TransactionQueued {
                        unit,
                        transaction: kind.id(unit, attempt),
                        kind,
                        attempt,
                    },
                ]
            }
        }
    }

    fn to_send_again(&self, transaction: &TransactionId) -> Result<&TransactionView, ProblemCode> {
        let view = self.unit.transactions.get(transaction);
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

    /// Whether a later change of the same person's was queued: sent now, this one would undo it
    /// at tax.
    fn is_overtaken(&self, refused: &TransactionView) -> bool {
        let person = |kind: &TransactionKind| match kind {
            TransactionKind::RosterChange { change, .. } => Some(change.person()),
            TransactionKind::Assessment { .. } => None,
        };
        let Some(wanted) = person(&refused.kind) else {
            return false;
        };
        let mut others = self.unit.transactions.values();
        others.any(|it| it.position > refused.position && person(&it.kind) == Some(wanted))
    }
}
