//! One unit from registration to payment records.

use canbao_core::facts::{
    Audience, Entry, Fact, IncidentKind, MonthStage, PaymentStatus, Receiving, Sending, month_stage,
};
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::commitment;
use canbao_core::ledger::merkle::Hash;
use canbao_core::ledger::note::{SignedNote, VerifierKey};
use canbao_core::ledger::range;
use canbao_core::statement::{Statement, Verdict};
use canbao_core::sync::message::ProofWanted;

use super::fixture::*;
use crate::centre::{Outgoing, OutgoingContent, TaxAnswer, TaxEvent};

#[tokio::test]
async fn a_declaration_becomes_a_payment_record_that_verifies() {
    let it = start().await;
    let (employer, clerk) = (it.employer(1).await, it.clerk().await);

    it.approve(&employer, &clerk, &interruption(1, 1, "2022-01"))
        .await;
    it.approve(
        &employer,
        &clerk,
        &wage(1, 2, "2022-02", "2022-03", "5000.00"),
    )
    .await;
    for settlement in ["2022-01", "2022-02"] {
        let from = it.length();
        it.taken(&employer, &assessment(1, settlement, 1)).await;
        let expected = ["AssessmentTaken", "ReceivablesRaised", "TransactionQueued"];
        assert_eq!(it.kinds_since(from), expected);
    }
    let due = |settlement| {
        it.centre
            .with_unit(unit(1), |view| view.receivables(month(settlement)).count())
            .unwrap()
            .unwrap()
    };
    assert_eq!(
        (due("2022-01"), due("2022-02")),
        (3, 2),
        "nothing is due for the stopped"
    );

    let posting = it.posting(1, "2022-02", "000000000001");
    let mut sent = 0;
    for Outgoing {
        transaction,
        content,
        ..
    } in it.centre.transactions_to_send(None, 10).unwrap()
    {
        if let OutgoingContent::Roster { person: who, .. } = &content {
            assert_eq!(who.id, person(1, 1));
        }
        for state in [Sending::Sending, Sending::Sent] {
            it.centre
                .set_sending(transaction.clone(), state, NOW)
                .await
                .unwrap();
        }
        sent += 1;
        let accepted = TaxEvent::Accepted { transaction };
        assert_eq!(
            it.centre.take_tax_event(sent, accepted, NOW).await,
            Ok(TaxAnswer::Noted)
        );
    }
    assert_eq!(sent, 3);
    assert!(it.centre.transactions_to_send(None, 10).unwrap().is_empty());
    let accepted = it
        .centre
        .with_unit(unit(1), |view| {
            view.transactions
                .values()
                .all(|it| it.receiving == Receiving::Accepted)
        })
        .unwrap();
    assert_eq!(accepted, Some(true));

    let from = it.length();
    let answer = it
        .centre
        .take_tax_event(4, TaxEvent::Posted(posting), NOW)
        .await
        .unwrap();
    let TaxAnswer::Recorded { first, count: 2 } = answer else {
        panic!("{answer:?}")
    };
    let expected = ["PostingTaken", "Recorded", "Recorded", "TaxEventsTaken"];
    assert_eq!(it.kinds_since(from), expected);
    assert_eq!(first.0, from + 1);

    let proof = it
        .centre
        .range_proof(ProofWanted { first, count: 2 })
        .unwrap();
    let trust = it.centre.trust();
    let key = VerifierKey::new(trust.origin.parse().unwrap(), trust.log);
    let note = SignedNote::parse(proof.checkpoint.as_bytes()).unwrap();
    let head = Checkpoint::open(&note, &key).unwrap().head();
    assert_eq!(head.size, it.length());
    let page = it
        .centre
        .feed(&[Audience::Unit(unit(1))], first.0..u64::MAX, 2, usize::MAX)
        .unwrap();
    let leaves: Vec<Hash> = page
        .entries
        .iter()
        .map(|it| commitment(&it.salt, &it.bytes).leaf_hash())
        .collect();
    let hashes = proof.hashes.iter().map(|it| Hash(it.0)).collect();
    let proof = range::RangeProof {
        first: first.0,
        hashes,
    };
    assert_eq!(proof.verify(&leaves, &head), Ok(()));
    let entry = Entry::from_bytes(&page.entries[0].bytes).unwrap();
    assert!(matches!(entry.fact(), Ok(Fact::Recorded(_))));

    it.centre
        .with_unit(unit(1), |view| {
            assert_eq!(
                view.persons[&person(1, 1)].status(),
                PaymentStatus::Suspended
            );
            assert_eq!(view.records.len(), 2);
            let stage = month_stage(person(1, 2), month("2022-02"), view);
            assert_eq!(stage, MonthStage::InTreasury);
        })
        .unwrap();
}

