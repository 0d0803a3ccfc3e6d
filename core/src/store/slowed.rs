//! A store's file on a disk as slow as one likes: for figures beside those of this machine's disk.

use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use redb::StorageBackend;
use redb::backends::FileBackend;

/// A file whose every sync takes so long at least.
#[derive(Debug)]
pub(super) struct SlowedFile {
    file: FileBackend,
    sync: Duration,
}

impl SlowedFile {
    /// The file, its syncs made as long as `sync`.
    pub(super) fn new(file: File, sync: Duration) -> Result<Self, redb::Error> {
        let file = FileBackend::new(file)?;
        Ok(Self { file, sync })
    }
}

impl StorageBackend for SlowedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        let begun = Instant::now();
        self.file.sync_data()?;
        thread::sleep(self.sync.saturating_sub(begun.elapsed()));
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write(offset, bytes)
    }
}
