//! Between the engine's types and what travels, every member named.

use canbao_core::facts::{
    PersonRecord, Receivable, RosterChange, Totalled, TransactionId, UnitRecord,
};
use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_core::time::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::wire::{
    AssessmentLine, Change, ChangeKind, Event, MAX_LINES, Posting, PostingLine, Totals,
    Transaction, Unit,
};
use crate::centre::{Outgoing, OutgoingContent, RawLine, RawPosting, TaxEvent};

/// Why a transaction cannot be written as the interface describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsendable {
    /// More lines than the interface allows.
    #[error("more than {MAX_LINES} lines")]
    TooManyLines,
    /// The interface's amounts have no sign.
    #[error("a negative amount")]
    NegativeAmount,
    /// The content is not of the transaction's kind, or names another person.
    #[error("the content does not fit the transaction")]
    OtherContent,
}

/// Why an event is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum EventFault {
    /// A kind that the interface does not describe: a newer version.
    #[error("an event of a kind this program does not know yet")]
    NewerKind,
    /// A member is missing, unknown, or not as the interface describes it.
    #[error("not as the interface describes: {0}")]
    Malformed(&'static str),
}

impl EventFault {
    /// The stable name.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NewerKind => "tax.newer_event",
            Self::Malformed(_) => "tax.malformed_event",
        }
    }
}

/// The transaction to send; sent again it differs in `sent_at` alone.
pub(super) fn transaction(outgoing: &Outgoing, now: Timestamp) -> Result<Transaction, Unsendable> {
    let id = outgoing.transaction.0.clone();
    let unit = unit(&outgoing.unit);
    let sent_at = jiff::Timestamp::from_second(now.0)
        .unwrap_or_default()
        .to_string();
    match &outgoing.content {
        OutgoingContent::Roster { person, change } => {
            let changes = vec![change_line(person, change)?];
            Ok(Transaction::RosterChange {
                id,
                unit,
                sent_at,
                changes,
            })
        }
        OutgoingContent::Assessment {
            settlement,
            lines,
            totals,
        } => {
            if lines.len() > MAX_LINES {
                return Err(Unsendable::TooManyLines);
            }
            Ok(Transaction::Assessment {
                id,
                unit,
                settlement: settlement.to_string(),
                sent_at,
                totals: sums(totals, lines.len())?,
                lines: lines
                    .iter()
                    .map(|(due, person)| assessment_line(due, person))
                    .collect::<Result<_, _>>()?,
            })
        }
    }
}

fn unit(record: &UnitRecord) -> Unit {
    Unit {
        credit_code: record.credit_code.to_string(),
        unemployment_number: record.unemployment_number.to_string(),
        name: record.name.clone(),
    }
}

fn change_line(person: &PersonRecord, change: &RosterChange) -> Result<Change, Unsendable> {
    let (change, month) = match change {
        RosterChange::Stop { person: who, month } if *who == person.id => (ChangeKind::Stop, month),
        RosterChange::Stop { .. } => return Err(Unsendable::OtherContent),
    };
    Ok(Change {
        line: 1,
        person_number: person.personal_number.to_string(),
        id_kind: person.document.kind().code(),
        id_number: person.document.number().to_owned(),
        name: person.name.clone(),
        change,
        month: month.to_string(),
    })
}

fn assessment_line(due: &Receivable, person: &PersonRecord) -> Result<AssessmentLine, Unsendable> {
    if due.person != person.id {
        return Err(Unsendable::OtherContent);
    }
    Ok(AssessmentLine {
        line: due.line,
        person_number: person.personal_number.to_string(),
        id_kind: person.document.kind().code(),
        id_number: person.document.number().to_owned(),
        name: person.name.clone(),
        month: due.month.to_string(),
        kind: due.kind.to_string(),
        base: amount(due.base)?,
        unit_amount: amount(due.unit_amount)?,
        person_amount: amount(due.person_amount)?,
    })
}

fn sums(totals: &Totalled, count: usize) -> Result<Totals, Unsendable> {
    Ok(Totals {
        count,
        base: amount(totals.base)?,
        unit_amount: amount(totals.unit)?,
        person_amount: amount(totals.person)?,
        total: amount(totals.unit + totals.person)?,
    })
}

fn amount(money: Money) -> Result<String, Unsendable> {
    if money < Money::ZERO {
        Err(Unsendable::NegativeAmount)
    } else {
        Ok(money.to_string())
    }
}

