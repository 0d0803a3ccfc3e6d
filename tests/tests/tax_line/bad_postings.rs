//! Postings that must not become records, and one that must although it differs (FAQ-2).

use super::*;

/// A base that the unit declares at tax instead of the wage it declared here.
const BASE_AT_TAX: &str = "6000.00";

#[test]
fn a_wrong_posting_is_an_incident_and_a_base_declared_at_tax_is_the_records() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let incidents = |wanted: &[&str]| {
        line.events_taken();
        assert_eq!(line.incident_codes(), wanted);
        let _ = line.employer.ok(&["sync"]);
    };
    let _ = line.at_tax("unexplained", &[]);
    incidents(&["incident.amounts_unexplained"]);
    let _ = line.at_tax("stray", &[]);
    let both = [
        "incident.amounts_unexplained",
        "incident.unknown_transaction",
    ];
    incidents(&both);
    assert_eq!(items(&line.records()["records"]).len(), 0);

    let second = &line.insured[1].personal_number;
    let base = format!("{second}={BASE_AT_TAX}");
    let paid = line.at_tax("pay", &["--base", &base]);
    let records = line.recorded();
    incidents(&both);
    assert_eq!(items(&records["records"]).len(), DUE);
    let own = line.employer.ok(&["records", "list", "--person", second]);
    let own = &own["records"][0];
    assert_eq!(
        (&own["base"], &own["unit_amount"], &own["personal_amount"]),
        (&BASE_AT_TAX.into(), &"30.00".into(), &"30.00".into()),
        "{own}"
    );
    assert_ne!(records["total"], line.assessment()["total"]);

    let serial = text(&paid["serials"][0]);
    let _ = line.tax.tell("alter", &["--serial", serial]);
    incidents(&[both[0], both[1], "incident.other_content"]);
    assert_eq!(line.records(), records, "no record changed");
    let _ = line.tax.tell("repeat", &["--serial", serial]);
    incidents(&[both[0], both[1], "incident.other_content"]);
    assert_eq!(line.records(), records, "a repeat is none");
    assert_eq!(line.proxy.violations(), [""; 0]);
}
