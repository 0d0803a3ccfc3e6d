//! Assessment (应收核定): what a unit owes for a settlement period (ASM, WAGE-3, SIL-7, SIL-20).

use jiff::civil::Date;
use minicbor::{Decode, Encode};

use crate::contribution::{self, Contribution, TotalRule};
use crate::declaration::{Field, Problem, ProblemCode};
use crate::ids::{ParameterSetId, PersonId};
use crate::money::Money;
use crate::month::Month;
use crate::parameters::{MissingParameter, ParameterSet, Undeclared};
use crate::retirement::may_pay;

use super::common::CommonView;
use super::late::{self, Late};
use super::person::PersonView;
use super::unit::UnitView;

/// Unemployment insurance in the field's codes.
pub const UNEMPLOYMENT: u16 = 210;

/// How many persons a refusal names at most; the rest is counted.
const NAMED_PERSONS: usize = 20;

/// How a request for assessment ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum AssessmentOutcome {
    /// 已核定.
    #[n(1)]
    Assessed(#[n(0)] Assessment),
    /// 核定失败, and why; may be applied for again.
    #[n(2)]
    Failed(#[n(0)] Vec<Problem>),
}

/// The head of an assessment; its lines follow as receivables.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Assessment {
    /// The settlement period, which is also the month that its normal lines pay for (MON-6).
    #[n(0)]
    pub settlement: Month,
    /// The parameter set it used.
    #[n(1)]
    pub parameters: ParameterSetId,
    /// The total rule it used, by its name in the parameters.
    #[n(2)]
    pub total_rule: TotalRule,
    /// 核定人数: how many persons pay for the month itself (WAGE-3), a normal line each. What was
    /// approved too late for its own month follows in further lines (SIL-20).
    #[n(3)]
    pub persons: u32,
    /// The sums of what is due.
    #[n(4)]
    pub totals: Totalled,
    /// The sums of what is given back, in lines of kind 20.
    #[n(5)]
    pub refunds: Totalled,
    /// How many of the persons had no declared base and pay on last month's with the surcharge
    /// (SIL-20, 社会保险法 art. 62).
    #[n(6)]
    pub undeclared: u32,
}

/// Sums over lines of an assessment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
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
    /// Kind of receivable in the field's codes: [`NORMAL`], [`REFUND`], [`BACK_PAYMENT`] or
    /// [`ADJUSTMENT`].
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

/// 10 正常应缴: the month itself.
pub const NORMAL: u16 = 10;
/// 20 退费: its amounts are given back.
pub const REFUND: u16 = 20;
/// 31 中断补缴: a month that came to be payable after it was assessed.
pub const BACK_PAYMENT: u16 = 31;
/// 34 基数补差: what a higher base adds to a month that was assessed.
pub const ADJUSTMENT: u16 = 34;

/// Assesses a unit for a settlement month, or says everything that stands against it.
///
/// The number assessed equals the number of persons with a base who are payable in the month
/// (WAGE-3). What was approved behind an earlier assessment follows as adjustments and refunds
/// (SIL-20). `known_on` decides which parameter values were known (SIL-23).
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
    let payable = payable_with_wages(unit, parameters, settlement, known_on)?;
    let late = late::changes(unit, parameters, settlement, known_on)?;
    raise(parameters, &payable, late, settlement, known_on)
        .map_err(|missing| vec![parameter_missing(&missing)])
}

pub(super) fn parameter_missing(missing: &MissingParameter) -> Problem {
    Problem::new(ProblemCode::ParameterMissing, Field::Whole)
        .with("parameter", missing.parameter)
        .with("month", missing.month)
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

/// A person who pays for a month, and on what.
struct Paying<'a> {
    person: &'a PersonView,
    wage: Money,
    /// Whether the wage follows from last month's base, since none was declared.
    undeclared: bool,
}

