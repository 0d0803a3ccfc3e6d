//! The stores of the format before: today's programs open them and find everything.

use std::fs::{self, File};

use canbao_tests::harness::{items, repository};

use super::*;

/// The newest format of the fixtures that the programs no longer write.
const OLDER: &str = "tests/fixtures/stores/format-1";

/// What the programs that wrote the fixtures said of them.
fn expected() -> Value {
    let text = fs::read(repository(OLDER).join("expected.json")).expect("a fixture");
    serde_json::from_slice(&text).expect("JSON")
}

/// Puts the archive of this name into the site, under the same name.
fn unpack(site: &Site, name: &str) {
    let file = repository(OLDER).join(format!("{name}.zip"));
    let mut archive = zip::ZipArchive::new(File::open(file).expect("a fixture")).expect("a zip");
    archive.extract(site.path(name)).expect("unpacked");
}

#[test]
fn a_device_of_format_1_has_its_drafts_receipts_notes_and_outbox() {
    let place = Place::new();
    unpack(&place.site, "employer");
    let (employer, expected) = (place.site.device("employer"), expected());
    // Twice: the first opening steps the store up, the second finds it so.
    for opening in ["first", "second"] {
        let declared = employer.ok(&["declare", "list"]);
        let found: Vec<Value> = items(&declared)
            .iter()
            .map(|row| {
                serde_json::json!({
                    "id": row["id"], "revision": row["revision"], "receipt": row["receipt"],
                    "status": row["status"]["code"],
                })
            })
            .collect();
        assert_eq!(&found, items(&expected["declarations"]), "{opening}");
        let person = expected["note"]["person"].as_str().expect("a number");
        let shown = employer.ok(&["roster", "show", person]);
        assert_eq!(
            items(&shown["notes"])[0]["text"],
            expected["note"]["text"],
            "{opening}"
        );
        assert_eq!(
            employer.ok(&["status"])["queued"],
            expected["queued"],
            "{opening}"
        );
    }
    let person = &insured_of(&SMALL.path())[5].personal_number;
    let _ = employer.ok(&wage_of(person, "7000.00"));
    let declared = employer.ok(&["declare", "list"]);
    assert_eq!(
        items(&declared).len(),
        items(&expected["declarations"]).len() + 1,
        "it goes on"
    );
}

#[test]
fn a_centre_of_format_1_serves_the_same_log_and_takes_new_work() {
    let place = Place::new();
    unpack(&place.site, "centre");
    let tax = place.site.tax();
    let mut centre = place.site.centre_made_before(&tax.address);
    centre.start();
    let checkpoint = String::from_utf8(centre.get("/checkpoint")).expect("text");
    let found: Vec<&str> = checkpoint.lines().take(3).collect();
    assert_eq!(Value::from(found), expected()["checkpoint"]);

    let employer = place.site.device("another");
    centre.enrol_employer(&employer, &SMALL, "单位经办人孙");
    let _ = employer.ok(&["sync"]);
    let shown = employer.ok(&["roster", "list"]);
    assert_eq!(items(&shown).len(), insured_of(&SMALL.path()).len());
    let receipts = employer.ok(&["receipt", "list"]);
    let received: Vec<&Value> = items(&receipts).iter().map(|row| &row["receipt"]).collect();
    let expected = expected();
    let submitted: Vec<&Value> = items(&expected["declarations"])
        .iter()
        .map(|row| &row["receipt"])
        .filter(|receipt| !receipt.is_null())
        .collect();
    assert_eq!(received, submitted, "and the unit's receipts are there");
}
