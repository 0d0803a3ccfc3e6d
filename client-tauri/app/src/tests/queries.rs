//! What the queries show: the roster, a person's months, assessments, tax, receipts.

use canbao_core::certificate::Mandate;
use canbao_core::facts::Fact;
use canbao_core::ids::UnitId;
use canbao_core::sync::device::Advance;

use crate::request::Request;
use crate::response::{PersonDetail, Response};

use super::*;

fn person(app: &mut crate::app::App, number: &str) -> PersonDetail {
    match ask(
        app,
        Request::RosterShow {
            person: number.to_owned(),
        },
    ) {
        Response::Person(detail) => *detail,
        other => panic!("a person, not {other:?}"),
    }
}

fn everyone() -> Request {
    Request::RosterList {
        person: None,
        status: None,
    }
}

fn apply(settlement: &str) -> Request {
    Request::AssessApply {
        settlement: settlement.to_owned(),
        insurance: 210,
    }
}

#[test]
fn zhang_who_stops_in_january_is_due_in_january_and_not_in_february() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    for number in ["0001000001", "0001000002", "0001000003"] {
        declare(&mut app, wage(number, "2022-01", "2022-12", "6000"));
    }
    declare(&mut app, stop("0001000001", "2022-01"));
    submit_all(&mut app);
    centre.exchange(&mut app);
    ask(&mut app, apply("2022-02"));
    centre.exchange(&mut app);
    let Response::Assessments(rows) = ask(&mut app, Request::AssessList) else {
        panic!("rows")
    };
    assert_eq!(rows[0].status.code, "failed");
    assert_eq!(rows[0].problems[0].code, "assessment.month_before_open");

    centre.approve_all();
    for settlement in ["2022-01", "2022-02"] {
        centre.deliver(&mut app);
        ask(&mut app, apply(settlement));
        centre.exchange(&mut app);
    }
    let zhang = person(&mut app, "0001000001");
    assert_eq!(zhang.row.status.code, "suspended");
    assert_eq!(zhang.row.last_paid_month.as_deref(), Some("2022-01"));
    let months: Vec<(&str, bool, bool)> = zhang
        .months
        .iter()
        .map(|it| (it.month.as_str(), it.payable, it.base.is_some()))
        .collect();
    assert_eq!(months, [("2022-01", true, true), ("2022-02", false, false)]);
    assert_eq!(zhang.declarations.len(), 2);

    let Response::Assessments(rows) = ask(&mut app, Request::AssessList) else {
        panic!("rows")
    };
    let seen: Vec<(&str, u16, &str, Option<u32>)> = rows
        .iter()
        .map(|it| {
            (
                it.settlement.as_str(),
                it.insurance,
                it.status.code.as_str(),
                it.persons,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("2022-01", 210, "assessed", Some(3)),
            ("2022-02", 210, "failed", None),
            ("2022-02", 210, "assessed", Some(2)),
            ("2022-01", 110, "unknown", None),
            ("2022-02", 110, "unknown", None),
        ]
    );
    let from = Some("2022-02".to_owned());
    let tax = Request::TaxList {
        from,
        to: None,
        kind: Some("assessment".to_owned()),
    };
    let Response::Transactions(rows) = ask(&mut app, tax) else {
        panic!("rows")
    };
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].sending.code.as_str(), rows[0].month.as_str()),
        ("waiting", "2022-02")
    );
    let Response::Receipts(rows) = ask(&mut app, Request::ReceiptList) else {
        panic!("rows")
    };
    assert_eq!(rows.len(), 4);
    assert!(
        rows.windows(2)
            .all(|pair| pair[0].receipt < pair[1].receipt)
    );
}

#[test]
fn no_answer_shows_an_id_number() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let number = id_number("21019919900101001");
    declare(&mut app, stop(&number, "2022-01"));
    submit_all(&mut app);
    for request in [
        Request::DeclareList,
        everyone(),
        Request::RosterShow {
            person: number.clone(),
        },
        Request::Status,
    ] {
        let text = ask(&mut app, request).body().to_string();
        assert!(!text.contains(&number), "{text}");
    }
    let failure = refuse(&mut app, stop("210199199001010027", "2022-01"));
    let text = serde_json::to_string(&failure).expect("json");
    assert!(!text.contains("210199199001010027"), "{text}");
}

