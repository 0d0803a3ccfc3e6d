//! REG, INT, RES and redo: a person in and out of payment, in one unit and between two.

use super::*;

const NEWCOMER: &str = "210199198911150030";
const YOUNG: &str = "210199200703010012";

/// The number with its right check character.
pub(in super::super) fn id(number: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = number.chars().map(|it| it.to_digit(10).expect("a digit"));
    let sum: u32 = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{}{}", &number[..17], char::from(check))
}

pub(in super::super) fn resumption(number: u8, who: &str, month: &str, wage: &str) -> Draft {
    Draft {
        person: who.to_owned(),
        month: month.to_owned(),
        reason: "续保".to_owned(),
        insurance: "210".to_owned(),
        wage: wage.parse().ok(),
        ..Draft::empty(DeclarationId([number; 16]), Kind::Resumption)
    }
}

pub(in super::super) fn registration(number: u8, document: &str, month: &str) -> Draft {
    Draft {
        person: document.to_owned(),
        name: "新来者".to_owned(),
        month: month.to_owned(),
        reason: "新参保".to_owned(),
        insurance: "210".to_owned(),
        wage: "5000".parse().ok(),
        ..Draft::empty(DeclarationId([number; 16]), Kind::Registration)
    }
}

fn redo(draft: Draft, of: u8) -> Draft {
    Draft {
        redo: DeclarationId([of; 16]).to_string(),
        ..draft
    }
}

fn approved(log: &mut Log, unit: UnitId, draft: &Draft, pool: &Pool) -> Declaration {
    let declared = log.parse_in(unit, draft, pool).expect("no problem");
    log.submit(&declared);
    log.decide_in(&declared, Verdict::Approve, pool);
    declared
}

fn intervals(view: &PersonView) -> String {
    let text = |it: &crate::month::Interval| {
        let stop = it.stop.map_or_else(String::new, |it| it.to_string());
        format!("{}..{stop}", it.start)
    };
    view.intervals
        .iter()
        .map(text)
        .collect::<Vec<_>>()
        .join(" ")
}

fn open() -> (Log, UnitId) {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4359.00"), Some("4361.00")]);
    (log, unit)
}

#[test]
fn wang_is_resumed_in_february_to_pay_from_march() {
    let (mut log, unit) = open();
    let wang = |log: &Log| log.unit(unit).persons[&person(1, 1)].clone();
    approved(
        &mut log,
        unit,
        &interruption(1, "0001000001", "2021-12", "辞职"),
        &Pool::Unknown,
    );
    assert_eq!(wang(&log).status(), PaymentStatus::Suspended);

    let declared = approved(
        &mut log,
        unit,
        &resumption(2, "0001000001", "2022-03", "5000"),
        &Pool::Unknown,
    );
    assert_eq!(
        intervals(&wang(&log)),
        "2021-07..2021-12 2022-03..",
        "MON-2"
    );
    assert_eq!(wang(&log).status(), PaymentStatus::Paying);
    assert_eq!(wang(&log).wage(month("2022-03")), Some(yuan("5000")));
    assert_eq!(wang(&log).wage(month("2022-12")), Some(yuan("5000")));
    let status = declaration_status(declared.id, false, None, log.unit(unit));
    assert_eq!(status.code(), "approved");

    log.assess(unit, "2022-01").expect("assessed");
    log.assess(unit, "2022-02").expect("assessed");
    log.add(Fact::SettlementOpened {
        month: month("2022-03"),
    });
    log.assess(unit, "2022-03").expect("assessed");
    let due = |text| {
        log.unit(unit)
            .receivables_for(person(1, 1), month(text))
            .count()
    };
    assert_eq!(["2022-01", "2022-02", "2022-03"].map(due), [0, 0, 1]);
}

#[test]
fn what_stands_against_a_resumption_is_named() {
    let (mut log, unit) = open();
    let check = |log: &Log, draft: Draft, expected: &[&str]| {
        assert_eq!(
            log.parse(unit, &draft).expect_err("problems"),
            expected,
            "{draft:?}"
        );
    };
    let resumed = |month: &str| resumption(3, "0001000001", month, "5000");
    check(&log, resumed("2022-03"), &["declaration.already_paying"]);
    approved(
        &mut log,
        unit,
        &interruption(1, "0001000001", "2022-01", "辞职"),
        &Pool::Unknown,
    );
    check(&log, resumed("2022-01"), &["declaration.double_month"]);
    check(
        &log,
        Draft {
            insurance: String::new(),
            reason: "辞职".to_owned(),
            ..resumed("2022-03")
        },
        &["declaration.reason_unknown", "declaration.not_ticked"],
    );
    let missing = "declaration.missing";
    check(
        &log,
        resumption(3, "", "", ""),
        &[missing, missing, missing],
    );
    check(
        &log,
        resumption(3, "9999999999", "2022-03", "5000"),
        &[missing],
    );
    check(
        &log,
        resumption(3, "210199198503150013", "2022-03", "5000"),
        &["declaration.id_check_digit"],
    );
    approved(
        &mut log,
        unit,
        &interruption(2, "0001000002", "2022-01", "退休"),
        &Pool::Unknown,
    );
    check(
        &log,
        resumption(3, "0001000002", "2022-03", "5000"),
        &["declaration.terminated"],
    );
    let first = log.parse(unit, &resumed("2022-03")).expect("suspended");
    log.submit(&first);
    check(
        &log,
        resumption(4, "0001000001", "2022-04", "5000"),
        &["declaration.undecided"],
    );
}

