//! Wrong persons, months and numbers, a damaged workbook, a full disk.

use std::process::Command;

use canbao_tests::harness::{SMALL, load_arguments, path, repository};

use super::*;

#[test]
fn wrong_persons_months_and_numbers_are_named_and_nothing_is_lost() {
    let place = Place::new();
    let office = place.office();
    let _ = office.declare_wage(0, "5000.00");
    let before = office.declared();
    let known = &office.insured[1].personal_number;
    let mut wrong_digit = office.insured[1].id_number.clone();
    let last = if wrong_digit.ends_with('1') { "2" } else { "1" };
    wrong_digit.replace_range(17.., last);

    let check = |arguments: &[&str], expected: &[&str]| {
        let error = office.employer.run(arguments).error(1);
        assert_eq!(codes(&error), expected, "{error}");
        speaks(&error);
        for problem in error["problems"].as_array().expect("problems") {
            speaks(problem);
        }
        let shown = error.to_string();
        assert!(
            !shown.contains(&wrong_digit),
            "an ID number is shown: {shown}"
        );
    };
    check(
        &wage_of("9999999999", "5000"),
        &["declaration.person_unknown"],
    );
    check(
        &wage_of(&wrong_digit, "5000"),
        &["declaration.id_check_digit"],
    );
    let int = |month| {
        [
            "declare", "int", "--person", known, "--month", month, "--reason", "辞职",
        ]
    };
    check(&int("2022-13"), &["declaration.not_a_month"]);
    check(&int("2021-06"), &["declaration.before_start"]);
    check(&int("2202-01"), &["declaration.month_out_of_range"]);

    let mut english = office.employer.command();
    english.args(["--lang", "en"]).args(int("2022-13"));
    let answer = english.output().expect("runs");
    assert!(String::from_utf8_lossy(&answer.stdout).contains("is not a month"));
    assert_eq!(office.declared(), before);
}

#[test]
fn a_workbook_is_loaded_whole_or_its_rows_are_named() {
    let place = Place::new();
    let mut centre = place.site.centre("127.0.0.1:9");
    centre.start();
    centre.load_common();
    let refused = |workbook: &str| {
        let file = repository("tests/fixtures/baseline").join(workbook);
        let error = centre.admin(&load_arguments(&SMALL, path(&file))).error(1);
        speaks(&error);
        error
    };
    let wrong = refused("wrong-check-digit.xls");
    assert_eq!(codes(&wrong), ["identity.wrong_check_digit"], "{wrong}");
    assert!(
        wrong["problems"].to_string().contains('4'),
        "names the row: {wrong}"
    );
    let numeric = refused("numeric-ids.xls");
    assert_eq!(
        codes(&numeric),
        ["identity.spreadsheet_lost_digits"; 5],
        "{numeric}"
    );
    for workbook in ["damaged.xls", "not-a-workbook.xls"] {
        let _ = refused(workbook);
    }
    let units = centre.admin(&["unit", "list"]).result();
    assert_eq!(
        units.as_array().map(Vec::len),
        Some(0),
        "nothing was loaded: {units}"
    );
    assert_eq!(centre.load(&SMALL)["persons"], 12);
}

#[test]
fn a_full_disk_refuses_the_next_declaration_and_keeps_the_ones_before() {
    let place = Place::new();
    let office = place.office();
    let _ = office.declare_wage(0, "5000.00");
    let store = office.employer.directory.join("canbao.redb");
    let full = std::fs::metadata(&store).expect("the store").len() / 1024;

    let mut kept = 1;
    let failed = (1..12).find_map(|row| {
        let command = format!("trap '' XFSZ; ulimit -f {full}; exec \"$0\" \"$@\"",);
        let inner = office.employer.command();
        let mut limited = Command::new("bash");
        limited
            .arg("-c")
            .arg(command)
            .arg(inner.get_program())
            .args(inner.get_args());
        let wage = format!("{}.00", 5_000 + row);
        let outcome = limited
            .args(wage_of(&office.insured[row].personal_number, &wage))
            .output()
            .expect("runs");
        if outcome.status.success() {
            kept += 1;
            return None;
        }
        Some((
            outcome.status.code(),
            String::from_utf8_lossy(&outcome.stdout).into_owned(),
        ))
    });
    let (code, said) = failed.expect("the limit is reached within twelve declarations");
    assert_eq!(code, Some(4), "{said}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    speaks(&said["error"]);
    assert_eq!(office.declared().as_array().map(Vec::len), Some(kept));

    let _ = office.declare_wage(11, "9000.00");
    assert_eq!(office.declared().as_array().map(Vec::len), Some(kept + 1));
}
