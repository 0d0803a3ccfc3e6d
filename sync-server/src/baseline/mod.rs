//! What the counter loads from files: the roster of a unit and the table of the agencies.
//!
//! Files come from elsewhere: their size is bounded, every problem of every row is reported at
//! once, and no problem repeats an ID number.

mod agencies;
mod roster;

pub use agencies::{AgencyRow, agencies_of, read_agencies};
pub use roster::{MAX_PERSONS, Roster, RosterPerson, read_roster, roster_of};

use canbao_core::message::Message;
use canbao_workbook::{RowProblem, SheetError};

/// Why a file gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file as a whole.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Its rows; nothing of the file is taken.
    #[error("{} problems in the rows", .0.len())]
    Rows(Vec<RowProblem>),
}

impl FileError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sheet(error) => error.code(),
            Self::Rows(_) => "baseline.rows",
        }
    }

    /// Its sentence; the problems of the rows have theirs.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Sheet(error) => error.message(),
            Self::Rows(problems) => Message::bare(self.code()).with("count", problems.len()),
        }
    }
}

/// The result, or all problems that were found on the way.
fn unless(problems: Vec<RowProblem>) -> Result<(), FileError> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(FileError::Rows(problems))
    }
}
