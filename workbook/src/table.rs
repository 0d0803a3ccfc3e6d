//! A sheet read by a template: which column stands where, and the rows below the header.

use std::collections::BTreeMap;

use canbao_core::message::Message;

use crate::columns::{Column, Template};
use crate::problem::RowProblem;
use crate::record::Record;
use crate::sheet::{Cell, Row, Sheet, cell_name};

/// So many rows from the first that holds anything are looked at for the header: titles, the
/// name of the unit and a date stand above it.
const HEADER_WITHIN: usize = 10;
/// The most characters of a caption that are repeated in each problem of its column.
const MAX_CAPTION: usize = 40;

/// A sheet and where the columns of its template are.
#[derive(Debug)]
pub struct Table<'a> {
    template: Template,
    columns: BTreeMap<Column, Place>,
    unknown: Vec<String>,
    rows: &'a [Row],
}

/// Where a column stands and what the file calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The row of its caption.
    pub(crate) row: u32,
    pub(crate) column: usize,
    pub(crate) caption: String,
}

impl Place {
    /// The cell of a row in a column, where the column is there, and the column's caption.
    pub(crate) fn in_row(
        columns: &BTreeMap<Column, Self>,
        column: Column,
        row: u32,
    ) -> (Option<String>, String) {
        match columns.get(&column) {
            Some(place) => (Some(cell_name(row, place.column)), place.caption.clone()),
            None => (None, column.caption().to_owned()),
        }
    }
}

/// The captions by their place, of one row or of two that belong together.
type Captions<'a> = BTreeMap<usize, (&'a Row, &'a str)>;

impl<'a> Table<'a> {
    /// Finds the header and its columns.
    ///
    /// # Errors
    /// The columns that are missing or stand twice.
    pub fn of(template: Template, sheet: &'a Sheet) -> Result<Self, Vec<RowProblem>> {
        Self::without(template, &[], sheet)
    }

    /// The same where the values of some columns come from elsewhere, so that they need not be
    /// there.
    ///
    /// # Errors
    /// The columns that are missing or stand twice.
    pub fn without(
        template: Template,
        given: &[Column],
        sheet: &'a Sheet,
    ) -> Result<Self, Vec<RowProblem>> {
        let (captions, rows) = header(template, sheet.rows());
        let mut columns: BTreeMap<Column, Place> = BTreeMap::new();
        let mut unknown = Vec::new();
        let mut problems = Vec::new();
        for (place, (row, text)) in &captions {
            let caption = shortened(text);
            let Some(column) = template.column(text) else {
                unknown.push(caption);
                continue;
            };
            if let Some(first) = columns.get(&column) {
                problems.push(twice(first, row, *place, caption));
                continue;
            }
            let there = Place {
                row: row.number(),
                column: *place,
                caption,
            };
            columns.insert(column, there);
        }
        let header_row = captions.values().map(|(row, _)| row.number()).max();
        let missing = missing(template, given, &columns, header_row.unwrap_or(1));
        problems.extend(missing);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            template,
            columns,
            unknown,
            rows,
        })
    }

    /// By which template it was read.
    #[must_use]
    pub fn template(&self) -> Template {
        self.template
    }

    /// Whether a column is there.
    #[must_use]
    pub fn has(&self, column: Column) -> bool {
        self.columns.contains_key(&column)
    }

    /// A problem of a row in a column, whose cell is named where the column is there.
    #[must_use]
    pub fn problem(&self, row: u32, column: Column, message: Message) -> RowProblem {
        let (cell, caption) = Place::in_row(&self.columns, column, row);
        RowProblem {
            row,
            cell,
            column: Some(caption),
            message,
        }
    }

    /// The captions of columns that are not read.
    #[must_use]
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// The rows that fill in any column that is read; others hold a running number or a remark.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let filled = self.columns.iter();
        let read: Vec<usize> = filled
            .filter(|(column, _)| **column != Column::Failure)
            .map(|(_, place)| place.column)
            .collect();
        self.rows
            .iter()
            .filter(move |row| read.iter().any(|place| row.cell(*place).is_some()))
            .map(|row| Record {
                columns: &self.columns,
                row,
            })
    }
}

