//! Many batches in few bytes, for a first sync: without their signatures, and without the hashes
//! that follow from what is there.
//!
//! A change names the changes it depends on by their hashes, so that whoever signed a change
//! vouches for every byte of those before it. A pack leaves out what a later, signed batch vouches
//! for: the signatures, and the hashes and checksums of the changes within the pack, which are
//! computed from them again. Unpacked changes are the same bytes as before and pass the same
//! checks; that a signed batch leads to them is left to whoever takes them in
//! ([decision 0007](../../../docs/decisions/0007-packs-for-a-first-sync.md)).

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::document::{Batch, Chunk, DocumentId, SCHEMA_VERSION};
use crate::ids::{CertificateSerial, Position};

use super::batch::{BatchError, CheckedRun, check_run, is_known};
use super::chunk::{ChangeHash, ChunkError, after_dependencies, check_chunk, with_dependencies};

/// The most bytes of changes that a pack unpacks to.
const MAX_UNPACKED: usize = 8 * 1024 * 1024;
/// What a change costs in a pack besides its own bytes.
const CHANGE_OVERHEAD: usize = 8;
/// What a batch costs.
const BATCH_OVERHEAD: usize = 40;

/// Why bytes are not a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Not the encoding of a pack.
    #[error("a pack is malformed: {0}")]
    Malformed(String),
    /// Positions that do not ascend.
    #[error("a pack's batches are out of order")]
    Order,
    /// A dependency on a change of the pack that is not before it.
    #[error("a change in a pack depends on none before it")]
    Link,
    /// It unpacks to more than a page of a feed ever holds.
    #[error("a pack unpacks to more than {MAX_UNPACKED} bytes")]
    TooLarge,
    /// One of its batches.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl From<ChunkError> for PackError {
    fn from(error: ChunkError) -> Self {
        Self::Batch(error.into())
    }
}

/// A batch as it stood in the feed, unpacked: nothing vouches for it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing vouches for an unpacked batch"]
pub struct Packed {
    /// Where the centre admitted it.
    pub position: Position,
    /// Its changes.
    pub run: CheckedRun,
}

#[derive(Encode, Decode)]
struct PackedBatch {
    #[n(0)]
    position: Position,
    #[n(1)]
    document: DocumentId,
    #[n(2)]
    signer: CertificateSerial,
    #[n(3)]
    schema: u64,
    #[n(4)]
    changes: Vec<PackedChange>,
}

#[derive(Encode, Decode)]
struct PackedChange {
    #[n(0)]
    dependencies: Vec<Link>,
    /// The chunk's content behind the dependencies.
    #[cbor(n(1), with = "minicbor::bytes")]
    rest: Vec<u8>,
}

#[derive(Clone, Copy, Encode, Decode)]
enum Link {
    /// The change of the pack that stands so many before this one.
    #[n(0)]
    Back(#[n(0)] u64),
    /// Any other one.
    #[n(1)]
    Outside(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]),
}

/// Packs batches in the order of the feed.
#[derive(Default)]
pub struct Packer {
    batches: Vec<PackedBatch>,
    /// Where each change stands, counted from 0.
    numbers: BTreeMap<ChangeHash, u64>,
    changes: u64,
    bytes: usize,
}

impl Packer {
    /// Adds the batch that was admitted at a position behind those before.
    ///
    /// # Errors
    /// [`ChunkError`] where a change is none: the run was checked by an older rule.
    pub fn add(&mut self, position: Position, run: &CheckedRun) -> Result<(), ChunkError> {
        let mut changes = Vec::new();
        for (head, Chunk(bytes)) in run.heads.iter().zip(&run.batch.chunks) {
            let rest = after_dependencies(bytes)?.to_vec();
            let number = self.changes;
            self.changes += 1;
            let link = |hash: &ChangeHash| match self.numbers.get(hash) {
                Some(earlier) => Link::Back(number - earlier),
                None => Link::Outside(hash.0),
            };
            let dependencies: Vec<Link> = head.dependencies.iter().map(link).collect();
            let outside = dependencies
                .iter()
                .filter(|it| matches!(it, Link::Outside(_)));
            self.bytes += CHANGE_OVERHEAD + rest.len() + 32 * outside.count();
            self.numbers.insert(head.hash, number);
            changes.push(PackedChange { dependencies, rest });
        }
        self.bytes += BATCH_OVERHEAD;
        self.batches.push(PackedBatch {
            position,
            document: run.batch.document,
            signer: run.batch.signer,
            schema: run.batch.schema,
            changes,
        });
        Ok(())
    }

    /// About how many bytes the pack has so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The pack; none where nothing was added.
    #[must_use]
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.batches.is_empty()).then(|| crate::signed::encode(&self.batches))
    }
}

/// Which batches a pack holds, in the order of the feed: where each was admitted, and of which
/// document. Nothing of them is checked.
///
/// # Errors
/// [`PackError::Malformed`].
pub fn contents(bytes: &[u8]) -> Result<Vec<(Position, DocumentId)>, PackError> {
    let batches = read(bytes)?;
    Ok(batches
        .iter()
        .map(|it| (it.position, it.document))
        .collect())
}

/// The batches of a pack, each of good form, in the order of the feed.
///
/// # Errors
/// [`PackError`]; a schema that is newer than this program among them.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Packed>, PackError> {
    let batches = read(bytes)?;
    if !batches.is_sorted_by(|one, next| one.position < next.position) {
        return Err(PackError::Order);
    }
    let mut known = Vec::new();
    let mut room = MAX_UNPACKED;
    batches
        .into_iter()
        .map(|it| it.unpack(&mut known, &mut room))
        .collect()
}

fn read(bytes: &[u8]) -> Result<Vec<PackedBatch>, PackError> {
    minicbor::decode(bytes).map_err(|error| PackError::Malformed(error.to_string()))
}

impl PackedBatch {
    fn unpack(self, known: &mut Vec<ChangeHash>, room: &mut usize) -> Result<Packed, PackError> {
        is_known(self.schema, SCHEMA_VERSION)?;
        let (mut heads, mut chunks) = (Vec::new(), Vec::new());
        for PackedChange { dependencies, rest } in &self.changes {
            let dependencies = dependencies
                .iter()
                .map(|link| link.resolve(known))
                .collect::<Result<Vec<_>, _>>()?;
            let size = rest.len() + 32 * dependencies.len();
            *room = room.checked_sub(size).ok_or(PackError::TooLarge)?;
            let chunk = with_dependencies(&dependencies, rest);
            let head = check_chunk(&chunk)?;
            known.push(head.hash);
            heads.push(head);
            chunks.push(Chunk(chunk));
        }
        let first = heads.first().ok_or(BatchError::ChangeCount)?;
        let (actor, from) = (first.actor.clone().into(), first.seq);
        let batch = Batch {
            document: self.document,
            actor,
            from,
            to: from.saturating_add(chunks.len() as u64 - 1),
            signer: self.signer,
            chunks,
            schema: self.schema,
        };
        Ok(Packed {
            position: self.position,
            run: check_run(batch, heads)?,
        })
    }
}

impl Link {
    fn resolve(self, known: &[ChangeHash]) -> Result<ChangeHash, PackError> {
        match self {
            Self::Outside(hash) => Ok(ChangeHash(hash)),
            Self::Back(distance) => usize::try_from(distance)
                .ok()
                .filter(|it| *it > 0)
                .and_then(|it| known.len().checked_sub(it))
                .map(|it| known[it])
                .ok_or(PackError::Link),
        }
    }
}
