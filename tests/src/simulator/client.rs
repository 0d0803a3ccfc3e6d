//! The command line's side of `/simulate/...`: one request, its answer as one line of JSON.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// The arguments that say which simulator is told.
#[derive(Debug, clap::Args)]
pub struct To {
    /// Where the simulator listens.
    #[arg(long)]
    pub at: String,
}

/// Why there is no answer to show.
#[derive(Debug, thiserror::Error)]
pub enum CannotAsk {
    /// Also where the simulator died as it was told to.
    #[error("no answer: {0}")]
    NoAnswer(#[from] ureq::Error),
    /// With its status and problem.
    #[error("refused with {0}: {1}")]
    Refused(u16, Value),
}

/// Sends a control request to a simulator.
///
/// # Errors
/// [`CannotAsk`].
pub fn post(at: &str, path: &str, request: &impl Serialize) -> Result<Value, CannotAsk> {
    let response = agent()
        .post(format!("http://{at}/simulate/{path}"))
        .send_json(request)?;
    read(response)
}

/// Everything the simulator has.
///
/// # Errors
/// [`CannotAsk`].
pub fn state(at: &str) -> Result<Value, CannotAsk> {
    read(agent().get(format!("http://{at}/simulate/state")).call()?)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Value, CannotAsk> {
    const MOST_BYTES: u64 = 256 << 20;
    let answer = response
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_json()?;
    match response.status().as_u16() {
        200..=299 => Ok(answer),
        status => Err(CannotAsk::Refused(status, answer)),
    }
}
