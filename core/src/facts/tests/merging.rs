//! A person of a unit under two ids: months, wages, receivables and numbers become one's.

use super::story::{posting, record};
use super::*;

/// The persons of the unit as listed: the first stopped, the second began after that.
fn one_after_the_other(log: &mut Log) -> (UnitId, [PersonRecord; 2]) {
    let unit = log.register(1, &[Some("5000"), Some("6000")]);
    let stopped = log
        .parse(unit, &interruption(1, "0001000001", "2021-12", "辞职"))
        .unwrap();
    log.submit(&stopped);
    log.decide(&stopped, Verdict::Approve);
    let second = PersonRecord {
        id: person(9, 9),
        personal_number: "9000000009".parse().unwrap(),
        document: IdDocument::parse(IdKind::Passport, "P12345678").unwrap(),
        name: "员工1".to_owned(),
    };
    let listed = ListedPerson {
        person: second.clone(),
        paying_since: month("2022-01"),
        wage: Some(yuan("7000")),
        bases_until: month("2022-12"),
        last_paid: None,
    };
    log.add(Fact::PersonsListed {
        unit,
        persons: vec![listed],
    });
    let first = log.unit(unit).persons[&person(1, 1)].record.clone();
    (unit, [first, second])
}

#[test]
fn what_was_under_two_ids_is_under_one_and_nothing_recorded_changes() {
    let mut log = Log::open();
    let (unit, [kept, gone]) = one_after_the_other(&mut log);
    log.assess(unit, "2022-01").unwrap();
    let paid = posting(&log, unit, "2022-01", "S1");
    record(&mut log, unit, &paid);
    let before = log.unit(unit).records.clone();
    log.add(Fact::PersonsMerged {
        unit,
        kept: kept.clone(),
        gone: gone.clone(),
        evidence: "同一人".to_owned(),
    });
    let view = log.unit(unit);
    let one = view.find_person(gone.personal_number.as_str()).unwrap();
    assert_eq!(one.record, kept);
    assert_eq!(view.find_person(gone.document.number()), Some(one));
    assert_eq!(view.person(gone.id), Some(one));
    let months: Vec<_> = one.intervals.iter().map(|it| (it.start, it.stop)).collect();
    let expected = [
        (month("2021-07"), Some(month("2021-12"))),
        (month("2022-01"), None),
    ];
    assert_eq!(months, expected);
    assert_eq!(one.wage(month("2022-01")), Some(yuan("7000")));
    assert!(view.is_posted(kept.id, month("2022-01")));
    assert!(view.is_posted(gone.id, month("2022-01")));
    assert_eq!(view.records, before);
    // The next assessment has one line for the person, and none behind it.
    log.assess(unit, "2022-02").unwrap();
    let lines = log.unit(unit).receivables(month("2022-02"));
    let lines: Vec<_> = lines
        .map(|it| (it.receivable.person, it.receivable.kind))
        .collect();
    assert_eq!(lines, [(kept.id, 10), (person(1, 2), 10)]);
}

#[test]
fn what_is_undecided_under_the_id_that_went_stands_in_the_way_under_the_kept_one() {
    let mut log = Log::open();
    let (unit, [kept, gone]) = one_after_the_other(&mut log);
    let of_gone = interruption(2, gone.personal_number.as_str(), "2022-02", "辞职");
    let submitted = log.parse(unit, &of_gone).unwrap();
    log.submit(&submitted);
    log.add(Fact::PersonsMerged {
        unit,
        kept: kept.clone(),
        gone,
        evidence: "同一人".to_owned(),
    });
    let of_kept = interruption(3, kept.personal_number.as_str(), "2022-02", "辞职");
    let refused = log.parse(unit, &of_kept).unwrap_err();
    assert_eq!(refused, ["declaration.undecided"]);
}
