//! What is wrong with the text of a parameter set.

use std::fmt;

use crate::message::Message;

/// One thing wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}, value {entry}: {fault}")]
pub struct ParameterProblem {
    /// The parameter's name; `*` for the text as a whole.
    pub parameter: &'static str,
    /// Which of its values, from 1; 0 for the parameter as a whole.
    pub entry: usize,
    /// What is wrong.
    pub fault: ParameterFault,
}

/// What may be wrong with a parameter set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterFault {
    /// More bytes than a set may have.
    #[error("the text is longer than {0} bytes")]
    TooLong(usize),
    /// The text is not TOML.
    #[error("not TOML, line {line}")]
    NotToml {
        /// The line, from 1.
        line: usize,
    },
    /// The parameter has no values, or is not a list of tables.
    #[error("no values")]
    NoValues,
    /// A field is missing.
    #[error("the field {0} is missing")]
    FieldMissing(&'static str),
    /// A field holds something else than it should.
    #[error("the field {0} is not what it should be")]
    FieldWrong(&'static str),
    /// A field that no value of the parameter has.
    #[error("there is no field {0}")]
    FieldUnknown(String),
    /// The last month lies before the first.
    #[error("ends before it starts")]
    EndsBeforeStart,
    /// Two values are for the same month and known the same day.
    #[error("collides with value {0}")]
    Collides(usize),
    /// The person would pay more than the unit (人社部发〔2023〕19号).
    #[error("the person's rate is above the unit's")]
    PersonAboveUnit,
    /// Unit and person would pay more than the whole base.
    #[error("the rates add up to more than the base")]
    MoreThanTheBase,
    /// The floor lies above the ceiling.
    #[error("the floor lies above the ceiling")]
    FloorAboveCeiling,
    /// A code or a name stands twice in one table.
    #[error("{0} stands twice")]
    Twice(String),
}

impl ParameterProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.fault {
            ParameterFault::TooLong(_) => "parameter.too_long",
            ParameterFault::NotToml { .. } => "parameter.not_toml",
            ParameterFault::NoValues => "parameter.no_values",
            ParameterFault::FieldMissing(_) => "parameter.field_missing",
            ParameterFault::FieldWrong(_) => "parameter.field_wrong",
            ParameterFault::FieldUnknown(_) => "parameter.field_unknown",
            ParameterFault::EndsBeforeStart => "parameter.ends_before_start",
            ParameterFault::Collides(_) => "parameter.collides",
            ParameterFault::PersonAboveUnit => "parameter.person_above_unit",
            ParameterFault::MoreThanTheBase => "parameter.more_than_the_base",
            ParameterFault::FloorAboveCeiling => "parameter.floor_above_ceiling",
            ParameterFault::Twice(_) => "parameter.twice",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let place = Message::bare(self.code())
            .with("parameter", self.parameter)
            .with("entry", self.entry);
        let detail = |name, value: &dyn fmt::Display| place.clone().with(name, value);
        match &self.fault {
            ParameterFault::TooLong(bytes) => detail("bytes", bytes),
            ParameterFault::NotToml { line } => detail("line", line),
            ParameterFault::FieldMissing(field) | ParameterFault::FieldWrong(field) => {
                detail("field", field)
            }
            ParameterFault::FieldUnknown(field) => detail("field", field),
            ParameterFault::Collides(other) => detail("other", other),
            ParameterFault::Twice(text) => detail("text", text),
            ParameterFault::NoValues
            | ParameterFault::EndsBeforeStart
            | ParameterFault::PersonAboveUnit
            | ParameterFault::MoreThanTheBase
            | ParameterFault::FloorAboveCeiling => place,
        }
    }
}
