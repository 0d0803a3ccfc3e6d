//! The two ends of the simulation: a centre whose log has four parts, and a device's store.

use std::collections::BTreeMap;

use super::{FEED, part};
use crate::ids::Position;
use crate::refusal::RefusalName;
use crate::signed::encode;
use crate::sync::device::{Advance, Backfilled, Coverage, DeviceStart, Outgoing, Parts, Rescope};
use crate::sync::hub::{FeedPage, FeedWanted, PartPage, Visible};
use crate::sync::message::{BackfillWanted, Part};
use crate::sync::{Entry, Item, ItemId, Refusal, Verdict};

/// How many parts the log has: each position is of the part of its remainder.
const PARTS: u8 = 4;
/// Those that may come late.
const LATE: Mask = 0b1100;

/// The scope of a device as a set of bits, which is its version too: the same set, the same
/// version, as at the real centre.
pub(super) type Mask = u8;

/// The centre, and what the one device may see.
pub(super) struct Centre {
    pub(super) log: Vec<Entry>,
    pub(super) taken: BTreeMap<ItemId, Position>,
    pub(super) takes: usize,
    pub(super) scope: Mask,
}

impl Default for Centre {
    /// Everything but the part of the positions 1, 5, 9...
    fn default() -> Self {
        Self {
            log: Vec::new(),
            taken: BTreeMap::new(),
            takes: 0,
            scope: 0b1101,
        }
    }
}

/// So that what a link carries is what entries are large.
fn incompressible(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1);
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

fn is_in(scope: Mask, position: u64) -> bool {
    scope >> (position % u64::from(PARTS)) & 1 == 1
}

fn is_of(part: &Part, position: u64) -> bool {
    part.0 == [u8::try_from(position % u64::from(PARTS)).unwrap()]
}

impl Centre {
    pub(super) fn append(&mut self, bytes: usize) -> Position {
        let position = Position(self.log.len() as u64);
        let fill = u8::try_from(position.0 % 251).unwrap();
        self.log.push(Entry {
            position,
            salt: [fill; 16],
            bytes: incompressible(position.0, bytes),
        });
        position
    }

    pub(super) fn visible(&self) -> Vec<Entry> {
        let all = self.log.iter();
        all.filter(|entry| is_in(self.scope, entry.position.0))
            .cloned()
            .collect()
    }

    pub(super) fn visible_parts(&self) -> Visible {
        let parts = |scope| {
            let parts = (0..PARTS).filter(move |it| is_in(scope, u64::from(*it)));
            parts.map(part).collect()
        };
        Visible {
            version: u64::from(self.scope),
            parts: parts(self.scope),
            late: parts(self.scope & LATE),
        }
    }

    fn page(
        &self,
        from: u64,
        upto: u64,
        max_bytes: usize,
        wanted: impl Fn(u64) -> bool,
    ) -> FeedPage {
        let mut page = FeedPage {
            entries: Vec::new(),
            upto: from,
            head: upto,
        };
        let mut bytes = 0;
        while page.upto < page.head && bytes < max_bytes {
            let entry = &self.log[usize::try_from(page.upto).unwrap()];
            if wanted(entry.position.0) {
                bytes += entry.bytes.len();
                page.entries.push(entry.clone());
            }
            page.upto += 1;
        }
        page
    }

    pub(super) fn feed(&self, wanted: FeedWanted) -> FeedPage {
        let FeedWanted {
            from,
            late_from,
            max_bytes,
        } = wanted;
        let head = self.log.len() as u64;
        let (scope, upto) = if from < late_from {
            (self.scope & !LATE, head.min(late_from))
        } else {
            (self.scope, head)
        };
        let page = self.page(from, upto, max_bytes, |position| is_in(scope, position));
        FeedPage { head, ..page }
    }

    pub(super) fn backfill(
        &self,
        wanted: &BackfillWanted,
        scope: Mask,
        max_bytes: usize,
    ) -> Option<PartPage> {
        let [number] = wanted.part.0[..] else {
            return None;
        };
        let page = || {
            self.page(wanted.from, wanted.upto, max_bytes, |position| {
                is_of(&wanted.part, position)
            })
        };
        if !is_in(scope, u64::from(number)) {
            return None;
        }
        let FeedPage { entries, upto, .. } = page();
        let (packed, entries): (Vec<Entry>, Vec<Entry>) = entries
            .into_iter()
            .partition(|it| wanted.packed && it.position.0 % 3 > 0);
        Some(PartPage {
            entries,
            pack: (!packed.is_empty()).then(|| encode(&packed)),
            upto,
        })
    }

