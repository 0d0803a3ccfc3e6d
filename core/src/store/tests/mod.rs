//! Tests of the store as a whole.

mod commits;
mod damage;
mod erasing;
#[cfg(target_os = "linux")]
mod full_disk;
mod key_files;
mod model;
mod opening;
mod power_cut;

use std::path::PathBuf;

use super::{SealingKey, Store};

/// The key of the tests' stores.
fn key() -> SealingKey {
    SealingKey::from_bytes([7; 32])
}

/// A folder that is removed when this is dropped, and the path of a store in it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn create(&self) -> Store {
        Store::create(&self.file(), &key()).unwrap()
    }

    fn open(&self) -> Store {
        Store::open(&self.file(), &key()).unwrap()
    }
}

/// Numbers that look random and are the same for the same seed.
struct Seeded(u64);

impl Seeded {
    /// The next number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
