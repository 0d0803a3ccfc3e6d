//! Every key has a successor, and what the one before signed still counts.

use canbao_core::certificate::{ChainError, Mandate, RootHash};
use canbao_core::enrolment::Rekey;
use canbao_core::facts::{Audience, Fact, Revoker};
use canbao_core::ids::{CertificateSerial, Position};
use canbao_core::ledger::note::SignedNote;
use canbao_core::signing::SigningKey;
use canbao_core::statement::Statement;

use super::fixture::*;
use crate::centre::{Answer, Centre, EnrolError, Revocation, Standing};
use crate::keys::{Rotation, rotate};

/// The centre stopped, its key replaced, and opened again as a server does.
async fn rotated(it: Fixture, rotation: &Rotation, seed: u8) -> Fixture {
    let Fixture { dir, centre } = it;
    centre.stop().await;
    drop(centre);
    let path = dir.path().join("centre");
    rotate(&path, rotation, [seed; 32]).unwrap();
    let centre = Centre::open(&path).unwrap();
    centre.announce_log_key(NOW).await.unwrap();
    Fixture { dir, centre }
}

fn root(it: &Fixture) -> std::path::PathBuf {
    it.dir.path().join("root.key")
}

#[tokio::test]
async fn certificates_of_the_authority_before_stay_valid_and_new_ones_are_by_the_new() {
    let it = start().await;
    let old = it.employer(1).await;
    let trust = it.centre.trust().clone();
    let rotation = Rotation::Authority { root: root(&it) };
    let it = rotated(it, &rotation, 50).await;
    let taken = it
        .taken(&old, &Statement::Submission(interruption(1, 1, "2022-01")))
        .await;
    assert!(matches!(taken, Fact::Received { .. }), "{taken:?}");
    let new = it.enrol(Mandate::Employer(vec![unit(1)]), 40).await;
    let answer = it.centre.enrol(new.request.clone(), NOW).await.unwrap();
    let signed = |authority: SigningKey| new.certificate.issue(&authority);
    assert_eq!(answer.certificate, signed(SigningKey::from_seed([50; 32])));
    assert_ne!(answer.certificate, signed(SigningKey::from_seed([2; 32])));
    assert_eq!(it.centre.trust().authorities[0], trust.authority);
    let taken = it
        .taken(&new, &Statement::Submission(interruption(1, 2, "2022-01")))
        .await;
    assert!(matches!(taken, Fact::Received { .. }), "{taken:?}");
}

#[tokio::test]
async fn the_log_tells_of_its_new_key_once_and_heads_from_there_on_are_signed_by_it() {
    let it = start().await;
    let (before, chain) = (it.centre.head(), it.centre.chain().clone());
    let rotation = Rotation::Log { root: root(&it) };
    let it = rotated(it, &rotation, 50).await;
    let position = before.tree.size;
    assert_eq!(it.length(), position + 1);
    let read = it.read(position);
    assert_eq!(read.entry.audience, [Audience::Everyone]);
    let Some(Fact::LogKeyChanged { chain: told }) = read.fact else {
        panic!("{read:?}")
    };
    let pinned = RootHash::of(&chain.root);
    let trust = told.follow_from(&chain, &pinned).unwrap();
    assert_eq!(trust, *it.centre.trust());
    assert_eq!(chain.follow_from(&told, &pinned), Err(ChainError::Older));

    let keys = trust.log_keys().unwrap();
    let old_keys = chain.follow(&pinned).unwrap().log_keys().unwrap();
    let note = |note: &str| SignedNote::parse(note.as_bytes()).unwrap();
    let (old, new) = (note(&before.note), note(&it.centre.head().note));
    assert_eq!(keys.open(&old).unwrap().size, position);
    assert_eq!(keys.open(&new).unwrap().size, position + 1);
    assert_eq!(old_keys.open(&new).unwrap_err().code(), "note.wrong_key");

    let it = it.reopened().await;
    assert_eq!(it.centre.announce_log_key(NOW).await, Ok(None));
    let rotation = Rotation::Log { root: root(&it) };
    let it = rotated(it, &rotation, 51).await;
    assert_eq!(it.length(), position + 2, "and the next one");
}

#[tokio::test]
async fn a_new_tls_key_is_in_the_chain_that_continues_the_one_before() {
    let it = start().await;
    let chain = it.centre.chain().clone();
    let it = rotated(it, &Rotation::Tls, 50).await;
    let pinned = RootHash::of(&chain.root);
    let trust = it.centre.chain().follow_from(&chain, &pinned).unwrap();
    assert_eq!(trust.tls, SigningKey::from_seed([50; 32]).public());
    assert_eq!(trust.tls, it.centre.tls_key().public());
    assert_eq!((trust.version, trust.log), (2, it.centre.trust().log));
}

