//! One sealed file that holds what a device or the centre must not lose; the only IO in core.
//!
//! Two tables carry everything: *streams*, append-only lists of values at dense positions that
//! are never changed and are the truth, and *views*, keyed values that can be derived from the
//! streams again. A value of a stream that its holder may not keep is erased: a sealed tombstone
//! takes its place, and every other position stays. Every change is a [`Commit`], a plain value that names the stream
//! positions it was made for; it is refused when one has moved, and [`Store::commit`] returns
//! only after it is on the disk. The two tables and the compare-and-swap of lengths map to
//! portable SQL unchanged.
//!
//! Values are sealed (see [`SealingKey`]); the keys of views are not. A key that would tell of a
//! person must be a [`Store::keyed_hash`].

mod commit;
mod engine;
mod format;
mod key;
mod migration;
mod open;
mod place;
mod read;
mod sealing;
#[cfg(any(test, feature = "simulation"))]
pub mod simulated;
#[cfg(feature = "simulation")]
mod slowed;
mod whole_file;

#[cfg(test)]
mod tests;

pub use commit::{Commit, CommitError, MAX_KEY_BYTES, MAX_VALUE_BYTES, ViewUpdate};
pub use key::{KeyFileError, SealingKey};
pub use open::OpenError;
pub use place::{Stream, View};
pub use read::{Positioned, ReadError, Viewed};

use engine::Engine;
use sealing::Sealer;

/// An open store. One process at a time holds the file; within it, share the store by `Arc`:
/// any number of threads read while one commits.
///
/// After a failed write (a full disk) the store closes its file and opens it again at the next
/// use, so that it serves what was acknowledged and goes on once there is room.
pub struct Store {
    engine: Engine,
    sealer: Sealer,
}

impl Store {
    /// A hash of `data` that only the holder of this store's key can compute: the search key for
    /// personal data. Different domains, and different stores under one key, give unrelated
    /// hashes.
    #[must_use]
    pub fn keyed_hash(&self, domain: &str, data: &[u8]) -> [u8; 32] {
        self.sealer.keyed_hash(domain, data)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("file", &self.file_path())
            .finish_non_exhaustive()
    }
}