/// The row with the most captions that the template knows, the first of several; with it the row
/// above or below where a merged caption spans several columns that are named there. With them
/// the rows behind.
fn header(template: Template, rows: &[Row]) -> (Captions<'_>, &[Row]) {
    let looked_at = &rows[..rows.len().min(HEADER_WITHIN)];
    let known = |row: &Row| {
        let texts = captions(row).into_values();
        texts
            .filter(|(_, text)| template.column(text).is_some())
            .count()
    };
    let counts: Vec<usize> = looked_at.iter().map(known).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let Some(best) = counts.iter().position(|it| *it == most) else {
        return (Captions::new(), rows);
    };
    let belongs = |at: usize| counts.get(at).is_some_and(|it| *it > 0) && is_all_text(&rows[at]);
    let (upper, lower) = if belongs(best + 1) && most > 0 {
        (best, best + 1)
    } else if best > 0 && belongs(best - 1) {
        (best - 1, best)
    } else {
        (best, best)
    };
    let mut both = captions(&rows[upper]);
    both.extend(captions(&rows[lower]));
    (both, &rows[lower + 1..])
}

fn captions(row: &Row) -> Captions<'_> {
    row.cells()
        .filter_map(|(place, cell)| match cell {
            Cell::Text(text) => Some((place, (row, text.as_str()))),
            Cell::Number(_) | Cell::Date(_) | Cell::Error(_) | Cell::Other => None,
        })
        .collect()
}

/// A caption as it is shown: without blanks, and no longer than anybody reads.
fn shortened(caption: &str) -> String {
    let unspaced = caption.chars().filter(|it| !it.is_whitespace());
    unspaced.take(MAX_CAPTION).collect()
}

fn is_all_text(row: &Row) -> bool {
    row.cells().all(|(_, cell)| matches!(cell, Cell::Text(_)))
}

fn twice(first: &Place, row: &Row, place: usize, caption: String) -> RowProblem {
    let cell = cell_name(row.number(), place);
    let message = Message::bare("file.column_twice")
        .with("first", &first.caption)
        .with("first_cell", cell_name(first.row, first.column))
        .with("second", &caption)
        .with("second_cell", &cell);
    RowProblem {
        row: row.number(),
        cell: Some(cell),
        column: Some(caption),
        message,
    }
}

