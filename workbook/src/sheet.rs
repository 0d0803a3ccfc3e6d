//! A sheet as it was read: the cells that hold anything, in the order of rows and columns.

use minicbor::{Decode, Encode};

use crate::error::SheetError;

/// The most rows behind the header: a unit of 100,000 persons.
pub const MAX_DATA_ROWS: usize = 100_000;
/// The most rows that may hold anything: the header as well.
const MAX_ROWS: usize = MAX_DATA_ROWS + 1;
/// The last column that may hold anything.
pub(crate) const MAX_COLUMNS: usize = 256;
/// The most cells that may hold anything: twelve in each row.
const MAX_CELLS: usize = 12 * MAX_ROWS;
/// The most bytes of all their texts; a small file may repeat a long one.
const MAX_TEXT: usize = 32 << 20;

/// What stands in a cell. An empty one is left out of its row.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Cell {
    /// A text, without the blanks around it.
    #[n(1)]
    Text(#[n(0)] String),
    /// A number, as its shortest decimal text; of its digits a spreadsheet keeps 15.
    #[n(2)]
    Number(#[n(0)] String),
    /// A number that the sheet shows as a date, as `2022-01-31`.
    #[n(3)]
    Date(#[n(0)] String),
    /// An error of a formula, as `#N/A`.
    #[n(4)]
    Error(#[n(0)] String),
    /// A truth value or a duration.
    #[n(5)]
    Other,
}

impl Cell {
    /// What it says, without what it is; nothing for an error and what is no field's value.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Date(text) => text,
            Self::Error(_) | Self::Other => "",
        }
    }
}

/// A row that holds anything.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Row {
    #[n(0)]
    number: u32,
    #[n(1)]
    cells: Vec<Placed>,
}

/// A cell and its column, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Placed(#[n(0)] u16, #[n(1)] Cell);

impl Row {
    /// Its number as the spreadsheet counts, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What stands in a column, counted from 0.
    #[must_use]
    pub fn cell(&self, column: usize) -> Option<&Cell> {
        let at = self
            .cells
            .binary_search_by_key(&column, |it| it.0.into())
            .ok()?;
        self.cells.get(at).map(|it| &it.1)
    }

    /// The columns that hold anything, from left to right.
    pub fn cells(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.cells.iter().map(|it| (it.0.into(), &it.1))
    }
}

/// The rows that hold anything, from top to bottom.
#[derive(Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Sheet {
    #[n(0)]
    rows: Vec<Row>,
}

impl Sheet {
    /// Its rows, from top to bottom.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// A sheet that is being read, within its limits.
#[derive(Debug, Default)]
pub(crate) struct Filling {
    sheet: Sheet,
    cells: usize,
    text: usize,
}

impl Filling {
    /// Puts a cell behind all before it: every program writes them from top to bottom and from
    /// left to right.
    ///
    /// # Errors
    /// [`SheetError::TooManyCells`]; [`SheetError::Damaged`] where a cell comes out of its order
    /// or twice.
    pub(crate) fn put(
        &mut self,
        row: u32,
        column: usize,
        cell: Option<Cell>,
    ) -> Result<(), SheetError> {
        let Some(cell) = cell else { return Ok(()) };
        self.cells += 1;
        self.text += cell.shown().len();
        let place = u16::try_from(column).ok();
        let place = place.filter(|_| column < MAX_COLUMNS);
        let (Some(place), false) = (place, self.cells > MAX_CELLS || self.text > MAX_TEXT) else {
            return Err(SheetError::TooManyCells);
        };
        let placed = Placed(place, cell);
        match self.sheet.rows.last_mut() {
            Some(last) if last.number == row => {
                if last.cells.last().is_some_and(|before| before.0 >= place) {
                    return Err(out_of_order());
                }
                last.cells.push(placed);
            }
            Some(last) if last.number > row => return Err(out_of_order()),
            Some(_) | None => {
                if self.sheet.rows.len() >= MAX_ROWS {
                    return Err(SheetError::TooManyCells);
                }
                let cells = vec![placed];
                self.sheet.rows.push(Row { number: row, cells });
            }
        }
        Ok(())
    }

    /// The sheet, where anything is in it.
    ///
    /// # Errors
    /// [`SheetError::Empty`].
    pub(crate) fn finish(self) -> Result<Sheet, SheetError> {
        if self.sheet.rows.is_empty() {
            Err(SheetError::Empty)
        } else {
            Ok(self.sheet)
        }
    }
}

fn out_of_order() -> SheetError {
    SheetError::Damaged("its cells are out of order".to_owned())
}

/// What a place is called in a spreadsheet, as `C7`: the column from 0, the row from 1.
#[must_use]
pub fn cell_name(row: u32, column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).expect("below 26");
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{row}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Option<Cell> {
        Some(Cell::Text("x".to_owned()))
    }

    #[test]
    fn cells_come_in_their_order_or_the_file_is_damaged() {
        let check = |places: &[(u32, usize)], expected: Result<usize, &str>| {
            let mut filling = Filling::default();
            let put = places
                .iter()
                .try_for_each(|(row, column)| filling.put(*row, *column, text()));
            let read = put.and_then(|()| filling.finish());
            let rows = read.map(|it| it.rows().len()).map_err(|it| it.code());
            assert_eq!(rows, expected, "{places:?}");
        };
        check(&[(1, 0), (1, 3), (7, 0)], Ok(2));
        check(&[(1, 3), (1, 0)], Err("file.damaged"));
        check(&[(1, 0), (1, 0)], Err("file.damaged"));
        check(&[(2, 0), (1, 0)], Err("file.damaged"));
        check(&[(1, 255)], Ok(1));
        check(&[(1, 256)], Err("file.too_many_cells"));
        check(&[(1, 65_536)], Err("file.too_many_cells"));
        check(&[], Err("file.empty"));
    }

    #[test]
    fn rows_and_texts_have_their_limits() {
        let last = u32::try_from(MAX_ROWS).unwrap();
        let mut filling = Filling::default();
        for row in 1..=last {
            filling.put(row, 0, text()).unwrap();
        }
        let refused = filling.put(last + 1, 0, text()).unwrap_err();
        assert_eq!(refused.code(), "file.too_many_cells");

        let mut filling = Filling::default();
        let long = || Some(Cell::Text("x".repeat(MAX_TEXT / 2)));
        filling.put(1, 0, long()).unwrap();
        filling.put(1, 1, long()).unwrap();
        let refused = filling.put(1, 2, text()).unwrap_err();
        assert_eq!(refused.code(), "file.too_many_cells");
    }

    #[test]
    fn a_cell_is_called_as_the_spreadsheet_calls_it() {
        let check = |row, column, name: &str| assert_eq!(cell_name(row, column), name);
        check(7, 2, "C7");
        check(1, 25, "Z1");
        check(1, 26, "AA1");
        check(3, 255, "IV3");
        check(3, 702, "AAA3");
    }
}
