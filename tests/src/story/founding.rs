//! The centre is set up, loads a unit, and two devices enrol.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use crate::harness::{Programs, insured_of, tax_roster};

/// A file of the repository.
pub(super) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Centre, tax bureau, a unit of 320 persons, one employer device, one agency device.
pub(super) fn found<'a, 'n>(site: &'a Site, narrator: &'n mut dyn Narrator) -> Telling<'a, 'n> {
    narrator.chapter("一、建立中心,装入单位,登记设备 / the centre, a unit, two devices");
    let tax = site.tax();
    let mut centre = site.centre(&tax.address);
    centre.start();
    let workbook = repository("tests/fixtures/baseline/unit-320.xls");
    load(&centre, &workbook);
    let insured = insured_of(&workbook);
    assert_eq!(insured.len(), 320);
    narrator.line("中心装入15个经办机构、参数、两个结算期、320名参保人员(BIFF8 .xls)");

    let roster = tax_roster(
        &json!({
            "credit_code": CREDIT_CODE,
            "unemployment_number": UNEMPLOYMENT_NUMBER,
            "name": UNIT_NAME,
        }),
        &insured,
        "2021-07",
    );
    let file = site.path("tax-roster.json");
    std::fs::write(&file, roster.to_string()).expect("written");
    let _ = tax.tell("roster", &[path(&file)]);
    narrator.line("税务已有该单位的人员名册");

    let employer = site.device("employer");
    let agency = site.device("agency");
    let code = issue(
        &centre,
        &["--employer", CREDIT_CODE, "--operator-name", "单位经办人李"],
    );
    let _ = employer.ok(&["enrol", &code, "--server", &centre.quic]);
    let used = site
        .device("thief")
        .run(&["enrol", &code, "--server", &centre.quic])
        .error(1);
    assert_eq!(used["code"], "enrolment.code_used", "{used}");
    let code = issue(
        &centre,
        &["--agency", "沈河区", "--operator-name", "窗口经办人赵"],
    );
    let _ = agency.ok(&["enrol", &code, "--server", &centre.quic]);
    narrator.line("单位设备和沈河区经办设备各用一次性注册码登记;用过的注册码被拒绝");

    for device in [&employer, &agency] {
        let _ = device.ok(&["sync"]);
    }
    let roster = employer.ok(&["roster", "list"]);
    assert_eq!(count(&roster, "/status/code", "paying"), 320);
    let told = Told {
        centre,
        tax,
        employer,
        agency,
    };
    Telling {
        site,
        told,
        insured,
        narrator,
    }
}

fn load(centre: &Centre<'_>, workbook: &Path) {
    let agencies = repository("docs/domain/agencies.csv");
    let _ = centre
        .admin(&["agencies", "load", path(&agencies)])
        .result();
    let _ = centre.admin(&["parameters", "load"]).result();
    for month in ["2022-01", "2022-02"] {
        let _ = centre.admin(&["settlement", "open", month]).result();
    }
    let _ = centre.admin(&["volume", "open", "1"]).result();
    let unit = [
        "unit",
        "load",
        path(workbook),
        "--name",
        UNIT_NAME,
        "--district",
        "沈河区",
        "--credit-code",
        CREDIT_CODE,
        "--pension-number",
        PENSION_NUMBER,
        "--paying-since",
        "2021-07",
        "--bases-until",
        "2022-12",
    ];
    let loaded = centre.admin(&unit).result();
    assert_eq!(loaded["persons"], 320, "{loaded}");
}

/// Issues an enrolment code.
fn issue(centre: &Centre<'_>, arguments: &[&str]) -> String {
    let issued = centre
        .admin(&[&["code", "issue"], arguments].concat())
        .result();
    text(&issued["code"]).to_owned()
}

/// A site in a directory, with the programs beside the running one.
///
/// # Panics
/// When a program was not built.
#[must_use]
pub fn site_in(directory: &Path) -> Site {
    let programs = Programs::locate().unwrap_or_else(|error| panic!("{error}"));
    Site::new(programs, directory)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}
