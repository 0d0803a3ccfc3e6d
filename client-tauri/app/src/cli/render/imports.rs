//! Files of declarations: what became of their rows.

use canbao_client::response::{
    ImportProblem, ImportReport, ImportRow, ImportUndone, ProblemView, TemplateView,
};
use canbao_core::message::Lang;

use super::cells::name_of;
use super::layout::{Fields, amounts, caption_with, parts, table, words};
use super::problems::problems;

/// What an import did, or would do.
pub(super) fn imported(report: &ImportReport, lang: Lang) -> String {
    let unknown = &report.unknown_columns;
    let fields = Fields::new(lang)
        .with("import", &report.import)
        .with("kind", &report.kind_text);
    let fields = match report.preview {
        true => fields.with("import_would", report.good),
        false => fields.with("import_good", report.good),
    };
    let fields = fields
        .with("import_failed", report.failed)
        .maybe(
            "unknown_columns",
            (!unknown.is_empty()).then(|| unknown.join("、")),
        )
        .maybe("failures", report.failures.as_ref())
        .show();
    let good = match report.preview {
        true => previewed(&report.rows, lang),
        false => String::new(),
    };
    parts([
        fields,
        good,
        problems("failed", &failing(&report.rows, lang), lang),
    ])
}

/// An import that was undone.
pub(super) fn undone(undone: &ImportUndone, lang: Lang) -> String {
    Fields::new(lang)
        .with("import", &undone.import)
        .with("import_voided", undone.voided)
        .with("import_left", undone.left)
        .show()
}

/// An empty workbook.
pub(super) fn template(view: &TemplateView, lang: Lang) -> String {
    Fields::new(lang)
        .with("template", &view.path)
        .with("template_columns", view.columns.join("、"))
        .show()
}

/// The rows that would become drafts.
fn previewed(rows: &[ImportRow], lang: Lang) -> String {
    let good: Vec<&ImportRow> = rows.iter().filter(|it| it.problems.is_empty()).collect();
    if good.is_empty() {
        return String::new();
    }
    let columns = [amounts("row"), words("person")];
    let rows = good
        .into_iter()
        .map(|it| [it.row.to_string(), name_of(it.person.as_ref())]);
    table(lang, &columns, rows)
}

fn failing(rows: &[ImportRow], lang: Lang) -> Vec<ProblemView> {
    let problems = rows.iter().flat_map(|row| {
        let of_row = move |problem| problem_of(row.row, problem, lang);
        row.problems.iter().map(of_row)
    });
    problems.collect()
}

/// The row, the cell and the column stand where the item of a request does.
fn problem_of(row: u32, problem: &ImportProblem, lang: Lang) -> ProblemView {
    let row = caption_with("row_numbered", &[("row", row.to_string())], lang);
    let place = [Some(&row), problem.cell.as_ref(), problem.column.as_ref()];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    ProblemView {
        code: problem.code.clone(),
        field: "whole".to_owned(),
        message: problem.message.clone(),
        hint: problem.hint.clone(),
        item: Some(place.join(" ")),
    }
}
