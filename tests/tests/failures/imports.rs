//! A clerk's file of stops, as it comes: each error is told with what to do until it is right.

use std::fs;
use std::path::Path;

use canbao_tests::harness::{path, repository};

use super::*;

/// The rows of an import and the code of the first problem of each; none where it is good.
fn rows(report: &Value) -> Vec<(u64, Option<&str>)> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| {
        let number = row["row"].as_u64().expect("a number");
        let first = row["problems"].as_array().expect("problems").first();
        if let Some(problem) = first {
            speaks(problem);
        }
        (number, first.map(|it| it["code"].as_str().expect("a code")))
    })
    .collect()
}

#[test]
fn the_errors_of_a_clerk_are_told_and_corrected_one_after_the_other() {
    let place = Place::new();
    let office = place.office();
    let files = tempfile::tempdir().expect("a directory");
    let failures = files.path().join("failures.xlsx");
    let import = |file: &Path| {
        let arguments = ["declare", "import", "int", path(file), "--failures"];
        let arguments = [&arguments[..], &[path(&failures)]].concat();
        office.employer.ok(&arguments)
    };
    let fixture = |name: &str| repository("tests/fixtures/import").join(name);
    let lost = Some("identity.spreadsheet_lost_digits");
    for name in ["stops-1-numbers.xls", "stops-2-cut.xlsx"] {
        let report = import(&fixture(name));
        assert_eq!(rows(&report), [(2, lost), (3, lost), (4, lost)], "{name}");
        for row in report["rows"].as_array().expect("rows") {
            let hint = row["problems"][0]["hint"].as_str().expect("a hint");
            assert!(hint.contains("文本"), "{hint}");
        }
        let shown = report.to_string();
        let cut = &office.insured[0].id_number[..15];
        assert!(!shown.contains(cut), "an ID number is shown: {shown}");
    }
    // What came back still has the numbers without their last digits.
    let report = import(&{
        let copy = files.path().join("copy.xlsx");
        fs::copy(&failures, &copy).expect("copied");
        copy
    });
    assert_eq!(rows(&report), [(2, lost), (3, lost), (4, lost)]);

    let right = fixture("stops-3-right.xlsx");
    let report = import(&right);
    assert_eq!(rows(&report), [(2, None), (3, None), (4, None)]);
    assert_eq!(report["failures"], Value::Null);
    assert_eq!(office.declared().as_array().map(Vec::len), Some(3));
    let again = office
        .employer
        .run(&["declare", "import", "int", path(&right)])
        .error(1);
    assert_eq!(again["code"], "import.already");
    speaks(&again);

    let hash = report["import"].as_str().expect("a hash");
    let undone = office.employer.ok(&["declare", "import-undo", hash]);
    assert_eq!((&undone["voided"], &undone["left"]), (&3.into(), &0.into()));
}

#[test]
fn a_field_file_of_wages_without_months_is_read_for_the_months_that_are_said() {
    let place = Place::new();
    let office = place.office();
    let file = repository("tests/fixtures/baseline/unit-12.xls");
    let import = ["declare", "import", "wage", path(&file)];
    let without = office.employer.run(&import).error(1);
    assert_eq!(without["code"], "import.months_missing");
    speaks(&without);
    let months = ["--from", "2022-01", "--to", "2022-12"];
    let report = office.employer.ok(&[&import[..], &months].concat());
    assert_eq!(
        (&report["good"], &report["failed"]),
        (&12.into(), &0.into())
    );
    let half = office.employer.run(&[&import[..], &months[..2]].concat());
    assert_eq!(half.code, Some(2));
}

#[test]
fn a_workbook_of_wages_from_each_program_becomes_drafts() {
    let place = Place::new();
    let office = place.office();
    let good = |name: &str| {
        let file = repository("tests/fixtures/import").join(name);
        let report = office
            .employer
            .ok(&["declare", "import", "wage", path(&file), "--preview"]);
        (report["good"].as_u64(), report["failed"].as_u64())
    };
    assert_eq!(good("wages-xlwt.xls"), (Some(5), Some(1)));
    assert_eq!(good("wages-openpyxl.xlsx"), (Some(4), Some(1)));
    assert_eq!(good("wages-libreoffice.xlsx"), (Some(4), Some(1)));
    assert_eq!(good("wages-libreoffice.xls"), (Some(4), Some(1)));
    assert_eq!(office.declared().as_array().map(Vec::len), Some(0));
}
