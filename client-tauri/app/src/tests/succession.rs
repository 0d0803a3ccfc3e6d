//! A revoked or expired certificate: how the device learns of it, and how the work goes on.

use canbao_core::certificate::Mandate;
use canbao_core::document::Batch;
use canbao_core::ids::{CertificateSerial, UnitId};
use canbao_core::refusal::RefusalName;
use canbao_core::signed::{Signed, decode_canonical};
use canbao_core::statement::read_admitted;
use canbao_core::sync::{Item, ItemId, Refusal};

use crate::app::App;
use crate::request::Request;
use crate::response::{Response, StatusView};

use super::*;

const ZHANG: &str = "0001000001";

fn revoke(centre: &mut Centre, serial: u64) {
    centre.revoke(CertificateSerial(serial));
}

fn status(app: &mut App) -> StatusView {
    match ask(app, Request::Status) {
        Response::Status(view) => *view,
        other => panic!("the status, not {other:?}"),
    }
}

/// Whose certificate each waiting item names, in the order they are offered.
fn signers(app: &App) -> Vec<u64> {
    let all = app
        .outbox
        .next(&app.feed, &app.store, None, 100, usize::MAX)
        .expect("read");
    let signer = |item: &Item| match item {
        Item::Statement(bytes) => read_admitted(bytes).expect("a statement").signer.0,
        Item::Batch(bytes) => {
            let signed = Signed::from_bytes(bytes).expect("signed");
            let batch: Batch = decode_canonical(&signed.content).expect("a batch");
            batch.signer.0
        }
    };
    all.iter().map(|it| signer(&it.content)).collect()
}

fn warned(view: &StatusView, code: &str) -> bool {
    view.warnings.iter().any(|it| it.code == code)
}

#[test]
fn a_revocation_in_the_feed_is_shown_and_what_waits_goes_on_under_a_new_certificate() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop(ZHANG, "2022-01"));
    submit_all(&mut app);
    assert_eq!(signers(&app), [1, 1], "a draft and its submission");

    revoke(&mut centre, 1);
    centre.deliver(&mut app);
    let view = status(&mut app);
    let ended = view.operators[0].ended.clone().expect("told");
    assert_eq!(ended.code, "revoked");
    assert!(ended.text.contains("笔记本遗失"), "{}", ended.text);
    assert!(warned(&view, "status.certificate_revoked"));
    let refused = refuse(&mut app, stop("0001000002", "2022-01"));
    assert_eq!(refused.code, "identity.certificate_revoked");
    assert!(app.sign_anew().expect("nothing to do").is_empty());
    assert_eq!(signers(&app), [1, 1], "nothing typed is lost");

    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    assert_eq!(signers(&app), [2, 2]);
    let view = status(&mut app);
    assert_eq!((view.queued, view.refused), (2, 0));
    assert!(!warned(&view, "status.certificate_revoked"));
    declare(&mut app, stop("0001000002", "2022-01"));
    assert_eq!(signers(&app), [2, 2, 2]);
    centre.exchange(&mut app);
    assert_eq!(status(&mut app).queued, 0);

    drop(app);
    let mut app = open(directory.path(), 2);
    assert_eq!(status(&mut app).queued, 0, "the same after opening again");
    assert_eq!(declarations(&mut app).len(), 2, "no draft stands twice");
    assert_eq!(
        status(&mut app).operators[0].ended.as_ref(),
        Some(&ended),
        "kept"
    );
}

#[test]
fn a_device_that_gets_no_session_any_more_knows_why() {
    for (name, how) in [
        (RefusalName::PeersCertificateRevoked, "revoked"),
        (RefusalName::PeersCertificateExpired, "expired"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut app = employer(&mut Centre::new(1), directory.path());
        app.note_locked_out(&Refusal::new(RefusalName::PeersTooManySessions, ""))
            .expect("kept");
        assert_eq!(status(&mut app).operators[0].ended, None);
        app.note_locked_out(&Refusal::new(name, "笔记本遗失"))
            .expect("kept");
        let view = status(&mut app);
        let ended = view.operators[0].ended.clone().expect("told");
        assert_eq!(ended.code, how);
        assert!(ended.text.ends_with("笔记本遗失"), "{}", ended.text);
        assert!(warned(&view, &format!("status.certificate_{how}")));
    }
}

#[test]
fn an_item_refused_for_its_certificate_goes_on_once_there_is_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop(ZHANG, "2022-01"));
    centre.exchange(&mut app);
    submit_all(&mut app);
    let item = ItemId(app.outbox.waiting(&app.feed).last().expect("queued").id);
    let refuse = |app: &mut App| {
        app.refused_item(item, "statement.certificate_revoked", "")
            .expect("kept")
    };
    assert!(!refuse(&mut app), "there is no other certificate");
    assert_eq!(
        (status(&mut app).queued, status(&mut app).refused),
        (0, 1),
        "shown as refused"
    );
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    assert_eq!(signers(&app), [2]);
    assert!(app.outbox.waits(item.0, &app.feed), "under the same id");
    assert!(!refuse(&mut app), "this one is refused as well");
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    assert_eq!(signers(&app), [3]);
}

#[test]
fn a_certificate_signs_nothing_anew_that_it_does_not_cover_or_that_came_after_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = open(directory.path(), 1);
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    centre.enrol(
        &mut app,
        Mandate::Employer(vec![UnitId([9; 16])]),
        "他单位经办",
    );
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "赵经办");
    centre.deliver(&mut app);
    let zhao = Context {
        operator: Some("赵经办".to_owned()),
        ..english()
    };
    app.dispatch(&zhao, stop(ZHANG, "2022-01"))
        .expect("answered");
    assert_eq!(signers(&app), [3]);
    revoke(&mut centre, 3);
    centre.deliver(&mut app);
    assert!(app.sign_anew().expect("nothing to do").is_empty());
    assert_eq!(signers(&app), [3], "the first was there before");
    let both = || Mandate::Employer(vec![UNIT, UnitId([9; 16])]);
    centre.enrol(&mut app, both(), "钱经办");
    assert_eq!(signers(&app), [3], "another person signs nothing of hers");
    centre.enrol(&mut app, both(), "赵经办");
    assert_eq!(signers(&app), [5]);
}

#[test]
fn a_draft_that_was_refused_for_its_certificate_goes_on_with_the_same_change() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    centre.revoke(CertificateSerial(1));
    for line in [1, 2] {
        declare(&mut app, stop(&format!("000100000{line}"), "2022-01"));
    }
    let waiting = app
        .outbox
        .next(&app.feed, &app.store, None, 10, usize::MAX)
        .expect("read");
    for item in waiting {
        let refusal = centre.take(&item.content).expect_err("revoked");
        let renewed = app
            .refused_item(item.item, refusal.code(), "")
            .expect("kept");
        assert!(!renewed, "there is no other certificate");
    }
    assert_eq!(status(&mut app).refused, 2);
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    assert_eq!(signers(&app), [2, 2]);
    centre.exchange(&mut app);
    let view = status(&mut app);
    assert_eq!((view.queued, view.refused, view.drafts), (0, 0, 2));
    drop(app);
    let mut app = open(directory.path(), 2);
    assert_eq!(status(&mut app).drafts, 2, "the same after opening again");
}
