//! The key that seals a store, and the file it may be kept in.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::sealing::random;
use super::whole_file;

/// The longest key file that is looked at; a right one has 65 bytes.
const LONGEST_FILE: u64 = 1024;

/// The 32 bytes that seal a store. Without them nothing in it can be read. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey([u8; 32]);

/// Why a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error("the key file {} does not exist", path.display())]
    Missing {
        /// The file looked for.
        path: PathBuf,
    },
    /// A file of this name exists and is not overwritten.
    #[error("the key file {} exists and is not overwritten", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// Others than the owner may read or write the file.
    #[error("the key file {} is open to others (mode {mode:03o}); it must have mode 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold 64 hexadecimal characters and a line end.
    #[error("{} is not a key file", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("the key file {} cannot be read or written: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system gave no random bytes for a new file.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl KeyFileError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "store.key_missing",
            Self::Exists { .. } => "store.key_exists",
            Self::Exposed { .. } => "store.key_exposed",
            Self::Malformed { .. } => "store.key_malformed",
            Self::Disk { .. } => "store.key_disk",
            Self::NoRandomness => "store.no_randomness",
        }
    }
}

impl SealingKey {
    /// The key of these bytes, which must be random.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be wrapped by the operating system's key store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A new random key.
    ///
    /// # Errors
    /// [`KeyFileError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyFileError> {
        random().map(Self).map_err(|_| KeyFileError::NoRandomness)
    }

    /// Reads the key from a file that only its owner may read.
    ///
    /// # Errors
    /// Every [`KeyFileError`] but `Exists` and `NoRandomness`.
    pub fn read_file(path: &Path) -> Result<Self, KeyFileError> {
        let disk = |source| KeyFileError::Disk {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing {
                path: path.to_owned(),
            },
            _ => disk(source),
        })?;
        refuse_exposed(path, &file)?;
        let mut text = Vec::new();
        file.take(LONGEST_FILE)
            .read_to_end(&mut text)
            .map_err(disk)?;
        parse(&text).ok_or_else(|| KeyFileError::Malformed {
            path: path.to_owned(),
        })
    }

    /// Writes the key to a new file of mode 600, durably; the file appears whole or not at all.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`], [`KeyFileError::Disk`], [`KeyFileError::NoRandomness`].
    pub fn write_new_file(&self, path: &Path) -> Result<(), KeyFileError> {
        let text = format!("{}\n", HEXLOWER.encode(&self.0));
        whole_file::create(path, |mut file| file.write_all(text.as_bytes())).map_err(|failure| {
            match failure {
                whole_file::NotCreated::Exists => KeyFileError::Exists {
                    path: path.to_owned(),
                },
                whole_file::NotCreated::NoRandomness => KeyFileError::NoRandomness,
                whole_file::NotCreated::Disk(source) | whole_file::NotCreated::Filling(source) => {
                    KeyFileError::Disk {
                        path: path.to_owned(),
                        source,
                    }
                }
            }
        })
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

fn parse(text: &[u8]) -> Option<SealingKey> {
    let digits = text.strip_suffix(b"\n")?;
    let bytes = HEXLOWER.decode(digits).ok()?;
    bytes.try_into().ok().map(SealingKey)
}

/// Looks at the open file, not at the path, so that it cannot be exchanged in between.
#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &File) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file.metadata().map_err(|source| KeyFileError::Disk {
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyFileError::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

/// Elsewhere a file's access list follows its folder, and there are no mode bits to check.
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &File) -> Result<(), KeyFileError> {
    Ok(())
}
