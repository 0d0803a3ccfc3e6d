//! Workbooks that are no honest ones, and the largest honest one, read as the programs read them:
//! in a process of their own, whose memory and time are bounded.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use canbao_tests::harness::Programs;
use canbao_workbook::{Cell, FileKind, MAX_DATA_ROWS, Reader, Sheet, SheetError};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Its reader is given 20 s of a processor, which a busy machine stretches.
const WITHIN: Duration = Duration::from_secs(120);

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const SPREADSHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// An .xlsx of one sheet with this in it, and this part of shared texts, or an empty one.
fn workbook(sheet_data: &str, shared: &str) -> Vec<u8> {
    let shared = match shared {
        "" => &format!("<sst xmlns=\"{SPREADSHEET}\"/>"),
        given => given,
    };
    let sheet = format!(
        "<worksheet xmlns=\"{SPREADSHEET}\"><sheetData>{sheet_data}</sheetData></worksheet>"
    );
    let book = format!(
        "<workbook xmlns=\"{SPREADSHEET}\" xmlns:r=\"{RELATIONS}\"><sheets>\
         <sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let of_book = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" \
         Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let root = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"rId1\" \
         Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    package(&[
        ("xl/worksheets/sheet1.xml", &sheet),
        ("xl/sharedStrings.xml", shared),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &of_book),
        ("_rels/.rels", &root),
    ])
}

fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, deflated).expect("in memory");
        writer.write_all(content.as_bytes()).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn text_cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// Has both programs read a file.
fn read(kind: FileKind, bytes: &[u8]) -> Vec<Result<Sheet, SheetError>> {
    let programs = Programs::locate().expect("built");
    ["canbao", "canbao-server"]
        .map(|name| {
            let started = Instant::now();
            let read = Reader::Apart(programs.path(name)).read(kind, bytes.to_vec());
            assert!(started.elapsed() < WITHIN, "{:?}", started.elapsed());
            read
        })
        .into()
}

#[track_caller]
fn check_refused(kind: FileKind, bytes: &[u8], code: &str) {
    for read in read(kind, bytes) {
        assert_eq!(
            read.map(|it| it.rows().len()).map_err(|it| it.code()),
            Err(code)
        );
    }
}

#[test]
fn cells_that_are_far_apart_take_no_room_between_them() {
    let far = |last: &str| {
        let (row, place) = ("1048576", last);
        let first = format!("<row r=\"1\">{}</row>", text_cell("A1", "x"));
        format!("{first}<row r=\"{row}\">{}</row>", text_cell(place, "y"))
    };
    check_refused(
        FileKind::Xlsx,
        &workbook(&far("XFD1048576"), ""),
        "file.too_many_cells",
    );
    for read in read(FileKind::Xlsx, &workbook(&far("C1048576"), "")) {
        let sheet = read.expect("two cells");
        let cell = sheet.rows()[1].cell(2);
        assert_eq!(cell, Some(&Cell::Text("y".to_owned())));
        assert_eq!(
            (sheet.rows().len(), sheet.rows()[1].number()),
            (2, 1_048_576)
        );
    }
}

#[test]
fn a_zip_bomb_is_too_large() {
    let blank = " ".repeat(1000);
    let mut rows = String::new();
    while rows.len() < 80 << 20 {
        rows.push_str("<row/>");
        rows.push_str(&blank);
    }
    let bomb = workbook(&rows, "");
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    check_refused(FileKind::Xlsx, &bomb, "file.too_large");
}

#[test]
fn a_bomb_of_shared_texts_is_refused_by_what_it_claims_and_by_what_it_holds() {
    let claimed = format!("<sst xmlns=\"{SPREADSHEET}\" uniqueCount=\"4000000000\"/>");
    let cell = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>";
    check_refused(FileKind::Xlsx, &workbook(cell, &claimed), "file.damaged");
    let held = format!(
        "<sst xmlns=\"{SPREADSHEET}\">{}</sst>",
        "<si><t>x</t></si>".repeat(2_000_000)
    );
    check_refused(FileKind::Xlsx, &workbook(cell, &held), "file.too_large");
    // A few texts, each in many cells.
    let long = format!(
        "<sst xmlns=\"{SPREADSHEET}\"><si><t>{}</t></si></sst>",
        "x".repeat(30_000)
    );
    let mut rows = String::new();
    for row in 1..=5_000 {
        write!(
            rows,
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>"
        )
        .expect("text");
    }
    check_refused(
        FileKind::Xlsx,
        &workbook(&rows, &long),
        "file.too_many_cells",
    );
}

#[test]
fn endless_rows_are_too_many() {
    let mut rows = String::new();
    for row in 1..=MAX_DATA_ROWS + 2 {
        write!(rows, "<row r=\"{row}\"><c r=\"A{row}\"><v>1</v></c></row>").expect("text");
    }
    check_refused(FileKind::Xlsx, &workbook(&rows, ""), "file.too_many_cells");
    let lines = "1,2\n".repeat(MAX_DATA_ROWS + 2);
    check_refused(FileKind::Csv, lines.as_bytes(), "file.too_many_cells");
}

#[test]
fn a_broken_container_is_damaged() {
    let honest = workbook(&format!("<row r=\"1\">{}</row>", text_cell("A1", "x")), "");
    check_refused(FileKind::Xlsx, &honest[..honest.len() / 2], "file.damaged");
    check_refused(FileKind::Xlsx, &package(&[("a", "b")]), "file.damaged");
    let unclosed = workbook("<row r=\"1\"><c r=\"A1\"><v>1", "");
    check_refused(FileKind::Xlsx, &unclosed, "file.damaged");
    let mut ole = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    ole.resize(4096, 0xff);
    check_refused(FileKind::Xls, &ole, "file.damaged");
}

#[test]
fn the_largest_honest_workbook_is_read_within_the_limits() {
    let mut rows = String::new();
    let columns = ["A", "B", "C", "D", "E", "F", "G", "H"];
    for row in 1..=MAX_DATA_ROWS + 1 {
        write!(rows, "<row r=\"{row}\">").expect("text");
        for (place, column) in columns.iter().enumerate() {
            let number = row * 8 + place;
            write!(rows, "<c r=\"{column}{row}\" t=\"s\"><v>{number}</v></c>").expect("text");
        }
        rows.push_str("</row>");
    }
    let mut shared = format!("<sst xmlns=\"{SPREADSHEET}\">");
    for number in 0..8 * (MAX_DATA_ROWS + 2) {
        write!(shared, "<si><t>{number:010}</t></si>").expect("text");
    }
    shared.push_str("</sst>");
    for read in read(FileKind::Xlsx, &workbook(&rows, &shared)) {
        let sheet = read.expect("a hundred thousand rows and their header");
        assert_eq!(sheet.rows().len(), MAX_DATA_ROWS + 1);
        let last = sheet.rows()[MAX_DATA_ROWS].cell(7);
        assert_eq!(last, Some(&Cell::Text("0000800015".to_owned())));
    }
}
