//! A labour agency's PC: forty units, several operators, one scope and one session.

use std::fmt::Write as _;

use canbao_core::identity::CreditCode;
use canbao_tests::harness::{Outcome, path};

use super::*;

/// An invented unit with one person.
struct Small {
    name: String,
    credit_code: String,
    number: String,
}

fn unit(number: u32) -> Small {
    let check = ('0'..='9').chain('A'..='Z');
    let codes = check.map(|it| format!("91210199MA0CC{number:04}{it}"));
    let valid = |code: &String| code.parse::<CreditCode>().is_ok();
    Small {
        name: format!("沈阳第{number}户商贸有限公司"),
        credit_code: codes
            .into_iter()
            .find(valid)
            .expect("one check character fits"),
        number: format!("02104{number:05}"),
    }
}

fn load(place: &Place, centre: &Centre<'_>, unit: &Small, number: u32) -> Outcome {
    let mut sheet = String::from("单位编号,个人编号,个人名称,身份证,缴费工资\n");
    let id = id_number(number);
    let own = &unit.number;
    let _ = writeln!(sheet, "{own},{number:010},员工甲{number},{id},5000.00");
    let file = place.site.path("roster.csv");
    std::fs::write(&file, sheet).expect("written");
    let pension = format!("01104{number:05}");
    centre.admin(&[
        "unit",
        "load",
        path(&file),
        "--name",
        &unit.name,
        "--district",
        "沈河区",
        "--credit-code",
        &unit.credit_code,
        "--pension-number",
        &pension,
        "--paying-since",
        "2021-07",
        "--bases-until",
        "2021-12",
    ])
}

/// An invented number of the test division with its check digit.
fn id_number(number: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("21019919900101{number:03}");
    let digits = body.bytes().map(|it| u32::from(it - b'0'));
    let sum: u32 = digits
        .zip(WEIGHTS)
        .map(|(digit, weight)| digit * weight)
        .sum();
    let check = b"10X98765432"[(sum % 11) as usize];
    format!("{body}{}", char::from(check))
}

#[test]
fn one_pc_runs_forty_units_of_several_mandates() {
    let place = Place::new();
    let centre = place.centre();
    let units: Vec<Small> = (1..=40).map(unit).collect();
    for (unit, number) in units.iter().zip(1..) {
        let _ = load(&place, &centre, unit, number).result();
    }
    let device = place.site.device("labour-agency");
    let operators = ["操作员甲", "操作员乙", "操作员丙", "操作员丁"];
    for (operator, own) in operators.iter().zip(units.chunks(10)) {
        let codes: Vec<&str> = own.iter().map(|it| it.credit_code.as_str()).collect();
        let who = [&["--operator-name", operator, "--employer"][..], &codes].concat();
        let code = centre.issue(&who);
        let _ = device.ok(&["enrol", &code, "--server", &centre.quic]);
        // The first ones are there before the others join.
        let _ = device.ok(&["sync"]);
    }
    let mut names = unit_names(&device);
    names.sort();
    let mut expected: Vec<String> = units.iter().map(|it| it.name.clone()).collect();
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(device.ok(&["sync"])["entries"], 0, "one session for all");

    let which = device.run(&["roster", "list"]).error(2);
    assert_eq!(which["code"], "unit.which", "{which}");
    for (unit, number) in units.iter().zip(1_u32..).skip(7).step_by(10) {
        let person = format!("{number:010}");
        let _ = device.ok(&[
            "--unit",
            &unit.number,
            "declare",
            "wage",
            "--person",
            &person,
            "--from",
            "2022-01",
            "--to",
            "2022-12",
            "--wage",
            "5200.00",
        ]);
        let _ = device.ok(&["--unit", &unit.number, "submit", "--all"]);
    }
    let report = device.ok(&["sync"]);
    assert_eq!((&report["queued"], &report["sent"]), (&0.into(), &8.into()));
    for unit in units.iter().skip(7).step_by(10) {
        let receipts = device.ok(&["--unit", &unit.number, "receipt", "list"]);
        assert_eq!(rows(&receipts).len(), 1, "{}", unit.name);
    }
}
