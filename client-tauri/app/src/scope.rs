//! The parts of the feed that this device sees: how far each is held, and the purge of what left.

use std::collections::BTreeSet;

use canbao_core::declaration::Field;
use canbao_core::document::{DocumentId, SignedBatch};
use canbao_core::facts::{Audience, Entry, Fact};
use canbao_core::ids::{Position, UnitId};
use canbao_core::signed::encode;
use canbao_core::statement::read_admitted;
use canbao_core::store::{Commit, Store, Stream, View};
use canbao_core::sync::Part;
use canbao_core::sync::device::{Backfilled, Coverage, Parts, Rescope};

use crate::app::App;
use crate::drafts::without_snapshots;
use crate::fault::{Fault, Trouble};
use crate::feed::{HeldPack, Stored};
use crate::outbox::Made;
use crate::response::UnitRef;
use crate::rows::unit_ref;
use crate::session::put_cursor;

/// Before a part's key in the cursor view.
const PREFIX: &[u8] = b"part/";

/// The key of the position from which the feed brings what comes late.
const LATE_KEY: &[u8] = b"late";

/// How many values are read from the store at once.
const PAGE: usize = 1024;

/// The parts as last persisted. Lost or damaged ones count as never heard of: the hub tells the
/// scope again, and everything is looked at again.
pub(crate) fn parts(store: &Store) -> Parts {
    let stored = store.view_prefix(View::Cursor, PREFIX, usize::MAX);
    let read = stored.unwrap_or_default().into_iter().map(|(key, value)| {
        let part = Part(key[PREFIX.len()..].to_vec());
        minicbor::decode(&value)
            .ok()
            .map(|coverage| (part, coverage))
    });
    read.collect::<Option<Parts>>().unwrap_or_default()
}

/// From where the feed brings what comes late; none before the first scope.
pub(crate) fn late_from(store: &Store) -> Option<u64> {
    let stored = store.view(View::Cursor, LATE_KEY).ok()??;
    minicbor::decode(&stored).ok()
}

/// The audiences of which something is missing: what is held of them is not shown, since a
/// decision or a payment may be in the gap.
pub(crate) fn incomplete(parts: &Parts) -> BTreeSet<Audience> {
    let missing = parts.iter().filter(|(_, it)| **it != Coverage::Whole);
    missing
        .filter_map(|(part, _)| Audience::of_key(&part.0))
        .collect()
}

impl App {
    /// Makes a new scope durable and purges what is in none of its parts, in one commit.
    pub(crate) fn rescope(&mut self, rescope: Rescope) -> Result<Left, Fault> {
        let known = parts(&self.store);
        let unheard_of = known.is_empty() && self.feed.length() > 0;
        let shrinks = known.keys().any(|it| !rescope.parts.contains_key(it));
        let purge = if unheard_of || shrinks {
            Purge::of(&self.store, &rescope.parts)?
        } else {
            Purge::default()
        };
        let left = Left {
            units: self.units_outside(&rescope.parts),
            dropped: self.dropped(&purge),
        };
        let mut commit = Commit::new()
            .expecting(Stream::Feed, self.feed.length())
            .expecting(Stream::Local, self.outbox.length())
            .expecting(Stream::Proof, self.proofs.length());
        commit = purge.erased(commit);
        if let Some(head) = self.proofs.head_without(&purge.proofs) {
            commit = commit.append(Stream::Proof, head);
        }
        for part in known.keys().filter(|it| !rescope.parts.contains_key(it)) {
            commit = commit.remove(View::Cursor, key(part));
        }
        for (part, coverage) in &rescope.parts {
            if known.get(part) != Some(coverage) {
                commit = put_part(commit, part, coverage);
            }
        }
        commit = commit.put(View::Cursor, LATE_KEY, encode(&rescope.late_from));
        commit = put_cursor(commit, rescope.cursor, rescope.version);
        self.store.commit(commit)?;
        self.feed.incomplete = incomplete(&rescope.parts);
        if !purge.is_empty() {
            tracing::warn!(
                entries = purge.entries.len(),
                items = purge.items.len(),
                unsent = left.dropped.len(),
                "purged what left the scope"
            );
            self.read_streams()?;
        }
        Ok(left)
    }

