//! Whether tax accepts a transaction. A pure function of what tax has and what was sent.

use std::collections::BTreeSet;

use crate::books::Books;
use crate::messages::{
    Assessment, AssessmentLine, ChangeKind, ReasonCode, Refusal, RefusedLine, RosterChange, Totals,
    Transaction, Unit,
};
use crate::roster::UnitRoster;
use crate::values::{LineNumber, Money};

/// The unit's roster after the transaction, or why nothing of it is taken.
///
/// The rules apply in the order of the guards below; the first that speaks of the whole
/// transaction ends it, those that speak of lines are all collected.
pub(crate) fn judge(books: &Books, transaction: &Transaction) -> Result<UnitRoster, Refusal> {
    match transaction {
        Transaction::RosterChange(change) => judge_change(books, change),
        Transaction::Assessment(assessment) => judge_assessment(books, assessment),
    }
}

fn judge_change(books: &Books, sent: &RosterChange) -> Result<UnitRoster, Refusal> {
    let introduces = sent
        .changes
        .iter()
        .any(|change| change.change == ChangeKind::Start);
    let mut roster = roster_of(books, &sent.unit, introduces)?;
    let (mut numbers, mut changes) = (BTreeSet::new(), BTreeSet::new());
    let mut faults = Vec::new();
    for change in &sent.changes {
        let seen_before =
            !numbers.insert(change.line) | !changes.insert((&change.person_number, change.change));
        let verdict = if seen_before {
            Err(ReasonCode::DuplicateLine)
        } else {
            roster.change(change)
        };
        faults.extend(verdict.err().map(|code| (change.line, code)));
    }
    without_faults(roster, faults)
}

fn judge_assessment(books: &Books, sent: &Assessment) -> Result<UnitRoster, Refusal> {
    let mut roster = roster_of(books, &sent.unit, true)?;
    if books
        .assessment(&sent.unit.credit_code, sent.settlement)
        .is_some()
    {
        return Err(whole(ReasonCode::DuplicateAssessment));
    }
    if roster.last_settlement > Some(sent.settlement) {
        return Err(whole(ReasonCode::ClosedPeriod));
    }
    if !adds_up(&sent.totals, &sent.lines) {
        return Err(whole(ReasonCode::WrongTotal));
    }
    let (mut numbers, mut dues) = (BTreeSet::new(), BTreeSet::new());
    let mut faults = Vec::new();
    for line in &sent.lines {
        let seen_before = !numbers.insert(line.line)
            | !dues.insert((&line.person_number, line.month, &line.kind));
        let verdict = if seen_before {
            Err(ReasonCode::DuplicateLine)
        } else {
            roster.assess(line, sent.settlement)
        };
        faults.extend(verdict.err().map(|code| (line.line, code)));
    }
    roster.complete = true;
    without_faults(roster, faults)
}

/// Tax knows a unit by its credit code. A first assessment or start introduces one.
fn roster_of(books: &Books, unit: &Unit, introduces: bool) -> Result<UnitRoster, Refusal> {
    match books.roster(&unit.credit_code) {
        Some(known) if known.unit.unemployment_number == unit.unemployment_number => {
            Ok(known.clone())
        }
        None if introduces => Ok(UnitRoster::new(unit.clone())),
        Some(_) | None => Err(whole(ReasonCode::UnknownUnit)),
    }
}

fn adds_up(totals: &Totals, lines: &[AssessmentLine]) -> bool {
    let sum = |part: fn(&AssessmentLine) -> Money| Money::sum(lines.iter().map(part));
    totals.count.get() == lines.len()
        && sum(|line| line.base) == Some(totals.base)
        && sum(|line| line.unit_amount) == Some(totals.unit_amount)
        && sum(|line| line.person_amount) == Some(totals.person_amount)
        && Money::sum([totals.unit_amount, totals.person_amount]) == Some(totals.total)
}

fn without_faults(
    roster: UnitRoster,
    faults: Vec<(LineNumber, ReasonCode)>,
) -> Result<UnitRoster, Refusal> {
    let Some((_, first)) = faults.first() else {
        return Ok(roster);
    };
    Err(Refusal {
        reason_code: *first,
        reason: first.reason(),
        lines: faults
            .iter()
            .map(|(line, code)| RefusedLine {
                line: *line,
                reason_code: *code,
                reason: code.reason(),
            })
            .collect(),
    })
}

fn whole(code: ReasonCode) -> Refusal {
    Refusal {
        reason_code: code,
        reason: code.reason(),
        lines: Vec::new(),
    }
}
