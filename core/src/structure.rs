//! The bounded, cheap checks of document batches: one verdict everywhere, for ever.
//!
//! Caps first, then the chunk's header and checksum (automerge ignores a wrong one on a single
//! change, so the bytes would be malleable), the kind of chunk, the change's own head and the
//! run of sequence numbers. Nothing here merges, allocates by a peer's number, or panics.

use std::collections::BTreeSet;

use crate::document::{Batch, Chunk};
use crate::signed::{Signed, SignedError, decode_canonical};

/// The largest signed batch, in bytes.
pub const MAX_BATCH_BYTES: usize = 192 * 1024;
/// The largest change, in bytes: one user action.
pub const MAX_CHANGE_BYTES: usize = 128 * 1024;
/// The most changes in a batch.
pub const MAX_BATCH_CHANGES: usize = 256;
/// The most dependencies of a change: more heads than a document ever has.
const MAX_DEPENDENCIES: usize = 64;
/// The longest actor id, in bytes.
const MAX_ACTOR_BYTES: usize = 32;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;

/// The hash of a change, by which others depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash(pub [u8; 32]);

/// The head of a change, read without decoding its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHead {
    /// Its hash.
    pub hash: ChangeHash,
    /// What it depends on directly.
    pub dependencies: Vec<ChangeHash>,
    /// Its actor.
    pub actor: Vec<u8>,
    /// Its number among the actor's changes, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
}

/// Why bytes are not a change's chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Above [`MAX_CHANGE_BYTES`].
    #[error("a change is larger than {MAX_CHANGE_BYTES} bytes")]
    TooLarge,
    /// Not a chunk at all, or cut off.
    #[error("a change has no chunk header")]
    NoHeader,
    /// A length or number not written in its shortest form, or bytes behind the end.
    #[error("a change is not in its canonical form")]
    NotCanonical,
    /// The checksum is not that of the content.
    #[error("a change's checksum is wrong")]
    Checksum,
    /// A document or a compressed change where a plain change belongs.
    #[error("a chunk is not an uncompressed change")]
    NotAChange,
    /// The change's own head does not read.
    #[error("a change's head is malformed")]
    Head,
}

impl ChunkError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "structure.change_too_large",
            Self::NoHeader => "structure.no_header",
            Self::NotCanonical => "structure.not_canonical",
            Self::Checksum => "structure.checksum",
            Self::NotAChange => "structure.not_a_change",
            Self::Head => "structure.change_head",
        }
    }
}

/// Why bytes are not a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Above [`MAX_BATCH_BYTES`].
    #[error("a batch is larger than {MAX_BATCH_BYTES} bytes")]
    TooLarge,
    /// None, or above [`MAX_BATCH_CHANGES`].
    #[error("a batch holds between one and {MAX_BATCH_CHANGES} changes")]
    ChangeCount,
    /// Not a signed batch.
    #[error(transparent)]
    Signed(#[from] SignedError),
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
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "structure.batch_too_large",
            Self::ChangeCount => "structure.change_count",
            Self::Signed(error) => error.code(),
            Self::Chunk(error) => error.code(),
            Self::OtherActor => "structure.other_actor",
            Self::Sequence => "structure.sequence",
            Self::Previous => "structure.previous",
        }
    }
}

/// A batch whose form was checked; its signature was not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an unverified batch proves nothing"]
pub struct CheckedBatch {
    /// The signed value it came in.
    pub signed: Signed,
    /// What it says.
    pub batch: Batch,
    /// The heads of its changes, in order.
    pub heads: Vec<ChangeHead>,
}

impl CheckedBatch {
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
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(BatchError::TooLarge);
    }
    let signed = Signed::from_bytes(bytes)?;
    let batch: Batch = decode_canonical(&signed.content)?;
    if batch.chunks.is_empty() || batch.chunks.len() > MAX_BATCH_CHANGES {
        return Err(BatchError::ChangeCount);
    }
    let heads = batch
        .chunks
        .iter()
        .map(|Chunk(bytes)| check_chunk(bytes))
        .collect::<Result<Vec<_>, _>>()?;
    check_run(&batch, &heads)?;
    Ok(CheckedBatch {
        signed,
        batch,
        heads,
    })
}

