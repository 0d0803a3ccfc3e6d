//! The roster of a unit in the field's own columns (SIL-12): insured persons and their wages.

use std::collections::BTreeMap;
use std::path::Path;

use canbao_core::identity::{
    IdDocument, IdKind, IdentityProblem, PersonalNumber, UnemploymentNumber,
};
use canbao_core::message::Message;
use canbao_core::money::Money;

use super::sheet::{Cell, Row, Sheet};
use super::{FileError, FileKind, Reader, RowProblem, unless};

/// The most persons a file may list.
pub const MAX_PERSONS: usize = super::sheet::MAX_ROWS - 1;
/// The longest name that tax takes, in characters.
const MAX_NAME: usize = 100;

/// A unit's roster as a file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// 单位编号: the unit's number at unemployment insurance, one in all rows.
    pub unemployment_number: UnemploymentNumber,
    /// The persons, in the order of the rows.
    pub persons: Vec<RosterPerson>,
    /// The captions of columns that were not read.
    pub ignored_columns: Vec<String>,
}

/// A row of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterPerson {
    /// The row, from 1.
    pub row: u32,
    /// 个人编号.
    pub personal_number: PersonalNumber,
    /// 身份证.
    pub document: IdDocument,
    /// 个人名称.
    pub name: String,
    /// 缴费工资; a person may come without one.
    pub wage: Option<Money>,
}

/// Reads a roster from an .xls, .xlsx or .csv file, or reports everything that is wrong with it.
///
/// # Errors
/// [`FileError`].
pub fn read_roster(path: &Path, reader: &Reader) -> Result<Roster, FileError> {
    of_sheet(&Sheet::read(path, reader)?)
}

/// Reads a roster from the bytes of a file.
///
/// # Errors
/// [`FileError`].
pub fn roster_of(kind: FileKind, bytes: Vec<u8>) -> Result<Roster, FileError> {
    of_sheet(&Sheet::of(kind, bytes)?)
}

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Unit,
    Personal,
    Name,
    Document,
    Wage,
}

impl Column {
    const ALL: [Self; 5] = [
        Self::Unit,
        Self::Personal,
        Self::Name,
        Self::Document,
        Self::Wage,
    ];

    /// The captions by which it is known; the first is the field's own.
    fn captions(self) -> &'static [&'static str] {
        match self {
            Self::Unit => &["单位编号", "失业单位编号"],
            Self::Personal => &["个人编号"],
            Self::Name => &["个人名称", "姓名"],
            Self::Document => &["身份证", "身份证号", "身份证号码", "证件号码"],
            Self::Wage => &["缴费工资", "工资"],
        }
    }

    fn caption(self) -> &'static str {
        self.captions()[0]
    }

    fn problem(self, row: u32, message: Message) -> RowProblem {
        RowProblem {
            row,
            column: Some(self.caption()),
            message,
        }
    }
}

fn of_sheet(sheet: &Sheet) -> Result<Roster, FileError> {
    let mut rows = sheet.rows.iter();
    let (header_row, header) = rows.next().ok_or(super::SheetError::Empty)?;
    let (columns, ignored_columns) = columns(*header_row, header)?;
    let mut problems = Vec::new();
    let mut unit = None;
    let mut persons = Vec::new();
    for (row, cells) in rows {
        let reading = Reading {
            row: *row,
            cells,
            columns: &columns,
        };
        reading.unit(&mut unit, &mut problems);
        persons.extend(reading.person(&mut problems));
    }
    twice(&persons, &mut problems);
    problems.sort_by_key(|problem| problem.row);
    unless(problems)?;
    let Some(unemployment_number) = unit else {
        return Err(super::SheetError::Empty.into());
    };
    Ok(Roster {
        unemployment_number,
        persons,
        ignored_columns,
    })
}

/// Where the columns are, and the captions that are none of them.
fn columns(row: u32, header: &Row) -> Result<(BTreeMap<Column, usize>, Vec<String>), FileError> {
    let mut columns = BTreeMap::new();
    let mut ignored = Vec::new();
    let mut problems = Vec::new();
    for (place, cell) in header {
        let Cell::Text(text) = cell else { continue };
        let caption: String = text.split_whitespace().collect();
        match Column::ALL
            .into_iter()
            .find(|it| it.captions().contains(&caption.as_str()))
        {
            None => ignored.push(caption),
            Some(column) => {
                if columns.insert(column, *place).is_some() {
                    problems.push(column.problem(row, Message::bare("baseline.column_twice")));
                }
            }
        }
    }
    for column in Column::ALL {
        if !columns.contains_key(&column) {
            problems.push(column.problem(row, Message::bare("baseline.column_missing")));
        }
    }
    unless(problems).map(|()| (columns, ignored))
}

