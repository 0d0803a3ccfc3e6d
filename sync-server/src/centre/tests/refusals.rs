//! What is refused by name, and that the next good thing is taken.

use canbao_core::certificate::Mandate;
use canbao_core::facts::Fact;
use canbao_core::ids::{CertificateSerial, DistrictId, UnitId, VolumeId};
use canbao_core::signing::SigningKey;
use canbao_core::statement::{Statement, Verdict};

use super::fixture::*;
use crate::centre::Answer;

#[track_caller]
fn code(answer: &Answer) -> &str {
    match answer {
        Answer::Refused(refusal) => refusal.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operator_of_another_unit_is_refused_by_name_and_the_next_is_taken() {
    let it = start().await;
    let (ours, theirs, clerk) = (it.employer(1).await, it.employer(2).await, it.clerk().await);
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let from = it.length();
    for _ in 0..2 {
        assert_eq!(
            code(&it.state(&theirs, &statement).await),
            "statement.not_your_unit"
        );
    }
    assert_eq!(
        it.kinds_since(from),
        ["StatementRefused"],
        "kept for the audit, once"
    );
    assert_eq!(
        code(&it.state(&clerk, &statement).await),
        "statement.not_your_unit"
    );
    assert!(matches!(
        it.taken(&ours, &statement).await,
        Fact::Received { .. }
    ));

    let batch = theirs.batch(1, 1);
    let refused = it.centre.take_batch(batch, NOW).await.unwrap();
    assert_eq!(code(&refused), "admission.not_your_document");
    let answer = it.centre.take_batch(ours.batch(1, 1), NOW).await.unwrap();
    assert!(matches!(answer, Answer::Taken(_)), "{answer:?}");
}

#[tokio::test]
async fn a_clerk_of_another_district_decides_nothing() {
    let it = start().await;
    let employer = it.employer(1).await;
    let clerk = it.enrol(Mandate::Agency(DistrictId(3)), 30).await;
    let declared = interruption(1, 1, "2022-01");
    it.taken(&employer, &Statement::Submission(declared.clone()))
        .await;
    let decision = decision(unit(1), declared.submission_id(), Verdict::Approve);
    assert_eq!(
        code(&it.state(&clerk, &decision).await),
        "decision.other_district"
    );
    assert_eq!(
        code(&it.state(&employer, &decision).await),
        "decision.other_district"
    );
}

#[tokio::test]
async fn what_nobody_known_signed_leaves_no_trace() {
    let it = start().await;
    let employer = it.employer(1).await;
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let length = it.length();
    let offer = async |bytes: Vec<u8>| it.centre.take_statement(bytes, NOW).await.unwrap();
    let forged = statement.sign(
        &SigningKey::from_seed([99; 32]),
        employer.certificate.serial,
        NOW,
    );
    assert_eq!(
        code(&offer(forged.to_bytes()).await),
        "signed.bad_signature"
    );
    let unknown = statement.sign(&employer.key, CertificateSerial(999), NOW);
    assert_eq!(
        code(&offer(unknown.to_bytes()).await),
        "statement.unknown_signer"
    );
    assert_eq!(code(&offer(vec![0; 20_000]).await), "statement.too_large");
    assert_eq!(code(&offer(vec![0xff]).await), "signed.malformed");
    assert_eq!(it.length(), length);
    let late = employer.certificate.expires_at;
    let expired = it
        .centre
        .take_statement(employer.sign(&statement), late)
        .await
        .unwrap();
    assert_eq!(code(&expired), "statement.certificate_expired");
}

#[tokio::test]
async fn a_submission_with_problems_is_answered_with_all_of_them() {
    let it = start().await;
    let employer = it.employer(1).await;
    let not_received = async |declaration| {
        let taken = it
            .taken(&employer, &Statement::Submission(declaration))
            .await;
        let Fact::NotReceived { problems, .. } = taken else {
            panic!("{taken:?}")
        };
        problems
            .iter()
            .map(|it| it.code.as_str())
            .collect::<Vec<_>>()
    };
    let unknown = wage(1, 9, "2022-02", "2022-03", "5000.00");
    assert_eq!(not_received(unknown).await, ["declaration.person_unknown"]);
    let mut first = wage(1, 1, "2022-02", "2022-03", "5000.00");
    it.taken(&employer, &Statement::Submission(first.clone()))
        .await;
    first.revision = 2;
    assert_eq!(not_received(first).await, ["submission.revision_undecided"]);
}

#[tokio::test]
async fn without_a_settlement_period_nothing_is_received() {
    let it = found();
    let facts = vec![agency(DISTRICT), registration(1), persons(1, &["5000.00"])];
    it.centre.append_facts(facts, NOW).await.unwrap();
    let employer = it.employer(1).await;
    let taken = it
        .taken(
            &employer,
            &Statement::Submission(interruption(1, 1, "2022-01")),
        )
        .await;
    let Fact::NotReceived { problems, .. } = taken else {
        panic!("{taken:?}")
    };
    assert_eq!(problems[0].code.as_str(), "submission.no_settlement");
}

#[tokio::test]
async fn the_administration_is_guarded_and_appends_all_or_none() {
    let it = start().await;
    let length = it.length();
    let check = async |facts: Vec<Fact>, expected: &str| {
        let refused = it.centre.append_facts(facts, NOW).await.unwrap_err();
        assert_eq!(refused.code(), expected);
        assert_eq!(it.length(), length);
    };
    let again = |number: u8| {
        let Fact::UnitRegistered(mut record) = registration(1) else {
            unreachable!()
        };
        record.id = UnitId([number; 16]);
        record
    };
    let volume = |number| Fact::VolumeOpened {
        volume: VolumeId(number),
    };
    let opened = |text| Fact::SettlementOpened { month: month(text) };
    check(vec![registration(1)], "admin.unit_known").await;
    check(
        vec![Fact::UnitRegistered(again(9))],
        "admin.credit_code_taken",
    )
    .await;
    let mut other = again(9);
    other.credit_code = "91210102MA0DEM0C6Y".parse().unwrap();
    check(vec![Fact::UnitRegistered(other)], "admin.credit_code_taken").await;
    check(vec![persons(1, &["1.00"])], "admin.personal_number_taken").await;
    check(
        vec![agency(DISTRICT), opened("2022-04")],
        "admin.settlement_order",
    )
    .await;
    check(vec![volume(2022)], "admin.volume_known").await;
    check(vec![volume(2021)], "admin.volume_order").await;
    check(
        vec![Fact::VolumeSealed {
            volume: VolumeId(1),
        }],
        "admin.volume_not_open",
    )
    .await;
    check(
        vec![Fact::ParametersAdopted { text: "[".into() }],
        "admin.parameters",
    )
    .await;
    check(
        vec![Fact::TaxEventsTaken { through: 9 }],
        "admin.not_administrative",
    )
    .await;
    let mut elsewhere = again(9);
    elsewhere.district = DistrictId(99);
    check(
        vec![Fact::UnitRegistered(elsewhere)],
        "admin.unknown_district",
    )
    .await;
    it.centre
        .append_facts(vec![opened("2022-03"), volume(2023)], NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_attempt_out_of_turn_does_not_stand_in_the_way_of_the_right_one() {
    let it = start().await;
    let (employer, clerk) = (it.employer(1).await, it.clerk().await);
    let hasty = it.enrol(Mandate::Employer(vec![unit(1)]), 30).await;
    assert_eq!(
        code(&it.state(&hasty, &assessment(1, "2022-02", 2)).await),
        "assessment.attempt_order"
    );
    for attempt in [1, 2] {
        let taken = it
            .taken(&employer, &assessment(1, "2022-02", attempt))
            .await;
        assert!(matches!(taken, Fact::AssessmentTaken { .. }), "{taken:?}");
    }
    let declared = interruption(1, 1, "2022-01");
    it.taken(&employer, &Statement::Submission(declared.clone()))
        .await;
    for attempt in [0, 2, u32::MAX] {
        let decision = Statement::Decision {
            unit: unit(1),
            submission: declared.submission_id(),
            verdict: Verdict::Approve,
            attempt,
        };
        assert_eq!(
            code(&it.state(&clerk, &decision).await),
            "decision.attempt_order"
        );
    }
}
