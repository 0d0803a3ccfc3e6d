//! The line between the real centre and the pension simulator, and the same by file: what is
//! taken, what is refused by name, and what both devices show of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod feeds;
mod refusals;
mod shown;
mod simulator;

use std::path::PathBuf;

use canbao_tests::harness::{
    Centre, Device, Insured, Outcome, Pension, SMALL, Site, insured_of, items, path, repository,
    text,
};
use canbao_tests::recording_proxy::RecordingProxy;
use canbao_tests::story::site_in;
use serde_json::Value;
use tempfile::TempDir;

/// A directory for one test and the site in it.
struct Place {
    _directory: TempDir,
    site: Site,
}

/// A centre that reaches the pension side through a proxy, and the unit of twelve.
struct Line<'a> {
    site: &'a Site,
    centre: Centre<'a>,
    employer: Device<'a>,
    agency: Device<'a>,
    pension: Pension<'a>,
    proxy: RecordingProxy,
    insured: Vec<Insured>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let site = site_in(directory.path());
        Self {
            _directory: directory,
            site,
        }
    }

    /// The unit is loaded, both devices are enrolled and synced; no feed came yet.
    fn line(&self) -> Line<'_> {
        let pension = self.site.pension();
        let interface = repository("docs/pension-interface.yaml");
        let upstream = pension.address.parse().unwrap();
        let proxy = RecordingProxy::start(&interface, upstream).unwrap();
        // Nobody answers there: what goes to tax is another test's business.
        let mut centre = self.site.centre("127.0.0.1:9");
        centre.reach_pension(&proxy.address().to_string());
        let [employer, agency] = centre.open_for(&self.site, &SMALL);
        Line {
            site: &self.site,
            centre,
            employer,
            agency,
            pension,
            proxy,
            insured: insured_of(&SMALL.path()),
        }
    }
}

impl Line<'_> {
    fn file(&self, content: &str) -> PathBuf {
        let file = self.site.path("pension.json");
        std::fs::write(&file, content).unwrap();
        file
    }

    /// The pension side has this feed from now on.
    fn tell(&self, feed: &Value) {
        let file = self.file(&feed.to_string());
        let _ = self.pension.tell("feed", &[path(&file)]);
    }

    /// The pension side answers so about the unit from now on.
    fn spoil(&self, status: &str, body: &str) {
        let file = self.file(body);
        let arguments = ["--unit", SMALL.pension_number, "--status", status];
        let answer = [&arguments[..], &[path(&file)]].concat();
        let _ = self.pension.tell("answer", &answer);
    }

    fn take(&self, content: &str) -> Outcome {
        let file = self.file(content);
        self.centre.admin(&["pension", "take", path(&file)])
    }

    fn fetch(&self) -> Outcome {
        let number = SMALL.pension_number;
        self.centre.admin(&["pension", "fetch", number])
    }

    /// What the employer's device shows after a sync.
    fn shown(&self, command: &[&str]) -> Value {
        let _ = self.employer.ok(&["sync"]);
        self.employer.ok(command)
    }

    /// The first of the roster stops after January, approved by the agency.
    fn stop_first(&self) {
        let first = &self.insured[0].personal_number;
        let stop = ["declare", "int", "--person", first, "--month", "2022-01"];
        let stop = [&stop[..], &["--reason", "解除劳动合同"]].concat();
        let _ = self.employer.ok(&stop);
        let _ = self.employer.ok(&["submit", "--all"]);
        let _ = self.employer.ok(&["sync"]);
        let _ = self.agency.ok(&["sync"]);
        let queue = self.agency.ok(&["review", "queue"]);
        let id = text(&queue[0]["id"]);
        let _ = self.agency.ok(&["review", "approve", id]);
        let _ = self.agency.ok(&["sync"]);
    }

    /// How many requests the centre made of the pension side so far.
    fn asked(&self) -> usize {
        let exchanges = self.proxy.exchanges();
        let feed = exchanges
            .iter()
            .filter(|it| it.request.starts_with("GET /v1/units/"));
        feed.count()
    }
}

/// The row of a person by the number of unemployment insurance.
fn row_of<'a>(rows: &'a Value, number: &str) -> &'a Value {
    items(rows)
        .iter()
        .find(|it| it["ours"]["personal_number"] == number)
        .unwrap_or_else(|| panic!("{number} is not in {rows}"))
}
