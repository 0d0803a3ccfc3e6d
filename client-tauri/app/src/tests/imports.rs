//! Files of declarations: their rows, what comes back, and one file on two devices.

mod kinds;

use std::fs;
use std::path::{Path, PathBuf};

use canbao_core::facts::Fact;
use canbao_core::ids::VolumeId;
use canbao_workbook::{Cell, Column, FailedRow, FileKind, Sheet, Table, Template, write_failures};
use tempfile::TempDir;

use super::devices::{SUN, Two, ZHANG, refused};
use super::*;
use crate::request::Importing;
use crate::response::{ImportReport, ImportUndone};

/// A unit's device, and a directory for files.
struct Office {
    app: App,
    _centre: Centre,
    files: TempDir,
    _directory: TempDir,
}

impl Office {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut centre = Centre::new(1);
        Self {
            app: employer(&mut centre, directory.path()),
            _centre: centre,
            files: tempfile::tempdir().expect("a directory"),
            _directory: directory,
        }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        file(&self.files, name, content)
    }

    /// Row, cell and code of each problem of a file of this text.
    #[track_caller]
    fn check(&mut self, kind: &str, text: &str, expected: &[(u32, &str, &str)]) {
        let path = self.file("preview.csv", text);
        let report = imported(&mut self.app, previewing(kind, &path));
        assert_eq!(problems(&report), expected, "{text}");
    }
}

