//! From a declaration to the records, without a fault.

use std::collections::BTreeMap;

use super::*;

#[test]
fn centre_and_tax_talk_as_the_interface_describes_over_a_whole_way() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let _ = line.at_tax("pay", &[]);
    line.everything_is_there_once();

    let second = &line.insured[1].personal_number;
    let own = line.employer.ok(&["records", "list", "--person", second]);
    assert_eq!(own["records"][0]["base"], WAGE, "{own}");
    assert_eq!(line.answered("POST /v1/transactions", 202), 2);
    assert!(line.answered("GET /v1/events?after=0", 200) > 0);
    assert!(line.answered("GET /v1/events?after=", 200) > 1);
    assert_eq!(
        line.asked("GET /v1/transactions/"),
        0,
        "an attempt whose end is known is not asked about"
    );
}

#[test]
fn what_is_only_collected_is_no_record_until_it_is_posted() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let _ = line.at_tax("pay", &["--collect-only"]);
    line.events_taken();
    let _ = line.employer.ok(&["sync"]);
    let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
    assert_eq!(sent[0]["collected"], true, "{sent}");
    assert_eq!(items(&line.records()["records"]).len(), 0);

    let _ = line.at_tax("post", &[]);
    line.everything_is_there_once();
}

#[test]
fn a_payment_in_two_parts_is_two_postings_that_sum_to_the_assessment() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let paid = line.at_tax("pay", &["--parts", "2"]);
    assert_eq!(items(&paid["serials"]).len(), 2);
    line.everything_is_there_once();

    let records = line.records();
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for record in items(&records["records"]) {
        *sums.entry(text(&record["serial"])).or_default() += fen(&record["total"]);
    }
    let serials: Vec<&str> = items(&paid["serials"]).iter().map(text).collect();
    assert_eq!(sums.keys().copied().collect::<Vec<_>>(), serials);
    let total = fen(&line.assessment()["total"]);
    assert_eq!(sums.values().sum::<u64>(), total);
    assert!(
        sums.values().all(|sum| (1..total).contains(sum)),
        "{sums:?}"
    );
}

/// An amount in fen; amounts have two places.
fn fen(amount: &Value) -> u64 {
    let digits = text(amount).replace('.', "");
    digits.parse().expect("an amount without a sign")
}
