//! Files that other programs made: xlwt, openpyxl and LibreOffice (`tests/fixtures/import`).

use std::path::Path;

use canbao_core::message::Message;

use crate::{Column, Reader, Record, RowProblem, Sheet, Table, Template};

fn fixture(name: &str) -> Sheet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/import");
    Reader::Here.open(&folder.join(name)).unwrap()
}

/// What a field says, or the cell and the code of what is wrong.
fn said<T: ToString>(read: Result<Option<T>, RowProblem>) -> String {
    match read {
        Ok(value) => value.map(|it| it.to_string()).unwrap_or_default(),
        Err(RowProblem {
            cell: Some(cell),
            message: Message { code, .. },
            ..
        }) => format!("{cell} {code}"),
        Err(problem) => panic!("a problem without its cell: {problem:?}"),
    }
}

/// Each row: who, then these columns.
#[track_caller]
fn check(
    template: Template,
    name: &str,
    fields: impl Fn(&Record<'_>) -> String,
    unknown: &[&str],
    expected: &[(u32, &str)],
) {
    let sheet = fixture(name);
    let table = Table::of(template, &sheet).unwrap();
    let found: Vec<(u32, String)> = table.records().map(|it| (it.row(), fields(&it))).collect();
    let found: Vec<(u32, &str)> = found.iter().map(|it| (it.0, it.1.as_str())).collect();
    assert_eq!(found, expected, "{name}");
    assert_eq!(table.unknown(), unknown, "{name}");
}

fn stop(record: &Record<'_>) -> String {
    [
        said(record.id_number(Column::IdNumber)),
        said(record.month(Column::ChangeMonth)),
        said(record.text(Column::Reason)),
    ]
    .join(" ")
}

fn wage(who: Column) -> impl Fn(&Record<'_>) -> String {
    move |record| {
        [
            said(record.id_number(who)),
            said(record.month(Column::From)),
            said(record.month(Column::To)),
            said(record.amount(Column::Wage)),
        ]
        .join(" ")
    }
}

#[test]
fn the_errors_of_a_clerk_one_after_the_other_have_their_hint() {
    let template = Template::Interruption;
    let lost = |row: u32| format!("A{row} identity.spreadsheet_lost_digits 2022-01 辞职");
    let lost = [lost(2), lost(3), lost(4)];
    let lost = [(2, &*lost[0]), (3, &*lost[1]), (4, &*lost[2])];
    check(template, "stops-1-numbers.xls", stop, &[], &lost);
    check(template, "stops-2-cut.xlsx", stop, &[], &lost);
    let right = [
        (2, "210199199305196647 2022-01 辞职"),
        (3, "210199198610086597 2022-01 辞职"),
        (4, "210199199404183366 2022-01 辞职"),
    ];
    check(template, "stops-3-right.xlsx", stop, &[], &right);
}

#[test]
fn titles_hidden_sheets_dates_and_errors_of_an_old_workbook_are_read() {
    check(
        Template::Wage,
        "wages-xlwt.xls",
        wage(Column::IdNumber),
        &["备注"],
        &[
            (4, "210199199608054996 2022-01 2022-12 5003.10"),
            (5, "210199199612051042 2022-01 2022-12 5004.10"),
            (6, "21019919670112457X 2022-01 2022-12 5005.10"),
            (7, "21019920010826364X 2022-01 2022-12 5006.10"),
            (8, "210199197804238144 2022-01 2022-12 6543.21"),
            (
                9,
                "210199200301286616 C9 month.not_a_month 2022-12 A9 file.error_cell",
            ),
        ],
    );
}

#[test]
fn merged_headers_and_formulas_of_new_workbooks_are_read() {
    for name in [
        "wages-openpyxl.xlsx",
        "wages-libreoffice.xlsx",
        "wages-libreoffice.xls",
    ] {
        check(
            Template::Wage,
            name,
            wage(Column::PersonalNumber),
            &["序号", "合计"],
            &[
                (4, "0021088011 2022-01 2022-12 4100.50"),
                (5, "0021088048 2022-01 2022-12 4201.00"),
                (6, "0021088051 2022-01 2022-12 4301.50"),
                (7, "0021088064 2022-01 2022-12 4402.00"),
                (8, "0021088084 2022-01 2022-12 F8 file.error_cell"),
            ],
        );
    }
}
