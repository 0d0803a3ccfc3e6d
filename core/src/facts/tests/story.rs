//! One unit from declaration to payment record.

use proptest::prelude::*;

use super::*;

fn log_of_three() -> (Log, UnitId) {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4359.00"), Some("4361.00"), Some("21792.00")]);
    (log, unit)
}

/// The posting that pays a settlement period exactly as assessed.
pub(super) fn posting(log: &Log, unit: UnitId, settlement: &str, serial: &str) -> Posting {
    let settlement = month(settlement);
    let lines: Vec<PostingLine> = log
        .unit(unit)
        .receivables(settlement)
        .map(|it| PostingLine {
            line: it.receivable.line,
            receivable: it.receivable.line,
            person: Some(it.receivable.person),
            month: it.receivable.month,
            base: it.receivable.base,
            unit_amount: it.receivable.unit_amount,
            person_amount: it.receivable.person_amount,
        })
        .collect();
    Posting {
        serial: serial.to_owned(),
        transaction: TransactionKind::Assessment { settlement }.id(unit, 1),
        settlement,
        posted_on: "2022-03-18".to_owned(),
        total: lines
            .iter()
            .map(|it| it.unit_amount + it.person_amount)
            .sum(),
        lines,
    }
}

fn take(log: &Log, unit: UnitId, posting: &Posting) -> PostingAnswer {
    let parameters = log.projection.common.parameters().expect("adopted");
    take_posting(log.unit(unit), posting, parameters, NOW.date())
}

pub(super) fn record(log: &mut Log, unit: UnitId, posting: &Posting) {
    let PostingAnswer::Recorded(records) = take(log, unit, posting) else {
        panic!("recorded");
    };
    log.add(Fact::PostingTaken {
        unit,
        serial: posting.serial.clone(),
        transaction: posting.transaction.clone(),
        content: posting.content_hash(),
        lines: records.len() as u32,
        total: posting.total,
        posted_on: posting.posted_on.clone(),
    });
    for record in records {
        log.add(Fact::Recorded(record));
    }
}

#[test]
fn zhang_stopped_in_january_is_due_in_january_and_not_in_february() {
    let (mut log, unit) = log_of_three();
    let draft = interruption(1, "0001000001", "2022-01", "辞职");
    let declared = log.parse(unit, &draft).expect("no problem");
    log.submit(&declared);
    let zhang = person(1, 1);
    log.decide(&declared, Verdict::Approve);

    log.assess(unit, "2022-01").expect("assessed");
    log.assess(unit, "2022-02").expect("assessed");
    let due = |settlement| log.unit(unit).receivables(month(settlement)).count();
    assert_eq!((due("2022-01"), due("2022-02")), (3, 2));
    assert_eq!(
        log.unit(unit)
            .receivables_for(zhang, month("2022-02"))
            .count(),
        0
    );
    assert_eq!(
        log.unit(unit).persons[&zhang].status(),
        PaymentStatus::Suspended
    );
    for settlement in ["2022-01", "2022-02"] {
        let assessed = &log.unit(unit).assessments[&month(settlement)].assessment;
        let assessable = assessable(log.unit(unit), month(settlement));
        assert_eq!(assessed.persons as usize, assessable, "WAGE-3");
    }
}

#[test]
fn bases_are_clamped_and_parts_rounded_as_the_period_says() {
    let (mut log, unit) = log_of_three();
    log.assess(unit, "2022-01").expect("assessed");
    let assessed = &log.unit(unit).assessments[&month("2022-01")].assessment;
    // 2022's ceiling is 19149: 4359 -> 21.80, 4361 -> 21.81, 19149 -> 95.75.
    assert_eq!(assessed.totals.unit, yuan("139.36"));
    assert_eq!(assessed.totals.base, yuan("27869.00"));
}