    /// Makes a part's older entries durable with what is held of the part, in one commit; gives
    /// how many were new. What they say is shown once no part misses anything, or with
    /// [`App::settle_backfill`].
    pub(crate) fn backfill(&mut self, backfilled: Backfilled) -> Result<u64, Fault> {
        let pack = self.pack_of(&backfilled)?;
        let Backfilled {
            part,
            entries,
            pack: _,
            coverage,
            is_last,
        } = backfilled;
        let mut entries = self.feed.unknown(entries, self.world.now());
        entries.extend(pack);
        let start = Commit::new().expecting(Stream::Feed, self.feed.length());
        let start = put_part(start, &part, &coverage);
        let commit = entries.iter().fold(start, |commit, it| {
            commit.append(Stream::Feed, it.to_bytes())
        });
        self.store.commit(commit)?;
        let held = self.feed.count();
        self.feed.extend_late(&entries)?;
        let new = self.feed.count() - held;
        if coverage == Coverage::Whole
            && let Some(audience) = Audience::of_key(&part.0)
        {
            self.feed.complete(&audience);
        }
        if is_last {
            self.settle_backfill()?;
        }
        Ok(new)
    }

    /// Shows what backfills brought of parts that are whole by now.
    pub(crate) fn settle_backfill(&mut self) -> Result<(), Fault> {
        if self.feed.refold_late(&self.store)? {
            self.mark_proven();
            self.take_chains()?;
            self.note_revocations()?;
            self.read_documents()?;
        }
        Ok(())
    }

    fn units_outside(&self, parts: &Parts) -> Vec<UnitRef> {
        let units = self.feed.projection.units.values();
        units
            .filter(|it| !is_in(parts, &Audience::Unit(it.record.id)))
            .map(|it| unit_ref(&it.record))
            .collect()
    }

    /// The items of a purge that still wait, each with its unit's name.
    fn dropped(&self, purge: &Purge) -> Vec<Trouble> {
        let waiting = purge
            .items
            .iter()
            .filter(|item| self.outbox.waits(item.id, &self.feed));
        let named = waiting.map(|item| {
            let view = self.feed.projection.units.get(&item.unit);
            let unit = view.map_or_else(
                || item.unit.to_string(),
                |it| {
                    let number = it.record.unemployment_number.as_str();
                    format!("{} {number}", it.record.name)
                },
            );
            let id = canbao_core::sync::ItemId(item.id);
            tracing::warn!(item = %id, unit = %item.unit, "not sent, and out of scope now");
            Trouble::new(Field::Whole, "scope.item_dropped")
                .with("unit", unit)
                .at(id)
        });
        named.collect()
    }
}

/// What a person must hear of when a scope shrank.
#[derive(Debug)]
pub(crate) struct Left {
    /// The units that are not shown any more.
    pub(crate) units: Vec<UnitRef>,
    /// What was still waiting for the centre, which could only have refused it.
    pub(crate) dropped: Vec<Trouble>,
}

/// What is in none of a scope's parts.
#[derive(Default)]
struct Purge {
    /// Places in the feed stream.
    entries: Vec<u64>,
    items: Vec<Item>,
    /// Places in the local stream, of items and of their ends.
    local: Vec<u64>,
    documents: BTreeSet<DocumentId>,
    /// Places in the proof stream.
    proofs: Vec<u64>,
}

/// An own item that is purged.
struct Item {
    id: [u8; 32],
    unit: UnitId,
}

impl Purge {
    fn of(store: &Store, parts: &Parts) -> Result<Self, Fault> {
        let mut purge = Self::default();
        let positions = purge.look_at_feed(store, parts)?;
        purge.look_at_local(store, parts)?;
        purge.proofs = crate::proof::places_of(store, &positions)?;
        Ok(purge)
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.local.is_empty() && self.proofs.is_empty()
    }

