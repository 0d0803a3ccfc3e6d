//! A file of one of the three kinds becomes its first sheet that is shown.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::str::FromStr;

use calamine::{
    Data, DataRef, ExcelDateTime, Reader, Sheet as Listed, SheetType, SheetVisible, Xls, Xlsx,
};

use crate::error::SheetError;
use crate::package::refuse_bomb;
use crate::sheet::{Cell, Filling, Sheet};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 16 << 20;

const XLS_MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const XLSX_MAGIC: &[u8] = b"PK\x03\x04";

/// What a file is, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The workbook of Excel 97 to 2003.
    Xls,
    /// The workbook of later ones.
    Xlsx,
    /// A table of text.
    Csv,
}

impl FileKind {
    /// The kind that a file's name says.
    ///
    /// # Errors
    /// [`SheetError::UnknownKind`].
    pub fn of(path: &Path) -> Result<Self, SheetError> {
        let ending = path.extension().and_then(|it| it.to_str());
        ending.unwrap_or_default().to_lowercase().parse()
    }

    /// The ending of a file's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xls => "xls",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }
}

impl FromStr for FileKind {
    type Err = SheetError;

    fn from_str(ending: &str) -> Result<Self, SheetError> {
        match ending {
            "xls" => Ok(Self::Xls),
            "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            _ => Err(SheetError::UnknownKind),
        }
    }
}

/// The bytes of a file, where it is not larger than is read.
///
/// # Errors
/// [`SheetError::Unreadable`], [`SheetError::TooLarge`].
pub fn bounded(path: &Path) -> Result<Vec<u8>, SheetError> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SheetError::TooLarge { most: MAX_BYTES });
    }
    Ok(bytes)
}

impl Sheet {
    /// The first sheet that is shown of a file of this kind, read in this process: foreign
    /// workbooks are read [apart](crate::Reader).
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn of(kind: FileKind, bytes: Vec<u8>) -> Result<Self, SheetError> {
        match kind {
            FileKind::Xls => from_xls(bytes),
            FileKind::Xlsx => from_xlsx(bytes),
            FileKind::Csv => from_csv(&bytes),
        }
    }
}

/// The reader of .xls makes dense ranges of every sheet as it opens the file, and room for what
/// the file claims: foreign files are read [apart](crate::Reader).
fn from_xls(bytes: Vec<u8>) -> Result<Sheet, SheetError> {
    if !bytes.starts_with(XLS_MAGIC) {
        return Err(SheetError::NotAWorkbook);
    }
    let range = caught(|| {
        let mut workbook = Xls::new(Cursor::new(bytes)).map_err(|it| it.to_string())?;
        let Some(first) = first_shown(workbook.sheets_metadata()) else {
            return Ok(None);
        };
        let range = workbook.worksheet_range_at(first).ok_or("no sheet in it")?;
        range.map(Some).map_err(|it| it.to_string())
    })?;
    let range = range.ok_or(SheetError::Empty)?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut filling = Filling::default();
    for (row, column, value) in range.used_cells() {
        let row = first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
        filling.put(
            row.saturating_add(1),
            first_column as usize + column,
            of_data(value),
        )?;
    }
    filling.finish()
}

fn from_xlsx(bytes: Vec<u8>) -> Result<Sheet, SheetError> {
    if !bytes.starts_with(XLSX_MAGIC) {
        return Err(SheetError::NotAWorkbook);
    }
    refuse_bomb(&bytes)?;
    caught(|| {
        let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|it| it.to_string())?;
        let sheets = workbook.sheets_metadata();
        let Some(first) = first_shown(sheets) else {
            return Ok(Err(SheetError::Empty));
        };
        let name = sheets[first].name.clone();
        let mut cells = workbook
            .worksheet_cells_reader(&name)
            .map_err(|it| it.to_string())?;
        let mut filling = Filling::default();
        while let Some(cell) = cells.next_cell().map_err(|it| it.to_string())? {
            let (row, column) = cell.get_position();
            let value = of_data_ref(cell.get_value());
            if let Err(error) = filling.put(row.saturating_add(1), column as usize, value) {
                return Ok(Err(error));
            }
        }
        Ok(filling.finish())
    })?
}

fn from_csv(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SheetError::NotUtf8)?;
    // One line end alone, so that the reader's count of lines is the spreadsheet's.
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut filling = Filling::default();
    for record in reader.records() {
        let record = record.map_err(|error| SheetError::Damaged(error.to_string()))?;
        let row = record.position().map_or(0, |start| {
            // The reader skips empty lines only after it noted where it stands.
            let rest = text
                .as_bytes()
                .get(start.byte() as usize..)
                .unwrap_or_default();
            start.line() + rest.iter().take_while(|it| **it == b'\n').count() as u64
        });
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        for (column, text) in record.iter().enumerate() {
            filling.put(row, column, of_text(text))?;
        }
    }
    filling.finish()
}

/// The first sheet of cells that a spreadsheet shows.
fn first_shown(sheets: &[Listed]) -> Option<usize> {
    sheets
        .iter()
        .position(|it| it.typ == SheetType::WorkSheet && it.visible == SheetVisible::Visible)
}

/// Runs the reader of a foreign format, whose panics are damage of the file as well.
fn caught<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(SheetError::Damaged),
        Err(_) => Err(SheetError::Damaged("its structure".to_owned())),
    }
}

/// A formula's cell gives what it last came to.
fn of_data(value: &Data) -> Option<Cell> {
    match value {
        Data::Empty => None,
        Data::String(text) => of_text(text),
        Data::Int(number) => Some(Cell::Number(number.to_string())),
        Data::Float(number) => Some(Cell::Number(number.to_string())),
        Data::DateTime(date) if date.is_datetime() => Some(Cell::Date(of_date(date))),
        Data::DateTimeIso(text) => Some(Cell::Date(text.chars().take(10).collect())),
        Data::Error(error) => Some(Cell::Error(error.to_string())),
        Data::Bool(_) | Data::DateTime(_) | Data::DurationIso(_) => Some(Cell::Other),
    }
}

fn of_data_ref(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::SharedString(text) => of_text(text),
        other => of_data(&Data::from(other.clone())),
    }
}

fn of_date(date: &ExcelDateTime) -> String {
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}

fn of_text(text: &str) -> Option<Cell> {
    let text = text.trim();
    (!text.is_empty()).then(|| Cell::Text(text.to_owned()))
}