#[test]
fn every_problem_of_a_draft_is_reported_at_once() {
    let (mut log, unit) = log_of_three();
    let check = |log: &Log, draft: Draft, expected: &[&str]| {
        assert_eq!(
            log.parse(unit, &draft).expect_err("problems"),
            expected,
            "{draft:?}"
        );
    };
    let missing = "declaration.missing";
    check(
        &log,
        interruption(1, "", "", ""),
        &[missing, missing, missing],
    );
    check(
        &log,
        wage(1, "", "", "", ""),
        &[missing, missing, missing, missing],
    );
    check(
        &log,
        interruption(1, "9999999999", "2022-13", "不想干了"),
        &[
            "declaration.person_unknown",
            "declaration.not_a_month",
            "declaration.reason_unknown",
        ],
    );
    check(
        &log,
        interruption(1, "810000199408230022", "2022-01", "辞职"),
        &["declaration.id_check_digit"],
    );
    check(
        &log,
        interruption(1, "810000199408230021", "2022-01", "辞职"),
        &["declaration.person_unknown"],
    );
    check(
        &log,
        interruption(1, "0001000001", "2021-06", "辞职"),
        &["declaration.before_start"],
    );
    check(
        &log,
        interruption(1, "0001000001", "2202-01", "辞职"),
        &["declaration.month_out_of_range"],
    );
    check(
        &log,
        wage(1, "0001000001", "2022-03", "2022-02", "0"),
        &[
            "declaration.wage_not_positive",
            "declaration.range_reversed",
        ],
    );
    log.assess(unit, "2022-01").expect("assessed");
    let paid = posting(&log, unit, "2022-01", "S1");
    record(&mut log, unit, &paid);
    check(
        &log,
        wage(1, "0001000001", "2022-01", "2022-02", "5000"),
        &["declaration.posted"],
    );
}

#[test]
fn a_second_undecided_declaration_is_refused_and_the_later_approved_wage_wins() {
    let (mut log, unit) = log_of_three();
    let first = log
        .parse(unit, &wage(1, "0001000001", "2022-01", "2022-06", "5000"))
        .expect("ok");
    log.submit(&first);
    let rival = wage(2, "0001000001", "2022-06", "2022-12", "6000");
    assert_eq!(log.parse(unit, &rival), Err(vec!["declaration.undecided"]));
    log.decide(&first, Verdict::Approve);
    let second = log.parse(unit, &rival).expect("SIL-5");
    log.submit(&second);
    log.decide(&second, Verdict::Approve);
    let zhang = &log.unit(unit).persons[&person(1, 1)];
    let wages = ["2022-05", "2022-06", "2022-07"].map(|it| zhang.wage(month(it)));
    assert_eq!(wages, ["5000", "6000", "6000"].map(|it| Some(yuan(it))));
}

#[test]
fn assessments_come_in_order_once_and_never_ahead() {
    let (mut log, unit) = log_of_three();
    assert_eq!(
        log.assess(unit, "2022-02"),
        Err(vec!["assessment.month_before_open"])
    );
    assert_eq!(
        log.assess(unit, "2022-03"),
        Err(vec!["assessment.period_not_open"])
    );
    log.assess(unit, "2022-01").expect("assessed");
    assert_eq!(
        log.assess(unit, "2022-01"),
        Err(vec!["assessment.already_assessed"])
    );
    log.assess(unit, "2022-02").expect("assessed");
}

#[test]
fn a_paying_person_without_a_wage_fails_the_assessment_and_is_named() {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("5000"), None]);
    let common = &log.projection.common;
    let problems = assess(log.unit(unit), common, month("2022-01"), NOW.date()).expect_err("fails");
    assert_eq!(problems[0].code.as_str(), "assessment.base_missing");
    assert!(
        problems[0]
            .args
            .contains(&("names".to_owned(), "员工2".to_owned()))
    );
}

