//! What is refused by name, whole, and leaves the feed that is held as it is.

use canbao_tests::harness::LARGE;
use serde_json::json;

use super::feeds::{ago, feed, number, stranger, whole};
use super::*;

#[test]
fn a_file_is_taken_once_and_an_older_or_contradicting_one_is_refused() {
    let place = Place::new();
    let mut line = place.line();
    let first = whole("1", &line.insured);
    let taken = line.take(&first.to_string()).result();
    assert_eq!(
        (&taken["changes"], &taken["known"]),
        (&json!(12), &json!(false))
    );
    let again = line.take(&first.to_string()).result();
    assert_eq!(
        (&again["changes"], &again["known"]),
        (&json!(0), &json!(true))
    );
    let refused = |line: &Line<'_>, feed: &Value| -> String {
        let error = line.take(&feed.to_string()).error(1);
        assert!(!text(&error["hint"]).is_empty(), "{error}");
        text(&error["code"]).to_owned()
    };
    let mut older = first.clone();
    older["as_of"] = ago(7200);
    assert_eq!(refused(&line, &older), "pension.older_feed");
    let mut other = first.clone();
    other["persons"][0]["name"] = json!("错名");
    assert_eq!(refused(&line, &other), "pension.other_content");
    let mut future = first.clone();
    future["as_of"] = ago(-2 * 24 * 60 * 60);
    assert_eq!(refused(&line, &future), "pension.from_the_future");
    let mut unknown = first.clone();
    unknown["pension_unit_number"] = json!(LARGE.pension_number);
    assert_eq!(refused(&line, &unknown), "pension.unknown_unit");
    // Without a server the command opens the store itself.
    line.centre.stop();
    assert_eq!(refused(&line, &older), "pension.older_feed");
    let mut newer = first.clone();
    newer["as_of"] = ago(60);
    newer["persons"][0]["payment"] = json!("suspended");
    newer["head_count"] = json!(11);
    newer["total_base"] = json!("55000.00");
    assert_eq!(line.take(&newer.to_string()).result()["changes"], 1);
    let no_line = line.fetch().error(1);
    assert_eq!(no_line["code"], "pension.no_line");
}

#[test]
fn a_feed_that_contradicts_the_interface_or_itself_is_refused_whole() {
    let place = Place::new();
    let line = place.line();
    let check = |spoil: &dyn Fn(&mut Value), code: &str| {
        let mut feed = whole("1", &line.insured);
        spoil(&mut feed);
        let error = line.take(&feed.to_string()).error(1);
        assert_eq!(error["code"], code, "{error}");
        let told = error.to_string();
        let shown = line.insured.iter().find(|it| told.contains(&it.id_number));
        assert!(shown.is_none(), "an ID number is repeated: {told}");
    };
    check(&|it| it["head_count"] = json!(11), "pension.head_count");
    check(
        &|it| it["total_base"] = json!("60000.01"),
        "pension.total_base",
    );
    check(
        &|it| it["persons"][1]["id_number"] = it["persons"][0]["id_number"].clone(),
        "pension.twice",
    );
    check(
        &|it| it["persons"][0]["person_state"] = json!("?"),
        "pension.malformed_feed",
    );
    check(&|it| it["fee"] = json!(1), "pension.malformed_feed");
    check(
        &|it| it["next"] = json!(number(12)),
        "pension.malformed_feed",
    );
    check(
        &|it| {
            it["operations"] = json!([{
                "operation": "YL1", "person_number": number(77), "kind": "INT",
                "month": "2022-01", "carried_over": { "state": "succeeded" },
            }]);
        },
        "pension.nobody_there",
    );
    for text in ["", "[]", "{\"persons\":", "养老"] {
        assert_eq!(line.take(text).error(1)["code"], "pension.malformed_feed");
    }
    let many = "1".repeat((24 << 20) + 1);
    assert_eq!(line.take(&many).error(1)["code"], "pension.file_too_large");
    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(counts["pension_persons"], Value::Null);
}

#[test]
fn a_hostile_answer_is_refused_by_name_and_the_feed_held_stays() {
    let place = Place::new();
    let line = place.line();
    let no_unit = line.fetch().error(1);
    assert_eq!(no_unit["code"], "pension.no_such_unit");
    line.tell(&whole("1", &line.insured));
    let _ = line.fetch().result();
    let check = |status: &str, body: &str, code: &str| {
        line.spoil(status, body);
        assert_eq!(line.fetch().error(1)["code"], code, "{status} {body:.80}");
    };
    check("500", "{}", "pension.unavailable");
    check("302", "", "pension.unavailable");
    check("200", "", "pension.malformed_answer");
    check("200", "{\"a\":1}", "pension.malformed_answer");
    check("200", &"[".repeat(1 << 20), "pension.malformed_answer");
    let mut other = whole("2", &line.insured);
    other["pension_unit_number"] = json!(LARGE.pension_number);
    check("200", &other.to_string(), "pension.other_unit");
    let many = feed("2", (1..=1001).map(stranger).collect());
    check("200", &many.to_string(), "pension.too_many");
    let mut endless = whole("2", &line.insured);
    endless["next"] = json!(number(12));
    check("200", &endless.to_string(), "pension.malformed_feed");
    let mut short = whole("2", &line.insured);
    short["head_count"] = json!(13);
    check("200", &short.to_string(), "pension.head_count");
    let large = format!("\"{}\"", "x".repeat(7 << 20));
    check("200", &large, "pension.malformed_answer");
    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(counts["pension_persons"], 12);
    let _ = line.pension.tell("heal", &["--unit", SMALL.pension_number]);
    assert_eq!(line.fetch().result()["known"], true);
}

#[test]
fn a_feed_of_many_pages_is_read_whole_and_the_same_again_costs_one_page() {
    let place = Place::new();
    let line = place.line();
    line.tell(&feed("1", (1..=2_100).map(stranger).collect()));
    let before = line.asked();
    let fetched = line.fetch().result();
    let asked = line.asked() - before;
    assert_eq!((&fetched["persons"], asked), (&json!(2_100), 3));
    let again = line.fetch().result();
    let asked = line.asked() - before;
    assert_eq!((&again["known"], asked), (&json!(true), 4));
    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(items(&counts["only_pension"]).len(), 2_100);
    assert_eq!(items(&counts["only_unemployment"]).len(), 12);
    assert_eq!(line.proxy.violations(), [""; 0]);
}
