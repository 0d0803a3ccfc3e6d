//! The same thing offered again: one answer, whatever happened in between.

use std::sync::Arc;

use canbao_core::certificate::Mandate;
use canbao_core::enrolment::Request;
use canbao_core::facts::Fact;
use canbao_core::ids::{DeviceId, OperatorId, Position};
use canbao_core::statement::Statement;
use canbao_core::time::Timestamp;

use super::fixture::*;
use crate::centre::desk::Desk;
use crate::centre::{Answer, EnrolError};

#[tokio::test]
async fn an_answer_lost_after_the_commit_comes_again_with_the_same_receipt() {
    let it = start().await;
    let employer = it.employer(1).await;
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let mut growth = it.centre.growth();
    growth.borrow_and_update();
    tokio::select! {
        biased;
        grown = growth.changed() => grown.unwrap(),
        answer = it.state(&employer, &statement) => panic!("not lost: {answer:?}"),
    }
    let length = it.length();
    let position = Position(length - 1);
    let Fact::Received { receipt, .. } = it.fact(position) else {
        panic!("the submission was taken in")
    };

    let it = it.reopened().await;
    assert_eq!(
        it.state(&employer, &statement).await,
        Answer::Taken(position)
    );
    let Fact::Received { receipt: again, .. } = it.fact(position) else {
        panic!()
    };
    assert_eq!((again, it.length()), (receipt, length));
    let later = Timestamp(NOW.0 + 60);
    let signed_later = statement.sign(&employer.key, employer.certificate.serial, later);
    let answer = it
        .centre
        .take_statement(signed_later.to_bytes(), later)
        .await;
    assert_eq!(
        answer,
        Ok(Answer::Taken(position)),
        "the same statement, signed again"
    );
    let expired = employer.certificate.expires_at;
    let answer = it
        .centre
        .take_statement(employer.sign(&statement), expired)
        .await;
    assert_eq!(
        answer,
        Ok(Answer::Taken(position)),
        "an answer outlives the certificate"
    );
}

#[tokio::test]
async fn an_assessment_applied_for_twice_at_once_is_one() {
    let it = start().await;
    let employer = it.employer(1).await;
    let statement = assessment(1, "2022-01", 1);
    let (first, second) = tokio::join!(
        it.state(&employer, &statement),
        it.state(&employer, &statement)
    );
    assert_eq!(first, second);
    let assessed = it
        .centre
        .with_unit(unit(1), |view| view.assessments.len())
        .unwrap();
    assert_eq!(assessed, Some(1));
}

#[tokio::test]
async fn a_batch_is_admitted_once_and_refused_for_ever() {
    let it = start().await;
    let employer = it.employer(1).await;
    let batch = employer.batch(1, 1);
    let offer =
        async |it: &Fixture, bytes: &[u8]| it.centre.take_batch(bytes.to_vec(), NOW).await.unwrap();
    let answer = offer(&it, &batch).await;
    assert!(matches!(answer, Answer::Taken(_)), "{answer:?}");
    let sealed = Fact::VolumeSealed { volume: VOLUME };
    it.centre.append_facts(vec![sealed], NOW).await.unwrap();
    let late = employer.batch(1, 2);
    let refused = offer(&it, &late).await;
    let Answer::Refused(refusal) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.code(), "admission.volume_sealed");
    let length = it.length();

    let it = it.reopened().await;
    assert_eq!(offer(&it, &batch).await, answer);
    assert_eq!(offer(&it, &late).await, refused);
    assert_eq!(it.length(), length);
}

#[tokio::test]
async fn a_code_certifies_once_and_answers_the_same_request_again() {
    let it = start().await;
    let mandate = || Mandate::Employer(vec![unit(1)]);
    let code = it.code(mandate(), 1).await;
    let first = it.centre.enrol(request(&code, 1), NOW).await.unwrap();
    let it = it.reopened().await;
    assert_eq!(it.centre.enrol(request(&code, 1), NOW).await, Ok(first));
    let enrol = async |request| it.centre.enrol(request, NOW).await.unwrap_err();
    assert_eq!(enrol(request(&code, 2)).await, EnrolError::CodeUsed);

    let unknown = canbao_core::enrolment::EnrolmentCode {
        secret: [77; 16],
        ..code.clone()
    };
    assert_eq!(enrol(request(&unknown, 2)).await, EnrolError::CodeUnknown);
    let mut elsewhere = code.clone();
    elsewhere.root.0[0] ^= 1;
    assert_eq!(enrol(request(&elsewhere, 1)).await, EnrolError::OtherCentre);
    let mut unproven = request(&code, 1);
    unproven.claim.operator = OperatorId([9; 16]);
    assert_eq!(enrol(unproven).await, EnrolError::BadProof);
    let fresh = it.code(mandate(), 3).await;
    let late = it
        .centre
        .enrol(request(&fresh, 3), Timestamp(NOW.0 + 3600))
        .await;
    assert_eq!(late, Err(EnrolError::CodeExpired));
}

#[tokio::test]
async fn one_device_has_several_operators_and_one_id() {
    let it = start().await;
    let first = it.employer(1).await;
    let code = it.code(Mandate::Employer(vec![unit(2)]), 2).await;
    let (key, _) = keys_of(2);
    let claim = first.request.claim.clone();
    let ask = |device| Request::make(&code, OperatorId([2; 16]), &key, device, &first.device_key);
    let stranger = ask(canbao_core::ids::DeviceId([99; 16]));
    assert_eq!(
        it.centre.enrol(stranger, NOW).await,
        Err(EnrolError::OtherDevice)
    );
    it.centre.enrol(ask(claim.device), NOW).await.unwrap();
    let certificates = it.centre.certificates_of(&claim.device_key).unwrap();
    let serials: Vec<u64> = certificates
        .iter()
        .map(|it| it.certificate.serial.0)
        .collect();
    assert_eq!(serials, [1, 2]);
}

#[tokio::test]
async fn a_device_key_has_one_id_within_a_group_too() {
    let it = start().await;
    let mandate = || Mandate::Employer(vec![unit(1)]);
    let (one, other) = (it.code(mandate(), 1).await, it.code(mandate(), 2).await);
    let shared = &it.centre.shared;
    let mut desk = Desk::load(Arc::clone(&shared.store), Arc::clone(&shared.keys)).unwrap();
    let (key, device_key) = keys_of(1);
    let operator = OperatorId([1; 16]);
    let ask =
        |code, device| Request::make(code, operator, &key, DeviceId([device; 16]), &device_key);
    desk.enrol(&ask(&one, 1), NOW).unwrap().unwrap();
    let second = desk.enrol(&ask(&other, 9), NOW).unwrap();
    assert_eq!(second, Err(EnrolError::OtherDevice));
}
