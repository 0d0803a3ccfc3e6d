//! What tax takes back (冲销) becomes reversing records, by the real programs.

use super::*;

#[test]
fn a_posting_taken_back_is_reversed_record_by_record_and_paid_anew() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let paid = line.at_tax("pay", &[]);
    let before = line.recorded();
    let serial = text(&paid["serials"][0]);
    let back = line.tax.tell("reverse", &["--serial", serial]);
    let reversing = text(&back["serials"][0]);
    let reversed = until("the reversing records, proven", || {
        let _ = line.employer.ok(&["sync"]);
        let records = line.records();
        (count(&records["records"], "/state/code", "recorded") == 2 * DUE).then_some(records)
    });
    assert_eq!(reversed["total"], "0.00", "{reversed}");
    let rows = items(&reversed["records"]);
    for (original, taken_back) in rows[..DUE].iter().zip(&rows[DUE..]) {
        assert_eq!(taken_back["reverses"], original["id"]);
        assert_eq!(taken_back["serial"], reversing);
        let amount = format!("-{}", text(&original["total"]));
        assert_eq!(taken_back["total"], amount.as_str());
    }
    assert_eq!(
        &rows[..DUE],
        items(&before["records"]),
        "what was recorded stays"
    );

    // Told once more it is the same; and what is taken back twice is an incident.
    let _ = line.tax.tell("reverse", &["--serial", serial]);
    line.events_taken();
    assert_eq!(line.incident_codes(), ["incident.already_reversed"]);
    let _ = line.at_tax("pay", &["--parts", "2"]);
    let anew = until("everyone is paid again", || {
        let _ = line.employer.ok(&["sync"]);
        let records = line.records();
        (count(&records["records"], "/state/code", "recorded") == 3 * DUE).then_some(records)
    });
    assert_eq!(anew["total"], before["total"]);
    let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
    assert_eq!(sent[0]["step"]["code"], "posted", "{sent}");
    assert_eq!(line.proxy.violations(), [""; 0]);
}

#[test]
fn one_line_taken_back_leaves_the_assessment_partly_paid() {
    let place = Place::new();
    let line = place.line();
    line.reach_assessed();
    let paid = line.at_tax("pay", &[]);
    let before = line.recorded();
    let serial = text(&paid["serials"][0]);
    let _ = line
        .tax
        .tell("reverse", &["--serial", serial, "--line", "2"]);
    let after = until("the reversing record", || {
        let _ = line.employer.ok(&["sync"]);
        let records = line.records();
        (items(&records["records"]).len() == DUE + 1).then_some(records)
    });
    assert_ne!(after["total"], before["total"]);
    let last = items(&after["records"]).last().expect("some");
    assert_eq!(last["reverses"], format!("{serial}/2").as_str(), "{last}");
    let sent = line.employer.ok(&["tax", "list", "--kind", "assessment"]);
    assert_eq!(sent[0]["step"]["code"], "partly_posted", "{sent}");
    assert_eq!(line.proxy.violations(), [""; 0]);
}
