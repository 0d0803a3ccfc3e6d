//! 养老花名册查询 (QRY-6), the head counts (WAGE-1) and 审核结果查询 (QRY-8).

use canbao_client::response::{
    CountedPerson, FeedView, PensionCountsView, PensionRosterRow, PensionRosterView, ResultRow,
    ResultsView,
};
use canbao_core::message::Lang;

use super::cells::name_of;
use super::layout::{
    Fields, NONE, amounts, caption, caption_with, or_none, parts, table, titled, words,
};
use super::money::insurance;
use super::problems::problems;

/// Both rosters in one table, and how old the feed is.
pub(super) fn roster(view: &PensionRosterView, lang: Lang) -> String {
    let columns = [
        words("name"),
        words("masked_id"),
        words("pension_number_of_person"),
        words("pension_person_state"),
        words("pension_registration_state"),
        words("pension_payment"),
        amounts("pension_base"),
        words("unemployment_number_of_person"),
        words("unemployment_payment"),
    ];
    let count = [("count", view.rows.len().to_string())];
    parts([
        table(lang, &columns, view.rows.iter().map(person)),
        caption_with("persons_counted", &count, lang),
        age(&view.feed, lang),
    ])
}

fn person(row: &PensionRosterRow) -> [String; 9] {
    let there = row.pension.as_ref();
    let ours = row.ours.as_ref();
    // Where pension insurance has nobody, or nothing is known of it, one word says which.
    let person_state = there.map_or(&row.known, |it| &it.person_state);
    [
        row.name.clone(),
        row.masked_id.clone(),
        or_none(there.map(|it| &it.personal_number)),
        person_state.text.clone(),
        or_none(there.map(|it| &it.registration_state.text)),
        or_none(there.map(|it| &it.payment.text)),
        or_none(there.and_then(|it| it.base.as_ref())),
        or_none(ours.map(|it| &it.personal_number)),
        or_none(ours.map(|it| &it.status.text)),
    ]
}

/// Both counts, the comparison, and who stands on one side alone.
pub(super) fn counts(view: &PensionCountsView, lang: Lang) -> String {
    let unknown = caption("counts_unknown", lang);
    let known = |it: Option<String>| it.unwrap_or_else(|| unknown.clone());
    let text = |it: &Option<String>| known(it.clone());
    let fields = Fields::new(lang)
        .with("pension_settlement", text(&view.pension_settlement))
        .with(
            "pension_persons",
            known(view.pension_persons.map(|it| it.to_string())),
        )
        .with("pension_total_base", text(&view.pension_total_base))
        .with("unemployment_settlement", text(&view.settlement))
        .with(
            "unemployment_persons",
            known(view.unemployment_persons.map(|it| it.to_string())),
        )
        .with(
            "wages_declared",
            known(view.wages_declared.map(|it| it.to_string())),
        )
        .with(
            "unemployment_total_base",
            text(&view.unemployment_total_base),
        )
        .with("compared", &view.agreement.text)
        .show();
    parts([
        fields,
        alone("only_pension", view.only_pension.as_deref(), lang),
        alone("only_unemployment", view.only_unemployment.as_deref(), lang),
        age(&view.feed, lang),
    ])
}

fn alone(code: &str, persons: Option<&[CountedPerson]>, lang: Lang) -> String {
    let persons = persons.unwrap_or_default();
    if persons.is_empty() {
        return String::new();
    }
    let columns = [words("name"), words("personal_number"), words("masked_id")];
    let rows = persons.iter().map(|it| {
        [
            it.name.clone(),
            it.personal_number.clone(),
            it.masked_id.clone(),
        ]
    });
    titled(code, lang, &table(lang, &columns, rows))
}

/// The two settlement periods, the items, and why assessments failed.
pub(super) fn results(view: &ResultsView, lang: Lang) -> String {
    let unknown = caption("counts_unknown", lang);
    let known = |it: &Option<String>| it.clone().unwrap_or_else(|| unknown.clone());
    let periods = Fields::new(lang)
        .with("pension_settlement", known(&view.pension_settlement))
        .with(
            "unemployment_settlement",
            known(&view.unemployment_settlement),
        )
        .show();
    let columns = [
        words("settlement"),
        words("insurance"),
        words("result_item"),
        words("person"),
        words("result"),
        words("reason"),
        words("at"),
        words("linked_flag"),
        words("linked_operation"),
    ];
    let failed = view.rows.iter().filter(|it| !it.problems.is_empty());
    let failed = failed.map(|it| {
        let title = format!("{} {}", it.settlement, insurance(it.insurance, lang));
        format!("{title}\n{}", problems("problems", &it.problems, lang))
    });
    let shown = table(lang, &columns, view.rows.iter().map(|it| item(it, lang)));
    let blocks = [periods, shown].into_iter().chain(failed);
    parts(blocks.chain([age(&view.feed, lang)]))
}

fn item(row: &ResultRow, lang: Lang) -> [String; 9] {
    let linked = row.linked.as_ref();
    let flag = linked.map(|it| match &it.reason {
        Some(reason) => format!("{} ({reason})", it.flag.text),
        None => it.flag.text.clone(),
    });
    let person = row.person.as_ref();
    [
        row.settlement.clone(),
        insurance(row.insurance, lang),
        row.item.text.clone(),
        person.map_or_else(|| NONE.to_owned(), |it| name_of(Some(it))),
        row.result.text.clone(),
        or_none(row.reason.as_ref()),
        or_none(row.at.as_ref()),
        or_none(flag.as_ref()),
        or_none(linked.and_then(|it| it.operation.as_ref())),
    ]
}

/// How old the feed is: nobody shall take it for today's.
fn age(feed: &FeedView, lang: Lang) -> String {
    let (Some(at), Some(seconds)) = (&feed.as_of, feed.age_seconds) else {
        return caption("pension_feed_unknown", lang);
    };
    let args = [
        ("at", at.clone()),
        ("days", (seconds / 86_400).to_string()),
        ("hours", (seconds / 3600 % 24).to_string()),
    ];
    let age = caption_with("pension_feed_age", &args, lang);
    match &feed.unknown {
        Some(why) => format!("{age}\n{}", why.text),
        None => age,
    }
}