/// One row being read.
struct Reading<'a> {
    row: u32,
    cells: &'a Row,
    columns: &'a BTreeMap<Column, usize>,
}

impl Reading<'_> {
    /// The unit's number, which must be the one of the rows before.
    fn unit(&self, unit: &mut Option<UnemploymentNumber>, problems: &mut Vec<RowProblem>) {
        let read = self.number_text(Column::Unit, problems).and_then(|text| {
            let read = text.parse::<UnemploymentNumber>();
            self.kept(Column::Unit, read, |it| it.message(), problems)
        });
        match (read, &unit) {
            (Some(number), None) => *unit = Some(number),
            (Some(number), Some(before)) if number != *before => {
                problems.push(Column::Unit.problem(self.row, Message::bare("baseline.other_unit")));
            }
            _ => {}
        }
    }

    /// The person, or the row's problems; none of its parts keeps another from being judged.
    fn person(&self, problems: &mut Vec<RowProblem>) -> Option<RosterPerson> {
        let personal_number = self
            .number_text(Column::Personal, problems)
            .and_then(|text| {
                self.kept(
                    Column::Personal,
                    text.parse::<PersonalNumber>(),
                    |it| it.message(),
                    problems,
                )
            });
        let document = self.kept(
            Column::Document,
            self.document(),
            |it| it.message(),
            problems,
        );
        let name = self.kept(Column::Name, self.name(), Message::clone, problems);
        let wage = self.kept(Column::Wage, self.wage(), Message::clone, problems);
        Some(RosterPerson {
            row: self.row,
            personal_number: personal_number?,
            document: document?,
            name: name?,
            wage: wage?,
        })
    }

    fn cell(&self, column: Column) -> Option<&Cell> {
        self.cells.get(self.columns.get(&column)?)
    }

    /// The text of a column of numbers with leading zeros, which a numeric cell has lost.
    fn number_text(&self, column: Column, problems: &mut Vec<RowProblem>) -> Option<&str> {
        match self.cell(column) {
            None => Some(""),
            Some(Cell::Text(text)) => Some(text),
            Some(Cell::Number(_) | Cell::Other) => {
                problems.push(column.problem(self.row, Message::bare("baseline.not_a_text")));
                None
            }
        }
    }

    fn document(&self) -> Result<IdDocument, IdentityProblem> {
        match self.cell(Column::Document) {
            None => Err(IdentityProblem::Missing),
            Some(Cell::Text(text)) => IdDocument::parse(IdKind::ResidentId, text),
            Some(Cell::Number(_) | Cell::Other) => Err(IdentityProblem::SpreadsheetLostDigits),
        }
    }

    fn name(&self) -> Result<String, Message> {
        match self.cell(Column::Name) {
            Some(Cell::Text(text)) if text.chars().count() > MAX_NAME => {
                Err(Message::bare("baseline.name_too_long").with("most", MAX_NAME))
            }
            Some(Cell::Text(text)) => Ok(text.clone()),
            None => Err(Message::bare("baseline.name_missing")),
            Some(Cell::Number(_) | Cell::Other) => Err(Message::bare("baseline.not_a_text")),
        }
    }

    fn wage(&self) -> Result<Option<Money>, Message> {
        let text = match self.cell(Column::Wage) {
            None => return Ok(None),
            Some(Cell::Text(text) | Cell::Number(text)) => text.clone(),
            Some(Cell::Other) => return Err(Message::bare("money.not_an_amount")),
        };
        text.parse()
            .map(Some)
            .map_err(|problem: canbao_core::money::MoneyProblem| problem.message())
    }

    fn kept<T, E>(
        &self,
        column: Column,
        read: Result<T, E>,
        message: impl FnOnce(&E) -> Message,
        problems: &mut Vec<RowProblem>,
    ) -> Option<T> {
        read.map_err(|error| problems.push(column.problem(self.row, message(&error))))
            .ok()
    }
}