/// The keys of a device with one operator become those of another seed.
fn rekey(it: &Fixture, of: &Operator, seed: u8) -> Rekey {
    let (key, device_key) = keys_of(seed);
    Rekey::make(
        RootHash::of(&it.centre.trust().root),
        of.certificate.device,
        (&of.device_key, &device_key),
        &[(of.certificate.serial, &of.key, &key)],
    )
}

#[tokio::test]
async fn a_device_gets_new_keys_by_the_keys_it_has_and_the_old_certificate_ends() {
    let it = start().await;
    let old = it.employer(1).await;
    let asked = rekey(&it, &old, 60);
    let answer = it.centre.rekey(asked.clone(), NOW).await.unwrap();
    let opened = answer.open(&asked.claim, it.centre.chain()).unwrap();
    let [new] = &opened[..] else {
        panic!("{opened:?}")
    };
    let (before, now) = (&old.certificate, new);
    assert_eq!(
        (&now.mandate, now.operator, &now.operator_name, now.device),
        (
            &before.mandate,
            before.operator,
            &before.operator_name,
            before.device
        )
    );
    assert_eq!(now.expires_at, before.expires_at, "the term stays");
    let listed = it.centre.certificates(None, 9).unwrap();
    let revoked = listed[0].revoked.as_ref().unwrap();
    assert_eq!(
        (revoked.reason.as_str(), revoked.by),
        ("replaced", Revoker::Holder(now.serial))
    );
    assert_eq!(listed[1].standing(NOW), Standing::InForce);

    let length = it.length();
    let again = it.centre.rekey(asked, NOW).await;
    assert_eq!(again, Ok(answer), "after a cut");
    assert_eq!(it.length(), length);

    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let Answer::Refused(refusal) = it.state(&old, &statement).await else {
        panic!("the old key still signs")
    };
    assert_eq!(refusal.code(), "statement.certificate_revoked");
    let (key, device_key) = keys_of(60);
    let signed = statement.sign(&key, now.serial, NOW).to_bytes();
    let taken = it.centre.take_statement(signed, NOW).await.unwrap();
    assert_eq!(taken, Answer::Taken(Position(it.length() - 1)));
    let of_device = it.centre.certificates_of(&device_key.public()).unwrap();
    assert_eq!(of_device.len(), 1);
}

#[tokio::test]
async fn new_keys_are_refused_by_name() {
    let it = start().await;
    let (one, other) = (it.employer(1).await, it.employer(2).await);
    let length = it.length();
    let ask = async |asked: Rekey, now| it.centre.rekey(asked, now).await.unwrap_err();
    let mut elsewhere = rekey(&it, &one, 60);
    elsewhere.claim.root = RootHash([0; 16]);
    assert_eq!(ask(elsewhere, NOW).await, EnrolError::OtherCentre);
    let mut nobody = rekey(&it, &one, 60);
    nobody.claim.operators.clear();
    assert_eq!(ask(nobody, NOW).await, EnrolError::Malformed);
    let mut unknown = rekey(&it, &one, 60);
    unknown.claim.operators[0].serial = CertificateSerial(999);
    assert_eq!(ask(unknown, NOW).await, EnrolError::UnknownCertificate);
    let mut theirs = rekey(&it, &one, 60);
    theirs.claim.operators[0].serial = other.certificate.serial;
    assert_eq!(ask(theirs, NOW).await, EnrolError::BadProof);
    let mut posing = rekey(&it, &one, 60).claim.device;
    posing.0[0] ^= 1;
    let (key, device_key) = keys_of(60);
    let posing = Rekey::make(
        RootHash::of(&it.centre.trust().root),
        posing,
        (&one.device_key, &device_key),
        &[(one.certificate.serial, &one.key, &key)],
    );
    assert_eq!(ask(posing, NOW).await, EnrolError::OtherDevice);
    let taken = Rekey::make(
        RootHash::of(&it.centre.trust().root),
        one.certificate.device,
        (&one.device_key, &other.device_key),
        &[(one.certificate.serial, &one.key, &key)],
    );
    assert_eq!(
        ask(taken, NOW).await,
        EnrolError::OtherDevice,
        "a key in use"
    );
    let late = one.certificate.expires_at;
    let expired = ask(rekey(&it, &one, 60), late).await;
    assert_eq!(expired, EnrolError::CertificateExpired);
    assert_eq!(it.length(), length, "no trace");
    let order = Revocation {
        serial: one.certificate.serial,
        whole_device: false,
        reason: "离职".to_owned(),
    };
    it.centre.revoke(order, NOW).await.unwrap();
    let revoked = ask(rekey(&it, &one, 60), NOW).await;
    assert_eq!(revoked, EnrolError::CertificateRevoked);
    let asked = rekey(&it, &other, 61);
    it.centre.rekey(asked, NOW).await.unwrap();
    let twice = ask(rekey(&it, &other, 62), NOW).await;
    assert_eq!(twice, EnrolError::CertificateRevoked, "for other keys");
}
