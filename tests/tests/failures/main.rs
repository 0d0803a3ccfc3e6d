//! What goes wrong in an office, through the real programs: each case says clearly what and where,
//! and loses nothing.

mod bad_input;
mod imports;
mod kills;
mod power;
mod secrets;
mod strangers;

use canbao_tests::harness::{Centre, Device, Insured, SMALL, Site, Tax, insured_of};
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

    /// A running centre with the unit of twelve, and its employer's device, synced.
    fn office(&self) -> Office<'_> {
        let tax = self.site.tax();
        let mut centre = self.site.centre(&tax.address);
        centre.start();
        centre.load_common();
        let _ = centre.load(&SMALL);
        tax.know(&SMALL);
        let employer = self.site.device("employer");
        centre.enrol_employer(&employer, &SMALL, "单位经办人钱");
        let _ = employer.ok(&["sync"]);
        Office {
            _tax: tax,
            centre,
            employer,
            insured: insured_of(&SMALL.path()),
        }
    }
}

/// A centre, a tax bureau and one employer.
struct Office<'a> {
    _tax: Tax<'a>,
    centre: Centre<'a>,
    employer: Device<'a>,
    insured: Vec<Insured>,
}

impl Office<'_> {
    /// Declares a wage for the person of this row.
    fn declare_wage(&self, row: usize, wage: &str) -> Value {
        self.employer
            .ok(&wage_of(&self.insured[row].personal_number, wage))
    }

    /// What the command line shows of everything declared.
    fn declared(&self) -> Value {
        self.employer.ok(&["declare", "list"])
    }
}

/// The arguments that declare a wage for 2022.
fn wage_of<'a>(person: &'a str, wage: &'a str) -> [&'a str; 10] {
    let months = ["--from", "2022-01", "--to", "2022-12"];
    let [from, first, to, last] = months;
    [
        "declare", "wage", "--person", person, from, first, to, last, "--wage", wage,
    ]
}

/// The codes of a failure's problems.
fn codes(error: &Value) -> Vec<&str> {
    error["problems"]
        .as_array()
        .map(|problems| {
            problems
                .iter()
                .filter_map(|it| it["code"].as_str())
                .collect()
        })
        .unwrap_or_default()
}

/// Every failure says what is wrong and what to do.
fn speaks(error: &Value) {
    for part in ["code", "message", "hint"] {
        assert!(
            error[part].as_str().is_some_and(|it| !it.is_empty()),
            "{part} of {error}"
        );
    }
}
