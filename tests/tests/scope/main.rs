//! Units that move between districts, one PC that runs forty, and a device that joins late,
//! through the real programs.

mod forty;
mod joining;
mod moving;

use canbao_tests::harness::{Centre, Device, Site};
use canbao_tests::story::site_in;
use serde_json::Value;
use tempfile::TempDir;

/// A directory for one test and the site in it.
struct Place {
    _directory: TempDir,
    site: Site,
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

    /// A running centre with everything that all have, and no tax bureau.
    fn centre(&self) -> Centre<'_> {
        let mut centre = self.site.centre("127.0.0.1:9");
        centre.start();
        centre.load_common();
        centre
    }
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// The names of the units that a device shows.
fn unit_names(device: &Device<'_>) -> Vec<String> {
    let status = device.ok(&["status"]);
    let units = rows(&status["units"]).iter();
    units
        .filter_map(|it| it["name"].as_str())
        .map(str::to_owned)
        .collect()
}
