//! The proxy through which another program's talk with tax is proven conforming.

use std::net::SocketAddr;

use canbao_tests::recording_proxy::RecordingProxy;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::messages::{JANUARY, assessment, period, with};
use crate::simulator::{Simulator, agent, description};

fn post(address: SocketAddr, body: &Value) -> u16 {
    let url = format!("http://{address}/v1/transactions");
    agent().post(url).send_json(body).unwrap().status().as_u16()
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut answer = agent()
        .get(format!("http://{address}{path}"))
        .call()
        .unwrap();
    (
        answer.status().as_u16(),
        answer.body_mut().read_to_string().unwrap(),
    )
}

#[test]
fn conforming_talk_passes_unchanged_and_without_a_violation() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let proxy = RecordingProxy::start(&description(), tax.address).unwrap();
    assert_eq!(
        post(proxy.address(), &assessment("a-1", JANUARY, &[1, 2])),
        202
    );
    tax.simulate("pay", &period(JANUARY));
    for path in [
        "/v1/events?after=0&limit=10",
        "/v1/transactions/a-1",
        "/v1/transactions/b",
        "/v1/health",
    ] {
        assert_eq!(get(proxy.address(), path), get(tax.address, path), "{path}");
    }
    assert_eq!(proxy.violations(), [""; 0]);
    let seen: Vec<_> = proxy
        .exchanges()
        .into_iter()
        .map(|exchange| exchange.status)
        .collect();
    assert_eq!(
        seen,
        [Some(202), Some(200), Some(200), Some(404), Some(200)]
    );
}

#[test]
fn each_kind_of_violation_is_recorded_with_its_request() {
    let directory = tempdir().unwrap();
    let tax = Simulator::start(directory.path());
    let proxy = RecordingProxy::start(&description(), tax.address).unwrap();
    let check = |path: &str, expected: &str| {
        let before = proxy.violations().len();
        get(proxy.address(), path);
        let violations = proxy.violations();
        assert!(violations[before].contains(path), "{violations:?}");
        assert!(violations[before].contains(expected), "{violations:?}");
    };
    check("/v1/events?limit=0", "parameter limit");
    check("/v1/events?page=1", "parameter page");
    check("/v1/everything", "no such operation");
    check("/simulate/state", "no such operation");
    post(
        proxy.address(),
        &with(assessment("a-1", JANUARY, &[1]), json!({"urgent": true})),
    );
    assert!(proxy.violations().pop().unwrap().contains("urgent"));
}

#[test]
fn an_upstream_that_dies_is_no_answer_and_another_can_take_its_place() {
    let directory = tempdir().unwrap();
    let mut tax = Simulator::start(directory.path());
    let proxy = RecordingProxy::start(&description(), tax.address).unwrap();
    let sent = assessment("a-1", JANUARY, &[1]);
    tax.simulate(
        "die",
        &json!({"point": "after_journal", "on": "transaction"}),
    );
    assert_eq!(post(proxy.address(), &sent), 502);
    tax.ended();
    let tax = Simulator::start(directory.path());
    proxy.redirect(tax.address);
    assert_eq!(post(proxy.address(), &sent), 202);
    let seen: Vec<_> = proxy
        .exchanges()
        .into_iter()
        .map(|exchange| exchange.status)
        .collect();
    assert_eq!((seen, proxy.violations().len()), (vec![None, Some(202)], 0));
}
