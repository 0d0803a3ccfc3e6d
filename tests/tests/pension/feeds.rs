//! Feeds of the unit of twelve, as the pension side gives them.

use canbao_tests::harness::{Insured, SMALL};
use serde_json::{Value, json};

/// A moment so many seconds ago.
pub(crate) fn ago(seconds: i64) -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!(
        jiff::Timestamp::from_second(now - seconds)
            .unwrap()
            .to_string()
    )
}

/// The personal number that the pension side gave, another than ours.
pub(crate) fn number(place: usize) -> String {
    format!("11{place:08}")
}

/// A person of the unit as the pension side has them, paying.
pub(crate) fn person(place: usize, insured: &Insured) -> Value {
    json!({
        "person_number": number(place),
        "id_kind": "01",
        "id_number": insured.id_number,
        "name": insured.name,
        "person_state": "working",
        "registration_state": "normal",
        "payment": "paying",
        "base": "5000.00",
    })
}

/// Somebody with a passport, whose number has no check digit.
pub(crate) fn stranger(place: usize) -> Value {
    let insured = Insured {
        personal_number: String::new(),
        name: format!("外来{place}"),
        id_number: format!("E{place:08}"),
    };
    let mut person = person(place, &insured);
    person["id_kind"] = json!("08");
    person
}

/// A feed of these persons an hour ago, with the totals that are theirs.
pub(crate) fn feed(version: &str, persons: Vec<Value>) -> Value {
    let paying = persons.iter().filter(|it| it["payment"] == "paying");
    let count = paying.count();
    json!({
        "pension_unit_number": SMALL.pension_number,
        "version": version,
        "as_of": ago(3600),
        "settlement": "2022-02",
        "head_count": count,
        "total_base": format!("{}.00", 5000 * count),
        "persons": persons,
        "results": [],
        "operations": [],
    })
}

/// A feed of everyone of the unit.
pub(crate) fn whole(version: &str, insured: &[Insured]) -> Value {
    let persons = insured.iter().zip(1..);
    let persons = persons.map(|(it, place)| person(place, it)).collect();
    feed(version, persons)
}
