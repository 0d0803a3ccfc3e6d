//! Messages of the story: one unit with made-up persons.

use serde_json::{Value, json};

pub(crate) const UNIT: &str = "91210102MA0DEM0C6Y";
pub(crate) const JANUARY: &str = "2022-01";
pub(crate) const FEBRUARY: &str = "2022-02";

pub(crate) fn unit() -> Value {
    json!({"credit_code": UNIT, "unemployment_number": "0210000417", "name": "沈阳示例机械有限公司"})
}

/// A person's number, document and name: passports, whose numbers have no check digit.
pub(crate) fn person(number: usize) -> Value {
    json!({
        "person_number": format!("21{number:08}"),
        "id_kind": "08",
        "id_number": format!("E{number:08}"),
        "name": format!("示例{number}"),
    })
}

pub(crate) fn number(person: usize) -> String {
    format!("21{person:08}")
}

/// A roster change; each of `changes` is person, `start` or `stop`, month.
pub(crate) fn roster_change(id: &str, changes: &[(usize, &str, &str)]) -> Value {
    let changes: Vec<_> = changes
        .iter()
        .enumerate()
        .map(|(index, (who, change, month))| {
            with(
                person(*who),
                json!({"line": index + 1, "change": change, "month": month}),
            )
        })
        .collect();
    json!({
        "id": id, "kind": "roster_change", "unit": unit(),
        "sent_at": "2022-02-08T01:30:00Z", "changes": changes,
    })
}

/// An assessment of these persons, each on a base of 4361.00.
pub(crate) fn assessment(id: &str, settlement: &str, persons: &[usize]) -> Value {
    let lines: Vec<_> = persons
        .iter()
        .enumerate()
        .map(|(index, who)| {
            let due = json!({
                "line": index + 1, "month": settlement, "kind": "10",
                "base": "4361.00", "unit_amount": "21.81", "person_amount": "21.81",
            });
            with(person(*who), due)
        })
        .collect();
    let count = persons.len() as u64;
    json!({
        "id": id, "kind": "assessment", "unit": unit(), "settlement": settlement,
        "sent_at": "2022-02-10T02:00:00Z", "lines": lines,
        "totals": {
            "count": count, "base": yuan(436_100 * count), "unit_amount": yuan(2181 * count),
            "person_amount": yuan(2181 * count), "total": yuan(4362 * count),
        },
    })
}

/// A load of these persons, who all pay since 2021-01.
pub(crate) fn roster(persons: &[usize]) -> Value {
    let persons: Vec<_> = persons
        .iter()
        .map(|who| with(person(*who), json!({"start": "2021-01"})))
        .collect();
    json!({"unit": unit(), "persons": persons})
}

pub(crate) fn period(settlement: &str) -> Value {
    json!({"credit_code": UNIT, "settlement": settlement, "date": "2022-02-16"})
}

/// The object with more or other members.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    object.as_object_mut().unwrap().extend(members);
    object
}

/// The message with the value at a pointer replaced.
pub(crate) fn replaced(mut message: Value, pointer: &str, value: Value) -> Value {
    *message.pointer_mut(pointer).unwrap() = value;
    message
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
