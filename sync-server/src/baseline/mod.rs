//! What the counter loads from files: the roster of a unit and the table of the agencies.
//!
//! Files come from elsewhere: their size is bounded, every problem of every row is reported at
//! once, and no problem repeats an ID number.

mod agencies;
pub mod apart;
mod package;
mod roster;
mod sheet;

pub use agencies::{AgencyRow, agencies_of, read_agencies};
pub use apart::Reader;
pub use roster::{MAX_PERSONS, Roster, RosterPerson, read_roster, roster_of};
pub use sheet::{FileKind, SheetError};

use canbao_core::message::Message;

/// One thing wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// The row as the spreadsheet counts it, from 1.
    pub row: u32,
    /// The caption of the column; none where the whole row is meant.
    pub column: Option<&'static str>,
    /// What is wrong. Never holds an ID number.
    pub message: Message,
}

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