fn payable_with_wages<'a>(
    unit: &'a UnitView,
    parameters: &ParameterSet,
    month: Month,
    known_on: Date,
) -> Result<Vec<Paying<'a>>, Vec<Problem>> {
    let mut lines = Vec::new();
    let mut without = Vec::new();
    let pays = |person: &&PersonView| pays(person, month, parameters, known_on);
    for person in unit.persons.values().filter(pays) {
        let declared = person.wage(month);
        let last = || undeclared_wage(unit, person, month, parameters, known_on);
        match declared.or_else(last) {
            Some(wage) => lines.push(Paying {
                person,
                wage,
                undeclared: declared.is_none(),
            }),
            None => without.push(person),
        }
    }
    if !without.is_empty() {
        return Err(vec![base_missing(month, &without)]);
    }
    if lines.is_empty() {
        let nobody = Problem::new(ProblemCode::NobodyPayable, Field::Month).with("month", month);
        return Err(vec![nobody]);
    }
    Ok(lines)
}

/// Whether a person pays for a month (WAGE-3): it is payable, and the person is not retired.
#[must_use]
pub fn pays(person: &PersonView, month: Month, parameters: &ParameterSet, known_on: Date) -> bool {
    person.payable(month) && may_pay(person.holder().as_ref(), month, parameters, known_on)
}

/// What stands for a wage that nobody declared, where the parameters want it so: the base that was
/// due for the month before, and a part of it more (社会保险法 art. 62).
fn undeclared_wage(
    unit: &UnitView,
    person: &PersonView,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> Option<Money> {
    let surcharge = match parameters.undeclared_110(month, known_on) {
        Ok(Undeclared::Surcharge(surcharge)) => surcharge,
        Ok(Undeclared::Refuse) | Err(_) => return None,
    };
    let last = late::raised(unit, person, month.previous()?).base;
    (last > Money::ZERO).then(|| last + last.times(surcharge))
}

pub(super) fn base_missing(month: Month, without: &[&PersonView]) -> Problem {
    let names: Vec<&str> = without
        .iter()
        .take(NAMED_PERSONS)
        .map(|it| it.record.name.as_str())
        .collect();
    Problem::new(ProblemCode::BaseMissing, Field::Wage)
        .with("month", month)
        .with("count", without.len())
        .with("names", names.join("、"))
}

fn raise(
    parameters: &ParameterSet,
    payable: &[Paying<'_>],
    late: Vec<Late>,
    settlement: Month,
    known_on: Date,
) -> Result<(Assessment, Vec<Receivable>), MissingParameter> {
    let rates = parameters.rates(settlement, known_on)?;
    let bases = payable
        .iter()
        .map(|it| contribution::contribution_base(it.wage, settlement, parameters, known_on))
        .collect::<Result<Vec<Money>, _>>()?;
    let rule = parameters.total_rule(settlement, known_on)?;
    let totalled = contribution::total(&bases, rates, rule);
    let normal = payable.iter().zip(&bases).zip(&totalled.lines);
    let normal = normal.map(|((paying, base), part)| Late {
        person: paying.person.record.id,
        month: settlement,
        kind: NORMAL,
        base: *base,
        part: *part,
    });
    let receivables: Vec<Receivable> = normal
        .chain(late)
        .zip(1..)
        .map(|(it, line)| it.line(settlement, line))
        .collect();
    let (refunds, due): (Vec<_>, Vec<_>) = receivables.iter().partition(|it| it.kind == REFUND);
    let assessment = Assessment {
        settlement,
        parameters: parameters.id(),
        total_rule: rule,
        persons: payable.len() as u32,
        totals: due.into_iter().collect(),
        refunds: refunds.into_iter().collect(),
        undeclared: payable.iter().filter(|it| it.undeclared).count() as u32,
    };
    Ok((assessment, receivables))
}

impl Totalled {
    /// Both sums, one on the other: what a transaction's own totals are checked by.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            base: self.base + other.base,
            unit: self.unit + other.unit,
            person: self.person + other.person,
        }
    }

    /// What is left of these sums without the others.
    #[must_use]
    pub(super) fn less(self, other: Self) -> Self {
        Self {
            base: self.base - other.base,
            unit: self.unit - other.unit,
            person: self.person - other.person,
        }
    }

    /// The parts alone.
    pub(super) fn part(self) -> Contribution {
        Contribution {
            unit: self.unit,
            person: self.person,
        }
    }
}

impl<'a> FromIterator<&'a Receivable> for Totalled {
    fn from_iter<T: IntoIterator<Item = &'a Receivable>>(lines: T) -> Self {
        lines.into_iter().fold(Self::default(), |sums, it| {
            sums.with(Self {
                base: it.base,
                unit: it.unit_amount,
                person: it.person_amount,
            })
        })
    }
}
