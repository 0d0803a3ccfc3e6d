//! The centre is set up, loads a unit, and two devices enrol.

use std::path::Path;

use super::*;
use crate::harness::{Programs, insured_of};

/// Centre, tax bureau, a unit of 320 persons, one employer device, one agency device.
pub(super) fn found<'a, 'n>(site: &'a Site, narrator: &'n mut dyn Narrator) -> Telling<'a, 'n> {
    narrator.chapter("一、建立中心,装入单位,登记设备 / the centre, a unit, two devices");
    let tax = site.tax();
    let mut centre = site.centre(&tax.address);
    centre.start();
    centre.load_common();
    let loaded = centre.load(&UNIT);
    assert_eq!(loaded["persons"], 320, "{loaded}");
    narrator.line("中心装入15个经办机构、参数、两个结算期、320名参保人员(BIFF8 .xls)");
    tax.know(&UNIT);
    narrator.line("税务已有该单位的人员名册");

    let employer = site.device("employer");
    let agency = site.device("agency");
    let code = centre.issue(&[
        "--employer",
        UNIT.credit_code,
        "--operator-name",
        "单位经办人李",
    ]);
    let _ = employer.ok(&["enrol", &code, "--server", &centre.quic]);
    let used = site
        .device("thief")
        .run(&["enrol", &code, "--server", &centre.quic])
        .error(1);
    assert_eq!(used["code"], "enrolment.code_used", "{used}");
    centre.enrol_agency(&agency, &UNIT, "窗口经办人赵");
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
        insured: insured_of(&UNIT.path()),
        narrator,
    }
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
