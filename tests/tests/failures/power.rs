//! The plug is pulled between commit and answer, on either side.

use std::time::Duration;

use canbao_tests::harness::{Relay, until};

use super::*;

/// How late the centre's answers are made to arrive.
const LATE: Duration = Duration::from_millis(400);

#[test]
fn a_centre_killed_between_commit_and_answer_gives_the_retry_the_same_receipt() {
    let place = Place::new();
    let mut office = place.office();
    let relay = Relay::to(office.centre.quic.parse().expect("an address"));
    let far = place.site.device("far");
    let code = office
        .centre
        .issue(&["--employer", SMALL.credit_code, "--operator-name", "吴"]);
    let _ = far.ok(&["enrol", &code, "--server", &relay.address.to_string()]);
    let _ = far.ok(&["sync"]);
    let person = &office.insured[0].personal_number;
    let _ = far.ok(&wage_of(person, "5000.00"));
    let _ = far.ok(&["submit", "--all"]);

    let taken = |centre: &Centre<'_>| metric(centre, "canbao_submissions_taken_total");
    assert_eq!(taken(&office.centre), 0);
    relay.delay(LATE);
    let mut syncing = far.command().arg("sync").spawn().expect("runs");
    until("the submission is committed", || {
        (taken(&office.centre) == 1).then_some(())
    });
    office.centre.kill();
    relay.cut();
    let _ = syncing.kill();
    let _ = syncing.wait();
    assert_eq!(
        far.ok(&["receipt", "list"]).as_array().map(Vec::len),
        Some(0)
    );

    office.centre.start();
    let committed = office.employer_receipts();
    assert_eq!(
        committed.len(),
        1,
        "what was committed is there after the restart"
    );
    drop(relay);
    let relay = Relay::to(office.centre.quic.parse().expect("an address"));
    let _ = far.ok(&[
        "enrol",
        &office.code_for("吴"),
        "--server",
        &relay.address.to_string(),
    ]);
    let _ = far.ok(&["sync"]);
    assert_eq!(receipts(&far), committed, "the retry gets the same number");
    assert_eq!(
        office.employer_receipts(),
        committed,
        "and makes no second one"
    );
}

#[test]
fn a_device_killed_while_it_works_has_everything_it_acknowledged() {
    let place = Place::new();
    let office = place.office();
    let mut acknowledged = Vec::new();
    for row in 0..6 {
        let made = office.declare_wage(row, "5000.00");
        acknowledged.push(made["id"].clone());
        // The next one is cut off somewhere: before, in or after its commit.
        let person = &office.insured[row + 6].personal_number;
        let mut cut = office
            .employer
            .command()
            .args(wage_of(person, "6000.00"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("runs");
        let _ = cut.kill();
        let _ = cut.wait();
    }
    let listed = office.declared();
    let ids: Vec<&Value> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["id"])
        .collect();
    for id in &acknowledged {
        assert!(ids.contains(&id), "{id} was acknowledged and is gone");
    }
    assert_eq!(
        office.declared(),
        listed,
        "and every restart shows the same"
    );
}

impl Office<'_> {
    fn employer_receipts(&self) -> Vec<String> {
        let _ = self.employer.ok(&["sync"]);
        receipts(&self.employer)
    }

    fn code_for(&self, operator: &str) -> String {
        self.centre
            .issue(&["--employer", SMALL.credit_code, "--operator-name", operator])
    }
}

fn receipts(device: &Device<'_>) -> Vec<String> {
    let listed = device.ok(&["receipt", "list"]);
    let rows = listed.as_array().expect("a list");
    rows.iter()
        .filter_map(|row| row["receipt"].as_str())
        .map(str::to_owned)
        .collect()
}

/// A counter of the centre's metrics.
pub(super) fn metric(centre: &Centre<'_>, name: &str) -> u64 {
    let text = String::from_utf8(centre.get("/metrics")).expect("text");
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {text}"))
}
