//! The real simulator as a process, every answer of which is checked against the interface.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use canbao_tests::openapi::Interface;
use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_tax-simulator");

/// The interface's description in the repository.
pub(crate) fn description() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tax-interface.yaml")
}

pub(crate) struct Simulator {
    pub(crate) interface: Interface,
    pub(crate) address: SocketAddr,
    child: Child,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Simulator {
    pub(crate) fn start(directory: &Path) -> Self {
        let mut child = Command::new(BINARY)
            .arg("serve")
            .arg(directory)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON when it is ready");
        let address = ready["listening"].as_str().unwrap().parse().unwrap();
        Self {
            interface: Interface::load(&description()).unwrap(),
            address,
            child,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let response = agent().get(self.url(path)).call().unwrap();
        self.checked("GET", path, response)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body.to_string().as_bytes())
            .expect("an answer")
    }

    /// None where the simulator ended without an answer.
    pub(crate) fn try_post(&self, path: &str, body: &[u8]) -> Option<Answer> {
        let request = agent()
            .post(self.url(path))
            .content_type("application/json");
        let response = request.send(body).ok()?;
        Some(self.checked("POST", path, response))
    }

    /// Sends a transaction that is as the interface says.
    pub(crate) fn send(&self, transaction: &Value) -> Answer {
        assert_eq!(
            self.interface.check_request("sendTransaction", transaction),
            Ok(())
        );
        self.post("/v1/transactions", transaction)
    }

    /// A control request that must succeed.
    pub(crate) fn simulate(&self, what: &str, request: &Value) -> Value {
        let answer = self.post(&format!("/simulate/{what}"), request);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        answer.body
    }

    /// All events after a sequence number that fit in one page.
    pub(crate) fn events(&self, after: u64) -> Vec<Value> {
        let answer = self.get(&format!("/v1/events?after={after}"));
        answer.body["events"].as_array().unwrap().clone()
    }

    pub(crate) fn kinds(&self, after: u64) -> Vec<String> {
        let events = self.events(after);
        events
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn state(&self) -> Value {
        self.get("/simulate/state").body
    }

    /// Waits for the end that a fault brings.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The command line's side, against this simulator.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let at = self.address.to_string();
        Command::new(BINARY)
            .args(arguments)
            .args(["--at", &at])
            .output()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn checked(
        &self,
        method: &str,
        path: &str,
        response: ureq::http::Response<ureq::Body>,
    ) -> Answer {
        let (parts, mut body) = response.into_parts();
        let body: Value = body.with_config().limit(64 << 20).read_json().unwrap();
        let status = parts.status.as_u16();
        let bare = path.split('?').next().unwrap();
        if let Ok(operation) = self.interface.operation(method, bare) {
            let media_type = parts.headers["content-type"].to_str().unwrap();
            assert_eq!(
                self.interface.check_response(operation, status, &body),
                Ok(()),
                "{body}"
            );
            assert_eq!(
                self.interface
                    .check_media_type(operation, Some(status), media_type),
                Ok(())
            );
        }
        Answer { status, body }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}
