//! What is shown of the pension feed: 未知 where it is missing or old, never anything made up.

use canbao_core::declaration::Kind;
use canbao_core::facts::{
    CarriedOver, Delivered, Fact, LinkedOperation, Matter, PaymentStatus, PensionPerson,
    PensionResult, PersonState, RegistrationState,
};
use canbao_core::money::Money;

use super::*;
use crate::response::{
    AssessmentRow, PensionCountsView, PensionRosterView, ResultRow, ResultsView,
};

/// A person of the test's centre as pension insurance has them, under a number of its own.
fn person(line: u8, name: &str) -> PensionPerson {
    PensionPerson {
        personal_number: format!("110000000{line}"),
        id_kind: "01".to_owned(),
        id_number: id_number(&format!("2101991990010100{line}")),
        name: name.to_owned(),
        person_state: PersonState::Working,
        registration_state: RegistrationState::Normal,
        payment: PaymentStatus::Paying,
        base: Some(Money::from_yuan(5000)),
    }
}

/// A feed of these persons, so many days old, with one operation: 张三 stops in January.
fn feed(persons: Vec<PensionPerson>, days: i64, carried_over: CarriedOver) -> Delivered {
    let paying = || persons.iter().filter(|it| it.pays());
    Delivered {
        unit: "0110300001".parse().expect("valid"),
        as_of: Timestamp(NOW.0 - days * 86_400),
        version: format!("v{days}"),
        settlement: "2022-03".parse().expect("a month"),
        head_count: paying().count() as u32,
        total_base: paying().filter_map(|it| it.base).sum(),
        results: vec![PensionResult {
            month: "2022-01".parse().expect("a month"),
            matter: Matter::Assessment,
            failure: Some("基数未申报".to_owned()),
        }],
        operations: vec![LinkedOperation {
            id: "YL1".to_owned(),
            personal_number: "1100000001".to_owned(),
            kind: Kind::Interruption,
            month: "2022-01".parse().expect("a month"),
            carried_over,
        }],
        persons,
    }
}

fn take(centre: &mut Centre, feed: Delivered) {
    let feed = feed.check().expect("free of contradiction");
    let before = centre.projection.units[&UNIT].pension_feed();
    let parts = feed.parts_since(before.map(|it| &it.feed));
    for part in parts {
        centre.add(&Fact::PensionTaken { unit: UNIT, part });
    }
}

fn three() -> Vec<PensionPerson> {
    ["张三", "赵四", "孙五"]
        .iter()
        .zip(1..)
        .map(|(name, line)| person(line, name))
        .collect()
}

fn roster(app: &mut App, status: Option<&str>, number: Option<&str>) -> PensionRosterView {
    let request = Request::PensionRoster {
        id_number: None,
        personal_number: number.map(str::to_owned),
        status: status.map(str::to_owned),
    };
    match ask(app, request) {
        Response::PensionRoster(view) => view,
        other => panic!("a roster, not {other:?}"),
    }
}

fn counts(app: &mut App) -> PensionCountsView {
    match ask(app, Request::PensionCounts) {
        Response::PensionCounts(view) => *view,
        other => panic!("counts, not {other:?}"),
    }
}

fn results(app: &mut App, settlement: Option<&str>, insurance: Option<u16>) -> ResultsView {
    let request = Request::Results {
        settlement: settlement.map(str::to_owned),
        insurance,
    };
    match ask(app, request) {
        Response::Results(view) => view,
        other => panic!("results, not {other:?}"),
    }
}

fn assessments(app: &mut App) -> Vec<AssessmentRow> {
    match ask(app, Request::AssessList) {
        Response::Assessments(rows) => rows,
        other => panic!("assessments, not {other:?}"),
    }
}

/// 张三 stops after January, which the agency approved.
fn stopped(centre: &mut Centre, app: &mut App) {
    let _ = ask(app, stop("0001000001", "2022-01"));
    let _ = ask(
        app,
        Request::Submit {
            ids: Vec::new(),
            all: true,
        },
    );
    centre.exchange(app);
    centre.approve_all();
    centre.deliver(app);
}

fn interruption(view: &ResultsView) -> &ResultRow {
    let mut rows = view.rows.iter();
    rows.find(|it| it.item.code == "INT").expect("the stop")
}

fn flag(view: &ResultsView) -> (&str, Option<&str>) {
    let linked = interruption(view).linked.as_ref().expect("linked business");
    (linked.flag.code.as_str(), linked.operation.as_deref())
}

#[test]
fn without_a_feed_everything_of_pension_is_unknown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    stopped(&mut centre, &mut app);
    let shown = roster(&mut app, None, None);
    let known: Vec<&str> = shown.rows.iter().map(|it| it.known.code.as_str()).collect();
    assert_eq!(known, ["unknown"; 3]);
    assert_eq!((shown.feed.as_of, shown.feed.age_seconds), (None, None));
    let view = counts(&mut app);
    assert_eq!(
        (view.pension_persons, view.unemployment_persons),
        (None, Some(2))
    );
    assert_eq!(view.agreement.code, "unknown");
    let view = results(&mut app, None, None);
    assert_eq!(flag(&view), ("unknown", None));
    assert_eq!(view.pension_settlement, None);
    let code = view.feed.unknown.expect("why").code;
    assert_eq!(code, "pension.no_feed");
}

