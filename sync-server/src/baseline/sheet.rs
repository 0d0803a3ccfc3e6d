//! The first sheet of a workbook (.xls, .xlsx) or a table of text (.csv), cell by cell.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, DataRef, Reader, Xls, Xlsx};
use canbao_core::message::Message;
use minicbor::{Decode, Encode};

use super::package::refuse_bomb;

/// The largest file that is read.
pub(super) const MAX_BYTES: u64 = 16 << 20;
/// The most rows that may hold anything.
pub(super) const MAX_ROWS: usize = 50_001;
/// The last column that may hold anything.
const MAX_COLUMNS: usize = 256;
/// The most cells that may hold anything: twenty in each row.
const MAX_CELLS: usize = 20 * MAX_ROWS;
/// The most bytes of all their texts; a small file may repeat a long one.
const MAX_TEXT: usize = 32 << 20;

const XLS_MAGIC: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const XLSX_MAGIC: &[u8] = b"PK\x03\x04";

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
    /// Nothing in it.
    #[error("the sheet is empty")]
    Empty,
    /// More rows, columns, cells or text than are read.
    #[error("the sheet has more than {} rows or {MAX_COLUMNS} columns, or too much in them", MAX_ROWS - 1)]
    TooManyCells,
}

impl SheetError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "baseline.unreadable",
            Self::TooLarge { .. } => "baseline.too_large",
            Self::UnknownKind => "baseline.unknown_kind",
            Self::NotAWorkbook => "baseline.not_a_workbook",
            Self::Damaged(_) => "baseline.damaged",
            Self::NotUtf8 => "baseline.not_utf8",
            Self::Empty => "baseline.empty",
            Self::TooManyCells => "baseline.too_many_cells",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::Unreadable(error) => message.with("detail", error),
            Self::TooLarge { most } => message.with("most", most >> 20),
            Self::TooManyCells => message.with("rows", MAX_ROWS - 1),
            Self::UnknownKind
            | Self::NotAWorkbook
            | Self::Damaged(_)
            | Self::NotUtf8
            | Self::Empty => message,
        }
    }
}

/// What a file is, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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
        match ending.unwrap_or_default().to_lowercase().as_str() {
            "xls" => Ok(Self::Xls),
            "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            _ => Err(SheetError::UnknownKind),
        }
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

/// What stands in a cell. An empty one is left out of its row.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub(super) enum Cell {
    /// A text, without the blanks around it.
    #[n(1)]
    Text(#[n(0)] String),
    /// A number, as its shortest decimal text; of its digits a spreadsheet keeps 15.
    #[n(2)]
    Number(#[n(0)] String),
    /// A date, a truth value or an error.
    #[n(3)]
    Other,
}

impl Cell {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            Self::Other => None,
        }
    }
}

/// The cells of a row by column.
pub(super) type Row = BTreeMap<usize, Cell>;

/// The rows that hold anything, by number as the spreadsheet counts them, from 1.
#[derive(Debug, Default, Encode, Decode)]
pub(super) struct Sheet {
    #[n(0)]
    pub(super) rows: BTreeMap<u32, Row>,
    /// How many cells were put in, and the bytes of their texts.
    #[cbor(skip)]
    cells: usize,
    #[cbor(skip)]
    text: usize,
}

impl Sheet {
    /// Reads the first sheet of a file, by the ending of its name.
    pub(super) fn read(path: &Path, reader: &super::Reader) -> Result<Self, SheetError> {
        reader.read(FileKind::of(path)?, bounded(path)?)
    }

    /// Reads the first sheet of a file of this kind.
    pub(super) fn of(kind: FileKind, bytes: Vec<u8>) -> Result<Self, SheetError> {
        let sheet = match kind {
            FileKind::Xls => from_xls(bytes),
            FileKind::Xlsx => from_xlsx(bytes),
            FileKind::Csv => from_csv(&bytes),
        }?;
        if sheet.rows.is_empty() {
            Err(SheetError::Empty)
        } else {
            Ok(sheet)
        }
    }

    fn put(&mut self, row: u32, column: usize, cell: Option<Cell>) -> Result<(), SheetError> {
        let Some(cell) = cell else { return Ok(()) };
        self.cells += 1;
        self.text += cell.text().map_or(0, str::len);
        let full = self.cells > MAX_CELLS || self.text > MAX_TEXT;
        let new_row = self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&row);
        if full || new_row || column >= MAX_COLUMNS {
            return Err(SheetError::TooManyCells);
        }
        self.rows.entry(row).or_default().insert(column, cell);
        Ok(())
    }
}

fn bounded(path: &Path) -> Result<Vec<u8>, SheetError> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SheetError::TooLarge { most: MAX_BYTES });
    }
    Ok(bytes)
}

/// The reader of .xls makes dense ranges of every sheet as it opens the file, and room for what
/// the file claims: foreign files are read [apart](super::apart).
fn from_xls(bytes: Vec<u8>) -> Result<Sheet, SheetError> {
    if !bytes.starts_with(XLS_MAGIC) {
        return Err(SheetError::NotAWorkbook);
    }
    let range = caught(|| {
        let mut workbook = Xls::new(Cursor::new(bytes)).map_err(|it| it.to_string())?;
        let range = workbook.worksheet_range_at(0).ok_or("no sheet in it")?;
        range.map_err(|it| it.to_string())
    })?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut sheet = Sheet::default();
    for (row, column, value) in range.used_cells() {
        let row = first_row.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
        sheet.put(
            row.saturating_add(1),
            first_column as usize + column,
            of_data(value),
        )?;
    }
    Ok(sheet)
}

fn from_xlsx(bytes: Vec<u8>) -> Result<Sheet, SheetError> {
    if !bytes.starts_with(XLSX_MAGIC) {
        return Err(SheetError::NotAWorkbook);
    }
    refuse_bomb(&bytes)?;
    caught(|| {
        let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|it| it.to_string())?;
        let name = workbook
            .sheet_names()
            .into_iter()
            .next()
            .ok_or("no sheet in it")?;
        let mut cells = workbook
            .worksheet_cells_reader(&name)
            .map_err(|it| it.to_string())?;
        let mut sheet = Sheet::default();
        while let Some(cell) = cells.next_cell().map_err(|it| it.to_string())? {
            let (row, column) = cell.get_position();
            let value = of_data_ref(cell.get_value());
            if let Err(error) = sheet.put(row.saturating_add(1), column as usize, value) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(sheet))
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
    let mut sheet = Sheet::default();
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
            sheet.put(row, column, of_text(text))?;
        }
    }
    Ok(sheet)
}

/// Runs the reader of a foreign format, whose panics are damage of the file as well.
fn caught<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, SheetError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(SheetError::Damaged),
        Err(_) => Err(SheetError::Damaged("its structure".to_owned())),
    }
}

fn of_data(value: &Data) -> Option<Cell> {
    match value {
        Data::Empty => None,
        Data::String(text) => of_text(text),
        Data::Int(number) => Some(Cell::Number(number.to_string())),
        Data::Float(number) => Some(Cell::Number(number.to_string())),
        Data::Bool(_)
        | Data::DateTime(_)
        | Data::DateTimeIso(_)
        | Data::DurationIso(_)
        | Data::Error(_) => Some(Cell::Other),
    }
}

fn of_data_ref(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::SharedString(text) => of_text(text),
        other => of_data(&Data::from(other.clone())),
    }
}

fn of_text(text: &str) -> Option<Cell> {
    let text = text.trim();
    (!text.is_empty()).then(|| Cell::Text(text.to_owned()))
}
