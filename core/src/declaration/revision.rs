//! The revisions of a declaration: which may follow which (architecture, section 6).

use crate::facts::{SubmissionState, UnitView};
use crate::ids::DeclarationId;

use super::{Declaration, Field, Problem, ProblemCode};

/// Whether a submission may be taken in after the ones before it: its revision is the next one
/// and none of them is undecided or final (architecture, section 6).
///
/// # Errors
/// The problem.
pub fn check_revision(declaration: &Declaration, unit: &UnitView) -> Result<(), Problem> {
    let Some(before) = unit.submission_of(declaration.id) else {
        return Ok(());
    };
    let code = match &before.state {
        SubmissionState::Undecided => ProblemCode::RevisionUndecided,
        SubmissionState::Decided(decided) if decided.is_final() => ProblemCode::Final,
        SubmissionState::Decided(_) | SubmissionState::Withdrawn
            if declaration.revision <= before.declaration.revision =>
        {
            ProblemCode::RevisionOrder
        }
        SubmissionState::Decided(_) | SubmissionState::Withdrawn => return Ok(()),
    };
    Err(Problem::new(code, Field::Whole).with("receipt", &before.receipt))
}

/// The revision the next submission of a declaration gets, given those taken in, those refused
/// and the newest one queued on this device.
#[must_use]
pub fn next_revision(id: DeclarationId, queued: Option<u32>, unit: &UnitView) -> u32 {
    let taken = unit.submission_of(id).map(|it| it.declaration.revision);
    let refused = unit
        .refused
        .values()
        .filter(|it| it.declaration.id == id)
        .map(|it| it.declaration.revision)
        .max();
    [taken, refused, queued]
        .into_iter()
        .flatten()
        .max()
        .map_or(1, |newest| newest + 1)
}
