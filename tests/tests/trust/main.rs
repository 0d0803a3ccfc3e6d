//! Trust that changes, through the real programs: certificates that are revoked, and every key
//! with a successor, while devices and what was proven before go on.

mod keys;
mod passphrase;
mod revoked;

use canbao_tests::harness::{
    Centre, Device, Insured, SMALL, Site, Tax, count, insured_of, items, path, text, until,
};
use canbao_tests::story::site_in;
use serde_json::Value;
use tempfile::TempDir;

const SETTLEMENT: &str = "2022-01";
/// Everyone of the unit is due in January.
const DUE: usize = 12;

/// A directory for one test and the site in it.
struct Place {
    _directory: TempDir,
    site: Site,
}

/// A centre, a tax bureau, and the devices of the unit of twelve.
struct Office<'a> {
    site: &'a Site,
    tax: Tax<'a>,
    centre: Centre<'a>,
    employer: Device<'a>,
    insured: Vec<Insured>,
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
        let tax = self.site.tax();
        tax.know(&SMALL);
        let mut centre = self.site.centre(&tax.address);
        centre.start();
        centre.load_common();
        let _ = centre.load(&SMALL);
        let employer = self.site.device("employer");
        centre.enrol_employer(&employer, &SMALL, "单位经办人钱");
        let _ = employer.ok(&["sync"]);
        Office {
            site: &self.site,
            tax,
            centre,
            employer,
            insured: insured_of(&SMALL.path()),
        }
    }
}

impl Office<'_> {
    /// Declares a wage for the person of this row, and submits it; nothing is sent.
    fn submit_wage(&self, row: usize) {
        let person = &self.insured[row].personal_number;
        let months = ["--from", "2022-02", "--to", "2022-12", "--wage", "6800.00"];
        let wage = ["declare", "wage", "--person", person];
        let _ = self.employer.ok(&[&wage[..], &months].concat());
        let _ = self.employer.ok(&["submit", "--all"]);
    }

    /// Assesses January, pays it at tax, and waits for every record's proof.
    fn pay_january(&self) {
        let _ = self
            .employer
            .ok(&["assess", "apply", "--settlement", SETTLEMENT]);
        let _ = self.employer.ok(&["sync"]);
        until("the assessment is accepted by tax", || {
            let _ = self.employer.ok(&["sync"]);
            let sent = self.employer.ok(&["tax", "list"]);
            (count(&sent, "/receiving/code", "accepted") == 1).then_some(())
        });
        let period = [
            "--credit-code",
            SMALL.credit_code,
            "--settlement",
            SETTLEMENT,
        ];
        let _ = self.tax.tell("pay", &period);
        until("everyone's payment record, proven", || {
            let _ = self.employer.ok(&["sync"]);
            let records = self.employer.ok(&["records", "list"]);
            (count(&records["records"], "/state/code", "recorded") == DUE).then_some(())
        });
    }

    /// The statuses of everything declared, by code.
    fn statuses(&self) -> Vec<String> {
        let declared = self.employer.ok(&["declare", "list"]);
        let code = |row: &Value| text(&row["status"]["code"]).to_owned();
        items(&declared).iter().map(code).collect()
    }
}
