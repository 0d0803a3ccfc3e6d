//! The law as dated data: rates, limits, policies and code tables, each value with the month it
//! is valid from, the date it became known, its reference and how sure it is (SIL-23).
//!
//! One TOML text is the whole set. The program carries one ([`builtin_text`]); the centre adopts
//! a text as a fact, and every assessment names the hash of the text it used.

mod builtin;
mod dated;
mod problem;
mod reader;
mod values;

pub use builtin::builtin_text;
pub use dated::{Confidence, Dated, MissingParameter, Parameter, Source};
pub use problem::{ParameterFault, ParameterProblem};
pub use values::{
    BaseLimits, BaseRounding, CodeName, CodeTable, Effect, LookBack, Rates, Relief, Retirement,
    Rise, StopReasons, TotalRule, Undeclared, UnknownTotalRule,
};

use jiff::civil::Date;

use crate::ids::ParameterSetId;
use crate::money::Rate;
use crate::month::Month;
use crate::signing::hash_parts;

/// The longest text that is read as a parameter set, in bytes.
pub const MAX_TEXT: usize = 256 * 1024;

/// Every parameter, parsed from one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSet {
    id: ParameterSetId,
    rates: Parameter<Rates>,
    base_limits: Parameter<BaseLimits>,
    base_rounding: Parameter<BaseRounding>,
    total_rule: Parameter<TotalRule>,
    base_change_mark: Parameter<Rate>,
    batch_rows: Parameter<u32>,
    look_back: Parameter<LookBack>,
    minimum_age: Parameter<u8>,
    retirement_men: Parameter<Retirement>,
    retirement_women_early: Parameter<Retirement>,
    retirement_women_late: Parameter<Retirement>,
    undeclared_110: Parameter<Undeclared>,
    pension_feed_days: Parameter<u16>,
    stop_reasons: Parameter<StopReasons>,
    in_reasons: Parameter<Vec<String>>,
    id_kinds: Parameter<CodeTable>,
    insurances: Parameter<CodeTable>,
    receivable_kinds: Parameter<CodeTable>,
    payment_statuses: Parameter<CodeTable>,
    tax_states: Parameter<CodeTable>,
    transaction_kinds: Parameter<CodeTable>,
    relief: Vec<Dated<Relief>>,
}

