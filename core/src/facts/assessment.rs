//! Assessment (应收核定): what a unit owes for a settlement period (ASM, WAGE-3, SIL-7, SIL-20).

use jiff::civil::Date;
use minicbor::{Decode, Encode};

use crate::contribution::{self, TotalRule};
use crate::declaration::{Field, Problem, ProblemCode};
use crate::ids::{ParameterSetId, PersonId};
use crate::money::Money;
use crate::month::Month;
use crate::parameters::{MissingParameter, ParameterSet};

use super::common::CommonView;
use super::person::PersonView;
use super::unit::UnitView;

/// Unemployment insurance in the field's codes.
pub const UNEMPLOYMENT: u16 = 210;

/// How many persons a refusal names at most; the rest is counted.
const NAMED_PERSONS: usize = 20;

/// The head of an assessment; its lines follow as receivables.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Assessment {
    /// The settlement period, which here is also the month paid for (MON-6).
    #[n(0)]
    pub settlement: Month,
    /// The parameter set it used.
    #[n(1)]
    pub parameters: ParameterSetId,
    /// The total rule it used, by its name in the parameters.
    #[n(2)]
    pub total_rule: TotalRule,
    /// 核定人数: how many persons (WAGE-3).
    #[n(3)]
    pub persons: u32,
    /// The sums.
    #[n(4)]
    pub totals: Totalled,
}

/// Sums over the lines of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Totalled {
    /// Of the bases.
    #[n(0)]
    pub base: Money,
    /// Of the unit parts.
    #[n(1)]
    pub unit: Money,
    /// Of the personal parts.
    #[n(2)]
    pub person: Money,
}

/// What is due for one person and month.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receivable {
    /// Its line within the settlement period, from 1.
    #[n(0)]
    pub line: u32,
    /// 结算期: when it is settled.
    #[n(1)]
    pub settlement: Month,
    /// 费款所属期: what it is for.
    #[n(2)]
    pub month: Month,
    /// For whom.
    #[n(3)]
    pub person: PersonId,
    /// Kind of receivable in the field's codes: 10 normal.
    #[n(4)]
    pub kind: u16,
    /// 缴费基数.
    #[n(5)]
    pub base: Money,
    /// 单位缴费金额.
    #[n(6)]
    pub unit_amount: Money,
    /// 个人缴费金额.
    #[n(7)]
    pub person_amount: Money,
}

/// Assesses a unit for a settlement month, or says everything that stands against it.
///
/// The number assessed equals the number of persons with a base who are payable in the month
/// (WAGE-3). `known_on` decides which parameter values were known (SIL-23).
///
/// # Errors
/// The problems: periods out of order or not open, persons without a base (named), parameters
/// without a value.
pub fn assess(
    unit: &UnitView,
    common: &CommonView,
    settlement: Month,
    known_on: Date,
) -> Result<(Assessment, Vec<Receivable>), Vec<Problem>> {
    if let Some(problem) = out_of_order(unit, common, settlement) {
        return Err(vec![problem]);
    }
    let Some(parameters) = common.parameters() else {
        return Err(vec![
            Problem::new(ProblemCode::ParameterMissing, Field::Whole)
                .with("parameter", "*")
                .with("month", settlement),
        ]);
    };
    let payable = payable_with_wages(unit, settlement)?;
    raise(parameters, &payable, settlement, known_on).map_err(|missing| {
        vec![
            Problem::new(ProblemCode::ParameterMissing, Field::Whole)
                .with("parameter", missing.parameter)
                .with("month", missing.month),
        ]
    })
}

fn out_of_order(unit: &UnitView, common: &CommonView, settlement: Month) -> Option<Problem> {
    let about = |code, month: Month| Some(Problem::new(code, Field::Month).with("month", month));
    if unit.assessments.contains_key(&settlement) {
        return about(ProblemCode::AlreadyAssessed, settlement);
    }
    if !common.settlement_is_open(settlement) {
        return about(ProblemCode::PeriodNotOpen, settlement);
    }
    let skipped = common
        .settlements_before(settlement)
        .find(|month| !unit.assessments.contains_key(month) && unit.anyone_payable(*month))?;
    about(ProblemCode::MonthBeforeOpen, skipped)
}

fn payable_with_wages(
    unit: &UnitView,
    month: Month,
) -> Result<Vec<(&PersonView, Money)>, Vec<Problem>> {
    let mut lines = Vec::new();
    let mut without = Vec::new();
    for person in unit.persons.values().filter(|person| person.payable(month)) {
        match person.wage(month) {
            Some(wage) => lines.push((person, wage)),
            None => without.push(person.record.name.as_str()),
        }
    }
    if !without.is_empty() {
        let names = without
            .iter()
            .take(NAMED_PERSONS)
            .copied()
            .collect::<Vec<_>>()
            .join("、");
        return Err(vec![
            Problem::new(ProblemCode::BaseMissing, Field::Wage)
                .with("month", month)
                .with("count", without.len())
                .with("names", names),
        ]);
    }
    if lines.is_empty() {
        let nobody = Problem::new(ProblemCode::NobodyPayable, Field::Month).with("month", month);
        return Err(vec![nobody]);
    }
    Ok(lines)
}

fn raise(
    parameters: &ParameterSet,
    payable: &[(&PersonView, Money)],
    settlement: Month,
    known_on: Date,
) -> Result<(Assessment, Vec<Receivable>), MissingParameter> {
    let rates = parameters.rates(settlement, known_on)?;
    let bases = payable
        .iter()
        .map(|(_, wage)| contribution::contribution_base(*wage, settlement, parameters, known_on))
        .collect::<Result<Vec<Money>, _>>()?;
    let rule = parameters.total_rule(settlement, known_on)?;
    let totalled = contribution::total(&bases, rates, rule);
    let receivables: Vec<Receivable> = payable
        .iter()
        .zip(&bases)
        .zip(&totalled.lines)
        .zip(1..)
        .map(|((((person, _), base), part), line)| Receivable {
            line,
            settlement,
            month: settlement,
            person: person.record.id,
            kind: NORMAL,
            base: *base,
            unit_amount: part.unit,
            person_amount: part.person,
        })
        .collect();
    let assessment = Assessment {
        settlement,
        parameters: parameters.id(),
        total_rule: rule,
        persons: receivables.len() as u32,
        totals: Totalled {
            base: bases.iter().copied().sum(),
            unit: totalled.unit,
            person: totalled.person,
        },
    };
    Ok((assessment, receivables))
}

/// A normal receivable in the field's codes.
pub(super) const NORMAL: u16 = 10;