#[test]
fn a_person_never_insured_is_enrolled_and_gets_a_number() {
    let (mut log, unit) = open();
    let number = id(NEWCOMER);
    let declared = approved(
        &mut log,
        unit,
        &registration(1, &number, "2022-03"),
        &Pool::Absent,
    );
    let view = log
        .unit(unit)
        .find_person(&number)
        .expect("enrolled")
        .clone();
    assert_eq!(intervals(&view), "2022-03..");
    let by_number = log
        .unit(unit)
        .find_person(view.record.personal_number.as_str());
    assert_eq!(by_number.map(|it| it.record.id), Some(view.record.id));
    assert_eq!(log.unit(unit).persons.len(), 3);
    let change = RosterChange::Start {
        person: view.record.id,
        month: month("2022-03"),
    };
    let effect = log.facts.iter().rev().find_map(|it| match &it.fact {
        Fact::DecisionTaken { effect, .. } => effect.clone(),
        _ => None,
    });
    assert_eq!(effect.and_then(|it| it.roster_change()), Some(change));

    let redone = redo(registration(2, &number, "2022-02"), 1);
    approved(&mut log, unit, &redone, &Pool::Absent);
    assert_eq!(
        log.unit(unit).persons.len(),
        3,
        "a redo enrols nobody twice"
    );
    let view = log.unit(unit).find_person(&number).expect("enrolled");
    assert_eq!(intervals(view), "2022-02..");
    assert_eq!(view.movements[0].redone_by, view.movements[1].submission);
    assert!(
        log.unit(unit).submission_of(declared.id).is_some(),
        "both stay"
    );
}

#[test]
fn what_stands_against_an_enrolment_is_named() {
    let (mut log, unit) = open();
    let pool = |record: &PersonRecord, stop: Option<&str>| {
        Pool::Known(crate::declaration::PoolPerson {
            record: record.clone(),
            born: None,
            sex: None,
            elsewhere: vec![
                crate::month::Interval::new(month("2020-01"), stop.map(month)).expect("in order"),
            ],
            terminated: false,
        })
    };
    let check = |log: &Log, draft: Draft, pool: &Pool, expected: &[&str]| {
        let refused = log.parse_in(unit, &draft, pool).expect_err("problems");
        assert_eq!(refused, expected, "{draft:?}");
    };
    let enrolled = |document: &str| registration(1, document, "2022-03");
    let absent = &Pool::Absent;
    check(
        &log,
        enrolled("E00100001"),
        absent,
        &["declaration.id_malformed"],
    );
    check(
        &log,
        enrolled(&id(YOUNG)),
        absent,
        &["declaration.too_young"],
    );
    let passport = Draft {
        id_kind: "08".to_owned(),
        ..enrolled("E55500001")
    };
    let missing = "declaration.missing";
    check(&log, passport.clone(), absent, &[missing, missing]);
    let stated = Draft {
        born: "1990-05-06".to_owned(),
        sex: "女".to_owned(),
        ..passport.clone()
    };
    assert!(log.parse_in(unit, &stated, absent).is_ok(), "SIL-14");
    check(
        &log,
        Draft {
            born: "1990-5-6".to_owned(),
            sex: "f".to_owned(),
            ..passport
        },
        absent,
        &["declaration.not_a_birth_date", "declaration.sex_unknown"],
    );
    check(
        &log,
        Draft {
            born: "2006-03-16".to_owned(),
            sex: "女".to_owned(),
            ..enrolled(&id(NEWCOMER))
        },
        absent,
        &[
            "declaration.document_contradicts",
            "declaration.document_contradicts",
        ],
    );
    check(
        &log,
        Draft {
            id_kind: "02".to_owned(),
            name: "名".repeat(51),
            ..enrolled("1")
        },
        absent,
        &["declaration.id_kind_unknown", "declaration.text_too_long"],
    );
    let here = Draft {
        id_kind: "08".to_owned(),
        born: stated.born.clone(),
        sex: stated.sex.clone(),
        ..enrolled("E00100001")
    };
    check(
        &log,
        here.clone(),
        &Pool::Unknown,
        &["declaration.insured_here"],
    );
    approved(
        &mut log,
        unit,
        &interruption(9, "0001000001", "2022-01", "辞职"),
        &Pool::Unknown,
    );
    check(&log, here, &Pool::Unknown, &["declaration.resume_instead"]);
    let record = log.unit(unit).persons[&person(1, 2)].record.clone();
    let number = id(NEWCOMER);
    check(
        &log,
        enrolled(&number),
        &pool(&record, None),
        &["declaration.insured_elsewhere"],
    );
    check(
        &log,
        enrolled(&number),
        &pool(&record, Some("2021-12")),
        &["declaration.resume_instead"],
    );
}

