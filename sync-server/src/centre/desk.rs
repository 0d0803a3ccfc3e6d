//! The writer's desk: its views, the group it is deciding, and the commit of that group.

use std::collections::BTreeMap;
use std::sync::Arc;

use canbao_core::facts::{Audience, CommonView, Entry, Fact, Placed};
use canbao_core::ids::{CertificateSerial, DistrictId, Position, UnitId};
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::frontier::Frontier;
use canbao_core::store::{Commit, Store, Stream, View};
use canbao_core::time::Timestamp;

use super::answer::Unavailable;
use super::handle::Head;
use super::index;
use super::listed;
use super::places::{self, Place};
use super::rebuild;
use super::recent::{self, Recent};
use super::stored::{Stored, read_at};
use super::units::Units;
use crate::border::{self, Salts};
use crate::keys::Keys;

/// Entries after which a group is full: what one commit holds in memory is bounded by them and
/// one request.
const FULL: usize = 10_000;
/// How many entries for everyone are looked up at once.
const PAGE: usize = 256;

/// Everything the writer decides with. Its views run ahead of the store by the group in hand.
pub(super) struct Desk {
    pub(super) store: Arc<Store>,
    pub(super) keys: Arc<Keys>,
    pub(super) common: CommonView,
    pub(super) units: Units,
    salts: Salts,
    frontier: Frontier,
    recent: Arc<Recent>,
    next_serial: u64,
    latest: Timestamp,
    group: Group,
}

/// What was decided and is not durable yet.
#[derive(Default)]
struct Group {
    entries: Vec<Vec<u8>>,
    audiences: recent::Group,
    changes: BTreeMap<Place, Option<Vec<u8>>>,
    common_changed: bool,
    scopes_changed: bool,
}

impl Desk {
    /// A desk as of the durable log; views that do not cover it are brought up to it first.
    pub(super) fn load(store: Arc<Store>, keys: Arc<Keys>) -> Result<Self, Unavailable> {
        let frontier = rebuild::bring_up(&store, &keys)?;
        let latest = match frontier.size().checked_sub(1) {
            Some(last) => read_at(&store, last)?.entry.at,
            None => Timestamp(0),
        };
        let newest = store.view_last(View::Certificate, b"s")?;
        let next_serial = newest
            .and_then(|(key, _)| key.last_chunk().map(|it| u64::from_be_bytes(*it) + 1))
            .unwrap_or(1);
        let common = common_view(&store)?;
        let units = Units::default();
        let group = Group {
            common_changed: true,
            scopes_changed: true,
            ..Group::default()
        };
        Ok(Self {
            store,
            keys,
            common,
            units,
            salts: Arc::new(border::salt),
            recent: Arc::new(Recent::at(frontier.size())),
            frontier,
            next_serial,
            latest,
            group,
        })
    }

    /// The same desk, with salts from elsewhere.
    pub(super) fn salted(self, salts: Salts) -> Self {
        Self { salts, ..self }
    }

    /// Where the next fact goes.
    pub(super) fn next(&self) -> Position {
        Position(self.frontier.size() + self.group.entries.len() as u64)
    }

    /// The number of the next certificate.
    pub(super) fn take_serial(&mut self) -> CertificateSerial {
        let serial = CertificateSerial(self.next_serial);
        self.next_serial += 1;
        serial
    }

    /// The value of a view, the group in hand included.
    pub(super) fn look_up(&self, place: &Place) -> Result<Option<Vec<u8>>, Unavailable> {
        match self.group.changes.get(place) {
            Some(changed) => Ok(changed.clone()),
            None => Ok(self.store.view(place.0, &place.1)?),
        }
    }

    /// The position a view leads to.
    pub(super) fn led_to(&self, place: &Place) -> Result<Option<Position>, Unavailable> {
        Ok(self
            .look_up(place)?
            .as_deref()
            .and_then(places::number)
            .map(Position))
    }

    /// The positions that the group in hand leads to from the keys with a prefix.
    pub(super) fn led_to_by_group(&self, prefix: &Place) -> Vec<Position> {
        self.group
            .changes
            .range(prefix.clone()..)
            .take_while(|((view, key), _)| *view == prefix.0 && key.starts_with(&prefix.1))
            .filter_map(|(_, value)| places::number(value.as_deref()?).map(Position))
            .collect()
    }

