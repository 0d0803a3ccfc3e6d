//! The hub's side of a scope: the device hears what it may see, and asks for what it missed.

use super::{HubOutput, HubSession, PartPage, State, Visible};
use crate::sync::close::Violation;
use crate::sync::message::{Backfill, BackfillWanted, Message, Scope};

/// Bytes of a backfill's entries in one answer; one larger entry travels alone.
const BACKFILL: usize = 128 * 1024;
/// Most backfills a device may have asked for at once.
const BACKFILLS_ASKED: usize = 4;

/// What the device knows of its scope.
#[derive(Debug, Default)]
pub(super) struct ScopeProgress {
    /// The version that the device has heard.
    pub(super) told: u64,
    /// Below this position the feed leaves out what may come late.
    pub(super) late_from: u64,
    /// What the device may see, until the welcome has told it.
    pub(super) opening: Option<Visible>,
    backfills_in_hand: usize,
}

impl HubSession {
    pub(super) fn rescoped(&mut self, visible: Visible) {
        match self.state {
            State::Opening => self.scope.opening = Some(visible),
            State::Live => self.tell_scope(visible, self.feed.seen),
            State::AwaitingHello | State::Admitting { .. } | State::Closed => {}
        }
    }

    /// Tells the device what it may see, unless it knows: from `from` on, which is where the
    /// pages read with this scope begin.
    pub(super) fn tell_scope(&mut self, visible: Visible, from: u64) {
        let Visible {
            version,
            parts,
            late,
        } = visible;
        if self.scope.told != version {
            self.scope.told = version;
            let late_from = self.scope.late_from;
            let is_late = late_from > from;
            self.send(&Message::Scope(Scope {
                version,
                from,
                parts,
                late_from,
                late: if is_late { late } else { Vec::new() },
            }));
        }
    }

    pub(super) fn backfill_wanted(&mut self, wanted: BackfillWanted) -> Result<(), Violation> {
        if wanted.upto > self.feed.head {
            return Err(Violation::PositionsOutOfOrder);
        }
        if self.scope.backfills_in_hand >= BACKFILLS_ASKED {
            return Err(Violation::WindowExceeded);
        }
        self.scope.backfills_in_hand += 1;
        self.outputs.push_back(HubOutput::ReadBackfill {
            wanted,
            max_bytes: BACKFILL,
        });
        Ok(())
    }

    /// A part that the device may not see any more is not answered: it asked before it heard
    /// of its new scope.
    pub(super) fn backfill_read(&mut self, wanted: BackfillWanted, page: Option<PartPage>) {
        if self.scope.backfills_in_hand == 0 {
            return;
        }
        self.scope.backfills_in_hand -= 1;
        let BackfillWanted {
            part, from, upto, ..
        } = wanted;
        if let Some(page) = page {
            assert!(
                (from + 1..=upto).contains(&page.upto),
                "a backfill must get on, and end where the feed took over"
            );
            self.send(&Message::Backfill(Backfill {
                part,
                from,
                entries: page.entries,
                next: page.upto,
                pack: page.pack,
            }));
        }
    }
}
