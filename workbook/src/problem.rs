//! One thing wrong in a file, and where.

use canbao_core::message::Message;

/// One thing wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// The row as the spreadsheet counts it, from 1.
    pub row: u32,
    /// The cell, as `C7`; none where the column is missing or the whole row is meant.
    pub cell: Option<String>,
    /// The caption of the column as the file has it; none where the whole row is meant.
    pub column: Option<String>,
    /// What is wrong. Never holds an ID number.
    pub message: Message,
}

impl RowProblem {
    /// A problem of a row as a whole.
    #[must_use]
    pub fn of_row(row: u32, message: Message) -> Self {
        Self {
            row,
            cell: None,
            column: None,
            message,
        }
    }
}