fn file(files: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = files.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

fn importing(kind: &str, file: &Path) -> Importing {
    Importing {
        kind: kind.to_owned(),
        file: file.to_owned(),
        from: None,
        to: None,
        failures: None,
        preview: false,
    }
}

fn previewing(kind: &str, file: &Path) -> Importing {
    Importing {
        preview: true,
        ..importing(kind, file)
    }
}

#[track_caller]
fn imported(app: &mut App, importing: Importing) -> ImportReport {
    match ask(app, Request::DeclareImport(importing)) {
        Response::Imported(report) => *report,
        other => panic!("an import, not {other:?}"),
    }
}

fn undone(app: &mut App, report: &ImportReport) -> ImportUndone {
    let import = report.import.parse().expect("a hash");
    match ask(app, Request::DeclareImportUndo { import }) {
        Response::ImportUndone(undone) => undone,
        other => panic!("an import undone, not {other:?}"),
    }
}

fn problems(report: &ImportReport) -> Vec<(u32, &str, &str)> {
    let of_row = |row: &'_ crate::response::ImportRow| row.row;
    let rows = report.rows.iter();
    rows.flat_map(|row| {
        let problems = row.problems.iter();
        problems.map(move |it| {
            let cell = it.cell.as_deref().unwrap_or("");
            (of_row(row), cell, it.code.as_str())
        })
    })
    .collect()
}

fn statuses(app: &mut App) -> Vec<String> {
    let rows = declarations(app).into_iter();
    rows.map(|it| it.status.code).collect()
}

const WAGES: &str = "个人编号,姓名,开始年月,结束年月,工资\n\
                     0001000001,张三,2022-01,202212,6000\n\
                     0001000002,赵四,2022年1月,2022/12,\"5,500.50\"\n";

#[test]
fn good_rows_become_drafts_and_failing_ones_come_back_to_be_corrected() {
    let mut office = Office::new();
    let text = format!("{WAGES}0001000003,孙五,2022-13,2022-12,4000.005\n");
    let wages = office.file("wages.csv", text);
    let failures = office.files.path().join("failures.xlsx");
    let first = Importing {
        failures: Some(failures.clone()),
        ..importing("wage", &wages)
    };
    let report = imported(&mut office.app, first);
    assert_eq!((report.good, report.failed), (2, 1));
    assert_eq!(
        problems(&report),
        [
            (4, "C4", "month.no_such_month"),
            (4, "E4", "money.too_many_places")
        ]
    );
    let rows = declarations(&mut office.app);
    let wages: Vec<_> = rows
        .iter()
        .map(|it| {
            (
                it.person.as_ref().map(|it| it.name.as_str()),
                it.from.as_deref(),
                it.to.as_deref(),
                it.wage.as_deref(),
            )
        })
        .collect();
    let year = |name, wage| (Some(name), Some("2022-01"), Some("2022-12"), Some(wage));
    assert_eq!(wages, [year("张三", "6000.00"), year("赵四", "5500.50")]);

    // Corrected in the workbook that came back, it is imported like any other.
    let bytes = fs::read(report.failures.expect("written")).expect("read");
    let sheet = Sheet::of(FileKind::Xlsx, bytes).expect("a workbook");
    let table = Table::of(Template::Wage, &sheet).expect("of the template");
    let record = table.records().next().expect("the failing row");
    assert_eq!(record.shown(Column::PersonalNumber), "0001000003");
    let reason = sheet.rows()[1].cell(6).map(Cell::shown).expect("said why");
    assert!(reason.contains("开始年月: ") && reason.contains("工资: "));
    let mut corrected = FailedRow::of(&record, Template::Wage, reason.to_owned());
    corrected.cells[3] = "2022-01".to_owned();
    corrected.cells[5] = "4000".to_owned();
    let again = write_failures(Template::Wage, &[corrected]).expect("written");
    let again = office.file("again.xlsx", again);
    let report = imported(&mut office.app, importing("WAGE", &again));
    assert_eq!((report.good, report.failed), (1, 0));
    assert_eq!(report.unknown_columns, [] as [&str; 0]);
    assert_eq!(declarations(&mut office.app).len(), 3);
}

#[test]
fn every_row_is_judged_as_the_form_would_and_as_a_batch_is() {
    let mut office = Office::new();
    let header = "单位编号,身份证号,个人编号,姓名,变更年月,停保原因\n";
    let zhang = id_number("21019919900101001");
    let lost = format!("{}000", &zhang[..15]);
    let check = |office: &mut Office, row: &str, expected: &[(u32, &str, &str)]| {
        office.check("int", &format!("{header}{row}\n"), expected);
    };
    let office = &mut office;
    check(office, &format!(",{zhang},,张三,2022-01,辞职"), &[]);
    let narrow = format!("0210300001,{zhang},0001000001, 张 三 ,202201,辞职");
    check(office, &narrow, &[]);
    for (row, cell, code) in [
        (",,,张三,2022-01,辞职", "B2", "import.nobody"),
        (",,0009,,2022-01,辞职", "C2", "declaration.person_unknown"),
        (",,0001000001,李三,2022-01,辞职", "D2", "import.other_name"),
        ("9,,0001000001,,2022-01,辞职", "A2", "import.other_unit"),
        (",,0001000001,,,辞职", "E2", "declaration.missing"),
        (",,0001000001,,2022-01,", "F2", "declaration.missing"),
        (
            ",,0001000001,,2022-01,不干了",
            "F2",
            "declaration.reason_unknown",
        ),
        (",,0001000001,,2022-01,退休", "F2", "import.terminates"),
        (
            ",,0001000001,,2021-06,辞职",
            "E2",
            "declaration.before_start",
        ),
        (",,0001000001,,某月,辞职", "E2", "month.not_a_month"),
    ] {
        check(office, row, &[(2, cell, code)]);
    }
    let wrong = format!(
        "{}{}",
        &zhang[..17],
        if zhang.ends_with('1') { 2 } else { 1 }
    );
    for (number, code) in [
        (lost.as_str(), "identity.spreadsheet_lost_digits"),
        (&wrong, "identity.wrong_check_digit"),
        (&zhang[..17], "identity.wrong_length"),
        ("E12345678", "declaration.person_unknown"),
    ] {
        check(
            office,
            &format!(",{number},,,2022-01,辞职"),
            &[(2, "B2", code)],
        );
    }
    let two = format!(",{zhang},0001000002,,2022-01,辞职");
    check(office, &two, &[(2, "C2", "import.two_persons")]);
    let twice =
        ",,0001000001,,2022-01,辞职\n,,0001000002,,2022-01,辞职\n,,0001000001,,2022-02,上学";
    check(office, twice, &[(4, "", "import.twice")]);
    assert_eq!(
        declarations(&mut office.app),
        [],
        "previewed, nothing is made"
    );
    let preview = office.file("empty.csv", format!("{header},,,,,\n"));
    let report = imported(&mut office.app, importing("int", &preview));
    assert_eq!((report.good, report.failed), (0, 0));
}

#[test]
fn months_of_one_person_may_follow_each_other_in_a_file_and_not_overlap() {
    let header = "个人编号,开始年月,结束年月,工资\n";
    let row = |from: &str, to: &str| format!("0001000001,{from},{to},5000\n");
    let after = format!(
        "{header}{}{}",
        row("2022-01", "2022-06"),
        row("2022-07", "2022-12")
    );
    let over = format!(
        "{header}{}{}",
        row("2022-01", "2022-06"),
        row("2022-06", "2022-12")
    );
    let mut office = Office::new();
    office.check("wage", &after, &[]);
    office.check("wage", &over, &[(3, "", "import.twice")]);
}

#[test]
fn a_draft_that_says_the_same_is_not_made_again_by_a_file_saved_anew() {
    let mut office = Office::new();
    declare(&mut office.app, wage(ZHANG, "2022-01", "2022-12", "6000"));
    office.check("wage", WAGES, &[(2, "", "import.drafted")]);
}

#[test]
fn a_file_is_refused_as_a_whole_by_name_and_nothing_is_made() {
    let mut office = Office::new();
    let mut refused =
        |importing: Importing| refuse(&mut office.app, Request::DeclareImport(importing));
    let directory = tempfile::tempdir().expect("a directory");
    let named = |name: &str, text: &str| file(&directory, name, text);
    let wages = named("wages.csv", WAGES);
    let check = |failure: Failure, code: &str| assert_eq!(failure.code, code);
    check(refused(importing("back", &wages)), "import.no_such_kind");
    check(
        refused(importing("wage", &directory.path().join("none.csv"))),
        "file.disk",
    );
    check(
        refused(importing("wage", &named("a.txt", WAGES))),
        "file.unknown_kind",
    );
    check(
        refused(importing("wage", &named("a.xlsx", WAGES))),
        "file.not_a_workbook",
    );
    check(
        refused(importing("wage", &named("b.csv", ""))),
        "file.empty",
    );
    let columns = refused(importing("int", &wages));
    check(columns.clone(), "import.columns");
    let missing: Vec<_> = columns
        .problems
        .iter()
        .map(|it| (it.item.as_deref().unwrap_or(""), it.code.as_str()))
        .collect();
    let expected = [
        ("变更时间", "file.column_missing"),
        ("变更原因", "file.column_missing"),
    ];
    assert_eq!(missing, expected);
    let row = "0001000001,张三,2022-01,202212,6000\n";
    let most = format!("{WAGES}{}", row.repeat(4999));
    check(
        refused(importing("wage", &named("c.csv", &most))),
        "import.too_many_rows",
    );
    let to = |out: &Path| Importing {
        failures: Some(out.to_owned()),
        ..importing("wage", &wages)
    };
    check(refused(to(&wages)), "import.not_xlsx");
    let wrong = named("d.csv", &WAGES.replace("6000", "x"));
    let nowhere = Importing {
        failures: Some(directory.path().join("none/out.xlsx")),
        ..importing("wage", &wrong)
    };
    check(refused(nowhere), "file.disk");
    assert_eq!(declarations(&mut office.app), []);
}

#[test]
fn an_identical_file_is_recognised_on_the_other_device_as_well() {
    let mut pair = Two::new();
    let files = tempfile::tempdir().expect("a directory");
    let wages = file(&files, "wages.csv", WAGES);
    let copy = file(&files, "copy.csv", WAGES);
    let report = imported(&mut pair.one, importing("wage", &wages));
    pair.settle();
    for (app, path) in [(&mut pair.one, &wages), (&mut pair.two, &copy)] {
        let failure = refuse(app, Request::DeclareImport(importing("wage", path)));
        assert_eq!(failure.code, "import.already");
        assert!(failure.hint.contains(&report.import));
    }
    assert_eq!(pair.agreed().len(), 2);
}

#[test]
fn two_devices_that_import_a_file_offline_make_the_same_drafts_without_a_conflict() {
    let mut pair = Two::new();
    let files = tempfile::tempdir().expect("a directory");
    let wages = file(&files, "wages.csv", WAGES);
    let first = imported(&mut pair.one, importing("wage", &wages));
    let second = imported(&mut pair.two, importing("wage", &wages));
    assert_eq!(first, second);
    pair.settle();
    let rows = pair.agreed();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|it| it.conflicts.is_empty() && it.editable));
    assert!(refused(&pair.one).is_empty() && refused(&pair.two).is_empty());

    let id = rows[0].id.parse().expect("an id");
    let ids = vec![id];
    ask(&mut pair.two, Request::Submit { ids, all: false });
    pair.settle();
    let undone = undone(&mut pair.one, &first);
    assert_eq!(
        (undone.voided, undone.left),
        (1, 1),
        "what was submitted stays"
    );
    pair.settle();
    let mut statuses: Vec<String> = pair.agreed().into_iter().map(|it| it.status.code).collect();
    statuses.sort();
    assert_eq!(statuses, ["received", "voided"]);
}

