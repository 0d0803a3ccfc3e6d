//! Declaring, changing, voiding, submitting, withdrawing: without a network.

use crate::request::Request;
use crate::response::{FailureClass, Response};

use super::*;

const ZHANG: &str = "0001000001";

#[test]
fn a_declaration_goes_from_draft_to_receipt_and_approval() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let row = declare(&mut app, stop(ZHANG, "202201"));
    assert_eq!(
        (row.status.code.as_str(), row.progress.as_str()),
        ("draft", "local")
    );
    assert_eq!(row.month.as_deref(), Some("2022-01"), "in one spelling");
    let person = row.person.expect("found");
    assert_eq!(person.name, "张三");
    assert_eq!(&person.masked_id[..6], "210199");
    assert!(
        person.masked_id.contains("********"),
        "{}",
        person.masked_id
    );

    submit_all(&mut app);
    let row = &declarations(&mut app)[0];
    assert_eq!(
        (row.status.code.as_str(), row.progress.as_str()),
        ("submitted", "queued")
    );
    assert_eq!(
        (row.revision, row.editable, row.receipt.as_deref()),
        (1, false, None)
    );

    centre.exchange(&mut app);
    let row = &declarations(&mut app)[0];
    assert_eq!(
        (row.status.code.as_str(), row.progress.as_str()),
        ("received", "received")
    );
    assert!(
        row.receipt
            .as_ref()
            .is_some_and(|it| it.starts_with("202202"))
    );
    assert_eq!(app.outbox.waiting(&app.feed).count(), 0);
}

#[test]
fn every_problem_of_a_form_is_reported_and_nothing_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let length = app.outbox.length();
    let mut check = |request: Request, expected: &[(&str, &str)]| {
        let failure = refuse(&mut app, request);
        assert_eq!(codes(&failure), expected);
        assert_eq!(failure.class, FailureClass::Refused);
    };
    let unknown = ("person", "declaration.person_unknown");
    check(
        stop("9999999999", "2022-13"),
        &[unknown, ("month", "declaration.not_a_month")],
    );
    let wrong_check = "210199199001010012";
    check(
        stop(wrong_check, "2022-01"),
        &[("person", "declaration.id_check_digit")],
    );
    check(
        wage(ZHANG, "2022-03", "2022-01", "4,359"),
        &[
            ("to", "declaration.range_reversed"),
            ("wage", "money.not_an_amount"),
        ],
    );
    check(
        wage(ZHANG, "2022-01", "2022-02", ""),
        &[("wage", "declaration.missing")],
    );
    assert_eq!(app.outbox.length(), length);
}

#[test]
fn a_draft_is_changed_and_voided_until_it_is_submitted() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let id = declare(&mut app, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    let change = |amount: &str| {
        let wage = Some(amount.to_owned());
        amended(
            &id,
            Form {
                wage,
                ..Form::default()
            },
        )
    };
    assert_eq!(
        declare(&mut app, change("6100.5")).wage.as_deref(),
        Some("6100.50")
    );
    assert_eq!(
        refuse(&mut app, amended(&id, Form::default())).code,
        "declaration.nothing_to_change"
    );
    let failure = refuse(&mut app, change("0"));
    assert_eq!(codes(&failure), [("wage", "declaration.wage_not_positive")]);

    let other = declare(&mut app, stop(ZHANG, "2022-01")).id;
    let void = Request::DeclareVoid {
        id: other.parse().expect("an id"),
    };
    assert_eq!(declare(&mut app, void.clone()).status.code, "voided");
    assert_eq!(refuse(&mut app, void).code, "declaration.not_editable");

    submit_all(&mut app);
    let failure = refuse(&mut app, change("7000"));
    assert_eq!(failure.code, "declaration.not_editable");
    let words = "(status: submitted, waiting for the centre)";
    assert!(failure.message.ends_with(words), "{}", failure.message);
    let statuses: Vec<String> = declarations(&mut app)
        .into_iter()
        .map(|it| it.status.code)
        .collect();
    assert_eq!(statuses.iter().filter(|it| *it == "submitted").count(), 1);
    assert_eq!(statuses.iter().filter(|it| *it == "voided").count(), 1);
}

#[test]
fn what_was_withdrawn_is_submitted_again_with_the_next_revision() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let id = declare(&mut app, stop(ZHANG, "2022-01")).id;
    let withdraw = || Request::Withdraw {
        id: id.parse().expect("an id"),
    };
    assert_eq!(refuse(&mut app, withdraw()).code, "withdraw.not_undecided");
    submit_all(&mut app);
    centre.exchange(&mut app);
    let Response::Withdrawn(row) = ask(&mut app, withdraw()) else {
        panic!("withdrawn")
    };
    assert!(row.withdrawal_queued);
    assert_eq!(row.status.code, "received", "until the centre took it in");
    assert_eq!(refuse(&mut app, withdraw()).code, "withdraw.already");
    centre.exchange(&mut app);
    assert_eq!(declarations(&mut app)[0].status.code, "withdrawn");

    assert!(declarations(&mut app)[0].receipt.is_some());

    let ids = vec![id.parse().expect("an id")];
    ask(&mut app, Request::Submit { ids, all: false });
    let row = &declarations(&mut app)[0];
    assert_eq!((row.status.code.as_str(), row.revision), ("submitted", 2));
    assert_eq!(row.receipt, None, "the first revision's is not its receipt");
    centre.exchange(&mut app);
    let row = &declarations(&mut app)[0];
    assert_eq!((row.status.code.as_str(), row.revision), ("received", 2));
    assert!(row.receipt.is_some());
}

