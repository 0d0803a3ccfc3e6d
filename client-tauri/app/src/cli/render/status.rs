//! Where everything stands, an enrolment, an exchange.

use canbao_client::response::{
    Enrolled, OperatorView, QuarantineRow, Rekeyed, StatusView, SyncReport,
};
use canbao_core::message::Lang;

use super::layout::{Fields, NONE, caption, caption_with, parts, table, titled, words};
use super::problems::{problems, warnings};
use super::proofs::head;

/// An operator was enrolled.
pub(super) fn enrolled(enrolled: &Enrolled, lang: Lang) -> String {
    let fields = Fields::new(lang)
        .with("operator", &enrolled.operator.name)
        .with("role", role(&enrolled.operator, lang))
        .with("operator_id", &enrolled.operator.id)
        .with("expires_at", &enrolled.operator.expires_at)
        .with("lock", lock(&enrolled.operator, lang))
        .with("device", &enrolled.device)
        .with("server", &enrolled.server)
        .show();
    parts([caption("enrolled", lang), fields])
}

/// Keys were replaced: whose.
pub(super) fn rekeyed(rekeyed: &Rekeyed, lang: Lang) -> String {
    let rows = rekeyed
        .operators
        .iter()
        .map(|it| [it.name.clone(), role(it, lang), it.expires_at.clone()]);
    let columns = [words("operator"), words("role"), words("expires_at")];
    parts([caption("rekeyed", lang), table(lang, &columns, rows)])
}

/// How the keys of operators are kept now.
pub(super) fn locks(operators: &[OperatorView], lang: Lang) -> String {
    let rows = operators
        .iter()
        .map(|it| [it.name.clone(), role(it, lang), lock(it, lang)]);
    let columns = [words("operator"), words("role"), words("lock")];
    table(lang, &columns, rows)
}

/// Where everything stands: device, units, contact, what waits, what to mind.
pub(super) fn status(view: &StatusView, lang: Lang) -> String {
    parts([
        standing(view, lang),
        people(view, lang),
        agencies(view, lang),
        held(view, lang),
        warnings(&view.warnings, lang),
    ])
}

/// What an exchange brought.
pub(super) fn synced(report: &SyncReport, lang: Lang) -> String {
    let mut fields = Fields::new(lang)
        .with("entries_received", report.entries)
        .with("items_sent", report.sent)
        .with("queued", report.queued)
        .counted("held_at_centre", report.held)
        .with("proven", report.proven);
    if let Some(checkpoint) = &report.checkpoint {
        fields = head(fields, checkpoint);
    }
    parts([
        fields.show(),
        units_left(report, lang),
        problems("refused", &report.refused, lang),
    ])
}

fn units_left(report: &SyncReport, lang: Lang) -> String {
    if report.left.is_empty() {
        return String::new();
    }
    let names = report.left.iter();
    let lines: Vec<String> = names
        .map(|it| format!("{} {}", it.unemployment_number, it.name))
        .collect();
    titled("units_left", lang, &lines.join("\n"))
}

/// 隔离: refused changes.
pub(super) fn quarantine(rows: &[QuarantineRow], lang: Lang) -> String {
    let columns = [
        words("made_at"),
        words("volume"),
        words("action"),
        words("declaration"),
        words("state"),
        words("why"),
        words("what_to_do"),
    ];
    let rows = rows.iter().map(|it| {
        [
            it.made_at.clone(),
            it.volume.clone().unwrap_or_else(|| NONE.to_owned()),
            it.action.text.clone(),
            it.declaration.clone().unwrap_or_else(|| NONE.to_owned()),
            it.state.text.clone(),
            it.reason.message.clone(),
            it.reason.hint.clone(),
        ]
    });
    table(lang, &columns, rows)
}

fn standing(view: &StatusView, lang: Lang) -> String {
    let mut fields = Fields::new(lang)
        .with("device", view.device.as_deref().unwrap_or(NONE))
        .with("server", view.server.as_deref().unwrap_or(NONE))
        .with("last_contact", last_contact(view, lang))
        .with(
            "transport",
            view.transport
                .clone()
                .unwrap_or_else(|| caption("offline", lang)),
        )
        .with(
            "settlement_now",
            view.settlement
                .clone()
                .unwrap_or_else(|| caption("unknown", lang)),
        )
        .with("device_date", &view.device_date)
        .with("drafts", view.drafts)
        .counted("conflicts", view.conflicts)
        .with("queued", view.queued)
        .maybe("oldest_queued", view.oldest_queued.as_ref())
        .with("received", view.received)
        .counted("to_review", view.to_review)
        .with("records", view.records)
        .counted("unproven_records", view.unproven_records)
        .counted("refused", view.refused)
        .counted("needs_update", view.needs_update)
        .with("feed_entries", view.feed_entries);
    if let Some(checkpoint) = &view.checkpoint {
        fields = head(fields, checkpoint);
    }
    fields.show()
}

fn people(view: &StatusView, lang: Lang) -> String {
    let operators = view.operators.iter().map(|it| {
        [
            it.name.clone(),
            role(it, lang),
            it.ended
                .as_ref()
                .map_or_else(|| it.expires_at.clone(), |ended| ended.text.clone()),
            lock(it, lang),
            it.id.clone(),
        ]
    });
    let units = view.units.iter().map(|it| {
        [
            it.name.clone(),
            it.credit_code.clone(),
            it.unemployment_number.clone(),
            it.pension_number.clone(),
        ]
    });
    let operator_columns = [
        words("operator"),
        words("role"),
        words("expires_at"),
        words("lock"),
        words("operator_id"),
    ];
    let unit_columns = [
        words("unit"),
        words("credit_code"),
        words("unemployment_number"),
        words("pension_number"),
    ];
    parts([
        titled(
            "operators",
            lang,
            &table(lang, &operator_columns, operators),
        ),
        titled("units", lang, &table(lang, &unit_columns, units)),
    ])
}

fn agencies(view: &StatusView, lang: Lang) -> String {
    if view.agencies.is_empty() {
        return String::new();
    }
    let rows = view.agencies.iter().map(|it| {
        [
            it.district_name.clone(),
            it.name.clone(),
            it.address.clone(),
            it.phone.clone(),
        ]
    });
    let columns = [
        words("district"),
        words("agency"),
        words("address"),
        words("phone"),
    ];
    titled("agencies", lang, &table(lang, &columns, rows))
}

/// What waits for an update, and since when.
fn held(view: &StatusView, lang: Lang) -> String {
    if view.held.is_empty() {
        return String::new();
    }
    let rows = view
        .held
        .iter()
        .map(|it| [it.what.text.clone(), it.count.to_string(), it.since.clone()]);
    let columns = [words("held_what"), words("held_count"), words("held_since")];
    titled("held", lang, &table(lang, &columns, rows))
}

fn role(operator: &OperatorView, lang: Lang) -> String {
    caption(&format!("role_{}", operator.role), lang)
}

fn lock(operator: &OperatorView, lang: Lang) -> String {
    caption(&format!("lock_{}", operator.lock), lang)
}

/// When the centre was heard and how long ago that is: hours and minutes suffice.
fn last_contact(view: &StatusView, lang: Lang) -> String {
    let Some(at) = &view.last_contact else {
        return caption("never", lang);
    };
    let seconds = view.last_contact_age_seconds.unwrap_or(0).max(0);
    let args = [
        ("at", at.clone()),
        ("hours", (seconds / 3600).to_string()),
        ("minutes", (seconds / 60 % 60).to_string()),
    ];
    caption_with("heard", &args, lang)
}
