//! Declarations: from a draft that may be wrong to a frozen value that is not.
//!
//! [`Draft`] is what a form holds; [`Declaration::parse`] turns it into a [`Declaration`] or
//! reports every problem at once. Desktop, command line and centre call the same function.

mod content;
mod draft;
mod form;
mod ground;
mod movement;
mod outlook;
mod problem;
mod registration;
mod revision;
mod wage;

pub use content::{Content, Entrant, PersonNumber, Subject, SubjectKey, Who};
pub use draft::{Draft, Kind};
pub use ground::{Ground, Pool, PoolPerson, newest};
pub use outlook::outlook;
pub use problem::{Field, Problem, ProblemCode};
pub use revision::{check_revision, next_revision};

use minicbor::{Decode, Encode};

use crate::ids::{ContentHash, DeclarationId, StatementId, UnitId};
use crate::signed::encode;
use crate::signing::hash_parts;

use form::Form;

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
    /// The approved declaration that this one does again (重做, MON-3).
    #[n(4)]
    pub redoes: Option<DeclarationId>,
}

impl Declaration {
    /// Parses a draft against the unit's roster and what is known of the pool: the one check on
    /// desktop, command line and at the centre's intake.
    ///
    /// `revision` is the number the frozen declaration gets.
    ///
    /// # Errors
    /// Every problem of the draft, in the order of the form's fields.
    pub fn parse(draft: &Draft, revision: u32, ground: &Ground<'_>) -> Result<Self, Vec<Problem>> {
        let mut form = Form::open(draft, ground);
        let redoes = form.redone();
        let content = match draft.kind {
            Kind::Interruption => form.interruption(redoes),
            Kind::Wage => form.wage(),
            Kind::Registration => form.registration(redoes),
            Kind::Resumption => form.resumption(redoes),
        };
        let declared = |content| Self {
            id: draft.id,
            revision,
            unit: ground.unit.record.id,
            content,
            redoes: redoes.map(|it| it.declaration.id),
        };
        form.close(content.map(declared))
    }

    /// The hash of what is declared; the same content typed twice has one hash.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        let content = encode(&(&self.content, &self.redoes));
        ContentHash(hash_parts(
            "canbao/declaration/1",
            &[&self.unit.0, &content],
        ))
    }

    /// The longest free text in it, in bytes.
    pub(crate) fn longest_text(&self) -> usize {
        self.content.longest_text()
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
