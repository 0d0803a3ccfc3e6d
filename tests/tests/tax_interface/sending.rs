//! Sending, asking and hostile input.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{JANUARY, UNIT, assessment, period, person, replaced, roster_change, with};
use crate::simulator::Simulator;

#[test]
fn the_examples_are_as_the_schemas_say_and_the_simulator_takes_them() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let examples = tax.interface.request_examples("sendTransaction").unwrap();
    assert_eq!(examples.len(), 3);
    for example in examples {
        assert_eq!(tax.send(example).status, 202, "{example}");
    }
    for (operation, statuses) in tax.interface.operations() {
        for status in statuses {
            let examples = tax.interface.response_examples(operation, status).unwrap();
            assert!(!examples.is_empty(), "{operation} {status} has no example");
            for example in examples {
                assert_eq!(
                    tax.interface.check_response(operation, status, example),
                    Ok(())
                );
            }
        }
    }
}

#[test]
fn every_answer_described_occurs_but_unavailability() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let sent = assessment("a-1", JANUARY, &[1, 2]);
    let other = replaced(sent.clone(), "/unit/name", json!("另一名称"));
    let too_large = vec![b' '; (8 << 20) + 1];
    let post = |body: &[u8]| tax.try_post("/v1/transactions", body).unwrap().status;
    let get = |path: &str| tax.get(path).status;
    let roster = |query: &str| format!("/v1/units/{UNIT}/roster{query}");
    let seen = BTreeSet::from([
        ("sendTransaction", post(sent.to_string().as_bytes())),
        ("sendTransaction", post(other.to_string().as_bytes())),
        ("sendTransaction", post(&too_large)),
        ("sendTransaction", post(b"{")),
        ("getTransaction", get("/v1/transactions/a-1")),
        ("getTransaction", get("/v1/transactions/a-2")),
        ("listEvents", get("/v1/events?after=0&limit=1")),
        ("listEvents", get("/v1/events?limit=0")),
        ("getRoster", get(&roster(""))),
        ("getRoster", get(&roster("?limit=0"))),
        ("getRoster", get("/v1/units/91350100M000100Y43/roster")),
        ("getHealth", get("/v1/health")),
    ]);
    let described: BTreeSet<_> = tax
        .interface
        .operations()
        .flat_map(|(operation, statuses)| {
            statuses.into_iter().map(move |status| (operation, status))
        })
        .filter(|(_, status)| *status != 503)
        .collect();
    assert_eq!(seen, described);
}

#[test]
fn a_repeat_is_answered_alike_and_changes_nothing() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let sent = assessment("a-1", JANUARY, &[1, 2]);
    let first = tax.send(&sent);
    let before = tax.state();
    let again = tax.send(&replaced(
        sent.clone(),
        "/sent_at",
        json!("2022-02-10T02:05:00Z"),
    ));
    assert_eq!((again.status, &again.body), (202, &first.body));
    let other = replaced(sent, "/lines/0/name", json!("改名"));
    assert_eq!(tax.send(&other).status, 409);
    assert_eq!(tax.state(), before);
    assert_eq!(tax.kinds(0), ["transaction_accepted"]);
}

#[test]
fn held_transactions_are_pending_until_released_even_over_a_restart() {
    let directory = tempdir().unwrap();
    let mut tax = Simulator::start(directory.path());
    tax.simulate("hold", &json!({"held": true}));
    tax.send(&assessment("a-1", JANUARY, &[1]));
    tax.send(&roster_change("c-1", &[(2, "stop", JANUARY)]));
    tax.kill();
    let tax = Simulator::start(directory.path());
    let state = |id: &str| tax.get(&format!("/v1/transactions/{id}")).body["state"].clone();
    assert_eq!(
        (state("a-1"), state("c-1")),
        (json!("pending"), json!("pending"))
    );
    tax.simulate("hold", &json!({"held": false}));
    assert_eq!(
        (state("a-1"), state("c-1")),
        (json!("accepted"), json!("refused"))
    );
    assert_eq!(
        tax.kinds(0),
        ["transaction_accepted", "transaction_refused"]
    );
}

