//! Keys that follow one another: the log's, the TLS key's chain, and this device's own.

use canbao_core::certificate::{LogTerm, Mandate};
use canbao_core::enrolment::{Rekey, RekeyAnswer};
use canbao_core::facts::Fact;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::SigningKey;
use canbao_core::statement::read_admitted;
use canbao_core::sync::{Item, Refusal};

use crate::app::App;

use super::*;

const ZHANG: &str = "0001000001";

fn waiting_signers(app: &App) -> Vec<u64> {
    let all = app
        .outbox
        .next(&app.feed, &app.store, None, 100, usize::MAX)
        .expect("read");
    let statements = all.into_iter().filter_map(|it| match it.content {
        Item::Statement(bytes) => Some(read_admitted(&bytes).expect("a statement").signer.0),
        Item::Batch(_) => None,
    });
    statements.collect()
}

/// Certifies what is asked, as the real centre does after its checks.
pub(super) fn answer(centre: &mut Centre, asked: &Rekey) -> Vec<u8> {
    let before: Vec<_> = asked
        .claim
        .operators
        .iter()
        .map(|it| centre.certificate(it.serial).clone())
        .collect();
    asked.verify(&before).expect("every key is proven");
    let new = before.iter().zip(&asked.claim.operators);
    let certificates = new
        .map(|(old, new)| centre.reissue(old, new.operator_key, asked.claim.device_key))
        .collect();
    let chain = centre.chain();
    RekeyAnswer {
        certificates,
        chain,
    }
    .to_bytes()
}

#[test]
fn new_keys_take_the_place_of_the_old_and_what_waits_is_signed_by_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    centre.enrol(&mut app, Mandate::Agency(DISTRICT), "李窗口");
    declare(&mut app, stop(ZHANG, "2022-01"));
    submit_all(&mut app);
    let asked = app.prepare_rekey(&english()).expect("asked");
    drop(app);
    let mut app = open(directory.path(), 9);
    let again = app.prepare_rekey(&english()).expect("asked");
    assert!(again == asked, "after a cut the same keys are asked for");
    assert_eq!(asked.claim.operators.len(), 2);
    let Response::Status(view) = ask(&mut app, Request::Status) else {
        panic!("the status")
    };
    let warned = |code: &str| view.warnings.iter().any(|it| it.code == code);
    assert!(warned("status.rekeying"), "it is to be asked for again");

    let answered = answer(&mut centre, &asked);
    let rekeyed = app.finish_rekey(&asked, &answered).expect("taken");
    let names: Vec<_> = rekeyed.operators.iter().map(|it| &it.name).collect();
    assert_eq!(names, ["王经办", "李窗口"]);
    assert_eq!(waiting_signers(&app), [3]);
    for _ in 0..2 {
        let (_, device_key) = app.identity.device.as_ref().expect("enrolled");
        assert_eq!(device_key.public(), asked.claim.device_key);
        for operator in &app.identity.operators {
            let key = app.identity.key(operator).expect("open");
            assert_eq!(key.public(), operator.certificate.operator_key);
        }
        drop(app);
        app = open(directory.path(), 10);
    }
    centre.exchange(&mut app);
    assert_eq!(waiting_signers(&app), Vec::<u64>::new());
    let next = app.prepare_rekey(&english()).expect("asked");
    assert!(next.claim.device_key != asked.claim.device_key, "anew");
}

#[test]
fn an_answer_for_other_keys_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let asked = app.prepare_rekey(&english()).expect("asked");
    let answered = answer(&mut centre, &asked);
    let mut other = asked.clone();
    other.claim.operators[0].operator_key = SigningKey::from_seed([9; 32]).public();
    let refused = app.finish_rekey(&other, &answered).expect_err("refused");
    assert_eq!(refused.code, "enrolment.other_keys");
    assert_eq!(app.identity.operators[0].certificate.serial.0, 1);
    app.finish_rekey(&asked, &answered).expect("taken");
}

#[test]
fn the_log_tells_of_its_new_key_and_proofs_by_the_old_one_still_verify() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let before = app.identity.centre().expect("enrolled").trust.clone();
    let since = centre.entries.len() as u64;
    let chain = centre.chain().with_log(
        &before,
        &centre.root,
        &centre.authority,
        &centre.log,
        LogTerm {
            key: SigningKey::from_seed([77; 32]).public(),
            since,
        },
    );
    centre.add(&Fact::LogKeyChanged {
        chain: Box::new(chain.clone()),
    });
    let forged = chain.with_log(
        &before,
        &SigningKey::from_seed([5; 32]),
        &centre.authority,
        &centre.log,
        LogTerm {
            key: SigningKey::from_seed([78; 32]).public(),
            since,
        },
    );
    centre.add(&Fact::LogKeyChanged {
        chain: Box::new(forged),
    });
    centre.deliver(&mut app);
    for _ in 0..2 {
        let trust = &app.identity.centre().expect("enrolled").trust;
        assert_eq!((trust.version, trust.logs.len()), (2, 2));
        assert_eq!(trust.logs[0].key, before.log);
        assert_eq!(trust.log, SigningKey::from_seed([77; 32]).public());
        drop(app);
        app = open(directory.path(), 3);
    }
}

#[test]
fn new_keys_that_the_centre_refuses_for_good_are_given_up_and_others_can_be_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let mut check = |name: RefusalName, given_up: bool| {
        let asked = app.prepare_rekey(&english()).expect("asked");
        let refusal = Refusal::new(name, "");
        app.rekey_refused(&refusal).expect("noted");
        let next = app.prepare_rekey(&english()).expect("asked");
        assert_eq!(next != asked, given_up, "{name:?}");
    };
    check(RefusalName::SyncHubFailed, false);
    check(RefusalName::EnrolmentTooMany, false);
    check(RefusalName::EnrolmentCertificateRevoked, true);
    check(RefusalName::EnrolmentCertificateExpired, true);
    check(RefusalName::EnrolmentUnknownCertificate, true);
    check(RefusalName::EnrolmentOtherDevice, true);

    let refusal = Refusal::new(RefusalName::EnrolmentCertificateRevoked, "");
    app.rekey_refused(&refusal).expect("noted");
    drop(app);
    let mut app = open(directory.path(), 9);
    let Response::Status(view) = ask(&mut app, Request::Status) else {
        panic!("the status")
    };
    let asks = view.warnings.iter().any(|it| it.code == "status.rekeying");
    assert!(!asks, "asking again would not help");
}
