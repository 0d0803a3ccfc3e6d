//! Paying, posting and the postings that are faults.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{FEBRUARY, JANUARY, UNIT, assessment, number, period, with};
use crate::simulator::Simulator;

fn assessed(directory: &std::path::Path) -> Simulator {
    let tax = Simulator::start(directory);
    tax.send(&assessment("a-1", JANUARY, &[1, 2, 3]));
    tax
}

fn postings(tax: &Simulator) -> Vec<Value> {
    tax.events(0)
        .into_iter()
        .filter_map(|event| event.get("posting").cloned())
        .collect()
}

#[test]
fn a_payment_is_collected_and_then_posted_whole() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    let paid = tax.simulate("pay", &period(JANUARY));
    assert_eq!(tax.kinds(1), ["collected", "posted"]);
    let posting = &postings(&tax)[0];
    assert_eq!(paid["serials"], json!([posting["serial"]]));
    let line = json!({
        "line": 3, "transaction_line": 3, "person_number": number(3), "month": JANUARY,
        "base": "4361.00", "unit_amount": "21.81", "person_amount": "21.81",
    });
    assert_eq!(posting["lines"][2], line);
    let expected = json!({
        "serial": posting["serial"], "transaction": "a-1", "credit_code": UNIT,
        "settlement": JANUARY, "date": "2022-02-16", "lines": posting["lines"], "total": "130.86",
    });
    assert_eq!(posting, &expected);
    let again = tax.post("/simulate/pay", &period(JANUARY));
    assert_eq!(again.status, 409);
    assert_eq!(tax.post("/simulate/pay", &period(FEBRUARY)).status, 404);
}

#[test]
fn a_base_declared_at_tax_returns_with_its_amounts() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    let bases = json!({"bases": {number(2): "5001"}});
    tax.simulate("pay", &with(period(JANUARY), bases));
    let posting = &postings(&tax)[0];
    let line = &posting["lines"][1];
    assert_eq!(
        (&line["base"], &line["unit_amount"], &line["person_amount"]),
        (&json!("5001.00"), &json!("25.01"), &json!("25.01"))
    );
    assert_eq!(posting["total"], "137.26");
    let nobody = json!({"bases": {number(9): "5001"}});
    tax.send(&assessment("a-2", FEBRUARY, &[1]));
    assert_eq!(
        tax.post("/simulate/pay", &with(period(FEBRUARY), nobody))
            .status,
        422
    );
}

#[test]
fn a_payment_in_parts_is_several_serials_that_share_no_line() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    tax.simulate("pay", &with(period(JANUARY), json!({"parts": 2})));
    let postings = postings(&tax);
    assert_ne!(postings[0]["serial"], postings[1]["serial"]);
    let lines: Vec<_> = postings
        .iter()
        .flat_map(|posting| posting["lines"].as_array().unwrap())
        .map(|line| line["transaction_line"].as_u64())
        .collect();
    assert_eq!(lines, [Some(1), Some(2), Some(3)]);
    assert_eq!(postings[1]["lines"][0]["line"], 1);
    tax.send(&assessment("a-2", FEBRUARY, &[1]));
    for parts in [0, 2] {
        let request = with(period(FEBRUARY), json!({"parts": parts}));
        assert_eq!(tax.post("/simulate/pay", &request).status, 422, "{parts}");
    }
}

#[test]
fn what_is_only_collected_is_posted_later_and_once() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    tax.simulate("pay", &with(period(JANUARY), json!({"post": false})));
    assert_eq!(tax.kinds(1), ["collected"]);
    let unit = json!({"credit_code": UNIT, "settlement": JANUARY});
    tax.simulate("post", &unit);
    assert_eq!(tax.kinds(1), ["collected", "posted"]);
    assert_eq!(tax.post("/simulate/post", &unit).status, 409);
}

#[test]
fn a_repeat_is_the_same_posting_and_an_alteration_another_under_its_serial() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    let serial = tax.simulate("pay", &period(JANUARY))["serials"][0].clone();
    tax.simulate("repeat", &json!({"serial": serial}));
    tax.simulate("alter", &json!({"serial": serial}));
    tax.simulate("repeat", &json!({"serial": serial}));
    let postings = postings(&tax);
    assert_eq!(postings[0], postings[1]);
    assert_eq!(postings[0]["serial"], postings[2]["serial"]);
    let altered = &postings[2]["lines"][0];
    assert_eq!(
        (&altered["base"], &altered["unit_amount"]),
        (&json!("4461.00"), &json!("22.31"))
    );
    assert_eq!(postings[2]["total"], "131.86");
    assert_eq!(postings[0], postings[3], "a repeat is of the first content");
    for fault in ["repeat", "alter"] {
        assert_eq!(
            tax.post(&format!("/simulate/{fault}"), &json!({"serial": "none"}))
                .status,
            404
        );
    }
}

#[test]
fn wrong_postings_have_serials_of_their_own_and_leave_the_assessment_unpaid() {
    let directory = tempdir().unwrap();
    let tax = assessed(directory.path());
    tax.simulate("unexplained", &period(JANUARY));
    tax.simulate("stray", &period(JANUARY));
    tax.simulate("pay", &period(JANUARY));
    let postings = postings(&tax);
    let line = &postings[0]["lines"][0];
    assert_eq!(
        (&line["base"], &line["unit_amount"]),
        (&json!("4361.00"), &json!("21.88"))
    );
    assert_eq!(postings[0]["total"], "130.93");
    let stray = postings[1]["transaction"].as_str().unwrap();
    assert_eq!(tax.get(&format!("/v1/transactions/{stray}")).status, 404);
    assert_eq!(postings[2]["total"], "130.86");
    let serials: Vec<_> = postings
        .iter()
        .map(|posting| posting["serial"].as_str().unwrap())
        .collect();
    assert_eq!(serials, ["000000000001", "000000000002", "000000000003"]);
}
