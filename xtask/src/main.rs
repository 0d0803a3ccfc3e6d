//! `cargo xtask demo`, `test`, `simulate`, `requirements`, `control`, `fuzz`, `bench`: the commands.

mod evidence;
mod fuzz;
mod process;
mod requirements;
mod steps;
mod suite;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use process::{Workspace, become_program, cargo, run};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [--once]   build the programs and run the story; --once needs no person and exits
  test            format, lints, dependencies, all tests, the README's requirement table
  simulate [--seeds N] [--from SEED] [--trace]
                  run the whole system over a simulated network, clocks and disks
  requirements    the README's requirement table alone
  control         power cuts over an engine with known faults, which must be found, and over ours
  fuzz [TARGET] [--seconds N]
                  libFuzzer over all targets or one, 300 seconds each; needs a nightly toolchain
  bench [NAME...] [--json]
                  take the figures, all or those named, as a table or as JSON; JSON goes to
                  target/bench.json too";

/// The exit code for a command line that cannot be understood.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let command = arguments.next();
    let rest: Vec<OsString> = arguments.collect();
    let workspace = match workspace() {
        Ok(workspace) => workspace,
        Err(reason) => return fail(&reason),
    };
    match command.as_deref().and_then(|name| name.to_str()) {
        Some("demo") => demo(&workspace, &rest),
        Some("test") if rest.is_empty() => suite::test(&workspace),
        Some("requirements") if rest.is_empty() => suite::requirements(&workspace),
        Some("simulate") => simulate(&workspace, &rest),
        Some("bench") => bench(&workspace, &rest),
        Some("fuzz") => feed(&workspace, &rest),
        Some("control") if rest.is_empty() => suite::control(&workspace),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some(command @ ("test" | "requirements" | "control")) => {
            misuse(&format!("`cargo xtask {command}` takes no arguments"))
        }
        Some(other) => misuse(&format!("unknown command `{other}`")),
        None => misuse("a command is missing"),
    }
}

/// Builds every program of the workspace and becomes the demo.
///
/// The demo starts the other programs and finds them by `CANBAO_BIN_DIR`.
fn demo(workspace: &Workspace, arguments: &[OsString]) -> ExitCode {
    if let Err(reason) = run(cargo(workspace).args(suite::BUILD_PROGRAMS)) {
        return fail(&format!("the programs do not build: {reason}"));
    }
    let program = workspace
        .programs
        .join(format!("canbao-demo{}", env::consts::EXE_SUFFIX));
    let mut demo = Command::new(program);
    demo.args(arguments)
        .current_dir(&workspace.root)
        .env("CANBAO_BIN_DIR", &workspace.programs);
    fail(&become_program(demo))
}

/// Runs seeds of the simulation; the arguments go to it.
fn simulate(workspace: &Workspace, arguments: &[OsString]) -> ExitCode {
    let mut simulate = cargo(workspace);
    simulate
        .args(["run", "--quiet", "--package", "canbao-tests", "--locked"])
        .args(["--bin", "canbao-simulate", "--"])
        .args(arguments);
    fail(&become_program(simulate))
}

fn bench(workspace: &Workspace, arguments: &[OsString]) -> ExitCode {
    let mut bench = cargo(workspace);
    bench
        .args(["bench", "--package", "canbao-tests", "--bench", "figures"])
        .args(["--locked", "--"])
        .args(arguments);
    fail(&become_program(bench))
}

fn feed(workspace: &Workspace, arguments: &[OsString]) -> ExitCode {
    match fuzz::Plan::read(arguments).map(|plan| plan.run(workspace)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(reason)) => fail(&reason),
        Err(reason) => misuse(&reason),
    }
}

/// Where this repository is and where cargo put this program, hence puts its siblings.
fn workspace() -> Result<Workspace, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .expect("the package lies in a directory of the workspace");
    let programs = env::current_exe()
        .ok()
        .as_deref()
        .and_then(Path::parent)
        .map(PathBuf::from)
        .ok_or("the directory of this program cannot be found; run `cargo xtask`")?;
    Ok(Workspace { root, programs })
}

fn misuse(reason: &str) -> ExitCode {
    eprintln!("{reason}\n\n{USAGE}");
    ExitCode::from(MISUSED)
}

fn fail(reason: &str) -> ExitCode {
    eprintln!("xtask: {reason}");
    ExitCode::FAILURE
}
