//! A new file that appears under its name whole or not at all, and survives a power cut.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use super::sealing::{NoRandomness, random};

/// Why the file was not created; then nothing is left under its name.
#[derive(Debug)]
pub(super) enum NotCreated<E> {
    /// Something of this name is there.
    Exists,
    /// The operating system refused.
    Disk(io::Error),
    /// No random name could be made.
    NoRandomness,
    /// What fills the file failed.
    Filling(E),
}

/// Creates `path` with mode 600: `fill` writes a file of a passing name beside it, which is
/// then synced and linked to `path`. A link fails where the name exists, so of two creators one
/// wins, and neither overwrites the other.
pub(super) fn create<T, E>(
    path: &Path,
    fill: impl FnOnce(File) -> Result<T, E>,
) -> Result<T, NotCreated<E>> {
    if path.symlink_metadata().is_ok() {
        return Err(NotCreated::Exists);
    }
    let passing = Passing::beside(path)?;
    let file = passing.open().map_err(NotCreated::Disk)?;
    let handle = file.try_clone().map_err(NotCreated::Disk)?;
    let filled = fill(file).map_err(NotCreated::Filling)?;
    handle.sync_all().map_err(NotCreated::Disk)?;
    fs::hard_link(&passing.0, path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => NotCreated::Exists,
        _ => NotCreated::Disk(error),
    })?;
    drop(passing);
    sync_directory_of(path).map_err(NotCreated::Disk)?;
    Ok(filled)
}

/// A file name that is gone again when this is dropped.
struct Passing(PathBuf);

impl Passing {
    fn beside<E>(path: &Path) -> Result<Self, NotCreated<E>> {
        let Some(name) = path.file_name() else {
            return Err(NotCreated::Disk(io::ErrorKind::InvalidInput.into()));
        };
        let random: [u8; 8] = random().map_err(|NoRandomness| NotCreated::NoRandomness)?;
        let mut passing = OsString::from(".");
        passing.push(name);
        passing.push(format!(".{}.new", HEXLOWER.encode(&random)));
        Ok(Self(path.with_file_name(passing)))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0)
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // A name that stays behind wastes space and nothing else.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes the names in the folder of `path` durable.
#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

/// Elsewhere folders cannot be opened to be synced; the file system's journal keeps the name.
#[cfg(not(unix))]
fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}
