//! Declarations: from a draft that may be wrong to a frozen value that is not.
//!
//! [`Draft`] is what a form holds; [`Declaration::parse`] turns it into a [`Declaration`] or
//! reports every problem at once. Desktop, command line and centre call the same function.

mod draft;
mod parse;
mod problem;

pub use draft::{Draft, Kind};
pub use parse::{check_revision, next_revision};
pub use problem::{Field, Problem, ProblemCode};

use minicbor::{Decode, Encode};

use crate::ids::{ContentHash, DeclarationId, PersonId, StatementId, UnitId};
use crate::money::Money;
use crate::month::Month;
use crate::signed::encode;
use crate::signing::hash_parts;

/// A frozen declaration: parsed, complete, with a stable id and a content hash (SUB-3).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Declaration {
    /// Stays the same through all revisions.
    #[n(0)]
    pub id: DeclarationId,
    /// 1 for the first submission, one more for each resubmission.
    #[n(1)]
    pub revision: u32,
    /// The unit that declares.
    #[n(2)]
    pub unit: UnitId,
    /// What is declared.
    #[n(3)]
    pub content: Content,
}

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
}

impl Content {
    /// The person it is about.
    #[must_use]
    pub fn person(&self) -> PersonId {
        match self {
            Self::Interruption { person, .. } | Self::Wage { person, .. } => *person,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Interruption { .. } => Kind::Interruption,
            Self::Wage { .. } => Kind::Wage,
        }
    }
}

impl Declaration {
    /// The hash of what is declared; the same content typed twice has one hash.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        let content = encode(&self.content);
        ContentHash(hash_parts(
            "canbao/declaration/1",
            &[&self.unit.0, &content],
        ))
    }

    /// The longest free text in it, in bytes.
    pub(crate) fn longest_text(&self) -> usize {
        match &self.content {
            Content::Interruption { reason, .. } => reason.len(),
            Content::Wage { .. } => 0,
        }
    }

    /// The id of the submission that carries it: the same content submitted twice, on one
    /// device or two, is one submission.
    #[must_use]
    pub fn submission_id(&self) -> StatementId {
        StatementId(hash_parts(
            "canbao/submission/1",
            &[
                &self.id.0,
                &self.revision.to_be_bytes(),
                &self.content_hash().0,
            ],
        ))
    }
}