/// What the drafts say, whichever import made them.
fn drafts(app: &mut App) -> Vec<(String, String, Option<String>, Option<String>)> {
    let said = |row: crate::response::DeclarationRow| {
        let person = row.person.map(|it| it.personal_number).unwrap_or_default();
        (row.kind, person, row.month, row.wage)
    };
    let mut drafts: Vec<_> = declarations(app).into_iter().map(said).collect();
    drafts.sort();
    drafts
}

#[test]
fn files_and_rows_make_the_same_drafts_in_whatever_order_they_come() {
    const STOPS: &str = "个人编号,姓名,变更时间,变更原因\n\
                         0001000003,孙五,2022-01,辞职\n";
    let lines: Vec<&str> = WAGES.lines().collect();
    let turned = [lines[0], lines[2], lines[1], ""].join("\n");
    let made = |files: &[(&str, &str)]| {
        let mut office = Office::new();
        for (kind, text) in files {
            let path = office.file("rows.csv", text);
            let report = imported(&mut office.app, importing(kind, &path));
            assert_eq!(report.failed, 0, "{report:?}");
        }
        drafts(&mut office.app)
    };
    let expected = made(&[("wage", WAGES), ("int", STOPS)]);
    assert_eq!(expected.len(), 3);
    assert_eq!(made(&[("int", STOPS), ("wage", WAGES)]), expected);
    assert_eq!(made(&[("wage", &turned), ("int", STOPS)]), expected);
}

