//! The agency's queue and what a review did.

use canbao_client::response::{DecideReport, ReviewRow};
use canbao_core::message::Lang;

use super::cells::name_of;
use super::declarations::Said;
use super::layout::{caption, caption_with, or_none, parts, table, words};
use super::problems::problems;

/// What is undecided, the oldest as it comes.
pub(super) fn queue(rows: &[ReviewRow], lang: Lang) -> String {
    let columns = [
        words("receipt"),
        words("received_at"),
        words("unit"),
        words("kind"),
        words("person"),
        words("content"),
        words("base"),
        words("note"),
        words("declaration"),
    ];
    table(lang, &columns, rows.iter().map(|it| row(it, lang)))
}

/// What a review did, item by item.
pub(super) fn decided(report: &DecideReport, lang: Lang) -> String {
    let counts = [
        ("decided", report.decided.len().to_string()),
        ("failed", report.failed.len().to_string()),
    ];
    let rows = if report.decided.is_empty() {
        String::new()
    } else {
        queue(&report.decided, lang)
    };
    parts([
        caption_with("decided_counted", &counts, lang),
        rows,
        problems("failed", &report.failed, lang),
    ])
}

fn row(row: &ReviewRow, lang: Lang) -> [String; 9] {
    let said = Said {
        month: row.month.as_ref(),
        reason: row.change_reason.as_ref(),
        from: row.from.as_ref(),
        to: row.to.as_ref(),
        wage: row.wage.as_ref(),
    };
    [
        row.receipt.clone(),
        row.received_at.clone(),
        row.unit.name.clone(),
        row.kind_text.clone(),
        name_of(row.person.as_ref()),
        said.in_short(),
        base(row),
        note(row, lang),
        row.id.clone(),
    ]
}

/// The base that follows, after the one before it (SIL-11).
fn base(row: &ReviewRow) -> String {
    match (&row.base_before, &row.base) {
        (Some(before), Some(base)) => format!("{before} → {base}"),
        (None, base) | (base, None) => or_none(base.as_ref()),
    }
}

fn note(row: &ReviewRow, lang: Lang) -> String {
    let marked = row.marked.then(|| caption("marked", lang));
    let queued = row.queued_decision.as_ref().map(|it| it.text.clone());
    let notes: Vec<String> = marked.into_iter().chain(queued).collect();
    notes.join(" ")
}