/// Checks the form of one change and reads its head.
///
/// # Errors
/// [`ChunkError`], in the order of the checks.
pub fn check_chunk(bytes: &[u8]) -> Result<ChangeHead, ChunkError> {
    if bytes.len() > MAX_CHANGE_BYTES {
        return Err(ChunkError::TooLarge);
    }
    let rest = bytes.strip_prefix(&MAGIC).ok_or(ChunkError::NoHeader)?;
    let (checksum, hashed) = rest.split_at_checked(4).ok_or(ChunkError::NoHeader)?;
    let (&kind, after_kind) = hashed.split_first().ok_or(ChunkError::NoHeader)?;
    if kind != CHANGE_CHUNK {
        return Err(ChunkError::NotAChange);
    }
    let mut reader = Reader { rest: after_kind };
    let length = reader.number()?;
    if usize::try_from(length).ok() != Some(reader.rest.len()) {
        return Err(ChunkError::NotCanonical);
    }
    let hash = ring::digest::digest(&ring::digest::SHA256, hashed);
    if hash.as_ref()[..4] != *checksum {
        return Err(ChunkError::Checksum);
    }
    let mut full = [0; 32];
    full.copy_from_slice(hash.as_ref());
    read_head(&mut reader, ChangeHash(full))
}

fn check_run(batch: &Batch, heads: &[ChangeHead]) -> Result<(), BatchError> {
    let last = batch.from.checked_add(heads.len() as u64 - 1);
    if batch.from == 0 || last != Some(batch.to) {
        return Err(BatchError::Sequence);
    }
    let mut previous: Option<ChangeHash> = None;
    for (head, seq) in heads.iter().zip(batch.from..) {
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
    Ok(())
}

fn read_head(reader: &mut Reader<'_>, hash: ChangeHash) -> Result<ChangeHead, ChunkError> {
    let count = reader.number()?;
    if count > MAX_DEPENDENCIES as u64 {
        return Err(ChunkError::Head);
    }
    let mut dependencies = Vec::new();
    for _ in 0..count {
        let bytes = reader.take(32)?;
        dependencies.push(ChangeHash(bytes.try_into().map_err(|_| ChunkError::Head)?));
    }
    let length = reader.number()?;
    if length > MAX_ACTOR_BYTES as u64 {
        return Err(ChunkError::Head);
    }
    let actor = reader.take(length as usize)?.to_vec();
    let seq = reader.number()?;
    let start_op = reader.number()?;
    Ok(ChangeHead {
        hash,
        dependencies,
        actor,
        seq,
        start_op,
    })
}

/// Reads the unsigned LEB128 numbers and byte runs of a chunk.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A number in its shortest form.
    fn number(&mut self) -> Result<u64, ChunkError> {
        let mut value: u64 = 0;
        for index in 0..10_u32 {
            let (&byte, rest) = self.rest.split_first().ok_or(ChunkError::Head)?;
            self.rest = rest;
            if index == 9 && byte > 1 {
                return Err(ChunkError::Head);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let padded = byte == 0 && index > 0;
                return if padded {
                    Err(ChunkError::NotCanonical)
                } else {
                    Ok(value)
                };
            }
        }
        Err(ChunkError::Head)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ChunkError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ChunkError::Head)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Why a batch does not fit into what is known of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// A change depends on one that is not there.
    #[error("a change depends on one that is not there")]
    UnknownDependency,
}

impl StructureError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownDependency => "structure.unknown_dependency",
        }
    }
}

/// What is known of one document: the changes taken in so far.
#[derive(Debug)]
pub struct History {
    known: BTreeSet<ChangeHash>,
}

impl History {
    /// That of a document which holds its genesis alone.
    #[must_use]
    pub fn new(document: crate::document::DocumentId) -> Self {
        let known = BTreeSet::from([crate::document::genesis_hash(&document)]);
        Self { known }
    }

