//! Persons over all units: where one is insured, another document, two ids that are one person.

use canbao_core::declaration::{Content, Declaration, PersonNumber, Who};
use canbao_core::facts::{Effect, Fact, Insured};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::statement::Statement;
use canbao_core::sync::message::StatusWanted;

use super::fixture::*;
use super::movements::{NEWCOMER, Stage, declared, enrolment, resumption};
use crate::centre::{AdminError, Amendment};

const PASSPORT: &str = "E12345678";

fn passport() -> IdDocument {
    IdDocument::parse(IdKind::Passport, PASSPORT).unwrap()
}

/// Who asks for which unit about which number; what is told, or the name of the refusal.
async fn told(
    stage: &Stage,
    by: &Operator,
    asks: u8,
    number: PersonNumber,
) -> Result<Insured, String> {
    let wanted = StatusWanted {
        number: 1,
        unit: unit(asks),
        person: number,
    };
    let device = by.device_key.public();
    let told = stage.it.centre.person_status(device, wanted, NOW).await;
    told.unwrap().map_err(|it| it.code().to_owned())
}

fn of(number: u8, line: u8) -> PersonNumber {
    PersonNumber::Personal(personal_number(number, line).parse().unwrap())
}

#[tokio::test]
async fn a_device_is_told_where_a_person_is_insured_and_what_was_told_is_kept() {
    let stage = Stage::set().await;
    let [employer, other] = &stage.employers;
    assert_eq!(told(&stage, employer, 1, of(1, 1)).await, Ok(Insured::Here));
    assert_eq!(
        told(&stage, employer, 1, of(2, 1)).await,
        Ok(Insured::Elsewhere)
    );
    assert_eq!(
        told(&stage, &stage.clerk, 2, of(2, 1)).await,
        Ok(Insured::Here)
    );
    let nobody = PersonNumber::Document(passport());
    assert_eq!(told(&stage, employer, 1, nobody).await, Ok(Insured::Never));
    stage.done(&interruption(2, 1, "2022-01")).await;
    assert_eq!(
        told(&stage, employer, 1, of(2, 1)).await,
        Ok(Insured::Before)
    );
    let before = stage.it.length();
    let refused = told(&stage, other, 1, of(1, 1)).await;
    assert_eq!(refused, Err("peers.not_your_unit".to_owned()));
    assert_eq!(stage.it.length(), before, "what is not told leaves nothing");
    assert_eq!(
        told(&stage, other, 2, of(1, 1)).await,
        Ok(Insured::Elsewhere)
    );
    let kept = stage.it.fact(canbao_core::ids::Position(before));
    let Fact::PersonStatusTold {
        unit: asked,
        person: found,
        ..
    } = kept
    else {
        panic!("{kept:?}")
    };
    assert_eq!((asked, found), (unit(2), Some(person(1, 1))));
}

#[tokio::test]
async fn another_document_is_held_in_every_unit_and_the_old_number_still_leads_there() {
    let stage = Stage::set().await;
    stage.done(&interruption(1, 1, "2022-01")).await;
    let taken = Who::Elsewhere {
        number: of(1, 1),
        name: "员工1".to_owned(),
    };
    stage.done(&resumption(2, 90, taken, "2022-02")).await;
    let amend = |document, name: Option<&str>, evidence: &str| {
        let amendment = Amendment {
            personal_number: personal_number(1, 1),
            document,
            name: name.map(str::to_owned),
            evidence: evidence.to_owned(),
        };
        stage.it.centre.amend_person(amendment, NOW)
    };
    let refused = amend(Some(passport()), None, " ").await.unwrap_err();
    assert_eq!(refused, AdminError::EvidenceLength);
    let refused = amend(None, None, "说明").await.unwrap_err();
    assert_eq!(refused, AdminError::NothingToAmend);
    let of_another = stage.document_of(1, 2);
    let refused = amend(Some(of_another), None, "说明").await.unwrap_err();
    assert_eq!(refused, AdminError::DocumentOfAnother);

    let old = stage.document_of(1, 1);
    let amended = amend(Some(passport()), Some("员工一"), "换发护照")
        .await
        .unwrap();
    assert_eq!(
        (amended.name.as_str(), &amended.document),
        ("员工一", &passport())
    );
    for number in [1, 2] {
        let held = |view: &canbao_core::facts::UnitView| {
            [PASSPORT, old.number()].map(|it| view.find_person(it).map(|it| it.record.clone()))
        };
        let held = stage
            .it
            .centre
            .with_unit(unit(number), held)
            .unwrap()
            .unwrap();
        assert_eq!(held, [Some(amended.clone()), Some(amended.clone())]);
    }
    let by_old = PersonNumber::Document(old);
    let by_new = PersonNumber::Document(passport());
    for number in [by_old, by_new] {
        let found = told(&stage, &stage.employers[0], 1, number).await;
        assert_eq!(found, Ok(Insured::Elsewhere));
    }
}

