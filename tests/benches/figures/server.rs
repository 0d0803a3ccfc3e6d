//! `canbao-server serve` in a process of its own: the same function that the program calls.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use canbao_core::message::Lang;
use canbao_core::newest::Newest;
use canbao_core::store::{SealingKey, Store};
use canbao_server::border;
use canbao_server::centre::{Centre, OpenError};
use canbao_server::keys::{self, KeysError};
use canbao_server::serve::{Serve, serve_opened_by};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

/// The hidden commands under which this program is the server.
pub(crate) const SERVE: &str = "serve";
pub(crate) const SERVE_SLOWED: &str = "serve-slowed";

/// How long a sync takes at least where the disk is slowed.
pub(crate) const SLOWED: Duration = Duration::from_micros(1_200);

/// What the server's store lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    AsItIs,
    /// Each sync takes [`SLOWED`] at least.
    Slowed,
}

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    /// Where devices reach it.
    pub(crate) address: String,
}

impl Server {
    /// Starts it over a centre's directory and waits until it is ready.
    pub(crate) fn start(directory: &Path, disk: Disk) -> Self {
        let own = std::env::current_exe().expect("a running program has a path");
        let log = File::create(directory.join("server.log")).expect("a file");
        let command = match disk {
            Disk::AsItIs => SERVE,
            Disk::Slowed => SERVE_SLOWED,
        };
        let mut child = Command::new(own)
            .arg(command)
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("this program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("piped above");
        let _ = BufReader::new(output)
            .read_line(&mut line)
            .expect("it says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = ready["quic"].as_str().expect("an address").to_owned();
        Self { child, address }
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut does: by SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        let _ = self.child.wait().expect("it ended");
    }
}

impl Drop for Server {
    /// None outlives a figure that failed; one that was killed is gone already.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is the server, with the log that the program writes.
pub(crate) fn answer(directory: &str, disk: Disk) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info"))
        .with_writer(std::io::stderr)
        .init();
    let any = "127.0.0.1:0".parse().expect("an address");
    let serve = Serve {
        directory: PathBuf::from(directory),
        listen: any,
        http: any,
        tax: None,
        pension: None,
    };
    let open = match disk {
        Disk::AsItIs => Centre::open,
        Disk::Slowed => open_slowed,
    };
    match serve_opened_by(open, &serve, Lang::En) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn open_slowed(directory: &Path) -> Result<Centre, OpenError> {
    let key = SealingKey::read_file(&directory.join(keys::SEALING_KEY)).map_err(KeysError::from)?;
    let store = Store::open_slowed(&directory.join(keys::STORE), &key, SLOWED);
    let store = store.map_err(KeysError::from)?;
    let keys = keys::read(&store)?;
    Centre::over(store, keys, Arc::new(border::salt), Newest::KNOWN)
}
