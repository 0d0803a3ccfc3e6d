//! The steps of `cargo xtask test`, the one command that says whether the repository is right.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path};
use std::process::ExitCode;
use std::time::Duration;

use crate::process::{Workspace, cargo, run, run_within, succeeds};
use crate::requirements;
use crate::steps::{Failure, Outcome, Step, run_all};

/// Builds what the demo and the end-to-end tests start as processes of their own.
pub(crate) const BUILD_PROGRAMS: [&str; 4] = ["build", "--workspace", "--bins", "--locked"];

/// The version that `deny.toml` is written for and that the pinned compiler builds.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// How long the advisory database may take to arrive before it counts as unreachable.
const DATABASE_LIMIT: Duration = Duration::from_secs(60);

/// Runs all steps; the exit code is 0 only when every one passed.
pub(crate) fn test(workspace: &Workspace) -> ExitCode {
    let steps = vec![
        step("format", || format(workspace)),
        step("clippy", || clippy(workspace)),
        step("dependencies", || dependencies(workspace)),
        step("advisories", || advisories(workspace)),
        step("build", || build(workspace)),
        step("documentation tests", || documentation_tests(workspace)),
        step("tests", || tests(workspace)),
        step("requirements table", || requirements_table(workspace)),
    ];
    verdict(steps)
}

/// Runs the step that compares the README's table with requirements and tests.
pub(crate) fn requirements(workspace: &Workspace) -> ExitCode {
    verdict(vec![step("requirements table", || {
        requirements_table(workspace)
    })])
}

/// Runs the control of the power cuts: what is known of an older engine must be found, and
/// nothing in the store's own.
pub(crate) fn control(workspace: &Workspace) -> ExitCode {
    verdict(vec![
        step("redb 4.1, which has faults", || {
            let manifest = "tests/control/redb-4.1/Cargo.toml";
            let target = workspace.root.join("target/control");
            let target = target.to_string_lossy();
            let arguments = ["run", "--locked", "--manifest-path", manifest];
            let arguments = [&arguments[..], &["--target-dir", &*target, "--", "faults"]].concat();
            let advice = "the trials find nothing where something is: see what they no longer do";
            cargo_step(workspace, &arguments, advice)
        }),
        step("the store's redb, which must have none", || {
            let arguments = [
                "run",
                "--locked",
                "--package",
                "canbao-control",
                "--",
                "none",
            ];
            let advice = "the seed above replays it; do not release with this engine";
            cargo_step(workspace, &arguments, advice)
        }),
    ])
}

fn verdict(steps: Vec<Step<'_>>) -> ExitCode {
    match run_all(steps, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn step<'a>(
    name: &'static str,
    action: impl FnOnce() -> Result<Outcome, Failure> + 'a,
) -> Step<'a> {
    Step {
        name,
        action: Box::new(action),
    }
}

fn format(workspace: &Workspace) -> Result<Outcome, Failure> {
    require_component(workspace, "fmt", "rustfmt")?;
    let advice = "run `cargo fmt --all` and look at what it changed";
    cargo_step(workspace, &["fmt", "--all", "--check"], advice)
}

fn clippy(workspace: &Workspace) -> Result<Outcome, Failure> {
    require_component(workspace, "clippy", "clippy")?;
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ];
    let advice = "change what the first message names; if it is about Cargo.lock, \
                  build once without --locked and commit the file";
    cargo_step(workspace, &arguments, advice)
}

fn dependencies(workspace: &Workspace) -> Result<Outcome, Failure> {
    if !succeeds(cargo(workspace).args(["deny", "--version"])) {
        println!("cargo-deny is not installed; building it once, which takes some minutes");
        let advice = "install it by hand: `cargo install --locked cargo-deny`";
        cargo_step(workspace, &["install", "--locked", CARGO_DENY], advice)?;
    }
    let arguments = ["deny", "--locked", "check", "bans", "licenses", "sources"];
    let advice = "choose another dependency, or say in deny.toml why this one is right";
    cargo_step(workspace, &arguments, advice)
}