#[tokio::test]
async fn a_replayed_posting_changes_nothing_and_an_altered_one_is_an_incident() {
    let it = start().await;
    let employer = it.employer(1).await;
    it.taken(&employer, &assessment(1, "2022-01", 1)).await;
    let posting = it.posting(1, "2022-01", "S1");
    let post = async |sequence, posting| {
        let before = it.length();
        let event = TaxEvent::Posted(posting);
        let answer = it
            .centre
            .take_tax_event(sequence, event, NOW)
            .await
            .unwrap();
        (answer, it.kinds_since(before))
    };
    let records = || {
        it.centre
            .with_unit(unit(1), |view| view.records.len())
            .unwrap()
            .unwrap()
    };

    let (answer, _) = post(1, posting.clone()).await;
    assert!(
        matches!(answer, TaxAnswer::Recorded { count: 3, .. }),
        "{answer:?}"
    );
    assert_eq!(
        post(1, posting.clone()).await,
        (TaxAnswer::AlreadyTaken, vec![])
    );
    let bookmark = vec!["TaxEventsTaken".to_owned()];
    assert_eq!(
        post(2, posting.clone()).await,
        (TaxAnswer::Exists, bookmark.clone())
    );

    let mut altered = posting.clone();
    altered.lines[0].base = yuan("1.00");
    let raised = vec!["IncidentRaised".to_owned(), "TaxEventsTaken".to_owned()];
    let other = TaxAnswer::Incident(IncidentKind::OtherContent);
    assert_eq!(
        post(3, altered.clone()).await,
        (other.clone(), raised.clone())
    );
    assert_eq!(post(4, altered).await, (other, bookmark), "raised once");

    let mut elsewhere = posting.clone();
    elsewhere.credit_code = "91350100MA2XXXXXXX".to_owned();
    elsewhere.serial = "S2".to_owned();
    let unknown = TaxAnswer::Incident(IncidentKind::UnknownUnit);
    assert_eq!(post(5, elsewhere).await, (unknown, raised.clone()));
    assert_eq!(records(), 3);
    assert_eq!(it.centre.tax_events_taken(), Ok(5));
    let gap = it
        .centre
        .take_tax_event(7, TaxEvent::Posted(posting), NOW)
        .await;
    assert_eq!(gap.unwrap_err().code(), "tax.sequence_gap");
}

#[tokio::test]
async fn amounts_that_the_base_does_not_explain_record_nothing() {
    let it = start().await;
    let employer = it.employer(1).await;
    it.taken(&employer, &assessment(1, "2022-01", 1)).await;
    let mut posting = it.posting(1, "2022-01", "S1");
    posting.lines[1].unit_amount += yuan("0.01");
    posting.total += yuan("0.01");
    let answer = it
        .centre
        .take_tax_event(1, TaxEvent::Posted(posting), NOW)
        .await
        .unwrap();
    assert_eq!(
        answer,
        TaxAnswer::Incident(IncidentKind::AmountsUnexplained(2))
    );
    let records = it
        .centre
        .with_unit(unit(1), |view| view.records.len())
        .unwrap();
    assert_eq!(records, Some(0));
}

#[tokio::test]
async fn a_serial_of_another_unit_is_an_incident() {
    let it = start().await;
    for number in [1, 2] {
        let employer = it.employer(number).await;
        it.taken(&employer, &assessment(number, "2022-01", 1)).await;
    }
    let ours = it.posting(1, "2022-01", "S1");
    let theirs = it.posting(2, "2022-01", "S1");
    let answer = it
        .centre
        .take_tax_event(1, TaxEvent::Posted(ours), NOW)
        .await
        .unwrap();
    assert!(matches!(answer, TaxAnswer::Recorded { .. }));
    let answer = it
        .centre
        .take_tax_event(2, TaxEvent::Posted(theirs), NOW)
        .await
        .unwrap();
    assert_eq!(answer, TaxAnswer::Incident(IncidentKind::OtherContent));
}

