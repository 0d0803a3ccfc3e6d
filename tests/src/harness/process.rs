//! A running program and the outcome of one that ended.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use super::DEADLINE;

/// A program that runs until it is stopped, killed or dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
}

/// What a program that ended left.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The JSON document it printed.
    pub json: Value,
    /// What it said on stderr.
    pub stderr: String,
}

impl Process {
    /// Starts a program and waits for its line of JSON that says it is ready.
    ///
    /// # Panics
    /// When it ends or says nothing before the deadline; its stderr is shown.
    pub fn start(name: &str, command: &mut Command) -> (Self, Value) {
        Self::start_with(name, command.stderr(Stdio::inherit()))
    }

    /// The same for a program whose log is wanted: its lines, as they come.
    ///
    /// # Panics
    /// As [`Process::start`].
    pub fn start_telling(
        name: &str,
        command: &mut Command,
    ) -> (Self, Value, mpsc::Receiver<String>) {
        let (mut process, ready) = Self::start_with(name, command.stderr(Stdio::piped()));
        let log = process.child.stderr.take().expect("piped above");
        let (told, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Read on when nobody listens, so that the program never blocks on a full pipe.
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        (process, ready, lines)
    }

    fn start_with(name: &str, command: &mut Command) -> (Self, Value) {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let stdout = child.stdout.take().expect("piped above");
        let process = Self {
            child,
            name: name.to_owned(),
        };
        let (said, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            let _ = said.send(lines.next().and_then(Result::ok));
            // Read on, so that the program never blocks on a full pipe.
            for _ in lines.map_while(Result::ok) {}
        });
        let line = ready
            .recv_timeout(DEADLINE)
            .ok()
            .flatten()
            .unwrap_or_else(|| panic!("{name} did not say that it is ready"));
        let json = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{name} said {line:?}: {error}"));
        (process, json)
    }

    /// Asks it to end and waits until it did.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn stop(mut self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap_or_else(|error| panic!("{} cannot be asked to end: {error}", self.name));
        assert!(asked.success(), "{} cannot be asked to end", self.name);
        let _ = self.child.wait();
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until it ended by itself.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn wait(mut self) -> Option<i32> {
        self.child
            .wait()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
            .code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
///
/// # Panics
/// When it does not start or prints something else than one JSON document.
pub(super) fn run(name: &str, command: &mut Command) -> Outcome {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
    let mut errors = child.stderr.take().expect("piped above");
    let stderr = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = errors.read_to_string(&mut text);
        text
    });
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .expect("piped above")
        .read_to_string(&mut stdout)
        .unwrap_or_else(|error| panic!("{name} printed no text: {error}"));
    let status = child
        .wait()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let stderr = stderr.join().unwrap_or_default();
    let json = serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("{name} printed {stdout:?} and {stderr:?}: {error}"));
    Outcome {
        code: status.code(),
        json,
        stderr,
    }
}

impl Outcome {
    /// The result of a command that succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[must_use]
    pub fn result(self) -> Value {
        assert_eq!(self.code, Some(0), "failed: {} {}", self.json, self.stderr);
        assert_eq!(self.json["ok"], true, "failed: {}", self.json);
        self.json["result"].clone()
    }

    /// The error of a command that failed with this exit code.
    ///
    /// # Panics
    /// When it succeeded or failed otherwise.
    #[must_use]
    pub fn error(self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{} {}", self.json, self.stderr);
        assert_eq!(self.json["ok"], false, "{}", self.json);
        self.json["error"].clone()
    }
}
