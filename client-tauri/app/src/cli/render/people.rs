//! Persons: the roster and one person's months.

use canbao_client::response::{
    AgencyRow, InsuredView, MonthView, PersonDetail, PersonRow, RevealedView,
};
use canbao_core::message::Lang;

use super::cells::mark;
use super::declarations;
use super::layout::{Fields, amounts, caption, caption_with, or_none, parts, table, titled, words};

/// 单位人员参保状态查询 (QRY-2).
pub(super) fn roster(rows: &[PersonRow], lang: Lang) -> String {
    let columns = [
        words("name"),
        words("personal_number"),
        words("masked_id"),
        words("payment_status"),
        words("paying_since"),
        words("last_paid_month"),
        amounts("wage"),
        words("field_department"),
        words("field_phone"),
        words("note"),
    ];
    let shown = table(lang, &columns, rows.iter().map(|it| row(it, lang)));
    let count = caption_with(
        "persons_counted",
        &[("count", rows.len().to_string())],
        lang,
    );
    parts([shown, count])
}

/// Where a person is insured (REG-1).
pub(super) fn insured(view: &InsuredView, lang: Lang) -> String {
    let source = if view.asked { "by_centre" } else { "by_device" };
    Fields::new(lang)
        .with("insured", &view.insured.text)
        .with("source", caption(source, lang))
        .show()
}

/// 区县经办机构 (DIST-1).
pub(super) fn agencies(rows: &[AgencyRow], lang: Lang) -> String {
    let columns = [
        words("district"),
        words("agency"),
        words("address"),
        words("phone"),
        words("note"),
    ];
    let own = |it: &AgencyRow| it.own.then(|| caption("own_agency", lang));
    let shown = rows.iter().map(|it| {
        [
            it.district_name.clone(),
            it.name.clone(),
            it.address.clone(),
            it.phone.clone(),
            own(it).unwrap_or_default(),
        ]
    });
    table(lang, &columns, shown)
}

/// A document number in full.
pub(super) fn revealed(view: &RevealedView, lang: Lang) -> String {
    let fields = Fields::new(lang)
        .with("name", &view.person.name)
        .with("personal_number", &view.person.personal_number)
        .with("document_kind", &view.document_kind)
        .with("document_number", &view.document_number)
        .show();
    parts([fields, caption("revealed", lang)])
}

/// 人员参保信息查询 (QRY-7).
pub(super) fn person(detail: &PersonDetail, lang: Lang) -> String {
    let row = &detail.row;
    let head = Fields::new(lang)
        .with("name", &row.person.name)
        .with("personal_number", &row.person.personal_number)
        .with("document_kind", &detail.document_kind)
        .with("masked_id", &row.person.masked_id)
        .with("person_id", &row.person.id)
        .with("payment_status", &row.status.text)
        .maybe("last_paid_month", row.last_paid_month.as_ref())
        .maybe("wage", row.wage.as_ref())
        .maybe("field_department", row.department.as_ref())
        .maybe("field_phone", row.phone.as_ref())
        .maybe("conflicts", mark(&row.conflicts, lang))
        .show();
    let intervals = detail
        .intervals
        .iter()
        .map(|it| [it.from.clone(), or_none(it.to.as_ref())]);
    let wages = detail.wages.iter().map(|it| {
        let source = caption(&format!("wage_{}", it.source), lang);
        [it.from.clone(), it.to.clone(), it.wage.clone(), source]
    });
    let intervals = table(
        lang,
        &[words("interval_from"), words("interval_to")],
        intervals,
    );
    let notes = detail
        .notes
        .iter()
        .map(|it| [it.text.clone(), it.id.clone()]);
    let notes = table(lang, &[words("note"), words("note_id")], notes);
    let wage_columns = [words("from"), words("to"), amounts("wage"), words("source")];
    parts([
        head,
        titled("intervals", lang, &intervals),
        titled("wages", lang, &table(lang, &wage_columns, wages)),
        titled("months", lang, &months(&detail.months, lang)),
        titled("notes", lang, &notes),
        titled(
            "declarations",
            lang,
            &declarations::list(&detail.declarations, lang),
        ),
    ])
}

fn months(months: &[MonthView], lang: Lang) -> String {
    let columns = [
        words("period"),
        words("payable"),
        words("settlement"),
        amounts("base"),
        amounts("unit_amount"),
        amounts("personal_amount"),
        words("stage"),
    ];
    let rows = months.iter().map(|it| {
        [
            it.month.clone(),
            caption(if it.payable { "yes" } else { "no" }, lang),
            or_none(it.settlement.as_ref()),
            or_none(it.base.as_ref()),
            or_none(it.unit_amount.as_ref()),
            or_none(it.personal_amount.as_ref()),
            or_none(it.stage.as_ref().map(|it| &it.text)),
        ]
    });
    table(lang, &columns, rows)
}

fn row(row: &PersonRow, lang: Lang) -> [String; 10] {
    [
        row.person.name.clone(),
        row.person.personal_number.clone(),
        row.person.masked_id.clone(),
        row.status.text.clone(),
        or_none(row.paying_since.as_ref()),
        or_none(row.last_paid_month.as_ref()),
        or_none(row.wage.as_ref()),
        or_none(row.department.as_ref()),
        or_none(row.phone.as_ref()),
        mark(&row.conflicts, lang).unwrap_or_default(),
    ]
}
