//! What became of a file of declarations, row by row.

use serde::{Deserialize, Serialize};

use super::PersonRef;

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Its id, the SHA-256 of the file: by it the import is undone.
    pub import: String,
    /// `INT` or `WAGE`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// Whether nothing was made of the good rows.
    pub preview: bool,
    /// How many rows became drafts, or would.
    pub good: u64,
    /// How many rows failed.
    pub failed: u64,
    /// Every row that holds anything, from top to bottom.
    pub rows: Vec<ImportRow>,
    /// The captions of columns that were not read.
    pub unknown_columns: Vec<String>,
    /// The workbook of the failing rows, where one was asked for and any failed.
    pub failures: Option<String>,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Its number as the spreadsheet counts, from 1.
    pub row: u32,
    /// The draft it became, or would; none where it failed.
    pub declaration: Option<String>,
    /// The person it is about; none where it failed.
    pub person: Option<PersonRef>,
    /// Everything that is wrong with it.
    pub problems: Vec<ImportProblem>,
}

/// One thing wrong in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// The cell, as `C7`; none where the row as a whole is meant.
    pub cell: Option<String>,
    /// The caption of its column, as the file has it.
    pub column: Option<String>,
    /// The stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// An import that was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportUndone {
    /// Its id.
    pub import: String,
    /// How many of its drafts were voided.
    pub voided: u64,
    /// How many of its declarations were submitted and stay.
    pub left: u64,
}

/// An empty workbook to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateView {
    /// The kind of declaration.
    pub kind: String,
    /// Where it was written.
    pub path: String,
    /// Its columns, from left to right.
    pub columns: Vec<String>,
}
