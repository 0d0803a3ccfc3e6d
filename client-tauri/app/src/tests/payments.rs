//! The filters of the queries: whom of the roster (QRY-2), which payments (QRY-4, QRY-5), which
//! agency (DIST-1).

use canbao_core::facts::{Agency, Fact};
use canbao_core::ids::DistrictId;

use super::proofs::posted;
use super::*;
use crate::request::PaymentsWanted;

fn people(app: &mut App, person: Option<&str>, status: Option<&str>) -> Vec<String> {
    let list = Request::RosterList {
        person: person.map(str::to_owned),
        status: status.map(str::to_owned),
    };
    match ask(app, list) {
        Response::Roster(rows) => rows.into_iter().map(|it| it.person.name).collect(),
        other => panic!("a roster, not {other:?}"),
    }
}

#[test]
fn the_roster_is_filtered_by_number_and_by_payment_status() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop("0001000001", "2022-01"));
    submit_all(&mut app);
    centre.exchange(&mut app);
    centre.approve_all();
    centre.deliver(&mut app);

    assert_eq!(people(&mut app, None, None), ["张三", "赵四", "孙五"]);
    let number = id_number("21019919900101002");
    assert_eq!(people(&mut app, Some(&number), None), ["赵四"]);
    for status in ["suspended", "暂停缴费(中断)", " suspended "] {
        assert_eq!(people(&mut app, None, Some(status)), ["张三"], "{status}");
    }
    assert_eq!(people(&mut app, None, Some("参保缴费")), ["赵四", "孙五"]);
    assert!(people(&mut app, Some("0001000001"), Some("paying")).is_empty());
    assert!(people(&mut app, None, Some("terminated")).is_empty());
    let wrong = Request::RosterList {
        person: None,
        status: Some("停".to_owned()),
    };
    assert_eq!(refuse(&mut app, wrong).code, "roster.no_such_status");
}

#[test]
fn payments_are_filtered_by_every_field_and_summed_as_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, mut app, _) = posted(directory.path());
    let of = |text: &str| Some(text.to_owned());
    let mut check = |what: &str, wanted: PaymentsWanted, expected: usize| {
        let Response::Records(view) = ask(&mut app, Request::RecordsList(wanted)) else {
            panic!("records")
        };
        assert_eq!(view.records.len(), expected, "{what}");
        let total = ["0.00", "60.00", "120.00", "180.00"][expected];
        assert_eq!(view.total, total, "{what}");
        for row in view.records {
            assert_eq!(
                (row.insurance, row.insurance_text.as_str()),
                (210, "unemployment")
            );
            assert_eq!(row.payment_kind_text, "normal contribution");
        }
    };
    let all = PaymentsWanted::default;
    check("everything", all(), 3);
    check(
        "a settlement",
        PaymentsWanted {
            settlement: of("2022-01"),
            ..all()
        },
        3,
    );
    check(
        "another one",
        PaymentsWanted {
            settlement: of("2022-02"),
            ..all()
        },
        0,
    );
    check(
        "by code",
        PaymentsWanted {
            insurance: of("210"),
            ..all()
        },
        3,
    );
    check(
        "by name",
        PaymentsWanted {
            insurance: of("失业保险"),
            ..all()
        },
        3,
    );
    check(
        "another insurance",
        PaymentsWanted {
            insurance: of("110"),
            ..all()
        },
        0,
    );
    check(
        "normal ones",
        PaymentsWanted {
            kind: of("正常应缴"),
            ..all()
        },
        3,
    );
    check(
        "refunds",
        PaymentsWanted {
            kind: of("20"),
            ..all()
        },
        0,
    );
    let one = of("0001000001");
    check(
        "one person",
        PaymentsWanted {
            person: one.clone(),
            ..all()
        },
        1,
    );
    check(
        "from then on",
        PaymentsWanted {
            period_from: of("2022-01"),
            ..all()
        },
        3,
    );
    check(
        "after",
        PaymentsWanted {
            period_from: of("2022-02"),
            ..all()
        },
        0,
    );
    check(
        "until then",
        PaymentsWanted {
            period_to: of("2022-01"),
            ..all()
        },
        3,
    );
    check(
        "before",
        PaymentsWanted {
            person: one,
            period_to: of("2021-12"),
            ..all()
        },
        0,
    );
}

#[test]
fn an_unknown_value_of_a_filter_is_named_with_what_there_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let mut check = |wanted: PaymentsWanted, code: &str, known: &str| {
        let failure = refuse(&mut app, Request::RecordsList(wanted));
        assert_eq!(failure.code, code);
        assert_eq!(failure.class, crate::response::FailureClass::Usage);
        assert!(failure.hint.contains(known), "{}", failure.hint);
    };
    let wrong = || Some("211".to_owned());
    let by_insurance = PaymentsWanted {
        insurance: wrong(),
        ..PaymentsWanted::default()
    };
    check(by_insurance, "records.no_such_insurance", "210 失业保险");
    let by_kind = PaymentsWanted {
        kind: wrong(),
        ..PaymentsWanted::default()
    };
    check(by_kind, "records.no_such_kind", "34 基数补差");
}

#[test]
fn agencies_are_searched_and_the_units_own_is_marked() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    for (district, name) in [(DistrictId(1), "和平区"), (DISTRICT, "沈河区")] {
        centre.add(&Fact::AgencyListed(Agency {
            district,
            district_name: name.to_owned(),
            name: format!("{name}就业服务中心"),
            address: format!("{name}一号"),
            phone: format!("2400000{}", district.0),
        }));
    }
    centre.deliver(&mut app);
    let mut found = |words: &str| {
        let words = words.to_owned();
        match ask(&mut app, Request::Agencies { words }) {
            Response::Agencies(rows) => rows
                .into_iter()
                .map(|it| (it.district_name, it.own))
                .collect::<Vec<_>>(),
            other => panic!("agencies, not {other:?}"),
        }
    };
    let (other, own) = (("和平区".to_owned(), false), ("沈河区".to_owned(), true));
    assert_eq!(found(""), [other, own.clone()]);
    assert_eq!(found("24000002"), [own]);
    assert_eq!(found("铁西"), []);

    // ACC-4: where no unit is found, nobody knows the district, and the whole table opens.
    let stranger = Context {
        unit: Some("91210199MA0CAB0535".to_owned()),
        ..english()
    };
    let failure = app
        .dispatch(&stranger, Request::DeclareList)
        .expect_err("no unit");
    assert_eq!(failure.code, "unit.no_such");
    for place in ["和平区一号", "沈河区一号"] {
        assert!(failure.hint.contains(place), "{}", failure.hint);
    }
}
