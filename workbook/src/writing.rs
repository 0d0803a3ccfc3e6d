//! Workbooks of our own: an empty template, and the rows that failed with why they did.

use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError,
};

use crate::columns::{Column, Format, Template};
use crate::record::Record;

/// The width of a column, in characters: an ID number fits.
const WIDTH: u32 = 20;
/// The width of the column that says why.
const FAILURE_WIDTH: u32 = 60;
/// What is typed there stays as it is.
const TEXT_FORMAT: &str = "@";
const AMOUNT_FORMAT: &str = "0.00";

/// Why a workbook is not written.
#[derive(Debug, thiserror::Error)]
#[error("the workbook cannot be made: {0}")]
pub struct NotWritten(#[from] XlsxError);

/// A row that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRow {
    /// What stood in the template's columns, from left to right.
    pub cells: Vec<String>,
    /// Why it was not taken and what to do, for the person who corrects it.
    pub reason: String,
}

impl FailedRow {
    /// A row of a file with why it was not taken.
    #[must_use]
    pub fn of(record: &Record<'_>, template: Template, reason: String) -> Self {
        let columns = template.columns().iter();
        Self {
            cells: columns
                .map(|column| record.shown(*column).to_owned())
                .collect(),
            reason,
        }
    }
}

/// The .xlsx of a template without a row (DL-4).
///
/// # Errors
/// [`NotWritten`].
pub fn empty_template(template: Template) -> Result<Vec<u8>, NotWritten> {
    write(template, &[], false)
}

/// The .xlsx of the rows that failed, of the same template with 失败原因 as its last column
/// (INT-2): it is corrected and read again.
///
/// # Errors
/// [`NotWritten`].
pub fn write_failures(template: Template, rows: &[FailedRow]) -> Result<Vec<u8>, NotWritten> {
    write(template, rows, true)
}

fn write(template: Template, rows: &[FailedRow], failures: bool) -> Result<Vec<u8>, NotWritten> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties()?);
    let sheet = workbook.add_worksheet();
    sheet.set_name(template.sheet())?;
    let why = failures.then_some(Column::Failure);
    for (place, column) in (0..).zip(template.columns().iter().copied().chain(why)) {
        head(sheet, column, place)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let text = CellFormat::new().set_num_format(TEXT_FORMAT);
    for (row, line) in (1..).zip(rows) {
        let cells = line.cells.iter().chain([&line.reason]);
        for (place, cell) in (0..).zip(cells).filter(|(_, it)| !it.is_empty()) {
            // Always a text: what begins with an equals sign is no formula of ours.
            sheet.write_string_with_format(row, place, shortened(cell), &text)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

/// A column's caption, its width, and the format of its cells.
fn head(sheet: &mut Worksheet, column: Column, place: u16) -> Result<(), XlsxError> {
    let width = match column {
        Column::Failure => FAILURE_WIDTH,
        _ => WIDTH,
    };
    let format = match column.format() {
        Format::Text => TEXT_FORMAT,
        Format::Amount => AMOUNT_FORMAT,
    };
    sheet.set_column_width(place, width)?;
    sheet.set_column_format(place, &CellFormat::new().set_num_format(format))?;
    let bold = CellFormat::new().set_bold().set_num_format(TEXT_FORMAT);
    sheet.write_string_with_format(0, place, column.caption(), &bold)?;
    Ok(())
}

/// A file says nothing of when it was made, so that the same rows give the same bytes.
fn properties() -> Result<DocProperties, XlsxError> {
    let epoch = ExcelDateTime::from_ymd(2000, 1, 1)?;
    Ok(DocProperties::new().set_creation_datetime(&epoch))
}

/// A cell holds 32,767 characters.
fn shortened(text: &str) -> String {
    text.chars().take(32_767).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileKind;
    use crate::sheet::{Cell, Sheet};
    use crate::table::Table;

    fn failed(cells: [&str; 6], reason: &str) -> FailedRow {
        FailedRow {
            cells: cells.map(str::to_owned).to_vec(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn failures_are_read_again_by_their_template_and_only_the_reason_is_not() {
        let rows = [
            failed(
                ["0021", "210199199001010000", "张三", "2022-01", "x", "50"],
                "错",
            ),
            failed(["", "", "=1+1", "", "", ""], "没有填写;\n请填写"),
        ];
        let bytes = write_failures(Template::Wage, &rows).unwrap();
        let sheet = Sheet::of(FileKind::Xlsx, bytes).unwrap();
        let table = Table::of(Template::Wage, &sheet).unwrap();
        assert_eq!(table.unknown(), [] as [&str; 0]);
        let read: Vec<FailedRow> = table
            .records()
            .zip(["错", "没有填写;\n请填写"])
            .map(|(record, reason)| FailedRow::of(&record, Template::Wage, reason.to_owned()))
            .collect();
        assert_eq!(read, rows);
        let formula = Cell::Text("=1+1".to_owned());
        assert_eq!(sheet.rows()[2].cell(2), Some(&formula));
    }

    #[test]
    fn every_template_is_read_by_its_own_columns() {
        for template in Template::ALL {
            let bytes = empty_template(template).unwrap();
            assert_eq!(bytes, empty_template(template).unwrap(), "the same again");
            let sheet = Sheet::of(FileKind::Xlsx, bytes).unwrap();
            let table = Table::of(template, &sheet).unwrap();
            assert!(template.columns().iter().all(|it| table.has(*it)));
            assert_eq!(table.records().count(), 0);
        }
    }

    #[test]
    fn a_text_that_no_cell_holds_is_cut() {
        let long = "长".repeat(40_000);
        let rows = [failed(["", "", "", "", "", ""], &long)];
        let bytes = write_failures(Template::Wage, &rows).unwrap();
        let sheet = Sheet::of(FileKind::Xlsx, bytes).unwrap();
        let reason = sheet.rows()[1].cell(6).map(Cell::shown).unwrap_or_default();
        assert_eq!(reason.chars().count(), 32_767);
    }
}
