//! What a device was told that it may see, and how far it holds that.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::facts::Audience;
use canbao_core::ids::UnitId;
use canbao_core::sync::device::{Coverage, DeviceStart};

use super::truth::Seen;

/// The parts and the cursor of a device as it made them durable.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    pub(super) cursor: u64,
    /// From here on the feed brings documents, which come by backfills below.
    late_from: u64,
    parts: BTreeMap<Audience, Coverage>,
}

impl Sight {
    pub(super) fn of(start: &DeviceStart) -> Self {
        let parts = start.parts.iter().map(|(part, coverage)| {
            let audience = Audience::of_key(&part.0).expect("the centre tells of audiences");
            (audience, *coverage)
        });
        Self {
            cursor: start.cursor,
            late_from: start.late_from.unwrap_or(0),
            parts: parts.collect(),
        }
    }

    /// Whether it was told at all; before that it may see nothing.
    pub(super) fn was_told(&self) -> bool {
        !self.parts.is_empty()
    }

    pub(super) fn audiences(&self) -> BTreeSet<Audience> {
        self.parts.keys().copied().collect()
    }

    pub(super) fn includes(&self, audience: &Audience) -> bool {
        self.parts.contains_key(audience)
    }

    /// Whether something of a part is missing still.
    pub(super) fn misses_something(&self) -> bool {
        self.parts.values().any(|it| *it != Coverage::Whole)
    }

    /// Whether everything of a unit below the cursor is held.
    pub(super) fn is_whole(&self, unit: UnitId) -> bool {
        self.holds_whole(&Audience::Unit(unit))
    }

    /// Whether nothing of a part is missing.
    pub(super) fn holds_whole(&self, audience: &Audience) -> bool {
        self.parts.get(audience) == Some(&Coverage::Whole)
    }

    /// Whether the device may hold this entry by now.
    pub(super) fn may_hold(&self, seen: &Seen) -> bool {
        let position = seen.entry.position.0;
        let holds = |it: &Audience| self.includes(it) && position < self.end(it);
        seen.audience.iter().any(holds)
    }

    /// Whether it must hold this entry. In the range that a part misses it may hold some: where a
    /// session ends before the feed has come as far as the range ends.
    pub(super) fn must_hold(&self, seen: &Seen) -> bool {
        let position = seen.entry.position.0;
        let covered = |audience: &Audience| match self.parts.get(audience) {
            Some(Coverage::Whole) => position < self.end(audience),
            Some(Coverage::Missing { from, upto }) => {
                position < *from || (*upto..self.cursor).contains(&position)
            }
            None => false,
        };
        seen.audience.iter().any(covered)
    }

    /// Up to where a part that is whole is held: what comes late may be ahead of the cursor.
    fn end(&self, audience: &Audience) -> u64 {
        if audience.is_of_documents() {
            self.cursor.max(self.late_from)
        } else {
            self.cursor
        }
    }
}
