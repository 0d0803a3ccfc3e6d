//! One submission, one effect; and the centre's figures are those of its log.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::facts::{Fact, Projection};
use canbao_core::ids::StatementId;
use canbao_core::money::Money;
use canbao_core::statement::{Statement, read_admitted};
use canbao_server::centre::Centre;

/// By submission, at most one receipt, and at most one decision or withdrawal with effect, after
/// it; payment records are one for each serial and line, and sum up to their postings.
///
/// `twice` breaks the rule: a decision that came too late counts as one with effect.
pub(in crate::simulation) fn one_submission_one_effect<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    twice: bool,
) -> Result<(), String> {
    let mut received: BTreeSet<StatementId> = BTreeSet::new();
    let mut ended: BTreeSet<StatementId> = BTreeSet::new();
    let mut recorded: BTreeSet<(String, u32)> = BTreeSet::new();
    let mut unpaid: BTreeMap<String, Money> = BTreeMap::new();
    for fact in facts {
        match fact {
            Fact::Received { statement, .. } => {
                let id = submission_of(statement)?;
                if !received.insert(id) {
                    return Err("a submission was received twice".to_owned());
                }
            }
            Fact::DecisionTaken {
                statement, void, ..
            }
            | Fact::WithdrawalTaken {
                statement, void, ..
            } if void.is_none() || twice => {
                let id = submission_of(statement)?;
                if !received.contains(&id) {
                    return Err("what was not received took effect".to_owned());
                }
                if !ended.insert(id) {
                    return Err("a submission took effect twice".to_owned());
                }
            }
            Fact::PostingTaken { serial, total, .. } => {
                if unpaid.insert(serial.clone(), *total).is_some() {
                    return Err(format!("posting {serial} was taken twice"));
                }
            }
            Fact::Recorded(record) => {
                if !recorded.insert((record.serial.clone(), record.line)) {
                    return Err(format!("{}/{} was recorded twice", record.serial, record.line));
                }
                let left = unpaid.get_mut(&record.serial);
                let left = left.ok_or("a record without a posting")?;
                *left = left
                    .checked_sub(record.total())
                    .ok_or("records above their posting")?;
            }
            _ => {}
        }
    }
    match unpaid.iter().find(|(_, left)| **left != Money::ZERO) {
        Some((serial, _)) => Err(format!("the records of {serial} are not its sum")),
        None => Ok(()),
    }
}

/// What the centre shows of every unit is the fold of its log.
pub(in crate::simulation) fn totals_agree(
    centre: &Centre,
    all: &Projection,
) -> Result<(), String> {
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
        Statement::AssessmentRequest { .. } => Err("a request in place of a decision".to_owned()),
    }
}
