//! Faults on request: where the process dies, and how late it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where in a request the process ends at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Point {
    /// Nothing was kept, nothing answered.
    BeforeJournal,
    /// Half a line was kept, which is nothing; nothing answered.
    WithinJournal,
    /// It was kept; nothing answered.
    AfterJournal,
    /// It was kept and answered.
    AfterAnswer,
}

/// Which request it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum On {
    Transaction,
    Pay,
}

/// Deaths that were asked for; they are not journalled, so that a restarted simulator lives.
#[derive(Debug, Default)]
pub(crate) struct Deaths(BTreeMap<On, Point>);

impl Deaths {
    pub(crate) fn arm(&mut self, on: On, point: Point) {
        self.0.insert(on, point);
    }

    pub(crate) fn take(&mut self, on: On) -> Option<Point> {
        self.0.remove(&on)
    }
}
