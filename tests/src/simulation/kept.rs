//! What a device has made durable, and must find again after whatever happens to it.

use std::collections::{BTreeMap, BTreeSet};

use canbao_client::App;
use canbao_client::driver::{Fault, FeedValue, OwnValue};
use canbao_core::facts::Audience;
use canbao_core::ids::Position;
use canbao_core::signing::hash_parts;
use canbao_core::structure::Packed;
use canbao_core::sync::Entry;

use super::broken::Broken;
use super::invariants::{Invariant, Step, kept_is_durable};
use super::journal::Met;
use super::sight::Sight;
use super::world::World;

/// What the device was told or told itself, and must find again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What was made here, by its place.
    pub(super) made: BTreeMap<u64, Made>,
    /// The entries of the feed, by their place, which is the order of arrival.
    pub(super) held: BTreeMap<u64, FeedValue>,
    /// The items that the centre said were taken, with what stood at their place then.
    pub(super) answered: Vec<Answered>,
    /// Records whose proof was verified here once more.
    pub(super) proven: BTreeSet<Position>,
}

/// Something that was made on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    /// The hash of its bytes.
    hash: [u8; 32],
    /// Whom it is for; none where it says how another one ended.
    pub(super) audience: Option<Audience>,
}

/// An answer of the centre.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) item: [u8; 32],
    pub(super) position: Position,
    pub(super) entry: Vec<u8>,
}

/// What is held of one position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Entry(&'a Entry),
    Packed(&'a Packed),
}

impl Piece<'_> {
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Entry(entry) => entry.position,
            Self::Packed(packed) => packed.position,
        }
    }
}

impl World<'_> {
    /// Remembers what the device has made durable by now.
    pub(super) fn note_kept(&mut self, device: usize) -> Step {
        let forgets = self.is_broken(Broken::DeviceForgets);
        let device = &mut self.devices[device];
        let Some(process) = &device.process else {
            return Ok(());
        };
        if forgets && (device.older.is_none() || self.dice.percent(20)) {
            device.older = Some(device.disk.contents());
        }
        let (made, held) = (next(&device.kept.made), next(&device.kept.held));
        // A disk whose power has just gone is found out at the next write.
        if let Ok(kept) = process.door.look(|app| Kept::read(app, made, held)) {
            device.kept.made.extend(kept.made);
            device.kept.held.extend(kept.held);
        }
        Ok(())
    }

    /// What a device had is there again, but for what a purge took.
    pub(super) fn find_again(&mut self, device: usize) -> Step {
        let it = &mut self.devices[device];
        let Some(process) = &it.process else {
            return Ok(());
        };
        let Ok(found) = process.door.look(|app| Kept::read(app, 0, 0)) else {
            return Ok(());
        };
        let Ok(start) = process.door.session_start() else {
            return Ok(());
        };
        let kept = kept_is_durable(&it.kept, &found, &Sight::of(&start));
        let kept = kept.map_err(|detail| format!("{}: {detail}", it.name));
        if found.held.len() < it.kept.held.len() {
            self.journal.meet(Met::Purged);
        }
        (it.kept.made, it.kept.held) = (found.made, found.held);
        it.kept.proven.clear();
        self.hold(Invariant::AcknowledgedIsDurable, kept)
    }
}

impl Kept {
    /// What a device holds from these places of its streams on.
    fn read(app: &App, made: u64, held: u64) -> Result<Self, Fault> {
        Ok(Self {
            made: app.made_here(made)?.into_iter().map(Made::of).collect(),
            held: app.entries_held(held)?.into_iter().collect(),
            ..Self::default()
        })
    }

    /// All that is held, in the order of the log; a position may come twice where it was packed
    /// as well.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        for held in self.held.values() {
            match held {
                FeedValue::Entry(entry) => pieces.push(Piece::Entry(entry)),
                FeedValue::Pack(pack) => pieces.extend(pack.iter().map(Piece::Packed)),
            }
        }
        pieces.sort_by_key(Piece::position);
        pieces
    }
}

impl Made {
    fn of(value: OwnValue) -> (u64, Self) {
        let made = Self {
            hash: hash_parts("canbao/simulation/made/1", &[&value.bytes]),
            audience: value.audience,
        };
        (value.place, made)
    }
}

/// The place behind the last.
fn next<T>(by_place: &BTreeMap<u64, T>) -> u64 {
    by_place.last_key_value().map_or(0, |(place, _)| place + 1)
}
