//! A whole system under simulation: employers with several devices, agencies and the centre,
//! over a network, clocks and disks that fail, from one seed.
//!
//! The application behind its [`canbao_client::Door`], the centre's engine and the sessions of
//! both are the real ones; only the wire, the time, the randomness and the disks are simulated.
//! A safety phase, in which anything may happen, is followed by a liveness phase, in which the
//! network is whole and nothing crashes. After every step the [`Invariant`]s that are cheap to
//! look at must hold, and all of them at the end of both phases.
//!
//! Sessions of several devices ask the centre at once: what comes within some milliseconds, orders
//! of the administration with it, is decided by the engine's writer as one group.
//!
//! Enrolment and new keys are asked of the engine directly, not over a session of their own: the
//! device makes its request durable, the request or the answer may be lost on the way, and either
//! side may die before it, between and after.
//!
//! One seed gives one run: its [`Journal`] is the same to the byte.

mod broken;
mod bureau;
mod cast;
mod centre;
mod clock;
mod credentials;
mod device;
mod device_session;
mod dice;
mod hub_session;
mod invariants;
mod journal;
mod kept;
mod links;
mod network;
mod requests;
mod scopes;
mod sight;
mod tampering;
mod trouble;
mod truth;
mod workload;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use broken::Broken;
pub use invariants::{Invariant, Violation};
pub use journal::{Journal, Met};

use world::World;

/// A run that was.
#[derive(Debug)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// What happened.
    pub journal: Journal,
    /// What did not hold.
    pub violation: Option<Violation>,
}

/// Runs a seed; with a rule broken, where one is named.
#[must_use]
pub fn run(seed: u64, broken: Option<Broken>) -> Run {
    let mut journal = Journal::default();
    let ran = catch_unwind(AssertUnwindSafe(|| {
        World::new(seed, broken, &mut journal).run()
    }));
    let violation = match ran {
        Ok(held) => held.err(),
        Err(_) => Some(Violation::panicked()),
    };
    Run {
        seed,
        journal,
        violation,
    }
}

impl Run {
    /// What a person needs to look into a violation: the seed, the invariant, the last lines and
    /// the command that runs it again. None where everything held.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        const LAST: usize = 50;
        let violation = self.violation.as_ref()?;
        let seed = self.seed;
        Some(format!(
            "seed {seed}: {} does not hold: {}\n{}\nrun again: \
             cargo xtask simulate --seeds 1 --from {seed} --trace",
            violation.invariant.name(),
            violation.detail,
            self.journal.last(LAST).join("\n"),
        ))
    }
}
