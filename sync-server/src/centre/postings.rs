//! Events of the tax bureau: each with its bookmark in one commit, so that none counts twice.

use canbao_core::facts::{
    Fact, Incident, IncidentKind, PaymentRecord, Posting, PostingAnswer, PostingLine, Receiving,
    Reversal, TransactionId, UnitView, take_posting, take_reversal,
};
use canbao_core::ids::{Position, UnitId};
use canbao_core::time::Timestamp;

use super::answer::{TaxAnswer, TaxError, Unavailable};
use super::desk::Desk;
use super::places;
use super::tax::{RawPosting, TaxEvent};

impl Desk {
    /// Takes in the next event of tax.
    pub(super) fn take_tax_event(
        &mut self,
        sequence: u64,
        event: TaxEvent,
        now: Timestamp,
    ) -> Result<Result<TaxAnswer, TaxError>, Unavailable> {
        let taken = self.look_up(&places::tax_events())?;
        let taken = taken.as_deref().and_then(places::number).unwrap_or(0);
        if sequence <= taken {
            return Ok(Ok(TaxAnswer::AlreadyTaken));
        }
        if sequence != taken + 1 {
            return Ok(Err(TaxError::SequenceGap {
                expected: taken + 1,
            }));
        }
        let answer = match event {
            TaxEvent::Accepted { transaction } => {
                self.receiving(transaction, Receiving::Accepted, now)?
            }
            TaxEvent::Refused {
                transaction,
                code,
                reason,
            } => self.receiving(transaction, Receiving::Refused { code, reason }, now)?,
            TaxEvent::Collected { transaction } => self.collected(transaction, now)?,
            TaxEvent::Posted(posting) => self.posted(posting, now)?,
            TaxEvent::Reversed {
                credit_code,
                reversal,
            } => self.reversed(&credit_code, reversal, now)?,
        };
        self.append(Fact::TaxEventsTaken { through: sequence }, now)?;
        tracing::info!(sequence, "tax event taken in");
        Ok(Ok(answer))
    }

    fn unit_of(&self, transaction: &TransactionId) -> Result<Option<UnitId>, Unavailable> {
        let unit = self.look_up(&places::transaction(transaction))?;
        Ok(unit.as_deref().and_then(places::unit_id))
    }

    fn receiving(
        &mut self,
        transaction: TransactionId,
        state: Receiving,
        now: Timestamp,
    ) -> Result<TaxAnswer, Unavailable> {
        let Some(unit) = self.unit_of(&transaction)? else {
            return Ok(TaxAnswer::UnknownTransaction);
        };
        self.append(
            Fact::TransactionReceiving {
                unit,
                transaction,
                state,
            },
            now,
        )?;
        Ok(TaxAnswer::Noted)
    }

    fn collected(
        &mut self,
        transaction: TransactionId,
        now: Timestamp,
    ) -> Result<TaxAnswer, Unavailable> {
        let Some(unit) = self.unit_of(&transaction)? else {
            return Ok(TaxAnswer::UnknownTransaction);
        };
        self.append(Fact::Collected { unit, transaction }, now)?;
        Ok(TaxAnswer::Noted)
    }

    /// FAQ-2: a posting becomes records whole, exists already, or is an incident.
    fn posted(&mut self, raw: RawPosting, now: Timestamp) -> Result<TaxAnswer, Unavailable> {
        let code = places::credit_code(&self.store, &raw.credit_code);
        let unit = self.look_up(&code)?.as_deref().and_then(places::unit_id);
        let Some(unit) = unit else {
            let told = Told::of_posting(&posting_of(raw, None));
            return self.incident(None, told, IncidentKind::UnknownUnit, now);
        };
        self.load_unit(unit)?;
        let posting = posting_of(raw, self.units.get(unit));
        let told = Told::of_posting(&posting);
        if self.is_another_units(&posting.serial, unit)? {
            return self.incident(Some(unit), told, IncidentKind::OtherContent, now);
        }
        let answer = match (self.units.get(unit), self.common.parameters()) {
            (Some(view), Some(parameters)) => take_posting(view, &posting, parameters, now.date()),
            // Nothing was ever assessed without parameters.
            (None, _) | (_, None) => PostingAnswer::Incident(IncidentKind::UnknownTransaction),
        };
        self.recorded(unit, told, answer, now)
    }

