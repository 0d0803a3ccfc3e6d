//! A row's cells become the values of fields, each in one place.

use std::collections::BTreeMap;

use canbao_core::identity::{BirthDate, IdDocument, IdKind, IdentityProblem, UnknownIdKind};
use canbao_core::message::Message;
use canbao_core::money::{Money, MoneyProblem};
use canbao_core::month::{Month, MonthProblem};

use crate::columns::{Column, id_kind, narrow};
use crate::problem::RowProblem;
use crate::sheet::{Cell, Row};
use crate::table::Place;

/// A row, read by the columns of its table. Each field is `None` where nothing stands there.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub(crate) columns: &'a BTreeMap<Column, Place>,
    pub(crate) row: &'a Row,
}

impl<'a> Record<'a> {
    /// The row's number as the spreadsheet counts, from 1.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.row.number()
    }

    /// What stands in a column, without what it is, as it goes into a file of failures.
    #[must_use]
    pub fn shown(&self, column: Column) -> &'a str {
        self.cell(column).map_or("", Cell::shown)
    }

    /// A text, as a name or a reason.
    ///
    /// # Errors
    /// `file.not_a_text`, `file.error_cell`.
    pub fn text(&self, column: Column) -> Result<Option<&'a str>, RowProblem> {
        match self.sound(column)? {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Number(_) | Cell::Date(_) | Cell::Error(_) | Cell::Other) => {
                Err(self.problem(column, Message::bare("file.not_a_text")))
            }
        }
    }

    /// A number that is a text, as 个人编号: blanks go, full-width digits and letters become
    /// ASCII. A numeric cell has lost the zeros in front.
    ///
    /// # Errors
    /// `file.not_a_text`, `file.error_cell`.
    pub fn number(&self, column: Column) -> Result<Option<String>, RowProblem> {
        Ok(self.text(column)?.map(plain))
    }

    /// The number of a person's ID document, of whichever kind, as it is written. Whether it is
    /// anybody's is not judged here, only that no spreadsheet took its last digits: a numeric
    /// cell keeps 15 of them, and so does the text it was made into.
    ///
    /// # Errors
    /// `identity.spreadsheet_lost_digits`, `file.error_cell`.
    pub fn id_number(&self, column: Column) -> Result<Option<String>, RowProblem> {
        let lost = |problem: IdentityProblem| self.problem(column, problem.message());
        match self.sound(column)? {
            None => Ok(None),
            Some(Cell::Text(text)) => match IdDocument::parse(IdKind::ResidentId, text) {
                Err(problem @ IdentityProblem::SpreadsheetLostDigits) => Err(lost(problem)),
                Ok(document) => Ok(Some(document.number().to_owned())),
                Err(_) => Ok(Some(plain(text).to_uppercase())),
            },
            Some(Cell::Number(_) | Cell::Date(_) | Cell::Error(_) | Cell::Other) => {
                Err(lost(IdentityProblem::SpreadsheetLostDigits))
            }
        }
    }

    /// A kind of document, by its code or in the words of the field.
    ///
    /// # Errors
    /// `identity.unknown_kind`, `file.error_cell`.
    pub fn id_kind(&self, column: Column) -> Result<Option<IdKind>, RowProblem> {
        let kind = match self.sound(column)? {
            None => return Ok(None),
            Some(Cell::Text(text) | Cell::Number(text)) => id_kind(text),
            Some(Cell::Date(_) | Cell::Error(_) | Cell::Other) => None,
        };
        let unknown = || self.problem(column, UnknownIdKind.message());
        kind.map(Some).ok_or_else(unknown)
    }

    /// An ID document of a kind, its number checked as far as the kind allows.
    ///
    /// # Errors
    /// `identity.*`, `file.error_cell`.
    pub fn document(&self, kind: IdKind, column: Column) -> Result<IdDocument, RowProblem> {
        let parsed = match self.sound(column)? {
            None => Err(IdentityProblem::Missing),
            Some(Cell::Text(text)) => IdDocument::parse(kind, text),
            Some(Cell::Number(_) | Cell::Date(_) | Cell::Error(_) | Cell::Other) => {
                Err(IdentityProblem::SpreadsheetLostDigits)
            }
        };
        parsed.map_err(|problem| self.problem(column, problem.message()))
    }

    /// A month: `2022-01`, `202201`, `2022/1`, `2022.1`, `2022年1月`, each with a day behind it or
    /// without, or a date of the spreadsheet.
    ///
    /// # Errors
    /// `month.*`, `file.error_cell`.
    pub fn month(&self, column: Column) -> Result<Option<Month>, RowProblem> {
        let parsed = match self.sound(column)? {
            None => return Ok(None),
            Some(Cell::Text(text) | Cell::Date(text)) => month_of(&plain(text)),
            // 2022.1 may have been 2022.10.
            Some(Cell::Number(text)) if text.contains('.') => Err(MonthProblem::NotAMonth),
            Some(Cell::Number(text)) => text.parse(),
            Some(Cell::Error(_) | Cell::Other) => Err(MonthProblem::NotAMonth),
        };
        match parsed {
            Ok(month) => Ok(Some(month)),
            Err(problem) => Err(self.problem(column, problem.message())),
        }
    }

    /// A birth date: `1990-01-31`, `19900131`, `1990/1/31`, `1990.1.31`, `1990年1月31日`, or a date
    /// of the spreadsheet.
    ///
    /// # Errors
    /// `declaration.not_a_birth_date`, `file.error_cell`.
    pub fn birth_date(&self, column: Column) -> Result<Option<BirthDate>, RowProblem> {
        let born = match self.sound(column)? {
            None => return Ok(None),
            Some(Cell::Text(text) | Cell::Date(text) | Cell::Number(text)) => day_of(&plain(text)),
            Some(Cell::Error(_) | Cell::Other) => None,
        };
        let none = || self.problem(column, Message::bare("declaration.not_a_birth_date"));
        born.map(Some).ok_or_else(none)
    }

    /// An amount in yuan with at most two places; of a numeric cell its shortest decimal text.
    ///
    /// # Errors
    /// `money.*`, `file.error_cell`.
    pub fn amount(&self, column: Column) -> Result<Option<Money>, RowProblem> {
        let parsed = match self.sound(column)? {
            None => return Ok(None),
            Some(Cell::Text(text)) => amount_of(&plain(text)),
            Some(Cell::Number(text)) => text.parse(),
            Some(Cell::Date(_) | Cell::Error(_) | Cell::Other) => Err(MoneyProblem::NotAnAmount),
        };
        match parsed {
            Ok(amount) => Ok(Some(amount)),
            Err(problem) => Err(self.problem(column, problem.message())),
        }
    }

    /// The cell of a column, as `C7`, where the column is there, and the column's caption.
    #[must_use]
    pub fn place(&self, column: Column) -> (Option<String>, String) {
        Place::in_row(self.columns, column, self.row())
    }

    /// A problem of this row in a column.
    #[must_use]
    pub fn problem(&self, column: Column, message: Message) -> RowProblem {
        let (cell, caption) = self.place(column);
        RowProblem {
            row: self.row(),
            cell,
            column: Some(caption),
            message,
        }
    }

    fn cell(&self, column: Column) -> Option<&'a Cell> {
        self.row.cell(self.columns.get(&column)?.column)
    }

    /// What stands in a column, where it is no error of a formula.
    fn sound(&self, column: Column) -> Result<Option<&'a Cell>, RowProblem> {
        match self.cell(column) {
            Some(Cell::Error(error)) => {
                let (cell, _) = self.place(column);
                let message = Message::bare("file.error_cell")
                    .with("cell", cell.unwrap_or_default())
                    .with("error", error);
                Err(self.problem(column, message))
            }
            other => Ok(other),
        }
    }
}

