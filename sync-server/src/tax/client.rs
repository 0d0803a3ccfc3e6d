//! The requests of the interface over HTTP: bounded in time and size, without any retry.

use std::time::Duration;

use canbao_core::facts::TransactionId;
use canbao_core::identity::CreditCode;
use serde::de::DeserializeOwned;

use super::wire::{EventPage, Problem, RosterPage, Transaction};

/// The interface's bound on bodies, in both directions.
const MAX_BODY: usize = 8 << 20;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The longest text of a refusal that is kept, in characters.
const MAX_TITLE: usize = 100;

/// Where the tax bureau answers.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
}

/// A text that is not the address of a tax bureau.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tax bureau's address is http://HOST:PORT; TLS belongs to the line's gateway")]
pub struct BadAddress;

/// What became of a sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// Tax holds it durably.
    Held,
    /// Tax will not take it however often it is sent.
    Refused(String),
}

/// Why a request has no answer to go on with; it is made again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    /// No connection, a cut, or too slow.
    #[error("tax does not answer: {0}")]
    Unreachable(String),
    /// Tax says that it cannot now, or something that the interface does not describe.
    #[error("tax answers with status {0}")]
    Status(u16),
    /// A body that the interface does not describe.
    #[error("tax answers something that is not as the interface describes")]
    Malformed,
}

impl NoAnswer {
    /// The stable name.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "tax.unreachable",
            Self::Status(_) => "tax.unavailable",
            Self::Malformed => "tax.malformed_answer",
        }
    }
}

impl Client {
    /// A client of the bureau at `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(address: &str) -> Result<Self, BadAddress> {
        Self::patient(address, ANSWER_WITHIN)
    }

    /// A client that waits so long for an answer.
    pub(super) fn patient(address: &str, within: Duration) -> Result<Self, BadAddress> {
        let base = address.trim_end_matches('/').to_owned();
        let host = base.strip_prefix("http://").ok_or(BadAddress)?;
        if host.is_empty() || host.contains(['?', '#', '@', ' ']) {
            return Err(BadAddress);
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // The line to tax is its own; no proxy of the machine's environment is on it.
            .proxy(None)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(within))
            .build()
            .into();
        Ok(Self { agent, base })
    }

    /// Sends a transaction.
    pub(super) fn send(&self, transaction: &Transaction) -> Result<Sent, NoAnswer> {
        let body = serde_json::to_vec(transaction).map_err(|_| NoAnswer::Malformed)?;
        if body.len() > MAX_BODY {
            return Ok(Sent::Refused(format!("more than {MAX_BODY} bytes")));
        }
        let request = self
            .agent
            .post(format!("{}/v1/transactions", self.base))
            .content_type("application/json");
        let mut response = request.send(&body[..]).map_err(unreachable)?;
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
        let address = format!("{}/v1/transactions/{transaction}", self.base);
        let response = self.agent.get(address).call().map_err(unreachable)?;
        match response.status().as_u16() {
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
        let mut request = self
            .agent
            .get(format!("{}/v1/units/{unit}/roster", self.base));
        if let Some(after) = after {
            request = request.query("after", after);
        }
        let mut response = request.call().map_err(unreachable)?;
        match response.status().as_u16() {
            200 => read(&mut response).map(Some),
            404 => Ok(None),
            status => Err(NoAnswer::Status(status)),
        }
    }

    /// Events after a number, in order.
    pub(super) fn events(&self, after: u64) -> Result<EventPage, NoAnswer> {
        let address = format!("{}/v1/events?after={after}", self.base);
        let mut response = self.agent.get(address).call().map_err(unreachable)?;
        match response.status().as_u16() {
            200 => read(&mut response),
            status => Err(NoAnswer::Status(status)),
        }
    }
}

fn read<T: DeserializeOwned>(
    response: &mut ureq::http::Response<ureq::Body>,
) -> Result<T, NoAnswer> {
    let body = response
        .body_mut()
        .with_config()
        .limit(MAX_BODY as u64)
        .read_to_vec();
    // A cut in the body is the line's fault, other bytes are tax's.
    let body = body.map_err(unreachable)?;
    serde_json::from_slice(&body).map_err(|_| NoAnswer::Malformed)
}

fn unreachable(error: ureq::Error) -> NoAnswer {
    NoAnswer::Unreachable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_a_plain_server() {
        for address in [
            "http://127.0.0.1:8400",
            "http://tax.internal:80/",
            "http://tax/gateway",
        ] {
            assert!(Client::new(address).is_ok(), "{address}");
        }
        for address in [
            "",
            "127.0.0.1:8400",
            "https://tax",
            "http://",
            "http://u@tax",
            "http://a?b",
        ] {
            assert_eq!(Client::new(address).err(), Some(BadAddress), "{address}");
        }
    }
}
