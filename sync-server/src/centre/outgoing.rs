//! What waits to be sent to tax, and the steps of sending it.

use std::ops::Bound;

use canbao_core::facts::{Fact, Receivable, Sending, TransactionId, TransactionKind, UnitView};
use canbao_core::store::{Store, View};
use canbao_core::time::Timestamp;

use super::answer::{TaxError, Unavailable};
use super::desk::Desk;
use super::handle::{Centre, lock};
use super::places;
use super::tax::{Outgoing, OutgoingContent};
use super::units::Units;

impl Centre {
    /// Transactions not sent successfully yet, in the order of their ids, at most `limit`, from
    /// the one after `after` on: so that those that fail do not keep others from their turn.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn transactions_to_send(
        &self,
        after: Option<&TransactionId>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Unavailable> {
        let mut units = lock(&self.shared.units);
        transactions_to_send(&self.shared.store, &mut units, after, limit)
    }

    /// How many transactions [`Centre::transactions_to_send`] goes through.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn transactions_waiting(&self) -> Result<u64, Unavailable> {
        transactions_waiting(&self.shared.store)
    }

    /// Records a change of 社保发送状态; the same state again, or any after [`Sending::Sent`],
    /// changes nothing.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn set_sending(
        &self,
        transaction: TransactionId,
        state: Sending,
        now: Timestamp,
    ) -> Result<(), TaxError> {
        self.ask(move |desk| desk.set_sending(transaction, state, now))
            .await?
    }
}

/// The transactions that wait, from the one after `after` on.
pub(super) fn transactions_to_send(
    store: &Store,
    units: &mut Units,
    after: Option<&TransactionId>,
    limit: usize,
) -> Result<Vec<Outgoing>, Unavailable> {
    let (_, all) = places::to_send(&TransactionId(String::new()));
    let start = after.map_or(all.clone(), |after| places::to_send(after).1);
    // The mark of these keys is followed by hexadecimal characters alone.
    let end = [all.as_slice(), &[u8::MAX]].concat();
    let page = store.view_range(
        View::Transaction,
        Bound::Excluded(&start),
        Bound::Excluded(&end),
        limit,
    )?;
    let mut found = Vec::with_capacity(page.len());
    for (key, unit) in page {
        let id = TransactionId(String::from_utf8_lossy(&key[all.len()..]).into_owned());
        let Some(unit) = places::unit_id(&unit) else {
            continue;
        };
        if units.catch_up(store, unit)?
            && let Some(view) = units.get(unit)
        {
            found.extend(outgoing(view, id));
        }
    }
    units.trim();
    Ok(found)
}

/// How many transactions wait.
pub(super) fn transactions_waiting(store: &Store) -> Result<u64, Unavailable> {
    let (_, all) = places::to_send(&TransactionId(String::new()));
    let end = [all.as_slice(), &[u8::MAX]].concat();
    let mut start = all;
    let mut waiting = 0;
    loop {
        let bounds = (
            Bound::Excluded(start.as_slice()),
            Bound::Excluded(end.as_slice()),
        );
        let page = store.view_range(View::Transaction, bounds.0, bounds.1, 1024)?;
        waiting += page.len() as u64;
        match page.into_iter().next_back() {
            Some((last, _)) => start = last,
            None => return Ok(waiting),
        }
    }
}

fn outgoing(unit: &UnitView, transaction: TransactionId) -> Option<Outgoing> {
    let kind = unit.transactions.get(&transaction)?.kind.clone();
    let content = match &kind {
        TransactionKind::RosterChange { change, .. } => {
            let person = unit.person(change.person())?.record.clone();
            OutgoingContent::Roster {
                person,
                change: change.clone(),
            }
        }
        TransactionKind::Assessment { settlement } => {
            let with_person =
                |due: &Receivable| Some((due.clone(), unit.person(due.person)?.record.clone()));
            let lines = unit
                .receivables(*settlement)
                .map(|it| with_person(&it.receivable));
            OutgoingContent::Assessment {
                settlement: *settlement,
                lines: lines.collect::<Option<_>>()?,
                totals: {
                    let assessment = &unit.assessments.get(settlement)?.assessment;
                    assessment.totals.with(assessment.refunds)
                },
            }
        }
    };
    Some(Outgoing {
        transaction,
        kind,
        unit: unit.record.clone(),
        content,
    })
}

impl Desk {
    /// Records a step of sending, unless it changes nothing.
    pub(super) fn set_sending(
        &mut self,
        transaction: TransactionId,
        state: Sending,
        now: Timestamp,
    ) -> Result<Result<(), TaxError>, Unavailable> {
        let unit = self.look_up(&places::transaction(&transaction))?;
        let Some(unit) = unit.as_deref().and_then(places::unit_id) else {
            return Ok(Err(TaxError::UnknownTransaction));
        };
        self.load_unit(unit)?;
        let view = self
            .units
            .get(unit)
            .and_then(|view| view.transactions.get(&transaction));
        let before = match view {
            Some(view) => view.sending.clone(),
            None => return Ok(Err(TaxError::UnknownTransaction)),
        };
        if before != state && before != Sending::Sent {
            self.append(
                Fact::TransactionSending {
                    unit,
                    transaction,
                    state,
                },
                now,
            )?;
        }
        Ok(Ok(()))
    }
}
