//! The carried set, the look-up by knowledge, and what is refused.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use super::*;
use crate::message::Lang;
use crate::money::Money;

fn builtin() -> ParameterSet {
    ParameterSet::parse(builtin_text()).unwrap()
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

#[test]
fn every_file_is_carried() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/parameters");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let files: Vec<_> = names
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(files.join("\n"), builtin_text());
}

#[test]
fn the_id_is_of_the_text() {
    assert_eq!(builtin().id(), builtin().id());
    let other = ParameterSet::parse(&format!("{}\n", builtin_text())).unwrap();
    assert_ne!(builtin().id(), other.id());
}

#[test]
fn limits_are_those_known_on_the_day() {
    let check = |of: &str, known_on: Date, expected: Option<(i64, i64)>| {
        let limits = builtin().limits(month(of), known_on);
        let expected =
            expected.map(|(floor, ceiling)| (Money::from_yuan(floor), Money::from_yuan(ceiling)));
        let found = limits
            .as_ref()
            .ok()
            .map(|limits| (limits.floor, limits.ceiling));
        assert_eq!(found, expected, "{of} {known_on}");
        if let Err(missing) = limits {
            assert_eq!(
                (missing.parameter, missing.month),
                ("base_limits", month(of))
            );
        }
    };
    let today = date(2026, 11, 24);
    check("2020-12", today, None);
    check("2021-01", today, Some((3425, 17127)));
    check("2021-12", today, Some((3425, 17127)));
    check("2022-01", today, Some((3830, 19149)));
    check("2023-06", today, Some((4106, 20529)));
    check("2024-06", today, Some((4273, 21363)));
    check("2025-03", today, Some((4359, 21792)));
    check("2026-12", today, Some((4533, 22665)));
    check("2027-01", today, None);
    // Until the notice is published the year before goes on, and DIFF follows.
    check("2025-03", date(2025, 9, 14), Some((4273, 21363)));
    check("2025-03", date(2025, 9, 15), Some((4359, 21792)));
    check("2021-03", date(2021, 3, 1), None);
}

#[test]
fn rates_are_those_of_the_month() {
    let check = |of: &str, expected: Option<(&str, &str)>| {
        let rates = builtin().rates(month(of), date(2026, 11, 24)).ok();
        let expected = expected.map(|(unit, person)| Rates {
            unit: unit.parse().unwrap(),
            person: person.parse().unwrap(),
        });
        assert_eq!(rates, expected, "{of}");
    };
    check("1998-12", None);
    check("1999-01", Some(("0.02", "0.01")));
    check("2015-02", Some(("0.02", "0.01")));
    check("2015-03", None);
    check("2016-12", None);
    check("2017-01", Some(("0.005", "0.005")));
    check("2022-01", Some(("0.005", "0.005")));
    check("2025-12", Some(("0.005", "0.005")));
    check("2026-01", None);
    let missing = builtin()
        .rates(month("2016-12"), date(2026, 11, 24))
        .unwrap_err();
    assert_eq!(
        missing.to_string(),
        "no value of rates for 2016-12 was known on 2026-11-24"
    );
}

#[test]
fn the_other_parameters_have_their_values() {
    let (set, of, known) = (builtin(), month("2022-01"), date(2022, 3, 18));
    assert_eq!(set.total_rule(of, known), Ok(TotalRule::SumOfRounded));
    assert_eq!(set.base_rounding(of, known), Ok(BaseRounding::WholeYuan));
    assert_eq!(set.base_change_mark(of, known), Ok("35%".parse().unwrap()));
    assert_eq!(set.batch_rows(of, known), Ok(5_000));
    assert_eq!(set.look_back(of, known), Ok(LookBack::Unlimited));
    assert_eq!(set.minimum_age(of, known), Ok(16));
    assert_eq!(set.pension_feed_days(of, known), Ok(31));
    let reasons = set.stop_reasons(of, known).unwrap();
    assert_eq!(reasons.effect("辞职"), Some(Effect::Suspend));
    assert_eq!(reasons.effect("死亡"), Some(Effect::Terminate));
    assert_eq!(reasons.effect("不想干了"), None);
    assert_eq!(reasons.all().count(), 13);
    assert_eq!(set.in_reasons(of, known).unwrap().len(), 5);
    assert_eq!(
        set.insurances(of, known).unwrap().name("210"),
        Some("失业保险")
    );
    assert_eq!(
        set.receivable_kinds(of, known).unwrap().name("34"),
        Some("基数补差")
    );
    let kinds = set.receivable_kinds(of, known).unwrap();
    for typed in ["20", "退费", "refund"] {
        assert_eq!(kinds.meant(typed), Some("20"), "{typed}");
    }
    assert_eq!(kinds.meant("21"), None);
    assert_eq!(kinds.caption("20", Lang::En), Some("refund"));
    assert_eq!(kinds.caption("20", Lang::Zh), Some("退费"));
    assert_eq!(
        set.payment_statuses(of, known).unwrap().name("2"),
        Some("暂停缴费")
    );
    assert_eq!(
        set.tax_states(of, known).unwrap().name("04"),
        Some("已入库")
    );
    assert_eq!(set.relief(month("2020-06")).count(), 2);
    assert_eq!(set.relief(month("2020-12")).count(), 1);
    assert_eq!(set.relief(of).count(), 0);
}

#[test]
fn the_kinds_of_documents_are_those_that_are_parsed() {
    let set = builtin();
    let table = set.id_kinds(month("2022-01"), date(2022, 3, 18)).unwrap();
    let listed: BTreeSet<_> = table.0.iter().map(|row| row.code.as_str()).collect();
    let parsed: BTreeSet<_> = crate::identity::IdKind::ALL
        .into_iter()
        .map(|kind| kind.code())
        .collect();
    assert_eq!(listed, parsed);
}

