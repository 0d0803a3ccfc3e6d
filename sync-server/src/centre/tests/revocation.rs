//! A revocation cuts off at its place in the feed: before it everything stands, after it nothing.

use canbao_core::certificate::Mandate;
use canbao_core::document::{DocumentId, SignedBatch};
use canbao_core::enrolment::Request;
use canbao_core::facts::{Audience, Fact, Revoker};
use canbao_core::ids::{CertificateSerial, DeviceId, OperatorId, Position};
use canbao_core::signing::SigningKey;
use canbao_core::statement::Statement;
use canbao_core::time::Timestamp;

use super::fixture::*;
use crate::centre::{Answer, Revocation, Standing};

fn lost(serial: CertificateSerial) -> Revocation {
    Revocation {
        serial,
        whole_device: false,
        reason: "笔记本遗失".to_owned(),
    }
}

#[track_caller]
fn code(answer: &Answer) -> &str {
    match answer {
        Answer::Refused(refusal) => refusal.code(),
        other => panic!("{other:?}"),
    }
}

async fn batch(it: &Fixture, bytes: Vec<u8>) -> Answer {
    it.centre.take_batch(bytes, NOW).await.unwrap()
}

#[tokio::test]
async fn what_was_admitted_before_stands_and_what_comes_after_is_refused_by_name() {
    let it = start().await;
    let employer = it.employer(1).await;
    let before = Statement::Submission(interruption(1, 1, "2022-01"));
    let taken = it.state(&employer, &before).await;
    let drafted = batch(&it, employer.batch(1, 1)).await;

    let serial = employer.certificate.serial;
    let revoked = it.centre.revoke(lost(serial), NOW).await.unwrap();
    assert_eq!(revoked, [(serial, Position(it.length() - 1))]);
    let fact = it.read(it.length() - 1);
    let of_owner = [Audience::Employer(unit(1)), Audience::Centre];
    assert_eq!(fact.entry.audience, of_owner);
    let Some(Fact::CertificateRevoked { reason, by, .. }) = fact.fact else {
        panic!("{fact:?}")
    };
    assert_eq!(
        (reason.as_str(), by),
        ("笔记本遗失", Revoker::Administration)
    );

    let after = Statement::Submission(interruption(1, 2, "2022-01"));
    for _ in 0..2 {
        assert_eq!(
            code(&it.state(&employer, &after).await),
            "statement.certificate_revoked"
        );
        assert_eq!(
            code(&batch(&it, employer.batch(1, 2)).await),
            "admission.revoked"
        );
    }
    let late = employer.certificate.expires_at;
    let late = it
        .centre
        .take_statement(employer.sign(&assessment(1, "2022-01", 1)), late);
    assert_eq!(
        code(&late.await.unwrap()),
        "statement.certificate_revoked",
        "expired as well, but revoked first"
    );
    assert_eq!(it.state(&employer, &before).await, taken, "the old answer");
    assert_eq!(batch(&it, employer.batch(1, 1)).await, drafted);
    let it = it.reopened().await;
    assert_eq!(it.state(&employer, &before).await, taken);
    assert_eq!(
        code(&it.state(&employer, &after).await),
        "statement.certificate_revoked"
    );
}

#[tokio::test]
async fn the_same_statement_and_change_are_taken_from_the_certificate_that_came_after() {
    let it = start().await;
    let old = it.employer(1).await;
    it.centre
        .revoke(lost(old.certificate.serial), NOW)
        .await
        .unwrap();
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    assert_eq!(
        code(&it.state(&old, &statement).await),
        "statement.certificate_revoked"
    );
    let refused = old.batch(1, 1);
    assert_eq!(
        code(&batch(&it, refused.clone()).await),
        "admission.revoked"
    );

    let new = it.enrol(Mandate::Employer(vec![unit(1)]), 40).await;
    let taken = it.taken(&new, &statement).await;
    assert!(matches!(taken, Fact::Received { .. }), "{taken:?}");
    let checked = canbao_core::structure::check_batch(&refused).unwrap();
    let anew = canbao_core::document::Batch {
        signer: new.certificate.serial,
        ..checked.run.batch
    };
    assert!(matches!(anew.document, DocumentId::EmployerVolume(..)));
    let anew = SignedBatch::make(&anew, &new.key).0;
    let admitted = batch(&it, anew).await;
    assert!(matches!(admitted, Answer::Taken(_)), "{admitted:?}");
}

#[tokio::test]
async fn a_revocation_is_made_once_and_an_unknown_serial_is_named() {
    let it = start().await;
    let employer = it.employer(1).await;
    let serial = employer.certificate.serial;
    let first = it.centre.revoke(lost(serial), NOW).await.unwrap();
    let length = it.length();
    let again = it.centre.revoke(lost(serial), Timestamp(NOW.0 + 60)).await;
    assert_eq!(again.unwrap(), first);
    assert_eq!(it.length(), length);
    let unknown = it.centre.revoke(lost(CertificateSerial(999)), NOW).await;
    assert_eq!(unknown.unwrap_err().code(), "admin.unknown_certificate");
    let stated = Fact::CertificateRevoked {
        serial,
        mandate: Mandate::Centre,
        reason: String::new(),
        by: Revoker::Administration,
    };
    let stated = it.centre.append_facts(vec![stated], NOW).await.unwrap_err();
    assert_eq!(stated.code(), "admin.not_administrative");
    assert_eq!(it.length(), length);
}

/// Two operators on one device, and one on another.
#[tokio::test]
async fn a_lost_device_loses_all_its_certificates_and_no_other_does() {
    let it = start().await;
    let one = it.employer(1).await;
    let other = it.employer(2).await;
    let code = it.code(Mandate::Employer(vec![unit(2)]), 40).await;
    let key = SigningKey::from_seed([40; 32]);
    let shared = Request::make(
        &code,
        OperatorId([40; 16]),
        &key,
        DeviceId([11; 16]),
        &one.device_key,
    );
    it.centre.enrol(shared, NOW).await.unwrap();
    let order = Revocation {
        whole_device: true,
        ..lost(one.certificate.serial)
    };
    let revoked = it.centre.revoke(order, NOW).await.unwrap();
    let serials: Vec<u64> = revoked.iter().map(|(serial, _)| serial.0).collect();
    assert_eq!(serials, [1, 3]);
    let listed = it.centre.certificates(None, 10).unwrap();
    let standings: Vec<_> = listed.iter().map(|it| it.standing(NOW)).collect();
    assert_eq!(
        standings,
        [Standing::Revoked, Standing::InForce, Standing::Revoked]
    );
    let behind = it.centre.certificates(Some(CertificateSerial(1)), 1);
    assert_eq!(behind.unwrap(), listed[1..2]);
    let taken = it
        .taken(
            &other,
            &Statement::Submission(interruption(2, 1, "2022-01")),
        )
        .await;
    assert!(matches!(taken, Fact::Received { .. }), "{taken:?}");
}
