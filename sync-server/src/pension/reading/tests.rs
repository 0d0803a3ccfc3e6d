//! What a page is read as, and what it is refused for.

use canbao_core::month::Month;
use serde_json::{Value, json};

use super::*;

fn person(number: usize) -> Value {
    json!({
        "person_number": format!("11{number:08}"),
        "id_kind": "08",
        "id_number": format!("E{number:08}"),
        "name": format!("示例{number}"),
        "person_state": "working",
        "registration_state": "normal",
        "payment": "paying",
        "base": "4359.00",
    })
}

fn page(persons: &[Value], next: Option<&str>) -> Value {
    let mut page = json!({
        "pension_unit_number": "0110300254",
        "version": "17",
        "as_of": "2022-02-21T07:05:14.5Z",
        "settlement": "2022-02",
        "head_count": 2,
        "total_base": "8718.00",
        "persons": persons,
        "results": [
            { "month": "2022-01", "what": "wages", "result": "succeeded" },
            { "month": "2022-01", "what": "assessment", "result": "failed", "reason": "基数未申报" },
        ],
        "operations": [{
            "operation": "op-1",
            "person_number": "1100000001",
            "kind": "INT",
            "month": "2022-01",
            "carried_over": { "state": "failed", "reason": "无对应人员" },
        }],
    });
    if let Some(next) = next {
        page["next"] = json!(next);
    }
    page
}

fn read(page: Value) -> Result<(Delivered, Option<String>), FeedFault> {
    let page = serde_json::from_value(page).map_err(|_| FeedFault::Malformed("members"))?;
    first(page)
}

#[test]
fn a_page_is_read_as_the_interface_describes() {
    let (mut delivered, next) = read(page(&[person(1)], Some("1100000001"))).unwrap();
    assert_eq!(next.as_deref(), Some("1100000001"));
    let mut last = page(&[person(2)], None);
    last["results"] = json!([]);
    last["operations"] = json!([]);
    let last = serde_json::from_value(last).unwrap();
    assert_eq!(following(&mut delivered, last), Ok(None));
    let feed = delivered.check().unwrap();
    let january: Month = "2022-01".parse().unwrap();
    assert_eq!(feed.as_of.0, 1_645_427_114);
    assert_eq!(feed.persons.len(), 2);
    assert_eq!(feed.results[&(january, Matter::Wages)].failure, None);
    let failure = &feed.results[&(january, Matter::Assessment)].failure;
    assert_eq!(failure.as_deref(), Some("基数未申报"));
    let failed = CarriedOver::Failed("无对应人员".to_owned());
    assert_eq!(feed.operations["op-1"].carried_over, failed);
    assert_eq!(feed.operations["op-1"].kind, Kind::Interruption);
}

#[test]
fn what_the_interface_does_not_describe_is_refused_by_the_member() {
    let check = |place: &str, value: Value, member: &'static str| {
        let mut spoilt = page(&[person(1), person(2)], None);
        *spoilt.pointer_mut(place).expect(place) = value;
        assert_eq!(read(spoilt), Err(FeedFault::Malformed(member)), "{place}");
    };
    check(
        "/pension_unit_number",
        json!("0110-1"),
        "pension_unit_number",
    );
    check("/as_of", json!("gestern"), "as_of");
    check("/settlement", json!("202202"), "month");
    check("/total_base", json!("8718"), "amount");
    check("/total_base", json!(8718.0), "members");
    check("/head_count", json!(-1), "members");
    check("/persons/0/base", json!("-1.00"), "amount");
    check("/persons/0/base", Value::Null, "members");
    check("/persons/0/person_state", json!("unknown"), "members");
    check("/persons/0/person_number", json!("1100000009"), "order");
    check("/results/0/what", json!("payment"), "members");
    check("/results/0/result", json!("failed"), "members");
    check("/results/0/month", json!("2022-1"), "month");
    check("/operations/0/kind", json!("STOP"), "kind");
    check(
        "/operations/0/carried_over",
        json!({ "state": "failed" }),
        "members",
    );
    check(
        "/operations/0/carried_over",
        json!({ "state": "succeeded", "reason": "x" }),
        "members",
    );
    let mut more = page(&[], None);
    more["fee"] = json!("1.00");
    assert_eq!(read(more), Err(FeedFault::Malformed("members")));
}

#[test]
fn pages_end() {
    let check = |persons: &[Value], next: &str| {
        assert_eq!(
            read(page(persons, Some(next))),
            Err(FeedFault::Malformed("next"))
        );
    };
    check(&[], "1100000001");
    check(&[person(1)], "1100000002");
    let results = read(page(&[person(1)], None)).unwrap().0.results;
    assert_eq!(results.len(), 2);
    let mut many = page(&[], None);
    many["results"] = json!(vec![many["results"][0].clone(); MAX_PENSION_RESULTS + 1]);
    assert_eq!(read(many), Err(FeedFault::TooMany("results")));
}

#[test]
fn a_following_page_brings_persons_of_the_same_feed_alone() {
    let check = |place: &str, value: Value, member: &'static str| {
        let (mut delivered, _) = read(page(&[person(1)], None)).unwrap();
        let mut next = page(&[person(2)], None);
        next["results"] = json!([]);
        next["operations"] = json!([]);
        *next.pointer_mut(place).expect(place) = value;
        let next = serde_json::from_value(next).unwrap();
        let read = following(&mut delivered, next);
        assert_eq!(read, Err(FeedFault::Malformed(member)), "{place}");
    };
    let results = page(&[], None)["results"].clone();
    check("/results", results, "following_page");
    check("/head_count", json!(3), "head");
    check("/settlement", json!("2022-01"), "head");
    check("/pension_unit_number", json!("0110300178"), "head");
    check("/persons/0/person_number", json!("1000000001"), "order");
    // Such a page would follow on itself for ever.
    let (mut delivered, _) = read(page(&[person(1)], Some("1100000001"))).unwrap();
    let mut empty = page(&[], Some("1100000001"));
    empty["results"] = json!([]);
    empty["operations"] = json!([]);
    let empty = serde_json::from_value(empty).unwrap();
    let read = following(&mut delivered, empty);
    assert_eq!(read, Err(FeedFault::Malformed("next")));
}
