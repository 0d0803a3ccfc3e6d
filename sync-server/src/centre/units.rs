//! Views of units, folded from the log when they are needed and kept while they fit.

use std::collections::HashMap;

use canbao_core::facts::{Audience, Fact, Placed, UnitView};
use canbao_core::ids::UnitId;
use canbao_core::store::{Store, Stream};

use super::answer::Unavailable;
use super::listed;
use super::stored::{Read, read_at};

/// How many persons, records and submissions the kept views may hold together: the memory is
/// bounded by this number and one unit, not by how many units there are.
const KEPT: usize = 400_000;
/// The most units kept; one that declares with a thousand others is not folded each time.
const KEPT_UNITS: usize = 4_096;
/// How much is left, in eighths, when more is kept than may be: so that not every group has to look
/// for what was used longest ago.
const LEFT: usize = 7;
/// How many positions of a unit are looked up at once.
const PAGE: usize = 512;

/// Kept views, each as of some length of the log.
#[derive(Default)]
pub(super) struct Units {
    kept: HashMap<UnitId, Kept>,
    turn: u64,
}

struct Kept {
    view: UnitView,
    /// Everything below this position is in the view.
    seen: u64,
    used: u64,
}

impl Units {
    /// Brings a unit's view up to the durable log, folding it from the start where it is not
    /// kept; tells whether there is such a unit.
    pub(super) fn catch_up(&mut self, store: &Store, unit: UnitId) -> Result<bool, Unavailable> {
        let head = store.length(Stream::Feed)?;
        let (view, seen) = match self.kept.remove(&unit) {
            Some(kept) => (Some(kept.view), kept.seen),
            None => (None, 0),
        };
        let view = if seen < head {
            fold(store, unit, view, seen..head)?
        } else {
            view
        };
        self.turn += 1;
        if let Some(view) = view {
            self.kept.insert(
                unit,
                Kept {
                    view,
                    seen: head,
                    used: self.turn,
                },
            );
            return Ok(true);
        }
        Ok(false)
    }

    /// Loads a unit unless it is kept; for the writer, who applies every fact itself.
    pub(super) fn load(&mut self, store: &Store, unit: UnitId) -> Result<bool, Unavailable> {
        self.turn += 1;
        match self.kept.get_mut(&unit) {
            Some(kept) => {
                kept.used = self.turn;
                Ok(true)
            }
            None => self.catch_up(store, unit),
        }
    }

    /// A kept view.
    pub(super) fn get(&self, unit: UnitId) -> Option<&UnitView> {
        self.kept.get(&unit).map(|kept| &kept.view)
    }

    /// Applies a unit's next fact to its view, which is loaded or begins with it.
    pub(super) fn apply(&mut self, unit: UnitId, placed: &Placed) {
        let seen = placed.position.0 + 1;
        match (self.kept.get_mut(&unit), &placed.fact) {
            (Some(kept), _) => {
                kept.view.apply(placed);
                kept.seen = seen;
            }
            (None, Fact::UnitRegistered(record)) => {
                let view = UnitView::new(record.clone());
                self.kept.insert(
                    unit,
                    Kept {
                        view,
                        seen,
                        used: self.turn,
                    },
                );
            }
            // Nothing about a unit precedes its registration in the log.
            (None, _) => {}
        }
    }

    /// Forgets the views used longest ago once they do not fit.
    pub(super) fn trim(&mut self) {
        let mut weight: usize = self.kept.values().map(|it| weight(&it.view)).sum();
        let mut count = self.kept.len();
        if weight <= KEPT && count <= KEPT_UNITS {
            return;
        }
        let mut by_use: Vec<(u64, UnitId)> = self
            .kept
            .iter()
            .map(|(unit, kept)| (kept.used, *unit))
            .collect();
        by_use.sort_unstable();
        for (_, unit) in by_use {
            let fits = weight <= KEPT / 8 * LEFT && count <= KEPT_UNITS / 8 * LEFT;
            if count <= 1 || fits {
                return;
            }
            let forgotten = self.kept.remove(&unit);
            weight -= forgotten.map_or(0, |it| self::weight(&it.view));
            count -= 1;
        }
    }
}

fn weight(view: &UnitView) -> usize {
    view.persons.len()
        + view.tax_roster().map_or(0, |it| it.persons.len())
        + view.pension_feed().map_or(0, |it| it.feed.persons.len())
        + view.records.len()
        + view.submissions.len()
        + view.refused.len()
        + 1
}

fn fold(
    store: &Store,
    unit: UnitId,
    mut view: Option<UnitView>,
    range: std::ops::Range<u64>,
) -> Result<Option<UnitView>, Unavailable> {
    let audience = Audience::Unit(unit);
    let mut from = range.start;
    loop {
        let page = listed::positions(store, &audience, from..range.end, PAGE)?;
        for position in &page {
            let Read {
                position,
                entry,
                fact,
            } = read_at(store, *position)?;
            let Some(fact) = fact else { continue };
            let placed = Placed {
                position,
                at: entry.at,
                fact,
            };
            match (&mut view, &placed.fact) {
                (Some(view), _) => view.apply(&placed),
                (None, Fact::UnitRegistered(record)) => view = Some(UnitView::new(record.clone())),
                (None, _) => {}
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => from = last + 1,
            Some(_) | None => return Ok(view),
        }
    }
}
