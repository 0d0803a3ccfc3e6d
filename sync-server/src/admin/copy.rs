//! A copy of the public log, file by file as it is served.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use canbao_core::ledger::tile::TileId;
use canbao_core::message::Lang;

use super::failure::{Failure, FailureClass};
use super::outcome::CopiedLog;
use crate::centre::{Centre, Unavailable};

/// Why the log was not copied.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    /// Nothing is overwritten.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The disk.
    #[error("{} cannot be written: {source}", path.display())]
    Disk { path: PathBuf, source: io::Error },
    /// The engine.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The log has no such tile, although its size asks for it.
    #[error("the log misses {0}")]
    Missing(TileId),
}

impl CopyError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "log.copy_exists",
            Self::Disk { .. } => "log.copy_failed",
            Self::Unavailable(error) => error.code(),
            Self::Missing(_) => "log.missing_tile",
        }
    }

    pub(super) fn failure(&self, lang: Lang) -> Failure {
        let class = match self {
            Self::Exists(_) => FailureClass::Refused,
            Self::Disk { .. } | Self::Unavailable(_) | Self::Missing(_) => FailureClass::Store,
        };
        Failure {
            class,
            ..Failure::of_store(self.code(), self, lang)
        }
    }
}

/// Writes checkpoint, tiles and entry bundles of the log as it is now to a new directory.
///
/// The checkpoint comes last: a copy without it was cut short.
pub(super) fn copy_log(centre: &Centre, directory: &Path) -> Result<CopiedLog, CopyError> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        |source| CopyError::Disk { path, source }
    };
    match fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CopyError::Exists(directory.to_owned()));
        }
        made => made.map_err(disk(directory))?,
    }
    let head = centre.head();
    let size = head.tree.size;
    let mut files = 1;
    for tile in TileId::all_in_tree(size) {
        let bytes = centre
            .tile(&tile.to_string())?
            .ok_or(CopyError::Missing(tile))?;
        let path = directory.join(tile.to_string());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(disk(parent))?;
        }
        fs::write(&path, bytes).map_err(disk(&path))?;
        files += 1;
    }
    let checkpoint = directory.join("checkpoint");
    fs::write(&checkpoint, head.note.as_bytes()).map_err(disk(&checkpoint))?;
    Ok(CopiedLog {
        directory: directory.to_owned(),
        size,
        files,
    })
}
