//! What an import says of each row, and the workbooks it writes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use canbao_core::declaration::{Draft, Field};
use canbao_core::facts::UnitView;
use canbao_workbook::{
    FailedRow, FileKind, NotWritten, Record, RowProblem, Template, empty_template, write_failures,
};

use crate::fault::{Fault, Trouble, file};
use crate::response::{ImportProblem, ImportRow};
use crate::rows::person_ref;

/// The file of failures is a workbook by its name, and another one than was read.
pub(super) fn check(out: &Path, read: &Path) -> Result<(), Fault> {
    check_name(out)?;
    let same = match (out.canonicalize(), read.canonicalize()) {
        (Ok(out), Ok(read)) => out == read,
        (Err(_), _) | (_, Err(_)) => out == read,
    };
    if same {
        return Err(Fault::usage("import.same_file").with("path", out.display()));
    }
    Ok(())
}

fn check_name(out: &Path) -> Result<(), Fault> {
    match FileKind::of(out) {
        Ok(FileKind::Xlsx) => Ok(()),
        Ok(FileKind::Xls | FileKind::Csv) | Err(_) => {
            Err(Fault::usage("import.not_xlsx").with("path", out.display()))
        }
    }
}

/// The columns that are missing or stand twice.
pub(super) fn without_columns(problems: Vec<RowProblem>) -> Fault {
    let troubles = problems.into_iter().map(|problem| {
        let trouble = Trouble::of(Field::Whole, problem.message);
        match problem.column {
            Some(column) => trouble.at(column),
            None => trouble,
        }
    });
    Fault::problems("import.columns", troubles.collect())
}

/// A row that became a draft, or would.
pub(super) fn good_row(record: &Record<'_>, unit: &UnitView, draft: &Draft) -> ImportRow {
    ImportRow {
        row: record.row(),
        declaration: Some(draft.id.to_string()),
        person: unit.find_person(&draft.person).map(person_ref),
        problems: Vec::new(),
    }
}

/// A row that failed.
pub(super) fn failing_row(record: &Record<'_>, problems: Vec<ImportProblem>) -> ImportRow {
    ImportRow {
        row: record.row(),
        declaration: None,
        person: None,
        problems,
    }
}

/// Why a row failed and what to do, in one cell.
pub(super) fn reason(problems: &[ImportProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|it| match &it.column {
            Some(column) => format!("{column}: {}; {}", it.message, it.hint),
            None => format!("{}; {}", it.message, it.hint),
        })
        .collect();
    lines.join("\n")
}

/// Writes the failing rows, where there are any.
pub(super) fn write_failed(
    out: &Path,
    template: Template,
    failed: &[FailedRow],
) -> Result<(), Fault> {
    if failed.is_empty() {
        return Ok(());
    }
    write(out, write_failures(template, failed))
}

/// Writes a template.
pub(super) fn write_template(out: &Path, template: Template) -> Result<(), Fault> {
    check_name(out)?;
    write(out, empty_template(template))
}

fn write(out: &Path, workbook: Result<Vec<u8>, NotWritten>) -> Result<(), Fault> {
    let workbook = workbook.map_err(|error| file(out, &io::Error::other(error)))?;
    let written = only_ours(out).and_then(|mut it| {
        it.write_all(&workbook)?;
        it.sync_all()
    });
    written.map_err(|error| file(out, &error))
}

/// ID numbers and wages stand in it in clear, so that a new file is its owner's alone.
fn only_ours(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
