//! Fields that say several things at once, and what was chosen.

use canbao_client::response::{ConflictRow, Resolved, StandingView};
use canbao_core::message::Lang;

use super::cells::name_of;
use super::layout::{Fields, NONE, amounts, caption, caption_with, or_none, parts, table, words};

/// Every conflict, a line for each of its values.
pub(super) fn list(rows: &[ConflictRow], lang: Lang) -> String {
    let columns = [
        words("conflict_record"),
        words("conflict_kind"),
        words("person"),
        words("conflict_field"),
        amounts("conflict_number"),
        words("content"),
        words("operator"),
        words("at"),
        words("device"),
    ];
    let lines = rows.iter().flat_map(|row| {
        let mut values = row.values.iter();
        let first = values.next().map(|it| line(Some(row), it, lang));
        first
            .into_iter()
            .chain(values.map(move |it| line(None, it, lang)))
    });
    let shown = table(lang, &columns, lines);
    let how = rows.first().map(|row| how_to_choose(row, lang));
    parts([shown, how.unwrap_or_default()])
}

/// What was chosen, and what is still to be.
pub(super) fn resolved(view: &Resolved, lang: Lang) -> String {
    let fields = Fields::new(lang)
        .with("conflict_record", &view.record)
        .with("conflict_kind", &view.kind_text)
        .with("person", name_of(view.person.as_ref()))
        .with("conflict_field", &view.field.text)
        .with("conflict_chosen", or_empty(&view.text))
        .show();
    let count = [("count", view.left.len().to_string())];
    let left = if view.left.is_empty() {
        caption("conflicts_none_left", lang)
    } else {
        parts([
            caption_with("conflicts_left", &count, lang),
            list(&view.left, lang),
        ])
    };
    parts([fields, left])
}

/// The record stands before its first value alone.
fn line(row: Option<&ConflictRow>, value: &StandingView, lang: Lang) -> [String; 9] {
    let said = |text: fn(&ConflictRow) -> String| row.map(text).unwrap_or_default();
    let device = match value.here {
        true => caption("conflict_here", lang),
        false => or_none(value.device.as_ref()),
    };
    [
        said(|it| it.record.clone()),
        said(|it| it.kind_text.clone()),
        said(|it| name_of(it.person.as_ref())),
        said(|it| it.field.text.clone()),
        value.number.to_string(),
        or_empty(&value.text).to_owned(),
        match &value.operator {
            Some(name) => name.clone(),
            None => caption("unknown", lang),
        },
        value.at.clone(),
        device,
    ]
}

fn how_to_choose(row: &ConflictRow, lang: Lang) -> String {
    let args = [
        ("record", row.record.clone()),
        ("field", row.field.code.clone()),
    ];
    caption_with("conflicts_how", &args, lang)
}

/// A field that was cleared holds nothing.
fn or_empty(text: &str) -> &str {
    if text.is_empty() { NONE } else { text }
}
