//! A site: a directory with a centre, a tax bureau and devices in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::Receiver;

use serde_json::Value;

use super::port::steady_address;
use super::process::{Outcome, Process, run};
use super::programs::Programs;

/// A directory in which everything of one story lives.
#[derive(Debug)]
pub struct Site {
    programs: Programs,
    directory: PathBuf,
}

/// The centre of a site; its process runs or not.
#[derive(Debug)]
pub struct Centre<'a> {
    site: &'a Site,
    process: Option<Process>,
    /// The address for devices, fixed by the first start.
    pub quic: String,
    /// The address of checkpoint, tiles, health and metrics.
    pub http: String,
    tax: String,
    /// The pension side's address, where the centre has a line to it.
    pension: Option<String>,
}

/// A device of a site: one data directory.
#[derive(Debug)]
pub struct Device<'a> {
    site: &'a Site,
    /// Its data directory.
    pub directory: PathBuf,
}

/// The tax bureau of a site.
#[derive(Debug)]
pub struct Tax<'a> {
    site: &'a Site,
    process: Option<Process>,
    /// Where it answers.
    pub address: String,
}

/// The pension side of a site; it ends with this value.
#[derive(Debug)]
pub struct Pension<'a> {
    site: &'a Site,
    _process: Process,
    /// Where it answers.
    pub address: String,
}

impl Site {
    /// A site in an empty directory.
    #[must_use]
    pub fn new(programs: Programs, directory: &Path) -> Self {
        Self {
            programs,
            directory: directory.to_owned(),
        }
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The built programs.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Makes the centre's keys and store; nothing runs yet.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn centre(&self, tax: &str) -> Centre<'_> {
        let mut init = self.programs.command("canbao-server");
        init.arg("init")
            .arg(self.path("centre"))
            .arg("--root")
            .arg(self.path("root.key"));
        init.args(["--origin", "canbao.example/shenyang", "--json"]);
        let _ = run("canbao-server init", &mut init).result();
        Centre {
            site: self,
            process: None,
            quic: steady_address(),
            http: steady_address(),
            tax: format!("http://{tax}"),
            pension: None,
        }
    }

    /// Starts a tax bureau.
    #[must_use]
    pub fn tax(&self) -> Tax<'_> {
        let mut tax = Tax {
            site: self,
            process: None,
            address: steady_address(),
        };
        tax.start();
        tax
    }

    /// Starts a pension side.
    #[must_use]
    pub fn pension(&self) -> Pension<'_> {
        let mut serve = self.programs.command("pension-simulator");
        serve.args(["serve", "--listen", &steady_address()]);
        let (process, ready) = Process::start("pension-simulator", &mut serve);
        Pension {
            site: self,
            _process: process,
            address: text(&ready["listening"]),
        }
    }

    /// A device with this name.
    #[must_use]
    pub fn device(&self, name: &str) -> Device<'_> {
        Device {
            site: self,
            directory: self.path(name),
        }
    }
}

impl Centre<'_> {
    /// Has a line to a pension side from its next start on.
    pub fn reach_pension(&mut self, address: &str) {
        self.pension = Some(format!("http://{address}"));
    }

    /// Starts it, on the addresses it had before.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start(&mut self) {
        let mut serve = self.serve();
        // Routine lines would drown the story; a log asked for by the environment is kept.
        if std::env::var_os("CANBAO_LOG").is_none() {
            serve.env("CANBAO_LOG", "error");
        }
        let (process, ready) = Process::start("canbao-server serve", &mut serve);
        self.runs(process, &ready);
    }

    /// Starts it, and gives its log line by line as it comes.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start_telling(&mut self) -> Receiver<String> {
        let mut serve = self.serve();
        serve.env("CANBAO_LOG", "info");
        let (process, ready, log) = Process::start_telling("canbao-server serve", &mut serve);
        self.runs(process, &ready);
        log
    }

    fn serve(&self) -> Command {
        let mut serve = self.site.programs.command("canbao-server");
        serve.arg("serve").arg(self.site.path("centre"));
        serve.args([
            "--listen", &self.quic, "--http", &self.http, "--tax", &self.tax,
        ]);
        if let Some(pension) = &self.pension {
            serve.args(["--pension", pension]);
        }
        serve
    }

    fn runs(&mut self, process: Process, ready: &Value) {
        self.quic = text(&ready["quic"]);
        self.http = text(&ready["http"]);
        self.process = Some(process);
    }

    /// Asks it to end.
    pub fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// An administrator's command, in a process of its own.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn admin(&self, arguments: &[&str]) -> Outcome {
        let mut admin = self.site.programs.command("canbao-server");
        admin
            .arg("admin")
            .arg("--data")
            .arg(self.site.path("centre"))
            .arg("--json");
        run("canbao-server admin", admin.args(arguments))
    }

    /// What it answers over HTTP.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn get(&self, path: &str) -> Vec<u8> {
        let address = format!("http://{}{path}", self.http);
        ureq::get(&address)
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_vec())
            .unwrap_or_else(|error| panic!("{address}: {error}"))
    }
}

impl Device<'_> {
    /// A command of this device, in a process of its own.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run("canbao", self.command().args(arguments))
    }

    /// The result of a command that has to succeed.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn ok(&self, arguments: &[&str]) -> Value {
        self.run(arguments).result()
    }

    /// A command to be given arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = self.site.programs.command("canbao");
        command.arg("--data").arg(&self.directory).arg("--json");
        command
    }
}

impl Tax<'_> {
    /// Starts it, on the address it had before.
    ///
    /// # Panics
    /// When it does not get ready.
    pub fn start(&mut self) {
        let mut serve = self.site.programs.command("tax-simulator");
        serve
            .arg("serve")
            .arg(self.site.path("tax"))
            .args(["--listen", &self.address]);
        let (process, ready) = Process::start("tax-simulator", &mut serve);
        self.address = text(&ready["listening"]);
        self.process = Some(process);
    }

    /// Tells it to do something; its answer.
    ///
    /// # Panics
    /// When it refuses.
    #[must_use]
    pub fn tell(&self, command: &str, arguments: &[&str]) -> Value {
        let mut tell = self.site.programs.command("tax-simulator");
        tell.arg(command)
            .args(["--at", &self.address])
            .args(arguments);
        let outcome = run("tax-simulator", &mut tell);
        assert_eq!(
            outcome.code,
            Some(0),
            "tax-simulator {command}: {}",
            outcome.stderr
        );
        outcome.json
    }

    /// A file beside its data.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.site.path(name)
    }

    /// Waits until it died by itself.
    ///
    /// # Panics
    /// When it does not run.
    pub fn wait_for_death(&mut self) {
        let _ = self.process.take().expect("it runs").wait();
    }
}

impl Pension<'_> {
    /// Tells it to do something; what it did, or why not.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn tell(&self, command: &str, arguments: &[&str]) -> Outcome {
        let mut tell = self.site.programs.command("pension-simulator");
        tell.arg(command)
            .args(["--at", &self.address])
            .args(arguments);
        run("pension-simulator", &mut tell)
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}
