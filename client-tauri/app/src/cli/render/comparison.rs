//! 税务数据对比查询 (QRY-3).

use canbao_client::response::{ComparedRow, ComparisonView, RepairedView, SideView};
use canbao_core::message::Lang;

use super::declarations;
use super::layout::{
    NONE, amounts, caption, caption_with, harmless, or_none, parts, table, titled, words,
};
use super::problems::problems;

/// Both rosters in one table, how old tax's is, and what mends each difference.
pub(super) fn comparison(view: &ComparisonView, lang: Lang) -> String {
    let columns = [
        words("personal_number"),
        words("name"),
        words("class"),
        words("ours_interval"),
        words("tax_interval"),
        amounts("ours_base"),
        amounts("tax_base"),
    ];
    let shown = table(lang, &columns, view.rows.iter().map(row));
    let counts = view.counts.iter().map(|it| (&it.class.text, it.persons));
    let counts: Vec<String> = counts.map(|(class, n)| format!("{class} {n}")).collect();
    parts([
        shown,
        repairs(view, lang),
        counts.join("  "),
        age(view, lang),
    ])
}

/// The draft that a repair made, that it waits to be submitted, and what it still lacks.
pub(super) fn repaired(view: &RepairedView, lang: Lang) -> String {
    let (repair, declaration) = (&view.repair, &view.declaration);
    let waits = if view.missing.is_empty() {
        "repair_waits"
    } else {
        "repair_lacks"
    };
    let args = [("id", declaration.id.clone())];
    parts([
        harmless(&repair.message),
        declarations::one(declaration, lang),
        problems("missing", &view.missing, lang),
        caption_with(waits, &args, lang),
    ])
}

fn row(row: &ComparedRow) -> [String; 7] {
    let side = row.ours.as_ref().or(row.tax.as_ref());
    let classes = [&row.class].into_iter().chain(&row.also);
    let classes: Vec<&str> = classes.map(|it| it.text.as_str()).collect();
    [
        side.map_or_else(String::new, |it| it.personal_number.clone()),
        side.map_or_else(String::new, |it| it.name.clone()),
        classes.join("、"),
        interval(row.ours.as_ref()),
        interval(row.tax.as_ref()),
        or_none(row.ours.as_ref().and_then(|it| it.base.as_ref())),
        or_none(row.tax.as_ref().and_then(|it| it.base.as_ref())),
    ]
}

fn interval(side: Option<&SideView>) -> String {
    let Some(side) = side else {
        return NONE.to_owned();
    };
    let first = side.first_month.as_deref().unwrap_or_default();
    let stop = side.stop_month.as_deref().unwrap_or_default();
    format!("{} {first}..{stop}", side.status.text)
}

/// What mends each difference, under the person it is about.
fn repairs(view: &ComparisonView, lang: Lang) -> String {
    let mut lines = Vec::new();
    for row in &view.rows {
        let side = row.ours.as_ref().or(row.tax.as_ref());
        let name = side.map_or("", |it| it.name.as_str());
        for finding in &row.findings {
            let Some(repair) = &finding.repair else {
                continue;
            };
            let place = caption_with("place", &[("place", harmless(name))], lang);
            let (class, message) = (&finding.class.text, harmless(&repair.message));
            lines.push(format!("  - {place} {class}: {message}"));
            lines.push(format!("      {}", harmless(&repair.hint)));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    titled("repairs", lang, &lines.join("\n"))
}

/// How old tax's roster is: nobody shall take it for today's.
fn age(view: &ComparisonView, lang: Lang) -> String {
    let (Some(at), Some(seconds)) = (&view.as_of, view.age_seconds) else {
        return caption("tax_roster_unknown", lang);
    };
    let args = [
        ("at", at.clone()),
        ("hours", (seconds / 3600).to_string()),
        ("minutes", (seconds / 60 % 60).to_string()),
    ];
    let known = view.unit_known != Some(false);
    let code = if known {
        "tax_roster_age"
    } else {
        "tax_unit_unknown"
    };
    caption_with(code, &args, lang)
}
