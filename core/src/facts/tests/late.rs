//! What is approved behind an assessment yields an adjustment, a back-payment or a refund in the
//! next (SIL-20).

use super::movements::{id, registration, resumption};
use super::story::{posting, record};
use super::*;

fn approve(log: &mut Log, unit: UnitId, draft: &Draft) {
    let declared = log.parse(unit, draft).expect("no problem");
    log.submit(&declared);
    log.decide(&declared, Verdict::Approve);
}

/// The lines of a settlement period that are not normal: kind, month, base, unit part.
fn late_lines(log: &Log, unit: UnitId, settlement: &str) -> Vec<(u16, String, String, String)> {
    log.unit(unit)
        .receivables(month(settlement))
        .map(|it| &it.receivable)
        .filter(|it| it.kind != NORMAL)
        .map(|it| {
            (
                it.kind,
                it.month.to_string(),
                it.base.to_string(),
                it.unit_amount.to_string(),
            )
        })
        .collect()
}

fn assessed_january() -> (Log, UnitId) {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4000.00"), Some("5000.00")]);
    log.assess(unit, "2022-01").expect("assessed");
    (log, unit)
}

fn check(drafts: &[Draft], expected: &[(u16, &str, &str, &str)]) {
    let (mut log, unit) = assessed_january();
    let before = log.unit(unit).assessments[&month("2022-01")].clone();
    drafts.iter().for_each(|it| approve(&mut log, unit, it));
    log.assess(unit, "2022-02").expect("assessed");
    let lines = late_lines(&log, unit, "2022-02");
    let lines: Vec<(u16, &str, &str, &str)> = lines
        .iter()
        .map(|(kind, month, base, part)| (*kind, month.as_str(), base.as_str(), part.as_str()))
        .collect();
    assert_eq!(lines, expected);
    assert_eq!(
        log.unit(unit).assessments[&month("2022-01")],
        before,
        "never altered"
    );
    let assessed = log.unit(unit).assessments[&month("2022-02")]
        .assessment
        .clone();
    assert_eq!(
        assessed.persons as usize,
        assessable(log.unit(unit), month("2022-02")),
        "WAGE-3"
    );
    // What was settled is not settled again.
    log.add(Fact::SettlementOpened {
        month: month("2022-03"),
    });
    log.assess(unit, "2022-03").expect("assessed");
    assert_eq!(late_lines(&log, unit, "2022-03"), []);
}

#[test]
fn a_late_wage_is_adjusted_up_or_given_back() {
    let paid = |wage_text| [wage(1, "0001000001", "2022-01", "2022-12", wage_text)];
    check(
        &paid("6000"),
        &[(ADJUSTMENT, "2022-01", "2000.00", "10.00")],
    );
    check(&paid("3900"), &[(REFUND, "2022-01", "100.00", "0.50")]);
    check(&paid("4000"), &[]);
}

#[test]
fn a_late_stop_gives_back_what_was_raised_for_the_months_after_it() {
    let stop = interruption(1, "0001000001", "2021-12", "辞职");
    check(&[stop], &[(REFUND, "2022-01", "4000.00", "20.00")]);
    check(&[interruption(1, "0001000001", "2022-01", "辞职")], &[]);
}

#[test]
fn a_late_entry_pays_for_every_month_since_its_first() {
    let enrolled = registration(1, &id("210199198911150030"), "2021-12");
    let expected = [
        (BACK_PAYMENT, "2021-12", "5000.00", "25.00"),
        (BACK_PAYMENT, "2022-01", "5000.00", "25.00"),
    ];
    check(&[enrolled], &expected);
}

#[test]
fn stop_and_resumption_without_a_gap_change_no_total() {
    let stop = interruption(1, "0001000001", "2021-12", "辞职");
    let resumed = resumption(2, "0001000001", "2022-01", "4000");
    check(&[stop, resumed], &[]);
}

#[test]
fn a_posted_month_stays_as_it_is() {
    let (mut log, unit) = assessed_january();
    let paid = posting(&log, unit, "2022-01", "S1");
    record(&mut log, unit, &paid);
    approve(
        &mut log,
        unit,
        &interruption(1, "0001000001", "2021-12", "辞职"),
    );
    log.assess(unit, "2022-02").expect("assessed");
    assert_eq!(late_lines(&log, unit, "2022-02"), []);
}

#[test]
fn refunds_are_summed_apart() {
    let (mut log, unit) = assessed_january();
    approve(
        &mut log,
        unit,
        &interruption(1, "0001000001", "2021-12", "辞职"),
    );
    log.assess(unit, "2022-02").expect("assessed");
    let assessed = &log.unit(unit).assessments[&month("2022-02")].assessment;
    assert_eq!(
        (assessed.totals.base, assessed.refunds.base),
        (yuan("5000"), yuan("4000"))
    );
    assert_eq!(
        (assessed.totals.unit, assessed.refunds.unit),
        (yuan("25"), yuan("20"))
    );
}
