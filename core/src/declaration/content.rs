//! What a declaration declares, by kind.

use minicbor::{Decode, Encode};

use crate::identity::{BirthDate, Holder, IdDocument, PersonalNumber, Sex};
use crate::ids::PersonId;
use crate::money::Money;
use crate::month::Month;

use super::Kind;

/// What a declaration declares.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Content {
    /// INT 职工缴费中断申报.
    #[n(1)]
    Interruption {
        /// Who stops.
        #[n(0)]
        person: PersonId,
        /// The change month: the last month paid (MON-1).
        #[n(1)]
        month: Month,
        /// The reason, by its Chinese name in the parameters.
        #[n(2)]
        reason: String,
    },
    /// WAGE 职工缴费工资申报.
    #[n(2)]
    Wage {
        /// Whose wage.
        #[n(0)]
        person: PersonId,
        /// The first month of the wage.
        #[n(1)]
        from: Month,
        /// The last month of the wage, included.
        #[n(2)]
        to: Month,
        /// The monthly wage; the base follows from it when a month is assessed.
        #[n(3)]
        wage: Money,
    },
    /// REG 职工参保登记申报.
    #[n(3)]
    Registration {
        /// Who is enrolled.
        #[n(0)]
        entrant: Entrant,
        /// The first payable month (MON-2).
        #[n(1)]
        month: Month,
        /// The reason, by its Chinese name in the parameters.
        #[n(2)]
        reason: String,
        /// The monthly wage.
        #[n(3)]
        wage: Money,
    },
    /// RES 职工缴费恢复申报.
    #[n(4)]
    Resumption {
        /// Who pays again.
        #[n(0)]
        who: Who,
        /// The change month: the first month paid (MON-2).
        #[n(1)]
        month: Month,
        /// The reason, by its Chinese name in the parameters.
        #[n(2)]
        reason: String,
        /// The monthly wage.
        #[n(3)]
        wage: Money,
    },
}

/// A person who is enrolled for the first time in the pool (REG).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entrant {
    /// The identity document.
    #[n(0)]
    pub document: IdDocument,
    /// 姓名.
    #[n(1)]
    pub name: String,
    /// The birth date, where the document does not state it (SIL-14).
    #[n(2)]
    pub born: Option<BirthDate>,
    /// The sex, where the document does not state it.
    #[n(3)]
    pub sex: Option<Sex>,
}

impl Entrant {
    /// The birth date, by the document or as declared.
    #[must_use]
    pub fn birth_date(&self) -> Option<BirthDate> {
        let stated = self.document.birth_date().map(BirthDate::from);
        stated.or_else(|| self.born.clone())
    }

    /// Birth and sex, by the document or as declared.
    pub(super) fn holder(&self) -> Option<Holder> {
        Holder::of(&self.document, self.born.as_ref(), self.sex)
    }
}

/// Who resumes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Who {
    /// A person of the unit's roster.
    #[n(1)]
    Known(#[n(0)] PersonId),
    /// A person suspended in another unit of the pool (SIL-3, SIL-15); the centre finds them by
    /// number and compares the name.
    #[n(2)]
    Elsewhere {
        /// By which number.
        #[n(0)]
        number: PersonNumber,
        /// 姓名.
        #[n(1)]
        name: String,
    },
}

/// A number by which the centre finds a person (COM-1, COM-2).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum PersonNumber {
    /// 证件号码.
    #[n(1)]
    Document(#[n(0)] IdDocument),
    /// 个人编号 of unemployment insurance.
    #[n(2)]
    Personal(#[n(0)] PersonalNumber),
}

/// Whom a declaration is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A person of the unit's roster.
    Known(PersonId),
    /// A person suspended elsewhere.
    Elsewhere(&'a PersonNumber, &'a str),
    /// A person not insured anywhere yet.
    New(&'a Entrant),
}

/// Whom a declaration is about, as far as it tells: two of one person have one key, where both
/// name them by the same number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectKey {
    /// A person of the unit's roster.
    Person(PersonId),
    /// The number of someone whom the roster does not have.
    Number(String),
}

impl Content {
    /// Whom it is about.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Interruption { person, .. } | Self::Wage { person, .. } => {
                Subject::Known(*person)
            }
            Self::Registration { entrant, .. } => Subject::New(entrant),
            Self::Resumption { who, .. } => match who {
                Who::Known(person) => Subject::Known(*person),
                Who::Elsewhere { number, name } => Subject::Elsewhere(number, name),
            },
        }
    }

    /// The change month (变更时间), or the first month of a wage.
    #[must_use]
    pub fn month(&self) -> Month {
        match self {
            Self::Interruption { month, .. }
            | Self::Registration { month, .. }
            | Self::Resumption { month, .. } => *month,
            Self::Wage { from, .. } => *from,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Interruption { .. } => Kind::Interruption,
            Self::Wage { .. } => Kind::Wage,
            Self::Registration { .. } => Kind::Registration,
            Self::Resumption { .. } => Kind::Resumption,
        }
    }

    /// The longest free text in it, in bytes.
    pub(super) fn longest_text(&self) -> usize {
        match self {
            Self::Interruption { reason, .. } => reason.len(),
            Self::Wage { .. } => 0,
            Self::Registration {
                entrant, reason, ..
            } => reason.len().max(entrant.name.len()),
            Self::Resumption { who, reason, .. } => match who {
                Who::Known(_) => reason.len(),
                Who::Elsewhere { name, .. } => reason.len().max(name.len()),
            },
        }
    }
}

impl Subject<'_> {
    /// By what submissions about the same person are found.
    #[must_use]
    pub fn key(&self) -> SubjectKey {
        let number = match self {
            Self::Known(person) => return SubjectKey::Person(*person),
            Self::Elsewhere(PersonNumber::Document(document), _) => document.number(),
            Self::Elsewhere(PersonNumber::Personal(number), _) => number.as_str(),
            Self::New(entrant) => entrant.document.number(),
        };
        SubjectKey::Number(number.to_owned())
    }
}
