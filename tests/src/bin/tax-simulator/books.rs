//! What tax has, built from its journal and from nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::judge::judge;
use crate::messages::{
    Assessment, Collection, Event, Happened, MOST_LINES, Posting, Refusal, Reversal, Transaction,
    TransactionState,
};
use crate::roster::{Correction, RosterLoad, UnitRoster};
use crate::values::{CreditCode, Instant, Month, Serial, TransactionId};

/// One thing that happened, as the journal keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    Received {
        transaction: Transaction,
    },
    Accepted {
        at: Instant,
        transaction: TransactionId,
    },
    Refused {
        at: Instant,
        transaction: TransactionId,
        refusal: Refusal,
    },
    RosterLoaded {
        load: RosterLoad,
    },
    /// Tax's own clerk changed a roster.
    Corrected {
        unit: CreditCode,
        correction: Correction,
    },
    Collected {
        at: Instant,
        posting: Posting,
    },
    Posted {
        at: Instant,
        posting: Posting,
    },
    Reversed {
        at: Instant,
        reversal: Reversal,
    },
    /// Whether decisions wait.
    Held {
        held: bool,
    },
}

/// Records that cannot follow the ones before: the journal was tampered with.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record does not follow from those before it")]
pub(crate) struct Inconsistent;

#[derive(Debug, Default)]
pub(crate) struct Books {
    cases: BTreeMap<TransactionId, Case>,
    /// Undecided transactions, in the order of their arrival.
    pending: Vec<TransactionId>,
    assessments: BTreeMap<(CreditCode, Month), TransactionId>,
    units: BTreeMap<CreditCode, UnitRoster>,
    payments: BTreeMap<TransactionId, Vec<Serial>>,
    postings: BTreeMap<Serial, Treasury>,
    reversals: BTreeMap<Serial, Reversal>,
    events: Vec<Event>,
    held: bool,
}

/// A transaction and what became of it.
#[derive(Debug)]
struct Case {
    transaction: Transaction,
    state: TransactionState,
}

/// A payment on its way: collected, then booked by the treasury.
#[derive(Debug)]
struct Treasury {
    posting: Posting,
    posted: bool,
}

impl Books {
    pub(crate) fn transaction(&self, id: &TransactionId) -> Option<&Transaction> {
        self.cases.get(id).map(|case| &case.transaction)
    }

    pub(crate) fn state(&self, id: &TransactionId) -> Option<&TransactionState> {
        self.cases.get(id).map(|case| &case.state)
    }

    pub(crate) fn roster(&self, unit: &CreditCode) -> Option<&UnitRoster> {
        self.units.get(unit)
    }

    /// The accepted assessment of a unit's settlement month.
    pub(crate) fn assessment(&self, unit: &CreditCode, settlement: Month) -> Option<&Assessment> {
        let id = self.assessments.get(&(unit.clone(), settlement))?;
        match &self.cases.get(id)?.transaction {
            Transaction::Assessment(assessment) => Some(assessment),
            Transaction::RosterChange(_) => None,
        }
    }

    /// Whether decisions wait.
    pub(crate) fn held(&self) -> bool {
        self.held
    }

    pub(crate) fn first_pending(&self) -> Option<&Transaction> {
        self.transaction(self.pending.first()?)
    }

    pub(crate) fn is_paid(&self, assessment: &TransactionId) -> bool {
        self.payments.contains_key(assessment)
    }

