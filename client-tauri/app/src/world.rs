//! What the application asks of the world: the time, random bytes, and who reads foreign files.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use canbao_core::time::Timestamp;
use canbao_workbook::Reader;

/// No random bytes were to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

/// The device's clock, randomness and reader of files; tests bring their own.
pub trait World: Send {
    /// The device's clock; shown and signed along, never a ground for a rule (SIL-19).
    fn now(&self) -> Timestamp;

    /// Fills a buffer with random bytes.
    ///
    /// # Errors
    /// [`NoRandomness`].
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness>;

    /// Where workbooks are read that come from elsewhere: in a process of this program, which has
    /// to know [`canbao_workbook::COMMAND`].
    ///
    /// # Errors
    /// Those of asking the operating system for the program's file.
    fn reader(&self) -> io::Result<Reader> {
        Reader::apart()
    }
}

/// The operating system's.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl World for System {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

/// So many random bytes.
pub(crate) fn random<const N: usize>(world: &mut dyn World) -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    world.fill(&mut bytes)?;
    Ok(bytes)
}