/// A text without blanks, its full-width digits and letters as ASCII.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|it| !it.is_whitespace() && *it != '\u{feff}')
        .map(narrow)
        .collect()
}

fn month_of(text: &str) -> Result<Month, MonthProblem> {
    if let Ok(month) = text.parse() {
        return Ok(month);
    }
    let parts = text
        .trim_end_matches(['月', '日', '号'])
        .split(['-', '/', '.', '年', '月']);
    let parts: Vec<&str> = parts.collect();
    let (&[year, month] | &[year, month, _]) = parts.as_slice() else {
        return text.parse();
    };
    let number = |part: &str, least: usize, most: usize| {
        let digits = part.bytes().all(|it| it.is_ascii_digit());
        let fits = digits && (least..=most).contains(&part.len());
        fits.then(|| part.parse::<i16>().ok()).flatten()
    };
    let day_exists = parts
        .get(2)
        .is_none_or(|day| number(day, 1, 2).is_some_and(|it| (1..=31).contains(&it)));
    let (Some(year), Some(month), true) = (number(year, 4, 4), number(month, 1, 2), day_exists)
    else {
        return Err(MonthProblem::NotAMonth);
    };
    let month = i8::try_from(month).expect("two digits");
    Month::new(year, month)
}

/// A day in any usual form, where a person may have been born on it.
fn day_of(text: &str) -> Option<BirthDate> {
    let parts = text
        .trim_end_matches(['日', '号'])
        .split(['-', '/', '.', '年', '月']);
    let parts: Vec<&str> = parts.collect();
    let (year, month, day) = match *parts.as_slice() {
        [year, month, day] => (year, month, day),
        [compact] if compact.len() == 8 && compact.is_ascii() => {
            (&compact[..4], &compact[4..6], &compact[6..])
        }
        _ => return None,
    };
    let is_short = |part: &str| (1..=2).contains(&part.len());
    let is_written = year.len() == 4 && is_short(month) && is_short(day);
    is_written.then(|| format!("{year}-{month:0>2}-{day:0>2}").parse().ok())?
}