/// An event and its number. Of what does not read, no content is repeated.
pub(super) fn event(value: Value) -> Result<(u64, TaxEvent), EventFault> {
    let kind = value
        .get("kind")
        .and_then(Value::as_str)
        .ok_or(EventFault::Malformed("kind"))?;
    if !Event::KINDS.contains(&kind) {
        return Err(EventFault::NewerKind);
    }
    // What serde says of a value may quote it.
    let event = Event::deserialize_from(value)?;
    Ok(match event {
        Event::TransactionAccepted {
            sequence,
            _at: _,
            transaction,
        } => (
            sequence,
            TaxEvent::Accepted {
                transaction: transaction_id(&transaction)?,
            },
        ),
        Event::TransactionRefused {
            sequence,
            _at: _,
            transaction,
            refusal,
        } => {
            let transaction = transaction_id(&transaction)?;
            let code = token(&refusal.reason_code, "reason_code")?;
            let reason = short(refusal.reason, 200, "reason")?;
            (
                sequence,
                TaxEvent::Refused {
                    transaction,
                    code,
                    reason,
                },
            )
        }
        Event::Collected {
            sequence,
            _at: _,
            collection,
        } => {
            let transaction = transaction_id(&collection.transaction)?;
            (sequence, TaxEvent::Collected { transaction })
        }
        Event::Posted {
            sequence,
            _at: _,
            posting,
        } => (sequence, TaxEvent::Posted(raw_posting(posting)?)),
    })
}

impl Event {
    fn deserialize_from(value: Value) -> Result<Self, EventFault> {
        serde_json::from_value(value).map_err(|_| EventFault::Malformed("members"))
    }
}

fn raw_posting(posting: Posting) -> Result<RawPosting, EventFault> {
    let Posting {
        serial,
        transaction,
        credit_code,
        settlement,
        date,
        lines,
        total,
    } = posting;
    if lines.is_empty() || lines.len() > MAX_LINES {
        return Err(EventFault::Malformed("lines"));
    }
    Ok(RawPosting {
        serial: token(&serial, "serial")?,
        transaction: transaction_id(&transaction)?,
        credit_code: token(&credit_code, "credit_code")?,
        settlement: month(&settlement)?,
        posted_on: day(&date)?,
        lines: lines.into_iter().map(raw_line).collect::<Result<_, _>>()?,
        total: money(&total)?,
    })
}

fn raw_line(line: PostingLine) -> Result<RawLine, EventFault> {
    let number = |number: u32| match number {
        1..=10_000 => Ok(number),
        _ => Err(EventFault::Malformed("line")),
    };
    Ok(RawLine {
        line: number(line.line)?,
        transaction_line: number(line.transaction_line)?,
        personal_number: short(line.person_number, 32, "person_number")?,
        month: month(&line.month)?,
        base: money(&line.base)?,
        unit_amount: money(&line.unit_amount)?,
        person_amount: money(&line.person_amount)?,
    })
}

fn transaction_id(text: &str) -> Result<TransactionId, EventFault> {
    token(text, "transaction").map(TransactionId)
}

/// An id, a serial or a code: opaque, short, without blanks.
fn token(text: &str, member: &'static str) -> Result<String, EventFault> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = (1..=64).contains(&text.len()) && text.bytes().all(known);
    if good {
        Ok(text.to_owned())
    } else {
        Err(EventFault::Malformed(member))
    }
}

fn short(text: String, most: usize, member: &'static str) -> Result<String, EventFault> {
    let good = (1..=most).contains(&text.chars().count());
    if good {
        Ok(text)
    } else {
        Err(EventFault::Malformed(member))
    }
}

/// The interface's one spelling of a month; the core reads others as well.
fn month(text: &str) -> Result<Month, EventFault> {
    let read = text
        .parse::<Month>()
        .ok()
        .filter(|month| month.to_string() == text);
    read.ok_or(EventFault::Malformed("month"))
}

fn money(text: &str) -> Result<Money, EventFault> {
    let read = text
        .parse::<Money>()
        .ok()
        .filter(|money| money.to_string() == text);
    read.ok_or(EventFault::Malformed("amount"))
}

fn day(text: &str) -> Result<String, EventFault> {
    let read = text
        .parse::<Date>()
        .ok()
        .filter(|day| day.to_string() == text);
    read.map(|day| day.to_string())
        .ok_or(EventFault::Malformed("date"))
}

