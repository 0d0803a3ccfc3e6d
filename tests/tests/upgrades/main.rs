//! Upgrades in any order, with the real programs on one side and the program of yesterday on the
//! other: what the older one does not know waits, is shown, and goes on once it is updated.

use std::sync::Arc;

use canbao_client::Door;
use canbao_client::request::{Context, Request};
use canbao_client::response::{Response, StatusView, SyncReport};
use canbao_core::newest::Newest;
use canbao_core::store::{Commit, Stream};
use canbao_server::border;
use canbao_server::keys;
use canbao_server::peers::Peers;
use canbao_tests::harness::{Centre, Device, SMALL, Site, count, insured_of, items, text};
use canbao_tests::story::site_in;
use canbao_transport::Limits;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A directory for one test and the site in it.
struct Place {
    _directory: TempDir,
    site: Site,
}

/// A running centre with the unit of twelve, and two devices of its employer.
struct Office<'a> {
    site: &'a Site,
    centre: Centre<'a>,
    device: Device<'a>,
    other: Device<'a>,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let site = site_in(directory.path());
        Self {
            _directory: directory,
            site,
        }
    }

    fn office(&self) -> Office<'_> {
        let mut centre = self.site.centre("127.0.0.1:9");
        centre.start();
        centre.load_common();
        let _ = centre.load(&SMALL);
        let (device, other) = (self.site.device("device"), self.site.device("other"));
        for (device, operator) in [(&device, "单位经办人钱"), (&other, "单位经办人吴")]
        {
            centre.enrol_employer(device, &SMALL, operator);
            let _ = device.ok(&["sync"]);
        }
        Office {
            site: &self.site,
            centre,
            device,
            other,
        }
    }
}

impl Office<'_> {
    /// Declares a wage for the person of this row; nothing is submitted or sent.
    fn declare(&self, device: &Device<'_>, row: usize) {
        let person = &insured_of(&SMALL.path())[row].personal_number;
        let wage = ["declare", "wage", "--person", person, "--wage", "6800.00"];
        let months = ["--from", "2022-02", "--to", "2022-12"];
        let _ = device.ok(&[&wage[..], &months].concat());
    }

    /// What a person reads.
    fn status_in_words(&self) -> String {
        let mut command = self.site.programs().command("canbao");
        command.arg("--data").arg(&self.device.directory);
        let said = command.arg("status").output().expect("runs");
        String::from_utf8(said.stdout).expect("text")
    }
}

/// The statuses of everything declared, by code.
fn statuses(device: &Device<'_>) -> Vec<String> {
    let declared = device.ok(&["declare", "list"]);
    let code = |row: &Value| text(&row["status"]["code"]).to_owned();
    items(&declared).iter().map(code).collect()
}

/// Does something while a centre of the same data that knows the formats so far serves devices.
fn with_older_centre<T>(office: &Office<'_>, newest: Newest, act: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (store, keys) = keys::open(&office.site.path("centre")).expect("opens");
    let centre = canbao_server::centre::Centre::over(store, keys, Arc::new(border::salt), newest)
        .expect("opens");
    let address = office.centre.quic.parse().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let served = {
        let _within = runtime.enter();
        let clock = Arc::new(border::now);
        let peers = Peers::listen(
            centre.clone(),
            address,
            Limits::default(),
            clock,
            Arc::default(),
        )
        .expect("listens");
        runtime.spawn(peers.run(async move { drop(stopped.await) }))
    };
    let done = act();
    stop.send(()).expect("it serves");
    runtime.block_on(async {
        served.await.expect("no panic");
        centre.stop().await;
    });
    done
}

/// What a device of yesterday's program exchanges and shows.
fn with_older_device(device: &Device<'_>, newest: Newest) -> (SyncReport, StatusView) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let door = Door::open_knowing(&device.directory, newest).expect("opens");
    let context = Context::default();
    let synced = runtime.block_on(door.ask(&context, Request::Sync { watch: false }));
    let Ok(Response::Synced(report)) = synced else {
        panic!("a report")
    };
    let shown = runtime.block_on(door.ask(&context, Request::Status));
    let Ok(Response::Status(status)) = shown else {
        panic!("a status")
    };
    (report, *status)
}

