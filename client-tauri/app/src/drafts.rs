//! The device's own documents: rebuilt from their changes, with a snapshot as a cache.

use std::collections::BTreeMap;

use canbao_core::document::{ActorId, Chunk, DocumentId, StoredDraft, Volume};
use canbao_core::ids::{DeclarationId, UnitId};
use canbao_core::signed::encode;
use canbao_core::store::{Store, View};
use canbao_core::structure::check_batch;
use minicbor::{Decode, Encode};

use crate::fault::Fault;

/// The own batches of the documents, with their places in the local stream.
pub(crate) type Batches = BTreeMap<DocumentId, Vec<(u64, Vec<u8>)>>;

/// A cache of a document: never the truth.
#[derive(Debug, Encode, Decode)]
struct Snapshot {
    /// The place in the local stream of the newest batch in it.
    #[n(0)]
    through: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    document: Vec<u8>,
}

/// The open documents.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) documents: BTreeMap<DocumentId, Volume>,
    /// Chosen at the first edit after each opening of the store.
    pub(crate) actor: Option<ActorId>,
}

impl Drafts {
    /// Opens every document, by its snapshot where that is whole, else by its changes.
    pub(crate) fn open(store: &Store, batches: &Batches) -> Result<Self, Fault> {
        let mut drafts = Self::default();
        for (id, own) in batches {
            let volume = match from_snapshot(store, *id, own) {
                Some(volume) => volume,
                None => replay(*id, own)?,
            };
            drafts.documents.insert(*id, volume);
        }
        Ok(drafts)
    }

    /// The drafts of a unit by id; one redone in a newer volume stands there.
    pub(crate) fn of(&self, unit: UnitId) -> BTreeMap<DeclarationId, (DocumentId, StoredDraft)> {
        let mut drafts = BTreeMap::new();
        for (id, volume) in self.documents.iter().filter(|(id, _)| is_of(id, unit)) {
            for stored in volume.drafts() {
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
        self.documents
            .iter()
            .rev()
            .filter(|(document, _)| is_of(document, unit))
            .find_map(|(document, volume)| Some((*document, volume.draft(id)?)))
    }
}

/// The value of the snapshot view for a document.
pub(crate) fn snapshot(through: u64, volume: &Volume) -> Vec<u8> {
    encode(&Snapshot {
        through,
        document: volume.save(),
    })
}

/// The key of the snapshot view for a document.
pub(crate) fn snapshot_key(id: &DocumentId) -> Vec<u8> {
    encode(id)
}

/// The document from all its own changes.
pub(crate) fn replay(id: DocumentId, own: &[(u64, Vec<u8>)]) -> Result<Volume, Fault> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (_, batch) in own {
        chunks.extend(chunks_of(batch)?);
    }
    Ok(Volume::replay(id, &chunks)?)
}

/// The document from its snapshot and the changes since; `None` where any of it does not fit.
fn from_snapshot(store: &Store, id: DocumentId, own: &[(u64, Vec<u8>)]) -> Option<Volume> {
    let bytes = store.view(View::Snapshot, &snapshot_key(&id)).ok()??;
    let Snapshot { through, document } = minicbor::decode(&bytes).ok()?;
    own.iter()
        .any(|(sequence, _)| *sequence == through)
        .then_some(())?;
    let mut volume = Volume::load(id, &document).ok()?;
    let mut chunks = Vec::new();
    for (_, batch) in own.iter().filter(|(sequence, _)| *sequence > through) {
        chunks.extend(chunks_of(batch).ok()?);
    }
    volume.extend(&chunks).ok()?;
    Some(volume)
}

fn chunks_of(batch: &[u8]) -> Result<Vec<Chunk>, Fault> {
    let checked =
        check_batch(batch).map_err(|error| Fault::store(error.code()).with("detail", error))?;
    Ok(checked.batch.chunks)
}

fn is_of(document: &DocumentId, unit: UnitId) -> bool {
    match document {
        DocumentId::EmployerVolume(own, _) => *own == unit,
        DocumentId::EmployerRoster(_) | DocumentId::AgencyVolume(..) => false,
    }
}
