//! Codes used twice, servers of others, operators of others, nobody at all.

use canbao_core::sync::Verdict;
use canbao_tests::harness::LARGE;
use canbao_tests::stranger::Stranger;

use super::*;

#[test]
fn an_enrolment_code_works_once_and_a_mistyped_one_is_named() {
    let place = Place::new();
    let office = place.office();
    let code = office
        .centre
        .issue(&["--employer", SMALL.credit_code, "--operator-name", "孙"]);
    let device = place.site.device("second");
    let mistyped = code.replace(code.chars().last().expect("a code"), "0");
    if mistyped != code {
        let error = device
            .run(&["enrol", &mistyped, "--server", &office.centre.quic])
            .error(1);
        speaks(&error);
    }
    let _ = device.ok(&["enrol", &code, "--server", &office.centre.quic]);
    let third = place.site.device("third");
    let error = third
        .run(&["enrol", &code, "--server", &office.centre.quic])
        .error(1);
    assert_eq!(error["code"], "enrolment.code_used", "{error}");
    speaks(&error);
}

#[test]
fn the_server_of_another_centre_gets_nothing_and_is_named() {
    let place = Place::new();
    let mut office = place.office();
    let elsewhere = Place::new();
    let mut other = elsewhere.site.centre("127.0.0.1:9");
    other.start();
    other.load_common();

    let code = office
        .centre
        .issue(&["--employer", SMALL.credit_code, "--operator-name", "孙"]);
    let device = place.site.device("second");
    let error = device
        .run(&["enrol", &code, "--server", &other.quic])
        .error(5);
    speaks(&error);

    // The other centre takes over the address of ours.
    let _ = office.declare_wage(0, "5000.00");
    let _ = office.employer.ok(&["submit", "--all"]);
    office.centre.stop();
    other.stop();
    other.quic.clone_from(&office.centre.quic);
    other.start();
    let error = office.employer.run(&["sync"]).error(5);
    speaks(&error);
    other.stop();
    office.centre.start();
    let _ = office.employer.ok(&["sync"]);
    assert_eq!(
        office
            .employer
            .ok(&["receipt", "list"])
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn an_unreachable_server_leaves_everything_queued_and_said() {
    let place = Place::new();
    let mut office = place.office();
    office.centre.stop();
    let _ = office.declare_wage(0, "5000.00");
    let _ = office.employer.ok(&["submit", "--all"]);
    let error = office.employer.run(&["sync"]).error(3);
    assert_eq!(error["code"], "transport.unreachable", "{error}");
    speaks(&error);
    let status = office.employer.ok(&["status"]);
    assert!(status["queued"].as_u64() >= Some(1), "{status}");
    office.centre.start();
    let _ = office.employer.ok(&["sync"]);
    assert_eq!(office.employer.ok(&["status"])["queued"], 0);
}

#[test]
fn an_operator_of_another_unit_is_refused_by_name_and_the_next_good_batch_is_taken() {
    let place = Place::new();
    let office = place.office();
    let _ = office.centre.load(&LARGE);
    let code = office
        .centre
        .issue(&["--employer", LARGE.credit_code, "--operator-name", "周"]);
    let stranger = Stranger::enrol(&code, &office.centre.quic, 40);
    let status = office.employer.ok(&["status"]);
    let unit = status["units"][0]["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a unit id");

    let verdicts = stranger.offer(vec![
        stranger.withdrawal_for(unit),
        stranger.batch_for(unit),
    ]);
    let codes: Vec<&str> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Refused(refusal) => refusal.code(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        codes,
        ["statement.not_your_unit", "admission.not_your_document"]
    );

    let _ = office.declare_wage(0, "5000.00");
    let _ = office.employer.ok(&["submit", "--all"]);
    let _ = office.employer.ok(&["sync"]);
    assert_eq!(
        office
            .employer
            .ok(&["receipt", "list"])
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let status = office.employer.ok(&["status"]);
    assert_eq!(status["queued"], 0, "{status}");
}
