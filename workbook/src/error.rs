//! Why a file is no sheet.

use std::io;

use canbao_core::message::Message;

use crate::sheet::{MAX_COLUMNS, MAX_DATA_ROWS};

/// Why a file is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The operating system refused.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// More bytes than are read, packed or unpacked.
    #[error("the file is larger than {most} bytes")]
    TooLarge {
        /// The most.
        most: u64,
    },
    /// Neither .xls nor .xlsx nor .csv.
    #[error("not an .xls, .xlsx or .csv file")]
    UnknownKind,
    /// Named like a workbook, but no workbook inside.
    #[error("the file is not a workbook, whatever its name says")]
    NotAWorkbook,
    /// A workbook that cannot be read.
    #[error("the workbook is damaged: {0}")]
    Damaged(String),
    /// A text file that is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// Nothing in it, or nothing in a sheet that is shown.
    #[error("the sheet is empty")]
    Empty,
    /// More rows, columns, cells or text than are read.
    #[error(
        "the sheet has more than {MAX_DATA_ROWS} rows or {MAX_COLUMNS} columns, or too much in them"
    )]
    TooManyCells,
}

impl SheetError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "file.unreadable",
            Self::TooLarge { .. } => "file.too_large",
            Self::UnknownKind => "file.unknown_kind",
            Self::NotAWorkbook => "file.not_a_workbook",
            Self::Damaged(_) => "file.damaged",
            Self::NotUtf8 => "file.not_utf8",
            Self::Empty => "file.empty",
            Self::TooManyCells => "file.too_many_cells",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::Unreadable(error) => message.with("detail", error),
            Self::TooLarge { most } => message.with("most", most >> 20),
            Self::TooManyCells => message.with("rows", MAX_DATA_ROWS),
            Self::UnknownKind
            | Self::NotAWorkbook
            | Self::Damaged(_)
            | Self::NotUtf8
            | Self::Empty => message,
        }
    }
}
