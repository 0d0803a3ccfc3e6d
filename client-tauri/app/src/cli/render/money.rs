//! What is due, what went to tax, what was paid.

use canbao_client::response::{AssessmentRow, RecordsView, TransactionRow};
use canbao_core::message::Lang;

use super::cells::name_of;
use super::layout::{
    Column, Fields, NONE, amounts, caption, caption_with, or_none, parts, table, titled, words,
};
use super::problems::problems;

/// 核定申请 and its result.
pub(super) fn assessment(row: &AssessmentRow, lang: Lang) -> String {
    let fields = Fields::new(lang)
        .with("settlement", &row.settlement)
        .with("insurance", insurance(row.insurance, lang))
        .with("assessment_status", &row.status.text)
        .maybe("attempt", row.attempt)
        .maybe("persons", row.persons)
        .maybe("late_lines", row.late_lines.filter(|it| *it > 0))
        .maybe(
            "refunded",
            row.late_lines
                .filter(|it| *it > 0)
                .and(row.refunded.as_ref()),
        )
        .maybe("base_sum", row.base.as_ref())
        .maybe("unit_amount", row.unit_amount.as_ref())
        .maybe("personal_amount", row.personal_amount.as_ref())
        .maybe("total", row.total.as_ref())
        .maybe("total_rule", row.total_rule.as_ref())
        .maybe("at", row.at.as_ref())
        .maybe("told_at", row.told_at.as_ref())
        .show();
    parts([fields, problems("problems", &row.problems, lang)])
}

/// Every assessment, with the problems of those that failed below.
pub(super) fn assessments(rows: &[AssessmentRow], lang: Lang) -> String {
    let columns = [
        words("settlement"),
        words("insurance"),
        words("assessment_status"),
        amounts("attempt"),
        amounts("persons"),
        amounts("late_lines"),
        amounts("base_sum"),
        amounts("unit_amount"),
        amounts("personal_amount"),
        amounts("total"),
        amounts("refunded"),
    ];
    let shown = rows.iter().map(|it| {
        [
            it.settlement.clone(),
            insurance(it.insurance, lang),
            it.status.text.clone(),
            counted(it.attempt),
            counted(it.persons),
            counted(it.late_lines),
            or_none(it.base.as_ref()),
            or_none(it.unit_amount.as_ref()),
            or_none(it.personal_amount.as_ref()),
            or_none(it.total.as_ref()),
            or_none(it.refunded.as_ref()),
        ]
    });
    let failed = rows.iter().filter(|it| !it.problems.is_empty()).map(|it| {
        let attempt = it.attempt.map(|n| format!(" ({n})")).unwrap_or_default();
        let insurance = insurance(it.insurance, lang);
        let title = format!("{} {insurance}{attempt}", it.settlement);
        format!("{title}\n{}", problems("problems", &it.problems, lang))
    });
    let told = rows.iter().find_map(|it| it.told_at.as_ref());
    let told = told.map(|at| Fields::new(lang).with("told_at", at).show());
    let shown = [table(lang, &columns, shown)].into_iter();
    parts(shown.chain(failed).chain(told))
}

/// One sending, with what became of the wish to send it again.
pub(super) fn transaction(row: &TransactionRow, lang: Lang) -> String {
    let fields = Fields::new(lang)
        .with("transaction", &row.id)
        .with("transaction_kind", &row.kind.text)
        .with("month", &row.month)
        .maybe("person", row.person.as_ref().map(|it| name_of(Some(it))))
        .with("sendings", row.attempt)
        .with("step", &row.step.text)
        .with("changed_at", &row.changed_at)
        .maybe("reason", row.reason.as_ref())
        .maybe("resend", row.resend.as_ref().map(|it| &it.text))
        .maybe("sent_again_as", row.sent_again_as.as_ref())
        .show();
    parts([fields, problems("problems", &row.problems, lang)])
}

/// 税务发送交易查询 (QRY-1) with its two states apart (STA-2), and 税务进度查询 (QRY-9); those that
/// a person has to look at again below.
pub(super) fn transactions(rows: &[TransactionRow], lang: Lang) -> String {
    let columns = [
        words("transaction"),
        words("transaction_kind"),
        words("month"),
        words("person"),
        amounts("total"),
        words("sending"),
        words("receiving"),
        words("step"),
        words("changed_at"),
        words("reason"),
    ];
    let shown = rows.iter().map(|it| {
        [
            it.id.clone(),
            it.kind.text.clone(),
            it.month.clone(),
            name_of(it.person.as_ref()),
            or_none(it.total.as_ref()),
            it.sending.text.clone(),
            it.receiving.text.clone(),
            it.step.text.clone(),
            it.changed_at.clone(),
            or_none(it.reason.as_ref()),
        ]
    });
    let asked = rows.iter().filter(|it| {
        let settled = it.sent_again_as.is_some();
        !settled && (it.may_be_sent_again || it.resend.is_some() || !it.problems.is_empty())
    });
    let asked = asked.map(|it| {
        let resend = it.resend.as_ref();
        let said = resend.map_or_else(|| caption("may_be_sent_again", lang), |it| it.text.clone());
        let problems = problems("problems", &it.problems, lang);
        parts([format!("{}  {said}", it.id), problems])
    });
    parts([table(lang, &columns, shown)].into_iter().chain(asked))
}

/// 单位缴费信息查询 and 职工缴费信息查询 (QRY-4, QRY-5).
pub(super) fn records(view: &RecordsView, lang: Lang) -> String {
    const COLUMNS: [Column; 11] = [
        words("record"),
        words("person"),
        words("insurance"),
        words("payment_kind"),
        words("settlement"),
        words("period"),
        amounts("base"),
        amounts("unit_amount"),
        amounts("personal_amount"),
        words("posted_on"),
        words("record_state"),
    ];
    let rows = view.records.iter().map(|it| {
        [
            it.id.clone(),
            name_of(Some(&it.person)),
            it.insurance_text.clone(),
            it.payment_kind_text.clone(),
            it.settlement.clone(),
            it.period.clone(),
            it.base.clone(),
            it.unit_amount.clone(),
            it.personal_amount.clone(),
            it.posted_on.clone(),
            match &it.reverses {
                Some(reversed) => {
                    let args = [("record", reversed.clone())];
                    format!(
                        "{} {}",
                        it.state.text,
                        caption_with("reverses", &args, lang)
                    )
                }
                None => it.state.text.clone(),
            },
        ]
    });
    let sums = Fields::new(lang)
        .with("unit_amount", &view.unit_amount)
        .with("personal_amount", &view.personal_amount)
        .with("total", &view.total)
        .show();
    parts([table(lang, &COLUMNS, rows), titled("sums", lang, &sums)])
}

/// The word for an insurance's code; a code without a word is shown as it is.
pub(super) fn insurance(code: u16, lang: Lang) -> String {
    match code {
        110 | 210 => caption(&format!("insurance_{code}"), lang),
        _ => code.to_string(),
    }
}

fn counted(count: Option<u32>) -> String {
    count.map_or_else(|| NONE.to_owned(), |it| it.to_string())
}
