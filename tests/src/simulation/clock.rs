//! The virtual time, and what the clocks of the machines show of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use canbao_client::world::{NoRandomness, World};
use canbao_core::time::Timestamp;

use super::dice::Dice;

/// 2026-11-24 in Shenyang: every notice about 2022 is known.
const START: i64 = 1_795_500_000;

/// The time that passes for everyone, in milliseconds since the start. Clones show the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct VirtualTime(Arc<AtomicU64>);

impl VirtualTime {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

/// A machine's clock, which may be wrong. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct MachineClock {
    time: VirtualTime,
    wrong_by: Arc<AtomicI64>,
}

impl MachineClock {
    /// A clock that is right.
    pub(crate) fn right(time: &VirtualTime) -> Self {
        Self {
            time: time.clone(),
            wrong_by: Arc::default(),
        }
    }

    /// What it shows.
    pub(crate) fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.time.now() / 1000).unwrap_or(i64::MAX);
        Timestamp(START + passed + self.wrong_by.load(Ordering::Relaxed))
    }

    /// From now on it is wrong by so many seconds.
    pub(crate) fn put_wrong(&self, seconds: i64) {
        self.wrong_by.store(seconds, Ordering::Relaxed);
    }
}

/// A device as its application sees the world.
pub(crate) struct Machine {
    pub(crate) clock: MachineClock,
    pub(crate) dice: Dice,
}

impl World for Machine {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.dice.fill(bytes);
        Ok(())
    }
}
