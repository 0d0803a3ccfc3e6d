//! Deaths, restarts, delays, and the command line that asks for them.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{FEBRUARY, JANUARY, UNIT, assessment, period, roster_change};
use crate::simulator::{BINARY, Simulator};

/// Dies at the point, on a transaction and on a payment; tells whether the request was answered
/// and whether it was kept.
fn check_death(point: &str, answered: bool, kept: bool) {
    let directory = tempdir().unwrap();
    let mut tax = Simulator::start(directory.path());
    let sent = assessment("a-1", JANUARY, &[1, 2]);
    tax.simulate("die", &json!({"point": point, "on": "transaction"}));
    let answer = tax.try_post("/v1/transactions", sent.to_string().as_bytes());
    assert_eq!(
        answer.map(|answer| answer.status),
        answered.then_some(202),
        "{point}"
    );
    assert!(!tax.ended().success());

    let mut tax = Simulator::start(directory.path());
    let found = tax.get("/v1/transactions/a-1").status;
    assert_eq!(found, if kept { 200 } else { 404 }, "{point}");
    assert_eq!(
        tax.send(&sent).status,
        202,
        "the retry, on a simulator that lives again"
    );
    assert_eq!(tax.kinds(0), ["transaction_accepted"], "{point}");

    tax.simulate("die", &json!({"point": point, "on": "pay"}));
    let answer = tax.try_post("/simulate/pay", period(JANUARY).to_string().as_bytes());
    assert_eq!(
        answer.map(|answer| answer.status),
        answered.then_some(200),
        "{point}"
    );
    assert!(!tax.ended().success());

    let tax = Simulator::start(directory.path());
    let retried = tax.post("/simulate/pay", &period(JANUARY)).status;
    assert_eq!(retried, if kept { 409 } else { 200 }, "{point}");
    assert_eq!(tax.kinds(1), ["collected", "posted"], "{point}");
}

#[test]
fn a_death_before_the_journal_keeps_nothing() {
    check_death("before_journal", false, false);
}

#[test]
fn a_death_within_the_journal_keeps_nothing() {
    check_death("within_journal", false, false);
}

#[test]
fn a_death_after_the_journal_keeps_what_was_not_answered() {
    check_death("after_journal", false, true);
}

#[test]
fn a_death_after_the_answer_keeps_what_was_answered() {
    check_death("after_answer", true, true);
}

#[test]
fn a_killed_simulator_comes_back_as_it_was() {
    let directory = tempdir().unwrap();
    let mut tax = Simulator::start(directory.path());
    tax.send(&assessment("a-1", JANUARY, &[1, 2]));
    tax.send(&roster_change(
        "c-1",
        &[(1, "stop", JANUARY), (9, "stop", JANUARY)],
    ));
    tax.send(&roster_change("c-2", &[(1, "stop", JANUARY)]));
    let serial = tax.simulate("pay", &period(JANUARY))["serials"][0].clone();
    tax.simulate("alter", &json!({"serial": serial}));
    tax.send(&assessment("a-2", FEBRUARY, &[2]));
    let (state, events) = (tax.state(), tax.events(0));
    tax.kill();
    let tax = Simulator::start(directory.path());
    assert_eq!((tax.state(), tax.events(0)), (state, events));
}

#[test]
fn a_torn_last_line_is_dropped_and_a_damaged_line_refused() {
    let directory = tempdir().unwrap();
    let journal = directory.path().join("journal.jsonl");
    let append = |bytes: &[u8]| {
        OpenOptions::new()
            .append(true)
            .open(&journal)
            .unwrap()
            .write_all(bytes)
            .unwrap();
    };
    let mut tax = Simulator::start(directory.path());
    tax.send(&assessment("a-1", JANUARY, &[1]));
    tax.kill();
    append(b"[{\"record\":\"received\",\"transac");
    let mut tax = Simulator::start(directory.path());
    tax.send(&assessment("a-2", FEBRUARY, &[1]));
    tax.kill();
    let mut tax = Simulator::start(directory.path());
    assert_eq!(
        tax.kinds(0),
        ["transaction_accepted", "transaction_accepted"]
    );
    tax.kill();
    append(b"[{\"record\":\"received\"}]\n");
    let refused = serve(directory.path());
    assert!(refused.contains("line 3"), "{refused}");
}

#[test]
fn a_second_simulator_does_not_open_the_same_directory() {
    let directory = tempdir().unwrap();
    let _tax = Simulator::start(directory.path());
    assert!(serve(directory.path()).contains("is open in another process"));
}

#[test]
fn answers_come_late_while_a_delay_is_set() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    tax.simulate("delay", &json!({"milliseconds": 60}));
    let asked = Instant::now();
    tax.get("/v1/health");
    assert!(asked.elapsed() >= Duration::from_millis(60));
    assert_eq!(
        tax.post("/simulate/delay", &json!({"milliseconds": 60_001}))
            .status,
        422
    );
}

#[test]
fn the_command_line_pays_repeats_alters_and_kills() {
    let directory = tempdir().unwrap();
    let mut tax = Simulator::start(directory.path());
    tax.send(&assessment("a-1", JANUARY, &[1, 2]));
    let run = |arguments: &[&str]| -> Value {
        let output = tax.command(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let unit = ["--credit-code", UNIT, "--settlement", JANUARY];
    let paid = run(&[
        &["pay"],
        &unit[..],
        &["--base", "2100000001=5000", "--parts", "2"],
    ]
    .concat());
    assert_eq!(paid, json!({"serials": ["000000000001", "000000000002"]}));
    run(&["repeat", "--serial", "000000000001"]);
    run(&["alter", "--serial", "000000000001"]);
    assert_eq!(run(&["state"])["last_sequence"], 7);
    run(&["die", "--point", "after_journal", "--on", "transaction"]);

    let again = tax.command(&[&["pay"], &unit[..]].concat());
    assert!(!again.status.success());
    assert!(String::from_utf8(again.stderr).unwrap().contains("409"));
    let sent = assessment("a-2", FEBRUARY, &[1]);
    assert!(
        tax.try_post("/v1/transactions", sent.to_string().as_bytes())
            .is_none()
    );
    assert!(!tax.ended().success());
}

/// What a `serve` that must fail says.
fn serve(directory: &std::path::Path) -> String {
    let output = Command::new(BINARY)
        .arg("serve")
        .arg(directory)
        .args(["--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}
