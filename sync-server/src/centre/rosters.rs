//! Tax's own rosters: which are to be looked at, and what became of a look (QRY-3).

use std::ops::Bound;

use canbao_core::facts::{Fact, FetchedRoster, TaxRosterPart};
use canbao_core::identity::CreditCode;
use canbao_core::ids::UnitId;
use canbao_core::store::Store;
use canbao_core::time::Timestamp;

use super::answer::{TaxError, Unavailable};
use super::desk::Desk;
use super::handle::Centre;
use super::places;

/// What a look at tax's roster brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterNews {
    /// The roster, whole.
    Whole(FetchedRoster),
    /// Tax still names the state that was taken in before.
    Same {
        /// When tax made its answer, by tax's clock.
        as_of: Timestamp,
        /// The name.
        version: String,
    },
}

/// What became of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterAnswer {
    /// It is the one that counts.
    Taken {
        /// How many persons differ from the one before, those included who are gone.
        changes: usize,
    },
    /// Tax answered something about the unit, or another roster was taken in, since it was asked
    /// for: what came may be older than that, and nothing was recorded.
    Outdated,
}

/// A unit as tax knows it, and what was taken in of its roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterAsk {
    /// 统一社会信用代码.
    pub credit_code: CreditCode,
    /// Tax's name for the state of the roster that counts.
    pub version: Option<String>,
    /// The length of the log now.
    pub asked: u64,
}

impl Centre {
    /// The units, after this one in the order of their ids, about which tax answered since its
    /// roster was taken in.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn rosters_due(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<UnitId>, Unavailable> {
        let page = page(&self.shared.store, places::roster_due, after, limit)?;
        Ok(page.into_iter().map(|(unit, _)| unit).collect())
    }

    /// The units whose roster was taken in at some time, after this one in the order of their
    /// ids, with that time.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn rosters_taken(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<(UnitId, Timestamp)>, Unavailable> {
        let page = page(&self.shared.store, places::roster_taken, after, limit)?;
        let at = |bytes: Vec<u8>| bytes.try_into().map_or(0, i64::from_be_bytes);
        let read = |(unit, bytes)| (unit, Timestamp(at(bytes)));
        Ok(page.into_iter().map(read).collect())
    }

    /// What is needed to ask tax for a unit's roster; [`None`] where there is no such unit.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn roster_ask(&self, unit: UnitId) -> Result<Option<RosterAsk>, Unavailable> {
        let asked = self.head().tree.size;
        self.with_unit(unit, |view| RosterAsk {
            credit_code: view.record.credit_code.clone(),
            version: view.tax_roster().and_then(|it| it.version.clone()),
            asked,
        })
    }

    /// Takes in what tax answered to a request for a unit's roster, made when the log had this
    /// length. Returns after the commit.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn take_tax_roster(
        &self,
        unit: UnitId,
        asked: u64,
        news: RosterNews,
        now: Timestamp,
    ) -> Result<RosterAnswer, TaxError> {
        self.ask(move |desk| desk.take_tax_roster(unit, asked, news, now))
            .await?
    }
}

impl Desk {
    fn take_tax_roster(
        &mut self,
        unit: UnitId,
        asked: u64,
        news: RosterNews,
        now: Timestamp,
    ) -> Result<Result<RosterAnswer, TaxError>, Unavailable> {
        let due = self.led_to(&places::roster_due(unit))?;
        if due.is_some_and(|it| it.0 >= asked) {
            return Ok(Ok(RosterAnswer::Outdated));
        }
        self.load_unit(unit)?;
        let Some(view) = self.units.get(unit) else {
            return Ok(Err(TaxError::UnknownUnit));
        };
        let before = view.tax_roster();
        if before.is_some_and(|it| it.position.0 >= asked) {
            return Ok(Ok(RosterAnswer::Outdated));
        }
        let parts = match news {
            RosterNews::Whole(roster) => roster.parts_since(before),
            RosterNews::Same { as_of, version } => {
                if before.and_then(|it| it.version.as_ref()) != Some(&version) {
                    return Ok(Ok(RosterAnswer::Outdated));
                }
                vec![TaxRosterPart {
                    as_of,
                    version: Some(version),
                    part: 1,
                    parts: 1,
                    persons: Vec::new(),
                    gone: Vec::new(),
                }]
            }
        };
        let changes = parts
            .iter()
            .map(|it| it.persons.len() + it.gone.len())
            .sum();
        let facts = parts
            .into_iter()
            .map(|part| Fact::TaxRosterTaken { unit, part });
        let first = self.append_all(facts, now)?;
        tracing::info!(position = first.0, %unit, changes, "tax's roster taken in");
        Ok(Ok(RosterAnswer::Taken { changes }))
    }
}

/// A page of the values that a view has of units, after this one in the order of their ids.
pub(super) fn page(
    store: &Store,
    place: fn(UnitId) -> places::Place,
    after: Option<UnitId>,
    limit: usize,
) -> Result<Vec<(UnitId, Vec<u8>)>, Unavailable> {
    let (view, least) = place(UnitId([0; 16]));
    let (_, greatest) = place(UnitId([u8::MAX; 16]));
    let from = after.map(|it| place(it).1);
    let from = from
        .as_deref()
        .map_or(Bound::Included(least.as_slice()), Bound::Excluded);
    let page = store.view_range(view, from, Bound::Included(&greatest), limit)?;
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let unit = key.last_chunk().map(|it| UnitId(*it))?;
        Some((unit, value))
    };
    Ok(page.into_iter().filter_map(read).collect())
}
