//! What the pension side has: a feed a unit, each as the interface describes it.

use std::collections::BTreeMap;

use canbao_tests::openapi::{CannotLoad, Interface};
use canbao_tests::simulator::Problem;
use serde_json::{Map, Value, json};

/// The interface that both sides know, as it was when this program was built.
const INTERFACE: &str = include_str!("../../../../docs/pension-interface.yaml");
/// The operation that gives a feed.
const OPERATION: &str = "getFeed";
/// The most persons of a page.
pub(crate) const MOST_PERSONS: usize = 1000;

/// Every unit's feed, and what is answered in its place.
#[derive(Debug)]
pub(crate) struct Feeds {
    interface: Interface,
    feeds: BTreeMap<String, Map<String, Value>>,
    faults: BTreeMap<String, Fault>,
}

/// Something that is answered in a feed's place.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Feeds {
    /// A pension side without any unit.
    pub(crate) fn open() -> Result<Self, CannotLoad> {
        Ok(Self {
            interface: Interface::parse(INTERFACE)?,
            feeds: BTreeMap::new(),
            faults: BTreeMap::new(),
        })
    }

    /// Takes a feed in the place of the one before, where every page of it is as the interface
    /// describes; says how many persons it has.
    pub(crate) fn take(&mut self, mut feed: Map<String, Value>) -> Result<usize, Problem> {
        let unit = feed.get("pension_unit_number").and_then(Value::as_str);
        let unit = unit.map(str::to_owned);
        let persons = feed.get_mut("persons").and_then(Value::as_array_mut);
        let (Some(unit), Some(persons)) = (unit, persons) else {
            return Err(Problem::Malformed("a unit and its persons".to_owned()));
        };
        persons.sort_by_key(number);
        let count = persons.len();
        let mut after: Option<String> = None;
        loop {
            let page = page(&feed, after.as_deref(), MOST_PERSONS);
            // The checker's sentence may quote what was sent.
            let checked = self.interface.check_response(OPERATION, 200, &page);
            checked.map_err(|_| Problem::Malformed("not as the interface describes".to_owned()))?;
            match page.get("next").and_then(Value::as_str) {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        self.feeds.insert(unit, feed);
        Ok(count)
    }

    /// A page of a unit's feed; none where there is no such unit.
    pub(crate) fn page(&self, unit: &str, after: Option<&str>, limit: usize) -> Option<Value> {
        self.feeds.get(unit).map(|feed| page(feed, after, limit))
    }

    /// What is answered in the place of a unit's feed.
    pub(crate) fn fault(&self, unit: &str) -> Option<&Fault> {
        self.faults.get(unit)
    }

    pub(crate) fn spoil(&mut self, unit: String, fault: Fault) {
        self.faults.insert(unit, fault);
    }

    pub(crate) fn heal(&mut self, unit: &str) {
        self.faults.remove(unit);
    }

    pub(crate) fn state(&self) -> Value {
        json!({"feeds": self.feeds.values().collect::<Vec<_>>()})
    }
}

/// The persons behind a number, and on the first page the results and the operations.
fn page(feed: &Map<String, Value>, after: Option<&str>, limit: usize) -> Value {
    let mut page = feed.clone();
    let now = || json!(jiff::Timestamp::now().to_string());
    page.entry("as_of").or_insert_with(now);
    let all = feed["persons"].as_array().map_or(&[][..], Vec::as_slice);
    let behind = |it: &&Value| after.is_none_or(|after| number(it).as_str() > after);
    let following: Vec<&Value> = all.iter().filter(behind).collect();
    let shown = &following[..limit.min(following.len())];
    page.insert("persons".to_owned(), json!(shown));
    if let (true, Some(last)) = (following.len() > limit, shown.last()) {
        page.insert("next".to_owned(), json!(number(last)));
    }
    if after.is_some() {
        page.insert("results".to_owned(), json!([]));
        page.insert("operations".to_owned(), json!([]));
    }
    Value::Object(page)
}

fn number(person: &Value) -> String {
    let number = person.get("person_number").and_then(Value::as_str);
    number.unwrap_or_default().to_owned()
}
