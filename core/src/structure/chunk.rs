//! One change as bytes: its chunk's header, its own head and the sizes of its columns, read by
//! hand and bounded before anything is decoded.

use super::columns::{self, Columns};
use super::reader::Reader;
use crate::refusal::RefusalName;

/// The largest change, in bytes: one user action.
pub const MAX_CHANGE_BYTES: usize = 128 * 1024;
/// The most dependencies of a change: more heads than a document ever has.
pub const MAX_DEPENDENCIES: u64 = 64;
/// The length of an actor: a device's id of 16 bytes and 8 of randomness.
pub const ACTOR_BYTES: usize = 24;
/// The length of the actor that makes a document's genesis and nothing else.
const GENESIS_ACTOR_BYTES: usize = 16;
/// The latest time of a change, in seconds since 1970: the end of the year 9999. automerge stores
/// the differences of times, which must not overflow.
const MAX_TIME: i64 = 253_402_300_799;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT_CHUNK: u8 = 0;
const CHANGE_CHUNK: u8 = 1;
/// The bytes before a chunk's length: the magic, the checksum and the kind.
const BEFORE_LENGTH: usize = 9;

/// The hash of a change, by which others depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeHash(pub [u8; 32]);

/// What a change says of itself, read without decoding its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeHead {
    /// Its hash.
    pub hash: ChangeHash,
    /// What it depends on directly: at least one, ascending.
    pub dependencies: Vec<ChangeHash>,
    /// Its actor: [`ACTOR_BYTES`] bytes.
    pub actor: Vec<u8>,
    /// Its number among the actor's changes, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// How many operations it has, from 1 to [`super::MAX_OPERATIONS`].
    pub operations: u64,
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
    /// A chunk of another kind: a document or a compressed change where a plain change belongs.
    #[error("a chunk is of another kind")]
    NotAChange,
    /// A length or number not written in its shortest form, or bytes behind the chunk's end.
    #[error("a change is not in its canonical form")]
    NotCanonical,
    /// The checksum is not that of the content.
    #[error("a change's checksum is wrong")]
    Checksum,
    /// A number or a run of bytes that does not read, or is cut off.
    #[error("a change is malformed")]
    Malformed,
    /// No dependency, more than [`MAX_DEPENDENCIES`], or not in ascending order.
    #[error("a change has between one and {MAX_DEPENDENCIES} dependencies, in ascending order")]
    Dependencies,
    /// Not [`ACTOR_BYTES`] bytes.
    #[error("an actor has {ACTOR_BYTES} bytes")]
    ActorLength,
    /// A time before 1970 or after the year 9999.
    #[error("a change's time is out of range")]
    Time,
    /// A commit message; changes of ours have none.
    #[error("a change has a message")]
    Message,
    /// Other actors than an honest author names: of another length, unordered, or itself.
    #[error("a change's table of other actors is malformed")]
    OtherActors,
    /// A column that changes of ours do not have, compressed, empty, out of order or cut off.
    #[error("a change's columns are not those of its schema")]
    Columns,
    /// No operation, above [`super::MAX_OPERATIONS`], or more than the bytes that name what they
    /// write can tell apart.
    #[error("a change has between one and {} operations", columns::MAX_OPERATIONS)]
    OperationCount,
    /// More predecessors than so many operations can have.
    #[error("a change claims too many predecessors")]
    PredecessorCount,
    /// An operation names an actor that the change's table does not hold.
    #[error("an operation names an actor that the change does not list")]
    UnknownActor,
    /// Bytes behind the columns.
    #[error("a change has bytes behind its columns")]
    ExtraBytes,
}

impl ChunkError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&ChunkError> for RefusalName {
    fn from(error: &ChunkError) -> Self {
        match error {
            ChunkError::TooLarge => Self::StructureChangeTooLarge,
            ChunkError::NoHeader => Self::StructureNoHeader,
            ChunkError::NotAChange => Self::StructureNotAChange,
            ChunkError::NotCanonical => Self::StructureNotCanonical,
            ChunkError::Checksum => Self::StructureChecksum,
            ChunkError::Malformed => Self::StructureMalformed,
            ChunkError::Dependencies => Self::StructureDependencies,
            ChunkError::ActorLength => Self::StructureActorLength,
            ChunkError::Time => Self::StructureTime,
            ChunkError::Message => Self::StructureMessage,
            ChunkError::OtherActors => Self::StructureOtherActors,
            ChunkError::Columns => Self::StructureColumns,
            ChunkError::OperationCount => Self::StructureOperationCount,
            ChunkError::PredecessorCount => Self::StructurePredecessorCount,
            ChunkError::UnknownActor => Self::StructureUnknownActor,
            ChunkError::ExtraBytes => Self::StructureExtraBytes,
        }
    }
}

