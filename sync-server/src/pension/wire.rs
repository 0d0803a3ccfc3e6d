//! What travels: the messages of `docs/pension-interface.yaml`, members as they are named there.

use serde::{Deserialize, Deserializer};

/// The most persons of a page.
pub(super) const MAX_PAGE: usize = 1_000;

/// A page of a feed, or a whole one as a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    pub(super) pension_unit_number: String,
    pub(super) version: String,
    pub(super) as_of: String,
    pub(super) settlement: String,
    pub(super) head_count: u32,
    pub(super) total_base: String,
    pub(super) persons: Vec<Person>,
    pub(super) results: Vec<Outcome>,
    pub(super) operations: Vec<Operation>,
    #[serde(default, deserialize_with = "present")]
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) person_number: String,
    pub(super) id_kind: String,
    pub(super) id_number: String,
    pub(super) name: String,
    pub(super) person_state: PersonState,
    pub(super) registration_state: RegistrationState,
    pub(super) payment: Payment,
    #[serde(default, deserialize_with = "present")]
    pub(super) base: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PersonState {
    Working,
    Retired,
    Dead,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RegistrationState {
    Normal,
    Cancelled,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Payment {
    Paying,
    Suspended,
    Terminated,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Wages,
    Assessment,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Outcome {
    Succeeded {
        month: String,
        what: What,
    },
    Failed {
        month: String,
        what: What,
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub(super) operation: String,
    pub(super) person_number: String,
    pub(super) kind: String,
    pub(super) month: String,
    pub(super) carried_over: CarriedOver,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum CarriedOver {
    // In braces, since serde lets unknown members of a bare variant through.
    Succeeded {},
    Failed { reason: String },
    NotApplicable {},
}

/// A member that may be missing; where it stands, it has a value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}