#[test]
fn a_wage_goes_from_draft_to_recorded_by_its_facts() {
    let (mut log, unit) = log_of_three();
    let draft = wage(1, "0001000001", "2022-01", "2022-02", "5000");
    let declared = log.parse(unit, &draft).expect("ok");
    let status = |log: &Log| declaration_status(draft.id, false, None, log.unit(unit));
    let months = |log: &Log| match status(log) {
        DeclarationStatus::Months(months) => months.into_iter().map(|(_, stage)| stage).collect(),
        other => panic!("{other:?}"),
    };
    let queued = declaration_status(draft.id, false, Some(&declared), log.unit(unit));
    assert_eq!((status(&log).code(), queued.code()), ("draft", "submitted"));

    log.submit(&declared);
    assert_eq!(status(&log).code(), "received");
    log.decide(&declared, Verdict::Approve);
    let stages: Vec<MonthStage> = months(&log);
    assert_eq!(stages, [MonthStage::Approved; 2]);

    log.assess(unit, "2022-01").expect("assessed");
    let transaction = TransactionKind::Assessment {
        settlement: month("2022-01"),
    }
    .id(unit, 1);
    let mut first = |fact: Option<Fact>| {
        if let Some(fact) = fact {
            log.add(fact);
        }
        let stages: Vec<MonthStage> = months(&log);
        stages[0]
    };
    assert_eq!(first(None), MonthStage::Assessed);
    let sent = Fact::TransactionSending {
        unit,
        transaction: transaction.clone(),
        state: Sending::Sent,
    };
    assert_eq!(first(Some(sent)), MonthStage::SentToTax);
    let accepted = Fact::TransactionReceiving {
        unit,
        transaction: transaction.clone(),
        state: Receiving::Accepted,
    };
    assert_eq!(first(Some(accepted)), MonthStage::TaxAccepted);
    let collected = Fact::Collected { unit, transaction };
    assert_eq!(
        first(Some(collected)),
        MonthStage::TaxAccepted,
        "已缴款 is not enough"
    );

    let paid = posting(&log, unit, "2022-01", "S1");
    record(&mut log, unit, &paid);
    let stages: Vec<MonthStage> = months(&log);
    assert_eq!(stages, [MonthStage::InTreasury, MonthStage::Approved]);
    let first_leaf = log.unit(unit).records[0].position;
    let count = log.unit(unit).records.len() as u64;
    log.projection
        .units
        .get_mut(&unit)
        .expect("registered")
        .mark_proven(first_leaf, count);
    let stages: Vec<MonthStage> = months(&log);
    assert_eq!(stages[0], MonthStage::Recorded);
}

#[test]
fn a_posting_is_taken_once_in_whole_or_is_an_incident() {
    let (mut log, unit) = log_of_three();
    log.assess(unit, "2022-01").expect("assessed");
    let good = posting(&log, unit, "2022-01", "S1");
    let check = |log: &Log, change: &dyn Fn(&mut Posting), expected: IncidentKind| {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(take(log, unit, &changed), PostingAnswer::Incident(expected));
    };
    check(
        &log,
        &|it| it.settlement = month("2022-02"),
        IncidentKind::UnknownTransaction,
    );
    check(&log, &|it| it.lines.clear(), IncidentKind::LineCount);
    check(
        &log,
        &|it| it.lines[1].receivable = 99,
        IncidentKind::UnknownReceivable(2),
    );
    check(
        &log,
        &|it| it.lines[1].person = None,
        IncidentKind::UnknownReceivable(2),
    );
    check(
        &log,
        &|it| it.lines[1] = it.lines[0].clone(),
        IncidentKind::AlreadyRecorded(1),
    );
    check(
        &log,
        &|it| it.lines[1].unit_amount = yuan("0.01"),
        IncidentKind::AmountsUnexplained(2),
    );
    check(
        &log,
        &|it| it.total = yuan("0.01"),
        IncidentKind::TotalWrong,
    );

    let mut other_base = good.clone();
    other_base.lines[0].base = yuan("5000");
    other_base.lines[0].unit_amount = yuan("25.00");
    other_base.lines[0].person_amount = yuan("25.00");
    other_base.total = other_base
        .lines
        .iter()
        .map(|it| it.unit_amount + it.person_amount)
        .sum();
    let taken = take(&log, unit, &other_base);
    assert!(
        matches!(taken, PostingAnswer::Recorded(_)),
        "tax's own base records (FAQ-2)"
    );

    record(&mut log, unit, &good);
    assert_eq!(take(&log, unit, &good), PostingAnswer::Exists);
    check(
        &log,
        &|it| it.total = yuan("0.01"),
        IncidentKind::OtherContent,
    );
    check(
        &log,
        &|it| it.serial = "S2".to_owned(),
        IncidentKind::AlreadyRecorded(1),
    );
}

