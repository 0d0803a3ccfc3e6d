//! Transactions as they travel: from the engine's types, every member named.

use canbao_core::facts::{PersonRecord, Receivable, RosterChange, Totalled, UnitRecord};
use canbao_core::money::Money;
use canbao_core::time::Timestamp;

use super::wire::{AssessmentLine, Change, ChangeKind, MAX_LINES, Totals, Transaction, Unit};
use crate::centre::{Outgoing, OutgoingContent};

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
    if change.person() != person.id {
        return Err(Unsendable::OtherContent);
    }
    let kind = match change {
        RosterChange::Stop { .. } => ChangeKind::Stop,
        RosterChange::Start { .. } => ChangeKind::Start,
        RosterChange::Cancel { .. } => ChangeKind::Cancel,
    };
    Ok(Change {
        line: 1,
        person_number: person.personal_number.to_string(),
        id_kind: person.document.kind().code(),
        id_number: person.document.number().to_owned(),
        name: person.name.clone(),
        change: kind,
        month: change.month().to_string(),
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

#[cfg(test)]
mod tests {
    use canbao_core::facts::{TransactionId, TransactionKind};
    use canbao_core::identity::{IdDocument, IdKind};
    use canbao_core::ids::{DistrictId, PersonId, StatementId, UnitId};
    use canbao_core::month::Month;
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
}
