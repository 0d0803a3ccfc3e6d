//! The parts of the feed that a device sees, and what of each it holds.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::{DeviceOutput, DeviceSession, SessionReport, State};
use crate::sync::message::{Backfill, BackfillWanted, Message, Part, Scope};
use crate::sync::{Entry, Violation};

/// The parts of a scope and how far each is held.
pub type Parts = BTreeMap<Part, Coverage>;

/// What a device holds of a part, below its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Coverage {
    /// Everything.
    #[n(0)]
    Whole,
    /// Everything but what lies in a range; may hold some of that, too.
    #[n(1)]
    Missing {
        /// The first position that was not looked at.
        #[n(0)]
        from: u64,
        /// Where the feed took over.
        #[n(1)]
        upto: u64,
    },
}

impl Coverage {
    fn missing(from: u64, upto: u64) -> Self {
        if from < upto {
            Self::Missing { from, upto }
        } else {
            Self::Whole
        }
    }
}

/// A new scope, to be made durable as one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescope {
    /// Its version.
    pub version: u64,
    /// The cursor with it.
    pub cursor: u64,
    /// Some parts come by the feed from here on only; to be said at the next hello.
    pub late_from: u64,
    /// All its parts; what is in none of them must be purged.
    pub parts: Parts,
}

/// What came of a backfill, to be made durable as one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfilled {
    /// The part.
    pub part: Part,
    /// Its entries in feed order; some may be held already, may be empty.
    pub entries: Vec<Entry>,
    /// What stands for further ones.
    pub pack: Option<Vec<u8>>,
    /// What is held of the part with them.
    pub coverage: Coverage,
    /// Whether no part misses anything with them.
    pub is_last: bool,
}

/// The device's scope within a session.
#[derive(Debug)]
pub(super) struct ScopeProgress {
    parts: Parts,
    packed: bool,
    missing: BTreeSet<Part>,
    asked: Option<BackfillWanted>,
    /// Requests made before the scope changed, whose answers may come still.
    dropped: usize,
}

impl ScopeProgress {
    pub(super) fn new(parts: Parts, packed: bool) -> Self {
        let mut progress = Self {
            parts,
            packed,
            missing: BTreeSet::new(),
            asked: None,
            dropped: 0,
        };
        progress.note_missing();
        progress
    }

    /// Takes over a new scope: parts that stay keep their coverage, new ones miss everything
    /// before the position from which the feed brings them.
    pub(super) fn rescoped(&mut self, scope: Scope, cursor: u64) -> Rescope {
        let mut before = std::mem::take(&mut self.parts);
        let Scope { from, late, .. } = scope;
        let late_from = scope.late_from.max(from);
        let covered = scope.parts.into_iter().map(|part| {
            let is_late = late.binary_search(&part).is_ok();
            let upto = if is_late { late_from } else { from };
            let known = before.remove(&part);
            (part, known.unwrap_or(Coverage::missing(0, upto)))
        });
        self.parts = covered.collect();
        self.note_missing();
        let still = |asked: &BackfillWanted| {
            let (from, upto) = (asked.from, asked.upto);
            self.parts.get(&asked.part) == Some(&Coverage::Missing { from, upto })
        };
        if self.asked.as_ref().is_some_and(|asked| !still(asked)) {
            self.asked = None;
            self.dropped += 1;
        }
        Rescope {
            version: scope.version,
            cursor,
            late_from: scope.late_from,
            parts: self.parts.clone(),
        }
    }

    /// The next request, when none is open; it counts as made.
    pub(super) fn next_wanted(&mut self) -> Option<BackfillWanted> {
        if self.asked.is_some() {
            return None;
        }
        let part = self.missing.first()?.clone();
        match self.parts.get(&part) {
            Some(&Coverage::Missing { from, upto }) => {
                let packed = self.packed;
                self.asked = Some(BackfillWanted {
                    part,
                    from,
                    upto,
                    packed,
                });
                self.asked.clone()
            }
            Some(Coverage::Whole) | None => None,
        }
    }

    /// Takes an answer; none where what was asked is not wanted any more.
    pub(super) fn backfilled(
        &mut self,
        backfill: Backfill,
    ) -> Result<Option<Backfilled>, Violation> {
        let kind = Message::BACKFILL;
        let answers =
            |asked: &mut BackfillWanted| asked.part == backfill.part && asked.from == backfill.from;
        let Some(asked) = self.asked.take_if(answers) else {
            let dropped = self.dropped.checked_sub(1);
            self.dropped = dropped.ok_or(Violation::Unexpected { kind })?;
            return Ok(None);
        };
        let Backfill {
            part,
            from,
            entries,
            next,
            pack,
        } = backfill;
        if pack.is_some() && !asked.packed {
            return Err(Violation::Unexpected { kind });
        }
        if next <= from || next > asked.upto || !lie_within(&entries, from, next) {
            return Err(Violation::PositionsOutOfOrder);
        }
        let coverage = Coverage::missing(next, asked.upto);
        if coverage == Coverage::Whole {
            self.missing.remove(&part);
        }
        self.parts.insert(part.clone(), coverage);
        Ok(Some(Backfilled {
            part,
            entries,
            pack,
            coverage,
            is_last: self.missing.is_empty(),
        }))
    }

    /// Whether every part is whole.
    pub(super) fn is_done(&self) -> bool {
        self.missing.is_empty()
    }

    fn note_missing(&mut self) {
        let missing = self
            .parts
            .iter()
            .filter(|(_, coverage)| **coverage != Coverage::Whole);
        self.missing = missing.map(|(part, _)| part.clone()).collect();
    }
}

impl DeviceSession {
    pub(super) fn rescoped(&mut self, scope: Scope) -> Result<(), Violation> {
        let (from, to) = (self.feed.scope_version, scope.version);
        let cursor = self.feed.rescoped(&scope)?;
        let rescope = self.scope.rescoped(scope, cursor);
        self.state = State::Live;
        self.settled = false;
        self.report(SessionReport::ScopeChanged { from, to });
        self.outputs.push_back(DeviceOutput::Rescope(rescope));
        Ok(())
    }

    pub(super) fn backfilled(&mut self, backfill: Backfill) -> Result<(), Violation> {
        if let Some(backfilled) = self.scope.backfilled(backfill)? {
            self.feed.persisting = true;
            self.outputs.push_back(DeviceOutput::Backfill(backfilled));
        }
        Ok(())
    }

    /// One at a time, and the next when what came is durable: the live feed is not held up.
    pub(super) fn ask_for_backfill(&mut self) {
        if !self.feed.persisting
            && let Some(wanted) = self.scope.next_wanted()
        {
            self.send(&Message::BackfillWanted(wanted));
        }
    }
}

/// Whether positions ascend from `from` on and stay below `next`.
fn lie_within(entries: &[Entry], from: u64, next: u64) -> bool {
    let positions = || entries.iter().map(|entry| entry.position.0);
    positions().is_sorted_by(|one, after| one < after)
        && positions().all(|position| (from..next).contains(&position))
}
