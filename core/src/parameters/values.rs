//! What the parameters hold, and how each is read from its entry.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::problem::ParameterFault;
use super::reader::Entry;
use crate::message::Lang;
use crate::money::{Money, Rate};
use crate::month::Month;

/// The parts of the base that are due each month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// The unit's part.
    pub unit: Rate,
    /// The person's part, never above the unit's (人社部发〔2023〕19号).
    pub person: Rate,
}

/// The least and the greatest monthly base, as published; both are allowed bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BaseLimits {
    /// 下限
    pub floor: Money,
    /// 上限
    pub ceiling: Money,
}

/// How a wage becomes a base, before it is clamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseRounding {
    /// Half-up to the whole yuan.
    WholeYuan,
    /// Not at all.
    Fen,
}

/// How a unit's total follows from its lines; assessments name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TotalRule {
    /// The sum of the persons' rounded parts.
    #[n(1)]
    SumOfRounded,
    /// The rounded part of the summed bases; the largest base bears the tail.
    #[n(2)]
    RoundOfSum,
}

/// A name that no total rule has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the total rules are sum_of_rounded and round_of_sum")]
pub struct UnknownTotalRule;

/// How many months before the settlement month a change may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LookBack {
    /// Any month.
    Unlimited,
    /// At most so many months back.
    Months(u16),
}

/// When a person retires, by the month of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retirement {
    /// The age in whole years.
    pub years: u8,
    /// By how much later those retire who were born later.
    pub rise: Option<Rise>,
    /// How many months more may be agreed with the employer, who goes on paying.
    pub flexible: u16,
}

/// A gradual rise of the retirement age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rise {
    /// The first month of birth that it is for.
    pub since: Month,
    /// So many months of birth add one month.
    pub step: u8,
    /// The most months that are added.
    pub most: u16,
}

/// What is assessed where a paying person has no base for the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Undeclared {
    /// Nothing: the assessment fails and names the persons.
    Refuse,
    /// Last month's base and this part of it more.
    Surcharge(Rate),
}

/// What an interruption does to the insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 暂停: a resumption may follow.
    Suspend,
    /// 终止: back only at the window.
    Terminate,
}

/// The reasons of an interruption, by their Chinese names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopReasons {
    /// Those after which the insurance is suspended.
    pub suspend: Vec<String>,
    /// Those that end it for good.
    pub terminate: Vec<String>,
}

/// A code of field systems and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeName {
    /// As field systems write it.
    pub code: String,
    /// In Chinese.
    pub name: String,
    /// In English, where the table has it.
    pub en: Option<String>,
}

/// Codes of one kind, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeTable(pub Vec<CodeName>);

/// A waiver or a reduction, for information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relief {
    /// What was waived and for whom, in Chinese.
    pub what: String,
}

impl Retirement {
    /// The month in which a person born in this one reaches the age.
    ///
    /// None where it lies beyond every month there is.
    #[must_use]
    pub fn month(&self, born: Month) -> Option<Month> {
        let later = self.rise.map_or(0, |rise| rise.months(born));
        born.plus(i32::from(self.years) * 12 + later)
    }

    /// The last month that an employer can pay for the person.
    ///
    /// None as for [`Retirement::month`].
    #[must_use]
    pub fn last_month(&self, born: Month) -> Option<Month> {
        self.month(born)?.plus(i32::from(self.flexible))
    }
}

impl Rise {
    fn months(&self, born: Month) -> i32 {
        let later = self.since.months_until(born);
        if later < 0 {
            return 0;
        }
        (later / i32::from(self.step) + 1).min(i32::from(self.most))
    }
}

impl StopReasons {
    /// What this reason does; none where it is no reason.
    #[must_use]
    pub fn effect(&self, name: &str) -> Option<Effect> {
        let among = |names: &[String]| names.iter().any(|known| known == name);
        if among(&self.suspend) {
            Some(Effect::Suspend)
        } else {
            among(&self.terminate).then_some(Effect::Terminate)
        }
    }

    /// Every reason with what it does, those that suspend first.
    pub fn all(&self) -> impl Iterator<Item = (&str, Effect)> {
        let suspend = self
            .suspend
            .iter()
            .map(|name| (name.as_str(), Effect::Suspend));
        suspend.chain(
            self.terminate
                .iter()
                .map(|name| (name.as_str(), Effect::Terminate)),
        )
    }
}

impl CodeTable {
    /// What a code says; none where there is no such code.
    #[must_use]
    pub fn name(&self, code: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|row| row.code == code)
            .map(|row| row.name.as_str())
    }

    /// What a code says in a language: the Chinese name where there is no other.
    #[must_use]
    pub fn caption(&self, code: &str, lang: Lang) -> Option<&str> {
        let row = self.0.iter().find(|row| row.code == code)?;
        Some(row.caption(lang))
    }

    /// The code that somebody means by a code or a name in either language.
    #[must_use]
    pub fn meant(&self, typed: &str) -> Option<&str> {
        let is_meant = |row: &&CodeName| {
            row.code == typed || row.name == typed || row.en.as_deref() == Some(typed)
        };
        self.0.iter().find(is_meant).map(|row| row.code.as_str())
    }
}

