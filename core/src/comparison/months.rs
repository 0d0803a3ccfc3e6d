//! Who pays from when to when, at both sides, and what mends a difference.

use crate::facts::{Receiving, TaxPerson, TransactionKind};
use crate::ids::DeclarationId;
use crate::month::{Interval, Month};

use super::repair::{ChangeKind, Repair};
use super::{Beside, Class, Finding};

/// Tax's code for a month that does not fit what it has.
const WRONG_MONTH: &str = "wrong_month";

impl Beside<'_> {
    /// How the newest interval compares. While a change is on its way to tax, or tax answered it
    /// after the roster was fetched, there is nothing to mend yet.
    pub(super) fn months(&self, tax: Option<&TaxPerson>) -> Option<Finding> {
        let (class, repair) = match (self.ours.intervals.last(), tax) {
            (None, None) => return None,
            (None, Some(_)) => (Class::OnlyTax, Some(self.voided())),
            (Some(ours), None) => (Class::OnlyOurs, self.missing(ours)),
            (Some(ours), Some(tax)) => self.interval(ours, tax)?,
        };
        Some(Finding {
            class,
            repair: self.on_its_way().or(repair),
        })
    }

    fn on_its_way(&self) -> Option<Repair> {
        let sent = self.sent?;
        let settled = match &sent.view.receiving {
            Receiving::NotYet => false,
            Receiving::Accepted => !self.is_newer(sent.view),
            Receiving::Refused { .. } => true,
        };
        (!settled).then(|| Repair::Wait {
            transaction: sent.id.clone(),
        })
    }

    /// Tax does not have the person. One who stopped here is missed by nobody.
    fn missing(&self, ours: &Interval) -> Option<Repair> {
        match ours.stop {
            None => Some(self.lacking(ChangeKind::Start, ours.start)),
            Some(_) => None,
        }
    }

    /// Tax still has someone whose enrolment was voided here (SIL-2). Tax takes no start back from
    /// which on something was collected.
    fn voided(&self) -> Repair {
        let sent = self.sent.map(|it| (&it.view.receiving, it.id));
        match sent {
            Some((Receiving::Refused { code, .. }, _)) if code == WRONG_MONTH => Repair::Window,
            Some((Receiving::Refused { .. }, transaction)) => Repair::SendAgain {
                transaction: transaction.clone(),
            },
            Some((Receiving::Accepted | Receiving::NotYet, _)) | None => Repair::AskTax,
        }
    }

    fn interval(&self, ours: &Interval, tax: &TaxPerson) -> Option<(Class, Option<Repair>)> {
        let person = self.ours.record.id;
        let same_start = ours.start == tax.first;
        let (class, repair) = match (ours.stop, tax.stop) {
            (None, None) if same_start => return None,
            (None, None) => (Class::MonthsDiffer, self.redo(ChangeKind::Start, tax.first)),
            // Tax's last month lies before our first: it knows nothing of our newest interval.
            (None, Some(last)) if last < ours.start => {
                let lacking = self.lacking(ChangeKind::Start, ours.start);
                (Class::StateDiffers, lacking)
            }
            (None, Some(last)) => {
                let stop = Repair::Stop {
                    person,
                    month: last,
                };
                (Class::StateDiffers, self.unless_recorded_after(last, stop))
            }
            // Tax has the person paying again, in an interval that we do not have.
            (Some(last), None) if tax.first > last => {
                let resume = Repair::Resume {
                    person,
                    month: tax.first,
                };
                (Class::StateDiffers, resume)
            }
            (Some(last), None) => {
                let lacking = self.lacking(ChangeKind::Stop, last);
                (Class::StateDiffers, lacking)
            }
            (Some(ours), Some(last)) if ours != last => {
                let stop = self.redo(ChangeKind::Stop, last);
                (Class::MonthsDiffer, self.unless_recorded_after(last, stop))
            }
            (Some(_), Some(_)) if same_start => return None,
            (Some(_), Some(_)) => (Class::MonthsDiffer, self.redo(ChangeKind::Start, tax.first)),
        };
        Some((class, Some(repair)))
    }

    /// A change of ours that tax does not have: refused, it is mended and sent again; accepted or
    /// never sent, tax has to take it in.
    fn lacking(&self, change: ChangeKind, month: Month) -> Repair {
        let of_this_kind = self.sent.filter(|it| match &it.view.kind {
            TransactionKind::RosterChange { change: sent, .. } => {
                ChangeKind::of(sent) == Some(change)
            }
            TransactionKind::Assessment { .. } => false,
        });
        let Some(sent) = of_this_kind else {
            return Repair::AskTax;
        };
        match &sent.view.receiving {
            Receiving::Refused { code, .. } if code == WRONG_MONTH => {
                let counts = self.last_recorded().map_or(month, |it| it.max(month));
                self.redo(change, counts)
            }
            Receiving::Refused { .. } => Repair::SendAgain {
                transaction: sent.id.clone(),
            },
            Receiving::Accepted | Receiving::NotYet => Repair::AskTax,
        }
    }

    /// The operation that gave the month, redone. What the centre loaded was no operation of the
    /// unit's: the window looks at it.
    fn redo(&self, change: ChangeKind, month: Month) -> Repair {
        match self.operation(change) {
            Some(operation) => Repair::Redo {
                person: self.ours.record.id,
                change,
                operation,
                month,
            },
            None => Repair::Window,
        }
    }

    /// The declaration behind the newest movement of this kind that counts.
    fn operation(&self, change: ChangeKind) -> Option<DeclarationId> {
        let mut counting = self.ours.movements.iter().rev();
        let newest = counting
            .find(|it| it.redone_by.is_none() && ChangeKind::of_turn(it.turn) == Some(change))?;
        let submission = self.unit.submissions.get(&newest.submission?)?;
        Some(submission.declaration.id)
    }

    /// Months that were paid cannot fall out of an interval by a declaration (MON-3): the window
    /// looks at them.
    fn unless_recorded_after(&self, last: Month, repair: Repair) -> Repair {
        if self.last_recorded().is_some_and(|it| it > last) {
            Repair::Window
        } else {
            repair
        }
    }
}