#[test]
fn an_import_is_undone_as_one_and_its_file_may_be_imported_anew() {
    let mut pair = Two::new();
    let files = tempfile::tempdir().expect("a directory");
    let wages = file(&files, "wages.csv", WAGES);
    let report = imported(&mut pair.one, importing("wage", &wages));
    pair.settle();
    let first = undone(&mut pair.two, &report);
    assert_eq!((first.voided, first.left), (2, 0));
    let import = report.import.parse().expect("a hash");
    let failure = refuse(&mut pair.two, Request::DeclareImportUndo { import });
    assert_eq!(failure.code, "import.no_such");
    pair.settle();
    assert_eq!(statuses(&mut pair.one), ["voided", "voided"]);
    let anew = imported(&mut pair.one, importing("wage", &wages));
    assert_eq!(anew.good, 2);
    assert_ne!(anew.rows[0].declaration, report.rows[0].declaration);
    pair.settle();
    let rows = pair.agreed();
    let drafts = rows.iter().filter(|it| it.status.code == "draft").count();
    assert_eq!((rows.len(), drafts), (4, 2));
    // On the other device it is known by what was made last.
    assert_eq!(undone(&mut pair.two, &anew).voided, 2);
}

/// The volume of 2022 is sealed and that of 2023 opened.
fn turn_of_the_year(centre: &mut Centre) {
    let (sealed, opened) = (VolumeId(2022), VolumeId(2023));
    centre.add(&Fact::VolumeSealed { volume: sealed });
    centre.add(&Fact::VolumeOpened { volume: opened });
}