#[test]
fn what_the_schema_refuses_the_simulator_refuses() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let sent = || assessment("a-1", JANUARY, &[1, 2]);
    let change = || roster_change("c-1", &[(1, "stop", JANUARY)]);
    let line = |member: &str, value: Value| replaced(sent(), &format!("/lines/0/{member}"), value);
    let lacking = |member: &str| {
        let mut message = sent();
        message.as_object_mut().unwrap().remove(member);
        message
    };
    let line_of = |number: usize| with(sent()["lines"][0].clone(), json!({"line": number}));
    let many: Vec<_> = (1..=10_001).map(line_of).collect();
    let cases = [
        json!(null),
        json!([sent()]),
        lacking("id"),
        lacking("kind"),
        lacking("sent_at"),
        lacking("totals"),
        with(sent(), json!({"urgent": true})),
        with(change(), json!({"settlement": JANUARY})),
        with(sent(), json!({"kind": "refund"})),
        replaced(sent(), "/id", json!("")),
        replaced(sent(), "/id", json!("x".repeat(65))),
        replaced(sent(), "/id", json!("a/1")),
        replaced(sent(), "/unit/credit_code", json!("91210102MA0DEM0C6")),
        replaced(sent(), "/unit/credit_code", json!("91210102MA0DEM0C6I")),
        replaced(sent(), "/unit/name", json!("名".repeat(101))),
        replaced(sent(), "/settlement", json!("2022-13")),
        replaced(sent(), "/settlement", json!(202_201)),
        replaced(sent(), "/sent_at", json!("2022-02-10 02:00:00")),
        replaced(sent(), "/sent_at", json!("2022-02-30T02:00:00Z")),
        replaced(sent(), "/sent_at", json!("2022-02-10T02:00:00+08:00")),
        replaced(sent(), "/lines", json!([])),
        replaced(sent(), "/lines", json!(many)),
        replaced(sent(), "/totals/count", json!(0)),
        replaced(sent(), "/totals/total", json!("43.620")),
        line("base", json!(4361)),
        line("base", json!("4361")),
        line("base", json!("-1.00")),
        line("base", json!("04361.00")),
        line("base", json!("1000000000000.00")),
        line("kind", json!("11")),
        line("line", json!(0)),
        line("line", json!(10_001)),
        line("line", json!(-1)),
        line("line", json!("1")),
        line("id_kind", json!("02")),
        line("id_number", json!("")),
        line("person_number", json!("2".repeat(33))),
        replaced(change(), "/changes", json!([])),
        replaced(change(), "/changes/0/change", json!("pause")),
    ];
    for case in cases {
        let shown = case.to_string().chars().take(200).collect::<String>();
        assert!(
            tax.interface
                .check_request("sendTransaction", &case)
                .is_err(),
            "schema: {shown}"
        );
        assert_eq!(
            tax.post("/v1/transactions", &case).status,
            422,
            "simulator: {shown}"
        );
    }
    assert_eq!(tax.state()["transactions"], json!([]));
}

#[test]
fn bodies_that_are_not_json_are_malformed_and_huge_ones_too_large() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let nested = "[".repeat(1 << 20);
    let twice = r#"{"id":"a","id":"b","kind":"assessment"}"#;
    let cases: [&[u8]; 6] = [
        b"",
        b"{",
        b"\xff\xfe",
        nested.as_bytes(),
        b"{}{}",
        twice.as_bytes(),
    ];
    for case in cases {
        assert_eq!(tax.try_post("/v1/transactions", case).unwrap().status, 422);
    }
    for length in [(8 << 20) + 1, 40 << 20] {
        assert_eq!(
            tax.try_post("/v1/transactions", &vec![b'7'; length])
                .unwrap()
                .status,
            413
        );
    }
    for query in [
        "after=-1",
        "after=x",
        "after=9007199254740992",
        "limit=101",
        "page=2",
    ] {
        assert_eq!(
            tax.get(&format!("/v1/events?{query}")).status,
            422,
            "{query}"
        );
    }
    for id in ["a%2Fb", "%FF", "..", "' or 1"] {
        let path = format!("/v1/transactions/{}", id.replace(' ', "%20"));
        assert_eq!(tax.get(&path).status, 404, "{id}");
    }
    assert_eq!(tax.get("/v1/health").status, 200);
}

#[test]
fn an_answer_never_repeats_what_was_sent() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let sent = assessment("a-1", JANUARY, &[1]);
    let name = person(1)["name"].as_str().unwrap().to_owned();
    for pointer in [
        "/lines/0/line",
        "/lines/0/kind",
        "/lines/0/month",
        "/lines",
        "/totals/count",
    ] {
        let answer = tax.post(
            "/v1/transactions",
            &replaced(sent.clone(), pointer, json!(name)),
        );
        assert_eq!(answer.status, 422);
        assert!(
            !answer.body.to_string().contains(&name),
            "{pointer}: {}",
            answer.body
        );
    }
}

#[test]
fn a_page_of_events_holds_no_more_lines_than_one_posting_can() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let persons: Vec<_> = (1..=6000).collect();
    tax.send(&assessment("a-1", JANUARY, &persons));
    let serial = tax.simulate("pay", &period(JANUARY))["serials"][0].clone();
    tax.simulate("repeat", &json!({"serial": serial}));
    assert_eq!(
        tax.kinds(0),
        ["transaction_accepted", "collected", "posted"]
    );
    assert_eq!(tax.kinds(3), ["posted"]);
    assert_eq!(tax.kinds(4), [""; 0]);
    assert_eq!(
        tax.get("/v1/events?after=0&limit=2").body["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
