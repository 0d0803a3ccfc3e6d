//! The database under the store: closed after a failure, opened again at the next use.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use redb::Database;

use super::format::Header;

/// How much of the file is kept in memory, in bytes.
const CACHE_BYTES: usize = 128 * 1024 * 1024;

/// Why work on the database failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operating system refused a read or a write.
    Disk(io::Error),
    /// The file does not hold what was written.
    Damaged(String),
}

/// The open database, and what is needed to open it again.
pub(super) struct Engine {
    /// `None` where opening it again failed.
    database: RwLock<Option<Database>>,
    /// The database refuses all work since a write or read failed.
    failed: AtomicBool,
    path: Option<PathBuf>,
    header: Header,
}

impl Engine {
    /// An engine over an open database; with its path it can be opened again.
    pub(super) fn new(database: Database, path: Option<PathBuf>, header: Header) -> Self {
        Self {
            database: RwLock::new(Some(database)),
            failed: AtomicBool::new(false),
            path,
            header,
        }
    }

    /// The file, where there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Does `work` on the database, which it must leave without open transactions.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, Failure> {
        if self.failed.load(Ordering::Acquire) {
            self.open_again()?;
        }
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_ref() else {
            return Err(Failure::Disk(io::Error::other(
                "the store's file is closed",
            )));
        };
        guarded(|| work(database)).map_err(|stopped| {
            if stopped.ends_the_database() {
                self.failed.store(true, Ordering::Release);
            }
            stopped.into()
        })
    }

    fn open_again(&self) -> Result<(), Failure> {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !self.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let Some(path) = &self.path else {
            return Err(Failure::Disk(io::Error::other(
                "the store's backend has failed",
            )));
        };
        // The old one holds the file's lock.
        close(database.take());
        let opened = guarded(|| {
            let opened = builder().open(path)?;
            let header = Header::read(&opened)?;
            Ok((opened, header))
        });
        let (opened, header) = opened.map_err(Failure::from)?;
        if header.as_ref() != Some(&self.header) {
            return Err(Failure::Damaged(
                "another file has taken its place".to_owned(),
            ));
        }
        *database = Some(opened);
        self.failed.store(false, Ordering::Release);
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        close(
            self.database
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
    }
}

/// Closes a database. Nothing is lost where that fails: every commit is on the disk, and the
/// next opening repairs the rest.
fn close(database: Option<Database>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
}

/// The settings every database is opened with.
pub(super) fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

#[cfg(any(test, feature = "simulation"))]
impl redb::StorageBackend for super::simulated::Attached {
    fn len(&self) -> io::Result<u64> {
        self.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write(offset, bytes)
    }
}

/// What stopped work on a database.
#[derive(Debug)]
pub(super) enum Stopped {
    /// An error of the engine.
    Error(redb::Error),
    /// The engine met something in the file that it does not expect, and panicked.
    Panicked,
}

/// Runs `work` with panics caught: the engine trusts pages that it did not just write, and
/// panics on some that a disk has changed.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Stopped> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(Stopped::Error),
        Err(_) => Err(Stopped::Panicked),
    }
}

impl Stopped {
    /// Whether the database answers nothing but errors from here on.
    fn ends_the_database(&self) -> bool {
        match self {
            Self::Panicked => true,
            Self::Error(error) => matches!(
                error,
                redb::Error::Io(_)
                    | redb::Error::Backend(_)
                    | redb::Error::PreviousIo
                    | redb::Error::DatabaseClosed
                    | redb::Error::LockPoisoned(_)
            ),
        }
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Panicked => Self::Damaged("its pages make no sense".to_owned()),
            Stopped::Error(redb::Error::Io(error)) => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                    Self::Damaged(error.to_string())
                }
                _ => Self::Disk(error),
            },
            Stopped::Error(
                error @ (redb::Error::Backend(_)
                | redb::Error::PreviousIo
                | redb::Error::DatabaseClosed
                | redb::Error::DatabaseAlreadyOpen),
            ) => Self::Disk(io::Error::other(error)),
            Stopped::Error(error) => Self::Damaged(error.to_string()),
        }
    }
}
