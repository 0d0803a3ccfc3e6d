//! A value of the law with its dates, and the look-up by month and knowledge (SIL-23).

use jiff::civil::Date;
use serde::Serialize;

use crate::message::Message;
use crate::month::Month;

/// How sure a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Confidence {
    /// Verified in a public source.
    #[serde(rename = "H")]
    High,
    /// Seen in field software or in secondary sources.
    #[serde(rename = "M")]
    Medium,
    /// Weak.
    #[serde(rename = "L")]
    Low,
}

/// A value, the months it is for, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// The first month it is valid for.
    pub from: Month,
    /// The last month it is valid for; none while no end is known.
    pub to: Option<Month>,
    /// The date it became known.
    pub known: Date,
    /// The document it stands in.
    pub reference: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What a reader should know besides; may be empty.
    pub note: String,
    /// The value.
    pub value: T,
}

/// Where a value comes from, for people who check the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The parameter's name.
    pub parameter: &'static str,
    /// The first month of the value.
    pub from: Month,
    /// The last month of the value.
    pub to: Option<Month>,
    /// The date it became known.
    pub known: Date,
    /// The document it stands in.
    pub reference: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What a reader should know besides.
    pub note: String,
}

/// No value of a parameter is valid for a month and known by a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no value of {parameter} for {month} was known on {known_on}")]
pub struct MissingParameter {
    /// The parameter's name.
    pub parameter: &'static str,
    /// The month asked for.
    pub month: Month,
    /// The date by which it had to be known.
    pub known_on: Date,
}

impl MissingParameter {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "parameter.missing_value"
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::bare(self.code())
            .with("parameter", self.parameter)
            .with("month", self.month)
            .with("known_on", self.known_on)
    }
}

/// All values of one parameter, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter<T> {
    name: &'static str,
    values: Vec<Dated<T>>,
}

impl<T> Parameter<T> {
    pub(super) fn new(name: &'static str, values: Vec<Dated<T>>) -> Self {
        Self { name, values }
    }

    /// The value valid for a month, the latest known on or before a date.
    ///
    /// # Errors
    /// [`MissingParameter`].
    pub fn at(&self, month: Month, known_on: Date) -> Result<&Dated<T>, MissingParameter> {
        self.values
            .iter()
            .filter(|dated| dated.is_valid_for(month) && dated.known <= known_on)
            .max_by_key(|dated| dated.known)
            .ok_or(MissingParameter {
                parameter: self.name,
                month,
                known_on,
            })
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = Source> {
        self.values.iter().map(|dated| dated.source(self.name))
    }
}

impl<T> Dated<T> {
    /// Whether the value is for this month.
    #[must_use]
    pub fn is_valid_for(&self, month: Month) -> bool {
        self.from <= month && self.to.is_none_or(|to| month <= to)
    }

    /// Whether a look-up could not tell which of the two counts: a common month, known the same
    /// day.
    pub(super) fn collides_with<U>(&self, other: &Dated<U>) -> bool {
        let ends = |to: Option<Month>| to.unwrap_or(Month::MAX);
        self.known == other.known && self.from <= ends(other.to) && other.from <= ends(self.to)
    }

    pub(super) fn source(&self, parameter: &'static str) -> Source {
        Source {
            parameter,
            from: self.from,
            to: self.to,
            known: self.known,
            reference: self.reference.clone(),
            confidence: self.confidence,
            note: self.note.clone(),
        }
    }
}