#[test]
fn someone_suspended_elsewhere_is_taken_over_by_number_and_name() {
    let (mut log, unit) = open();
    let other = log.register(2, &[Some("6000")]);
    let record = log.unit(other).persons[&person(2, 1)].record.clone();
    let taken = |month: &str, name: &str| Draft {
        name: name.to_owned(),
        ..resumption(1, "0002000001", month, "6500")
    };
    let known = |stop: Option<&str>, terminated| {
        Pool::Known(crate::declaration::PoolPerson {
            record: record.clone(),
            born: None,
            sex: None,
            elsewhere: vec![
                crate::month::Interval::new(month("2021-07"), stop.map(month)).expect("in order"),
            ],
            terminated,
        })
    };
    let check = |log: &Log, draft: Draft, pool: Pool, expected: &[&str]| {
        let refused = log.parse_in(unit, &draft, &pool).expect_err("problems");
        assert_eq!(refused, expected);
    };
    let stopped = || known(Some("2022-01"), false);
    check(
        &log,
        taken("2022-02", "员工1"),
        Pool::Absent,
        &["declaration.person_unknown"],
    );
    check(
        &log,
        taken("2022-02", "员工2"),
        stopped(),
        &["declaration.name_differs"],
    );
    check(
        &log,
        taken("2022-01", "员工1"),
        stopped(),
        &["declaration.double_elsewhere"],
    );
    check(
        &log,
        taken("2022-02", "员工1"),
        known(None, false),
        &["declaration.insured_elsewhere"],
    );
    check(
        &log,
        taken("2022-02", "员工1"),
        known(Some("2022-01"), true),
        &["declaration.terminated"],
    );
    assert!(
        log.parse(unit, &taken("2022-02", "员工1")).is_ok(),
        "unknown while offline"
    );

    approved(&mut log, unit, &taken("2022-02", "员工1"), &stopped());
    let view = &log.unit(unit).persons[&record.id];
    assert_eq!(
        (intervals(view), &view.record),
        ("2022-02..".to_owned(), &record)
    );
    let joined = log.facts.iter().rev().find_map(|it| match &it.fact {
        Fact::DecisionTaken {
            effect: Some(Effect::Entered(joining)),
            ..
        } => Some(joining.clone()),
        _ => None,
    });
    assert_eq!(
        joined.expect("entered").left_elsewhere,
        Some(month("2022-01"))
    );
}

#[test]
fn a_redo_takes_taxs_month_and_both_stay_in_the_history() {
    let (mut log, unit) = open();
    let zhang = |log: &Log| log.unit(unit).persons[&person(1, 1)].clone();
    let stop = |number, month: &str| interruption(number, "0001000001", month, "辞职");
    approved(&mut log, unit, &stop(1, "2022-02"), &Pool::Unknown);
    let again = log
        .parse(unit, &stop(2, "2022-01"))
        .expect_err("stopped already");
    assert_eq!(again, ["declaration.not_paying"]);
    approved(&mut log, unit, &redo(stop(2, "2022-01"), 1), &Pool::Unknown);
    assert_eq!(intervals(&zhang(&log)), "2021-07..2022-01");
    assert_eq!(zhang(&log).movements.len(), 3);

    let refused = |draft: Draft| log.parse(unit, &draft).expect_err("problems");
    let unknown = ["declaration.redo_unknown"];
    assert_eq!(
        refused(redo(stop(3, "2021-12"), 1)),
        unknown,
        "redone already"
    );
    assert_eq!(refused(redo(stop(3, "2021-12"), 9)), unknown, "no such");
    let of_other = redo(interruption(3, "0001000002", "2021-12", "辞职"), 2);
    assert_eq!(refused(of_other), unknown, "of another person");
    let of_other_kind = redo(resumption(3, "0001000001", "2022-03", "5000"), 2);
    assert_eq!(refused(of_other_kind), ["declaration.redo_unknown"]);
    let no_wage = redo(wage(3, "0001000001", "2022-01", "2022-01", "5000"), 2);
    assert_eq!(
        refused(no_wage),
        unknown,
        "a wage is declared again, not redone"
    );
}
