//! Fields that two devices filled in differently, and what was chosen.

use serde::{Deserialize, Serialize};

use super::{Coded, PersonRef};

/// A field with several values, until a person chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictRow {
    /// The record: a declaration's id, or of the roster the person's.
    pub record: String,
    /// `INT`, `WAGE` or `roster`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The person the record is about; none where nobody is found for what stands there.
    pub person: Option<PersonRef>,
    /// The field: `person`, `month`, `reason`, `from`, `to`, `wage`, `department`, `phone`.
    pub field: Coded,
    /// Its values, in the order of their authors' clocks.
    pub values: Vec<StandingView>,
}

/// One of the values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingView {
    /// Its number within the conflict, from 1.
    pub number: u32,
    /// The value: a person by id, money in yuan; empty where the field was cleared.
    pub value: String,
    /// The same as people read it.
    pub text: String,
    /// The operator who wrote it; none where that is not known here.
    pub operator: Option<String>,
    /// The device it was written on.
    pub device: Option<String>,
    /// Whether that is this device.
    pub here: bool,
    /// When, by that device's clock.
    pub at: String,
}

/// A conflict that a person ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The record, as in [`ConflictRow`].
    pub record: String,
    /// `INT`, `WAGE` or `roster`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The person the record is about.
    pub person: Option<PersonRef>,
    /// The field.
    pub field: Coded,
    /// The value chosen, as people read it.
    pub text: String,
    /// What is still to be chosen in the unit.
    pub left: Vec<ConflictRow>,
}