/// One look-up a parameter: the value valid for `month`, the latest known on or before
/// `known_on`.
macro_rules! look_ups {
    ($($(#[$doc:meta])* $name:ident -> $value:ty),* $(,)?) => {
        impl ParameterSet {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// [`MissingParameter`] where no value is valid for the month and known by then.
                pub fn $name(
                    &self,
                    month: Month,
                    known_on: Date,
                ) -> Result<$value, MissingParameter> {
                    self.$name.at(month, known_on).map(|dated| dated.value)
                }
            )*
        }
    };
}

look_ups! {
    /// The parts of the base that unit and person pay.
    rates -> Rates,
    /// The policy that makes a base of a wage.
    base_rounding -> BaseRounding,
    /// How a unit's total follows from its lines.
    total_rule -> TotalRule,
    /// The part of the old base from which a change is marked (SIL-11).
    base_change_mark -> Rate,
    /// The most rows of a batch (SIL-6).
    batch_rows -> u32,
    /// How far back a REG, INT or RES may reach (SIL-6).
    look_back -> LookBack,
    /// The youngest age at enrolment, in whole years (REG).
    minimum_age -> u8,
    /// When men retire.
    retirement_men -> Retirement,
    /// When women retire who are in no management or technical post.
    retirement_women_early -> Retirement,
    /// When women retire who are in such a post.
    retirement_women_late -> Retirement,
    /// What is assessed where no base was declared (SIL-20, 社会保险法 art. 62).
    undeclared_110 -> Undeclared,
    /// For how many days the pension feed is believed (SIL-9).
    pension_feed_days -> u16,
}

/// The same for values that are lent rather than copied.
macro_rules! table_look_ups {
    ($($(#[$doc:meta])* $name:ident -> $value:ty),* $(,)?) => {
        impl ParameterSet {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// [`MissingParameter`] where no value is valid for the month and known by then.
                pub fn $name(
                    &self,
                    month: Month,
                    known_on: Date,
                ) -> Result<&$value, MissingParameter> {
                    self.$name.at(month, known_on).map(|dated| &dated.value)
                }
            )*
        }
    };
}

table_look_ups! {
    /// Reasons of an interruption and what each does to the insurance (STA-3).
    stop_reasons -> StopReasons,
    /// Reasons of an enrolment or a resumption.
    in_reasons -> Vec<String>,
    /// Kinds of ID documents.
    id_kinds -> CodeTable,
    /// Insurances (险种类型).
    insurances -> CodeTable,
    /// Kinds of receivables (缴费类型).
    receivable_kinds -> CodeTable,
    /// Payment status in an insurance (缴费状态).
    payment_statuses -> CodeTable,
    /// Payment states as tax reports them.
    tax_states -> CodeTable,
    /// Kinds of transactions with tax (交易类型).
    transaction_kinds -> CodeTable,
}

impl ParameterSet {
    /// Reads a whole set, or reports everything that is wrong with the text.
    ///
    /// A parameter this program does not know is left alone, so that a set for a newer program
    /// is still read; every one it knows must be there, but those that came after the first sets
    /// were adopted: a set without one of them has no value of it.
    ///
    /// # Errors
    /// All [`ParameterProblem`]s, in the order of the parameters.
    pub fn parse(text: &str) -> Result<Self, Vec<ParameterProblem>> {
        let mut reader = reader::Reader::open(text).map_err(|problem| vec![problem])?;
        let set = Self {
            id: ParameterSetId(hash_parts("canbao/parameters/1", &[text.as_bytes()])),
            rates: reader.parameter("rates", values::rates),
            base_limits: reader.parameter("base_limits", values::base_limits),
            base_rounding: reader.parameter("base_rounding", values::base_rounding),
            total_rule: reader.parameter("total_rule", values::total_rule),
            base_change_mark: reader.parameter("base_change_mark", values::base_change_mark),
            batch_rows: reader.parameter("batch_rows", values::batch_rows),
            look_back: reader.parameter("look_back", values::look_back),
            minimum_age: reader.parameter("minimum_age", values::minimum_age),
            retirement_men: reader.later_parameter("retirement_men", values::retirement),
            retirement_women_early: reader
                .later_parameter("retirement_women_early", values::retirement),
            retirement_women_late: reader
                .later_parameter("retirement_women_late", values::retirement),
            undeclared_110: reader.later_parameter("undeclared_110", values::undeclared),
            pension_feed_days: reader
                .later_parameter("pension_feed_days", values::pension_feed_days),
            stop_reasons: reader.parameter("stop_reasons", values::stop_reasons),
            in_reasons: reader.parameter("in_reasons", values::in_reasons),
            id_kinds: reader.parameter("id_kinds", values::code_table),
            insurances: reader.parameter("insurances", values::code_table),
            receivable_kinds: reader.parameter("receivable_kinds", values::code_table),
            payment_statuses: reader.parameter("payment_statuses", values::code_table),
            tax_states: reader.parameter("tax_states", values::code_table),
            transaction_kinds: reader.later_parameter("transaction_kinds", values::code_table),
            relief: reader.entries("relief", values::relief),
        };
        reader.finish().map(|()| set)
    }

    /// The hash of the text, by which assessments name the set.
    #[must_use]
    pub fn id(&self) -> ParameterSetId {
        self.id
    }

    /// The floor and the ceiling of a monthly base.
    ///
    /// # Errors
    /// [`MissingParameter`] where no value is valid for the month and known by then.
    pub fn limits(&self, month: Month, known_on: Date) -> Result<BaseLimits, MissingParameter> {
        self.base_limits
            .at(month, known_on)
            .map(|dated| dated.value)
    }

    /// Waivers and reductions that touched a month, for information: rates do not follow them.
    pub fn relief(&self, month: Month) -> impl Iterator<Item = &Dated<Relief>> {
        self.relief
            .iter()
            .filter(move |dated| dated.is_valid_for(month))
    }

    /// Where every value comes from, parameter by parameter.
    #[must_use]
    pub fn sources(&self) -> Vec<Source> {
        let mut sources = Vec::new();
        sources.extend(self.rates.sources());
        sources.extend(self.base_limits.sources());
        sources.extend(self.base_rounding.sources());
        sources.extend(self.total_rule.sources());
        sources.extend(self.base_change_mark.sources());
        sources.extend(self.batch_rows.sources());
        sources.extend(self.look_back.sources());
        sources.extend(self.minimum_age.sources());
        sources.extend(self.retirement_men.sources());
        sources.extend(self.retirement_women_early.sources());
        sources.extend(self.retirement_women_late.sources());
        sources.extend(self.undeclared_110.sources());
        sources.extend(self.pension_feed_days.sources());
        sources.extend(self.stop_reasons.sources());
        sources.extend(self.in_reasons.sources());
        sources.extend(self.id_kinds.sources());
        sources.extend(self.insurances.sources());
        sources.extend(self.receivable_kinds.sources());
        sources.extend(self.payment_statuses.sources());
        sources.extend(self.tax_states.sources());
        sources.extend(self.transaction_kinds.sources());
        sources.extend(self.relief.iter().map(|dated| dated.source("relief")));
        sources
    }
}

#[cfg(test)]
mod tests;