#[cfg(test)]
mod tests {
    use canbao_core::facts::TransactionKind;
    use canbao_core::identity::{IdDocument, IdKind};
    use canbao_core::ids::{DistrictId, PersonId, StatementId, UnitId};
    use serde_json::json;

    use super::*;

    fn month_of(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn zhang() -> PersonRecord {
        PersonRecord {
            id: PersonId([1; 16]),
            personal_number: "2100000001".parse().unwrap(),
            document: IdDocument::parse(IdKind::ResidentId, "830000199201300022").unwrap(),
            name: "林若云".to_owned(),
        }
    }

    fn outgoing(kind: TransactionKind, content: OutgoingContent) -> Outgoing {
        let unit = UnitRecord {
            id: UnitId([9; 16]),
            name: "沈阳甲户机械有限公司".to_owned(),
            district: DistrictId(2),
            credit_code: "91210199MA0CAB328J".parse().unwrap(),
            unemployment_number: "0210300178".parse().unwrap(),
            pension_number: "0110300178".parse().unwrap(),
        };
        Outgoing {
            transaction: TransactionId("01F".to_owned()),
            kind,
            unit,
            content,
        }
    }

    fn receivable(line: u32, amount: Money) -> Receivable {
        Receivable {
            line,
            settlement: month_of("2022-01"),
            month: month_of("2022-01"),
            person: zhang().id,
            kind: 10,
            base: Money::from_yuan(4359),
            unit_amount: amount,
            person_amount: amount,
        }
    }

    fn assessment(amount: Money) -> Outgoing {
        let settlement = month_of("2022-01");
        let totals = Totalled {
            base: Money::from_yuan(4359),
            unit: amount,
            person: amount,
        };
        outgoing(
            TransactionKind::Assessment { settlement },
            OutgoingContent::Assessment {
                settlement,
                lines: vec![(receivable(1, amount), zhang())],
                totals,
            },
        )
    }

    #[test]
    fn an_assessment_is_written_as_the_interface_describes() {
        let sent = transaction(&assessment(Money::from_fen(2180)), Timestamp(1_644_458_400));
        assert_eq!(
            serde_json::to_value(sent.unwrap()).unwrap(),
            json!({
                "id": "01F",
                "kind": "assessment",
                "unit": {
                    "credit_code": "91210199MA0CAB328J",
                    "unemployment_number": "0210300178",
                    "name": "沈阳甲户机械有限公司",
                },
                "settlement": "2022-01",
                "sent_at": "2022-02-10T02:00:00Z",
                "lines": [{
                    "line": 1,
                    "person_number": "2100000001",
                    "id_kind": "01",
                    "id_number": "830000199201300022",
                    "name": "林若云",
                    "month": "2022-01",
                    "kind": "10",
                    "base": "4359.00",
                    "unit_amount": "21.80",
                    "person_amount": "21.80",
                }],
                "totals": {
                    "count": 1,
                    "base": "4359.00",
                    "unit_amount": "21.80",
                    "person_amount": "21.80",
                    "total": "43.60",
                },
            })
        );
    }

    #[test]
    fn a_stop_is_written_as_the_interface_describes() {
        let change = RosterChange::Stop {
            person: zhang().id,
            month: month_of("2022-01"),
        };
        let kind = TransactionKind::RosterChange {
            submission: StatementId([3; 32]),
            change: change.clone(),
        };
        let content = OutgoingContent::Roster {
            person: zhang(),
            change,
        };
        let sent = transaction(&outgoing(kind, content), Timestamp(1_644_283_800)).unwrap();
        let sent = serde_json::to_value(sent).unwrap();
        assert_eq!(sent["kind"], "roster_change");
        assert_eq!(sent["sent_at"], "2022-02-08T01:30:00Z");
        assert_eq!(
            sent["changes"],
            json!([{
                "line": 1,
                "person_number": "2100000001",
                "id_kind": "01",
                "id_number": "830000199201300022",
                "name": "林若云",
                "change": "stop",
                "month": "2022-01",
            }])
        );
    }

    #[test]
    fn what_the_interface_cannot_say_is_not_sent() {
        let negative = transaction(&assessment(Money::from_fen(-1)), Timestamp(0));
        assert_eq!(negative.unwrap_err(), Unsendable::NegativeAmount);
        let mut long = assessment(Money::ZERO);
        if let OutgoingContent::Assessment { lines, .. } = &mut long.content {
            *lines = vec![lines[0].clone(); MAX_LINES + 1];
        }
        assert_eq!(
            transaction(&long, Timestamp(0)).unwrap_err(),
            Unsendable::TooManyLines
        );
    }

    fn posted() -> Value {
        json!({
            "sequence": 4,
            "at": "2022-02-16T08:00:00Z",
            "kind": "posted",
            "posting": {
                "serial": "000000000001",
                "transaction": "01F",
                "credit_code": "91210102MA0DEM0C6Y",
                "settlement": "2022-01",
                "date": "2022-02-16",
                "lines": [{
                    "line": 1,
                    "transaction_line": 7,
                    "person_number": "2100000001",
                    "month": "2021-12",
                    "base": "4359.00",
                    "unit_amount": "21.80",
                    "person_amount": "21.81",
                }],
                "total": "43.61",
            },
        })
    }

    #[test]
    fn every_event_of_the_interface_is_read() {
        let transaction = TransactionId("01F".to_owned());
        let head =
            |kind: &str| json!({ "sequence": 1, "at": "2022-02-10T02:00:01Z", "kind": kind });
        let with = |kind: &str, name: &str, content: Value| {
            let mut value = head(kind);
            value[name] = content;
            value
        };
        let check = |value, expected| assert_eq!(event(value), Ok((1, expected)));
        check(
            with("transaction_accepted", "transaction", json!("01F")),
            TaxEvent::Accepted {
                transaction: transaction.clone(),
            },
        );
        let mut refused = with("transaction_refused", "transaction", json!("01F"));
        let line = json!({ "line": 1, "reason_code": "wrong_month", "reason": "停缴月早于已缴月" });
        refused["refusal"] =
            json!({ "reason_code": "wrong_month", "reason": "停缴月早于已缴月", "lines": [line] });
        check(
            refused,
            TaxEvent::Refused {
                transaction: transaction.clone(),
                code: "wrong_month".to_owned(),
                reason: "停缴月早于已缴月".to_owned(),
            },
        );
        let collection = json!({
            "transaction": "01F",
            "credit_code": "91210102MA0DEM0C6Y",
            "settlement": "2022-01",
            "date": "2022-02-15",
            "total": "43.60",
        });
        let collected = with("collected", "collection", collection);
        check(
            collected,
            TaxEvent::Collected {
                transaction: transaction.clone(),
            },
        );
        let line = RawLine {
            line: 1,
            transaction_line: 7,
            personal_number: "2100000001".to_owned(),
            month: month_of("2021-12"),
            base: Money::from_yuan(4359),
            unit_amount: Money::from_fen(2180),
            person_amount: Money::from_fen(2181),
        };
        let posting = RawPosting {
            serial: "000000000001".to_owned(),
            transaction,
            credit_code: "91210102MA0DEM0C6Y".to_owned(),
            settlement: month_of("2022-01"),
            posted_on: "2022-02-16".to_owned(),
            lines: vec![line],
            total: Money::from_fen(4361),
        };
        assert_eq!(event(posted()), Ok((4, TaxEvent::Posted(posting))));
    }

    #[test]
    fn an_event_that_the_interface_does_not_describe_is_held_by_name() {
        let check = |place: &str, value: Value, member: &'static str| {
            let mut event_value = posted();
            *event_value.pointer_mut(place).unwrap() = value;
            assert_eq!(
                event(event_value),
                Err(EventFault::Malformed(member)),
                "{place}"
            );
        };
        check("/sequence", json!("4"), "members");
        check("/posting/serial", json!("a b"), "serial");
        check("/posting/settlement", json!("202201"), "month");
        check("/posting/date", json!("2022-02-30"), "date");
        check("/posting/total", json!("43.6"), "amount");
        check("/posting/total", json!("-43.60"), "amount");
        check("/posting/total", json!(43.6), "members");
        check("/posting/lines", json!([]), "lines");
        check("/posting/lines/0/line", json!(0), "line");
        check("/posting/lines/0/person_number", json!(""), "person_number");
        let mut more = posted();
        more["posting"]["fee"] = json!("1.00");
        assert_eq!(event(more), Err(EventFault::Malformed("members")));
        let newer = json!({ "sequence": 5, "at": "2022-02-16T08:00:00Z", "kind": "reversed" });
        assert_eq!(event(newer), Err(EventFault::NewerKind));
    }
}
