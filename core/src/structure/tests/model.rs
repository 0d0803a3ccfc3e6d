//! The seeded world of the larger tests: devices that edit one document and exchange at random.

use std::collections::BTreeSet;

use super::*;
use crate::ids::{NoteId, PersonId};

/// A replica with its own history, which judges everything that comes from others.
pub(super) struct Replica {
    device: Device,
    pub(super) history: History,
    /// Which of the world's changes it has.
    has: BTreeSet<usize>,
}

/// Devices of one owner, and every change that any of them made, in an order in which each comes
/// after what it builds on.
pub(super) struct World {
    pub(super) seeded: Seeded,
    pub(super) replicas: Vec<Replica>,
    pub(super) changes: Vec<Chunk>,
    checked: Vec<CheckedBatch>,
    pub(super) operations: u64,
    records: Vec<[u8; 16]>,
    openings: u8,
}

impl World {
    pub(super) fn new(seed: u64, replicas: u8) -> Self {
        let replica = |number: u8| Replica {
            device: Device::new(number),
            history: History::new(DOCUMENT),
            has: BTreeSet::new(),
        };
        Self {
            seeded: Seeded(seed),
            replicas: (1..=replicas).map(replica).collect(),
            changes: Vec::new(),
            checked: Vec::new(),
            operations: 0,
            records: Vec::new(),
            openings: replicas,
        }
    }

    /// One device edits, is opened anew, or takes what another has.
    pub(super) fn step(&mut self) {
        let who = self.seeded.below(self.replicas.len());
        match self.seeded.below(40) {
            0 => {
                self.openings = self.openings.wrapping_add(1);
                let random = [self.openings; 8];
                let device = DeviceId([who as u8 + 1; 16]);
                self.replicas[who].device.actor = ActorId::new(device, random);
            }
            1..=3 => {
                let from = self.seeded.below(self.replicas.len());
                let part = self.seeded.below(3) == 0;
                self.exchange(from, who, part);
            }
            _ => self.edit(who),
        }
    }

    /// Everyone takes everything, so that all have the same.
    pub(super) fn settle(&mut self) {
        for _ in 0..2 {
            for who in 0..self.replicas.len() {
                self.exchange(who, (who + 1) % self.replicas.len(), false);
            }
        }
        let all: BTreeSet<usize> = (0..self.changes.len()).collect();
        assert!(self.replicas.iter().all(|it| it.has == all));
    }

    pub(super) fn volumes(&self) -> impl Iterator<Item = &Volume> {
        self.replicas.iter().map(|it| &it.device.volume)
    }

    /// The changes on which no other builds, ascending.
    pub(super) fn heads(&self) -> Vec<automerge::ChangeHash> {
        let all = self.checked.iter().flat_map(|it| &it.run.heads);
        let mut heads: BTreeSet<ChangeHash> = all.clone().map(|it| it.hash).collect();
        for dependency in all.flat_map(|it| &it.dependencies) {
            heads.remove(dependency);
        }
        let heads = heads.into_iter();
        heads.map(|it| automerge::ChangeHash(it.0)).collect()
    }

    fn edit(&mut self, who: usize) {
        let Some(action) = self.action(who) else {
            return;
        };
        let replica = &mut self.replicas[who];
        let chunk = replica.device.act(&action);
        let checked = check_batch(&signed(&batch(vec![chunk.clone()]))).unwrap();
        assert_eq!(replica.history.check(&checked.run), Ok(()));
        self.operations += checked.run.heads[0].operations;
        replica.has.insert(self.changes.len());
        self.changes.push(chunk);
        self.checked.push(checked);
    }

    /// The changes that one has and the other has not, or the first of them.
    fn exchange(&mut self, from: usize, to: usize, part: bool) {
        let missing = &self.replicas[from].has - &self.replicas[to].has;
        let mut missing: Vec<usize> = missing.into_iter().collect();
        if part {
            missing.truncate(missing.len().div_ceil(2));
        }
        let chunks: Vec<&Chunk> = missing.iter().map(|it| &self.changes[*it]).collect();
        let replica = &mut self.replicas[to];
        for change in &missing {
            assert_eq!(replica.history.check(&self.checked[*change].run), Ok(()));
        }
        replica.device.volume.extend(chunks).unwrap();
        replica.has.extend(missing);
    }

    /// What a device does next, where it changes anything.
    fn action(&mut self, who: usize) -> Option<Action> {
        let choice = self.seeded.below(30);
        if self.records.is_empty() || choice < 3 {
            return Some(self.creation(choice));
        }
        // One of the newest, so that devices meet on the same records.
        let newest = self.records.len().saturating_sub(12);
        let id = newest + self.seeded.below(self.records.len() - newest);
        let id = self.records[id];
        let volume = &self.replicas[who].device.volume;
        if choice == 3 {
            let note = volume.notes().first().map(|note| note.id);
            return note.map(|id| Action::VoidNote { id });
        }
        let id = DeclarationId(id);
        let stored = volume.draft(id)?;
        if choice == 4 {
            return (!stored.voided).then_some(Action::Void { id });
        }
        let most = *self.seeded.pick(&[1, 4, 6, 6]);
        let mut fields = self.fields(most);
        // automerge writes nothing where the value stands already.
        fields.retain(|field| {
            let mut with = stored.draft.clone();
            field.apply_to(&mut with);
            with != stored.draft
        });
        (!fields.is_empty()).then_some(Action::Amend { id, fields })
    }

    fn creation(&mut self, choice: usize) -> Action {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.seeded.next().to_be_bytes());
        if choice == 0 {
            return Action::Annotate {
                id: NoteId(id),
                person: PersonId(id),
                text: self.text(),
            };
        }
        self.records.push(id);
        Action::Declare {
            id: DeclarationId(id),
            kind: Kind::Wage,
            fields: self.fields(6),
        }
    }

    fn fields(&mut self, most: usize) -> Vec<Change> {
        let mut fields = vec![
            Change::Person(self.text()),
            Change::Month(self.text()),
            Change::Reason(self.text()),
            Change::From(self.text()),
            Change::To(self.text()),
            Change::Wage(Money::from_fen(self.seeded.below(1_000) as i64)),
        ];
        while fields.len() > most {
            fields.swap_remove(self.seeded.below(fields.len()));
        }
        fields
    }

    /// Of few, so that two devices may write the same.
    fn text(&mut self) -> String {
        format!("2022-{:02}", 1 + self.seeded.below(9))
    }
}
