//! Creating and opening a store.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use redb::Database;
use redb::backends::FileBackend;

use super::engine::{Engine, Failure, Stopped, builder, guarded};
use super::format::{FORMAT, Header, key_check};
use super::key::SealingKey;
use super::migration::step_up;
use super::sealing::{NoRandomness, SALT_BYTES, Sealer, random};
#[cfg(any(test, feature = "simulation"))]
use super::simulated::SimulatedDisk;
#[cfg(feature = "simulation")]
use super::slowed::SlowedFile;
use super::{Store, whole_file};

/// Why a store was not opened or created. No value in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("the store {} does not exist", path.display())]
    Missing {
        /// The file looked for.
        path: PathBuf,
    },
    /// A store was to be created where something is already.
    #[error("{} exists and is not overwritten", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("the file is not a store")]
    NotAStore,
    /// The file is a store that was cut short or changed.
    #[error("the store is damaged: {detail}")]
    Damaged {
        /// What does not fit.
        detail: String,
    },
    /// The store was sealed with another key.
    #[error("the key does not open this store")]
    WrongKey,
    /// The store was written by a newer program.
    #[error("the store has format {found}, this program knows up to {known}")]
    NewerFormat {
        /// The format of the file.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// Another process has the store open.
    #[error("another process has the store open")]
    Busy,
    /// The operating system refused.
    #[error("the store cannot be opened: {source}")]
    Disk {
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system gave no random bytes for a new store.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl OpenError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "store.missing",
            Self::Exists { .. } => "store.exists",
            Self::NotAStore => "store.not_a_store",
            Self::Damaged { .. } => "store.damaged",
            Self::WrongKey => "store.wrong_key",
            Self::NewerFormat { .. } => "store.newer_format",
            Self::Busy => "store.busy",
            Self::Disk { .. } => "store.cannot_open",
            Self::NoRandomness => "store.no_randomness",
        }
    }
}

impl Store {
    /// Creates a store in a new file of mode 600, which appears whole or not at all.
    ///
    /// # Errors
    /// [`OpenError::Exists`], [`OpenError::Disk`], [`OpenError::NoRandomness`].
    pub fn create(path: &Path, key: &SealingKey) -> Result<Self, OpenError> {
        let (database, header, sealer) = whole_file::create(path, |file| {
            let database = guarded(|| Ok(builder().create_with_backend(FileBackend::new(file)?)?))?;
            let (header, sealer) = initialise(&database, key, random()?)?;
            Ok((database, header, sealer))
        })
        .map_err(|failure| match failure {
            whole_file::NotCreated::Exists => OpenError::Exists {
                path: path.to_owned(),
            },
            whole_file::NotCreated::Disk(source) => OpenError::Disk { source },
            whole_file::NotCreated::NoRandomness => OpenError::NoRandomness,
            whole_file::NotCreated::Filling(error) => error,
        })?;
        let engine = Engine::new(database, Some(path.to_owned()), header);
        Ok(Self { engine, sealer })
    }

    /// Opens the store in an existing file.
    ///
    /// # Errors
    /// Every [`OpenError`] but `Exists` and `NoRandomness`.
    pub fn open(path: &Path, key: &SealingKey) -> Result<Self, OpenError> {
        let file = open_file(path)?;
        let database = guarded(|| Ok(builder().create_with_backend(FileBackend::new(file)?)?))?;
        let (header, sealer) = unlock(&database, key)?;
        let engine = Engine::new(database, Some(path.to_owned()), header);
        Ok(Self { engine, sealer })
    }

    /// Opens the store in an existing file, each sync of which takes at least so long.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[cfg(feature = "simulation")]
    pub fn open_slowed(
        path: &Path,
        key: &SealingKey,
        sync: std::time::Duration,
    ) -> Result<Self, OpenError> {
        let file = open_file(path)?;
        let database =
            guarded(|| Ok(builder().create_with_backend(SlowedFile::new(file, sync)?)?))?;
        let (header, sealer) = unlock(&database, key)?;
        let engine = Engine::new(database, None, header);
        Ok(Self { engine, sealer })
    }

