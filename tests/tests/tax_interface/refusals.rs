//! What tax refuses, and that a refusal takes nothing.

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{FEBRUARY, JANUARY, assessment, period, replaced, roster, roster_change};
use crate::simulator::Simulator;

/// Tax has persons 1 to 3, who all pay; January is collected from 1 and 2.
fn tax_after_january(directory: &std::path::Path) -> Simulator {
    let tax = Simulator::start(directory);
    tax.simulate("roster", &roster(&[1, 2, 3]));
    tax.send(&assessment("january", JANUARY, &[1, 2]));
    tax.simulate("pay", &period(JANUARY));
    tax
}

fn check(sent: Value, code: &str, lines: &[u64]) {
    let directory = tempdir().unwrap();
    let tax = tax_after_january(directory.path());
    let before = tax.state()["units"].clone();
    assert_eq!(tax.send(&sent).status, 202);
    let answer = tax
        .get(&format!(
            "/v1/transactions/{}",
            sent["id"].as_str().unwrap()
        ))
        .body;
    let refusal = &answer["refusal"];
    assert_eq!(
        (&answer["state"], &refusal["reason_code"]),
        (&json!("refused"), &json!(code)),
        "{sent}"
    );
    let named: Vec<_> = refusal["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["line"].as_u64())
        .collect();
    assert_eq!(
        named,
        lines.iter().copied().map(Some).collect::<Vec<_>>(),
        "{sent}"
    );
    assert_eq!(tax.state()["units"], before);
    let event = tax.events(0).pop().unwrap();
    assert_eq!(
        (&event["kind"], &event["refusal"]),
        (&json!("transaction_refused"), refusal)
    );
}

fn accept(sent: Value) {
    let directory = tempdir().unwrap();
    let tax = tax_after_january(directory.path());
    tax.send(&sent);
    let answer = tax
        .get(&format!(
            "/v1/transactions/{}",
            sent["id"].as_str().unwrap()
        ))
        .body;
    assert_eq!(answer["state"], json!("accepted"), "{answer}");
}

#[test]
fn a_unit_that_tax_does_not_have_so_is_refused() {
    let stop = roster_change("c", &[(1, "stop", JANUARY)]);
    let elsewhere = json!("91350100M000100Y43");
    check(
        replaced(stop.clone(), "/unit/credit_code", elsewhere),
        "unknown_unit",
        &[],
    );
    check(
        replaced(stop, "/unit/unemployment_number", json!("0210000418")),
        "unknown_unit",
        &[],
    );
}

#[test]
fn a_person_whom_tax_does_not_have_so_is_refused() {
    check(
        roster_change("c", &[(1, "stop", JANUARY), (9, "stop", JANUARY)]),
        "unknown_person",
        &[2],
    );
    check(assessment("a", FEBRUARY, &[9, 1]), "unknown_person", &[1]);
    let february = || assessment("a", FEBRUARY, &[1, 2]);
    check(
        replaced(february(), "/lines/1/name", json!("别人")),
        "unknown_person",
        &[2],
    );
    check(
        replaced(february(), "/lines/1/id_number", json!("E99999999")),
        "unknown_person",
        &[2],
    );
    check(
        replaced(february(), "/lines/1/id_kind", json!("99")),
        "unknown_person",
        &[2],
    );
}

#[test]
fn a_month_that_contradicts_tax_is_refused() {
    check(
        roster_change("c", &[(1, "stop", "2021-12")]),
        "wrong_month",
        &[1],
    );
    check(
        roster_change("c", &[(3, "stop", "2020-12")]),
        "wrong_month",
        &[1],
    );
    check(
        roster_change("c", &[(1, "start", FEBRUARY)]),
        "wrong_month",
        &[1],
    );
    let stop_and_start = [(1, "stop", JANUARY), (1, "start", JANUARY)];
    check(roster_change("c", &stop_and_start), "wrong_month", &[2]);
    let february = || assessment("a", FEBRUARY, &[1, 2]);
    check(
        replaced(february(), "/lines/0/month", json!(JANUARY)),
        "wrong_month",
        &[1],
    );
    check(
        replaced(february(), "/lines/0/month", json!("2022-03")),
        "wrong_month",
        &[1],
    );
    let late = replaced(february(), "/lines/0/kind", json!("34"));
    check(
        replaced(late, "/lines/0/month", json!("2022-03")),
        "wrong_month",
        &[1],
    );
}

#[test]
fn a_line_that_occurs_twice_is_refused() {
    check(
        assessment("a", FEBRUARY, &[1, 2, 1]),
        "duplicate_line",
        &[3],
    );
    let same_number = replaced(
        assessment("a", FEBRUARY, &[1, 2]),
        "/lines/1/line",
        json!(1),
    );
    check(same_number, "duplicate_line", &[1]);
    let twice = [(1, "stop", JANUARY), (1, "stop", FEBRUARY)];
    check(roster_change("c", &twice), "duplicate_line", &[2]);
}

#[test]
fn a_period_is_assessed_once_and_not_after_a_later_one_is_paid() {
    check(assessment("a", JANUARY, &[3]), "duplicate_assessment", &[]);
    check(assessment("a", "2021-12", &[3]), "closed_period", &[]);
}

#[test]
fn totals_that_are_not_the_sums_are_refused() {
    for (member, wrong) in [
        ("count", json!(3)),
        ("base", json!("8722.01")),
        ("unit_amount", json!("43.61")),
        ("person_amount", json!("43.61")),
        ("total", json!("87.23")),
    ] {
        let sent = assessment("a", FEBRUARY, &[1, 2]);
        check(
            replaced(sent, &format!("/totals/{member}"), wrong),
            "wrong_total",
            &[],
        );
    }
}

#[test]
fn what_agrees_with_tax_is_accepted() {
    accept(roster_change("c", &[(1, "stop", JANUARY)]));
    accept(roster_change(
        "c",
        &[(1, "stop", JANUARY), (1, "start", "2022-03")],
    ));
    accept(roster_change("c", &[(9, "start", FEBRUARY)]));
    accept(assessment("a", FEBRUARY, &[1, 2, 3]));
    let difference = replaced(
        assessment("a", FEBRUARY, &[1]),
        "/lines/0/kind",
        json!("34"),
    );
    accept(replaced(difference, "/lines/0/month", json!("2021-10")));
}

#[test]
fn a_person_stopped_in_january_is_refused_in_februarys_assessment() {
    let directory = tempdir().unwrap();
    let tax = tax_after_january(directory.path());
    tax.send(&roster_change("c-1", &[(1, "stop", JANUARY)]));
    tax.send(&assessment("a-1", FEBRUARY, &[1, 2]));
    let refusal = &tax.get("/v1/transactions/a-1").body["refusal"];
    assert_eq!(
        (&refusal["reason_code"], &refusal["lines"][0]["line"]),
        (&json!("wrong_month"), &json!(1))
    );
    tax.send(&roster_change("c-2", &[(1, "stop", FEBRUARY)]));
    tax.send(&assessment("a-2", FEBRUARY, &[1, 2]));
    assert_eq!(
        tax.get("/v1/transactions/a-2").body["state"],
        json!("accepted"),
        "a corrected stop"
    );
}

#[test]
fn a_first_assessment_introduces_its_persons_and_later_ones_do_not() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    tax.send(&assessment("a-1", JANUARY, &[1, 2]));
    tax.send(&assessment("a-2", FEBRUARY, &[1, 2, 3]));
    assert_eq!(
        tax.kinds(0),
        ["transaction_accepted", "transaction_refused"]
    );
}
