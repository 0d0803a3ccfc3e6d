//! The table of figures.

use std::fmt;
use std::io::Write;
use std::time::{Duration, Instant};

/// Rows of what was measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    pub(crate) fn row(&mut self, what: &str, figure: String, aim: &str, beside: String) {
        self.rows
            .push([what.to_owned(), figure, aim.to_owned(), beside]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | figure | aim | beside it |\n|---|---|---|---|")?;
        for [what, figure, aim, beside] in &self.rows {
            writeln!(f, "| {what} | {figure} | {aim} | {beside} |")?;
        }
        Ok(())
    }
}

/// Runs something once and says how long it took.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

/// The middle of several runs.
pub(crate) fn median(mut runs: Vec<Duration>) -> Duration {
    runs.sort_unstable();
    runs[runs.len() / 2]
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_micros() / 1_000)
}

/// What the figures depend on most.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, one fsync of 4 KiB {} us (median of 50)",
        fsync().as_micros()
    )
}

fn fsync() -> Duration {
    let mut file = tempfile::tempfile().expect("a file");
    let runs = (0..50)
        .map(|_| {
            timed(|| {
                file.write_all(&[7; 4096]).expect("written");
                file.sync_all().expect("synced");
            })
            .1
        })
        .collect();
    median(runs)
}

/// How long it takes to write the same number of bytes in as many synced steps: the floor of
/// anything durable.
pub(crate) fn write_floor(bytes: usize, steps: usize) -> Duration {
    let mut file = tempfile::tempfile().expect("a file");
    let part = vec![7_u8; bytes / steps];
    timed(|| {
        for _ in 0..steps {
            file.write_all(&part).expect("written");
            file.sync_all().expect("synced");
        }
    })
    .1
}