#[test]
fn what_an_older_centre_cannot_read_waits_on_the_device_until_it_is_updated() {
    for newest in [
        Newest {
            schema: Newest::KNOWN.schema - 1,
            ..Newest::KNOWN
        },
        Newest {
            statement: 0,
            ..Newest::KNOWN
        },
    ] {
        let place = Place::new();
        let mut office = place.office();
        office.declare(&office.device, 0);
        let _ = office.device.ok(&["submit", "--all"]);
        office.centre.stop();
        with_older_centre(&office, newest, || {
            let report = office.device.ok(&["sync"]);
            assert_eq!(report["sent"], 1, "the rest goes on: {report}");
            let again = office.device.ok(&["sync"]);
            assert_eq!(
                (&again["queued"], &again["held"], &again["refused"]),
                (&1.into(), &1.into(), &Value::Array(Vec::new())),
                "{again}"
            );
        });
        let status = office.device.ok(&["status"]);
        assert_eq!(count(&status["held"], "/what/code", "at_centre"), 1);
        assert_eq!(
            count(&status["warnings"], "/code", "status.centre_needs_update"),
            1,
            "{status}"
        );
        let words = office.status_in_words();
        assert!(words.contains("待中心更新"), "{words}");

        office.centre.start();
        let report = office.device.ok(&["sync"]);
        assert_eq!(report["queued"], 0, "{report}");
        assert_eq!(statuses(&office.device), ["received"]);
        let status = office.device.ok(&["status"]);
        assert_eq!(items(&status["held"]).len(), 0, "{status}");
        let _ = office.other.ok(&["sync"]);
        assert_eq!(statuses(&office.other), ["received"]);
    }
}

#[test]
fn what_an_older_device_cannot_read_waits_in_its_store_until_it_is_updated() {
    for (newest, what) in [
        (
            Newest {
                schema: Newest::KNOWN.schema - 1,
                ..Newest::KNOWN
            },
            "changes",
        ),
        (
            Newest {
                // The receipt is the newest fact that it knows.
                fact: 11,
                ..Newest::KNOWN
            },
            "facts",
        ),
    ] {
        let place = Place::new();
        let office = place.office();
        office.declare(&office.device, 0);
        let _ = office.device.ok(&["submit", "--all"]);
        office.declare(&office.device, 1);
        let _ = office.device.ok(&["sync"]);

        let (report, status) = with_older_device(&office.other, newest);
        assert!(report.entries >= 3, "everything is kept: {report:?}");
        let held = status
            .held
            .iter()
            .map(|it| (it.what.code.as_str(), it.count));
        assert_eq!(held.collect::<Vec<_>>(), [(what, 2)]);
        assert_eq!(status.needs_update, 2);
        let warned = |it: &str| status.warnings.iter().any(|at| at.code == it);
        assert!(warned("status.needs_update"));
        assert_eq!(status.received, 1, "{status:?}");
        assert_eq!(status.drafts, 0);

        let updated = office.other.ok(&["status"]);
        assert_eq!(updated["needs_update"], 0, "{updated}");
        assert_eq!(items(&updated["held"]).len(), 0);
        assert_eq!(statuses(&office.other), statuses(&office.device));
        assert_eq!(updated["drafts"], 1);
    }
}

#[test]
fn a_fact_of_a_kind_that_nobody_knows_yet_is_shown_and_everything_else_goes_on() {
    let place = Place::new();
    let mut office = place.office();
    office.centre.stop();
    {
        let (store, _) = keys::open(&office.site.path("centre")).expect("opens");
        let length = store.length(Stream::Feed).expect("reads");
        let commit = Commit::new().expecting(Stream::Feed, length);
        store
            .commit(commit.append(Stream::Feed, of_a_newer_kind()))
            .expect("stored");
    }
    office.centre.start();
    office.declare(&office.device, 0);
    let _ = office.device.ok(&["submit", "--all"]);
    let _ = office.device.ok(&["sync"]);
    assert_eq!(statuses(&office.device), ["received"]);
    let status = office.device.ok(&["status"]);
    assert_eq!(status["needs_update"], 1, "{status}");
    let held = &items(&status["held"])[0];
    assert_eq!(held["what"]["code"], "facts");
    assert!(text(&held["since"]).starts_with("20"), "{held}");
    let words = office.status_in_words();
    assert!(words.contains("需要更新"), "{words}");
}

/// An entry for everyone as the log stores it, whose fact is of kind 999.
fn of_a_newer_kind() -> Vec<u8> {
    let entry = [
        &[0x83, 0x00, 0x81, 0x82, 0x01, 0x80, 0x45][..],
        &[0x82, 0x19, 0x03, 0xe7, 0x80],
    ]
    .concat();
    let [salt, entry] = [vec![7; 16], entry].map(byte_string);
    [&[0x82][..], &salt, &entry].concat()
}

/// A CBOR byte string.
fn byte_string(bytes: Vec<u8>) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    assert!(length < 24);
    [&[0x40 | length][..], &bytes].concat()
}
