//! One side dies in the middle of a transaction or a payment and comes back.

use std::process::{Command, Stdio};

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
    tax_has(&line, 2);
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
    let _ = line.tax.tell("hold", &[]);
    line.approve();
    tax_has(&line, 1);
    kill_at_the_events_of(&mut line, &["release"]);
    line.accepted(false);
    let _ = line.tax.tell("hold", &[]);
    line.assess();
    tax_has(&line, 2);
    kill_at_the_events_of(&mut line, &["release"]);
    line.accepted(true);
    let pay = ["pay", "--parts", "3"];
    kill_at_the_events_of(&mut line, &[&pay[..], &january()].concat());
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

/// Kills the centre as soon as tax serves it what this command makes, and starts it again.
fn kill_at_the_events_of(line: &mut Line<'_>, command: &[&str]) {
    let before = pages_with_events(line);
    let mut running = at_tax(line, command).spawn().expect("runs");
    until("the command's events are served", || {
        (pages_with_events(line) > before).then_some(())
    });
    line.centre.kill();
    assert!(running.wait().expect("ran").success());
    line.centre.start();
}

/// How often the centre was served at least one event.
fn pages_with_events(line: &Line<'_>) -> usize {
    let served = line.proxy.exchanges();
    served
        .iter()
        .filter(|it| it.request.starts_with("GET /v1/events") && it.status == Some(200))
        .filter_map(|it| serde_json::from_slice::<Value>(&it.body).ok())
        .filter(|page| !items(&page["events"]).is_empty())
        .count()
}

/// Waits until tax has so many transactions.
fn tax_has(line: &Line<'_>, wanted: usize) {
    until("the transaction is with tax", || {
        let state = line.tax.tell("state", &[]);
        (items(&state["transactions"]).len() == wanted).then_some(())
    });
}

/// Whether the unit's payment was answered as done.
fn pays(line: &Line<'_>) -> bool {
    let pay = [&["pay"], &january()[..]].concat();
    at_tax(line, &pay).status().expect("runs").success()
}

/// A command of the simulator, which may fail.
fn at_tax(line: &Line<'_>, command: &[&str]) -> Command {
    let mut tell = line.site.programs().command("tax-simulator");
    tell.args(command)
        .args(["--at", &line.tax.address])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    tell
}
