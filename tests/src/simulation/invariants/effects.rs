//! One submission, one effect; and the centre's figures are those of its log.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::facts::{Fact, PaymentRecord, Projection};
use canbao_core::ids::{PersonId, StatementId};
use canbao_core::money::Money;
use canbao_core::month::Interval;
use canbao_core::statement::{Statement, read_admitted};
use canbao_server::centre::Centre;

/// What had effects so far.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Effects {
    received: BTreeSet<StatementId>,
    ended: BTreeSet<StatementId>,
    recorded: BTreeSet<(String, u32)>,
    /// What of each posting no record stands for yet.
    unrecorded: BTreeMap<String, Money>,
}

/// By submission, at most one receipt, and at most one decision or withdrawal with effect, after
/// it; payment records are one for each serial and line, and sum up to their postings.
///
/// The facts follow on those that `effects` knows. `twice` breaks the rule: a decision that came
/// too late counts as one with effect.
pub(in crate::simulation) fn one_submission_one_effect<'a>(
    effects: &mut Effects,
    facts: impl Iterator<Item = &'a Fact>,
    twice: bool,
) -> Result<(), String> {
    for fact in facts {
        effects.take(fact, twice)?;
    }
    match effects
        .unrecorded
        .iter()
        .find(|(_, left)| **left != Money::ZERO)
    {
        Some((serial, _)) => Err(format!("the records of {serial} are not its sum")),
        None => Ok(()),
    }
}

impl Effects {
    fn take(&mut self, fact: &Fact, twice: bool) -> Result<(), String> {
        match fact {
            Fact::Received { statement, .. } => self.receive(submission_of(statement)?),
            Fact::DecisionTaken {
                statement, void, ..
            }
            | Fact::WithdrawalTaken {
                statement, void, ..
            } => match void {
                Some(_) if !twice => Ok(()),
                Some(_) | None => self.end(submission_of(statement)?),
            },
            Fact::PostingTaken { serial, total, .. } => {
                match self.unrecorded.insert(serial.clone(), *total) {
                    Some(_) => Err(format!("posting {serial} was taken twice")),
                    None => Ok(()),
                }
            }
            Fact::Recorded(record) => self.record(record),
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::UnitRegistered(_)
            | Fact::PersonsListed { .. }
            | Fact::CodeIssued { .. }
            | Fact::DeviceEnrolled { .. }
            | Fact::CertificateRevoked { .. }
            | Fact::UnitMoved { .. }
            | Fact::Audited { .. }
            | Fact::LogKeyChanged { .. }
            | Fact::NotReceived { .. }
            | Fact::AssessmentTaken { .. }
            | Fact::ReceivablesRaised { .. }
            | Fact::TransactionQueued { .. }
            | Fact::TransactionSending { .. }
            | Fact::TransactionReceiving { .. }
            | Fact::Collected { .. }
            | Fact::IncidentRaised { .. }
            | Fact::BatchAdmitted { .. }
            | Fact::BatchRefused { .. }
            | Fact::TaxEventsTaken { .. }
            | Fact::TaxRosterTaken { .. }
            | Fact::PensionTaken { .. }
            | Fact::ResendTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::PersonAmended { .. }
            | Fact::PersonsMerged { .. }
            | Fact::StatementRefused { .. } => Ok(()),
        }
    }

    fn receive(&mut self, submission: StatementId) -> Result<(), String> {
        if self.received.insert(submission) {
            Ok(())
        } else {
            Err("a submission was received twice".to_owned())
        }
    }

    fn end(&mut self, submission: StatementId) -> Result<(), String> {
        if !self.received.contains(&submission) {
            return Err("what was not received took effect".to_owned());
        }
        if self.ended.insert(submission) {
            Ok(())
        } else {
            Err("a submission took effect twice".to_owned())
        }
    }

    fn record(&mut self, record: &PaymentRecord) -> Result<(), String> {
        let PaymentRecord { serial, line, .. } = record;
        if !self.recorded.insert((serial.clone(), *line)) {
            return Err(format!("{serial}/{line} was recorded twice"));
        }
        let left = self.unrecorded.get_mut(serial);
        let left = left.ok_or("a record without a posting")?;
        *left = left
            .checked_sub(record.total())
            .ok_or("records above their posting")?;
        Ok(())
    }
}

/// No month of a person is payable in two units (SIL-3). With `stays`, nobody's months end.
pub(in crate::simulation) fn no_month_has_two_owners(
    all: &Projection,
    stays: bool,
) -> Result<(), String> {
    let mut owned: BTreeMap<PersonId, Vec<Interval>> = BTreeMap::new();
    for (unit, view) in &all.units {
        for (person, held) in &view.persons {
            let others = owned.entry(*person).or_default();
            for interval in &held.intervals {
                let interval = if stays {
                    Interval::opening(interval.start)
                } else {
                    *interval
                };
                if others.iter().any(|it| it.overlaps(interval)) {
                    return Err(format!(
                        "a month of {person} is payable twice, once in {unit}"
                    ));
                }
                others.push(interval);
            }
        }
    }
    Ok(())
}

/// What the centre shows of every unit is the fold of its log.
pub(in crate::simulation) fn totals_agree(centre: &Centre, all: &Projection) -> Result<(), String> {
    for (unit, expected) in &all.units {
        let agrees = centre
            .with_unit(*unit, |shown| shown == expected)
            .map_err(|error| error.to_string())?;
        if agrees != Some(true) {
            return Err(format!("the centre's view of {unit} is not its log's"));
        }
    }
    if *centre.head().common != all.common {
        return Err("the centre's common view is not its log's".to_owned());
    }
    Ok(())
}

/// The submission that a statement is about.
fn submission_of(statement: &[u8]) -> Result<StatementId, String> {
    let read = read_admitted(statement).map_err(|error| error.to_string())?;
    match read.statement {
        Statement::Submission(declaration) => Ok(declaration.submission_id()),
        Statement::Withdrawal { submission, .. } | Statement::Decision { submission, .. } => {
            Ok(submission)
        }
        Statement::AssessmentRequest { .. }
        | Statement::Audit { .. }
        | Statement::ResendRequest { .. } => Err("a request in place of a decision".to_owned()),
    }
}
