//! Checking a copy of the whole log, file by file, and records against it.
//!
//! A wrong file is named. Going from the signed root downward, a tile whose parent is proven is
//! itself at fault when it does not match; only where the right edge does not lead to the root is
//! the fault looked for from below.

use super::checkpoint::{Checkpoint, CheckpointError};
use super::commitment::Commitment;
use super::keys::LogKeys;
use super::merkle::{Hash, ProveError, VerifyError, peaks_of, root_of_peaks, tree_root};
use super::nodes::TileNodes;
use super::note::{MAX_NOTE_BYTES, SignedNote};
use super::range::RangeProof;
use super::tile::{Row, TILE_WIDTH, TileId, read_entries, read_hashes};

/// The longest file of a copy, in bytes; a reader need not read more of any.
pub const MAX_FILE_BYTES: usize = MAX_NOTE_BYTES;

/// Reads a file of the copy by its path below the log's prefix, such as `checkpoint` or
/// `tile/0/x001/234`; `None` where there is no such file. The medium's own failure is text.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Option<Vec<u8>>, String>;

/// Why a copy of the log, or a record, is not as the log's key says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The medium failed.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the medium said.
        reason: String,
    },
    /// A file that the checkpoint's size asks for is not there.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: String,
    },
    /// The checkpoint is malformed, another log's, or by the wrong key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A tile or bundle is not what the signed root commits to.
    #[error("{tile} is not what the log's key signed")]
    TileMismatch {
        /// The tile or bundle.
        tile: TileId,
    },
    /// The tiles fit each other, but are another tree's than the checkpoint's.
    #[error("the tiles lead to another root than the checkpoint's")]
    RootMismatch,
    /// A record is not at its place in the log.
    #[error("entry {index} is not the one in the log")]
    RecordMismatch {
        /// The first such place.
        index: u64,
    },
    /// The records are none, or not all below the checkpoint's size.
    #[error("the entries are not in a log of {size} entries")]
    OutOfRange {
        /// The checkpoint's size.
        size: u64,
    },
}

impl AuditError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "audit.unreadable",
            Self::Missing { .. } => "audit.missing",
            Self::Checkpoint(error) => error.code(),
            Self::TileMismatch { .. } => "audit.tile_mismatch",
            Self::RootMismatch => "audit.root_mismatch",
            Self::RecordMismatch { .. } => "audit.record_mismatch",
            Self::OutOfRange { .. } => "audit.out_of_range",
        }
    }
}

/// Checks a whole copy: the checkpoint's signature, that every tile and bundle of its size is
/// there, and that all are what the signed root commits to. Gives the checkpoint.
///
/// Costs about two hashes per entry and holds eight tiles at a time.
///
/// # Errors
/// [`AuditError`].
pub fn audit(read: ReadFile, keys: &LogKeys) -> Result<Checkpoint, AuditError> {
    let copy = Copy { read };
    let note = copy.file("checkpoint")?;
    let note = SignedNote::parse(&note).map_err(CheckpointError::from)?;
    let checkpoint = keys.open(&note)?;
    let edges = copy.edges(checkpoint.size)?;
    if root_of_edges(&edges) != checkpoint.root {
        return Err(copy.blame(&edges));
    }
    for (id, hashes) in &edges {
        copy.check_below(*id, hashes)?;
    }
    Ok(checkpoint)
}

/// Checks that `records` are the log's entries from `first` on, by the copy's tiles.
///
/// The checkpoint is one already opened; the tiles are proven from its root on the way.
///
/// # Errors
/// [`AuditError`]; a record that differs is named where its tile is right.
pub fn verify_records(
    read: ReadFile,
    checkpoint: &Checkpoint,
    first: u64,
    records: &[Commitment],
) -> Result<(), AuditError> {
    let copy = Copy { read };
    let size = checkpoint.size;
    let leaves: Vec<_> = records.iter().map(Commitment::leaf_hash).collect();
    let load = |id| copy.tile(id).ok();
    let nodes = TileNodes::new(size, &load);
    let nodes = |level, index| nodes.node(level, index);
    let verdict = RangeProof::make(&nodes, first, leaves.len() as u64, size)
        .map(|proof| proof.verify(&leaves, &checkpoint.head()));
    match verdict {
        Ok(Ok(())) => Ok(()),
        Err(ProveError::OutOfRange { size }) | Ok(Err(VerifyError::OutOfRange { size })) => {
            Err(AuditError::OutOfRange { size })
        }
        Err(ProveError::MissingNode { .. })
        | Ok(Err(VerifyError::ProofLength | VerifyError::RootMismatch)) => {
            copy.compare_records(checkpoint, first, &leaves)?;
            Err(AuditError::RootMismatch)
        }
    }
}

/// The files of a copy.
struct Copy<'a> {
    read: ReadFile<'a>,
}

