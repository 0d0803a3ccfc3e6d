//! The owner's documents on this device: what the centre admitted, from whichever device, and
//! what was changed here since.

mod redo;
mod replica;
mod snapshot;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::document::{ActorId, DocumentId, StoredDraft, Volume};
use canbao_core::ids::{DeclarationId, Position, UnitId};

use crate::fault::Fault;
use replica::Replica;

#[cfg(test)]
pub(crate) use snapshot::key as snapshot_key;
pub(crate) use snapshot::without_snapshots;
pub(crate) use source::Source;

/// The open documents.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    replicas: BTreeMap<DocumentId, Replica>,
    /// Chosen at the first edit after each opening of the store.
    pub(crate) actor: Option<ActorId>,
    /// Batches of a newer schema: held until this program is updated.
    pub(crate) newer: BTreeSet<Position>,
    /// Admitted batches that are left out everywhere, with the code that says why.
    pub(crate) left_out: BTreeMap<Position, &'static str>,
    /// Whether batches came packed that no signed one leads to.
    pub(crate) unvouched: bool,
}

impl Drafts {
    /// Opens every document.
    pub(crate) fn open(source: &Source<'_>) -> Result<Self, Fault> {
        let mut drafts = Self::default();
        for document in source.documents() {
            drafts.reopen(document, source)?;
        }
        Ok(drafts)
    }

    /// Opens a document again from what the streams say of it now.
    pub(crate) fn reopen(
        &mut self,
        document: DocumentId,
        source: &Source<'_>,
    ) -> Result<(), Fault> {
        let mut replica = Replica::open(document, source)?;
        self.note(replica.catch_up(source)?);
        replica.take_own(source)?;
        self.replicas.insert(document, replica);
        Ok(())
    }

    /// Takes in what the feed brought of every document since.
    pub(crate) fn catch_up(&mut self, source: &Source<'_>) -> Result<(), Fault> {
        for document in source.documents() {
            match self.replicas.get_mut(&document) {
                Some(replica) => {
                    let outcome = replica.catch_up(source)?;
                    self.note(outcome);
                }
                None => self.reopen(document, source)?,
            }
        }
        Ok(())
    }

    fn note(&mut self, outcome: replica::Outcome) {
        self.left_out.extend(outcome.left_out);
        self.newer.extend(outcome.newer);
        self.unvouched |= outcome.unvouched;
    }

    /// The documents that are open.
    pub(crate) fn documents(&self) -> Vec<DocumentId> {
        self.replicas.keys().copied().collect()
    }

    /// A document, where it holds anything.
    pub(crate) fn document(&self, id: &DocumentId) -> Option<&Volume> {
        self.replicas.get(id).map(|it| &it.volume)
    }

    pub(crate) fn replica(&mut self, id: DocumentId) -> Result<&mut Replica, Fault> {
        match self.replicas.entry(id) {
            std::collections::btree_map::Entry::Occupied(it) => Ok(it.into_mut()),
            std::collections::btree_map::Entry::Vacant(it) => Ok(it.insert(Replica::empty(id)?)),
        }
    }

    /// The drafts of a unit by id; one redone in a newer volume stands there.
    pub(crate) fn of(&self, unit: UnitId) -> BTreeMap<DeclarationId, (DocumentId, StoredDraft)> {
        let mut drafts = BTreeMap::new();
        for (id, replica) in self.replicas.iter().filter(|(id, _)| is_of(id, unit)) {
            for stored in replica.volume.drafts() {
                drafts.insert(stored.draft.id, (*id, stored));
            }
        }
        drafts
    }

    /// One draft of a unit.
    pub(crate) fn find(
        &self,
        unit: UnitId,
        id: DeclarationId,
    ) -> Option<(DocumentId, StoredDraft)> {
        self.replicas
            .iter()
            .rev()
            .filter(|(document, _)| is_of(document, unit))
            .find_map(|(document, replica)| Some((*document, replica.volume.draft(id)?)))
    }
}

fn is_of(document: &DocumentId, unit: UnitId) -> bool {
    match document {
        DocumentId::EmployerVolume(own, _) => *own == unit,
        DocumentId::EmployerRoster(_) | DocumentId::AgencyVolume(..) => false,
    }
}
