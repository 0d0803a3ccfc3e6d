//! What a form holds before it is checked.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::facts::UNEMPLOYMENT;
use crate::ids::DeclarationId;
use crate::money::Money;

use super::{Content, Declaration, Entrant, PersonNumber, Who};

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
    /// 职工参保登记申报.
    #[n(3)]
    #[serde(rename = "REG")]
    Registration,
    /// 职工缴费恢复申报.
    #[n(4)]
    #[serde(rename = "RES")]
    Resumption,
}

impl Kind {
    /// Every kind, in the order of the guide's menu.
    pub const ALL: [Self; 4] = [
        Self::Registration,
        Self::Interruption,
        Self::Resumption,
        Self::Wage,
    ];

    /// Whether it moves a person into or out of payment, and so can be redone (MON-3).
    #[must_use]
    pub fn is_movement(self) -> bool {
        match self {
            Self::Registration | Self::Interruption | Self::Resumption => true,
            Self::Wage => false,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Interruption => "INT",
            Self::Wage => "WAGE",
            Self::Registration => "REG",
            Self::Resumption => "RES",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or(())
    }
}

/// A declaration as typed: any field may be empty or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Made by the device that created it.
    pub id: DeclarationId,
    /// Which form.
    pub kind: Kind,
    /// The person: a person id, an ID number or a personal number (COM-1); REG: the number of
    /// the document.
    pub person: String,
    /// REG, RES: the kind of document (证件类型), 01 where nothing stands (SIL-14).
    pub id_kind: String,
    /// REG, and RES of a person who is not in the unit's roster: 姓名.
    pub name: String,
    /// REG: the birth date (出生日期), where the document does not state it.
    pub born: String,
    /// REG: the sex (性别), where the document does not state it.
    pub sex: String,
    /// REG, RES: the insurance that is ticked, 210 失业保险.
    pub insurance: String,
    /// INT, REG, RES: the change month (变更时间): the last one paid, or the first.
    pub month: String,
    /// INT, REG, RES: the reason (变更原因).
    pub reason: String,
    /// WAGE: the first month (开始年月).
    pub from: String,
    /// WAGE: the last month (结束年月).
    pub to: String,
    /// REG, RES, WAGE: the monthly wage (工资).
    pub wage: Option<Money>,
    /// INT, REG, RES: the id of the declaration that is done again (重做, MON-3).
    pub redo: String,
}

impl Draft {
    /// A form just opened.
    #[must_use]
    pub fn empty(id: DeclarationId, kind: Kind) -> Self {
        Self {
            id,
            kind,
            person: String::new(),
            id_kind: String::new(),
            name: String::new(),
            born: String::new(),
            sex: String::new(),
            insurance: String::new(),
            month: String::new(),
            reason: String::new(),
            from: String::new(),
            to: String::new(),
            wage: None,
            redo: String::new(),
        }
    }
}

impl From<&Declaration> for Draft {
    /// The form that gives this declaration, so that the centre parses what it received with
    /// the rules of the form.
    fn from(declaration: &Declaration) -> Self {
        let empty = Self {
            redo: declaration
                .redoes
                .map_or_else(String::new, |it| it.to_string()),
            ..Self::empty(declaration.id, declaration.content.kind())
        };
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
            Content::Registration {
                entrant,
                month,
                reason,
                wage,
            } => Self {
                insurance: UNEMPLOYMENT.to_string(),
                month: month.to_string(),
                reason: reason.clone(),
                wage: Some(*wage),
                ..empty.of_entrant(entrant)
            },
            Content::Resumption {
                who,
                month,
                reason,
                wage,
            } => Self {
                insurance: UNEMPLOYMENT.to_string(),
                month: month.to_string(),
                reason: reason.clone(),
                wage: Some(*wage),
                ..empty.of_person(who)
            },
        }
    }
}

impl Draft {
    fn of_entrant(self, entrant: &Entrant) -> Self {
        let stated = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            person: entrant.document.number().to_owned(),
            id_kind: entrant.document.kind().code().to_owned(),
            name: entrant.name.clone(),
            born: stated(entrant.born.as_ref().map(|it| it.as_str())),
            sex: stated(entrant.sex.map(|it| it.caption())),
            ..self
        }
    }

    fn of_person(self, who: &Who) -> Self {
        match who {
            Who::Known(person) => Self {
                person: person.to_string(),
                ..self
            },
            Who::Elsewhere {
                number: PersonNumber::Document(document),
                name,
            } => Self {
                person: document.number().to_owned(),
                id_kind: document.kind().code().to_owned(),
                name: name.clone(),
                ..self
            },
            Who::Elsewhere {
                number: PersonNumber::Personal(number),
                name,
            } => Self {
                person: number.as_str().to_owned(),
                name: name.clone(),
                ..self
            },
        }
    }
}