    /// Takes a batch in, whole or not at all.
    ///
    /// # Errors
    /// [`StructureError`].
    pub fn check(&mut self, batch: &CheckedBatch) -> Result<(), StructureError> {
        if !batch.outside_dependencies().is_subset(&self.known) {
            return Err(StructureError::UnknownDependency);
        }
        self.known.extend(batch.heads.iter().map(|head| head.hash));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::declaration::Kind;
    use crate::document::{Action, ActorId, DocumentId, SignedBatch, Volume};
    use crate::ids::{CertificateSerial, DeclarationId, DeviceId, UnitId, VolumeId};
    use crate::signing::SigningKey;
    use crate::time::Timestamp;

    /// A batch of two changes as a device makes it.
    fn honest() -> Batch {
        let document = DocumentId::EmployerVolume(UnitId([1; 16]), VolumeId(1));
        let mut volume = Volume::replay(document, []).unwrap();
        let actor = ActorId::new(DeviceId([1; 16]), [1; 8]);
        let chunks = (1..=2_u8)
            .map(|number| {
                let action = Action::Declare {
                    id: DeclarationId([number; 16]),
                    kind: Kind::Wage,
                    fields: Vec::new(),
                };
                volume.act(&actor, &action, Timestamp(0)).unwrap().chunk
            })
            .collect();
        Batch {
            document,
            actor: actor.0.into(),
            from: 1,
            to: 2,
            signer: CertificateSerial(1),
            chunks,
        }
    }

    fn signed(batch: &Batch) -> Vec<u8> {
        SignedBatch::make(batch, &SigningKey::from_seed([1; 32])).0
    }

    #[test]
    fn an_honest_batch_is_read_with_the_heads_of_its_changes() {
        let checked = check_batch(&signed(&honest())).unwrap();
        assert_eq!(
            checked
                .heads
                .iter()
                .map(|head| head.seq)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(
            checked.heads[1]
                .dependencies
                .contains(&checked.heads[0].hash)
        );
        assert_eq!(checked.outside_dependencies().len(), 1, "the genesis alone");
    }

    #[test]
    fn each_fault_of_a_batch_has_its_name() {
        let check = |change: &dyn Fn(&mut Batch), expected: &str| {
            let mut batch = honest();
            change(&mut batch);
            assert_eq!(check_batch(&signed(&batch)).unwrap_err().code(), expected);
        };
        check(&|it| it.chunks.clear(), "structure.change_count");
        check(
            &|it| it.chunks = vec![it.chunks[0].clone(); MAX_BATCH_CHANGES + 1],
            "structure.change_count",
        );
        check(&|it| it.actor = vec![9; 24].into(), "structure.other_actor");
        check(&|it| it.to = 3, "structure.sequence");
        check(&|it| it.from = 0, "structure.sequence");
        check(&|it| (it.from, it.to) = (2, 3), "structure.sequence");
        check(&|it| it.chunks.swap(0, 1), "structure.sequence");
        check(&|it| it.chunks[0].0[0] = 0, "structure.no_header");
        check(&|it| it.chunks[0].0[4] ^= 1, "structure.checksum");
        check(&|it| it.chunks[0].0[8] = 2, "structure.not_a_change");
        check(&|it| it.chunks[0].0.push(0), "structure.not_canonical");
        check(&|it| it.chunks[0].0.truncate(20), "structure.not_canonical");
        check(&|it| it.chunks[0].0.truncate(8), "structure.no_header");
        check(
            &|it| it.chunks[0].0 = vec![0x85; MAX_CHANGE_BYTES + 1],
            "structure.change_too_large",
        );
        let large = vec![0; MAX_BATCH_BYTES + 1];
        assert_eq!(
            check_batch(&large).unwrap_err().code(),
            "structure.batch_too_large"
        );
    }

    #[test]
    fn numbers_have_one_form() {
        let read = |bytes: &[u8]| Reader { rest: bytes }.number();
        assert_eq!(read(&[0x7f]), Ok(127));
        assert_eq!(read(&[0xff, 0x01]), Ok(255));
        assert_eq!(read(&[0x80, 0x00]), Err(ChunkError::NotCanonical));
        assert_eq!(read(&[0xff; 11]), Err(ChunkError::Head));
        assert_eq!(read(&[]), Err(ChunkError::Head));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_checks(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = check_batch(&bytes);
            let _ = check_chunk(&bytes);
            let _ = check_chunk(&[&MAGIC[..], &bytes].concat());
        }

        #[test]
        fn a_flipped_bit_never_passes_unnoticed(place in 0_usize..10_000, bit in 0_u8..8) {
            let mut batch = honest();
            let chunk = &mut batch.chunks[0].0;
            let place = place % chunk.len();
            chunk[place] ^= 1 << bit;
            prop_assert!(check_batch(&signed(&batch)).is_err());
        }
    }
}
