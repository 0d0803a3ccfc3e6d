//! Declarations with their status, what a submit did, receipts.

use canbao_client::response::{DeclarationRow, ReceiptRow, SubmitReport};
use canbao_core::message::Lang;

use super::cells::{mark, name_of};
use super::layout::{Fields, NONE, caption_with, or_none, parts, table, words};
use super::problems::{problems, warnings};

/// What a declaration, or a submission under review, says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) month: Option<&'a String>,
    pub(super) reason: Option<&'a String>,
    pub(super) from: Option<&'a String>,
    pub(super) to: Option<&'a String>,
    pub(super) wage: Option<&'a String>,
}

impl Said<'_> {
    /// In one cell: `2022-01 辞职`, or `2022-01…2022-12 4359.00`.
    pub(super) fn in_short(&self) -> String {
        let months = match (self.from, self.to) {
            (None, None) => None,
            (from, to) => Some(format!("{}…{}", or_none(from), or_none(to))),
        };
        let words = [
            self.month.cloned(),
            self.reason.cloned(),
            months,
            self.wage.cloned(),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() {
            NONE.to_owned()
        } else {
            words.join(" ")
        }
    }
}

/// 申报 lists.
pub(super) fn list(rows: &[DeclarationRow], lang: Lang) -> String {
    let columns = [
        words("declaration"),
        words("kind"),
        words("person"),
        words("content"),
        words("declaration_status"),
        words("receipt"),
        words("note"),
    ];
    table(lang, &columns, rows.iter().map(|it| row(it, lang)))
}

/// One declaration.
pub(super) fn one(row: &DeclarationRow, lang: Lang) -> String {
    let person = row.person.as_ref();
    let fields = Fields::new(lang)
        .with("declaration", &row.id)
        .with("kind", &row.kind_text)
        .with("name", person.map_or(NONE, |it| it.name.as_str()))
        .maybe(
            "personal_number",
            person.and_then(|it| shown(&it.personal_number)),
        )
        .maybe("masked_id", person.and_then(|it| shown(&it.masked_id)))
        .maybe("redoes", row.redoes.as_ref())
        .maybe("field_month", row.month.as_ref())
        .maybe("field_reason", row.change_reason.as_ref())
        .maybe("field_from", row.from.as_ref())
        .maybe("field_to", row.to.as_ref())
        .maybe("field_wage", row.wage.as_ref())
        .with("declaration_status", &row.status.text)
        .maybe("receipt", row.receipt.as_ref())
        .maybe("settlement", row.settlement.as_ref())
        .maybe("decided_by", row.decided_by.as_ref())
        .maybe("reason", row.reason.as_ref())
        .maybe("conflicts", mark(&row.conflicts, lang))
        .maybe("months_done", months_done(row, lang))
        .maybe(
            "withdrawal",
            row.withdrawal_queued.then(|| withdrawal(lang)),
        )
        .show();
    parts([
        fields,
        row.outlook.join("\n"),
        problems("problems", &row.problems, lang),
    ])
}

fn shown(text: &String) -> Option<&String> {
    (!text.is_empty()).then_some(text)
}

/// What a submit did, item by item (SUB-3).
pub(super) fn submitted(report: &SubmitReport, lang: Lang) -> String {
    let counts = [
        ("submitted", report.submitted.len().to_string()),
        ("failed", report.failed.len().to_string()),
    ];
    let rows = if report.submitted.is_empty() {
        String::new()
    } else {
        list(&report.submitted, lang)
    };
    parts([
        caption_with("submitted_counted", &counts, lang),
        rows,
        problems("failed", &report.failed, lang),
        warnings(&report.warnings, lang),
    ])
}

/// 受理回执.
pub(super) fn receipts(rows: &[ReceiptRow], lang: Lang) -> String {
    let columns = [
        words("receipt"),
        words("received_at"),
        words("kind"),
        words("person"),
        words("settlement"),
        words("declaration_status"),
        words("declaration"),
    ];
    let rows = rows.iter().map(|it| {
        [
            it.receipt.clone(),
            it.received_at.clone(),
            it.kind_text.clone(),
            name_of(it.person.as_ref()),
            it.settlement.clone(),
            it.status.text.clone(),
            it.declaration.clone(),
        ]
    });
    table(lang, &columns, rows)
}

fn row(row: &DeclarationRow, lang: Lang) -> [String; 7] {
    let said = Said {
        month: row.month.as_ref(),
        reason: row.change_reason.as_ref(),
        from: row.from.as_ref(),
        to: row.to.as_ref(),
        wage: row.wage.as_ref(),
    };
    [
        row.id.clone(),
        row.kind_text.clone(),
        name_of(row.person.as_ref()),
        said.in_short(),
        row.status.text.clone(),
        or_none(row.receipt.as_ref()),
        note(row, lang),
    ]
}

/// What is worth saying beside the status: what is to be chosen, how many months are done, a reason, a problem.
fn note(row: &DeclarationRow, lang: Lang) -> String {
    let withdrawal = row.withdrawal_queued.then(|| withdrawal(lang));
    let problem = row.problems.first().map(|it| it.message.clone());
    let notes = [
        mark(&row.conflicts, lang),
        withdrawal,
        months_done(row, lang),
        row.reason.clone(),
        problem,
    ];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    notes.join(" ")
}

fn withdrawal(lang: Lang) -> String {
    super::layout::caption("withdrawal_queued", lang)
}

/// The furthest stage of a wage's months and how many reached it (STA-1: n of m months).
fn months_done(row: &DeclarationRow, lang: Lang) -> Option<String> {
    let furthest = row.stages.iter().rev().find(|it| it.months_done > 0)?;
    let args = [
        ("stage", furthest.stage.text.clone()),
        ("done", furthest.months_done.to_string()),
        ("total", furthest.months_total.to_string()),
    ];
    Some(caption_with("stage_counted", &args, lang))
}
