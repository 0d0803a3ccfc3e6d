//! The border to the machine: its clock and its randomness, asked for here and nowhere else.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use canbao_core::time::Timestamp;

/// Where the salts of the log's commitments come from, such as [`salt`].
pub type Salts = Arc<dyn Fn() -> Result<[u8; 16], NoRandomness> + Send + Sync>;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

impl NoRandomness {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "centre.no_randomness"
    }
}

/// The centre's clock; a clock before 1970 counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Random bytes.
///
/// # Errors
/// [`NoRandomness`].
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The salt of one commitment, from the operating system.
///
/// # Errors
/// [`NoRandomness`].
pub fn salt() -> Result<[u8; 16], NoRandomness> {
    random()
}