#[tokio::test]
async fn a_returned_declaration_is_corrected_and_a_late_decision_is_void() {
    let it = start().await;
    let (employer, clerk) = (it.employer(1).await, it.clerk().await);
    let first = wage(1, 1, "2022-02", "2022-03", "5000.00");
    let id = first.submission_id();
    it.taken(&employer, &Statement::Submission(first.clone()))
        .await;

    let decide = async |verdict| {
        let taken = it.taken(&clerk, &decision(unit(1), id, verdict)).await;
        let Fact::DecisionTaken { effect, void, .. } = taken else {
            panic!("{taken:?}")
        };
        let codes = void.map(|it| it.problems.iter().map(|it| it.code.as_str()).collect());
        (effect.is_some(), codes)
    };
    let void = |code| (false, Some(vec![code]));
    assert_eq!(
        decide(Verdict::Return(" ".into())).await,
        void("decision.reason_missing")
    );
    assert_eq!(
        decide(Verdict::Return("工资有误".into())).await,
        (false, None)
    );
    assert_eq!(
        decide(Verdict::Approve).await,
        void("decision.not_undecided")
    );

    let mut second = wage(1, 1, "2022-02", "2022-03", "5100.00");
    second.revision = 2;
    it.approve(&employer, &clerk, &second).await;
    let withdrawal = Statement::Withdrawal {
        unit: unit(1),
        submission: second.submission_id(),
    };
    let taken = it.taken(&employer, &withdrawal).await;
    assert!(
        matches!(taken, Fact::WithdrawalTaken { void: Some(_), .. }),
        "{taken:?}"
    );
}

#[tokio::test]
async fn what_can_no_longer_be_approved_stays_undecided() {
    let it = start().await;
    let (employer, clerk) = (it.employer(1).await, it.clerk().await);
    let late = wage(1, 1, "2022-01", "2022-03", "5000.00");
    it.taken(&employer, &Statement::Submission(late.clone()))
        .await;
    it.taken(&employer, &assessment(1, "2022-01", 1)).await;
    let posting = it.posting(1, "2022-01", "S1");
    it.centre
        .take_tax_event(1, TaxEvent::Posted(posting), NOW)
        .await
        .unwrap();
    let id = late.submission_id();
    let taken = it
        .taken(&clerk, &decision(unit(1), id, Verdict::Approve))
        .await;
    let Fact::DecisionTaken {
        effect: None,
        void: Some(void),
        ..
    } = taken
    else {
        panic!("{taken:?}")
    };
    let codes: Vec<_> = void.problems.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(
        codes,
        ["decision.no_longer_approvable", "declaration.posted"]
    );
    let withdrawal = Statement::Withdrawal {
        unit: unit(1),
        submission: id,
    };
    let taken = it.taken(&employer, &withdrawal).await;
    assert!(
        matches!(taken, Fact::WithdrawalTaken { void: None, .. }),
        "{taken:?}"
    );
}

#[tokio::test]
async fn a_failed_assessment_says_why_and_is_applied_for_again() {
    let it = start().await;
    let employer = it.employer(1).await;
    let failed = async |statement| {
        use canbao_core::facts::AssessmentOutcome::Failed;
        let taken = it.taken(&employer, &statement).await;
        let Fact::AssessmentTaken {
            outcome: Failed(problems),
            ..
        } = taken
        else {
            panic!("{taken:?}")
        };
        problems[0].code.as_str()
    };
    assert_eq!(
        failed(assessment(1, "2022-02", 1)).await,
        "assessment.month_before_open"
    );
    let pension = Statement::AssessmentRequest {
        unit: unit(1),
        insurance: 110,
        settlement: month("2022-01"),
        attempt: 1,
    };
    assert_eq!(failed(pension).await, "assessment.insurance_unknown");
    let assessed = |taken: Fact| {
        use canbao_core::facts::AssessmentOutcome::Assessed;
        matches!(
            taken,
            Fact::AssessmentTaken {
                outcome: Assessed(_),
                ..
            }
        )
    };
    let first = it.taken(&employer, &assessment(1, "2022-01", 1)).await;
    assert!(assessed(first), "the other insurance has its own count");
    let again = it.taken(&employer, &assessment(1, "2022-02", 2)).await;
    assert!(assessed(again));
}
