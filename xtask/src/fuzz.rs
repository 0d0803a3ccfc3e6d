//! `cargo xtask fuzz [TARGET] [--seconds N]`: libFuzzer over the targets of `canbao-hostile`.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{Workspace, cargo, run, succeeds};

/// The targets; each has a file in `fuzz/fuzz_targets` and a function in `canbao-hostile`.
const TARGETS: [&str; 9] = [
    "frames",
    "batches",
    "structure",
    "statements",
    "snapshots",
    "packs",
    "workbooks",
    "notes",
    "proofs",
];

/// The version that `fuzz/` was tried with.
const CARGO_FUZZ: &str = "cargo-fuzz@0.13.2";

/// How long a target runs where nothing is said.
const SECONDS: u32 = 300;

/// No input is longer, takes more memory or more seconds than these. The sanitizers stay away:
/// there is no unsafe code of ours, and what they hold back would count as memory.
const LIBFUZZER: [&str; 4] = [
    "-max_len=1048576",
    "-malloc_limit_mb=300",
    "-timeout=10",
    "-print_final_stats=1",
];

/// The resident memory that a target's process may take, in MiB, libFuzzer's own included. What an
/// input may take is bounded by the allocator of `fuzz/`. The reader of .xls may come to that bound,
/// which in the server ends its process.
fn most_memory(target: &str) -> u32 {
    if target == "workbooks" { 400 } else { 300 }
}

/// What to run and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    targets: Vec<&'static str>,
    seconds: u32,
}

impl Plan {
    /// Reads the arguments of the command; the error says what is wrong with them.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, String> {
        let mut plan = Self {
            targets: TARGETS.to_vec(),
            seconds: SECONDS,
        };
        let mut arguments = arguments.iter().map(|it| it.to_string_lossy());
        while let Some(argument) = arguments.next() {
            if argument == "--seconds" {
                let seconds = arguments.next().and_then(|it| it.parse().ok());
                plan.seconds = seconds.ok_or("`--seconds` needs a number")?;
            } else {
                let target = TARGETS.iter().find(|it| **it == argument);
                let known = TARGETS.join(", ");
                let unknown = || format!("no target `{argument}`; there are {known}");
                plan.targets = vec![*target.ok_or_else(unknown)?];
            }
        }
        Ok(plan)
    }

    /// Runs its targets one after the other, up to the first that fails.
    ///
    /// What is found goes to `fuzz/found`, which git ignores; the kept corpus and the seeds are
    /// only read.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<(), String> {
        if !succeeds(nightly().args(["fuzz", "--version"])) {
            println!("cargo-fuzz is not installed; building it once, which takes a minute");
            run(cargo(workspace).args(["install", "--locked", CARGO_FUZZ]))?;
        }
        let fuzz = workspace.root.join("fuzz");
        let seeds = ["run", "--quiet", "--locked", "--package", "canbao-hostile"];
        run(cargo(workspace)
            .args(seeds)
            .args(["--example", "fuzz-seeds", "--"])
            .arg(fuzz.join("seeds")))?;
        self.targets
            .iter()
            .try_for_each(|target| self.feed(&fuzz, target))
    }

    fn feed(&self, fuzz: &Path, target: &str) -> Result<(), String> {
        let folders = ["found", "corpus", "regressions", "seeds"];
        let folders = folders.map(|kind| fuzz.join(kind).join(target));
        for folder in &folders {
            fs::create_dir_all(folder)
                .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        }
        let mut command = nightly();
        command
            .current_dir(fuzz)
            .args(["fuzz", "run", "--fuzz-dir", ".", "-s", "none", target])
            .args(&folders)
            .arg("--")
            .args(LIBFUZZER)
            .arg(format!("-rss_limit_mb={}", most_memory(target)))
            .arg(format!("-max_total_time={}", self.seconds));
        let words = fuzz.join("words").join(target);
        if words.is_file() {
            command.arg(format!("-dict={}", words.display()));
        }
        run(&mut command)
    }
}

/// The nightly cargo, whichever toolchain runs this program.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]);
    for name in ["CARGO", "RUSTC", "CARGO_TARGET_DIR"] {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn read(arguments: &[&str]) -> Result<Plan, String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        Plan::read(&arguments)
    }

    #[test]
    fn a_target_and_a_time_may_be_named_in_any_order() {
        let plan = |targets: &[&'static str], seconds| {
            let targets = targets.to_vec();
            Ok(Plan { targets, seconds })
        };
        assert_eq!(read(&[]), plan(&TARGETS, SECONDS));
        assert_eq!(read(&["--seconds", "7"]), plan(&TARGETS, 7));
        assert_eq!(read(&["notes", "--seconds", "7"]), plan(&["notes"], 7));
        assert_eq!(read(&["--seconds", "7", "notes"]), plan(&["notes"], 7));
        assert!(read(&["--seconds"]).is_err());
        assert!(read(&["none"]).unwrap_err().contains("frames, batches"));
    }

    #[test]
    fn every_target_that_has_a_file_is_run() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
        let entries = fs::read_dir(files).unwrap();
        let named = entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned());
        let named: BTreeSet<OsString> = named.collect();
        assert_eq!(named, TARGETS.iter().map(OsString::from).collect());
    }
}
