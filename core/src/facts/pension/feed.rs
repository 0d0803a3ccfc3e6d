//! A feed as it was delivered, by file or over the line, and what is asked of it before it
//! counts: bounded, and taken whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::declaration::Kind;
use crate::identity::{IdKind, PensionNumber};
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

use super::{
    CarriedOver, LinkedOperation, PensionFeed, PensionPerson, PensionResult, PensionTotals,
};

/// The most persons of a feed.
pub const MAX_PENSION_PERSONS: usize = 100_000;
/// The most results of a feed: ten years of both sorts.
pub const MAX_PENSION_RESULTS: usize = 240;
/// The most linked operations of a feed.
pub const MAX_PENSION_OPERATIONS: usize = 10_000;
/// The longest number of a person or a document, in characters.
const MAX_NUMBER: usize = 32;
/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The longest id or version, in characters.
const MAX_ID: usize = 64;
/// The longest reason, in characters.
const MAX_REASON: usize = 200;

/// A feed as delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// 养老单位编号.
    pub unit: PensionNumber,
    /// When pension insurance made it, by its clock.
    pub as_of: Timestamp,
    /// Its name for this state.
    pub version: String,
    /// Its settlement period.
    pub settlement: Month,
    /// 养老总人数, as stated.
    pub head_count: u32,
    /// The sum of the bases, as stated.
    pub total_base: Money,
    /// The roster.
    pub persons: Vec<PensionPerson>,
    /// Results by settlement month.
    pub results: Vec<PensionResult>,
    /// Linked operations.
    pub operations: Vec<LinkedOperation>,
}

/// Why nothing of a feed is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedFault {
    /// A member is not as the interface describes.
    #[error("{0} is not as the interface describes")]
    Malformed(&'static str),
    /// More than the interface allows.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The same thing stands twice: a person by number or document, a result, an operation.
    #[error("one of {0} stands twice")]
    Twice(&'static str),
    /// The head count is not the number of the roster's persons who pay.
    #[error("the head count is not that of the roster")]
    HeadCount,
    /// The total is not the sum of the bases of those who pay.
    #[error("the total of the bases is not that of the roster")]
    TotalBase,
    /// A linked operation is about somebody who is not in the roster.
    #[error("an operation is about somebody who is not in the roster")]
    NobodyThere,
}

impl FeedFault {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "pension.malformed_feed",
            Self::TooMany(_) => "pension.too_many",
            Self::Twice(_) => "pension.twice",
            Self::HeadCount => "pension.head_count",
            Self::TotalBase => "pension.total_base",
            Self::NobodyThere => "pension.nobody_there",
        }
    }
}

impl Delivered {
    /// The feed, where nothing in it contradicts the interface or itself.
    ///
    /// Head count and total are control totals: they are those of the persons who pay.
    ///
    /// # Errors
    /// The first [`FeedFault`]: the feed is taken whole or not at all.
    pub fn check(self) -> Result<PensionFeed, FeedFault> {
        if self.persons.len() > MAX_PENSION_PERSONS {
            return Err(FeedFault::TooMany("persons"));
        }
        if self.results.len() > MAX_PENSION_RESULTS {
            return Err(FeedFault::TooMany("results"));
        }
        if self.operations.len() > MAX_PENSION_OPERATIONS {
            return Err(FeedFault::TooMany("operations"));
        }
        is_token(&self.version, "version")?;
        let totals = PensionTotals {
            settlement: self.settlement,
            head_count: self.head_count,
            total_base: self.total_base,
        };
        let persons = roster(self.persons)?;
        agree(&totals, &persons)?;
        Ok(PensionFeed {
            as_of: self.as_of,
            version: self.version,
            totals,
            results: results(self.results)?,
            operations: operations(self.operations, &persons)?,
            persons,
        })
    }
}

fn roster(persons: Vec<PensionPerson>) -> Result<BTreeMap<String, PensionPerson>, FeedFault> {
    let mut documents = BTreeSet::new();
    let mut roster = BTreeMap::new();
    for person in persons {
        is_number(&person.personal_number, "person_number")?;
        is_number(&person.id_number, "id_number")?;
        is_short(&person.name, MAX_NAME, "name")?;
        if person.id_kind.parse::<IdKind>().is_err() {
            return Err(FeedFault::Malformed("id_kind"));
        }
        if person.base.is_some_and(|it| it < Money::ZERO) {
            return Err(FeedFault::Malformed("base"));
        }
        let document = (person.id_kind.clone(), person.id_number.clone());
        let number = person.personal_number.clone();
        if !documents.insert(document) || roster.insert(number, person).is_some() {
            return Err(FeedFault::Twice("persons"));
        }
    }
    Ok(roster)
}

fn agree(
    totals: &PensionTotals,
    persons: &BTreeMap<String, PensionPerson>,
) -> Result<(), FeedFault> {
    let paying = || persons.values().filter(|it| it.pays());
    if paying().count() as u64 != u64::from(totals.head_count) {
        return Err(FeedFault::HeadCount);
    }
    let bases = Money::checked_sum(paying().filter_map(|it| it.base));
    if bases != Some(totals.total_base) {
        return Err(FeedFault::TotalBase);
    }
    Ok(())
}

fn results(
    listed: Vec<PensionResult>,
) -> Result<BTreeMap<(Month, super::Matter), PensionResult>, FeedFault> {
    let mut results = BTreeMap::new();
    for result in listed {
        if let Some(reason) = &result.failure {
            is_short(reason, MAX_REASON, "reason")?;
        }
        if results
            .insert((result.month, result.matter), result)
            .is_some()
        {
            return Err(FeedFault::Twice("results"));
        }
    }
    Ok(results)
}

/// A kind of operation on a person's month stands once: else nobody could tell which one a
/// declaration is linked with.
fn operations(
    listed: Vec<LinkedOperation>,
    persons: &BTreeMap<String, PensionPerson>,
) -> Result<BTreeMap<String, LinkedOperation>, FeedFault> {
    let mut about = BTreeSet::new();
    let mut operations = BTreeMap::new();
    for operation in listed {
        is_token(&operation.id, "operation")?;
        if let CarriedOver::Failed(reason) = &operation.carried_over {
            is_short(reason, MAX_REASON, "reason")?;
        }
        match operation.kind {
            Kind::Registration | Kind::Interruption | Kind::Resumption => {}
            Kind::Wage => return Err(FeedFault::Malformed("kind")),
        }
        if !persons.contains_key(&operation.personal_number) {
            return Err(FeedFault::NobodyThere);
        }
        let number = operation.personal_number.clone();
        let once = about.insert((number, operation.kind, operation.month));
        if !once || operations.insert(operation.id.clone(), operation).is_some() {
            return Err(FeedFault::Twice("operations"));
        }
    }
    Ok(operations)
}

/// Opaque, short, without blanks.
fn is_token(text: &str, member: &'static str) -> Result<(), FeedFault> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(known);
    good.then_some(()).ok_or(FeedFault::Malformed(member))
}

fn is_number(text: &str, member: &'static str) -> Result<(), FeedFault> {
    let shown = |byte: u8| byte.is_ascii_graphic();
    let good = (1..=MAX_NUMBER).contains(&text.len()) && text.bytes().all(shown);
    good.then_some(()).ok_or(FeedFault::Malformed(member))
}

fn is_short(text: &str, most: usize, member: &'static str) -> Result<(), FeedFault> {
    let good = (1..=most).contains(&text.chars().count());
    good.then_some(()).ok_or(FeedFault::Malformed(member))
}

#[cfg(test)]
mod tests;