#[test]
fn another_device_of_the_unit_sees_a_submission_withdraws_it_and_may_change_the_draft() {
    let (here, there) = (
        tempfile::tempdir().expect("a"),
        tempfile::tempdir().expect("b"),
    );
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, here.path());
    let id = declare(&mut app, stop(ZHANG, "2022-01")).id;
    submit_all(&mut app);
    centre.exchange(&mut app);

    let mut other = open(there.path(), 77);
    centre.enrol(&mut other, Mandate::Employer(vec![UNIT]), "周经办");
    centre.deliver(&mut other);
    let id = id.parse().expect("an id");
    let Response::Withdrawn(row) = ask(&mut other, Request::Withdraw { id }) else {
        panic!("withdrawn")
    };
    assert!(row.withdrawal_queued);
    centre.exchange(&mut other);
    let row = &declarations(&mut other)[0];
    assert_eq!(
        (row.status.code.as_str(), row.editable),
        ("withdrawn", true)
    );
    centre.deliver(&mut app);
    let row = &declarations(&mut app)[0];
    assert_eq!(
        (row.status.code.as_str(), row.editable),
        ("withdrawn", true)
    );
}

#[test]
fn each_item_of_a_submit_succeeds_or_fails_by_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let good = declare(&mut app, stop("0001000002", "2022-02")).id;
    let late = declare(&mut app, wage(ZHANG, "2022-01", "2022-12", "6000")).id;
    // Meanwhile January is assessed and posted, so that its wage is no longer declared.
    centre.take_assessed_by_other_device();
    centre.post("2022-01", "S1");
    centre.deliver(&mut app);
    let all = Request::Submit {
        ids: Vec::new(),
        all: true,
    };
    let Response::Submitted(report) = ask(&mut app, all.clone()) else {
        panic!("submitted")
    };
    let submitted: Vec<&str> = report.submitted.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(submitted, [good.as_str()]);
    assert!(
        report
            .failed
            .iter()
            .all(|it| it.item.as_deref() == Some(late.as_str()))
    );
    assert_eq!(report.failed[0].code, "declaration.posted");

    let failure = refuse(&mut app, all);
    assert_eq!(failure.code, "submit.none", "none of those that are left");
}

#[test]
fn an_item_the_centre_refuses_by_name_is_shown_and_not_offered_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop(ZHANG, "2022-01"));
    submit_all(&mut app);
    let statement = app.outbox.waiting(&app.feed).last().expect("queued").id;
    let ended = crate::outbox::Made::Ended {
        item: statement,
        code: "admission.expired".to_owned(),
        detail: String::new(),
        at: NOW,
    };
    app.keep(&[ended]).expect("kept");
    let row = &declarations(&mut app)[0];
    assert_eq!(row.problems[0].code, "admission.expired");
    assert!(row.editable);
    assert!(!app.outbox.waits(statement, &app.feed));
    assert_eq!(app.outbox.refused(&app.feed), 1);
    submit_all_again(&mut app, &row.id.clone());
    assert_eq!(declarations(&mut app)[0].revision, 2);
    let _ = &mut centre;
}

fn submit_all_again(app: &mut crate::app::App, id: &str) {
    let ids = vec![id.parse().expect("an id")];
    ask(app, Request::Submit { ids, all: false });
}

#[test]
fn nothing_is_declared_before_enrolment_or_without_a_volume() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = open(directory.path(), 1);
    assert_eq!(
        refuse(&mut app, stop(ZHANG, "2022-01")).code,
        "unit.none_yet"
    );
    let Response::Status(status) = ask(&mut app, Request::Status) else {
        panic!("status")
    };
    assert_eq!((status.device, status.last_contact), (None, None));
}

#[test]
fn pension_is_unknown_and_another_insurance_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let apply = |insurance| Request::AssessApply {
        settlement: "2022-01".to_owned(),
        insurance,
    };
    let Response::Assessment(row) = ask(&mut app, apply(110)) else {
        panic!("a row")
    };
    assert_eq!(row.status.code, "unknown");
    assert_eq!(
        refuse(&mut app, apply(310)).code,
        "assessment.insurance_unknown"
    );
    let Response::Assessment(row) = ask(&mut app, apply(210)) else {
        panic!("a row")
    };
    assert_eq!((row.status.code.as_str(), row.attempt), ("queued", Some(1)));
    assert_eq!(refuse(&mut app, apply(210)).code, "assess.already_queued");
}