fn missing(
    template: Template,
    given: &[Column],
    columns: &BTreeMap<Column, Place>,
    row: u32,
) -> impl Iterator<Item = RowProblem> {
    let problem = move |caption: &str, message: Message| RowProblem {
        column: Some(caption.to_owned()),
        ..RowProblem::of_row(row, message)
    };
    let mandatory = template.mandatory().iter();
    let missing: Vec<RowProblem> = mandatory
        .filter(|it| !columns.contains_key(it) && !given.contains(it))
        .map(|it| problem(it.caption(), Message::bare("file.column_missing")))
        .collect();
    let one_of = template.one_of();
    let none = one_of.iter().all(|it| !columns.contains_key(it));
    let without_any = one_of.first().filter(|_| none).map(|first| {
        let captions: Vec<&str> = one_of.iter().map(|it| it.caption()).collect();
        let message = Message::bare("file.column_one_of").with("columns", captions.join("、"));
        problem(first.caption(), message)
    });
    missing.into_iter().chain(without_any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FileKind;

    fn sheet(text: &str) -> Sheet {
        Sheet::of(FileKind::Csv, text.as_bytes().to_vec()).unwrap()
    }

    /// The columns found with their places, and the numbers of the rows that are read.
    #[track_caller]
    fn check(text: &str, columns: &[(Column, usize)], rows: &[u32], unknown: &[&str]) {
        let sheet = sheet(text);
        let table = Table::of(Template::Wage, &sheet).unwrap();
        let found: Vec<_> = table
            .columns
            .iter()
            .map(|(column, place)| (*column, place.column))
            .collect();
        assert_eq!(found, columns);
        let read: Vec<u32> = table.records().map(|it| it.row()).collect();
        assert_eq!(read, rows);
        assert_eq!(table.unknown(), unknown);
    }

    /// The caption and the code of each problem.
    #[track_caller]
    fn check_refused(text: &str, expected: &[(&str, &str)]) {
        let sheet = sheet(text);
        let problems = Table::of(Template::Wage, &sheet).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|it| (it.column.as_deref().unwrap_or(""), it.message.code))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    use Column::{From, IdNumber, Name, PersonalNumber, To, Wage};

    #[test]
    fn the_header_is_found_below_titles_and_its_columns_in_any_order() {
        check(
            "某某公司缴费工资申报表\n单位:某某公司,,2022年1月\n\n\
             月工资（元）,姓名,结束年月,备注,起始年月,身份证号\n1,甲,3,x,2,4\n",
            &[(IdNumber, 5), (Name, 1), (From, 4), (To, 2), (Wage, 0)],
            &[5],
            &["备注"],
        );
        check(
            "个人编号,开始年月,结束年月,缴费工资\n1,2022-01,2022-12,5000\n",
            &[(PersonalNumber, 0), (From, 1), (To, 2), (Wage, 3)],
            &[2],
            &[],
        );
    }

    #[test]
    fn a_header_of_two_rows_with_merged_captions_is_read_as_one() {
        check(
            "表\n序号,个人编号,缴费工资,,\n,,开始年月,结束年月,月工资\n1,7,a,b,c\n2,,,,\n",
            &[(PersonalNumber, 1), (From, 2), (To, 3), (Wage, 4)],
            &[4],
            &["序号"],
        );
    }

    #[test]
    fn what_is_given_elsewhere_need_not_be_a_column() {
        let field = sheet("单位编号,个人编号,个人名称,身份证,缴费工资\n1,2,甲,3,5000\n");
        let table = Table::without(Template::Wage, &[From, To], &field).unwrap();
        assert_eq!(table.records().count(), 1);
        let one = Table::without(Template::Wage, &[From], &field).unwrap_err();
        assert_eq!(one[0].column.as_deref(), Some("结束年月"));
    }

    #[test]
    fn a_row_that_fills_in_no_column_is_none() {
        check(
            "序号,个人编号,开始年月,结束年月,工资,失败原因\n1,,,,,\n2,7,,,,\n3,,,,,没有填写\n",
            &[
                (PersonalNumber, 1),
                (From, 2),
                (To, 3),
                (Wage, 4),
                (Column::Failure, 5),
            ],
            &[3],
            &["序号"],
        );
    }

    #[test]
    fn missing_columns_and_one_that_stands_twice_are_named() {
        check_refused(
            "身份证,结束年月,证件号码\n",
            &[
                ("证件号码", "file.column_twice"),
                ("开始年月", "file.column_missing"),
                ("缴费工资", "file.column_missing"),
            ],
        );
        check_refused(
            "开始年月,结束年月,工资\n1,2,3\n",
            &[("证件号码", "file.column_one_of")],
        );
        let sheet = sheet("表\n身份证,缴费工资,,,\n,开始年月,结束年月,工资,证件号码\n");
        let problems = Table::of(Template::Wage, &sheet).unwrap_err();
        let text = problems[0].message.text(canbao_core::message::Lang::En);
        for named in ["身份证", "A2", "证件号码", "E3"] {
            assert!(text.message.contains(named), "{}", text.message);
        }
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn a_caption_is_not_repeated_at_any_length() {
        let long = "长".repeat(1000);
        let text = format!("个人编号,开始年月,结束年月,工资({long}),{long}\n1,x,2022-12,1\n");
        let sheet = sheet(&text);
        let table = Table::of(Template::Wage, &sheet).unwrap();
        let problem = table.problem(2, Wage, Message::bare(""));
        let caption = problem.column.unwrap_or_default();
        assert!(caption.starts_with("工资(") && caption.chars().count() == MAX_CAPTION);
        assert_eq!(table.unknown()[0].chars().count(), MAX_CAPTION);
    }

    #[test]
    fn a_file_without_any_header_misses_all_its_columns() {
        check_refused(
            "甲,乙\n1,2\n",
            &[
                ("开始年月", "file.column_missing"),
                ("结束年月", "file.column_missing"),
                ("缴费工资", "file.column_missing"),
                ("证件号码", "file.column_one_of"),
            ],
        );
    }
}
