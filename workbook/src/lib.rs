//! Workbooks and tables of text that come from elsewhere.
//!
//! A file becomes a [`Sheet`] of cells, a foreign workbook in a process of its own ([`Reader`]);
//! a sheet becomes a [`Table`] of one [`Template`], its columns found by their captions; a
//! [`Record`] of it gives the values of fields, and says of each what is wrong with it. What could
//! not be taken goes back as a workbook of the same template ([`write_failures`]).
//!
//! Sizes are bounded before anything is made of them, and no problem repeats an ID number.

mod apart;
mod columns;
mod error;
mod file;
mod package;
mod problem;
mod record;
mod sheet;
mod table;
mod writing;

#[cfg(test)]
mod tests;

pub use apart::{COMMAND, Reader, answer};
pub use columns::{Column, Template};
pub use error::SheetError;
pub use file::{FileKind, MAX_BYTES, bounded};
pub use problem::RowProblem;
pub use record::Record;
pub use sheet::{Cell, MAX_DATA_ROWS, Row, Sheet, cell_name};
pub use table::Table;
pub use writing::{FailedRow, NotWritten, empty_template, write_failures};
