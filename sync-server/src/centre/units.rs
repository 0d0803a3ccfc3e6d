//! Views of units, folded from the log when they are needed and kept while they fit.

use std::collections::HashMap;
use std::ops::Bound;

use canbao_core::facts::{Audience, Fact, Placed, UnitView};
use canbao_core::ids::UnitId;
use canbao_core::store::{Store, Stream, View};

use super::answer::Unavailable;
use super::index;
use super::stored::{Read, read_at};

/// How many persons, records and submissions the kept views may hold together: the memory is
/// bounded by this number and one unit, not by how many units there are.
const KEPT: usize = 400_000;
/// The most units kept.
const KEPT_UNITS: usize = 512;
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

    /// Forgets the views used longest ago until the rest fits.
    pub(super) fn trim(&mut self) {
        let mut by_use: Vec<(u64, UnitId, usize)> = self
            .kept
            .iter()
            .map(|(unit, kept)| (kept.used, *unit, weight(&kept.view)))
            .collect();
        by_use.sort_unstable();
        let mut weight: usize = by_use.iter().map(|(_, _, weight)| weight).sum();
        let mut count = by_use.len();
        for (_, unit, own) in by_use {
            if count <= 1 || (weight <= KEPT && count <= KEPT_UNITS) {
                return;
            }
            self.kept.remove(&unit);
            weight -= own;
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
    let (_, end) = index::audience(&audience, range.end);
    let mut from = index::audience(&audience, range.start).1;
    loop {
        let page = store.view_range(
            View::Audience,
            Bound::Included(&from),
            Bound::Excluded(&end),
            PAGE,
        )?;
        for (key, _) in &page {
            let Some(position) = key.last_chunk().map(|it| u64::from_be_bytes(*it)) else {
                continue;
            };
            let Read {
                position,
                entry,
                fact,
            } = read_at(store, position)?;
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
            Some((last, _)) if page.len() == PAGE => from = [last.as_slice(), &[0]].concat(),
            _ => return Ok(view),
        }
    }
}