    /// 冲销: becomes reversing records whole, exists already, or is an incident.
    fn reversed(
        &mut self,
        credit_code: &str,
        reversal: Reversal,
        now: Timestamp,
    ) -> Result<TaxAnswer, Unavailable> {
        let told = Told {
            serial: reversal.serial.clone(),
            content: reversal.content_hash(),
            posted_on: reversal.posted_on.clone(),
        };
        let code = places::credit_code(&self.store, credit_code);
        let unit = self.look_up(&code)?.as_deref().and_then(places::unit_id);
        let Some(unit) = unit else {
            return self.incident(None, told, IncidentKind::UnknownUnit, now);
        };
        self.load_unit(unit)?;
        if self.is_another_units(&reversal.serial, unit)? {
            return self.incident(Some(unit), told, IncidentKind::OtherContent, now);
        }
        let answer = match self.units.get(unit) {
            Some(view) => take_reversal(view, &reversal),
            None => PostingAnswer::Incident(IncidentKind::UnknownPosting),
        };
        self.recorded(unit, told, answer, now)
    }

    /// Whether a serial was taken for another unit.
    fn is_another_units(&self, serial: &str, unit: UnitId) -> Result<bool, Unavailable> {
        let owner = self.look_up(&places::serial(serial))?;
        let owner = owner.as_deref().and_then(places::unit_id);
        Ok(owner.is_some_and(|owner| owner != unit))
    }

    /// Appends what the ledger answered: the records behind the fact that they were told of, or
    /// the incident.
    fn recorded(
        &mut self,
        unit: UnitId,
        told: Told,
        answer: PostingAnswer,
        now: Timestamp,
    ) -> Result<TaxAnswer, Unavailable> {
        let records = match answer {
            PostingAnswer::Exists => return Ok(TaxAnswer::Exists),
            PostingAnswer::Incident(kind) => return self.incident(Some(unit), told, kind, now),
            PostingAnswer::Recorded(records) => records,
        };
        let count = records.len() as u64;
        let transaction = records.first().map(|it| it.transaction.clone());
        let taken = Fact::PostingTaken {
            unit,
            serial: told.serial,
            transaction: transaction.expect("what is recorded has lines"),
            content: told.content,
            lines: records.len() as u32,
            total: records.iter().map(PaymentRecord::total).sum(),
            posted_on: told.posted_on,
        };
        let at = self.append(taken, now)?;
        self.append_all(records.into_iter().map(Fact::Recorded), now)?;
        Ok(TaxAnswer::Recorded {
            first: Position(at.0 + 1),
            count,
        })
    }

    /// Raises an incident once per serial and content.
    fn incident(
        &mut self,
        unit: Option<UnitId>,
        told: Told,
        kind: IncidentKind,
        now: Timestamp,
    ) -> Result<TaxAnswer, Unavailable> {
        let Told {
            serial, content, ..
        } = told;
        let raised = self.look_up(&places::incident(&serial, &content))?;
        if let Some(kind) = raised.as_deref().and_then(places::incident_kind) {
            return Ok(TaxAnswer::Incident(kind));
        }
        let incident = Incident {
            serial,
            content,
            kind,
        };
        let position = self.append(Fact::IncidentRaised { unit, incident }, now)?;
        tracing::warn!(position = position.0, code = kind.code(), "incident");
        Ok(TaxAnswer::Incident(kind))
    }
}

/// What tax told under a serial: a posting or a reversal.
struct Told {
    serial: String,
    content: [u8; 32],
    posted_on: String,
}

impl Told {
    fn of_posting(posting: &Posting) -> Self {
        Self {
            serial: posting.serial.clone(),
            content: posting.content_hash(),
            posted_on: posting.posted_on.clone(),
        }
    }
}

/// A posting in our ids; a personal number that the unit does not have names nobody.
fn posting_of(raw: RawPosting, unit: Option<&UnitView>) -> Posting {
    let person = |number: &str| {
        let found = unit?.find_person(number)?;
        (found.record.personal_number.as_str() == number).then_some(found.record.id)
    };
    let lines = raw
        .lines
        .iter()
        .map(|it| PostingLine {
            line: it.line,
            receivable: it.transaction_line,
            person: person(&it.personal_number),
            month: it.month,
            base: it.base,
            unit_amount: it.unit_amount,
            person_amount: it.person_amount,
        })
        .collect();
    Posting {
        serial: raw.serial,
        transaction: raw.transaction,
        settlement: raw.settlement,
        posted_on: raw.posted_on,
        lines,
        total: raw.total,
    }
}