#[test]
fn part_payments_are_further_serials_and_chain_the_units_records() {
    let (mut log, unit) = log_of_three();
    log.assess(unit, "2022-01").expect("assessed");
    let whole = posting(&log, unit, "2022-01", "S1");
    for (serial, lines) in [("S1", 0..1), ("S2", 1..3)] {
        let mut part = whole.clone();
        part.serial = serial.to_owned();
        part.lines = whole.lines[lines].to_vec();
        part.total = part
            .lines
            .iter()
            .map(|it| it.unit_amount + it.person_amount)
            .sum();
        record(&mut log, unit, &part);
    }
    let records = &log.unit(unit).records;
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].record.previous, RecordHash::START);
    for pair in records.windows(2) {
        assert_eq!(pair[1].record.number, pair[0].record.number + 1);
        assert_eq!(pair[1].record.previous, pair[0].record.hash());
    }
}

#[test]
fn a_withheld_or_changed_record_breaks_the_chain_and_what_shows_it_is_not_recorded() {
    let check = |chained: [bool; 2], change: &dyn Fn(&mut Vec<Placed>)| {
        let (mut log, unit) = log_of_three();
        log.assess(unit, "2022-01").expect("assessed");
        let paid = posting(&log, unit, "2022-01", "S1");
        record(&mut log, unit, &paid);
        let first = log.unit(unit).records[0].position.0 as usize;
        change(&mut log.facts);
        let mut seen = Projection::default();
        log.facts.iter().for_each(|it| seen.apply(it));
        let view = seen.units.get_mut(&unit).expect("registered");
        view.mark_proven(Position(first as u64), 3);
        let last: Vec<&RecordView> = view.records.iter().rev().take(2).rev().collect();
        assert_eq!(
            last.iter().map(|it| it.chained).collect::<Vec<_>>(),
            chained
        );
        for it in last {
            let stage = month_stage(it.record.person, it.record.month, view);
            assert_eq!(stage == MonthStage::Recorded, it.chained, "{stage:?}");
        }
    };
    let at = |facts: &[Placed], number: u64| {
        let numbered = |it: &Placed| matches!(&it.fact, Fact::Recorded(it) if it.number == number);
        facts.iter().position(numbered).expect("recorded")
    };
    let edit = |facts: &mut [Placed], number, change: &dyn Fn(&mut PaymentRecord)| {
        let place = at(facts, number);
        let Fact::Recorded(it) = &mut facts[place].fact else {
            panic!("a record")
        };
        change(it);
    };
    check([true, true], &|_| {});
    check([false, true], &|facts| drop(facts.remove(at(facts, 1))));
    check([true, false], &|facts| drop(facts.remove(at(facts, 2))));
    check([false, true], &|facts| {
        edit(facts, 1, &|it| it.base = yuan("1.00"));
    });
    check([true, false], &|facts| {
        edit(facts, 3, &|it| it.number = u64::MAX);
    });
    check([true, false], &|facts| edit(facts, 3, &|it| it.number = 0));
    check([false, false], &|facts| {
        let (second, third) = (at(facts, 2), at(facts, 3));
        facts.swap(second, third);
    });
}

proptest! {
    #[test]
    fn records_sum_to_their_posting_whatever_the_wages(
        fen in proptest::collection::vec(100_000_i64..4_000_000, 1..40),
    ) {
        let mut log = Log::open();
        let texts: Vec<String> =
            fen.iter().map(|it| Money::from_fen(*it).to_string()).collect();
        let wages: Vec<Option<&str>> = texts.iter().map(|it| Some(it.as_str())).collect();
        let unit = log.register(1, &wages);
        log.assess(unit, "2022-01").expect("assessed");
        let paid = posting(&log, unit, "2022-01", "S1");
        record(&mut log, unit, &paid);
        let view = log.unit(unit);
        let recorded: Money = view.records.iter().map(|it| it.record.total()).sum();
        prop_assert_eq!(recorded, paid.total);
        let assessed = &view.assessments[&month("2022-01")].assessment;
        prop_assert_eq!(recorded, assessed.totals.unit + assessed.totals.person);
        prop_assert_eq!(view.records.len(), fen.len());
        prop_assert_eq!(take(&log, unit, &paid), PostingAnswer::Exists);
    }
}