#[test]
fn every_value_says_where_it_comes_from() {
    let sources = builtin().sources();
    let named: BTreeSet<_> = sources.iter().map(|source| source.parameter).collect();
    assert_eq!(named.len(), 22);
    assert!(sources.iter().all(|source| !source.reference.is_empty()));
}

/// The carried text with one piece replaced, and the problems that gives.
fn problems_after(old: &str, new: &str) -> Vec<(&'static str, usize, ParameterFault)> {
    assert_eq!(builtin_text().matches(old).count(), 1, "{old}");
    let problems = ParameterSet::parse(&builtin_text().replace(old, new)).unwrap_err();
    problems
        .into_iter()
        .map(|it| (it.parameter, it.entry, it.fault))
        .collect()
}

#[test]
fn each_fault_is_named_with_its_place() {
    let check = |old: &str, new: &str, parameter, entry, fault| {
        assert_eq!(
            problems_after(old, new),
            [(parameter, entry, fault)],
            "{old} -> {new}"
        );
    };
    check(
        "person = \"0.01\"",
        "person = \"0.03\"",
        "rates",
        1,
        ParameterFault::PersonAboveUnit,
    );
    check(
        "unit = \"0.02\"",
        "unit = \"0.995\"",
        "rates",
        1,
        ParameterFault::MoreThanTheBase,
    );
    check(
        "floor = \"4359\"",
        "floor = \"4359.001\"",
        "base_limits",
        5,
        wrong("floor"),
    );
    check(
        "floor = \"4359\"",
        "floor = 4359",
        "base_limits",
        5,
        wrong("floor"),
    );
    check(
        "floor = \"4359\"",
        "floor = \"21792.01\"",
        "base_limits",
        5,
        ParameterFault::FloorAboveCeiling,
    );
    check("rows = 5000", "rows = -1", "batch_rows", 1, wrong("rows"));
    check(
        "rows = 5000",
        "",
        "batch_rows",
        1,
        ParameterFault::FieldMissing("rows"),
    );
    check(
        "rows = 5000",
        "rows = 5000\nrow = 1",
        "batch_rows",
        1,
        ParameterFault::FieldUnknown("row".into()),
    );
    check(
        "known = \"2025-09-15\"",
        "known = \"2025-09-31\"",
        "base_limits",
        5,
        wrong("known"),
    );
    check(
        "known = \"2025-09-15\"",
        "known = \"2024-09-30\"",
        "base_limits",
        5,
        ParameterFault::Collides(4),
    );
    check(
        "to = \"2015-02\"",
        "to = \"1998-12\"",
        "rates",
        1,
        ParameterFault::EndsBeforeStart,
    );
    check(
        "[[total_rule]]",
        "[[other]]",
        "total_rule",
        0,
        ParameterFault::NoValues,
    );
    check(
        "\"死亡\"",
        "\"辞职\"",
        "stop_reasons",
        1,
        ParameterFault::Twice("辞职".into()),
    );
    check(
        "\"失踪\"",
        "\"上学\"",
        "stop_reasons",
        1,
        ParameterFault::Twice("上学".into()),
    );
    check(
        "code = \"510\"",
        "code = \"410\"",
        "insurances",
        1,
        ParameterFault::Twice("410".into()),
    );
    check(
        "code = \"510\"",
        "kode = \"410\"",
        "insurances",
        1,
        wrong("codes"),
    );
    check(
        "en = \"maternity\"",
        "en = \"\"",
        "insurances",
        1,
        wrong("codes"),
    );
}

fn wrong(field: &'static str) -> ParameterFault {
    ParameterFault::FieldWrong(field)
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = builtin_text()
        .replace("floor = \"4359\"", "floor = \"x\"")
        .replace("unit = \"0.02\"", "unit = \"2 percent\"")
        .replace("person = \"0.01\"", "")
        .replace("rows = 5000", "rows = \"many\"");
    let problems = ParameterSet::parse(&text).unwrap_err();
    let places: Vec<_> = problems
        .iter()
        .map(|it| (it.parameter, it.code()))
        .collect();
    assert_eq!(
        places,
        [
            ("rates", "parameter.field_wrong"),
            ("rates", "parameter.field_missing"),
            ("base_limits", "parameter.field_wrong"),
            ("batch_rows", "parameter.field_wrong"),
        ]
    );
}

#[test]
fn what_is_no_set_at_all_is_refused() {
    let check = |text: &str, fault| {
        assert_eq!(ParameterSet::parse(text).unwrap_err()[0].fault, fault);
    };
    check("", ParameterFault::NoValues);
    check("a = 1\nb = ", ParameterFault::NotToml { line: 2 });
    check(&"#".repeat(MAX_TEXT + 1), ParameterFault::TooLong(MAX_TEXT));
    check(
        &format!("a = {}", "[".repeat(100_000)),
        ParameterFault::NotToml { line: 1 },
    );
    let hostile = format!("rates = [{}]", "1,".repeat(100_000));
    assert!(ParameterSet::parse(&hostile).unwrap_err().len() <= 200);
    assert_eq!(ParameterSet::parse("").unwrap_err().len(), 16);
}

#[test]
fn a_parameter_of_a_newer_program_is_left_alone() {
    let text = format!("{}\n[[late_fee]]\ndaily = \"0.0005\"\n", builtin_text());
    assert!(ParameterSet::parse(&text).is_ok());
}