/// Checks the form of one change and reads its head.
///
/// # Errors
/// [`ChunkError`], in the order of the checks.
pub fn check_chunk(bytes: &[u8]) -> Result<ChangeHead, ChunkError> {
    if bytes.len() > MAX_CHANGE_BYTES {
        return Err(ChunkError::TooLarge);
    }
    let (hash, body) = check_header(CHANGE_CHUNK, bytes)?;
    let mut reader = Reader::new(body);
    let dependencies = read_dependencies(&mut reader)?;
    let length = reader.number()?;
    if length != ACTOR_BYTES as u64 {
        return Err(ChunkError::ActorLength);
    }
    let actor = reader.take(length)?.to_vec();
    let seq = reader.number()?;
    let start_op = reader.number()?;
    if !(0..=MAX_TIME).contains(&reader.signed()?) {
        return Err(ChunkError::Time);
    }
    if reader.number()? != 0 {
        return Err(ChunkError::Message);
    }
    let others = read_other_actors(&mut reader, &actor)?;
    let columns = Columns::read(&mut reader)?;
    if !reader.rest.is_empty() {
        return Err(ChunkError::ExtraBytes);
    }
    let operations = columns.check(1 + others)?;
    Ok(ChangeHead {
        hash,
        dependencies,
        actor,
        seq,
        start_op,
        operations,
    })
}

/// What a change says behind its dependencies; with them it gives its bytes again.
///
/// # Errors
/// [`ChunkError`] where the bytes are no change's chunk.
pub(super) fn after_dependencies(bytes: &[u8]) -> Result<&[u8], ChunkError> {
    let (_, body) = check_header(CHANGE_CHUNK, bytes)?;
    let mut reader = Reader::new(body);
    let _ = read_dependencies(&mut reader)?;
    Ok(reader.rest)
}

/// The bytes of the change that says this behind these dependencies.
pub(super) fn with_dependencies(dependencies: &[ChangeHash], rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(1 + 32 * dependencies.len() + rest.len());
    write_number(&mut body, dependencies.len());
    for ChangeHash(hash) in dependencies {
        body.extend(hash);
    }
    body.extend(rest);
    let mut bytes = [&MAGIC[..], &[0; 4], &[CHANGE_CHUNK]].concat();
    write_number(&mut bytes, body.len());
    bytes.extend(body);
    let (_, hashed) = bytes.split_at(BEFORE_LENGTH - 1);
    let digest = ring::digest::digest(&ring::digest::SHA256, hashed);
    bytes[MAGIC.len()..BEFORE_LENGTH - 1].copy_from_slice(&digest.as_ref()[..4]);
    bytes
}

/// An unsigned number in its shortest form.
fn write_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Checks that bytes are one whole document as it was saved, so that what is damaged is not looked
/// into: automerge compares the checksum only after it made room for what the bytes claim.
///
/// It says nothing of bytes that someone made so.
///
/// # Errors
/// [`ChunkError::NoHeader`], [`ChunkError::NotAChange`], [`ChunkError::NotCanonical`],
/// [`ChunkError::Malformed`] or [`ChunkError::Checksum`].
pub fn check_document(bytes: &[u8]) -> Result<(), ChunkError> {
    check_header(DOCUMENT_CHUNK, bytes).map(|_| ())
}

/// The header, the only form of it, and the checksum, which automerge ignores on a single change
/// so that its bytes would be malleable.
fn check_header(wanted: u8, bytes: &[u8]) -> Result<(ChangeHash, &[u8]), ChunkError> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(ChunkError::NoHeader)?;
    let (checksum, hashed) = rest.split_at_checked(4).ok_or(ChunkError::NoHeader)?;
    let (&kind, after_kind) = hashed.split_first().ok_or(ChunkError::NoHeader)?;
    if kind != wanted {
        return Err(ChunkError::NotAChange);
    }
    let mut reader = Reader::new(after_kind);
    let length = reader.number()?;
    if usize::try_from(length).ok() != Some(reader.rest.len()) {
        return Err(ChunkError::NotCanonical);
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, hashed);
    if digest.as_ref()[..4] != *checksum {
        return Err(ChunkError::Checksum);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    Ok((ChangeHash(hash), reader.rest))
}

fn read_dependencies(reader: &mut Reader<'_>) -> Result<Vec<ChangeHash>, ChunkError> {
    let count = reader.number()?;
    if !(1..=MAX_DEPENDENCIES).contains(&count) {
        return Err(ChunkError::Dependencies);
    }
    let mut dependencies = Vec::new();
    for _ in 0..count {
        let mut hash = [0; 32];
        hash.copy_from_slice(reader.take(32)?);
        dependencies.push(ChangeHash(hash));
    }
    if dependencies.is_sorted_by(|one, next| one < next) {
        Ok(dependencies)
    } else {
        Err(ChunkError::Dependencies)
    }
}

/// How many other actors the change names: those of earlier changes and of the genesis.
fn read_other_actors(reader: &mut Reader<'_>, own: &[u8]) -> Result<u64, ChunkError> {
    let count = reader.number()?;
    let mut previous: &[u8] = &[];
    for _ in 0..count {
        let length = reader.number()?;
        if length != ACTOR_BYTES as u64 && length != GENESIS_ACTOR_BYTES as u64 {
            return Err(ChunkError::OtherActors);
        }
        let actor = reader.take(length)?;
        if actor <= previous || actor == own {
            return Err(ChunkError::OtherActors);
        }
        previous = actor;
    }
    Ok(count)
}
