//! Starts cargo and the programs of the workspace.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Two directories of this repository.
pub(crate) struct Workspace {
    /// Holds the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Holds the programs that cargo built.
    pub(crate) programs: PathBuf,
}

/// The cargo that runs this program, started at the workspace's root.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&workspace.root);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(describes_this_package) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs `command` to its end with this program's own input and output, its command line first.
///
/// The error says how it ended, or why it could not start.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    println!("$ {}", line(command));
    let status = command
        .status()
        .map_err(|error| format!("`{}` cannot start: {error}", line(command)))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` ended with {status}", line(command)))
}

/// Like [`run`], but ends the command after `limit`, because a network may neither work nor fail.
pub(crate) fn run_within(limit: Duration, command: &mut Command) -> Result<(), String> {
    let shown = line(command);
    println!("$ {shown}");
    let cannot = |error| format!("`{shown}` cannot be run: {error}");
    let deadline = Instant::now() + limit;
    let mut child = command.spawn().map_err(cannot)?;
    loop {
        match child.try_wait().map_err(cannot)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("`{shown}` ended with {status}")),
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(50)),
            None => {
                child.kill().and_then(|()| child.wait()).map_err(cannot)?;
                return Err(format!("`{shown}` took over {limit:?}"));
            }
        }
    }
}

/// Whether `command` can be run and succeeds; its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Lets `command` take this process over, so that signals and the exit code are its own.
///
/// Returns only when it cannot start, with the reason.
#[cfg(unix)]
pub(crate) fn become_program(mut command: Command) -> String {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    format!("`{}` cannot start: {error}", line(&command))
}

/// Runs `command` and leaves with its exit code; returns only when it cannot start, with the reason.
#[cfg(not(unix))]
pub(crate) fn become_program(mut command: Command) -> String {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => format!("`{}` cannot start: {error}", line(&command)),
    }
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// `cargo run` describes xtask to xtask in these variables. Build scripts that watch one of them
/// would run again after every change between `cargo xtask` and plain cargo.
fn describes_this_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rustc(argument: &str) -> Command {
        let mut command = Command::new("rustc");
        command.arg(argument).stdout(Stdio::null());
        command
    }

    #[test]
    fn a_command_line_shows_the_name_of_the_program_without_its_directory() {
        let mut command = Command::new("/some/where/cargo");
        command.args(["test", "--locked"]);
        assert_eq!(line(&command), "cargo test --locked");
    }

    #[test]
    fn an_exit_code_other_than_zero_is_an_error_that_names_the_command() {
        let error = run(rustc("--no-such-option").stderr(Stdio::null())).unwrap_err();
        assert!(error.contains("rustc --no-such-option"), "{error}");
        assert!(error.contains("exit"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let mut absent = Command::new("no-such-program-of-canbao");
        assert!(run(&mut absent).unwrap_err().contains("cannot start"));
        assert!(!succeeds(&mut absent));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        // A compiler that reads its source from an input which never ends.
        let mut hanging = rustc("-");
        hanging.stdin(Stdio::piped()).stderr(Stdio::null());
        let error = run_within(Duration::from_millis(100), &mut hanging).unwrap_err();
        assert!(error.contains("took over"), "{error}");
    }

    #[test]
    fn a_command_that_is_quick_enough_is_not_ended() {
        assert_eq!(
            run_within(Duration::from_secs(60), &mut rustc("--version")),
            Ok(())
        );
    }
}
