//! What the simulators of other authorities share: their HTTP, and nothing of what they say.

pub mod client;
mod connection;
mod problem;

use axum::body::Body;
use serde::de::DeserializeOwned;

pub use connection::{Connection, Connections, Farewell, read_body};
pub use problem::Problem;

/// Reads a JSON body.
///
/// # Errors
/// The [`Problem`] to answer.
pub async fn parse<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let bytes = read_body(body).await?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::Malformed(what_is_wrong(&error)))
}

/// What answers where the interface has no operation.
pub async fn nothing_here() -> Problem {
    Problem::NotFound("no such operation".to_owned())
}

/// A parser's sentence, where it does not quote what was sent: that can be personal data.
fn what_is_wrong(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    let quotes_nothing = !error.is_data()
        || sentence.starts_with("missing field")
        || sentence.contains("as the interface describes");
    if quotes_nothing {
        sentence
    } else {
        "a member is not of its type, or not known".to_owned()
    }
}
