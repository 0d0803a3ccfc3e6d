//! What holds after any run of the business: made-up orders, carried out as the cases are.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::play::Play;
use super::*;
use crate::facts::{Assessment, NORMAL, REFUND, RecordView};
use crate::money::Money;

const UNITS: [&str; 2] = ["甲", "乙"];
/// The first of each unit is loaded by the centre, the others are enrolled or not.
const PERSONS: [&str; 5] = ["甲一", "乙一", "丙", "丁", "戊"];
const MONTHS: [&str; 6] = [
    "2021-11", "2021-12", "2022-01", "2022-02", "2022-03", "2022-04",
];
const SETTLEMENTS: [&str; 2] = ["2022-01", "2022-02"];

/// An order in the words of the cases; most of them are refused by some rule.
fn order() -> impl Strategy<Value = String> {
    let unit = || prop::sample::select(&UNITS[..]);
    let person = || prop::sample::select(&PERSONS[..]);
    let month = || prop::sample::select(&MONTHS[..]);
    let settlement = || prop::sample::select(&SETTLEMENTS[..]);
    let wage = || prop::sample::select(&["4000", "5000", "25000"][..]);
    let stop = (unit(), person(), month()).prop_map(|(u, p, m)| format!("中断 {u} {p} {m} 辞职"));
    let entry = (unit(), person(), month(), wage(), any::<bool>()).prop_map(|(u, p, m, w, new)| {
        let kind = if new { "登记" } else { "恢复" };
        format!("{kind} {u} {p} {m} {w}")
    });
    let paid = (unit(), person(), month(), wage())
        .prop_map(|(u, p, m, w)| format!("工资 {u} {p} {m} 2022-12 {w}"));
    let assessed = (unit(), settlement()).prop_map(|(u, s)| format!("核定 {u} {s}"));
    let posted = (unit(), settlement()).prop_map(|(u, s)| format!("入账 {u} {s}"));
    let redone = (1..6_u8, unit(), person(), month())
        .prop_map(|(n, u, p, m)| format!("重做 {n} 中断 {u} {p} {m} 辞职"));
    prop_oneof![
        3 => stop,
        3 => entry,
        2 => paid,
        2 => assessed,
        1 => posted,
        1 => redone,
    ]
}

/// Both units with the person whom the centre loaded.
fn founded() -> Play {
    let mut play = Play::new();
    for (unit, person) in UNITS.iter().zip(PERSONS) {
        play.step(&format!("在册 {unit} {person} 2021-07 5000"));
    }
    play
}

/// Carries an order out where it can be.
fn carry_out(play: &mut Play, order: &str) {
    let words: Vec<&str> = order.split(' ').collect();
    match words[..] {
        ["入账", unit, settlement] if !play.is_to_post(unit, settlement) => {}
        ["重做", number, ..] if number.parse().is_ok_and(|it: usize| it > play.count()) => {}
        _ => {
            play.step(order);
        }
    }
}

fn views(play: &Play) -> impl Iterator<Item = &UnitView> {
    play.log().projection.units.values()
}

/// No month of a person is payable twice, in one unit or in two (SIL-3), and only the last
/// interval is open.
fn every_month_has_one_owner(play: &Play) {
    let mut owned: BTreeMap<PersonId, Vec<crate::month::Interval>> = BTreeMap::new();
    for view in views(play) {
        for person in view.persons.values() {
            let closed = person.intervals.iter().rev().skip(1);
            assert!(closed.into_iter().all(|it| it.stop.is_some()));
            owned
                .entry(person.record.id)
                .or_default()
                .extend(&person.intervals);
        }
    }
    for intervals in owned.values() {
        for (place, one) in intervals.iter().enumerate() {
            for other in &intervals[..place] {
                assert!(!one.overlaps(*other), "{one:?} {other:?}");
            }
        }
    }
}

/// WAGE-3, for an assessment just made.
fn the_head_count_is_right(play: &Play, unit: &str, settlement: &str) {
    let (view, settlement) = (play.view_of(unit), month(settlement));
    let Some(made) = view.assessments.get(&settlement) else {
        return;
    };
    let normal = view
        .receivables(settlement)
        .filter(|it| it.receivable.kind == NORMAL)
        .count();
    assert_eq!(normal, made.assessment.persons as usize);
    if view.assessments.keys().next_back() == Some(&settlement) && is_newest(play, made.position) {
        assert_eq!(normal, assessable(view, settlement));
    }
}

/// Whether nothing but what belongs to the assessment came behind it.
fn is_newest(play: &Play, position: Position) -> bool {
    play.log().facts.len() as u64 <= position.0 + 3
}

