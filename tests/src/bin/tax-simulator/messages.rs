//! What travels: the messages of `docs/tax-interface.yaml`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::values::{
    CreditCode, IdKind, IdNumber, Instant, LineNumber, Money, Month, Name, PersonNumber,
    ReceivableKind, Serial, TransactionId, UnemploymentNumber,
};

/// The most lines of a transaction or a posting.
pub(crate) const MOST_LINES: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Transaction {
    RosterChange(RosterChange),
    Assessment(Assessment),
}

impl Transaction {
    pub(crate) fn id(&self) -> &TransactionId {
        match self {
            Self::RosterChange(change) => &change.id,
            Self::Assessment(assessment) => &assessment.id,
        }
    }

    /// Whether this is the other one sent again: everything counts but the moment of sending.
    pub(crate) fn has_content_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::RosterChange(a), Self::RosterChange(b)) => {
                (&a.id, &a.unit, &a.changes) == (&b.id, &b.unit, &b.changes)
            }
            (Self::Assessment(a), Self::Assessment(b)) => {
                (&a.id, &a.unit, a.settlement, &a.lines, &a.totals)
                    == (&b.id, &b.unit, b.settlement, &b.lines, &b.totals)
            }
            (Self::RosterChange(_), Self::Assessment(_))
            | (Self::Assessment(_), Self::RosterChange(_)) => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    pub(crate) credit_code: CreditCode,
    pub(crate) unemployment_number: UnemploymentNumber,
    pub(crate) name: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterChange {
    pub(crate) id: TransactionId,
    pub(crate) unit: Unit,
    pub(crate) sent_at: Instant,
    #[serde(deserialize_with = "bounded")]
    pub(crate) changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) line: LineNumber,
    pub(crate) person_number: PersonNumber,
    pub(crate) id_kind: IdKind,
    pub(crate) id_number: IdNumber,
    pub(crate) name: Name,
    pub(crate) change: ChangeKind,
    pub(crate) month: Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeKind {
    /// `month` is the first that is paid.
    Start,
    /// `month` is the last that is paid.
    Stop,
    /// The start of `month` is taken back.
    Cancel,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assessment {
    pub(crate) id: TransactionId,
    pub(crate) unit: Unit,
    pub(crate) settlement: Month,
    pub(crate) sent_at: Instant,
    #[serde(deserialize_with = "bounded")]
    pub(crate) lines: Vec<AssessmentLine>,
    pub(crate) totals: Totals,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentLine {
    pub(crate) line: LineNumber,
    pub(crate) person_number: PersonNumber,
    pub(crate) id_kind: IdKind,
    pub(crate) id_number: IdNumber,
    pub(crate) name: Name,
    pub(crate) month: Month,
    pub(crate) kind: ReceivableKind,
    pub(crate) base: Money,
    pub(crate) unit_amount: Money,
    pub(crate) person_amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Totals {
    pub(crate) count: LineNumber,
    pub(crate) base: Money,
    pub(crate) unit_amount: Money,
    pub(crate) person_amount: Money,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum TransactionState {
    Pending,
    Accepted,
    Refused { refusal: Refusal },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) reason_code: ReasonCode,
    pub(crate) reason: String,
    pub(crate) lines: Vec<RefusedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedLine {
    pub(crate) line: LineNumber,
    pub(crate) reason_code: ReasonCode,
    pub(crate) reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReasonCode {
    UnknownUnit,
    UnknownPerson,
    WrongMonth,
    DuplicateLine,
    DuplicateAssessment,
    ClosedPeriod,
    WrongTotal,
}

impl ReasonCode {
    /// What tax tells people.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::UnknownUnit => "税务无此单位,或失业单位编号不符",
            Self::UnknownPerson => "该单位下税务无此人员,或证件、姓名不符",
            Self::WrongMonth => "年月与税务登记不符",
            Self::DuplicateLine => "交易内明细重复",
            Self::DuplicateAssessment => "该结算期已有应收核定",
            Self::ClosedPeriod => "该单位更晚的结算期已缴款",
            Self::WrongTotal => "合计与明细之和不符",
        }
        .to_owned()
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    pub(crate) sequence: u64,
    pub(crate) at: Instant,
    #[serde(flatten)]
    pub(crate) what: Happened,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Happened {
    TransactionAccepted {
        transaction: TransactionId,
    },
    TransactionRefused {
        transaction: TransactionId,
        refusal: Refusal,
    },
    Collected {
        collection: Collection,
    },
    Posted {
        posting: Posting,
    },
    Reversed {
        reversal: Reversal,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collection {
    pub(crate) transaction: TransactionId,
    pub(crate) credit_code: CreditCode,
    pub(crate) settlement: Month,
    pub(crate) date: jiff::civil::Date,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Posting {
    pub(crate) serial: Serial,
    pub(crate) transaction: TransactionId,
    pub(crate) credit_code: CreditCode,
    pub(crate) settlement: Month,
    pub(crate) date: jiff::civil::Date,
    #[serde(deserialize_with = "bounded")]
    pub(crate) lines: Vec<PostingLine>,
    pub(crate) total: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostingLine {
    pub(crate) line: LineNumber,
    pub(crate) transaction_line: LineNumber,
    pub(crate) person_number: PersonNumber,
    pub(crate) month: Month,
    pub(crate) base: Money,
    pub(crate) unit_amount: Money,
    pub(crate) person_amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reversal {
    pub(crate) serial: Serial,
    pub(crate) reverses: Serial,
    pub(crate) credit_code: CreditCode,
    pub(crate) settlement: Month,
    pub(crate) date: jiff::civil::Date,
    /// All lines where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lines: Vec<LineNumber>,
    pub(crate) total: Money,
}

/// A list of 1 to 10,000, as everywhere in the interface.
pub(crate) fn bounded<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(deserializer)?;
    if (1..=MOST_LINES).contains(&list.len()) {
        Ok(list)
    } else {
        Err(serde::de::Error::custom("a list holds 1 to 10000 items"))
    }
}
