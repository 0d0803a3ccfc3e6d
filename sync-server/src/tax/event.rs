//! Events as they travel: into the engine's types, every member named.

use canbao_core::facts::{self, TransactionId};
use jiff::civil::Date;
use serde_json::Value;

use super::wire::{Event, MAX_LINES, Posting, PostingLine, Reversal};
use crate::centre::{RawLine, RawPosting, TaxEvent};
use crate::members::{Malformed, money, month, short, token};

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

impl From<Malformed> for EventFault {
    fn from(Malformed(member): Malformed) -> Self {
        Self::Malformed(member)
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
    let event = serde_json::from_value(value).map_err(|_| EventFault::Malformed("members"))?;
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
        Event::Reversed {
            sequence,
            _at: _,
            reversal,
        } => (sequence, reversed(reversal)?),
    })
}

fn reversed(reversal: Reversal) -> Result<TaxEvent, EventFault> {
    let Reversal {
        serial,
        reverses,
        credit_code,
        settlement,
        date,
        lines,
        total,
    } = reversal;
    if lines.len() > MAX_LINES {
        return Err(EventFault::Malformed("lines"));
    }
    let reversal = facts::Reversal {
        serial: token(&serial, "serial")?,
        reverses: token(&reverses, "reverses")?,
        settlement: month(&settlement)?,
        posted_on: day(&date)?,
        lines: lines
            .into_iter()
            .map(line_number)
            .collect::<Result<_, _>>()?,
        total: money(&total)?,
    };
    Ok(TaxEvent::Reversed {
        credit_code: token(&credit_code, "credit_code")?,
        reversal,
    })
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
    Ok(RawLine {
        line: line_number(line.line)?,
        transaction_line: line_number(line.transaction_line)?,
        personal_number: short(line.person_number, 32, "person_number")?,
        month: month(&line.month)?,
        base: money(&line.base)?,
        unit_amount: money(&line.unit_amount)?,
        person_amount: money(&line.person_amount)?,
    })
}

fn line_number(number: u32) -> Result<u32, EventFault> {
    match number {
        1..=10_000 => Ok(number),
        _ => Err(EventFault::Malformed("line")),
    }
}

fn transaction_id(text: &str) -> Result<TransactionId, EventFault> {
    Ok(TransactionId(token(text, "transaction")?))
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
    use canbao_core::money::Money;
    use canbao_core::month::Month;
    use serde_json::json;

    use super::*;

    fn month_of(text: &str) -> Month {
        text.parse().unwrap()
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
        let mut reversal = json!({
            "serial": "000000000002", "reverses": "000000000001",
            "credit_code": "91210102MA0DEM0C6Y", "settlement": "2022-01", "date": "2022-02-20",
            "total": "43.61",
        });
        let expected = |lines: Vec<u32>| TaxEvent::Reversed {
            credit_code: "91210102MA0DEM0C6Y".to_owned(),
            reversal: facts::Reversal {
                serial: "000000000002".to_owned(),
                reverses: "000000000001".to_owned(),
                settlement: month_of("2022-01"),
                posted_on: "2022-02-20".to_owned(),
                lines,
                total: Money::from_fen(4361),
            },
        };
        check(
            with("reversed", "reversal", reversal.clone()),
            expected(Vec::new()),
        );
        reversal["lines"] = json!([1, 3]);
        check(with("reversed", "reversal", reversal), expected(vec![1, 3]));
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
        let newer = json!({ "sequence": 5, "at": "2022-02-16T08:00:00Z", "kind": "refunded" });
        assert_eq!(event(newer), Err(EventFault::NewerKind));
    }
}
