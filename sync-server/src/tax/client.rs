//! The requests of the interface with tax.

#[cfg(test)]
use std::time::Duration;

use canbao_core::facts::TransactionId;
use canbao_core::identity::CreditCode;

use super::wire::{EventPage, Problem, RosterPage, Transaction};
use crate::remote::{BadAddress, MAX_BODY, NoAnswer, Remote, read};

/// The longest text of a refusal that is kept, in characters.
const MAX_TITLE: usize = 100;

/// Where the tax bureau answers.
#[derive(Debug, Clone)]
pub struct Client(Remote);

/// What became of a sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// Tax holds it durably.
    Held,
    /// Tax will not take it however often it is sent.
    Refused(String),
}

/// The stable name of why tax gives no answer to go on with.
pub(super) fn code(error: &NoAnswer) -> &'static str {
    match error {
        NoAnswer::Unreachable(_) => "tax.unreachable",
        NoAnswer::Status(_) => "tax.unavailable",
        NoAnswer::Malformed => "tax.malformed_answer",
    }
}

impl Client {
    /// A client of the bureau at `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        Remote::new(address).map(Self)
    }

    /// A client that waits so long for an answer.
    #[cfg(test)]
    pub(super) fn patient(address: &str, within: Duration) -> Result<Self, BadAddress> {
        Remote::patient(address, within).map(Self)
    }

    /// Sends a transaction.
    pub(super) fn send(&self, transaction: &Transaction) -> Result<Sent, NoAnswer> {
        let body = serde_json::to_vec(transaction).map_err(|_| NoAnswer::Malformed)?;
        if body.len() > MAX_BODY {
            return Ok(Sent::Refused(format!("more than {MAX_BODY} bytes")));
        }
        let mut response = self.0.post("/v1/transactions", &body)?;
        match response.status().as_u16() {
            202 => Ok(Sent::Held),
            status @ (409 | 413 | 422) => {
                let problem: Problem = read(&mut response).unwrap_or_default();
                let title: String = problem.title.chars().take(MAX_TITLE).collect();
                Ok(Sent::Refused(
                    format!("{status} {title}").trim_end().to_owned(),
                ))
            }
            status => Err(NoAnswer::Status(status)),
        }
    }

    /// Whether tax has a transaction.
    pub(super) fn has(&self, transaction: &TransactionId) -> Result<bool, NoAnswer> {
        let path = format!("/v1/transactions/{transaction}");
        match self.0.get(&path, &[])?.status().as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            status => Err(NoAnswer::Status(status)),
        }
    }

    /// A page of tax's roster of a unit, from behind a person number on; [`None`] where tax has no
    /// such unit.
    pub(super) fn roster(
        &self,
        unit: &CreditCode,
        after: Option<&str>,
    ) -> Result<Option<RosterPage>, NoAnswer> {
        self.0.page(&format!("/v1/units/{unit}/roster"), after)
    }

    /// Events after a number, in order.
    pub(super) fn events(&self, after: u64) -> Result<EventPage, NoAnswer> {
        let path = format!("/v1/events?after={after}");
        let mut response = self.0.get(&path, &[])?;
        match response.status().as_u16() {
            200 => read(&mut response),
            status => Err(NoAnswer::Status(status)),
        }
    }
}
