//! Where the built programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of the built programs.
#[derive(Debug, Clone)]
pub struct Programs {
    directory: PathBuf,
}

/// A program that was not built.
#[derive(Debug, thiserror::Error)]
#[error("{program} is not in {directory}: run `cargo build --workspace --bins` first")]
pub struct ProgramsMissing {
    program: &'static str,
    directory: String,
}

const NEEDED: [&str; 4] = [
    "canbao",
    "canbao-server",
    "tax-simulator",
    "pension-simulator",
];

impl Programs {
    /// The directory named by `CANBAO_BIN_DIR`, or the one beside the running test or demo.
    ///
    /// # Errors
    /// [`ProgramsMissing`], naming the first that is not there.
    ///
    /// # Panics
    /// Where the running program has no path.
    pub fn locate() -> Result<Self, ProgramsMissing> {
        let directory = std::env::var_os("CANBAO_BIN_DIR").map_or_else(beside_us, PathBuf::from);
        match NEEDED
            .into_iter()
            .find(|program| !directory.join(program).is_file())
        {
            None => Ok(Self { directory }),
            Some(program) => Err(ProgramsMissing {
                program,
                directory: directory.display().to_string(),
            }),
        }
    }

    /// A command that runs one of them.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        Command::new(self.path(program))
    }

    /// The path of one of them.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.directory.join(program)
    }
}

/// Tests run from `deps`, one below the programs.
fn beside_us() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let directory = own.parent().unwrap_or(Path::new("."));
    if directory.ends_with("deps") {
        directory.parent().unwrap_or(directory).to_owned()
    } else {
        directory.to_owned()
    }
}
