//! The simulator and the interface's description, held against each other.

use canbao_tests::openapi::Interface;
use serde_json::json;

use super::feeds::{feed, number, stranger};
use super::*;

struct Asked {
    status: u16,
    body: Value,
}

/// An answer of the simulator, which the interface allows.
fn ask(interface: &Interface, at: &str, path: &str) -> Asked {
    let response = agent().get(format!("http://{at}{path}")).call().unwrap();
    let asked = read(response);
    let bare = path.split('?').next().unwrap();
    let operation = interface.operation("GET", bare).unwrap();
    let checked = interface.check_response(operation, asked.status, &asked.body);
    assert_eq!(checked, Ok(()), "{path}: {}", asked.body);
    asked
}

fn post(at: &str, path: &str, body: &Value) -> Asked {
    let url = format!("http://{at}{path}");
    read(agent().post(url).send_json(body).unwrap())
}

fn read(response: ureq::http::Response<ureq::Body>) -> Asked {
    let (parts, mut body) = response.into_parts();
    Asked {
        status: parts.status.as_u16(),
        body: body.read_json().unwrap(),
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into()
}

fn interface() -> Interface {
    Interface::load(&repository("docs/pension-interface.yaml")).unwrap()
}

#[test]
fn every_answer_has_examples_and_they_are_as_the_schemas_say() {
    let interface = interface();
    for (operation, statuses) in interface.operations() {
        for status in statuses {
            let examples = interface.response_examples(operation, status).unwrap();
            assert!(!examples.is_empty(), "{operation} {status} has no example");
            for example in examples {
                let checked = interface.check_response(operation, status, example);
                assert_eq!(checked, Ok(()), "{operation} {status}");
            }
        }
    }
}

#[test]
fn a_feed_is_given_page_by_page_as_the_interface_says() {
    let place = Place::new();
    let pension = place.site.pension();
    let (at, interface) = (pension.address.as_str(), interface());
    let root = format!("/v1/units/{}/feed", SMALL.pension_number);
    assert_eq!(ask(&interface, at, &root).status, 404);
    assert_eq!(ask(&interface, at, "/v1/health").status, 200);
    let mut given = feed("1", (1..=25).rev().map(stranger).collect());
    given["results"] = json!([{ "month": "2022-02", "what": "wages", "result": "succeeded" }]);
    assert_eq!(post(at, "/simulate/feed", &given).status, 200);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(&interface, at, &format!("{root}?limit=10{after}")).body;
        assert_eq!(items(&page["results"]).is_empty(), !after.is_empty());
        assert_eq!(page["head_count"], 25);
        let persons = items(&page["persons"]).iter();
        seen.extend(persons.map(|it| text(&it["person_number"]).to_owned()));
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let all: Vec<String> = (1..=25).map(number).collect();
    assert_eq!(seen, all);
    for limit in ["0", "1001", "many"] {
        let wrong = ask(&interface, at, &format!("{root}?limit={limit}"));
        assert_eq!(wrong.status, 422, "{limit}");
    }
}

#[test]
fn the_simulator_takes_no_feed_that_the_interface_does_not_describe() {
    let place = Place::new();
    let pension = place.site.pension();
    let at = pension.address.as_str();
    let good = feed("1", vec![stranger(1)]);
    let check = |spoil: &dyn Fn(&mut Value), status: u16| {
        let mut given = good.clone();
        spoil(&mut given);
        assert_eq!(post(at, "/simulate/feed", &given).status, status, "{given}");
    };
    check(&|_| (), 200);
    check(&|it| it["as_of"] = json!("yesterday"), 422);
    check(&|it| it["persons"][0]["id_kind"] = json!("02"), 422);
    check(&|it| it["total_base"] = json!("5000"), 422);
    check(&|it| it["persons"] = json!({}), 422);
    check(&|it| it["more"] = json!(1), 422);
    let always_now = |it: &mut Value| {
        it.as_object_mut().unwrap().remove("as_of");
    };
    check(&always_now, 200);
    let root = format!("/v1/units/{}/feed", SMALL.pension_number);
    let page = ask(&interface(), at, &root).body;
    assert!(page["as_of"].is_string(), "{page}");
}