    /// What was collected for an assessment and is not posted yet.
    pub(crate) fn unposted<'a>(
        &'a self,
        assessment: &TransactionId,
    ) -> impl Iterator<Item = &'a Posting> {
        let serials = self
            .payments
            .get(assessment)
            .map(Vec::as_slice)
            .unwrap_or_default();
        serials
            .iter()
            .filter_map(|serial| self.postings.get(serial))
            .filter(|payment| !payment.posted)
            .map(|payment| &payment.posting)
    }

    /// The posting first made under this serial.
    pub(crate) fn posted(&self, serial: &Serial) -> Option<&Posting> {
        self.postings
            .get(serial)
            .filter(|payment| payment.posted)
            .map(|payment| &payment.posting)
    }

    /// The serial of the posting that will be made after `before` others.
    pub(crate) fn next_serial(&self, before: usize) -> Serial {
        let number = self.postings.len() + self.reversals.len() + 1 + before;
        Serial::try_from(format!("{number:012}")).expect("digits are a serial")
    }

    pub(crate) fn last_sequence(&self) -> u64 {
        self.events.len() as u64
    }

    /// At most `limit` events after this sequence number, and at most so many posting lines as
    /// one posting can have, but never none where there are some.
    pub(crate) fn events(&self, after: u64, limit: usize) -> &[Event] {
        let newer = usize::try_from(after)
            .ok()
            .and_then(|after| self.events.get(after..));
        let newer = newer.unwrap_or_default();
        let mut lines = 0;
        let fitting = newer
            .iter()
            .take(limit)
            .take_while(|event| {
                lines += event.weight();
                lines <= MOST_LINES
            })
            .count();
        &newer[..fitting]
    }

    /// Everything, for a person to look at.
    pub(crate) fn overview(&self) -> Value {
        let cases: Vec<_> = self
            .cases
            .iter()
            .map(|(id, case)| json!({"id": id, "transaction": case.transaction, "outcome": case.state}))
            .collect();
        let postings: Vec<_> = self
            .postings
            .values()
            .map(|payment| json!({"posting": payment.posting, "posted": payment.posted}))
            .collect();
        json!({
            "held": self.held,
            "last_sequence": self.last_sequence(),
            "units": self.units.values().collect::<Vec<_>>(),
            "transactions": cases,
            "payments": postings,
        })
    }

    pub(crate) fn apply(&mut self, record: Record) -> Result<(), Inconsistent> {
        match record {
            Record::Received { transaction } => self.receive(transaction)?,
            Record::Accepted { at, transaction } => self.accept(at, transaction)?,
            Record::Refused {
                at,
                transaction,
                refusal,
            } => self.refuse(at, transaction, refusal)?,
            Record::RosterLoaded { load } => {
                let roster = self
                    .units
                    .entry(load.credit_code().clone())
                    .or_insert_with(|| UnitRoster::new(load.unit().clone()));
                roster.load(load);
                roster.version += 1;
            }
            Record::Corrected { unit, correction } => {
                let roster = self.units.get_mut(&unit).ok_or(Inconsistent)?;
                roster.correct(correction).map_err(|_| Inconsistent)?;
                roster.version += 1;
            }
            Record::Collected { at, posting } => self.collect(at, posting)?,
            Record::Posted { at, posting } => self.post(at, posting),
            Record::Reversed { at, reversal } => self.reverse(at, reversal)?,
            Record::Held { held } => self.held = held,
        }
        Ok(())
    }

    fn receive(&mut self, transaction: Transaction) -> Result<(), Inconsistent> {
        let id = transaction.id().clone();
        self.pending.push(id.clone());
        let case = Case {
            transaction,
            state: TransactionState::Pending,
        };
        self.cases
            .insert(id, case)
            .map_or(Ok(()), |_| Err(Inconsistent))
    }

    fn accept(&mut self, at: Instant, id: TransactionId) -> Result<(), Inconsistent> {
        let case = self.cases.get(&id).ok_or(Inconsistent)?;
        let mut roster = judge(self, &case.transaction).map_err(|_| Inconsistent)?;
        roster.version += 1;
        let unit = roster.unit.credit_code.clone();
        if let Transaction::Assessment(assessment) = &case.transaction {
            self.assessments
                .insert((unit.clone(), assessment.settlement), id.clone());
        }
        self.units.insert(unit, roster);
        self.decide(&id, TransactionState::Accepted)?;
        self.tell(at, Happened::TransactionAccepted { transaction: id });
        Ok(())
    }

    fn refuse(
        &mut self,
        at: Instant,
        id: TransactionId,
        refusal: Refusal,
    ) -> Result<(), Inconsistent> {
        self.decide(
            &id,
            TransactionState::Refused {
                refusal: refusal.clone(),
            },
        )?;
        self.tell(
            at,
            Happened::TransactionRefused {
                transaction: id,
                refusal,
            },
        );
        Ok(())
    }

    fn decide(&mut self, id: &TransactionId, state: TransactionState) -> Result<(), Inconsistent> {
        let place = self
            .pending
            .iter()
            .position(|pending| pending == id)
            .ok_or(Inconsistent)?;
        self.pending.remove(place);
        self.cases.get_mut(id).ok_or(Inconsistent)?.state = state;
        Ok(())
    }

    fn collect(&mut self, at: Instant, posting: Posting) -> Result<(), Inconsistent> {
        let roster = self
            .units
            .get_mut(&posting.credit_code)
            .ok_or(Inconsistent)?;
        roster.version += 1;
        roster.last_settlement = roster.last_settlement.max(Some(posting.settlement));
        for line in &posting.lines {
            roster.collect(&line.person_number, line.month, line.base);
        }
        let collection = Collection {
            transaction: posting.transaction.clone(),
            credit_code: posting.credit_code.clone(),
            settlement: posting.settlement,
            date: posting.date,
            total: posting.total,
        };
        self.payments
            .entry(posting.transaction.clone())
            .or_default()
            .push(posting.serial.clone());
        self.postings.insert(
            posting.serial.clone(),
            Treasury {
                posting,
                posted: false,
            },
        );
        self.tell(at, Happened::Collected { collection });
        Ok(())
    }

    fn post(&mut self, at: Instant, posting: Posting) {
        self.postings
            .entry(posting.serial.clone())
            .or_insert_with(|| Treasury {
                posting: posting.clone(),
                posted: false,
            })
            .posted = true;
        self.tell(at, Happened::Posted { posting });
    }

    /// A posting that is taken back whole leaves its assessment unpaid by it.
    fn reverse(&mut self, at: Instant, reversal: Reversal) -> Result<(), Inconsistent> {
        let reversed = self.postings.get(&reversal.reverses).ok_or(Inconsistent)?;
        if reversal.lines.is_empty() {
            let transaction = reversed.posting.transaction.clone();
            let serials = self.payments.entry(transaction.clone()).or_default();
            serials.retain(|it| *it != reversal.reverses);
            if serials.is_empty() {
                self.payments.remove(&transaction);
            }
        }
        self.reversals
            .insert(reversal.serial.clone(), reversal.clone());
        self.tell(at, Happened::Reversed { reversal });
        Ok(())
    }

    fn tell(&mut self, at: Instant, what: Happened) {
        let sequence = self.last_sequence() + 1;
        self.events.push(Event { sequence, at, what });
    }
}

impl Event {
    /// How many lines it adds to a page.
    fn weight(&self) -> usize {
        match &self.what {
            Happened::Posted { posting } => posting.lines.len(),
            Happened::Reversed { reversal } => reversal.lines.len(),
            Happened::TransactionRefused { refusal, .. } => refusal.lines.len(),
            Happened::TransactionAccepted { .. } | Happened::Collected { .. } => 0,
        }
    }
}