    pub(super) fn take_in(&mut self, item: ItemId, content: &Item) -> Verdict {
        self.takes += 1;
        match content.bytes().first() {
            Some(0) => Verdict::Refused(Refusal::new(
                RefusalName::AdmissionSequence,
                "starts with nought",
            )),
            Some(1) => Verdict::Held,
            _ => {
                let known = self.taken.get(&item).copied();
                let position = known.unwrap_or_else(|| self.append(content.bytes().len()));
                self.taken.insert(item, position);
                Verdict::Taken { position }
            }
        }
    }
}

/// The device's store.
#[derive(Default)]
pub(super) struct Store {
    pub(super) cursor: u64,
    pub(super) scope_version: u64,
    pub(super) late_from: Option<u64>,
    pub(super) packed: bool,
    pub(super) parts: Parts,
    pub(super) entries: BTreeMap<Position, Entry>,
    /// How often an entry came that was held already.
    pub(super) repeats: usize,
    /// How often a scope was made durable.
    pub(super) rescopes: usize,
    /// How many entries came by backfills.
    pub(super) backfilled: usize,
    pub(super) outbox: BTreeMap<u64, (ItemId, Item)>,
    pub(super) answers: BTreeMap<ItemId, Verdict>,
}

impl Store {
    pub(super) fn start(&self) -> DeviceStart {
        DeviceStart {
            feed: FEED,
            scope_version: self.scope_version,
            parts: self.parts.clone(),
            cursor: self.cursor,
            offers: u32::try_from(self.outbox.len()).unwrap(),
            late_from: self.late_from,
            packed: self.packed,
        }
    }

    pub(super) fn put(&mut self, content: Item) {
        let sequence = self.outbox.len() as u64 + self.answers.len() as u64;
        let mut item = [0; 32];
        item[..8].copy_from_slice(&sequence.to_be_bytes());
        self.outbox.insert(sequence, (ItemId(item), content));
    }

    pub(super) fn read(&self, after: Option<u64>, limit: usize, max_bytes: usize) -> Vec<Outgoing> {
        let mut bytes = 0;
        let after = self
            .outbox
            .iter()
            .filter(|(sequence, _)| Some(**sequence) > after);
        let items = after.enumerate().take_while(|(index, (_, (_, content)))| {
            bytes += content.bytes().len();
            *index < limit && (*index == 0 || bytes <= max_bytes)
        });
        items
            .map(|(_, (&sequence, (item, content)))| Outgoing {
                sequence,
                item: *item,
                content: content.clone(),
            })
            .collect()
    }

    fn keep(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let before = self.entries.insert(entry.position, entry);
            self.repeats += usize::from(before.is_some());
        }
    }

    pub(super) fn advance(&mut self, advance: Advance) {
        self.keep(advance.entries);
        self.cursor = advance.cursor;
        assert_eq!(self.scope_version, advance.scope_version);
    }

    pub(super) fn rescope(&mut self, rescope: Rescope) {
        self.rescopes += 1;
        self.cursor = rescope.cursor;
        self.scope_version = rescope.version;
        self.late_from = Some(rescope.late_from);
        self.entries
            .retain(|position, _| rescope.parts.keys().any(|it| is_of(it, position.0)));
        self.parts = rescope.parts;
    }

    pub(super) fn backfill(&mut self, backfilled: Backfilled) {
        let packed = backfilled.pack.map(|pack| minicbor::decode(&pack).unwrap());
        let mut entries: Vec<Entry> = packed.unwrap_or_default();
        entries.extend(backfilled.entries);
        self.backfilled += entries.len();
        self.keep(entries);
        self.parts.insert(backfilled.part, backfilled.coverage);
        let whole = |it: &Coverage| *it == Coverage::Whole;
        assert_eq!(backfilled.is_last, self.parts.values().all(whole));
    }

    /// Facts seen are a prefix of the log's for that audience: at every moment, for every part
    /// that is whole; of one that is not, the range that is missing is known.
    pub(super) fn assert_prefixes(&self, centre: &Centre) {
        for position in self.entries.keys() {
            assert!(
                self.parts.keys().any(|it| is_of(it, position.0)),
                "{position:?} is not in the scope"
            );
        }
        for (part, coverage) in &self.parts {
            let own = |entry: &&Entry| is_of(part, entry.position.0);
            let held: Vec<&Entry> = self.entries.values().filter(own).collect();
            let log: Vec<&Entry> = centre.log.iter().filter(own).collect();
            match *coverage {
                Coverage::Whole => {
                    assert_eq!(held, log[..held.len()], "{part} is no prefix");
                    let due = log.iter().filter(|it| it.position.0 < self.cursor);
                    assert!(held.len() >= due.count(), "{part} stays behind the cursor");
                }
                Coverage::Missing { from, upto } => {
                    let due = |at: u64| at < from || (upto..self.cursor).contains(&at);
                    for entry in log.into_iter().filter(|it| due(it.position.0)) {
                        assert!(held.contains(&entry), "{part} lost {:?}", entry.position);
                    }
                }
            }
        }
    }
}
