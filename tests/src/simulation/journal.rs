//! The event log of a run: what happened when to whom, in codes, positions and counts.
//!
//! It holds no number of a person and no wage, and nothing that differs between two runs of one
//! seed.

use std::fmt::Display;

/// The lines so far.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Vec<String>,
}

impl Journal {
    /// Every line, in order.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The last so many lines.
    #[must_use]
    pub fn last(&self, count: usize) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(count)..]
    }

    /// Writes a line; the time is in milliseconds.
    pub(crate) fn write(&mut self, now: u64, who: impl Display, what: impl Display) {
        self.lines.push(format!("{now:>8} {who:<4} {what}"));
    }
}
