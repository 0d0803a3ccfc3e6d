//! Rosters, tables of agencies and files of declarations as .xls, .xlsx and .csv.

use std::io::{Cursor, Write};

use canbao_core::identity::IdKind;
use canbao_server::baseline::{FileError, MAX_PERSONS, agencies_of, roster_of};
use canbao_workbook::{
    Column, FailedRow, FileKind, Record, RowProblem, Sheet, Table, Template, write_failures,
};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::input::{Input, piece};

/// The first byte: the pieces after it are the parts of an .xlsx, which is packed here.
const PARTS: u8 = b'X';

/// So many rows of a file are written as failures: packing is slow.
const MOST_WRITTEN: usize = 8;

/// The parts of a workbook of one sheet, in the order of the pieces.
const NAMES: [&str; 7] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "_rels/.rels",
    "[Content_Types].xml",
];

/// Reads a file of the kind that its first bytes say; what is neither workbook nor parts of one
/// is a table of text.
///
/// # Panics
/// Where more is read than a file may hold, or a problem has no place.
pub fn workbooks(bytes: &[u8]) {
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        read(FileKind::Xls, bytes);
    } else if bytes.starts_with(b"PK") {
        read(FileKind::Xlsx, bytes);
    } else if bytes.first() == Some(&PARTS) {
        read(FileKind::Xlsx, &packed(Input::new(&bytes[1..])));
    } else {
        read(FileKind::Csv, bytes);
    }
}

fn read(kind: FileKind, bytes: &[u8]) {
    match roster_of(kind, bytes.to_vec()) {
        Ok(roster) => {
            assert!((1..=MAX_PERSONS).contains(&roster.persons.len()));
            assert!(roster.persons.iter().all(|person| person.row > 1));
        }
        Err(error) => check_error(&error),
    }
    match agencies_of(kind, bytes.to_vec()) {
        Ok(agencies) => assert!(!agencies.is_empty()),
        Err(error) => check_error(&error),
    }
    if let Ok(sheet) = Sheet::of(kind, bytes.to_vec()) {
        for template in Template::ALL {
            read_as(template, &sheet);
        }
    }
}

/// Reads every field of every row, whatever the template has, and the rows as they come back.
fn read_as(template: Template, sheet: &Sheet) {
    let table = match Table::of(template, sheet) {
        Ok(table) => table,
        Err(problems) => {
            assert!(
                problems
                    .iter()
                    .all(|it| it.message.code.starts_with("file."))
            );
            return;
        }
    };
    for record in table.records() {
        for column in Column::ALL {
            read_field(&record, column);
        }
    }
    let reason = || "错\u{1}".to_owned();
    let first = table.records().take(MOST_WRITTEN);
    let failed: Vec<FailedRow> = first
        .map(|record| FailedRow::of(&record, template, reason()))
        .filter(|row| row.cells.iter().any(|it| !it.is_empty()))
        .collect();
    let written = write_failures(template, &failed).expect("written");
    let again = Sheet::of(FileKind::Xlsx, written).expect("our own workbook");
    let again = Table::of(template, &again).expect("our own template");
    assert_eq!(again.records().count(), failed.len());
}

fn read_field(record: &Record<'_>, column: Column) {
    let row = record.row();
    let check = |problem: RowProblem| assert!(problem.row == row && problem.column.is_some());
    let _ = record.text(column).map_err(check);
    let _ = record.number(column).map_err(check);
    let _ = record.id_number(column).map_err(check);
    let _ = record.month(column).map_err(check);
    let _ = record.amount(column).map_err(check);
    for kind in IdKind::ALL {
        let _ = record.document(kind, column).map_err(check);
    }
}

fn check_error(error: &FileError) {
    let ours = ["baseline.", "file."];
    assert!(ours.iter().any(|it| error.code().starts_with(it)));
    if let FileError::Rows(problems) = error {
        assert!(problems.iter().all(|problem| problem.row > 0));
    }
}

fn packed(mut input: Input<'_>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, default) in NAMES.iter().zip(PARTS_OF_A_ROSTER) {
        let given = input.piece();
        let part = if given.is_empty() {
            default.as_bytes()
        } else {
            given
        };
        let started = writer.start_file(*name, stored);
        started
            .and_then(|()| Ok(writer.write_all(part)?))
            .expect("writing to memory");
    }
    writer.finish().expect("writing to memory").into_inner()
}

const PARTS_OF_A_ROSTER: [&str; 7] = [
    concat!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
        r#"<dimension ref="A1:E2"/><sheetData><row r="1">"#,
        r#"<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>"#,
        r#"<c r="D1" t="s"><v>3</v></c><c r="E1" t="inlineStr"><is><t>缴费工资</t></is></c></row>"#,
        r#"<row r="2"><c r="A2" t="s"><v>4</v></c><c r="B2"><v>10001</v></c>"#,
        r#"<c r="C2" t="str"><v>张三</v></c><c r="D2" s="1"><v>44562</v></c>"#,
        r#"<c r="E2"><f>1+1</f><v>5000.5</v></c></row></sheetData></worksheet>"#,
    ),
    concat!(
        r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="5" "#,
        r#"uniqueCount="5"><si><t>单位编号</t></si><si><t>个人编号</t></si>"#,
        r#"<si><r><t>个人</t></r><r><t>名称</t></r></si><si><t>身份证</t></si>"#,
        r#"<si><t>2101990012</t></si></sst>"#,
    ),
    concat!(
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
        r#"<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts>"#,
        r#"<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
    concat!(
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" "#,
        r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">"#,
        r#"<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    concat!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
        r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/"#,
        r#"relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    concat!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
        r#"<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/"#,
        r#"relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
];

/// The fixtures, a workbook of ours whole and in parts, and tables of text.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let roster = "单位编号,个人编号,个人名称,身份证,缴费工资,备注\n\
                  2101990012,10001,张三,210199199001010012,5000.50,无\n";
    let wages = "缴费工资申报表\n身份证号,职工姓名,开始年月,结束年月,月工资（元）\n\
                 210199199001010012,张三,2022年1月,202212,\"5,000.50\"\n";
    let stops = "个人编号,停保年月,停保原因,失败原因\n0001,2022/1/31,辞职,错\n";
    let agencies = "seq,district,agency,address,phone\n1,和平区,某中心,\"某路, 1 号\",024-1\n";
    let parts: Vec<u8> = PARTS_OF_A_ROSTER
        .iter()
        .flat_map(|it| piece(it.as_bytes()))
        .collect();
    vec![
        include_bytes!("../../fixtures/baseline/unit-12.xls").to_vec(),
        include_bytes!("../../fixtures/baseline/numeric-ids.xls").to_vec(),
        include_bytes!("../../fixtures/baseline/damaged.xls").to_vec(),
        packed(Input::new(&[])),
        [&[PARTS], &parts[..]].concat(),
        roster.as_bytes().to_vec(),
        format!("\u{feff}{}", roster.replace('\n', "\r\n")).into_bytes(),
        agencies.as_bytes().to_vec(),
        wages.as_bytes().to_vec(),
        stops.as_bytes().to_vec(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_a_workbook_whose_cells_are_read() {
        let refused = roster_of(FileKind::Xlsx, packed(Input::new(&[]))).unwrap_err();
        let FileError::Rows(problems) = refused else {
            panic!("{refused}");
        };
        let problems: Vec<_> = problems
            .iter()
            .map(|it| (it.row, it.message.code))
            .collect();
        let number_and_date = [
            (2, "file.not_a_text"),
            (2, "identity.spreadsheet_lost_digits"),
        ];
        assert_eq!(problems, number_and_date);
    }
}
