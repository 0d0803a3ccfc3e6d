//! One side dies in the middle of a transaction or a payment and comes back.

use std::process::Stdio;

use super::*;

/// How late tax answers, in milliseconds, while the centre is killed before an answer.
const LATE: &str = "5000";

#[test]
fn a_tax_that_dies_before_it_keeps_anything_gets_everything_once() {
    check_death("before_journal", false, false);
}

#[test]
fn a_tax_that_dies_while_it_keeps_gets_everything_once() {
    check_death("within_journal", false, false);
}

#[test]
fn a_tax_that_dies_before_it_answers_gets_everything_once() {
    check_death("after_journal", false, true);
}

#[test]
fn a_tax_that_dies_behind_its_answer_gets_everything_once() {
    check_death("after_answer", true, true);
}

#[test]
fn a_centre_killed_before_taxs_answer_asks_and_does_not_send_again() {
    let place = Place::new();
    let mut line = place.line();
    line.declare();
    line.approve();
    line.accepted(false);
    let _ = line.tax.tell("delay", &["--milliseconds", LATE]);
    line.assess();
    until("the assessment is with tax", || {
        let state = line.tax.tell("state", &[]);
        (items(&state["transactions"]).len() == 2).then_some(())
    });
    line.centre.kill();
    let _ = line.tax.tell("delay", &["--milliseconds", "0"]);

    line.centre.start();
    line.accepted(true);
    assert_eq!(line.answered("GET /v1/transactions/", 200), 1);
    let _ = line.at_tax("pay", &[]);
    line.everything_is_there_once();
}

#[test]
fn a_centre_killed_when_events_were_served_takes_each_in_once() {
    let place = Place::new();
    let mut line = place.line();
    line.declare();
    kill_at_the_next_events(&mut line, Line::approve);
    line.accepted(false);
    kill_at_the_next_events(&mut line, Line::assess);
    line.accepted(true);
    kill_at_the_next_events(&mut line, |line| {
        let _ = line.at_tax("pay", &["--parts", "3"]);
    });
    line.everything_is_there_once();
}

/// Dies on a transaction and on a payment; tells whether the payer was answered, and whether the
/// request was kept.
fn check_death(point: &str, answered: bool, kept: bool) {
    let place = Place::new();
    let mut line = place.line();
    line.declare();
    line.approve();
    line.accepted(false);
    let die = ["--point", point, "--on"];
    let _ = line.tax.tell("die", &[&die[..], &["transaction"]].concat());
    line.assess();
    line.tax.wait_for_death();
    line.tax.start();
    line.accepted(true);
    let found = line.answered("GET /v1/transactions/", 200);
    let missed = line.answered("GET /v1/transactions/", 404);
    let asked = if answered {
        (0, 0)
    } else if kept {
        (1, 0)
    } else {
        (0, 1)
    };
    assert_eq!((found, missed), asked, "{point}");

    let _ = line.tax.tell("die", &[&die[..], &["pay"]].concat());
    assert_eq!(pays(&line), answered, "{point}");
    line.tax.wait_for_death();
    line.tax.start();
    assert_eq!(pays(&line), !kept, "{point}");
    line.everything_is_there_once();
}

/// Kills the centre as soon as tax has served events after what `happens`, and starts it again.
fn kill_at_the_next_events<'a>(line: &mut Line<'a>, happens: impl FnOnce(&Line<'a>)) {
    let events = "GET /v1/events";
    let known = line.tax.tell("state", &[])["last_sequence"].clone();
    happens(line);
    until("tax has something to tell", || {
        (line.tax.tell("state", &[])["last_sequence"] != known).then_some(())
    });
    let served = line.answered(events, 200);
    until("events are served", || {
        (line.answered(events, 200) > served).then_some(())
    });
    line.centre.kill();
    line.centre.start();
}

/// Whether the unit's payment was answered as done.
fn pays(line: &Line<'_>) -> bool {
    line.site
        .programs()
        .command("tax-simulator")
        .args(["pay", "--at", &line.tax.address])
        .args(january())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("runs")
        .success()
}