/// FAQ-2: the records of a posting are its lines, and sum to it.
fn records_sum_to_postings(play: &Play) {
    for view in views(play) {
        let mut sums: BTreeMap<&str, Money> = BTreeMap::new();
        for RecordView { record, .. } in &view.records {
            let sum = sums.entry(&record.serial).or_insert(Money::ZERO);
            *sum += record.total();
        }
        for placed in &play.log().facts {
            if let Fact::PostingTaken {
                unit,
                serial,
                total,
                ..
            } = &placed.fact
                && *unit == view.record.id
            {
                assert_eq!(sums.get(serial.as_str()), Some(total));
            }
        }
    }
}

fn records(play: &Play) -> BTreeMap<UnitId, Vec<RecordView>> {
    views(play)
        .map(|it| (it.record.id, it.records.clone()))
        .collect()
}

fn totals(lines: impl Iterator<Item = (u16, Money)>) -> Money {
    lines.fold(Money::ZERO, |sum, (kind, amount)| {
        if kind == REFUND {
            sum - amount
        } else {
            sum + amount
        }
    })
}

/// All that was ever raised for a person, refunds taken off.
fn raised_for(play: &Play, unit: &str, person: &str) -> Money {
    let id = play.id_of(person);
    let view = play.view_of(unit);
    let settled = view.assessments.keys();
    let lines = settled.flat_map(|it| view.receivables(*it));
    let own = lines.map(|it| &it.receivable).filter(|it| it.person == id);
    totals(own.map(|it| (it.kind, it.unit_amount + it.person_amount)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn after_any_run_of_orders_the_rules_hold(orders in prop::collection::vec(order(), 1..24)) {
        let mut play = founded();
        let mut before = records(&play);
        for order in &orders {
            carry_out(&mut play, order);
            every_month_has_one_owner(&play);
            if let ["核定", unit, settlement] = order.split(' ').collect::<Vec<_>>()[..] {
                the_head_count_is_right(&play, unit, settlement);
            }
            let now = records(&play);
            for (unit, earlier) in &before {
                prop_assert_eq!(&now[unit][..earlier.len()], &earlier[..], "a record changed");
            }
            before = now;
        }
        records_sum_to_postings(&play);
        // The same facts give the same views, whoever folds them and however often.
        let mut again = Projection::default();
        for placed in &play.log().facts {
            again.apply(placed);
        }
        prop_assert_eq!(&again.units, &play.log().projection.units);
    }

    #[test]
    fn a_stop_and_a_resumption_in_the_next_month_change_no_total(
        last in prop::sample::select(&MONTHS[..4]),
        after in any::<bool>(),
    ) {
        let run = |moves: bool| {
            let mut play = founded();
            play.step("在册 甲 丙 2021-07 5000");
            let next = month(last).next().expect("a month later");
            let move_on = |play: &mut Play| {
                if moves {
                    prop_assert_eq!(play.step(&format!("中断 甲 丙 {last} 辞职")), "通过");
                    prop_assert_eq!(play.step(&format!("恢复 甲 丙 {next} 5000")), "通过");
                }
                Ok(())
            };
            if !after {
                move_on(&mut play)?;
            }
            play.step("核定 甲 2022-01");
            if after {
                move_on(&mut play)?;
            }
            play.step("核定 甲 2022-02");
            Ok::<Money, TestCaseError>(raised_for(&play, "甲", "丙"))
        };
        prop_assert_eq!(run(true)?, run(false)?);
    }

    #[test]
    fn declarations_of_different_persons_may_come_in_any_order(
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        const DECLARED: [&str; 4] = [
            "中断 甲 甲一 2022-01 辞职",
            "登记 甲 丙 2022-02 6000",
            "中断 乙 乙一 2021-12 上学",
            "登记 乙 丁 2022-01 4500",
        ];
        let run = |order: &[usize]| {
            let mut play = founded();
            for place in order {
                play.step(DECLARED[*place]);
            }
            let mut months = Vec::new();
            for (unit, person) in [("甲", "甲一"), ("甲", "丙"), ("乙", "乙一"), ("乙", "丁")] {
                months.push(play.step(&format!("应缴月份 {unit} {person}")));
                months.push(play.step(&format!("缴费工资 {unit} {person} 2022-02")));
            }
            for unit in UNITS {
                months.push(play.step(&format!("核定 {unit} 2022-01")));
                let made: &Assessment =
                    &play.view_of(unit).assessments[&month("2022-01")].assessment;
                months.push(format!("{:?} {}", made.totals, made.persons));
            }
            months
        };
        prop_assert_eq!(run(&order), run(&[0, 1, 2, 3]));
    }
}
