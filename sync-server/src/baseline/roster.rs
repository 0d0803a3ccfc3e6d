//! The roster of a unit in the field's own columns (SIL-12): insured persons and their wages.

use std::collections::BTreeMap;
use std::path::Path;

use canbao_core::identity::{IdDocument, IdKind, PersonalNumber, UnemploymentNumber};
use canbao_core::message::Message;
use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_workbook::{
    Column, FileKind, MAX_DATA_ROWS, Reader, Record, RowProblem, Sheet, SheetError, Table, Template,
};

use super::{FileError, unless};

/// The most persons a file may list.
pub const MAX_PERSONS: usize = MAX_DATA_ROWS;
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
    /// 停缴年月: the last month paid of a person who is suspended.
    pub last_paid: Option<Month>,
}

/// Reads a roster from an .xls, .xlsx or .csv file, or reports everything that is wrong with it.
///
/// # Errors
/// [`FileError`].
pub fn read_roster(path: &Path, reader: &Reader) -> Result<Roster, FileError> {
    of_sheet(&reader.open(path)?)
}

/// Reads a roster from the bytes of a file.
///
/// # Errors
/// [`FileError`].
pub fn roster_of(kind: FileKind, bytes: Vec<u8>) -> Result<Roster, FileError> {
    of_sheet(&Sheet::of(kind, bytes)?)
}

fn of_sheet(sheet: &Sheet) -> Result<Roster, FileError> {
    let table = Table::of(Template::Roster, sheet).map_err(FileError::Rows)?;
    let mut problems = Vec::new();
    let mut unit = None;
    let mut persons = Vec::new();
    for record in table.records() {
        same_unit(&record, &mut unit, &mut problems);
        persons.extend(person(&record, &mut problems));
    }
    problems.extend(twice(&table, &persons));
    problems.sort_by_key(|problem| problem.row);
    unless(problems)?;
    let Some(unemployment_number) = unit else {
        return Err(SheetError::Empty.into());
    };
    Ok(Roster {
        unemployment_number,
        persons,
        ignored_columns: table.unknown().to_vec(),
    })
}

/// The unit's number, which must be the one of the rows before.
fn same_unit(
    record: &Record<'_>,
    unit: &mut Option<UnemploymentNumber>,
    problems: &mut Vec<RowProblem>,
) {
    let of_cell = record.number(Column::Unit).and_then(|text| {
        let parsed: Result<UnemploymentNumber, _> = text.unwrap_or_default().parse();
        parsed.map_err(|problem| record.problem(Column::Unit, problem.message()))
    });
    match (kept(of_cell, problems), &unit) {
        (Some(number), None) => *unit = Some(number),
        (Some(number), Some(before)) if number != *before => {
            let message = Message::bare("baseline.other_unit");
            problems.push(record.problem(Column::Unit, message));
        }
        _ => {}
    }
}

/// The person, or the row's problems; none of its parts keeps another from being judged.
fn person(record: &Record<'_>, problems: &mut Vec<RowProblem>) -> Option<RosterPerson> {
    let personal_number = record.number(Column::PersonalNumber).and_then(|text| {
        let parsed: Result<PersonalNumber, _> = text.unwrap_or_default().parse();
        parsed.map_err(|problem| record.problem(Column::PersonalNumber, problem.message()))
    });
    let personal_number = kept(personal_number, problems);
    let document = record.document(IdKind::ResidentId, Column::IdNumber);
    let document = kept(document, problems);
    let name = kept(name(record), problems);
    let wage = kept(record.amount(Column::Wage), problems);
    let last_paid = kept(record.month(Column::LastPaid), problems);
    Some(RosterPerson {
        row: record.row(),
        personal_number: personal_number?,
        document: document?,
        name: name?,
        wage: wage?,
        last_paid: last_paid?,
    })
}

fn name(record: &Record<'_>) -> Result<String, RowProblem> {
    let message = match record.text(Column::Name)? {
        Some(text) if text.chars().count() > MAX_NAME => {
            Message::bare("baseline.name_too_long").with("most", MAX_NAME)
        }
        Some(text) => return Ok(text.to_owned()),
        None => Message::bare("baseline.name_missing"),
    };
    Err(record.problem(Column::Name, message))
}

