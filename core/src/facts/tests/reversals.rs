//! Reversals: what tax takes back becomes reversing records, and nothing that was recorded changes.

use super::story::{posting, record};
use super::*;

fn paid() -> (Log, UnitId, Posting) {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4359.00"), Some("4361.00"), Some("21792.00")]);
    log.assess(unit, "2022-01").expect("assessed");
    let paid = posting(&log, unit, "2022-01", "S1");
    record(&mut log, unit, &paid);
    (log, unit, paid)
}

fn reversal(serial: &str, reverses: &str, lines: &[u32], total: Money) -> Reversal {
    Reversal {
        serial: serial.to_owned(),
        reverses: reverses.to_owned(),
        settlement: month("2022-01"),
        posted_on: "2022-03-20".to_owned(),
        lines: lines.to_vec(),
        total,
    }
}

/// Takes a reversal in as the centre does; the kind of incident where it is one.
fn take(log: &mut Log, unit: UnitId, reversal: &Reversal) -> Result<usize, &'static str> {
    match take_reversal(log.unit(unit), reversal) {
        PostingAnswer::Incident(kind) => Err(kind.code()),
        PostingAnswer::Exists => Ok(0),
        PostingAnswer::Recorded(records) => {
            let count = records.len();
            log.add(Fact::PostingTaken {
                unit,
                serial: reversal.serial.clone(),
                transaction: records[0].transaction.clone(),
                content: reversal.content_hash(),
                lines: count as u32,
                total: Money::ZERO - reversal.total,
                posted_on: reversal.posted_on.clone(),
            });
            for record in records {
                log.add(Fact::Recorded(record));
            }
            Ok(count)
        }
    }
}

fn sum(log: &Log, unit: UnitId) -> Money {
    let records = log.unit(unit).records.iter();
    records.map(|it| it.record.total()).sum()
}

#[test]
fn a_posting_taken_back_sums_to_nothing_and_can_be_paid_anew() {
    let (mut log, unit, paid) = paid();
    let before: Vec<_> = log.unit(unit).records.clone();
    let back = reversal("R1", "S1", &[], paid.total);
    assert_eq!(take(&mut log, unit, &back), Ok(3));
    assert_eq!(sum(&log, unit), Money::ZERO);
    let view = log.unit(unit);
    assert_eq!(view.records[..3], before, "what was recorded stays");
    assert!(view.records.iter().all(|it| it.chained));
    let stage = month_stage(person(1, 1), month("2022-01"), view);
    assert_eq!(
        stage,
        MonthStage::Assessed,
        "the receivable is unpaid again"
    );
    // The same report again is the same, and it changes nothing.
    assert_eq!(take(&mut log, unit, &back), Ok(0));

    let anew = posting(&log, unit, "2022-01", "S2");
    record(&mut log, unit, &anew);
    assert_eq!(sum(&log, unit), paid.total);
}

#[test]
fn single_lines_are_taken_back_once() {
    let (mut log, unit, paid) = paid();
    let second = &paid.lines[1];
    let total = second.unit_amount + second.person_amount;
    assert_eq!(
        take(&mut log, unit, &reversal("R1", "S1", &[second.line], total)),
        Ok(1)
    );
    assert_eq!(sum(&log, unit), paid.total - total);
    let taken = log.unit(unit).records[3].record.clone();
    assert_eq!(
        (taken.base, taken.reverses.expect("named").line),
        (second.base, second.line)
    );
    let twice = reversal("R2", "S1", &[second.line], total);
    assert_eq!(
        take(&mut log, unit, &twice),
        Err("incident.already_reversed")
    );
    let all = reversal("R2", "S1", &[], paid.total);
    assert_eq!(take(&mut log, unit, &all), Err("incident.already_reversed"));
}

#[test]
fn what_a_reversal_does_not_explain_is_an_incident() {
    let (mut log, unit, paid) = paid();
    let mut check = |it: Reversal, code: &'static str| {
        assert_eq!(take(&mut log, unit, &it), Err(code), "{it:?}");
    };
    check(
        reversal("R1", "S9", &[], paid.total),
        "incident.unknown_posting",
    );
    check(
        reversal("R1", "S1", &[9], paid.total),
        "incident.unknown_line",
    );
    check(
        reversal("R1", "S1", &[1, 1], paid.total),
        "incident.already_reversed",
    );
    check(
        reversal("R1", "S1", &[1], paid.total),
        "incident.total_wrong",
    );
    check(
        reversal("S1", "S1", &[], paid.total),
        "incident.other_content",
    );
    let february = Reversal {
        settlement: month("2022-02"),
        ..reversal("R1", "S1", &[], paid.total)
    };
    check(february, "incident.unknown_posting");
    // A reversal is no posting that could be reversed.
    assert_eq!(
        take(&mut log, unit, &reversal("R1", "S1", &[], paid.total)),
        Ok(3)
    );
    let back = reversal("R2", "R1", &[], paid.total);
    assert_eq!(take(&mut log, unit, &back), Err("incident.unknown_posting"));
}
