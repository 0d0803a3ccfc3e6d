//! What a form holds before it is checked.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::ids::DeclarationId;
use crate::money::Money;

use super::{Content, Declaration};

/// The kinds of declaration (requirements, section 2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(index_only)]
pub enum Kind {
    /// 职工缴费中断申报.
    #[n(1)]
    #[serde(rename = "INT")]
    Interruption,
    /// 职工缴费工资申报.
    #[n(2)]
    #[serde(rename = "WAGE")]
    Wage,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interruption => "INT",
            Self::Wage => "WAGE",
        })
    }
}

impl FromStr for Kind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "INT" => Ok(Self::Interruption),
            "WAGE" => Ok(Self::Wage),
            _ => Err(()),
        }
    }
}

/// A declaration as typed: any field may be empty or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Made by the device that created it.
    pub id: DeclarationId,
    /// Which form.
    pub kind: Kind,
    /// The person: a person id, an ID number or a personal number (COM-1).
    pub person: String,
    /// INT: the change month (变更时间).
    pub month: String,
    /// INT: the reason (变更原因).
    pub reason: String,
    /// WAGE: the first month (开始年月).
    pub from: String,
    /// WAGE: the last month (结束年月).
    pub to: String,
    /// WAGE: the monthly wage (工资).
    pub wage: Option<Money>,
}

impl Draft {
    /// A form just opened.
    #[must_use]
    pub fn empty(id: DeclarationId, kind: Kind) -> Self {
        Self {
            id,
            kind,
            person: String::new(),
            month: String::new(),
            reason: String::new(),
            from: String::new(),
            to: String::new(),
            wage: None,
        }
    }
}

impl From<&Declaration> for Draft {
    /// The form that gives this declaration, so that the centre parses what it received with
    /// the rules of the form.
    fn from(declaration: &Declaration) -> Self {
        let empty = Self::empty(declaration.id, declaration.content.kind());
        match &declaration.content {
            Content::Interruption {
                person,
                month,
                reason,
            } => Self {
                person: person.to_string(),
                month: month.to_string(),
                reason: reason.clone(),
                ..empty
            },
            Content::Wage {
                person,
                from,
                to,
                wage,
            } => Self {
                person: person.to_string(),
                from: from.to_string(),
                to: to.to_string(),
                wage: Some(*wage),
                ..empty
            },
        }
    }
}
