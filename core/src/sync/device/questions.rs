//! Questions to the centre that wait for their answers.

use std::collections::{BTreeSet, VecDeque};

use crate::sync::close::Violation;
use crate::sync::message::StatusWanted;

/// Most questions asked and not answered.
const ASKED: usize = 4;

/// What a device wants to know, and what it asked.
#[derive(Debug, Default)]
pub(super) struct Questions {
    waiting: VecDeque<StatusWanted>,
    asked: BTreeSet<u32>,
}

impl Questions {
    pub(super) fn want(&mut self, wanted: StatusWanted) {
        self.waiting.push_back(wanted);
    }

    /// The next one to ask, where not too many are open.
    pub(super) fn next(&mut self) -> Option<StatusWanted> {
        if self.asked.len() >= ASKED {
            return None;
        }
        let wanted = self.waiting.pop_front()?;
        self.asked.insert(wanted.number);
        Some(wanted)
    }

    pub(super) fn answered(&mut self, number: u32) -> Result<(), Violation> {
        let asked = self.asked.remove(&number);
        asked.then_some(()).ok_or(Violation::WindowExceeded)
    }

    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty()
    }
}
