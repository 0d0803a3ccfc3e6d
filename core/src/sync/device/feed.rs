//! The feed as a device follows it: where it stands, and what may come next.

use crate::sync::message::{CaughtUp, Entries, Message, Scope, Welcome};
use crate::sync::{Entry, Violation};

use super::{Advance, DeviceStart};

/// How far the feed was followed.
#[derive(Debug)]
pub(super) struct FeedProgress {
    pub(super) scope_version: u64,
    pub(super) cursor: u64,
    /// An advance is being made durable; nothing is read meanwhile.
    pub(super) persisting: bool,
    /// Something was stepped over, so that a gap in the feed is explained.
    pub(super) stepped_over: bool,
    /// The gap was met: the cursor stays until this program is updated.
    held: bool,
    /// Where a welcome moves the cursor once its scope has come.
    welcomed_upto: u64,
    /// The feed's length at the welcome.
    head: u64,
    /// Past the greatest position at which an own item was taken.
    awaited: u64,
}

/// What a welcome leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Welcomed {
    /// The scope is known; a cursor that moved is to be persisted.
    InScope(Option<Advance>),
    /// The scope comes next.
    OtherScope,
}

/// What a message of the feed leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Persist(Advance),
    /// From here on the feed stands still.
    Hold,
    /// It stands still already.
    Ignore,
}

impl FeedProgress {
    pub(super) fn new(start: &DeviceStart) -> Self {
        Self {
            scope_version: start.scope_version,
            cursor: start.cursor,
            persisting: false,
            stepped_over: false,
            held: false,
            welcomed_upto: 0,
            head: 0,
            awaited: 0,
        }
    }

    /// Takes over what a welcome says; gives what is to be persisted, if anything changed.
    ///
    /// Under another scope nothing is durable before that scope is: a cursor that moved over
    /// what is not in it would be wrong if the old scope came back.
    pub(super) fn welcomed(&mut self, welcome: &Welcome) -> Result<Welcomed, Violation> {
        if welcome.upto < self.cursor || welcome.upto > welcome.head {
            return Err(Violation::PositionsOutOfOrder);
        }
        self.head = welcome.head;
        if self.scope_version != welcome.scope_version {
            self.welcomed_upto = welcome.upto;
            return Ok(Welcomed::OtherScope);
        }
        let changed = self.cursor != welcome.upto;
        Ok(Welcomed::InScope(
            changed.then(|| self.advance(Vec::new(), welcome.upto)),
        ))
    }

    /// Takes over a new scope; gives the cursor that is to be persisted with it.
    pub(super) fn rescoped(&mut self, scope: &Scope) -> Result<u64, Violation> {
        if scope.from < self.cursor || scope.late_from > self.head.max(scope.from) {
            return Err(Violation::PositionsOutOfOrder);
        }
        self.cursor = self.cursor.max(self.welcomed_upto);
        self.scope_version = scope.version;
        self.persisting = true;
        Ok(self.cursor)
    }

    pub(super) fn entries(&mut self, message: Entries) -> Result<Step, Violation> {
        if let Some(stop) = self.gap(message.from)? {
            return Ok(stop);
        }
        if message.entries.is_empty() {
            let kind = Message::Entries(message).kind();
            return Err(Violation::Unexpected { kind });
        }
        let mut cursor = message.from;
        for entry in &message.entries {
            if entry.position.0 < cursor {
                return Err(Violation::PositionsOutOfOrder);
            }
            let next = entry.position.0.checked_add(1);
            cursor = next.ok_or(Violation::PositionsOutOfOrder)?;
        }
        Ok(Step::Persist(self.advance(message.entries, cursor)))
    }

    pub(super) fn skipped(&mut self, message: &CaughtUp) -> Result<Step, Violation> {
        if let Some(stop) = self.gap(message.from)? {
            return Ok(stop);
        }
        if message.cursor < message.from {
            return Err(Violation::PositionsOutOfOrder);
        }
        Ok(Step::Persist(self.advance(Vec::new(), message.cursor)))
    }

    /// An own item has this place in the feed, or an earlier one.
    pub(super) fn await_position(&mut self, position: u64) {
        self.awaited = self.awaited.max(position.saturating_add(1));
    }

    /// Whether all that was there at the welcome is persisted.
    pub(super) fn is_caught_up(&self) -> bool {
        !self.persisting && self.cursor >= self.head
    }

    /// Whether nothing more is expected for now.
    pub(super) fn is_done(&self) -> bool {
        self.held || (self.is_caught_up() && self.cursor >= self.awaited)
    }

    /// What stops a message that does not continue where this device stands. A gap is forgiven
    /// only where something unreadable was stepped over, and then the feed is held.
    fn gap(&mut self, from: u64) -> Result<Option<Step>, Violation> {
        if self.held {
            return Ok(Some(Step::Ignore));
        }
        if from == self.cursor {
            return Ok(None);
        }
        if !self.stepped_over {
            let expected = self.cursor;
            return Err(Violation::FeedGap {
                expected,
                found: from,
            });
        }
        self.held = true;
        Ok(Some(Step::Hold))
    }

    fn advance(&mut self, entries: Vec<Entry>, cursor: u64) -> Advance {
        self.cursor = cursor;
        self.persisting = true;
        let scope_version = self.scope_version;
        Advance {
            entries,
            cursor,
            scope_version,
        }
    }
}