    /// An entry that is for several audiences stays while one of them is in the scope; one that
    /// only a newer program reads stays, too.
    fn look_at_feed(&mut self, store: &Store, parts: &Parts) -> Result<BTreeSet<Position>, Fault> {
        let mut positions = BTreeSet::new();
        each(store, Stream::Feed, |place, bytes| {
            let held = match Stored::from_bytes(bytes)? {
                Stored::Entry(held) => held,
                Stored::Pack(pack) => return self.look_at_pack(place, &pack, parts),
            };
            let Ok(entry) = Entry::from_bytes(&held.bytes) else {
                return Ok(());
            };
            if !entry.audience.iter().any(|it| is_in(parts, it)) {
                self.entries.push(place);
                positions.insert(held.position);
                if let Ok(Fact::BatchAdmitted { document, .. }) = entry.fact() {
                    self.documents.insert(document);
                }
            }
            Ok(())
        })?;
        Ok(positions)
    }

    /// A pack is of one part.
    fn look_at_pack(&mut self, place: u64, pack: &HeldPack, parts: &Parts) -> Result<(), Fault> {
        let contents = pack.contents()?;
        if contents.iter().any(|(_, it)| !is_in(parts, &it.audience())) {
            self.entries.push(place);
            self.documents.extend(contents.iter().map(|(_, it)| *it));
        }
        Ok(())
    }

    fn look_at_local(&mut self, store: &Store, parts: &Parts) -> Result<(), Fault> {
        let mut purged = BTreeSet::new();
        each(store, Stream::Local, |place, bytes| {
            let made = Made::from_bytes(bytes)?;
            let gone = made.audience().is_some_and(|it| !is_in(parts, &it));
            let item = match made {
                Made::Batch {
                    document, batch, ..
                } => gone.then(|| {
                    self.documents.insert(document);
                    let (id, unit) = (SignedBatch(batch).id().0, document.unit());
                    Item { id, unit }
                }),
                Made::Statement { signed, .. } => {
                    let read = read_admitted(&signed).ok().filter(|_| gone);
                    read.map(|it| {
                        let (id, unit) = (it.statement.id().0, it.statement.unit());
                        Item { id, unit }
                    })
                }
                Made::Ended { item, .. }
                | Made::GivenUp { batch: item, .. }
                | Made::Held { item, .. } => {
                    if purged.contains(&item) {
                        self.local.push(place);
                    }
                    None
                }
            };
            if let Some(item) = item {
                self.local.push(place);
                purged.insert(item.id);
                self.items.push(item);
            }
            Ok(())
        })
    }

    fn erased(&self, mut commit: Commit) -> Commit {
        for (stream, places) in [
            (Stream::Feed, &self.entries),
            (Stream::Local, &self.local),
            (Stream::Proof, &self.proofs),
        ] {
            for place in places {
                commit = commit.erase(stream, *place);
            }
        }
        self.documents.iter().fold(commit, without_snapshots)
    }
}

/// Adds to a commit how far a part is held.
pub(crate) fn put_part(commit: Commit, part: &Part, coverage: &Coverage) -> Commit {
    commit.put(View::Cursor, key(part), encode(coverage))
}

/// Looks at every value of a stream that was not erased.
pub(crate) fn each(
    store: &Store,
    stream: Stream,
    mut look: impl FnMut(u64, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut from = 0;
    loop {
        let page = store.read(stream, from, PAGE, usize::MAX)?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        from = last + 1;
        for (place, bytes) in &page {
            look(*place, bytes)?;
        }
    }
}

fn is_in(parts: &Parts, audience: &Audience) -> bool {
    parts.contains_key(&Part(audience.key()))
}

fn key(part: &Part) -> Vec<u8> {
    [PREFIX, &part.0].concat()
}
