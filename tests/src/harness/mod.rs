//! Real programs as real processes: start, ask, wait by a deadline, kill.

mod json;
mod port;
mod process;
mod programs;
mod relay;
mod site;
mod units;
mod workbook;

pub use json::{count, items, text};
pub use process::{Outcome, Process};
pub use programs::{Programs, ProgramsMissing};
pub use relay::Relay;
pub use site::{Centre, Device, Pension, Site, Tax};
pub use units::{LARGE, PAYING_SINCE, SMALL, Unit, load_arguments, path, repository};
pub use workbook::{Insured, insured_of, tax_roster};

use std::time::{Duration, Instant};

/// How long anything in a story may take before it counts as failed.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Asks until the answer is there.
///
/// # Panics
/// When the deadline passes; the message names what was waited for.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < DEADLINE,
            "{what}: not within {DEADLINE:?}"
        );
    }
}