#[tokio::test]
async fn two_ids_of_one_person_become_one_and_no_month_is_owned_twice() {
    let stage = Stage::set().await;
    // Enrolled by two documents in two units, both paying for 2022-02.
    let Effect::Entered(first) = stage.done(&enrolment(1, 90, NEWCOMER, "2022-01")).await else {
        panic!("entered")
    };
    let mut second = enrolment(2, 91, NEWCOMER, "2022-02");
    let Content::Registration { entrant, .. } = &mut second.content else {
        panic!("an enrolment")
    };
    entrant.document = passport();
    entrant.born = Some("1995-11-03".parse().unwrap());
    entrant.sex = Some("男".parse().unwrap());
    let Effect::Entered(second) = stage.done(&second).await else {
        panic!("entered")
    };
    let (kept, gone) = (&first.person, &second.person);
    let merge = |kept: &str, gone: &str| {
        let evidence = "两次登记为同一人".to_owned();
        let (kept, gone) = (kept.to_owned(), gone.to_owned());
        stage.it.centre.merge_persons(kept, gone, evidence, NOW)
    };
    let numbers = (kept.personal_number.as_str(), gone.personal_number.as_str());
    let refused = merge(numbers.0, numbers.1).await.unwrap_err();
    assert_eq!(refused, AdminError::MonthOwnedTwice(month("2022-02")));
    let refused = merge(numbers.0, "7777777777").await.unwrap_err();
    assert!(matches!(refused, AdminError::UnknownPerson(_)));

    let stopped = Content::Interruption {
        person: kept.id,
        month: month("2022-01"),
        reason: "辞职".to_owned(),
    };
    stage.done(&declared(1, 92, stopped)).await;
    assert_eq!(merge(numbers.0, numbers.1).await.unwrap(), *kept);
    let refused = merge(numbers.0, numbers.1).await.unwrap_err();
    assert_eq!(refused, AdminError::OnePersonAlready);
    let stage = Stage {
        it: stage.it.reopened().await,
        ..stage
    };
    assert_eq!(
        stage.intervals(2, kept.id).len(),
        1,
        "the months are the kept id's"
    );
    assert_eq!(stage.intervals(2, gone.id), []);
    // By whichever number: the person pays in the second unit, and the first cannot have them.
    let by_number = PersonNumber::Personal(gone.personal_number.clone());
    let by_document = PersonNumber::Document(passport());
    for (number, id) in [(by_number, 93), (by_document, 94)] {
        let back = Who::Elsewhere {
            number,
            name: kept.name.clone(),
        };
        let refused = stage.submit(&resumption(1, id, back, "2022-03")).await;
        assert_eq!(refused, ["declaration.insured_elsewhere"], "{id}");
    }
}

#[tokio::test]
async fn the_name_of_a_voided_enrolment_does_not_outlive_the_one_enrolled_after_it() {
    let stage = Stage::set().await;
    let mut mistyped = enrolment(1, 90, NEWCOMER, "2022-02");
    let Content::Registration { entrant, .. } = &mut mistyped.content else {
        panic!("an enrolment")
    };
    entrant.name = "新职工乙".to_owned();
    let Effect::Entered(wrong) = stage.done(&mistyped).await else {
        panic!("entered")
    };
    let stopped = |of: &str| Content::Interruption {
        person: wrong.person.id,
        month: month(of),
        reason: "辞职".to_owned(),
    };
    stage.done(&declared(1, 91, stopped("2022-01"))).await;
    assert_eq!(stage.intervals(1, wrong.person.id), [], "voided");
    let Effect::Entered(right) = stage.done(&enrolment(2, 92, NEWCOMER, "2022-02")).await else {
        panic!("entered")
    };
    assert_eq!(
        right.person.id, wrong.person.id,
        "one person by the document"
    );
    stage.done(&declared(2, 93, stopped("2022-02"))).await;

    // A third unit takes them over by the name that was right.
    stage
        .it
        .centre
        .append_facts(vec![registration(3)], NOW)
        .await
        .unwrap();
    let third = stage.it.employer(3).await;
    let back = |revision, name: &str| {
        let who = Who::Elsewhere {
            number: PersonNumber::Personal(right.person.personal_number.clone()),
            name: name.to_owned(),
        };
        Statement::Submission(Declaration {
            revision,
            ..resumption(3, 94, who, "2022-03")
        })
    };
    let answer = stage.it.taken(&third, &back(1, "新职工乙")).await;
    let Fact::NotReceived { problems, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(problems[0].code.as_str(), "declaration.name_differs");
    let answer = stage.it.taken(&third, &back(2, "新职工一")).await;
    assert!(matches!(answer, Fact::Received { .. }), "{answer:?}");

    let amendment = Amendment {
        personal_number: right.person.personal_number.as_str().to_owned(),
        document: Some(passport()),
        name: None,
        evidence: "换发护照".to_owned(),
    };
    let amended = stage.it.centre.amend_person(amendment, NOW).await.unwrap();
    assert_eq!(amended.name, "新职工一", "the stale name is not spread");
}
