//! The control of the power cuts: the same disk under an engine alone. Built with redb 4.1, whose
//! faults are known, it must find some; built with the store's version, none in the settings that
//! the store uses. A harness that finds nothing in the first proves nothing of the second.
//! `cargo xtask control` runs both.

mod engine;
#[allow(dead_code, unreachable_pub, reason = "it is written for other tests")]
#[path = "../../../core/src/store/simulated.rs"]
mod simulated;
mod trial;

use std::collections::BTreeMap;
use std::process::ExitCode;

use engine::Settings;
use simulated::SECTOR;
use trial::{Fault, trial};

const USAGE: &str = "usage: canbao-control faults|none [SEEDS]";
const MISUSED: u8 = 2;
const SEEDS: u64 = 1_000;

/// How the store commits.
const OURS: Settings = Settings {
    two_phase: true,
    quick_repair: true,
};
/// How the engine commits where nothing else is asked for.
const PLAIN: Settings = Settings {
    two_phase: false,
    quick_repair: false,
};

/// The faults found by trials of one kind: how often, and the first seed.
type Found = BTreeMap<Fault, (u64, u64)>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let faults_expected = match arguments.next().as_deref() {
        Some("faults") => true,
        Some("none") => false,
        _ => return misuse(),
    };
    let Ok(seeds) = arguments.next().map_or(Ok(SEEDS), |seeds| seeds.parse()) else {
        return misuse();
    };
    // A panic of the engine is a finding, counted below.
    std::panic::set_hook(Box::new(|_| {}));
    let in_our_settings = report(
        "as the store commits: two phases, quick repair; sectors written whole",
        &find(seeds, OURS, SECTOR),
    );
    report(
        "one phase, full repair; sectors written whole",
        &find(seeds, PLAIN, SECTOR),
    );
    report(
        "one phase, full repair; torn at every 8 bytes",
        &find(seeds, PLAIN, 8),
    );
    match (in_our_settings > 0, faults_expected) {
        (true, true) | (false, false) => ExitCode::SUCCESS,
        (true, false) => {
            println!("the store's engine has a fault in the store's settings");
            ExitCode::FAILURE
        }
        (false, true) => {
            println!("this engine has known faults and none was found: the trials prove nothing");
            ExitCode::FAILURE
        }
    }
}

fn misuse() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(MISUSED)
}

fn find(seeds: u64, settings: Settings, sector: usize) -> Found {
    let mut found = Found::new();
    for seed in 0..seeds {
        if let Err(fault) = trial(seed, settings, sector) {
            found.entry(fault).or_insert((0, seed)).0 += 1;
        }
    }
    found
}

/// Prints what was found; how many trials found a fault.
fn report(kind: &str, found: &Found) -> u64 {
    let failed = found.values().map(|(times, _)| times).sum();
    println!("{kind}: {failed} trials found a fault");
    for (fault, (times, seed)) in found {
        println!("  {times} times, first by seed {seed}: {fault}");
    }
    failed
}