#[test]
fn an_import_into_a_volume_sealed_meanwhile_is_done_again_as_one() {
    let mut pair = Two::new();
    let files = tempfile::tempdir().expect("a directory");
    let wages = file(&files, "wages.csv", WAGES);
    turn_of_the_year(&mut pair.centre);
    let report = imported(&mut pair.one, importing("wage", &wages));
    pair.settle();
    assert_eq!(pair.agreed().len(), 2);
    assert!(refused(&pair.one).is_empty());
    let failure = refuse(
        &mut pair.two,
        Request::DeclareImport(importing("wage", &wages)),
    );
    assert_eq!(failure.code, "import.already");
    assert_eq!(undone(&mut pair.two, &report).voided, 2);
}

#[test]
fn an_import_of_a_sealed_volume_is_undone_in_the_open_one() {
    for offline in [false, true] {
        let mut pair = Two::new();
        let files = tempfile::tempdir().expect("a directory");
        let wages = file(&files, "wages.csv", WAGES);
        let report = imported(&mut pair.one, importing("wage", &wages));
        pair.settle();
        turn_of_the_year(&mut pair.centre);
        if !offline {
            pair.settle();
        }
        assert_eq!(undone(&mut pair.one, &report).voided, 2);
        pair.settle();
        let statuses: Vec<String> = pair.agreed().into_iter().map(|it| it.status.code).collect();
        assert_eq!(statuses, ["voided", "voided"], "{offline}");
        assert!(refused(&pair.one).is_empty());
        let anew = imported(&mut pair.two, importing("wage", &wages));
        assert_eq!(anew.good, 2, "what was undone is no import of the file");
    }
}

#[test]
fn an_imported_draft_is_changed_and_submitted_like_any_other() {
    let mut office = Office::new();
    let wages = office.file("wages.csv", WAGES);
    let report = imported(&mut office.app, importing("wage", &wages));
    let id = report.rows[0].declaration.clone().expect("a draft");
    let edit = Request::DeclareEdit {
        id: id.parse().expect("an id"),
        form: Box::new(Form {
            wage: Some("6100".to_owned()),
            ..Form::default()
        }),
    };
    assert_eq!(
        declare(&mut office.app, edit).wage.as_deref(),
        Some("6100.00")
    );
    declare(&mut office.app, stop(SUN, "2022-01"));
    submit_all(&mut office.app);
    assert_eq!(statuses(&mut office.app), ["submitted"; 3]);
    assert_eq!(undone(&mut office.app, &report).left, 2);
}

#[test]
fn the_template_of_a_kind_is_written_and_imports_as_nothing() {
    let mut office = Office::new();
    let out = office.files.path().join("template.xlsx");
    let kind = || "int".to_owned();
    let request = |out: &Path| Request::DeclareTemplate {
        kind: kind(),
        out: out.to_owned(),
    };
    let Response::Template(view) = ask(&mut office.app, request(&out)) else {
        panic!("a template");
    };
    assert_eq!(
        view.columns,
        ["个人编号", "证件号码", "姓名", "变更时间", "变更原因"]
    );
    let report = imported(&mut office.app, importing("int", &out));
    assert_eq!((report.good, report.failed), (0, 0));
    let old = office.files.path().join("template.xls");
    assert_eq!(
        refuse(&mut office.app, request(&old)).code,
        "import.not_xlsx"
    );
}