    /// Opens the store, or creates it where there is no file.
    ///
    /// # Errors
    /// As [`Store::open`] and [`Store::create`]; [`OpenError::Exists`] only where another
    /// process creates it at the same moment.
    pub fn open_or_create(path: &Path, key: &SealingKey) -> Result<Self, OpenError> {
        match Self::open(path, key) {
            Err(OpenError::Missing { .. }) => Self::create(path, key),
            opened => opened,
        }
    }

    /// The store on a simulated disk, created where the disk is empty: whole or not at all, as
    /// [`Store::create`] does it. It ends whatever had the disk attached. After a failure it
    /// does not open its disk again.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[cfg(any(test, feature = "simulation"))]
    pub fn on_simulated_disk(disk: &SimulatedDisk, key: &SealingKey) -> Result<Self, OpenError> {
        let on_disk = |source| OpenError::Disk { source };
        let attached = disk.attach();
        if attached.length().map_err(on_disk)? == 0 {
            let beside = SimulatedDisk::new(0);
            let database = guarded(|| Ok(builder().create_with_backend(beside.attach())?))?;
            initialise(&database, key, disk.seeded_bytes())?;
            drop(database);
            attached.appear(beside.contents()).map_err(on_disk)?;
        }
        let database = guarded(|| Ok(builder().create_with_backend(attached)?))?;
        let (header, sealer) = unlock(&database, key)?;
        let engine = Engine::new(database, None, header);
        Ok(Self { engine, sealer })
    }

    /// The file of the store; `None` over another backend.
    #[must_use]
    pub fn file_path(&self) -> Option<&Path> {
        self.engine.path()
    }

    /// The size of the store's file in bytes; `None` where that cannot be told.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.file_path()?
            .metadata()
            .ok()
            .map(|metadata| metadata.len())
    }
}

/// Opens a file that can be a store; an empty one must not reach the engine, which would fill it.
fn open_file(path: &Path) -> Result<File, OpenError> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let file = opened.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing {
            path: path.to_owned(),
        },
        io::ErrorKind::IsADirectory => OpenError::NotAStore,
        _ => OpenError::Disk { source },
    })?;
    let metadata = file
        .metadata()
        .map_err(|source| OpenError::Disk { source })?;
    if metadata.is_file() && metadata.len() > 0 {
        Ok(file)
    } else {
        Err(OpenError::NotAStore)
    }
}

/// Writes the header of a new store.
fn initialise(
    database: &Database,
    key: &SealingKey,
    salt: [u8; SALT_BYTES],
) -> Result<(Header, Sealer), OpenError> {
    let sealer = Sealer::new(key, &salt);
    let header = Header::new(salt, key_check(&sealer)?);
    guarded(|| header.initialise(database))?;
    Ok((header, sealer))
}

/// Checks format and key of an existing store, and steps an older format up. Only the holder of
/// the key changes the file.
fn unlock(database: &Database, key: &SealingKey) -> Result<(Header, Sealer), OpenError> {
    let header = guarded(|| Header::read(database))?.ok_or(OpenError::NotAStore)?;
    match header.format {
        1..=FORMAT => {}
        0 => return Err(OpenError::NotAStore),
        found => {
            return Err(OpenError::NewerFormat {
                found,
                known: FORMAT,
            });
        }
    }
    let sealer = Sealer::new(key, &header.salt);
    if !header.is_sealed_by(&sealer) {
        return Err(OpenError::WrongKey);
    }
    if header.format < FORMAT {
        guarded(|| step_up(database, header.format))?;
    }
    Ok((header.stepped_up(), sealer))
}

impl From<Stopped> for OpenError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Error(
                redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch,
            ) => Self::Busy,
            Stopped::Error(redb::Error::UpgradeRequired(_)) => Self::NotAStore,
            // The engine's word for a file without its magic number.
            Stopped::Error(redb::Error::Io(error))
                if error.kind() == io::ErrorKind::InvalidData =>
            {
                Self::NotAStore
            }
            stopped => match Failure::from(stopped) {
                Failure::Disk(source) => Self::Disk { source },
                Failure::Damaged(detail) => Self::Damaged { detail },
            },
        }
    }
}

impl From<NoRandomness> for OpenError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}
