//! What the process counts, for `GET /metrics`. No personal data, and no number without a bound.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The upper bounds of the latencies counted, in milliseconds.
const BUCKETS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000];

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct Metrics {
    peers: AtomicU64,
    submissions: AtomicU64,
    refusals: Mutex<BTreeMap<String, u64>>,
    latencies: Latencies,
}

/// A session that is counted as long as this is held.
#[derive(Debug)]
pub struct Connected(Arc<Metrics>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.peers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A session begins.
    #[must_use]
    pub fn connected(self: &Arc<Self>) -> Connected {
        self.peers.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    /// A submission was answered by a fact.
    pub fn submission_taken(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }

    /// An item was refused. The codes are the centre's own, hence few.
    pub fn refused(&self, code: &str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        match refusals.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(refusals.insert(code.to_owned(), 1)),
        }
    }

    /// An item was answered, durably, after this time.
    pub fn answered_after(&self, latency: Duration) {
        self.latencies.add(latency);
    }

    /// In Prometheus' text format.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let peers = self.peers.load(Ordering::Relaxed);
        gauge(
            &mut text,
            "canbao_peers_connected",
            "Devices with a session",
            peers,
        );
        let submissions = self.submissions.load(Ordering::Relaxed);
        let name = "canbao_submissions_taken_total";
        head(
            &mut text,
            name,
            "Submissions that were answered by a fact",
            "counter",
        );
        let _ = writeln!(text, "{name} {submissions}");
        let name = "canbao_refusals_total";
        head(
            &mut text,
            name,
            "Statements and batches refused, by code",
            "counter",
        );
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        for (code, count) in refusals.iter() {
            let _ = writeln!(text, "{name}{{code=\"{code}\"}} {count}");
        }
        self.latencies.write(&mut text);
        text
    }
}

/// Writes a gauge.
pub fn gauge(text: &mut String, name: &str, help: &str, value: impl std::fmt::Display) {
    head(text, name, help, "gauge");
    let _ = writeln!(text, "{name} {value}");
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(text, "# HELP {name} {help}.\n# TYPE {name} {kind}");
}

/// A histogram.
#[derive(Debug, Default)]
struct Latencies {
    /// How many were at most as long as the bucket's bound and longer than the one before.
    counts: [AtomicU64; BUCKETS.len()],
    all: AtomicU64,
    microseconds: AtomicU64,
}

impl Latencies {
    fn add(&self, latency: Duration) {
        let fits = BUCKETS
            .iter()
            .position(|bound| latency <= Duration::from_millis(*bound));
        if let Some(bucket) = fits {
            self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, text: &mut String) {
        let name = "canbao_commit_seconds";
        head(
            text,
            name,
            "From an item's arrival to its durable answer",
            "histogram",
        );
        let mut so_far = 0;
        for (bound, count) in BUCKETS.iter().zip(&self.counts) {
            so_far += count.load(Ordering::Relaxed);
            let bound = seconds(*bound * 1000);
            let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {so_far}");
        }
        let all = self.all.load(Ordering::Relaxed);
        let sum = seconds(self.microseconds.load(Ordering::Relaxed));
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {all}");
        let _ = writeln!(text, "{name}_sum {sum}\n{name}_count {all}");
    }
}

fn seconds(microseconds: u64) -> String {
    format!(
        "{}.{:06}",
        microseconds / 1_000_000,
        microseconds % 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_counted_is_shown() {
        let metrics = Arc::new(Metrics::default());
        let first = metrics.connected();
        let second = metrics.connected();
        drop(first);
        metrics.submission_taken();
        metrics.refused("statement.bad");
        metrics.refused("statement.bad");
        metrics.answered_after(Duration::from_micros(1500));
        metrics.answered_after(Duration::from_secs(60));
        let text = metrics.to_text();
        for line in [
            "canbao_peers_connected 1",
            "canbao_submissions_taken_total 1",
            "canbao_refusals_total{code=\"statement.bad\"} 2",
            "canbao_commit_seconds_bucket{le=\"0.001000\"} 0",
            "canbao_commit_seconds_bucket{le=\"5.000000\"} 1",
            "canbao_commit_seconds_bucket{le=\"+Inf\"} 2",
            "canbao_commit_seconds_sum 60.001500",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
        drop(second);
        assert!(metrics.to_text().contains("canbao_peers_connected 0"));
    }
}