fn kept<T>(read: Result<T, RowProblem>, problems: &mut Vec<RowProblem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// Two rows of one personal number or one document; the later one is named.
fn twice(table: &Table<'_>, persons: &[RosterPerson]) -> Vec<RowProblem> {
    let mut problems = Vec::new();
    let mut numbers = BTreeMap::new();
    let mut documents = BTreeMap::new();
    for person in persons {
        let mut again = |column, first| {
            let message = Message::bare("baseline.twice").with("first", first);
            problems.push(table.problem(person.row, column, message));
        };
        if let Some(first) = numbers.insert(person.personal_number.as_str(), person.row) {
            again(Column::PersonalNumber, first);
        }
        if let Some(first) = documents.insert(&person.document, person.row) {
            again(Column::IdNumber, first);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn fixture(name: &str) -> Result<Roster, FileError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/baseline");
        read_roster(&folder.join(name), &Reader::Here)
    }

    /// Compares row, column and code of each problem; the code of the file has neither.
    #[track_caller]
    fn check(read: Result<Roster, FileError>, expected: &[(u32, &str, &str)]) {
        let error = read.unwrap_err();
        let found = match &error {
            FileError::Sheet(error) => vec![(0, "", error.code())],
            FileError::Rows(problems) => problems
                .iter()
                .map(|it| {
                    let column = it.column.as_deref().unwrap_or("");
                    (it.row, column, it.message.code)
                })
                .collect(),
        };
        assert_eq!(found, expected);
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
        let wrong = (4, document, "identity.wrong_check_digit");
        check(fixture("wrong-check-digit.xls"), &[wrong]);
        let lost: Vec<_> = (2..=6)
            .map(|row| (row, document, "identity.spreadsheet_lost_digits"))
            .collect();
        check(fixture("numeric-ids.xls"), &lost);
        check(fixture("damaged.xls"), &[(0, "", "file.damaged")]);
        let not_a_workbook = (0, "", "file.not_a_workbook");
        check(fixture("not-a-workbook.xls"), &[not_a_workbook]);
        check(fixture("README.md"), &[(0, "", "file.unknown_kind")]);
        check(fixture("none.xls"), &[(0, "", "file.unreadable")]);
    }

    #[test]
    fn columns_are_found_by_caption_in_any_order() {
        let roster = csv("\u{feff}工资,姓名,备注, 身份证号 ,个人编号,单位编号\n\n\
             ,林若云,x,830000199201300022,001,009\n")
        .unwrap();
        assert_eq!(roster.ignored_columns, ["备注"]);
        let person = &roster.persons[0];
        assert_eq!((person.name.as_str(), person.wage), ("林若云", None));
        assert_eq!((person.row, person.last_paid), (3, None));
        let text = "单位编号,个人编号,个人名称,身份证,缴费工资,停缴年月\n\
             1,11,甲,830000199201300022,4359,2021年12月\n";
        let suspended = csv(text).unwrap().persons[0].last_paid;
        assert_eq!(suspended, Some("2021-12".parse().unwrap()));
    }

    #[test]
    fn all_problems_of_all_rows_are_reported_at_once() {
        let text = "单位编号,个人编号,个人名称,身份证,缴费工资\n\
             1,11,甲,830000199201300022,4359\n\
             2,11,,83000019920130002,43,59\n\
             1,12,丙,830000199201300022,1.005\n";
        check(
            csv(text),
            &[
                (3, "单位编号", "baseline.other_unit"),
                (3, "身份证", "identity.wrong_length"),
                (3, "个人名称", "baseline.name_missing"),
                (4, "缴费工资", "money.too_many_places"),
            ],
        );
        let text = "单位编号,个人编号,个人名称,身份证,缴费工资\n\
             1,11,甲,830000199201300022,1\n1,11,乙,830000199201300022,1\n";
        check(
            csv(text),
            &[
                (3, "个人编号", "baseline.twice"),
                (3, "身份证", "baseline.twice"),
            ],
        );
        check(
            csv("单位编号,个人编号,个人编号\n"),
            &[
                (1, "个人编号", "file.column_twice"),
                (1, "姓名", "file.column_missing"),
                (1, "证件号码", "file.column_missing"),
                (1, "缴费工资", "file.column_missing"),
            ],
        );
        check(csv(""), &[(0, "", "file.empty")]);
    }
}
