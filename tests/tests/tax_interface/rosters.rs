//! Tax's roster over the interface: its pages, its version, and what tax's own clerk changes.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{JANUARY, UNIT, assessment, number, period, person, roster, with};
use crate::simulator::Simulator;

fn path() -> String {
    format!("/v1/units/{UNIT}/roster")
}

fn first_page(tax: &Simulator) -> Value {
    let answer = tax.get(&path());
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn persons(page: &Value) -> &[Value] {
    page["persons"].as_array().unwrap()
}

#[test]
fn a_roster_is_read_page_by_page_in_the_order_of_its_numbers() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    assert_eq!(tax.get(&path()).status, 404, "tax has no such unit");
    let all: Vec<usize> = (1..=2_500).collect();
    tax.simulate("roster", &roster(&all));
    let (mut read, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let page = tax.get(&format!("{}?{after}limit=1000", path())).body;
        pages += 1;
        assert_eq!(page["version"], "1");
        read.extend(persons(&page).iter().map(|it| it["person_number"].clone()));
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("after={next}&"),
            None => break,
        }
    }
    let expected: Vec<Value> = all.iter().map(|it| json!(number(*it))).collect();
    assert_eq!((pages, read), (3, expected));
    for limit in ["0", "1001", "many"] {
        assert_eq!(tax.get(&format!("{}?limit={limit}", path())).status, 422);
    }
    let beyond = tax.get(&format!("{}?after={}", path(), number(2_500))).body;
    assert!(persons(&beyond).is_empty() && beyond.get("next").is_none());
}

#[test]
fn the_version_changes_with_the_roster_and_with_nothing_else() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    tax.simulate("roster", &roster(&[1, 2]));
    let loaded = first_page(&tax)["version"].clone();
    // Refused, so that nothing of it is taken.
    tax.send(&assessment("a-1", JANUARY, &[1, 9]));
    assert_eq!(first_page(&tax)["version"], loaded);
    tax.send(&assessment("a-2", JANUARY, &[1, 2]));
    let assessed = first_page(&tax);
    assert_ne!(assessed["version"], loaded);
    assert_eq!(persons(&assessed)[0]["base"], "4361.00");
    let bases = json!({"bases": {number(1): "5000"}});
    tax.simulate("pay", &with(period(JANUARY), bases));
    let paid = first_page(&tax);
    assert_ne!(paid["version"], assessed["version"]);
    assert_eq!(persons(&paid)[0]["base"], "5000.00");
    drop(tax);
    let tax = Simulator::start(directory.path());
    let restarted = first_page(&tax);
    assert_eq!(restarted["version"], paid["version"]);
    assert_eq!(restarted["persons"], paid["persons"]);
}

#[test]
fn taxs_own_clerk_changes_adds_and_removes() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    tax.simulate("roster", &roster(&[1, 2]));
    let correct = |members: Value| {
        let person = with(json!({"person_number": number(1)}), members);
        let request = json!({"credit_code": UNIT, "person": person});
        tax.post("/simulate/correct", &request).status
    };
    let stop = json!({"stop": "2022-01", "name": "示例甲", "base": "6000.00"});
    assert_eq!(correct(stop), 200);
    let shown = persons(&first_page(&tax))[0].clone();
    let expected = json!({
        "person_number": number(1), "id_kind": "08", "id_number": "E00000001", "name": "示例甲",
        "state": "stopped", "first_month": "2021-01", "stop_month": "2022-01", "base": "6000.00",
    });
    assert_eq!(shown, expected);
    assert_eq!(correct(json!({"paying": true})), 200);
    assert_eq!(persons(&first_page(&tax))[0]["state"], "paying");
    assert_eq!(correct(json!({"stop": "2020-12"})), 422);
    assert_eq!(
        correct(json!({"person_number": number(3), "name": "无名"})),
        404
    );
    assert_eq!(correct(with(person(3), json!({"start": "2022-02"}))), 200);
    assert_eq!(persons(&first_page(&tax)).len(), 3);
    assert_eq!(correct(json!({"remove": true})), 200);
    let left: Vec<_> = persons(&first_page(&tax))
        .iter()
        .map(|it| it["person_number"].clone())
        .collect();
    assert_eq!(left, [json!(number(2)), json!(number(3))]);
    let stranger = json!({"credit_code": "91350100M000100Y43", "person": person(1)});
    assert_eq!(tax.post("/simulate/correct", &stranger).status, 404);
    let version = first_page(&tax)["version"].clone();
    drop(tax);
    let tax = Simulator::start(directory.path());
    assert_eq!(first_page(&tax)["version"], version);
}