#[test]
fn entries_that_come_late_are_folded_in_the_order_of_the_log() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = open(directory.path(), 1);
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    // The common facts alone first, as for a device whose scope has no unit yet.
    let (common, unit): (Vec<_>, Vec<_>) = centre
        .feed_from(0)
        .into_iter()
        .partition(|it| ![1, 4].contains(&it.position.0));
    for entries in [common, unit] {
        app.advance(Advance {
            entries,
            cursor: 6,
            scope_version: 1,
        })
        .expect("durable");
    }
    assert!(app.feed.projection == centre.projection);
    drop(app);
    let mut again = open(directory.path(), 2);
    assert!(again.feed.projection == centre.projection);
    assert_eq!(person(&mut again, "0001000001").row.person.name, "张三");
}

#[test]
fn a_second_operator_is_added_and_must_be_named_where_both_could_act() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "周经办");
    let request = stop("0001000001", "2022-01");
    assert_eq!(
        refuse(&mut app, request.clone()).code,
        "identity.which_operator"
    );
    let context = Context {
        operator: Some("周经办".to_owned()),
        ..english()
    };
    app.dispatch(&context, request).expect("declared");
    let stranger = Context {
        operator: Some("吴经办".to_owned()),
        ..english()
    };
    let failure = app
        .dispatch(&stranger, stop("0001000002", "2022-01"))
        .expect_err("nobody");
    assert_eq!(failure.code, "identity.no_such_operator");
}

#[test]
fn a_stale_calendar_and_a_clock_that_lags_are_warned_of_and_refuse_nothing() {
    const DAY: i64 = 24 * 60 * 60;
    let check = |days: i64, expected: &[&str]| {
        let directory = tempfile::tempdir().expect("a directory");
        drop(employer(&mut Centre::new(1), directory.path()));
        let mut app = open_at(directory.path(), 2, Timestamp(NOW.0 + days * DAY));
        declare(&mut app, stop("0001000001", "2022-01"));
        let all = Request::Submit {
            ids: Vec::new(),
            all: true,
        };
        let Response::Submitted(report) = ask(&mut app, all) else {
            panic!("submitted")
        };
        let Response::Status(status) = ask(&mut app, Request::Status) else {
            panic!("status")
        };
        for warnings in [report.warnings, status.warnings] {
            let codes: Vec<&str> = warnings.iter().map(|it| it.code.as_str()).collect();
            assert_eq!(codes, expected, "{days} days");
        }
        assert_eq!(report.submitted.len(), 1);
    };
    check(0, &[]);
    check(7, &[]);
    check(8, &["status.stale"]);
    check(-2, &["status.clock"]);
}

#[test]
fn a_note_stays_through_restarts_until_it_is_taken_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let note = Request::RosterNote {
        person: "0001000001".to_owned(),
        text: "产假至五月".to_owned(),
    };
    ask(&mut app, note);
    centre.exchange(&mut app);
    drop(app);
    let mut app = open(directory.path(), 7);
    let noted = person(&mut app, "0001000001").notes;
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].text, "产假至五月");
    assert!(person(&mut app, "0001000002").notes.is_empty());

    let id = noted[0].id.parse().expect("an id");
    ask(&mut app, Request::RosterUnnote { id });
    assert!(person(&mut app, "0001000001").notes.is_empty());
    let again = refuse(&mut app, Request::RosterUnnote { id });
    assert_eq!(again.code, "document.no_such_note");
    let empty = Request::RosterNote {
        person: "0001000001".to_owned(),
        text: " ".to_owned(),
    };
    assert_eq!(refuse(&mut app, empty).code, "note.length");
}

#[test]
fn where_there_is_a_choice_the_message_names_what_there_is_to_choose_from() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = open(directory.path(), 1);
    for name in ["王经办", "周经办"] {
        centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), name);
    }
    centre.deliver(&mut app);
    let failure = refuse(&mut app, stop("0001000001", "2022-01"));
    assert_eq!(failure.code, "identity.which_operator");
    let operators = "王经办、周经办";
    assert!(failure.message.ends_with(operators), "{}", failure.message);

    let directory = tempfile::tempdir().expect("a directory");
    let mut app = open(directory.path(), 1);
    let units: Vec<UnitId> = (2..9).map(|it| UnitId([it; 16])).collect();
    for id in &units {
        let mut record = centre.projection.units[&UNIT].record.clone();
        record.id = *id;
        centre.add(&Fact::UnitRegistered(record));
    }
    centre.enrol(&mut app, Mandate::Employer(units), "代理王");
    centre.deliver(&mut app);
    let failure = refuse(&mut app, Request::DeclareList);
    assert_eq!(failure.code, "unit.which");
    let named = failure.message.matches("0210300001 沈阳云杉机械有限公司");
    assert_eq!(named.count(), 5, "no more than one reads");
    assert!(failure.message.ends_with("、…"), "{}", failure.message);
}
