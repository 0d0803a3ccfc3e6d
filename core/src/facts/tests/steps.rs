//! 税务进度: the steps of a sending, and of those after a refusal (QRY-9, STA-2).

use super::story::{posting, record};
use super::*;

fn set(log: &mut Log, transaction: &TransactionId, state: Sending) {
    log.add(Fact::TransactionSending {
        unit: UnitId([1; 16]),
        transaction: transaction.clone(),
        state,
    });
}

fn answer(log: &mut Log, transaction: &TransactionId, state: Receiving) {
    log.add(Fact::TransactionReceiving {
        unit: UnitId([1; 16]),
        transaction: transaction.clone(),
        state,
    });
}

fn step(log: &Log, transaction: &TransactionId) -> &'static str {
    let view = log.unit(UnitId([1; 16]));
    view.step(&view.transactions[transaction]).code()
}

#[test]
fn an_assessment_goes_from_waiting_to_the_treasury_step_by_step() {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4359.00"), Some("4361.00"), Some("21792.00")]);
    log.assess(unit, "2022-01").expect("assessed");
    let settlement = month("2022-01");
    let sent = TransactionKind::Assessment { settlement }.id(unit, 1);
    assert_eq!(step(&log, &sent), "waiting");
    for (state, expected) in [
        (Sending::Sending, "sending"),
        (Sending::Failed("422".to_owned()), "not_sent"),
        (Sending::Sent, "sent"),
    ] {
        set(&mut log, &sent, state);
        assert_eq!(step(&log, &sent), expected);
    }
    answer(&mut log, &sent, Receiving::Accepted);
    assert_eq!(step(&log, &sent), "accepted");
    let transaction = sent.clone();
    log.add(Fact::Collected { unit, transaction });
    assert_eq!(step(&log, &sent), "collected");

    let whole = posting(&log, unit, "2022-01", "S1");
    let part = |serial: &str, lines: &[PostingLine]| Posting {
        serial: serial.to_owned(),
        lines: lines.to_vec(),
        total: lines
            .iter()
            .map(|it| it.unit_amount + it.person_amount)
            .sum(),
        ..whole.clone()
    };
    record(&mut log, unit, &part("S1", &whole.lines[..1]));
    assert_eq!(step(&log, &sent), "partly_posted");
    record(&mut log, unit, &part("S2", &whole.lines[1..]));
    assert_eq!(step(&log, &sent), "posted");
}

#[test]
fn a_refused_sending_stays_refused_until_it_is_sent_again_and_the_newest_counts() {
    let mut log = Log::open();
    let unit = log.register(1, &[Some("4359.00")]);
    log.assess(unit, "2022-01").expect("assessed");
    let kind = TransactionKind::Assessment {
        settlement: month("2022-01"),
    };
    let first = kind.id(unit, 1);
    set(&mut log, &first, Sending::Sent);
    let refused = Receiving::Refused {
        code: "wrong_total".to_owned(),
        reason: "合计不符".to_owned(),
    };
    answer(&mut log, &first, refused);
    assert_eq!(step(&log, &first), "refused");
    assert!(log.unit(unit).to_send_again(&first).is_ok());
    let second = kind.id(unit, 2);
    assert_ne!(first, second);
    log.add(Fact::TransactionQueued {
        unit,
        transaction: second.clone(),
        kind,
        attempt: 2,
    });
    assert_eq!(
        (step(&log, &first), step(&log, &second)),
        ("sent_again", "waiting")
    );
    let newest = log.unit(unit).newest_sending(&first).expect("known");
    assert_eq!(newest.attempt, 2);
    let again = log.unit(unit).to_send_again(&first).map(drop);
    assert_eq!(again.unwrap_err().as_str(), "tax.sent_again");
}
