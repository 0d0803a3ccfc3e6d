//! A device that joins a unit later has all its drafts at once.

use canbao_tests::harness::{SMALL, insured_of};

use super::*;

/// What a device lists, without what is its own: whether something waits.
fn drafts(device: &Device<'_>) -> Vec<(Value, Value, Value, Value)> {
    let listed = device.ok(&["declare", "list"]);
    let field = |row: &Value, name: &str| row[name].clone();
    let rows = rows(&listed).iter();
    rows.map(|it| {
        let of = |name| field(it, name);
        (of("id"), of("person"), of("wage"), of("status"))
    })
    .collect()
}

#[test]
fn a_device_that_joins_later_shows_what_the_first_one_wrote_and_goes_on_with_it() {
    let place = Place::new();
    let centre = place.centre();
    let _ = centre.load(&SMALL);
    let [first, second] = ["first", "second"].map(|it| place.site.device(it));
    centre.enrol_employer(&first, &SMALL, "单位经办人钱");
    let _ = first.ok(&["sync"]);
    let insured = insured_of(&SMALL.path());
    for (person, fen) in insured.iter().take(12).zip(5_000..) {
        let number = &person.personal_number;
        let _ = first.ok(&[
            "declare",
            "wage",
            "--person",
            number,
            "--from",
            "2022-01",
            "--to",
            "2022-12",
            "--wage",
            &fen.to_string(),
        ]);
    }
    let _ = first.ok(&["sync"]);
    centre.enrol_employer(&second, &SMALL, "单位经办人周");
    let _ = second.ok(&["sync"]);
    let shown = drafts(&second);
    assert_eq!(shown.len(), insured.len().min(12));
    assert_eq!(shown, drafts(&first));

    // It amends one of them, and the first device follows.
    let id = shown[0].0.as_str().expect("an id");
    let _ = second.ok(&["declare", "edit", id, "--wage", "6000"]);
    let _ = second.ok(&["sync"]);
    let _ = first.ok(&["sync"]);
    let (mine, theirs) = (drafts(&first), drafts(&second));
    assert_eq!(mine, theirs);
    assert_ne!(mine[0].2, shown[0].2);
    let conflicts = first.ok(&["conflicts", "list"]);
    assert!(rows(&conflicts).is_empty(), "{conflicts}");
}
