//! Tests of the store as a whole.

mod commits;
mod damage;
mod erasing;
mod every_cut;
#[cfg(target_os = "linux")]
mod full_disk;
mod key_files;
mod migration;
mod model;
mod opening;
mod power_cut;

use std::path::PathBuf;

use super::simulated::Seeded;
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