impl CodeName {
    /// The name in a language.
    #[must_use]
    pub fn caption(&self, lang: Lang) -> &str {
        match (lang, &self.en) {
            (Lang::En, Some(name)) => name,
            (Lang::En, None) | (Lang::Zh, _) => &self.name,
        }
    }
}

impl FromStr for TotalRule {
    type Err = UnknownTotalRule;

    fn from_str(text: &str) -> Result<Self, UnknownTotalRule> {
        match text {
            "sum_of_rounded" => Ok(Self::SumOfRounded),
            "round_of_sum" => Ok(Self::RoundOfSum),
            _ => Err(UnknownTotalRule),
        }
    }
}

impl fmt::Display for TotalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SumOfRounded => "sum_of_rounded",
            Self::RoundOfSum => "round_of_sum",
        })
    }
}

pub(super) fn rates(entry: &mut Entry<'_>) -> Option<Rates> {
    let (unit, person) = (entry.parsed::<Rate>("unit"), entry.parsed::<Rate>("person"));
    let rates = Rates {
        unit: unit?,
        person: person?,
    };
    if rates.person > rates.unit {
        entry.refuse(ParameterFault::PersonAboveUnit);
    }
    if rates.unit.millionths() + rates.person.millionths() > Rate::ONE.millionths() {
        entry.refuse(ParameterFault::MoreThanTheBase);
    }
    Some(rates)
}

pub(super) fn base_limits(entry: &mut Entry<'_>) -> Option<BaseLimits> {
    let (floor, ceiling) = (
        entry.parsed::<Money>("floor"),
        entry.parsed::<Money>("ceiling"),
    );
    let limits = BaseLimits {
        floor: floor?,
        ceiling: ceiling?,
    };
    if limits.floor > limits.ceiling {
        entry.refuse(ParameterFault::FloorAboveCeiling);
    }
    Some(limits)
}

pub(super) fn base_rounding(entry: &mut Entry<'_>) -> Option<BaseRounding> {
    entry.parsed("policy")
}

pub(super) fn total_rule(entry: &mut Entry<'_>) -> Option<TotalRule> {
    entry.parsed("rule")
}

pub(super) fn base_change_mark(entry: &mut Entry<'_>) -> Option<Rate> {
    entry.parsed("threshold")
}

pub(super) fn batch_rows(entry: &mut Entry<'_>) -> Option<u32> {
    entry.number("rows")
}

pub(super) fn look_back(entry: &mut Entry<'_>) -> Option<LookBack> {
    entry.parsed("months")
}

pub(super) fn minimum_age(entry: &mut Entry<'_>) -> Option<u8> {
    entry.number("years")
}

pub(super) fn retirement(entry: &mut Entry<'_>) -> Option<Retirement> {
    let years = entry.number("years");
    let flexible = entry.optional_number("flexible").unwrap_or(0);
    let since = entry.optional::<Month>("since");
    let rise = match since {
        None => None,
        Some(since) => {
            let (step, most) = (entry.number("step"), entry.number("most"));
            if step == Some(0) {
                entry.refuse(ParameterFault::FieldWrong("step"));
            }
            Some(Rise {
                since,
                step: step?,
                most: most?,
            })
        }
    };
    Some(Retirement {
        years: years?,
        rise,
        flexible,
    })
}

pub(super) fn undeclared(entry: &mut Entry<'_>) -> Option<Undeclared> {
    let (policy, surcharge) = (entry.text("policy")?, entry.parsed::<Rate>("surcharge")?);
    match policy.as_str() {
        "refuse" => Some(Undeclared::Refuse),
        "assess" => Some(Undeclared::Surcharge(surcharge)),
        _ => {
            entry.refuse(ParameterFault::FieldWrong("policy"));
            None
        }
    }
}

pub(super) fn pension_feed_days(entry: &mut Entry<'_>) -> Option<u16> {
    entry.number("days")
}

pub(super) fn stop_reasons(entry: &mut Entry<'_>) -> Option<StopReasons> {
    let (suspend, terminate) = (entry.names("suspend"), entry.names("terminate"));
    let reasons = StopReasons {
        suspend: suspend?,
        terminate: terminate?,
    };
    let suspending = reasons.suspend.iter();
    let both = suspending.filter(|name| reasons.terminate.contains(name));
    both.for_each(|name| entry.refuse(ParameterFault::Twice(name.clone())));
    Some(reasons)
}

pub(super) fn in_reasons(entry: &mut Entry<'_>) -> Option<Vec<String>> {
    entry.names("names")
}

pub(super) fn code_table(entry: &mut Entry<'_>) -> Option<CodeTable> {
    entry.codes("codes").map(CodeTable)
}

pub(super) fn relief(entry: &mut Entry<'_>) -> Option<Relief> {
    entry.text("what").map(|what| Relief { what })
}

impl FromStr for BaseRounding {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "whole_yuan" => Ok(Self::WholeYuan),
            "fen" => Ok(Self::Fen),
            _ => Err(()),
        }
    }
}

impl FromStr for LookBack {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            months => months.parse().map(Self::Months).map_err(drop),
        }
    }
}