    /// The keys with a prefix that the group in hand writes.
    pub(super) fn keys_of_group<'a>(
        &'a self,
        prefix: &'a Place,
    ) -> impl Iterator<Item = Vec<u8>> + 'a {
        self.group
            .changes
            .range(prefix.clone()..)
            .take_while(|((view, key), _)| *view == prefix.0 && key.starts_with(&prefix.1))
            .filter(|(_, value)| value.is_some())
            .map(|((_, key), _)| key.clone())
    }

    /// The fact at a position, the group in hand included.
    pub(super) fn fact_at(&self, position: Position) -> Result<Option<Fact>, Unavailable> {
        let durable = self.frontier.size();
        let Some(place) = position.0.checked_sub(durable) else {
            return Ok(read_at(&self.store, position.0)?.fact);
        };
        let bytes = usize::try_from(place)
            .ok()
            .and_then(|it| self.group.entries.get(it));
        Ok(bytes
            .and_then(|it| Entry::from_bytes(it).ok())
            .and_then(|it| it.fact().ok()))
    }

    /// The district a unit belongs to, the group in hand included.
    pub(super) fn home(&self, unit: UnitId) -> Result<Option<DistrictId>, Unavailable> {
        let found = self.look_up(&places::home(unit))?;
        Ok(found.as_deref().and_then(places::district_id))
    }

    /// Loads a unit's view; tells whether there is such a unit.
    pub(super) fn load_unit(&mut self, unit: UnitId) -> Result<bool, Unavailable> {
        self.units.load(&self.store, unit)
    }

    /// Puts a fact into the group and applies it to the views.
    ///
    /// The centre's clock never goes back in the log, whatever the machine's does.
    pub(super) fn append(&mut self, fact: Fact, now: Timestamp) -> Result<Position, Unavailable> {
        let position = self.next();
        self.latest = self.latest.max(now);
        let entry = Entry::new(self.latest, &fact);
        self.group.entries.push(entry.to_bytes());
        self.group.audiences.push(position.0, &entry.audience);
        let changes = index::changes_by(&self.store, position, &entry, Some(&fact));
        self.group.changes.extend(changes);
        let placed = Placed {
            position,
            at: self.latest,
            fact,
        };
        if entry.audience.contains(&Audience::Everyone) {
            self.common.apply(&placed.fact);
            self.group.common_changed = true;
        }
        self.group.scopes_changed |= matches!(
            placed.fact,
            Fact::UnitRegistered(_)
                | Fact::UnitMoved { .. }
                | Fact::DeviceEnrolled { .. }
                | Fact::CertificateRevoked { .. }
        );
        if let Some(unit) = placed.fact.unit() {
            if !matches!(placed.fact, Fact::UnitRegistered(_)) {
                self.load_unit(unit)?;
            }
            self.units.apply(unit, &placed);
        }
        Ok(position)
    }

    /// Puts facts into the group, contiguously; gives the first one's place.
    pub(super) fn append_all(
        &mut self,
        facts: impl IntoIterator<Item = Fact>,
        now: Timestamp,
    ) -> Result<Position, Unavailable> {
        let first = self.next();
        for fact in facts {
            self.append(fact, now)?;
        }
        Ok(first)
    }

    /// Whether the group is so large that it is committed before more is decided.
    pub(super) fn is_full(&self) -> bool {
        self.group.entries.len() >= FULL
    }

    /// Forgets views of units that were not used for long; between groups only, since within one
    /// a view holds what the store does not have yet.
    pub(super) fn trim(&mut self) {
        self.units.trim();
    }

    /// Whether the group holds anything to commit.
    pub(super) fn has_decided(&self) -> bool {
        !self.group.entries.is_empty()
    }

    /// Commits the group with one sync: entries, views, tiles and the signed head together, so
    /// that no head is ever seen before its entries are durable.
    pub(super) fn commit(&mut self) -> Result<(), Unavailable> {
        let start = self.frontier.size();
        let mut stored = Vec::with_capacity(self.group.entries.len());
        for entry in std::mem::take(&mut self.group.entries) {
            stored.push(Stored {
                salt: (self.salts)()?,
                entry,
            });
        }
        let leaves: Vec<_> = stored.iter().map(Stored::commitment).collect();
        let growth = self.frontier.append(&leaves);
        let mut commit = Commit::new().expecting(Stream::Feed, start);
        for entry in &stored {
            commit = commit.append(Stream::Feed, entry.to_bytes());
        }
        for ((view, key), value) in std::mem::take(&mut self.group.changes) {
            commit = match value {
                Some(value) => commit.put(view, key, value),
                None => commit.remove(view, key),
            };
        }
        for tile in growth.tiles {
            let (view, key) = places::tile(&tile.id);
            commit = commit.put(view, key, tile.bytes);
        }
        commit = rebuild::with_head(commit, &growth.frontier, &self.keys);
        self.store.commit(commit)?;
        self.frontier = growth.frontier;
        let audiences = std::mem::take(&mut self.group.audiences);
        self.recent = Arc::new(self.recent.and(audiences, self.frontier.size()));
        Ok(())
    }

    /// The durable head, to be shown; keeps what everyone sees where it did not change.
    pub(super) fn head(&mut self, before: Option<&Head>) -> Head {
        let common_changed = std::mem::take(&mut self.group.common_changed);
        let scopes_changed = std::mem::take(&mut self.group.scopes_changed);
        let common = match before {
            Some(before) if !common_changed => Arc::clone(&before.common),
            Some(_) | None => Arc::new(self.common.clone()),
        };
        let scopes = before.map_or(0, |before| before.scopes + u64::from(scopes_changed));
        let note = note(&self.frontier, &self.keys).into();
        Head {
            tree: self.frontier.head(),
            note,
            common,
            scopes,
            recent: Arc::clone(&self.recent),
        }
    }
}

/// The signed checkpoint of a tree.
pub(super) fn note(frontier: &Frontier, keys: &Keys) -> String {
    let head = frontier.head();
    let checkpoint = Checkpoint {
        origin: keys.origin.clone(),
        size: head.size,
        root: head.root,
    };
    checkpoint.sign(&keys.log).to_string()
}

fn common_view(store: &Store) -> Result<CommonView, Unavailable> {
    let mut common = CommonView::default();
    let head = store.length(Stream::Feed)?;
    let mut from = 0;
    loop {
        let page = listed::positions(store, &Audience::Everyone, from..head, PAGE)?;
        for position in &page {
            if let Some(fact) = read_at(store, *position)?.fact {
                common.apply(&fact);
            }
        }
        match page.last() {
            Some(last) => from = last + 1,
            None => return Ok(common),
        }
    }
}
