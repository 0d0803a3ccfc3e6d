//! What a thief of the files finds: nothing.

use std::fs;

use canbao_tests::harness::Outcome;

use super::*;

#[test]
fn no_name_id_or_unit_number_is_in_the_bytes_of_a_store_and_without_its_key_none_opens() {
    let place = Place::new();
    let mut office = place.office();
    let _ = office.declare_wage(0, "5432.10");
    let _ = office.employer.ok(&["submit", "--all"]);
    let _ = office.employer.ok(&["sync"]);
    office.centre.stop();

    let stores = [
        office.employer.directory.join("canbao.redb"),
        place.site.path("centre/centre.redb"),
    ];
    for store in &stores {
        let bytes = fs::read(store).expect("the store");
        let found = |needle: &str| {
            bytes
                .windows(needle.len())
                .any(|window| window == needle.as_bytes())
        };
        for person in &office.insured {
            for secret in [&person.name, &person.id_number, &person.personal_number] {
                assert!(!found(secret), "found in {}", store.display());
            }
        }
        for secret in [
            SMALL.unemployment_number,
            SMALL.pension_number,
            SMALL.credit_code,
            SMALL.name,
        ] {
            assert!(!found(secret), "{secret} in {}", store.display());
        }
    }

    let key = office.employer.directory.join("sealing.key");
    fs::remove_file(&key).expect("removed");
    let refused = |outcome: Outcome| speaks(&outcome.error(4));
    refused(office.employer.run(&["status"]));
    let centre_key = place.site.path("centre/sealing.key");
    fs::copy(&centre_key, &key).expect("copied");
    refused(office.employer.run(&["status"]));
}