/// Two rows of one personal number or one document; the later one is named.
fn twice(persons: &[RosterPerson], problems: &mut Vec<RowProblem>) {
    let mut numbers = BTreeMap::new();
    let mut documents = BTreeMap::new();
    for person in persons {
        let again = |first| Message::bare("baseline.twice").with("first", first);
        if let Some(first) = numbers.insert(person.personal_number.as_str(), person.row) {
            problems.push(Column::Personal.problem(person.row, again(first)));
        }
        if let Some(first) = documents.insert(&person.document, person.row) {
            problems.push(Column::Document.problem(person.row, again(first)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn fixture(name: &str) -> Result<Roster, FileError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/baseline");
        read_roster(&folder.join(name), &Reader::Here)
    }

    /// The code of the file, or row, column and code of each problem.
    fn problems(read: Result<Roster, FileError>) -> Vec<(u32, &'static str, &'static str)> {
        match read.unwrap_err() {
            FileError::Sheet(error) => vec![(0, "", error.code())],
            FileError::Rows(problems) => problems
                .iter()
                .map(|it| (it.row, it.column.unwrap_or(""), it.message.code))
                .collect(),
        }
    }

    fn csv(text: &str) -> Result<Roster, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roster.csv");
        fs::write(&file, text).unwrap();
        read_roster(&file, &Reader::Here)
    }

    #[test]
    fn the_workbook_of_320_gives_them_all() {
        let roster = fixture("unit-320.xls").unwrap();
        assert_eq!(roster.unemployment_number.as_str(), "0210300178");
        assert_eq!(roster.persons.len(), 320);
        let first = &roster.persons[0];
        assert_eq!((first.row, first.name.as_str()), (2, "张建业"));
        assert_eq!(first.personal_number.as_str(), "0021035026");
        assert_eq!(first.wage, Some(Money::from_yuan(6520)));
        assert_eq!(roster.persons[1].wage, Some(Money::from_fen(487_550)));
        assert!(roster.persons.iter().all(|it| it.wage.is_some()));
    }

    #[test]
    fn every_bad_fixture_is_named() {
        let document = "身份证";
        let wrong = vec![(4, document, "identity.wrong_check_digit")];
        assert_eq!(problems(fixture("wrong-check-digit.xls")), wrong);
        let lost: Vec<_> = (2..=6)
            .map(|row| (row, document, "identity.spreadsheet_lost_digits"))
            .collect();
        assert_eq!(problems(fixture("numeric-ids.xls")), lost);
        assert_eq!(
            problems(fixture("damaged.xls")),
            [(0, "", "baseline.damaged")]
        );
        assert_eq!(
            problems(fixture("not-a-workbook.xls")),
            [(0, "", "baseline.not_a_workbook")]
        );
        assert_eq!(
            problems(fixture("README.md")),
            [(0, "", "baseline.unknown_kind")]
        );
        assert_eq!(
            problems(fixture("none.xls")),
            [(0, "", "baseline.unreadable")]
        );
    }

    #[test]
    fn columns_are_found_by_caption_in_any_order() {
        let roster = csv("\u{feff}工资,姓名,备注, 身份证号 ,个人编号,单位编号\n\n\
             ,林若云,x,830000199201300022,001,009\n")
        .unwrap();
        assert_eq!(roster.ignored_columns, ["备注"]);
        let person = &roster.persons[0];
        assert_eq!((person.name.as_str(), person.wage), ("林若云", None));
        assert_eq!(person.row, 3);
    }

    #[test]
    fn all_problems_of_all_rows_are_reported_at_once() {
        let text = "单位编号,个人编号,个人名称,身份证,缴费工资\n\
             1,11,甲,830000199201300022,4359\n\
             2,11,,83000019920130002,43,59\n\
             1,12,丙,830000199201300022,1.005\n";
        assert_eq!(
            problems(csv(text)),
            [
                (3, "单位编号", "baseline.other_unit"),
                (3, "身份证", "identity.wrong_length"),
                (3, "个人名称", "baseline.name_missing"),
                (4, "缴费工资", "money.too_many_places"),
            ]
        );
        let text = "单位编号,个人编号,个人名称,身份证,缴费工资\n\
             1,11,甲,830000199201300022,1\n1,11,乙,830000199201300022,1\n";
        assert_eq!(
            problems(csv(text)),
            [
                (3, "个人编号", "baseline.twice"),
                (3, "身份证", "baseline.twice")
            ]
        );
        assert_eq!(
            problems(csv("单位编号,个人编号,个人编号\n")),
            [
                (1, "个人编号", "baseline.column_twice"),
                (1, "个人名称", "baseline.column_missing"),
                (1, "身份证", "baseline.column_missing"),
                (1, "缴费工资", "baseline.column_missing"),
            ]
        );
        assert_eq!(problems(csv("")), [(0, "", "baseline.empty")]);
    }
}