/// With commas between thousands, as a spreadsheet shows and copies them.
fn amount_of(text: &str) -> Result<Money, MoneyProblem> {
    let whole = text.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = (1..=3).contains(&first.len()) && groups.all(|it| it.len() == 3);
    if text.contains(',') && grouped {
        return text.replace(',', "").parse();
    }
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: Column = Column::Wage;

    /// Reads one cell, which is C7.
    fn read<T>(cell: Cell, of: impl Fn(&Record<'_>) -> T) -> T {
        let mut filling = crate::sheet::Filling::default();
        filling.put(7, 2, Some(cell)).unwrap();
        let sheet = filling.finish().unwrap();
        let place = Place {
            row: 1,
            column: 2,
            caption: "月工资".to_owned(),
        };
        of(&Record {
            columns: &BTreeMap::from([(COLUMN, place)]),
            row: &sheet.rows()[0],
        })
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.to_owned())
    }

    #[track_caller]
    fn check<T: std::fmt::Display>(
        found: Result<Option<T>, RowProblem>,
        expected: Result<&str, &str>,
    ) {
        let found = found.map(|it| it.map(|it| it.to_string()).unwrap_or_default());
        let found = found.map_err(|it| {
            assert_eq!(it.cell.as_deref(), Some("C7"));
            assert_eq!(it.column.as_deref(), Some("月工资"));
            it.message.code
        });
        assert_eq!(found, expected.map(str::to_owned));
    }

    #[test]
    fn a_month_is_read_in_every_usual_form() {
        let month = |cell, expected| check(read(cell, |it| it.month(COLUMN)), expected);
        for written in [
            "2022-01",
            "202201",
            "2022年1月",
            "2022 年 01 月",
            "2022/1",
            "2022.01",
            "2022-01-15",
            "2022/1/1",
            "2022年1月31日",
            "２０２２０１",
        ] {
            month(text(written), Ok("2022-01"));
        }
        month(number("202201"), Ok("2022-01"));
        month(Cell::Date("2022-01-31".to_owned()), Ok("2022-01"));
        for wrong in [
            "2022-1-99",
            "22-1",
            "2022",
            "一月",
            "2022--1",
            "-1-1",
            "1/2022",
            "2022/1/",
        ] {
            month(text(wrong), Err("month.not_a_month"));
        }
        month(text("2022-13"), Err("month.no_such_month"));
        month(number("2022.1"), Err("month.not_a_month"));
        month(number("44562"), Err("month.not_a_month"));
        month(Cell::Other, Err("month.not_a_month"));
    }

    #[test]
    fn a_birth_date_is_read_in_every_usual_form() {
        let born = |cell, expected| check(read(cell, |it| it.birth_date(COLUMN)), expected);
        for written in [
            "1990-01-31",
            "1990/1/31",
            "1990.01.31",
            "1990年1月31日",
            "19900131",
        ] {
            born(text(written), Ok("1990-01-31"));
        }
        born(number("19900131"), Ok("1990-01-31"));
        born(Cell::Date("1990-01-31".to_owned()), Ok("1990-01-31"));
        for wrong in [
            "1990-02-30",
            "1990-01",
            "90-1-31",
            "1890-01-31",
            "33000",
            "一月",
            "1990年一月3日",
        ] {
            born(text(wrong), Err("declaration.not_a_birth_date"));
        }
        born(Cell::Other, Err("declaration.not_a_birth_date"));
    }

    #[test]
    fn a_kind_of_document_is_read_by_code_and_in_words() {
        let kind = |cell| {
            let read = read(cell, |it| it.id_kind(COLUMN));
            read.map(|it| it.map(IdKind::code))
                .map_err(|it| it.message.code)
        };
        assert_eq!(kind(text("护照")), Ok(Some("08")));
        assert_eq!(kind(number("8")), Ok(Some("08")));
        assert_eq!(kind(text("驾驶证")), Err("identity.unknown_kind"));
    }

    #[test]
    fn an_amount_is_read_by_its_shortest_decimal_text() {
        let amount = |cell, expected| check(read(cell, |it| it.amount(COLUMN)), expected);
        amount(number(&10_233.4_f64.to_string()), Ok("10233.40"));
        amount(number(&0.1_f64.to_string()), Ok("0.10"));
        amount(number("4361.005"), Err("money.too_many_places"));
        amount(number("-1"), Err("money.signed"));
        amount(text("４３５９．５"), Ok("4359.50"));
        amount(text("12,345.60"), Ok("12345.60"));
        amount(text("12,34"), Err("money.not_an_amount"));
        amount(text("五千"), Err("money.not_an_amount"));
        amount(
            Cell::Date("1911-12-07".to_owned()),
            Err("money.not_an_amount"),
        );
        amount(Cell::Other, Err("money.not_an_amount"));
    }

    #[test]
    fn an_id_number_that_a_spreadsheet_shortened_is_never_taken() {
        let id = |cell, expected| check(read(cell, |it| it.id_number(COLUMN)), expected);
        let lost = Err("identity.spreadsheet_lost_digits");
        id(number("210199199001010000"), lost);
        id(text("210199199001010000"), lost);
        id(text("2.10199E+17"), lost);
        id(text(" ８３００００199201300022 "), Ok("830000199201300022"));
        id(text("11010519491231002x"), Ok("11010519491231002X"));
        id(text("e1234567"), Ok("E1234567"));
    }

    #[test]
    fn an_error_cell_is_named_whatever_is_read_there() {
        let error = || Cell::Error("#N/A".to_owned());
        let named = Err("file.error_cell");
        check(read(error(), |it| it.amount(COLUMN)), named);
        check(read(error(), |it| it.month(COLUMN)), named);
        check(read(error(), |it| it.number(COLUMN)), named);
        check(read(error(), |it| it.id_number(COLUMN)), named);
        let problem = read(error(), |it| it.text(COLUMN).map(drop)).unwrap_err();
        let said = problem.message.text(canbao_core::message::Lang::Zh).message;
        assert!(said.contains("C7") && said.contains("#N/A"), "{said}");
    }

    #[test]
    fn a_number_with_zeros_in_front_is_a_text() {
        let number_of = |cell, expected| check(read(cell, |it| it.number(COLUMN)), expected);
        number_of(text("００１２ 3"), Ok("00123"));
        number_of(number("123"), Err("file.not_a_text"));
        number_of(Cell::Date("2022-01-01".to_owned()), Err("file.not_a_text"));
    }
}