/// Advisories need a database from the internet. Without it they are not checked, and the summary
/// says so; everything else still is.
fn advisories(workspace: &Workspace) -> Result<Outcome, Failure> {
    let mut fetch = cargo(workspace);
    fetch.args(["deny", "--locked", "fetch", "db"]);
    if let Err(reason) = run_within(DATABASE_LIMIT, &mut fetch) {
        return Ok(Outcome::Unchecked(format!(
            "the advisory database is not reachable, {reason}"
        )));
    }
    let arguments = ["deny", "--locked", "check", "advisories"];
    let advice = "update the crate, or say in deny.toml why the advisory does not concern us";
    cargo_step(workspace, &arguments, advice)
}

fn build(workspace: &Workspace) -> Result<Outcome, Failure> {
    cargo_step(
        workspace,
        &BUILD_PROGRAMS,
        "change what the first error names",
    )
}

/// Before the other tests, so that the count of all tests is the last thing a runner prints.
fn documentation_tests(workspace: &Workspace) -> Result<Outcome, Failure> {
    let arguments = ["test", "--workspace", "--doc", "--locked"];
    cargo_step(workspace, &arguments, "see the failing example above")
}

fn tests(workspace: &Workspace) -> Result<Outcome, Failure> {
    let has_nextest = succeeds(cargo(workspace).args(["nextest", "--version"]));
    let arguments: &[&str] = if has_nextest {
        &["nextest", "run", "--workspace", "--locked"]
    } else {
        &[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--locked",
        ]
    };
    cargo_step(
        workspace,
        arguments,
        "see the first failing test above; run it alone by its name",
    )
}

fn requirements_table(workspace: &Workspace) -> Result<Outcome, Failure> {
    let requirements = read(workspace, requirements::REQUIREMENTS)?;
    let readme = read(workspace, requirements::README)?;
    match requirements::check(&requirements, &readme, |path| {
        rust_sources(&workspace.root, path)
    }) {
        Ok(tally) => {
            println!("{tally}");
            Ok(Outcome::Passed)
        }
        Err(problems) => {
            let mut out = io::stdout();
            for problem in &problems {
                // A closed output changes nothing about the verdict.
                writeln!(out, "{problem}").ok();
            }
            Err(Failure {
                reason: format!("{} problems in the requirements table", problems.len()),
                advice: format!("correct {} as each line above says", requirements::README),
            })
        }
    }
}

fn cargo_step(workspace: &Workspace, arguments: &[&str], advice: &str) -> Result<Outcome, Failure> {
    match run(cargo(workspace).args(arguments)) {
        Ok(()) => Ok(Outcome::Passed),
        Err(reason) => Err(Failure {
            reason,
            advice: advice.into(),
        }),
    }
}

fn require_component(workspace: &Workspace, command: &str, name: &str) -> Result<(), Failure> {
    if succeeds(cargo(workspace).args([command, "--version"])) {
        return Ok(());
    }
    Err(Failure {
        reason: format!("`cargo {command}` is not installed"),
        advice: format!("`rustup component add {name}`"),
    })
}

fn read(workspace: &Workspace, path: &str) -> Result<String, Failure> {
    fs::read_to_string(workspace.root.join(path)).map_err(|error| Failure {
        reason: format!("{path} cannot be read: {error}"),
        advice: "restore the file from git".into(),
    })
}

/// The Rust sources at or under `path`; none for another kind of file, `None` where nothing is.
///
/// A path that leaves the repository counts as nothing.
fn rust_sources(root: &Path, path: &str) -> Option<Vec<String>> {
    let inside = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let place = root.join(path);
    if path.is_empty() || !inside || !place.exists() {
        return None;
    }
    let mut sources = Vec::new();
    collect(&place, &mut sources);
    Some(sources)
}

fn collect(place: &Path, sources: &mut Vec<String>) {
    if place.extension().is_some_and(|extension| extension == "rs") {
        sources.extend(fs::read_to_string(place));
    }
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        // A link could lead out of the repository or in a circle.
        if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            collect(&entry.path(), sources);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn sources_of_a_file_a_directory_and_another_kind_of_file() {
        assert_eq!(
            rust_sources(root(), "src/suite.rs").map(|found| found.len()),
            Some(1)
        );
        assert!(rust_sources(root(), "src").is_some_and(|found| found.len() > 1));
        assert_eq!(rust_sources(root(), "Cargo.toml"), Some(Vec::new()));
    }

    #[test]
    fn a_path_that_is_absent_or_leaves_the_repository_has_no_sources() {
        for path in ["src/absent.rs", "../xtask/src/main.rs", "/", ""] {
            assert_eq!(rust_sources(root(), path), None, "{path}");
        }
    }
}
