//! A unit moves: the new agency has everything, the old one nothing and no say.

use canbao_tests::harness::{LARGE, SMALL, insured_of};

use super::*;

fn queue(device: &Device<'_>) -> Vec<String> {
    let queue = device.ok(&["review", "queue"]);
    let receipts = rows(&queue).iter().filter_map(|it| it["receipt"].as_str());
    receipts.map(str::to_owned).collect()
}

#[test]
fn a_unit_that_moves_is_decided_by_its_new_agency_and_forgotten_by_the_old_one() {
    let place = Place::new();
    let centre = place.centre();
    let _ = centre.load(&SMALL);
    let _ = centre.load(&LARGE);
    let [employer, old, new] = ["employer", "old", "new"].map(|it| place.site.device(it));
    centre.enrol_employer(&employer, &SMALL, "单位经办人钱");
    centre.enrol_agency(&old, &SMALL, "窗口李");
    centre.enrol_agency(&new, &LARGE, "窗口周");
    for device in [&employer, &old, &new] {
        let _ = device.ok(&["sync"]);
    }
    let insured = insured_of(&SMALL.path());
    for person in &insured[..2] {
        let number = &person.personal_number;
        let _ = employer.ok(&[
            "declare", "wage", "--person", number, "--from", "2022-01", "--to", "2022-12",
            "--wage", "5000.00",
        ]);
    }
    let _ = employer.ok(&["submit", "--all"]);
    let _ = employer.ok(&["sync"]);
    let _ = old.ok(&["sync"]);
    let waiting = queue(&old);
    assert_eq!(waiting.len(), 2);
    assert_eq!(queue(&new), Vec::<String>::new());
    // The old agency decides one of them without a link, and the unit moves meanwhile.
    let _ = old.ok(&["review", "approve", &waiting[0]]);
    let there = LARGE.district;
    let moved = centre.admin(&["unit", "move", SMALL.unemployment_number, there]);
    assert_eq!(moved.result()["district_name"], there);
    let again = centre.admin(&["unit", "move", SMALL.unemployment_number, there]);
    assert_eq!(again.error(1)["code"], "admin.unit_belongs");

    let report = old.ok(&["sync"]);
    let refused = rows(&report["refused"]);
    assert_eq!(refused.len(), 1, "{report}");
    assert_eq!(refused[0]["code"], "scope.item_dropped");
    let said = refused[0]["message"].as_str().expect("a sentence");
    assert!(said.contains(SMALL.name), "{said}");
    assert_eq!(report["left"][0]["name"], SMALL.name);
    assert_eq!(unit_names(&old), Vec::<String>::new());
    assert_eq!(queue(&old), Vec::<String>::new());
    assert_eq!(old.ok(&["status"])["queued"], 0);

    let _ = new.ok(&["sync"]);
    let mut names = unit_names(&new);
    names.sort();
    let mut expected = [LARGE.name, SMALL.name];
    expected.sort_unstable();
    assert_eq!(names, expected);
    let mut moved_queue = queue(&new);
    moved_queue.sort();
    let mut all = waiting.clone();
    all.sort();
    assert_eq!(moved_queue, all, "neither was decided");
    let _ = new.ok(&["review", "approve", &waiting[0], &waiting[1]]);
    let _ = new.ok(&["sync"]);
    let _ = employer.ok(&["sync"]);
    let declared = employer.ok(&["declare", "list"]);
    let states: Vec<&str> = rows(&declared)
        .iter()
        .filter_map(|it| it["status"]["code"].as_str())
        .collect();
    assert_eq!(states, ["approved"; 2], "{declared}");
    let agencies = employer.ok(&["status"]);
    assert_eq!(agencies["agencies"][0]["district_name"], there);

    // A unit that comes back is filled in again.
    let back = centre.admin(&["unit", "move", SMALL.credit_code, SMALL.district]);
    let _ = back.result();
    let _ = old.ok(&["sync"]);
    let _ = new.ok(&["sync"]);
    assert_eq!(unit_names(&old), [SMALL.name]);
    assert_eq!(unit_names(&new), [LARGE.name]);
    assert_eq!(queue(&old), Vec::<String>::new(), "both are decided");
}
