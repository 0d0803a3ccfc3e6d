//! The application of a device, in this process or in one of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use canbao_client::Door;
use canbao_client::request::{Context, Request};
use canbao_client::response::Response;
use canbao_core::ids::UnitId;
use canbao_core::message::Lang;
use canbao_core::parameters;
use canbao_server::centre::Centre;

use crate::centre::{self, Filled, Listening};
use crate::kept;
use crate::machine::{self, Memory};
use crate::table::timed;

/// The hidden command under which this program opens a device and tells what that took.
pub(crate) const OPEN: &str = "open-device";

/// What opening a device in a fresh process took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Opened {
    pub(crate) took: Duration,
    pub(crate) memory: Memory,
}

/// Asks the application.
pub(crate) async fn ask(door: &Door, request: Request) -> Response {
    let answer = door.ask(&Context::default(), request).await;
    answer.unwrap_or_else(|failure| panic!("refused: {failure:?}"))
}

/// Enrols a device of a unit.
pub(crate) async fn enrol(door: &Door, centre: &Centre, server: &str, unit: UnitId, secret: u8) {
    let code = centre::code(centre, vec![unit], secret).await.to_string();
    let server = server.to_owned();
    let passphrase = None;
    let request = Request::Enrol {
        code,
        server,
        passphrase,
    };
    let _ = ask(door, request).await;
}

/// Exchanges with the centre until nothing is open.
pub(crate) async fn sync(door: &Door) {
    let _ = ask(door, Request::Sync { watch: false }).await;
}

/// The kept directory of the device of a unit of so many persons. A file may have as many rows as
/// the unit has persons, so that its import can be measured.
pub(crate) fn kept_of(persons: u32) -> PathBuf {
    kept::device(&format!("device-of-{persons}"), |directory| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let filled = Filled::new();
            let engine = centre::open(&filled.directory);
            let rows = format!("rows = {}", persons.max(5_000));
            let text = parameters::builtin_text().replace("rows = 5000", &rows);
            centre::fill_common_by(&engine, text).await;
            let unit = centre::fill_unit(&engine, 1, persons).await;
            let listening = Listening::of(&engine);
            let door = Door::open(directory, Lang::Zh).expect("opens");
            enrol(&door, &engine, &listening.server, unit, 9).await;
            sync(&door).await;
            drop(door);
            listening.end().await;
        });
    })
}

/// Opens a device in a process of its own.
pub(crate) fn open_apart(directory: &Path) -> Opened {
    let own = std::env::current_exe().expect("a running program has a path");
    let output = Command::new(own)
        .arg(OPEN)
        .arg(directory)
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map(|it| it.parse().expect("a number"))
        .collect();
    let &[micros, resident, proportional, peak] = numbers.as_slice() else {
        panic!("it said {text:?}");
    };
    Opened {
        took: Duration::from_micros(micros),
        memory: Memory {
            resident,
            proportional,
            peak,
        },
    }
}

/// Opens the device and says how long it took and what memory it has.
pub(crate) fn answer(directory: &Path) -> ExitCode {
    let (door, took) = timed(|| Door::open(directory, Lang::Zh));
    let Ok(_door) = door else {
        return ExitCode::FAILURE;
    };
    let Memory {
        resident,
        proportional,
        peak,
    } = machine::memory(std::process::id());
    println!("{} {resident} {proportional} {peak}", took.as_micros());
    ExitCode::SUCCESS
}