impl Copy<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, AuditError> {
        let path = || path.to_owned();
        (self.read)(&path())
            .map_err(|reason| AuditError::Unreadable {
                path: path(),
                reason,
            })?
            .ok_or_else(|| AuditError::Missing { path: path() })
    }

    /// A tile's bytes, which have the length that its name says.
    fn tile(&self, id: TileId) -> Result<Vec<u8>, AuditError> {
        let bytes = self.file(&id.to_string())?;
        let fits = bytes.len() == id.byte_len();
        if fits {
            Ok(bytes)
        } else {
            Err(AuditError::TileMismatch { tile: id })
        }
    }

    fn hashes(&self, id: TileId) -> Result<Vec<Hash>, AuditError> {
        read_hashes(&self.tile(id)?).ok_or(AuditError::TileMismatch { tile: id })
    }

    /// The leaf hashes of a bundle's entries.
    fn bundle(&self, id: TileId) -> Result<Vec<Hash>, AuditError> {
        let entries = read_entries(&self.tile(id)?).ok_or(AuditError::TileMismatch { tile: id })?;
        Ok(entries.iter().map(Commitment::leaf_hash).collect())
    }

    /// The partial tiles at the right edge, from the leaves up.
    fn edges(&self, size: u64) -> Result<Vec<(TileId, Vec<Hash>)>, AuditError> {
        let ids = (0..8).filter_map(|level| TileId::edge(Row::Hashes(level), size));
        ids.map(|id| Ok((id, self.hashes(id)?))).collect()
    }

    /// Checks everything below a hash tile that is itself proven.
    fn check_below(&self, id: TileId, hashes: &[Hash]) -> Result<(), AuditError> {
        for (child, expected) in id.children().zip(hashes) {
            let below = self.hashes(child)?;
            if tree_root(&below) != *expected {
                return Err(AuditError::TileMismatch { tile: child });
            }
            self.check_below(child, &below)?;
        }
        match id.bundle() {
            Some(bundle) if self.bundle(bundle)? != hashes => {
                Err(AuditError::TileMismatch { tile: bundle })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Which tile is to blame where the right edge does not lead to the root: the lowest that is
    /// not the hash of what is below it.
    fn blame(&self, edges: &[(TileId, Vec<Hash>)]) -> AuditError {
        let fault = edges
            .iter()
            .find_map(|(id, hashes)| self.fault_at(*id, hashes).err());
        fault.unwrap_or(AuditError::RootMismatch)
    }

    /// Checks a tile that is not proven against what is below it.
    fn fault_at(&self, id: TileId, hashes: &[Hash]) -> Result<(), AuditError> {
        let mismatch = Err(AuditError::TileMismatch { tile: id });
        for (child, stated) in id.children().zip(hashes) {
            let below = self.hashes(child)?;
            self.fault_at(child, &below)?;
            if tree_root(&below) != *stated {
                return mismatch;
            }
        }
        match id.bundle() {
            Some(bundle) if self.bundle(bundle)? != hashes => mismatch,
            Some(_) | None => Ok(()),
        }
    }

    /// Finds why records do not lead to the root: a tile on the way is at fault, or a record.
    fn compare_records(
        &self,
        checkpoint: &Checkpoint,
        first: u64,
        leaves: &[Hash],
    ) -> Result<(), AuditError> {
        let edges = self.edges(checkpoint.size)?;
        if root_of_edges(&edges) != checkpoint.root {
            // A copy made for these records alone lacks other tiles by right.
            return Err(match self.blame(&edges) {
                AuditError::Missing { .. } => AuditError::RootMismatch,
                found => found,
            });
        }
        let (mut index, mut rest) = (first, leaves);
        while !rest.is_empty() {
            let tile = index / u64::from(TILE_WIDTH);
            let id = TileId::in_tree(Row::Hashes(0), tile, checkpoint.size).ok_or(
                AuditError::OutOfRange {
                    size: checkpoint.size,
                },
            )?;
            let proven = self.proven(&edges, checkpoint.size, id)?;
            let proven = &proven[(index % u64::from(TILE_WIDTH)) as usize..];
            for (leaf, expected) in rest.iter().zip(proven) {
                if leaf != expected {
                    return Err(AuditError::RecordMismatch { index });
                }
                index += 1;
            }
            rest = &rest[proven.len().min(rest.len())..];
        }
        Ok(())
    }

    /// The hashes of a tile, checked upward to the right edge, which is proven.
    fn proven(
        &self,
        edges: &[(TileId, Vec<Hash>)],
        size: u64,
        id: TileId,
    ) -> Result<Vec<Hash>, AuditError> {
        if let Some((_, hashes)) = edges.iter().find(|(edge, _)| *edge == id) {
            return Ok(hashes.clone());
        }
        let parent = id.parent(size).ok_or(AuditError::RootMismatch)?;
        let above = self.proven(edges, size, parent)?;
        let hashes = self.hashes(id)?;
        let stated = above[(id.index() % u64::from(TILE_WIDTH)) as usize];
        if tree_root(&hashes) == stated {
            Ok(hashes)
        } else {
            Err(AuditError::TileMismatch { tile: id })
        }
    }
}

/// The root that the partial tiles of the right edge lead to.
fn root_of_edges(edges: &[(TileId, Vec<Hash>)]) -> Hash {
    let peaks: Vec<_> = edges
        .iter()
        .rev()
        .flat_map(|(_, hashes)| peaks_of(hashes))
        .collect();
    root_of_peaks(&peaks)
}

#[cfg(test)]
mod tests;