#[test]
fn what_the_feed_says_is_shown_with_its_age_until_it_is_too_old() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    stopped(&mut centre, &mut app);
    let unknown = |app: &mut App| results(app, None, None).feed.unknown.map(|it| it.code);
    take(&mut centre, feed(three(), 40, CarriedOver::Succeeded));
    centre.deliver(&mut app);
    assert_eq!(unknown(&mut app).as_deref(), Some("pension.feed_old"));
    assert_eq!(flag(&results(&mut app, None, None)), ("unknown", None));

    let check = |centre: &mut Centre, app: &mut App, days, carried, code: &str| {
        take(centre, feed(three(), days, carried));
        centre.deliver(app);
        assert_eq!(flag(&results(app, None, None)), (code, Some("YL1")));
    };
    check(
        &mut centre,
        &mut app,
        9,
        CarriedOver::Succeeded,
        "succeeded",
    );
    let failed = CarriedOver::Failed("无此人".to_owned());
    check(&mut centre, &mut app, 8, failed, "failed");
    let view = results(&mut app, None, None);
    let reason = interruption(&view)
        .linked
        .as_ref()
        .expect("linked")
        .reason
        .as_deref();
    assert_eq!(reason, Some("无此人"));
    check(
        &mut centre,
        &mut app,
        7,
        CarriedOver::NotApplicable,
        "not_applicable",
    );
    assert_eq!(unknown(&mut app), None);
    assert_eq!(view.feed.age_seconds, Some(8 * 86_400));
}

#[test]
fn both_settlement_periods_and_the_results_of_both_insurances_are_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    stopped(&mut centre, &mut app);
    take(&mut centre, feed(three(), 1, CarriedOver::Succeeded));
    centre.deliver(&mut app);
    let view = results(&mut app, None, None);
    assert_eq!(view.pension_settlement.as_deref(), Some("2022-03"));
    assert_eq!(view.unemployment_settlement.as_deref(), Some("2022-02"));
    let row = interruption(&view);
    assert_eq!((row.insurance, row.result.code.as_str()), (210, "approve"));
    assert!(row.at.is_some() && row.receipt.is_some());
    let pension = results(&mut app, Some("2022-01"), Some(110)).rows;
    assert_eq!(pension.len(), 1);
    assert_eq!(pension[0].result.code, "failed");
    assert_eq!(pension[0].reason.as_deref(), Some("基数未申报"));
    let request = Request::Results {
        settlement: None,
        insurance: Some(310),
    };
    let wrong = refuse(&mut app, request);
    assert_eq!(wrong.code, "results.no_such_insurance");

    let row = assessments(&mut app).remove(0);
    assert_eq!((row.insurance, row.status.code.as_str()), (110, "failed"));
    assert!(row.told_at.is_some(), "{row:?}");
    assert_eq!(row.problems[0].code, "pension.assessment_failed");
}

#[test]
fn head_counts_that_differ_name_the_persons_and_the_roster_is_filtered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let retired = PensionPerson {
        person_state: PersonState::Retired,
        payment: PaymentStatus::Terminated,
        ..person(2, "赵四")
    };
    let persons = vec![person(1, "张三"), retired, person(8, "周六")];
    take(&mut centre, feed(persons, 1, CarriedOver::Succeeded));
    centre.deliver(&mut app);
    let view = counts(&mut app);
    assert_eq!(view.agreement.code, "differ");
    let names = |it: Option<Vec<crate::response::CountedPerson>>| -> Vec<String> {
        it.expect("known").into_iter().map(|it| it.name).collect()
    };
    assert_eq!(names(view.only_pension), ["周六"]);
    assert_eq!(names(view.only_unemployment), ["赵四", "孙五"]);
    assert_eq!(view.pension_total_base.as_deref(), Some("10000.00"));

    let all = roster(&mut app, None, None);
    let known: Vec<&str> = all.rows.iter().map(|it| it.known.code.as_str()).collect();
    assert_eq!(known, ["known", "known", "known", "absent"]);
    for status in ["retired", "离退休"] {
        let rows = roster(&mut app, Some(status), None).rows;
        assert_eq!((rows.len(), rows[0].name.as_str()), (1, "赵四"), "{status}");
    }
    for number in ["1100000001", "0001000001"] {
        let rows = roster(&mut app, None, Some(number)).rows;
        assert_eq!((rows.len(), rows[0].name.as_str()), (1, "张三"), "{number}");
    }
    let wrong = |status: Option<&str>, number: Option<&str>| Request::PensionRoster {
        id_number: None,
        personal_number: number.map(str::to_owned),
        status: status.map(str::to_owned),
    };
    let no_status = refuse(&mut app, wrong(Some("奇怪"), None));
    assert_eq!(no_status.code, "pension.no_such_person_state");
    let nobody = refuse(&mut app, wrong(None, Some("9")));
    assert_eq!(nobody.code, "pension.nobody");
    let json = serde_json::to_string(&all).expect("plain data");
    assert!(!json.contains(&person(1, "").id_number), "masked: {json}");
}
