//! What takes long to make is made once and kept between runs, under `target/bench`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use canbao_client::Door;
use canbao_core::message::Lang;
use canbao_server::centre::Centre;
use tempfile::TempDir;

use crate::centre;
use crate::machine;

/// What is kept by another recipe is not used: it goes up when what is made changes.
const RECIPE: u32 = 1;

/// The directory of a centre that `fill` filled, closed, with its views up to date.
pub(crate) fn centre(name: &str, fill: impl AsyncFnOnce(&Centre)) -> PathBuf {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let opens = |directory: &Path| match Centre::open(directory) {
        Ok(centre) => {
            runtime.block_on(centre.stop());
            true
        }
        Err(_) => false,
    };
    let make = |directory: &Path| {
        centre::found(directory);
        runtime.block_on(async {
            let centre = centre::open(directory);
            fill(&centre).await;
            centre.stop().await;
        });
    };
    kept(name, opens, make)
}

/// The directory of a device that `make` enrolled and synced.
pub(crate) fn device(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    kept(name, |it| Door::open(it, Lang::Zh).is_ok(), make)
}

/// A copy of a directory's files, on the disk, to be changed at will.
pub(crate) fn copy(directory: &Path) -> TempDir {
    let copy = machine::scratch();
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("listed");
        if entry.file_type().expect("known").is_file() {
            let to = copy.path().join(entry.file_name());
            let _ = fs::copy(entry.path(), &to).expect("copied");
            // What the kernel still has to write would be written in the time of a figure.
            File::open(&to)
                .and_then(|it| it.sync_all())
                .expect("synced");
        }
    }
    copy
}

fn kept(name: &str, opens: impl Fn(&Path) -> bool, make: impl FnOnce(&Path)) -> PathBuf {
    let directory = machine::place().join(format!("{name}-{RECIPE}"));
    if directory.exists() {
        if opens(&directory) {
            return directory;
        }
        fs::remove_dir_all(&directory).expect("removed");
    }
    eprintln!("  {name} is made once, and kept in {}", directory.display());
    // One that was not made to its end has no name by which it is found.
    let making = machine::scratch();
    make(making.path());
    fs::rename(making.keep(), &directory).expect("renamed");
    directory
}
