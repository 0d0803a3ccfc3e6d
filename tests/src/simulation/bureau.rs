//! The tax bureau and the centre's adapter to it, without the wire between them.

use std::collections::BTreeSet;

use canbao_core::facts::{Sending, TransactionId};
use canbao_core::money::Money;
use canbao_server::centre::{
    Outgoing, OutgoingContent, RawLine, RawPosting, TaxError, TaxEvent, Unavailable,
};

use super::dice::Dice;
use super::invariants::{Invariant, Step};
use super::world::World;

/// What tax knows: it never forgets and repeats itself when asked.
#[derive(Debug, Default)]
pub(super) struct Bureau {
    /// Its news, numbered from 1.
    events: Vec<TaxEvent>,
    accepted: BTreeSet<TransactionId>,
    serial: u32,
}

impl Bureau {
    /// Takes a transaction in; what comes of it is news.
    fn take(&mut self, outgoing: Outgoing, dice: &mut Dice) {
        if !self.accepted.insert(outgoing.transaction.clone()) {
            return;
        }
        let transaction = outgoing.transaction.clone();
        if dice.percent(10) {
            self.events.push(TaxEvent::Refused {
                transaction,
                code: "T01".to_owned(),
                reason: "不符".to_owned(),
            });
            return;
        }
        self.events.push(TaxEvent::Accepted {
            transaction: transaction.clone(),
        });
        let Some(posting) = self.posting(outgoing) else {
            return;
        };
        self.events.push(TaxEvent::Collected { transaction });
        self.events.push(TaxEvent::Posted(posting.clone()));
        if dice.percent(30) {
            self.events.push(TaxEvent::Posted(posting.clone()));
        }
        if dice.percent(20) {
            let posted_on = "2022-03-19".to_owned();
            self.events.push(TaxEvent::Posted(RawPosting {
                posted_on,
                ..posting
            }));
        }
    }

    /// What the unit pays, exactly as assessed.
    fn posting(&mut self, outgoing: Outgoing) -> Option<RawPosting> {
        let OutgoingContent::Assessment {
            settlement, lines, ..
        } = outgoing.content
        else {
            return None;
        };
        self.serial += 1;
        let lines: Vec<RawLine> = lines
            .into_iter()
            .map(|(due, person)| RawLine {
                line: due.line,
                transaction_line: due.line,
                personal_number: person.personal_number.to_string(),
                month: due.month,
                base: due.base,
                unit_amount: due.unit_amount,
                person_amount: due.person_amount,
            })
            .collect();
        let total: Money = lines
            .iter()
            .map(|it| it.unit_amount + it.person_amount)
            .sum();
        Some(RawPosting {
            serial: format!("SN-{:04}", self.serial),
            transaction: outgoing.transaction,
            credit_code: outgoing.unit.credit_code.to_string(),
            settlement,
            posted_on: "2022-03-18".to_owned(),
            lines,
            total,
        })
    }
}

impl World<'_> {
    /// The adapter sends something, or takes news in.
    pub(super) fn tax(&mut self) -> Step {
        let Some(process) = &self.centre.process else {
            return Ok(());
        };
        let centre = process.centre.clone();
        let waiting = match centre.transactions_to_send(None, 16) {
            Ok(waiting) => waiting,
            Err(error) => return self.centre_failed(&error),
        };
        if let Some(place) = self.dice.place(waiting.len())
            && let Some(outgoing) = waiting.into_iter().nth(place)
        {
            self.send_to_tax(outgoing)?;
        }
        self.take_news()
    }

    fn send_to_tax(&mut self, outgoing: Outgoing) -> Step {
        let transaction = outgoing.transaction.clone();
        self.set_sending(&transaction, Sending::Sending)?;
        // What tax has or has not then is unknown: it is sent again.
        let answered = self.dice.below(10);
        if answered < 9 {
            self.bureau.take(outgoing, &mut self.dice);
        }
        match answered {
            0..=6 => self.set_sending(&transaction, Sending::Sent),
            7 | 8 => Ok(()),
            _ => self.set_sending(&transaction, Sending::Failed("tax.unreachable".to_owned())),
        }
    }

    fn set_sending(&mut self, transaction: &TransactionId, state: Sending) -> Step {
        let transaction = transaction.clone();
        let name = format!("{state:?}");
        let set = self.ask_centre(
            |centre, now| async move { centre.set_sending(transaction, state, now).await },
            unavailable,
        )?;
        match set {
            Some(Ok(())) => self.write("zx", format_args!("sending: {name}")),
            Some(Err(error)) => self.write("zx", error.code()),
            None => {}
        }
        Ok(())
    }

    fn take_news(&mut self) -> Step {
        let Some(process) = &self.centre.process else {
            return Ok(());
        };
        let taken = match process.centre.tax_events_taken() {
            Ok(taken) => taken,
            Err(error) => return self.centre_failed(&error),
        };
        let again = taken > 0 && self.dice.percent(10);
        let sequence = if again { taken } else { taken + 1 };
        let place = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
        let Some(event) = self.bureau.events.get(place).cloned() else {
            return Ok(());
        };
        let answer = self.ask_centre(
            |centre, now| async move { centre.take_tax_event(sequence, event, now).await },
            unavailable,
        )?;
        match answer {
            Some(Ok(answer)) => {
                self.write("zx", format_args!("tax event {sequence}: {answer:?}"));
            }
            Some(Err(error)) => {
                let detail = format!("tax event {sequence}: {}", error.code());
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
            }
            None => {}
        }
        Ok(())
    }

    /// Whether tax has news or the centre something to send.
    pub(super) fn tax_has_work(&self) -> bool {
        let Some(process) = &self.centre.process else {
            return true;
        };
        let taken = process.centre.tax_events_taken().unwrap_or(0);
        let waiting = process.centre.transactions_waiting().unwrap_or(1);
        taken < self.bureau.events.len() as u64 || waiting > 0
    }
}

fn unavailable<T>(answer: &Result<T, TaxError>) -> Option<Unavailable> {
    match answer {
        Err(TaxError::Unavailable(error)) => Some(error.clone()),
        Ok(_)
        | Err(
            TaxError::UnknownTransaction | TaxError::UnknownUnit | TaxError::SequenceGap { .. },
        ) => None,
    }
}
