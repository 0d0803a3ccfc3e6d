//! The bounded, cheap checks of a signed batch, which a hub does as well as a device.

use std::collections::BTreeSet;

use minicbor::Decode;

use crate::document::{Batch, Chunk, SCHEMA_VERSION};
use crate::refusal::RefusalName;
use crate::signed::{Signed, SignedError, decode_canonical};

use super::chunk::{ChangeHash, ChangeHead, ChunkError, check_chunk};

/// The largest signed batch, in bytes.
pub const MAX_BATCH_BYTES: usize = 192 * 1024;
/// The most changes in a batch.
pub const MAX_BATCH_CHANGES: usize = 256;

/// Why bytes are not a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Above [`MAX_BATCH_BYTES`].
    #[error("a batch is larger than {MAX_BATCH_BYTES} bytes")]
    TooLarge,
    /// Not a signed batch.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// No refusal: a newer program made it, and it is held until this one is updated (需要更新).
    #[error("the batch's schema {0} is newer than this program knows")]
    NewerSchema(u64),
    /// A schema that never was.
    #[error("there is no schema 0")]
    NoSchema,
    /// None, or above [`MAX_BATCH_CHANGES`].
    #[error("a batch holds between one and {MAX_BATCH_CHANGES} changes")]
    ChangeCount,
    /// One of its changes.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A change of another actor than the batch says.
    #[error("a change belongs to another actor than its batch")]
    OtherActor,
    /// The sequence numbers are not the run the batch says.
    #[error("the batch's sequence numbers are not continuous")]
    Sequence,
    /// A change that does not depend directly on its actor's previous one.
    #[error("a change does not depend on its actor's previous one")]
    Previous,
}

impl BatchError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.refusal()
            .map_or("structure.newer_schema", RefusalName::as_str)
    }

    /// The name by which it is refused; none for what is held instead.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalName> {
        Some(match self {
            Self::TooLarge => RefusalName::StructureBatchTooLarge,
            Self::Signed(error) => error.into(),
            Self::NewerSchema(_) => return None,
            Self::NoSchema => RefusalName::StructureNoSchema,
            Self::ChangeCount => RefusalName::StructureChangeCount,
            Self::Chunk(error) => error.into(),
            Self::OtherActor => RefusalName::StructureOtherActor,
            Self::Sequence => RefusalName::StructureSequence,
            Self::Previous => RefusalName::StructurePrevious,
        })
    }
}

/// A batch whose form was checked; its signature was not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an unverified batch proves nothing"]
pub struct CheckedBatch {
    /// The signed value it came in.
    pub signed: Signed,
    /// What it says.
    pub run: CheckedRun,
}

/// A run of one actor's changes whose form was checked, whatever vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRun {
    /// The changes and what they belong to.
    pub batch: Batch,
    /// The heads of the changes, in order.
    pub heads: Vec<ChangeHead>,
}

impl CheckedRun {
    /// The hash of its last change, which leads to all the others.
    ///
    /// # Panics
    /// Never: a checked run is not empty.
    #[must_use]
    pub fn tip(&self) -> ChangeHash {
        self.heads.last().expect("a checked run is not empty").hash
    }

    /// What it needs that is not in it.
    #[must_use]
    pub fn outside_dependencies(&self) -> BTreeSet<ChangeHash> {
        let own: BTreeSet<ChangeHash> = self.heads.iter().map(|head| head.hash).collect();
        self.heads
            .iter()
            .flat_map(|head| head.dependencies.iter().copied())
            .filter(|dependency| !own.contains(dependency))
            .collect()
    }
}

/// Checks the form of a signed batch.
///
/// # Errors
/// [`BatchError`], in the order of the checks.
pub fn check_batch(bytes: &[u8]) -> Result<CheckedBatch, BatchError> {
    check_batch_up_to(bytes, SCHEMA_VERSION)
}

/// The same for a program that knows the schemas up to this one.
///
/// # Errors
/// [`BatchError`], in the order of the checks.
pub fn check_batch_up_to(bytes: &[u8], newest_schema: u64) -> Result<CheckedBatch, BatchError> {
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(BatchError::TooLarge);
    }
    let signed = Signed::from_bytes(bytes)?;
    check_schema(&signed.content, newest_schema)?;
    let batch: Batch = decode_canonical(&signed.content)?;
    if batch.chunks.is_empty() || batch.chunks.len() > MAX_BATCH_CHANGES {
        return Err(BatchError::ChangeCount);
    }
    let heads = batch
        .chunks
        .iter()
        .map(|Chunk(bytes)| check_chunk(bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let run = check_run(batch, heads)?;
    Ok(CheckedBatch { signed, run })
}

/// The schema is read alone, since a batch of a newer one may hold more than this program reads.
fn check_schema(content: &[u8], newest: u64) -> Result<(), BatchError> {
    #[derive(Decode)]
    struct Schema {
        #[n(6)]
        schema: u64,
    }
    let Schema { schema } =
        minicbor::decode(content).map_err(|error| SignedError::Malformed(error.to_string()))?;
    is_known(schema, newest)
}

/// Whether a batch of this schema is read.
pub(super) fn is_known(schema: u64, newest: u64) -> Result<(), BatchError> {
    match schema {
        0 => Err(BatchError::NoSchema),
        newer if newer > newest => Err(BatchError::NewerSchema(newer)),
        _ => Ok(()),
    }
}

/// Whether changes, whose heads these are, are the run that the batch says.
pub(super) fn check_run(batch: Batch, heads: Vec<ChangeHead>) -> Result<CheckedRun, BatchError> {
    let last = (heads.len() as u64).checked_sub(1);
    let last = last.and_then(|it| batch.from.checked_add(it));
    if batch.from == 0 || last != Some(batch.to) {
        return Err(BatchError::Sequence);
    }
    let mut previous: Option<ChangeHash> = None;
    for (head, seq) in heads.iter().zip(batch.from..=batch.to) {
        if head.actor != **batch.actor {
            return Err(BatchError::OtherActor);
        }
        if head.seq != seq {
            return Err(BatchError::Sequence);
        }
        if previous.is_some_and(|previous| !head.dependencies.contains(&previous)) {
            return Err(BatchError::Previous);
        }
        previous = Some(head.hash);
    }
    Ok(CheckedRun { batch, heads })
}
