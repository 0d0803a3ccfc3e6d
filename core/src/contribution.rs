//! What is due: from a wage to a base, from a base to its parts, from lines to a unit's total.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::money::{Money, Rate};
use crate::month::Month;
use crate::parameters::{BaseRounding, MissingParameter, ParameterSet, Rates};

pub use crate::parameters::TotalRule;

/// What is due on one base for one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contribution {
    /// 单位缴费金额
    pub unit: Money,
    /// 个人缴费金额
    pub person: Money,
}

impl Contribution {
    /// Both parts together.
    #[must_use]
    pub fn total(self) -> Money {
        self.unit + self.person
    }
}

/// What is due on several bases: a line each, in their order, and the sums of the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// The rule that made them.
    pub rule: TotalRule,
    /// What is due on each base.
    pub lines: Vec<Contribution>,
    /// The sum of the unit parts.
    pub unit: Money,
    /// The sum of the personal parts.
    pub person: Money,
}

impl Totals {
    /// Both parts together.
    #[must_use]
    pub fn total(&self) -> Money {
        self.unit + self.person
    }
}

/// The contribution base of a monthly wage: rounded by the policy of the month, then clamped to
/// the floor and the ceiling, as they were known on a date (WAGE).
///
/// # Errors
/// [`MissingParameter`] where policy or limits have no value for the month.
pub fn contribution_base(
    wage: Money,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> Result<Money, MissingParameter> {
    let rounded = match parameters.base_rounding(month, known_on)? {
        BaseRounding::WholeYuan => wage.rounded_to_yuan(),
        BaseRounding::Fen => wage,
    };
    let limits = parameters.limits(month, known_on)?;
    Ok(rounded.max(limits.floor).min(limits.ceiling))
}

/// What is due on a base: each part rounded half-up to the fen.
#[must_use]
pub fn contribution(base: Money, rates: Rates) -> Contribution {
    Contribution {
        unit: base.times(rates.unit),
        person: base.times(rates.person),
    }
}

/// What is due on several bases of one month, by a rule.
///
/// By `round_of_sum` the lines are rounded too, and the fen by which their sum misses the rounded
/// part of the summed base go to the largest base, the first of equals; so the lines always sum
/// to the total.
#[must_use]
pub fn total(bases: &[Money], rates: Rates, rule: TotalRule) -> Totals {
    let mut lines: Vec<Contribution> = bases
        .iter()
        .map(|base| contribution(*base, rates))
        .collect();
    let largest = (0..bases.len()).rev().max_by_key(|place| bases[*place]);
    if let (TotalRule::RoundOfSum, Some(largest)) = (rule, largest) {
        let due = contribution(bases.iter().copied().sum(), rates);
        let sums = summed(&lines);
        let line = &mut lines[largest];
        line.unit += due.unit - sums.unit;
        line.person += due.person - sums.person;
    }
    let Contribution { unit, person } = summed(&lines);
    Totals {
        rule,
        lines,
        unit,
        person,
    }
}

/// Whether a base changes by at least the threshold's part of the old one, up or down, so that
/// the reviewer should look (SIL-11). A first base on nothing is a marked change.
#[must_use]
pub fn differs_markedly(old: Money, new: Money, threshold: Rate) -> bool {
    let change = (new.decimal() - old.decimal()).abs();
    change > Decimal::ZERO && change >= old.decimal().abs() * threshold.decimal()
}

fn summed(lines: &[Contribution]) -> Contribution {
    Contribution {
        unit: lines.iter().map(|line| line.unit).sum(),
        person: lines.iter().map(|line| line.person).sum(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::parameters::builtin_text;

    #[derive(Deserialize)]
    struct Cases {
        part: Vec<PartCase>,
        total: Vec<TotalCase>,
        base: Vec<BaseCase>,
        mark: Vec<MarkCase>,
    }

    #[derive(Deserialize)]
    struct PartCase {
        base: Money,
        rate: Rate,
        amount: Money,
    }

    #[derive(Deserialize)]
    struct TotalCase {
        bases: Vec<Money>,
        rate: Rate,
        rule: String,
        lines: Vec<Money>,
        total: Money,
    }

    #[derive(Deserialize)]
    struct BaseCase {
        wage: Money,
        month: Month,
        base: Money,
    }

    #[derive(Deserialize)]
    struct MarkCase {
        old: Money,
        new: Money,
        marked: bool,
    }

    fn cases() -> Cases {
        toml::from_str(include_str!("../cases/contributions.toml")).unwrap()
    }

    #[test]
    fn parts_are_rounded_half_up_to_the_fen() {
        for PartCase { base, rate, amount } in cases().part {
            assert_eq!(base.times(rate), amount, "{base} x {rate}");
            let due = contribution(
                base,
                Rates {
                    unit: rate,
                    person: Rate::ZERO,
                },
            );
            assert_eq!(
                (due.unit, due.person, due.total()),
                (amount, Money::ZERO, amount)
            );
        }
    }

    #[test]
    fn totals_follow_the_rule_that_is_named() {
        for case in cases().total {
            let rates = Rates {
                unit: case.rate,
                person: case.rate,
            };
            let rule = case.rule.parse().unwrap();
            let totals = total(&case.bases, rates, rule);
            let line = |amount| Contribution {
                unit: amount,
                person: amount,
            };
            let lines: Vec<_> = case.lines.into_iter().map(line).collect();
            let expected = Totals {
                rule,
                lines,
                unit: case.total,
                person: case.total,
            };
            assert_eq!(totals, expected);
            assert_eq!(totals.rule.to_string(), case.rule);
        }
    }

    #[test]
    fn bases_are_rounded_then_clamped() {
        let parameters = ParameterSet::parse(builtin_text()).unwrap();
        for BaseCase { wage, month, base } in cases().base {
            let found = contribution_base(wage, month, &parameters, date(2026, 11, 24));
            assert_eq!(found, Ok(base), "{wage} in {month}");
        }
        let missing = contribution_base(
            Money::from_yuan(5000),
            "2020-12".parse().unwrap(),
            &parameters,
            date(2026, 11, 24),
        );
        assert_eq!(missing.unwrap_err().parameter, "base_limits");
    }

    #[test]
    fn a_change_of_the_threshold_or_more_is_marked() {
        let threshold = "35%".parse().unwrap();
        for MarkCase { old, new, marked } in cases().mark {
            assert_eq!(
                differs_markedly(old, new, threshold),
                marked,
                "{old} -> {new}"
            );
        }
    }

    #[test]
    fn nobody_owes_nothing() {
        let rates = Rates {
            unit: Rate::ONE,
            person: Rate::ONE,
        };
        let totals = total(&[], rates, TotalRule::RoundOfSum);
        assert_eq!((totals.total(), totals.lines.len()), (Money::ZERO, 0));
    }

    proptest! {
        #[test]
        fn lines_sum_to_the_total_by_both_rules(
            fen in prop::collection::vec(340_000_i64..2_300_000, 0..50),
            millionths in 0_u32..100_000,
        ) {
            let bases: Vec<Money> = fen.into_iter().map(Money::from_fen).collect();
            let rate = Rate::from_millionths(millionths).unwrap();
            let rates = Rates { unit: rate, person: rate };
            let sum: Money = bases.iter().copied().sum();
            let by_sum = total(&bases, rates, TotalRule::RoundOfSum);
            prop_assert_eq!(by_sum.unit, sum.times(rate));
            for totals in [by_sum, total(&bases, rates, TotalRule::SumOfRounded)] {
                prop_assert_eq!(totals.unit, totals.lines.iter().map(|line| line.unit).sum());
                prop_assert_eq!(totals.person, totals.unit);
            }
        }
    }
}
