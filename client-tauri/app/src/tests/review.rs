//! The agency decides, offline; both sides see where it stands.

use crate::request::Request;
use crate::response::{DecideReport, Response, ReviewRow};

use super::*;

fn queue(app: &mut crate::app::App) -> Vec<ReviewRow> {
    match ask(app, Request::ReviewQueue) {
        Response::Queue(rows) => rows,
        other => panic!("a queue, not {other:?}"),
    }
}

fn decided(response: Response) -> DecideReport {
    match response {
        Response::Decided(report) => report,
        other => panic!("decisions, not {other:?}"),
    }
}

#[test]
fn an_agency_approves_and_returns_and_the_employer_corrects() {
    let (here, there) = (
        tempfile::tempdir().expect("a"),
        tempfile::tempdir().expect("b"),
    );
    let mut centre = Centre::new(1);
    let mut employer = employer(&mut centre, here.path());
    let mut agency = agency(&mut centre, there.path());
    declare(
        &mut employer,
        wage("0001000002", "2022-01", "2022-02", "5100"),
    );
    declare(
        &mut employer,
        wage("0001000003", "2022-01", "2022-02", "9000"),
    );
    submit_all(&mut employer);
    centre.exchange(&mut employer);
    centre.deliver(&mut agency);

    let rows = queue(&mut agency);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].unit.name, "沈阳云杉机械有限公司");
    let marked: Vec<bool> = rows.iter().map(|it| it.marked).collect();
    assert_eq!(marked, [false, true], "2 % is not marked, 80 % is (SIL-11)");
    assert_eq!(rows[1].base_before.as_deref(), Some("5000.00"));

    let approve = Request::ReviewApprove {
        ids: vec![rows[0].receipt.clone()],
    };
    let report = decided(ask(&mut agency, approve.clone()));
    let queued = report.decided[0]
        .queued_decision
        .as_ref()
        .map(|it| it.code.as_str());
    assert_eq!(queued, Some("approve"));
    let again = refuse(&mut agency, approve);
    assert_eq!(codes(&again), [("whole", "review.already_decided")]);
    let bare = Request::ReviewReturn {
        ids: vec![rows[1].id.clone()],
        reason: " ".to_owned(),
    };
    assert_eq!(
        codes(&refuse(&mut agency, bare)),
        [("reason", "decision.reason_missing")]
    );
    let back = Request::ReviewReturn {
        ids: vec![rows[1].id.clone()],
        reason: "工资与合同不符".to_owned(),
    };
    ask(&mut agency, back);
    let Response::Status(status) = ask(&mut agency, Request::Status) else {
        panic!("status")
    };
    assert_eq!((status.queued, status.to_review), (2, 0));

    centre.exchange(&mut agency);
    assert!(queue(&mut agency).is_empty());
    centre.deliver(&mut employer);
    let listed = declarations(&mut employer);
    let by = |code: &str| listed.iter().find(|it| it.status.code == code).expect(code);
    assert_eq!(by("approved").months_total, Some(2));
    assert_eq!(by("approved").stages[0].months_done, 2);
    assert_eq!(by("approved").months_done, Some(0));
    let returned = by("returned");
    assert_eq!(returned.reason.as_deref(), Some("工资与合同不符"));
    assert_eq!(returned.decided_by.as_deref(), Some("李窗口"));

    let correct = amended(
        &returned.id,
        Form {
            wage: Some("5200".to_owned()),
            ..Form::default()
        },
    );
    declare(&mut employer, correct);
    submit_all(&mut employer);
    centre.exchange(&mut employer);
    let corrected = declarations(&mut employer);
    let corrected = corrected
        .iter()
        .find(|it| it.id == returned.id)
        .expect("listed");
    assert_eq!(
        (corrected.status.code.as_str(), corrected.revision),
        ("received", 2)
    );
}

#[test]
fn an_employer_may_not_review_and_an_agency_may_not_declare() {
    let (here, there) = (
        tempfile::tempdir().expect("a"),
        tempfile::tempdir().expect("b"),
    );
    let mut centre = Centre::new(1);
    let mut employer = employer(&mut centre, here.path());
    let mut agency = agency(&mut centre, there.path());
    assert_eq!(
        refuse(&mut employer, Request::ReviewQueue).code,
        "identity.operator_may_not"
    );
    let declared = refuse(&mut agency, stop("0001000001", "2022-01"));
    assert_eq!(declared.code, "identity.operator_may_not");
    assert_eq!(agency.outbox.length(), 0);
}
