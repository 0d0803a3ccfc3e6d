//! Sending again what tax refused (STA-1: 税务拒收), on the employer's request.

use canbao_core::facts::{Fact, TransactionId};

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
        match self.unit.to_send_again(transaction) {
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
}
