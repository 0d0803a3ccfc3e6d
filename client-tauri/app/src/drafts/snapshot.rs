//! Snapshots of documents: a cache in two generations, never the truth.

use std::panic::{AssertUnwindSafe, catch_unwind};

use canbao_core::document::{DocumentError, DocumentId, Volume};
use canbao_core::signed::encode;
use canbao_core::store::{Commit, Store, View};
use canbao_core::structure::ChangeHash;
use minicbor::{Decode, Encode};

/// A document as it was.
#[derive(Debug, Encode, Decode)]
pub(super) struct Snapshot {
    /// Grows with each snapshot of the document.
    #[n(0)]
    pub(super) generation: u64,
    /// The length of the feed's stream that it was made at.
    #[n(1)]
    pub(super) feed_through: u64,
    /// The batches made here that are in it and were not judged yet.
    #[n(2)]
    pub(super) waiting: Vec<Id>,
    /// Its heads: what it must have when it is loaded.
    #[n(3)]
    heads: Vec<Id>,
    #[cbor(n(4), with = "minicbor::bytes")]
    document: Vec<u8>,
}

/// The hash of a batch or a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(super) struct Id(#[cbor(with = "minicbor::bytes")] pub(super) [u8; 32]);

impl Snapshot {
    /// Takes a snapshot.
    pub(super) fn of(
        volume: &Volume,
        generation: u64,
        feed_through: u64,
        waiting: Vec<Id>,
    ) -> Self {
        Self {
            generation,
            feed_through,
            waiting,
            heads: heads(volume),
            document: volume.save(),
        }
    }

    /// The document in it, if it is the one that was put in.
    pub(super) fn load(&self, id: DocumentId) -> Option<Volume> {
        // automerge panics at some bytes. Nothing outlives the closure but the whole document.
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            let volume = Volume::load(id, &self.document)?;
            let heads = heads(&volume);
            Ok((volume, heads))
        }));
        let code = match loaded {
            Ok(Ok((volume, heads))) => return (heads == self.heads).then_some(volume),
            Ok(Err(error)) => DocumentError::code(&error),
            Err(_) => "document.snapshot_damaged",
        };
        tracing::warn!(%id, code, "a snapshot is damaged and is made anew");
        None
    }

    /// Puts it in place of the older of two generations, which goes only where the newer one
    /// still loads; else the newer one, which is damaged, goes.
    pub(super) fn put(self, store: &Store, id: DocumentId) -> Commit {
        let newest = generations(store, id).into_iter().next();
        let slot = match newest {
            Some((slot, newest)) if newest.load(id).is_some() => 1 - slot,
            Some((slot, _)) => slot,
            None => 0,
        };
        Commit::new().put(View::Snapshot, key(&id, slot), encode(&self))
    }
}

/// The generations that can be read, the newest first, with where each lies.
pub(super) fn generations(store: &Store, id: DocumentId) -> Vec<(u8, Snapshot)> {
    let mut found: Vec<(u8, Snapshot)> = (0..2)
        .filter_map(|slot| {
            let bytes = store.view(View::Snapshot, &key(&id, slot)).ok()??;
            Some((slot, minicbor::decode(&bytes).ok()?))
        })
        .collect();
    found.sort_by_key(|(_, it)| std::cmp::Reverse(it.generation));
    found
}

/// Adds to a commit that no snapshot of a document is kept.
pub(crate) fn without_snapshots(commit: Commit, id: &DocumentId) -> Commit {
    (0..2).fold(commit, |commit, slot| {
        commit.remove(View::Snapshot, key(id, slot))
    })
}

/// The key of a generation in the snapshot view.
pub(crate) fn key(id: &DocumentId, slot: u8) -> Vec<u8> {
    encode(&(*id, slot))
}

fn heads(volume: &Volume) -> Vec<Id> {
    let heads = volume.heads();
    heads.into_iter().map(|ChangeHash(it)| Id(it)).collect()
}

#[cfg(test)]
mod tests {
    use canbao_core::ids::{UnitId, VolumeId};

    use super::*;

    const ID: DocumentId = DocumentId::EmployerVolume(UnitId([1; 16]), VolumeId(1));

    #[test]
    fn a_snapshot_that_automerge_panics_at_is_as_damaged_as_any_other() {
        let volume = Volume::replay(ID, []).unwrap();
        let mut snapshot = Snapshot::of(&volume, 1, 0, Vec::new());
        assert!(snapshot.load(ID).is_some());
        let found = include_bytes!("../../../../fuzz/regressions/snapshots/automerge-panics");
        snapshot.document = found.to_vec();
        assert!(snapshot.load(ID).is_none());
    }
}
