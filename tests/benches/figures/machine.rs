//! What this machine gives: cores, syncs, and what the kernel counts of a process.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::table::{Machine, median, timed};

/// The kernel counts a process's time in these, whatever its own clock.
const TICKS_PER_SECOND: u64 = 100;

/// The memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Memory {
    /// Its pages in memory, those of files that others have mapped too.
    pub(crate) resident: u64,
    /// The same, shared pages divided among those who share them.
    pub(crate) proportional: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

/// Looks at the machine.
pub(crate) fn look() -> Machine {
    Machine {
        cores: cores(),
        fsync: fsync(),
        load: load(),
    }
}

/// How many cores there are.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// `target/bench`, where everything that is measured lies, on one disk.
pub(crate) fn place() -> PathBuf {
    let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().expect("it lies in the target");
    let place = target.join("bench");
    fs::create_dir_all(&place).expect("a directory");
    place
}

/// A directory there that is gone when it is dropped.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir_in(place()).expect("a directory")
}

/// How long it takes to write so many bytes in so many synced steps: the floor of anything
/// durable.
pub(crate) fn write_floor(bytes: u64, steps: u64) -> Duration {
    let mut file = tempfile::tempfile_in(place()).expect("a file");
    let part = usize::try_from(bytes / steps.max(1)).expect("a part fits into memory");
    let part = vec![7_u8; part];
    timed(|| {
        for _ in 0..steps {
            file.write_all(&part).expect("written");
            file.sync_data().expect("synced");
        }
    })
    .1
}

/// The time that a process spent on a core so far, in user space and in the kernel for it.
pub(crate) fn cpu(process: u32) -> Duration {
    ticks(process, 11)
}

/// The same of the processes that this one started and that ended.
pub(crate) fn cpu_of_ended() -> Duration {
    ticks(std::process::id(), 13)
}

/// Two fields of `/proc/PID/stat` together, counted behind the program's name.
fn ticks(process: u32, first: usize) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    // The name stands in brackets, and may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("as proc(5) says");
    let ticks: u64 = fields
        .split(' ')
        .skip(first)
        .take(2)
        .map(|it| it.parse::<u64>().expect("a number"))
        .sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// The memory of a process.
pub(crate) fn memory(process: u32) -> Memory {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("it runs");
    Memory {
        resident: kilobytes(&status, "VmRSS:"),
        proportional: kilobytes(&rollup, "Pss:"),
        peak: kilobytes(&status, "VmHWM:"),
    }
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|it| it.strip_prefix(name));
    let number = line.and_then(|it| it.split_whitespace().next());
    let number: Option<u64> = number.and_then(|it| it.parse().ok());
    number.expect("as proc(5) says") * 1_024
}

fn fsync() -> Duration {
    let mut file = tempfile::tempfile_in(place()).expect("a file");
    let one = |_| {
        timed(|| {
            file.write_all(&[7; 4096]).expect("written");
            file.sync_all().expect("synced");
        })
        .1
    };
    median((0..50).map(one).collect())
}

fn load() -> u64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.replace('.', "").parse().unwrap_or(0)
}
