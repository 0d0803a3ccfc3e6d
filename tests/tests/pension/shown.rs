//! What a device shows of the feed: roster, counts, results, the flag of linked business.

use canbao_tests::harness::{count, items, until};
use serde_json::{Value, json};

use super::feeds::{ago, number, stranger, whole};
use super::*;

/// The item of a kind in a list of results.
fn result<'a>(rows: &'a Value, item: &str, insurance: u16) -> &'a Value {
    items(rows)
        .iter()
        .find(|it| it["item"]["code"] == item && it["insurance"] == insurance)
        .unwrap_or_else(|| panic!("{item} of {insurance} is not in {rows}"))
}

#[test]
fn what_is_missing_is_unknown_and_what_the_feed_says_is_shown_with_its_age() {
    let place = Place::new();
    let line = place.line();
    line.stop_first();
    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(counts["pension_persons"], Value::Null);
    assert_eq!(counts["agreement"]["code"], "unknown");
    assert_eq!(counts["unemployment_persons"], 11);
    assert_eq!(counts["feed"]["unknown"]["code"], "pension.no_feed");
    let roster = line.shown(&["pension", "roster"]);
    assert_eq!(count(&roster["rows"], "/known/code", "unknown"), 12);
    let before = line.shown(&["results"]);
    let stop = result(&before["rows"], "INT", 210);
    assert_eq!(stop["linked"]["flag"]["code"], "unknown");
    assert_eq!(before["pension_settlement"], Value::Null);

    let mut feed = whole("1", &line.insured);
    feed["persons"][0]["payment"] = json!("suspended");
    feed["persons"][1]["person_state"] = json!("retired");
    feed["head_count"] = json!(11);
    feed["total_base"] = json!("55000.00");
    feed["results"] = json!([
        { "month": "2022-02", "what": "assessment", "result": "failed", "reason": "基数未申报" },
    ]);
    feed["operations"] = json!([{
        "operation": "YL1", "person_number": number(1), "kind": "INT", "month": "2022-01",
        "carried_over": { "state": "failed", "reason": "无对应人员" },
    }]);
    line.tell(&feed);
    let fetched = line.fetch().result();
    assert_eq!(
        (&fetched["persons"], &fetched["known"]),
        (&json!(12), &json!(false))
    );

    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(counts["pension_persons"], 11);
    assert_eq!(counts["pension_total_base"], "55000.00");
    assert_eq!(counts["agreement"]["code"], "agree");
    assert_eq!(items(&counts["only_pension"]).len(), 0);
    let age = counts["feed"]["age_seconds"].as_i64().unwrap();
    assert!((3600..3900).contains(&age), "{age}");
    assert_eq!(counts["feed"]["unknown"], Value::Null);

    let found = line.shown(&["results"]);
    assert_eq!(found["pension_settlement"], "2022-02");
    let linked = &result(&found["rows"], "INT", 210)["linked"];
    assert_eq!(linked["flag"]["code"], "failed");
    assert_eq!(
        (&linked["operation"], &linked["reason"]),
        (&json!("YL1"), &json!("无对应人员"))
    );
    let assessment = result(&found["rows"], "assessment", 110);
    assert_eq!(assessment["result"]["code"], "failed");
    let pension_only = line.shown(&["results", "--insurance", "110", "--settlement", "2022-02"]);
    assert_eq!(items(&pension_only["rows"]).len(), 1);
    let assessed = line.shown(&["assess", "list"]);
    assert_eq!(assessed[0]["insurance"], 110);
    assert_eq!(
        assessed[0]["problems"][0]["code"],
        "pension.assessment_failed"
    );

    let first = &line.insured[0];
    let roster = line.shown(&["pension", "roster"]);
    let row = row_of(&roster["rows"], &first.personal_number);
    assert_eq!(row["pension"]["payment"]["code"], "suspended");
    assert_eq!(row["pension"]["personal_number"], number(1));
    let retired = line.shown(&["pension", "roster", "--person-status", "离退休"]);
    assert_eq!(items(&retired["rows"]).len(), 1);
    let by_id = ["pension", "roster", "--id-number", &first.id_number];
    assert_eq!(items(&line.shown(&by_id)["rows"]).len(), 1);
    assert!(
        !roster.to_string().contains(&first.id_number),
        "numbers are masked"
    );
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn persons_on_one_side_alone_are_named_and_an_old_feed_says_nothing_of_linked_business() {
    let place = Place::new();
    let line = place.line();
    line.stop_first();
    let mut feed = whole("1", &line.insured);
    feed["persons"].as_array_mut().unwrap().remove(3);
    feed["persons"].as_array_mut().unwrap().push(stranger(99));
    feed["operations"] = json!([{
        "operation": "YL1", "person_number": number(1), "kind": "INT", "month": "2022-01",
        "carried_over": { "state": "succeeded" },
    }]);
    feed["as_of"] = ago(32 * 24 * 60 * 60);
    let _ = line.take(&feed.to_string()).result();
    let counts = line.shown(&["pension", "counts"]);
    assert_eq!(counts["agreement"]["code"], "differ");
    assert_eq!(counts["only_pension"][0]["name"], line.insured[0].name);
    assert_eq!(counts["only_pension"][1]["name"], "外来99");
    assert_eq!(counts["only_unemployment"][0]["name"], line.insured[3].name);
    assert_eq!(counts["feed"]["unknown"]["code"], "pension.feed_old");
    let flag = |it: &Value| it["linked"]["flag"]["code"].clone();
    let old = line.shown(&["results"]);
    assert_eq!(flag(result(&old["rows"], "INT", 210)), "unknown");
    feed["as_of"] = ago(60);
    feed["version"] = json!("2");
    let _ = line.take(&feed.to_string()).result();
    let new = line.shown(&["results"]);
    assert_eq!(flag(result(&new["rows"], "INT", 210)), "succeeded");
}

#[test]
fn the_centre_asks_once_by_itself_and_again_when_it_is_told_to() {
    let place = Place::new();
    let mut line = place.line();
    line.tell(&whole("1", &line.insured));
    line.centre.stop();
    let before = line.asked();
    line.centre.start();
    until("the centre took a feed in by itself", || {
        let counts = line.shown(&["pension", "counts"]);
        (counts["pension_persons"] == 12).then_some(())
    });
    assert_eq!(line.asked() - before, 1);
    let again = line.fetch().result();
    let asked = line.asked() - before;
    assert_eq!((&again["known"], asked), (&json!(true), 2));
    let status = line.centre.admin(&["pension", "status"]).result();
    assert_eq!(
        (&status["units"], &status["with_feed"]),
        (&json!(1), &json!(1))
    );
    assert!(status["contact"]["last_contact"].is_string(), "{status}");
    line.centre.stop();
    line.centre.start();
    until("the line to the devices is there again", || {
        line.employer.run(&["sync"]).json["ok"]
            .as_bool()
            .filter(|it| *it)
    });
    let status = line.centre.admin(&["pension", "status"]).result();
    assert_eq!(status["with_feed"], 1);
    assert_eq!(
        line.asked() - before,
        2,
        "what was taken today is not asked for again"
    );
    assert_eq!(line.proxy.violations(), [""; 0]);
}
