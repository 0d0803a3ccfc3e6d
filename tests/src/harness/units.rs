//! The invented units of the fixtures, and how a centre is filled with them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::site::{Centre, Device, Site, Tax};
use super::workbook::{insured_of, tax_roster};

/// A unit of the fixtures.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Its workbook below `tests/fixtures/baseline`.
    pub workbook: &'static str,
    /// 单位名称.
    pub name: &'static str,
    /// 参保区.
    pub district: &'static str,
    /// 统一社会信用代码.
    pub credit_code: &'static str,
    /// 失业单位编号.
    pub unemployment_number: &'static str,
    /// 养老单位编号.
    pub pension_number: &'static str,
}

/// 320 persons, in 沈河区.
pub const LARGE: Unit = Unit {
    workbook: "unit-320.xls",
    name: "沈阳甲户机械有限公司",
    district: "沈河区",
    credit_code: "91210199MA0CAB328J",
    unemployment_number: "0210300178",
    pension_number: "0110300178",
};

/// 12 persons, in 大东区.
pub const SMALL: Unit = Unit {
    workbook: "unit-12.xls",
    name: "沈阳乙户商贸有限公司",
    district: "大东区",
    credit_code: "91210199MA0CAB125X",
    unemployment_number: "0210300254",
    pension_number: "0110300254",
};

/// The month since which everyone in the fixtures pays.
pub const PAYING_SINCE: &str = "2021-07";

impl Unit {
    /// Its workbook.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        repository("tests/fixtures/baseline").join(self.workbook)
    }

    /// As tax names it.
    #[must_use]
    pub fn at_tax(&self) -> Value {
        json!({
            "credit_code": self.credit_code,
            "unemployment_number": self.unemployment_number,
            "name": self.name,
        })
    }
}

impl Centre<'_> {
    /// Loads what every centre has: agencies, parameters, two settlement periods, a volume.
    pub fn load_common(&self) {
        let agencies = repository("docs/domain/agencies.csv");
        let _ = self.admin(&["agencies", "load", path(&agencies)]).result();
        let _ = self.admin(&["parameters", "load"]).result();
        for month in ["2022-01", "2022-02"] {
            let _ = self.admin(&["settlement", "open", month]).result();
        }
        let _ = self.admin(&["volume", "open", "1"]).result();
    }

    /// Loads a unit from its workbook; what the administrator is told.
    #[must_use]
    pub fn load(&self, unit: &Unit) -> Value {
        let workbook = unit.path();
        self.admin(&load_arguments(unit, path(&workbook))).result()
    }

    /// Starts with everything that all share and one unit, whose employer and agency have a device
    /// each, enrolled and synced.
    pub fn open_for<'a>(&mut self, site: &'a Site, unit: &Unit) -> [Device<'a>; 2] {
        self.start();
        self.load_common();
        let _ = self.load(unit);
        let devices = ["employer", "agency"].map(|it| site.device(it));
        let [employer, agency] = &devices;
        self.enrol_employer(employer, unit, "单位经办人钱");
        self.enrol_agency(agency, unit, "窗口经办人孙");
        for device in &devices {
            let _ = device.ok(&["sync"]);
        }
        devices
    }

    /// Issues an enrolment code.
    ///
    /// # Panics
    /// When none is issued.
    #[must_use]
    pub fn issue(&self, arguments: &[&str]) -> String {
        let issued = self
            .admin(&[&["code", "issue"], arguments].concat())
            .result();
        issued["code"].as_str().expect("a code").to_owned()
    }

    /// Enrols a device for the unit's employer.
    pub fn enrol_employer(&self, device: &Device<'_>, unit: &Unit, operator: &str) {
        let code = self.issue(&["--employer", unit.credit_code, "--operator-name", operator]);
        let _ = device.ok(&["enrol", &code, "--server", &self.quic]);
    }

    /// Enrols a device for the agency of the unit's district.
    pub fn enrol_agency(&self, device: &Device<'_>, unit: &Unit, operator: &str) {
        let code = self.issue(&["--agency", unit.district, "--operator-name", operator]);
        let _ = device.ok(&["enrol", &code, "--server", &self.quic]);
    }
}

impl Tax<'_> {
    /// Tax has the unit's roster already, as it has in the field.
    ///
    /// # Panics
    /// When the file with it cannot be written.
    pub fn know(&self, unit: &Unit) {
        let roster = tax_roster(&unit.at_tax(), &insured_of(&unit.path()), PAYING_SINCE);
        let file = self.file("roster.json");
        std::fs::write(&file, roster.to_string()).expect("written");
        let _ = self.tell("roster", &[path(&file)]);
    }
}

/// The arguments of `admin` that load a unit from this workbook.
#[must_use]
pub fn load_arguments<'a>(unit: &'a Unit, workbook: &'a str) -> Vec<&'a str> {
    vec![
        "unit",
        "load",
        workbook,
        "--name",
        unit.name,
        "--district",
        unit.district,
        "--credit-code",
        unit.credit_code,
        "--pension-number",
        unit.pension_number,
        "--paying-since",
        PAYING_SINCE,
        "--bases-until",
        "2022-12",
    ]
}

/// A file of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A path as an argument.
///
/// # Panics
/// When it is not text; ours are.
#[must_use]
pub fn path(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}
