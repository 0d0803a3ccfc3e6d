//! Another authority's server over HTTP: requests bounded in time and size, without any retry.

use std::time::Duration;

use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::centre::Unavailable;

/// The interfaces' bound on bodies, in both directions.
pub(crate) const MAX_BODY: usize = 8 << 20;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Where another authority answers.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    agent: Agent,
    base: String,
}

/// A text that is not the address of another authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address is http://HOST:PORT; TLS belongs to the line's gateway")]
pub struct BadAddress;

/// Why a request has no answer to go on with; it is made again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    /// No connection, a cut, or too slow.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It says that it cannot now, or something that the interface does not describe.
    #[error("an answer with status {0}")]
    Status(u16),
    /// A body that the interface does not describe.
    #[error("an answer that is not as the interface describes")]
    Malformed,
}

impl Remote {
    /// The server at `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub(crate) fn new(address: &str) -> Result<Self, BadAddress> {
        Self::patient(address, ANSWER_WITHIN)
    }

    /// The same, waited for so long.
    pub(crate) fn patient(address: &str, within: Duration) -> Result<Self, BadAddress> {
        let base = address.trim_end_matches('/').to_owned();
        let host = base.strip_prefix("http://").ok_or(BadAddress)?;
        if host.is_empty() || host.contains(['?', '#', '@', ' ']) {
            return Err(BadAddress);
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // The line is its own; no proxy of the machine's environment is on it.
            .proxy(None)
            .timeout_connect(Some(CONNECT_WITHIN))
            .timeout_global(Some(within))
            .build()
            .into();
        Ok(Self { agent, base })
    }

    /// Asks for something below the server's root.
    pub(crate) fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Response<Body>, NoAnswer> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = query
            .iter()
            .fold(request, |it, (name, value)| it.query(name, value));
        request.call().map_err(unreachable)
    }

    /// A page of a list below the server's root, from behind a key on; [`None`] where the server
    /// has no such list.
    pub(crate) fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        after: Option<&str>,
    ) -> Result<Option<T>, NoAnswer> {
        let after = after.map(|it| ("after", it));
        let mut response = self.get(path, after.as_slice())?;
        match response.status().as_u16() {
            200 => read(&mut response).map(Some),
            404 => Ok(None),
            status => Err(NoAnswer::Status(status)),
        }
    }

    /// Sends JSON to something below the server's root.
    pub(crate) fn post(&self, path: &str, json: &[u8]) -> Result<Response<Body>, NoAnswer> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .content_type("application/json");
        request.send(json).map_err(unreachable)
    }
}

/// An answer's body, within its bound.
pub(crate) fn read<T: DeserializeOwned>(response: &mut Response<Body>) -> Result<T, NoAnswer> {
    let body = response
        .body_mut()
        .with_config()
        .limit(MAX_BODY as u64)
        .read_to_vec();
    // A cut in the body is the line's fault, other bytes are the server's.
    let body = body.map_err(unreachable)?;
    serde_json::from_slice(&body).map_err(|_| NoAnswer::Malformed)
}

fn unreachable(error: ureq::Error) -> NoAnswer {
    NoAnswer::Unreachable(error.to_string())
}

/// Runs what blocks, off the threads that others wait on; a panic of it goes on here.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unavailable> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Unavailable::Stopped),
    }
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
            assert!(Remote::new(address).is_ok(), "{address}");
        }
        for address in [
            "",
            "127.0.0.1:8400",
            "https://tax",
            "http://",
            "http://u@tax",
            "http://a?b",
        ] {
            assert_eq!(Remote::new(address).err(), Some(BadAddress), "{address}");
        }
    }
}
