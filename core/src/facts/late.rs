//! What was approved behind an assessment: it never alters that one and yields an adjustment, a
//! back-payment or a refund in the next (SIL-20).

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::contribution::{Contribution, contribution, contribution_base};
use crate::declaration::Problem;
use crate::ids::PersonId;
use crate::money::Money;
use crate::month::{Month, Resumption};
use crate::parameters::{ParameterSet, Rates};

use super::assessment::{
    ADJUSTMENT, BACK_PAYMENT, REFUND, Receivable, Totalled, base_missing, parameter_missing, pays,
};
use super::movement::Turn;
use super::person::PersonView;
use super::unit::UnitView;

/// A line of an assessment before it is numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Late {
    pub(super) person: PersonId,
    pub(super) month: Month,
    pub(super) kind: u16,
    pub(super) base: Money,
    pub(super) part: Contribution,
}

impl Late {
    /// The line as it is raised in a settlement period.
    pub(super) fn line(self, settlement: Month, line: u32) -> Receivable {
        Receivable {
            line,
            settlement,
            month: self.month,
            person: self.person,
            kind: self.kind,
            base: self.base,
            unit_amount: self.part.unit,
            person_amount: self.part.person,
        }
    }
}

/// The lines for months before a settlement period: what is due by now, less what was raised.
///
/// A month that is posted stays as it is: nothing posted changes, and the window is told of it
/// (MON-3). A month is judged by the parameter values that its own assessment knew, so that limits
/// published later change nothing here: that difference is a campaign of its own (DIFF).
///
/// # Errors
/// Persons without a base for such a month, and parameters without a value.
pub(super) fn changes(
    unit: &UnitView,
    parameters: &ParameterSet,
    settlement: Month,
    known_on: Date,
) -> Result<Vec<Late>, Vec<Problem>> {
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for person in unit.persons.values() {
        let months = months_to_look_at(unit, person, settlement);
        for month in months
            .into_iter()
            .filter(|it| !unit.is_posted(person.record.id, *it))
        {
            let assessed = unit.assessments.get(&month);
            let known_on = assessed.map_or(known_on, |it| it.at.date());
            match difference(unit, person, month, parameters, known_on) {
                Ok(difference) => lines.extend(difference),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() {
        Ok(lines)
    } else {
        Err(problems)
    }
}

/// The months that something approved since their assessment may have changed, and those of a
/// late entry that were never assessed.
fn months_to_look_at(unit: &UnitView, person: &PersonView, settlement: Month) -> BTreeSet<Month> {
    let assessed = unit.assessments.range(..settlement);
    let changed = assessed.filter(|(month, view)| {
        let first = person.changed_since(view.position);
        first.is_some_and(|first| first <= **month)
    });
    let entered = entered_after_a_break(person);
    let before = |first: Month| first.through(settlement).filter(|it| *it < settlement);
    let never_assessed = entered
        .into_iter()
        .flat_map(before)
        .filter(|it| person.payable(*it) && !unit.assessments.contains_key(it));
    changed
        .map(|(month, _)| *month)
        .chain(never_assessed)
        .collect()
}

/// The first months of the entries that were declared here and do not adjoin a stop: one that does
/// goes on paying what was paid before, be it loaded or declared.
fn entered_after_a_break(person: &PersonView) -> Vec<Month> {
    let mut entered = Vec::new();
    let mut last_paid = None;
    for movement in person.counting() {
        match movement.turn {
            Turn::In(month) => {
                let adjoins = last_paid
                    .is_some_and(|it| Resumption::judge(it, month) == Resumption::Adjoining);
                if movement.submission.is_some() && !adjoins {
                    entered.push(month);
                }
            }
            Turn::Out { month, .. } => last_paid = Some(month),
            Turn::Void(_) => {}
        }
    }
    entered
}

/// What one month lacks, or has too much.
fn difference(
    unit: &UnitView,
    person: &PersonView,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> Result<Option<Late>, Problem> {
    let raised = raised(unit, person, month);
    let undeclared = person.payable(month) && person.wage(month).is_none();
    if undeclared && raised != Totalled::default() {
        // It was raised without a declared base; it stands until one is declared.
        return Ok(None);
    }
    let (kind, base, part) = match due(person, month, parameters, known_on)? {
        None if raised == Totalled::default() => return Ok(None),
        None => (REFUND, raised.base, raised.part()),
        Some((base, _)) if base == raised.base => return Ok(None),
        Some((base, rates)) => {
            let (now, before) = (contribution(base, rates), contribution(raised.base, rates));
            let less = |more: Contribution, less: Contribution| Contribution {
                unit: more.unit - less.unit,
                person: more.person - less.person,
            };
            match base > raised.base {
                true if raised == Totalled::default() => (BACK_PAYMENT, base, now),
                true => (ADJUSTMENT, base - raised.base, less(now, before)),
                false => (REFUND, raised.base - base, less(before, now)),
            }
        }
    };
    Ok(Some(Late {
        person: person.record.id,
        month,
        kind,
        base,
        part,
    }))
}

/// The base of a month by now, and its rates; nothing where the month is not payable.
fn due(
    person: &PersonView,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> Result<Option<(Money, Rates)>, Problem> {
    if !pays(person, month, parameters, known_on) {
        return Ok(None);
    }
    let wage = person
        .wage(month)
        .ok_or_else(|| base_missing(month, &[person]))?;
    let rates = parameters.rates(month, known_on);
    let base = contribution_base(wage, month, parameters, known_on);
    match (base, rates) {
        (Ok(base), Ok(rates)) => Ok(Some((base, rates))),
        (Err(missing), _) | (_, Err(missing)) => Err(parameter_missing(&missing)),
    }
}

/// What was raised for a month so far, refunds taken off.
pub(super) fn raised(unit: &UnitView, person: &PersonView, month: Month) -> Totalled {
    let lines = unit.receivables_for(person.record.id, month);
    let (refunds, due): (Vec<_>, Vec<_>) = lines
        .map(|view| &view.receivable)
        .partition(|it| it.kind == REFUND);
    let (due, refunds): (Totalled, Totalled) =
        (due.into_iter().collect(), refunds.into_iter().collect());
    due.less(refunds)
}
