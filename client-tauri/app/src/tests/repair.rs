//! A difference with tax is mended by the draft that one click makes (QRY-3, MON-3).

use canbao_core::facts::{Agency, Fact, TaxPerson};

use super::tax::{at_tax, compare, fetch};
use super::*;
use crate::request::Repairing;
use crate::response::RepairedView;

fn repair(person: &str, reason: Option<&str>) -> Request {
    Request::CompareRepair(Repairing {
        person: person.to_owned(),
        reason: reason.map(str::to_owned),
        ..Repairing::default()
    })
}

fn repaired(app: &mut App, request: Request) -> RepairedView {
    match ask(app, request) {
        Response::Repaired(view) => *view,
        other => panic!("a repair, not {other:?}"),
    }
}

/// The test's centre, and tax has Zhao and Sun as these say.
fn differing(directory: &Path, others: Vec<TaxPerson>) -> (Centre, App) {
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory);
    let mut persons = vec![at_tax(1, "张三", None)];
    persons.extend(others);
    fetch(&mut centre, persons);
    centre.deliver(&mut app);
    (centre, app)
}

#[test]
fn a_stop_that_only_tax_has_becomes_a_draft_that_lacks_its_reason_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let stopped = at_tax(2, "赵四", Some("2022-01"));
    let (mut centre, mut app) = differing(directory.path(), vec![stopped]);
    let view = repaired(&mut app, repair("0001000002", None));
    assert_eq!(view.repair.code, "repair.stop");
    let drafted = &view.declaration;
    assert_eq!(
        (drafted.kind.as_str(), drafted.month.as_deref()),
        ("INT", Some("2022-01"))
    );
    assert_eq!(drafted.status.code, "draft");
    let missing: Vec<_> = view.missing.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(missing, ["reason"]);
    // It is one declaration of the list, and is submitted once its reason is there.
    assert_eq!(declarations(&mut app).len(), 1);
    let twice = refuse(&mut app, repair("0001000002", Some("辞职")));
    assert_eq!(twice.code, "compare.drafted");
    let form = Form {
        reason: Some("辞职".to_owned()),
        ..Form::default()
    };
    ask(&mut app, amended(&drafted.id, form));
    submit_all(&mut app);
    centre.exchange(&mut app);
    assert_eq!(declarations(&mut app)[0].status.code, "received");
}

#[test]
fn with_its_reason_the_draft_is_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let stopped = at_tax(2, "赵四", Some("2022-01"));
    let (_, mut app) = differing(directory.path(), vec![stopped]);
    let unknown = refuse(&mut app, repair("0001000002", Some("不想干了")));
    assert_eq!(codes(&unknown), [("reason", "declaration.reason_unknown")]);
    assert!(declarations(&mut app).is_empty(), "nothing was made");
    let view = repaired(&mut app, repair("0001000002", Some("辞职")));
    assert_eq!(view.missing, []);
    assert_eq!(view.declaration.change_reason.as_deref(), Some("辞职"));
}

#[test]
fn a_redo_names_the_operation_that_it_corrects() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut centre, mut app) = differing(directory.path(), Vec::new());
    let wrong = declare(&mut app, stop("0001000001", "2022-01"));
    submit_all(&mut app);
    centre.exchange(&mut app);
    centre.approve_all();
    fetch(&mut centre, vec![at_tax(1, "张三", Some("2021-12"))]);
    centre.deliver(&mut app);

    let view = repaired(&mut app, repair("0001000001", None));
    assert_eq!(view.repair.code, "repair.redo_stop");
    let drafted = view.declaration;
    assert_eq!(drafted.redoes.as_deref(), Some(wrong.id.as_str()));
    assert_eq!(drafted.month.as_deref(), Some("2021-12"));
    assert_eq!(drafted.change_reason.as_deref(), Some("辞职"));
    submit_all(&mut app);
    centre.exchange(&mut app);
    centre.approve_all();
    centre.deliver(&mut app);
    let rows = compare(&mut app, Some("0001000001"), None).rows;
    assert_eq!(rows[0].class.code, "consistent", "{rows:?}");
    assert_eq!(declarations(&mut app).len(), 2, "both stay");
}

#[test]
fn whom_only_tax_has_is_enrolled_as_tax_has_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let stranger = TaxPerson {
        personal_number: "0009999999".to_owned(),
        id_kind: "08".to_owned(),
        id_number: "E00000009".to_owned(),
        base: Some("6000.00".parse().expect("an amount")),
        ..at_tax(9, "周外来", None)
    };
    let (_, mut app) = differing(directory.path(), vec![stranger]);
    let view = repaired(&mut app, repair("0009999999", None));
    let person = view.declaration.person.expect("as tax has them");
    assert_eq!(
        (view.declaration.kind.as_str(), person.name.as_str()),
        ("REG", "周外来")
    );
    assert_eq!(view.declaration.wage.as_deref(), Some("6000.00"));
    // A passport states neither.
    let missing: Vec<_> = view.missing.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(missing, ["born", "sex"]);
}

#[test]
fn what_tax_or_the_window_mends_is_said_and_nothing_is_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let misnamed = at_tax(2, "错名", None);
    let (mut centre, mut app) = differing(directory.path(), vec![misnamed]);
    centre.add(&Fact::AgencyListed(Agency {
        district: DISTRICT,
        district_name: "沈河区".to_owned(),
        name: "沈河区社会事务服务与行政执法中心".to_owned(),
        address: "沈河区先农坛路13号".to_owned(),
        phone: "24843636-317".to_owned(),
    }));
    centre.deliver(&mut app);
    let window = refuse(&mut app, repair("0001000002", None));
    assert_eq!(window.code, "repair.window");
    let place = "沈河区社会事务服务与行政执法中心（沈河区先农坛路13号，电话 24843636-317）";
    assert!(window.message.contains(place), "{}", window.message);
    let tax = refuse(&mut app, repair("0001000003", None));
    assert_eq!(tax.code, "repair.ask_tax");
    let none = refuse(&mut app, repair("0001000001", None));
    assert_eq!(none.code, "compare.nothing_to_repair");
    let nobody = refuse(&mut app, repair("0001000009", None));
    assert_eq!(nobody.code, "compare.nobody");
    assert!(declarations(&mut app).is_empty());
}

#[test]
fn without_taxs_roster_nothing_is_mended() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let unknown = refuse(&mut app, repair("0001000001", None));
    assert_eq!(unknown.code, "compare.roster_unknown");
}
