//! What is shown of tax: its roster beside ours, and what it refused.

use canbao_core::facts::{
    Fact, FetchedRoster, Receiving, RosterChange, Sending, TaxPerson, TransactionId,
    TransactionKind,
};
use canbao_core::ids::{PersonId, StatementId};
use canbao_core::month::Month;

use super::*;
use crate::response::{ComparisonView, TransactionRow};

fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

/// A person of the test's centre as tax has them.
pub(super) fn at_tax(line: u8, name: &str, stop: Option<&str>) -> TaxPerson {
    TaxPerson {
        personal_number: format!("000100000{line}"),
        id_kind: "01".to_owned(),
        id_number: id_number(&format!("2101991990010100{line}")),
        name: name.to_owned(),
        first: month("2021-07"),
        stop: stop.map(month),
        base: None,
    }
}

pub(super) fn fetch(centre: &mut Centre, persons: Vec<TaxPerson>) {
    let keyed = |it: TaxPerson| (it.personal_number.clone(), it);
    let roster = FetchedRoster {
        as_of: Timestamp(NOW.0 - 3600),
        version: Some("1".to_owned()),
        persons: persons.into_iter().map(keyed).collect(),
    };
    let before = centre.projection.units[&UNIT].tax_roster();
    for part in roster.parts_since(before) {
        centre.add(&Fact::TaxRosterTaken { unit: UNIT, part });
    }
}

pub(super) fn compare(app: &mut App, person: Option<&str>, class: Option<&str>) -> ComparisonView {
    let request = Request::Compare {
        person: person.map(str::to_owned),
        class: class.map(str::to_owned),
    };
    match ask(app, request) {
        Response::Compared(view) => view,
        other => panic!("a comparison, not {other:?}"),
    }
}

#[test]
fn without_taxs_roster_everything_is_unknown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let view = compare(&mut app, None, None);
    let classes: Vec<&str> = view.rows.iter().map(|it| it.class.code.as_str()).collect();
    assert_eq!(classes, ["unknown"; 3]);
    assert_eq!((view.as_of, view.unit_known), (None, None));
}

#[test]
fn both_rosters_stand_side_by_side_and_are_found_by_class_and_by_either_sides_number() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let stranger = TaxPerson {
        personal_number: "0009999999".to_owned(),
        ..at_tax(9, "周六", None)
    };
    let persons = vec![
        at_tax(1, "张三", None),
        at_tax(2, "赵四", Some("2022-01")),
        stranger,
    ];
    fetch(&mut centre, persons);
    centre.deliver(&mut app);

    let view = compare(&mut app, None, None);
    let classes: Vec<&str> = view.rows.iter().map(|it| it.class.code.as_str()).collect();
    let all = ["consistent", "state_differs", "only_ours", "only_tax"];
    assert_eq!(classes, all);
    assert_eq!(
        (view.age_seconds, view.unit_known),
        (Some(3600), Some(true))
    );
    let repair = view.rows[1].findings[0].repair.as_ref().expect("one");
    assert_eq!(repair.code, "repair.stop");
    assert_eq!(repair.month.as_deref(), Some("2022-01"));

    for class in ["only_tax", "仅税务有", "only at tax"] {
        let rows = compare(&mut app, None, Some(class)).rows;
        assert_eq!(rows.len(), 1, "{class}");
        assert!(rows[0].ours.is_none(), "{class}");
    }
    let theirs = id_number("21019919900101009");
    for number in ["0009999999", &theirs, &theirs.to_lowercase()] {
        let rows = compare(&mut app, Some(number), None).rows;
        assert_eq!(rows.len(), 1, "{number}");
        assert_eq!(rows[0].class.code, "only_tax");
    }
    let own = compare(&mut app, Some("0001000002"), Some("consistent"));
    assert!(own.rows.is_empty());
    assert_eq!(own.counts.iter().map(|it| it.persons).sum::<u64>(), 4);
    let json = serde_json::to_string(&view).expect("plain data");
    assert!(!json.contains(&theirs), "numbers are masked: {json}");

    let wrong = |person: Option<&str>, class: Option<&str>| Request::Compare {
        person: person.map(str::to_owned),
        class: class.map(str::to_owned),
    };
    let nobody = refuse(&mut app, wrong(Some("0001000009"), None));
    assert_eq!(nobody.code, "compare.nobody");
    let no_class = refuse(&mut app, wrong(None, Some("奇怪")));
    assert_eq!(no_class.code, "compare.no_such_class");
}

/// The change of Zhang's that went to tax.
fn stop_of_zhang(centre: &mut Centre) -> TransactionId {
    let kind = TransactionKind::RosterChange {
        submission: StatementId([3; 32]),
        change: RosterChange::Stop {
            person: PersonId([1; 16]),
            month: month("2022-01"),
        },
    };
    let transaction = kind.id(UNIT, 1);
    centre.add(&Fact::TransactionQueued {
        unit: UNIT,
        transaction: transaction.clone(),
        kind,
        attempt: 1,
    });
    centre.add(&Fact::TransactionSending {
        unit: UNIT,
        transaction: transaction.clone(),
        state: Sending::Sent,
    });
    transaction
}

fn refused(centre: &mut Centre, transaction: &TransactionId) {
    centre.add(&Fact::TransactionReceiving {
        unit: UNIT,
        transaction: transaction.clone(),
        state: Receiving::Refused {
            code: "unknown_person".to_owned(),
            reason: "税务无此人员".to_owned(),
        },
    });
}

fn resend(transaction: &str) -> Request {
    Request::TaxResend {
        transaction: transaction.to_owned(),
    }
}

fn sendings(app: &mut App) -> Vec<TransactionRow> {
    let list = Request::TaxList {
        from: None,
        to: None,
        kind: None,
    };
    match ask(app, list) {
        Response::Transactions(rows) => rows,
        other => panic!("transactions, not {other:?}"),
    }
}

#[test]
fn what_tax_refused_is_asked_for_again_once_and_followed() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let transaction = stop_of_zhang(&mut centre);
    centre.deliver(&mut app);
    let id = transaction.to_string();
    let early = refuse(&mut app, resend(&id));
    assert_eq!(early.code, "tax.not_refused");
    let unknown = refuse(&mut app, resend("00"));
    assert_eq!(unknown.code, "tax.transaction_unknown");

    refused(&mut centre, &transaction);
    centre.deliver(&mut app);
    let row = &sendings(&mut app)[0];
    let step = (row.step.code.as_str(), row.may_be_sent_again);
    assert_eq!(step, ("refused", true));
    assert_eq!(row.reason.as_deref(), Some("税务无此人员"));
    let Response::Transaction(asked) = ask(&mut app, resend(&format!(" {id} "))) else {
        panic!("a transaction")
    };
    assert_eq!(asked.resend.expect("asked").code, "queued");
    let twice = refuse(&mut app, resend(&id));
    assert_eq!(twice.code, "tax.resend_queued");

    centre.exchange(&mut app);
    let rows = sendings(&mut app);
    let seen: Vec<(u32, &str)> = rows
        .iter()
        .map(|it| (it.attempt, it.step.code.as_str()))
        .collect();
    assert_eq!(seen, [(1, "sent_again"), (2, "waiting")]);
    assert_eq!(rows[0].sent_again_as.as_deref(), Some(rows[1].id.as_str()));
    assert_eq!((rows[0].may_be_sent_again, &rows[0].resend), (false, &None));
    let late = refuse(&mut app, resend(&id));
    assert_eq!(late.code, "tax.sent_again");
}
