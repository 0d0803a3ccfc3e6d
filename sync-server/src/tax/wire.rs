//! What travels: the messages of `docs/tax-interface.yaml`, members as they are named there.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The most persons of a page of a roster.
pub(super) const MAX_PAGE: usize = 1_000;

/// The most lines of a transaction or a posting.
pub(super) const MAX_LINES: usize = 10_000;

/// A transaction, from the centre to tax.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Transaction {
    RosterChange {
        id: String,
        unit: Unit,
        sent_at: String,
        changes: Vec<Change>,
    },
    Assessment {
        id: String,
        unit: Unit,
        settlement: String,
        sent_at: String,
        lines: Vec<AssessmentLine>,
        totals: Totals,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Unit {
    pub(super) credit_code: String,
    pub(super) unemployment_number: String,
    pub(super) name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) line: u32,
    pub(super) person_number: String,
    pub(super) id_kind: &'static str,
    pub(super) id_number: String,
    pub(super) name: String,
    pub(super) change: ChangeKind,
    pub(super) month: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChangeKind {
    /// The month is the last that is paid.
    Stop,
    /// The month is the first that is paid.
    Start,
    /// The start of this month is taken back; nothing was paid from it on.
    Cancel,
}

#[derive(Debug, Serialize)]
pub(super) struct AssessmentLine {
    pub(super) line: u32,
    pub(super) person_number: String,
    pub(super) id_kind: &'static str,
    pub(super) id_number: String,
    pub(super) name: String,
    pub(super) month: String,
    pub(super) kind: String,
    pub(super) base: String,
    pub(super) unit_amount: String,
    pub(super) person_amount: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Totals {
    pub(super) count: usize,
    pub(super) base: String,
    pub(super) unit_amount: String,
    pub(super) person_amount: String,
    pub(super) total: String,
}

/// A page of events; each is read by itself, so that one that cannot be read does not keep back
/// those before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventPage {
    #[serde(rename = "last_sequence")]
    pub(super) _last_sequence: u64,
    pub(super) events: Vec<Value>,
}

/// An event, from tax to the centre.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Event {
    TransactionAccepted {
        sequence: u64,
        #[serde(rename = "at")]
        _at: String,
        transaction: String,
    },
    TransactionRefused {
        sequence: u64,
        #[serde(rename = "at")]
        _at: String,
        transaction: String,
        refusal: Refusal,
    },
    Collected {
        sequence: u64,
        #[serde(rename = "at")]
        _at: String,
        collection: Collection,
    },
    Posted {
        sequence: u64,
        #[serde(rename = "at")]
        _at: String,
        posting: Posting,
    },
    Reversed {
        sequence: u64,
        #[serde(rename = "at")]
        _at: String,
        reversal: Reversal,
    },
}

impl Event {
    /// The kinds that [`Event`] reads.
    pub(super) const KINDS: [&str; 5] = [
        "transaction_accepted",
        "transaction_refused",
        "collected",
        "posted",
        "reversed",
    ];
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refusal {
    pub(super) reason_code: String,
    pub(super) reason: String,
    #[serde(rename = "lines")]
    pub(super) _lines: Vec<RefusedLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusedLine {
    #[serde(rename = "line")]
    pub(super) _line: u32,
    #[serde(rename = "reason_code")]
    pub(super) _reason_code: String,
    #[serde(rename = "reason")]
    pub(super) _reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Collection {
    pub(super) transaction: String,
    #[serde(rename = "credit_code")]
    pub(super) _credit_code: String,
    #[serde(rename = "settlement")]
    pub(super) _settlement: String,
    #[serde(rename = "date")]
    pub(super) _date: String,
    #[serde(rename = "total")]
    pub(super) _total: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Posting {
    pub(super) serial: String,
    pub(super) transaction: String,
    pub(super) credit_code: String,
    pub(super) settlement: String,
    pub(super) date: String,
    pub(super) lines: Vec<PostingLine>,
    pub(super) total: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reversal {
    pub(super) serial: String,
    pub(super) reverses: String,
    pub(super) credit_code: String,
    pub(super) settlement: String,
    pub(super) date: String,
    #[serde(default)]
    pub(super) lines: Vec<u32>,
    pub(super) total: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PostingLine {
    pub(super) line: u32,
    pub(super) transaction_line: u32,
    pub(super) person_number: String,
    pub(super) month: String,
    pub(super) base: String,
    pub(super) unit_amount: String,
    pub(super) person_amount: String,
}

/// A page of tax's roster of a unit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RosterPage {
    pub(super) credit_code: String,
    pub(super) version: String,
    pub(super) as_of: String,
    pub(super) persons: Vec<RosterPerson>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RosterPerson {
    Paying {
        person_number: String,
        id_kind: String,
        id_number: String,
        name: String,
        first_month: String,
        #[serde(default)]
        base: Option<String>,
    },
    Stopped {
        person_number: String,
        id_kind: String,
        id_number: String,
        name: String,
        first_month: String,
        stop_month: String,
        #[serde(default)]
        base: Option<String>,
    },
}

/// What a refusal of a request says (RFC 9457); members that a program does not branch on may
/// be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    pub(super) title: String,
}
