//! Fetching tax's roster of one unit: page by page, whole or not at all (QRY-3).

use std::collections::BTreeMap;

use canbao_core::facts::{FetchedRoster, TaxPerson};
use canbao_core::identity::CreditCode;
use canbao_core::ids::UnitId;

use super::client::{self, Client};
use super::wire::{MAX_PAGE, RosterPage, RosterPerson};
use crate::border::now;
use crate::centre::{Centre, RosterAnswer, RosterAsk, RosterNews, TaxError, Unavailable};
use crate::members::{Malformed, instant, money, month, short, token};
use crate::remote::{NoAnswer, off_thread};

/// The most persons that a roster may have.
const MAX_PERSONS: usize = 100_000;
/// How often a roster that changes while it is read is begun again.
const TRIES: usize = 3;

/// Why there is no roster now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRoster {
    /// Tax gives no answer to go on with.
    #[error("{detail}")]
    NoAnswer {
        /// Which failure, as a code.
        code: &'static str,
        /// In words without personal data.
        detail: String,
    },
    /// Something in it is not as the interface describes.
    #[error("tax's roster is not as the interface describes: {0}")]
    Malformed(&'static str),
    /// It changed each time while it was read, or tax answered about the unit meanwhile.
    #[error("tax's roster changes while it is read")]
    Unsteady,
    /// The centre.
    #[error(transparent)]
    Centre(#[from] TaxError),
}

impl NoRoster {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAnswer { code, .. } => code,
            Self::Malformed(_) => "tax.malformed_roster",
            Self::Unsteady => "tax.roster_unsteady",
            Self::Centre(error) => error.code(),
        }
    }
}

impl From<NoAnswer> for NoRoster {
    fn from(error: NoAnswer) -> Self {
        Self::NoAnswer {
            code: client::code(&error),
            detail: error.to_string(),
        }
    }
}

impl From<Malformed> for NoRoster {
    fn from(Malformed(member): Malformed) -> Self {
        Self::Malformed(member)
    }
}

impl From<Unavailable> for NoRoster {
    fn from(error: Unavailable) -> Self {
        Self::Centre(error.into())
    }
}

/// Fetches tax's roster of a unit and takes it in; gives how many persons differ from the one
/// before. Where `silent`, a roster that is still the same is not recorded anew.
///
/// # Errors
/// [`NoRoster`].
pub async fn fetch_roster(
    centre: &Centre,
    client: &Client,
    unit: UnitId,
    silent: bool,
) -> Result<usize, NoRoster> {
    for _ in 0..TRIES {
        let ask = centre.roster_ask(unit)?.ok_or(TaxError::UnknownUnit)?;
        let asked = ask.asked;
        let client = client.clone();
        let Some(news) = off_thread(move || read(&client, &ask)).await?? else {
            continue;
        };
        if silent && matches!(news, RosterNews::Same { .. }) {
            return Ok(0);
        }
        match centre.take_tax_roster(unit, asked, news, now()).await? {
            RosterAnswer::Taken { changes } => return Ok(changes),
            RosterAnswer::Outdated => {}
        }
    }
    Err(NoRoster::Unsteady)
}

/// Reads a roster from its first page to its last; [`None`] where it changed on the way. A unit
/// that tax does not have has nobody there.
fn read(client: &Client, ask: &RosterAsk) -> Result<Option<RosterNews>, NoRoster> {
    let Some(mut page) = client.roster(&ask.credit_code, None)? else {
        return Ok(Some(RosterNews::Whole(FetchedRoster {
            as_of: now(),
            version: None,
            persons: BTreeMap::new(),
        })));
    };
    let version = version_of(&page, &ask.credit_code)?;
    let as_of = instant(&page.as_of)?;
    if ask.version.as_ref() == Some(&version) {
        return Ok(Some(RosterNews::Same { as_of, version }));
    }
    let mut persons = BTreeMap::new();
    loop {
        let next = take_page(page, &mut persons)?;
        let Some(next) = next else {
            return Ok(Some(RosterNews::Whole(FetchedRoster {
                as_of,
                version: Some(version),
                persons,
            })));
        };
        let Some(following) = client.roster(&ask.credit_code, Some(&next))? else {
            return Ok(None);
        };
        if version_of(&following, &ask.credit_code)? != version {
            return Ok(None);
        }
        page = following;
    }
}

/// Takes a page's persons, who come in the order of their numbers; gives where the next page
/// begins.
fn take_page(
    page: RosterPage,
    persons: &mut BTreeMap<String, TaxPerson>,
) -> Result<Option<String>, NoRoster> {
    if page.persons.len() > MAX_PAGE || persons.len() + page.persons.len() > MAX_PERSONS {
        return Err(NoRoster::Malformed("persons"));
    }
    let is_empty = page.persons.is_empty();
    for person in page.persons {
        let person = person_of(person)?;
        let last = persons.last_key_value().map(|(number, _)| number);
        if last.is_some_and(|it| *it >= person.personal_number) {
            return Err(NoRoster::Malformed("order"));
        }
        persons.insert(person.personal_number.clone(), person);
    }
    let last = persons.last_key_value().map(|(number, _)| number);
    // Else a page without an end would follow on every page.
    match page.next {
        Some(next) if is_empty || last != Some(&next) => Err(NoRoster::Malformed("next")),
        next => Ok(next),
    }
}

fn version_of(page: &RosterPage, unit: &CreditCode) -> Result<String, NoRoster> {
    if page.credit_code != unit.as_str() {
        return Err(NoRoster::Malformed("credit_code"));
    }
    Ok(token(&page.version, "version")?)
}

fn person_of(person: RosterPerson) -> Result<TaxPerson, Malformed> {
    let (personal_number, id_kind, id_number, name, first, stop, base) = match person {
        RosterPerson::Paying {
            person_number,
            id_kind,
            id_number,
            name,
            first_month,
            base,
        } => (
            person_number,
            id_kind,
            id_number,
            name,
            first_month,
            None,
            base,
        ),
        RosterPerson::Stopped {
            person_number,
            id_kind,
            id_number,
            name,
            first_month,
            stop_month,
            base,
        } => (
            person_number,
            id_kind,
            id_number,
            name,
            first_month,
            Some(stop_month),
            base,
        ),
    };
    Ok(TaxPerson {
        personal_number: short(personal_number, 32, "person_number")?,
        id_kind: short(id_kind, 2, "id_kind")?,
        id_number: short(id_number, 32, "id_number")?,
        name: short(name, 100, "name")?,
        first: month(&first)?,
        stop: stop.map(|it| month(&it)).transpose()?,
        base: base.map(|it| money(&it)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use canbao_core::time::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn person(number: usize) -> Value {
        json!({
            "person_number": format!("21{number:08}"),
            "id_kind": "08",
            "id_number": format!("E{number:08}"),
            "name": format!("示例{number}"),
            "state": "stopped",
            "first_month": "2021-07",
            "stop_month": "2022-01",
            "base": "4359.00",
        })
    }

    fn page(persons: Value, next: Option<&str>) -> Value {
        let mut page = json!({
            "credit_code": "91210102MA0DEM0C6Y",
            "version": "17",
            "as_of": "2022-02-21T07:05:14.5Z",
            "persons": persons,
        });
        if let Some(next) = next {
            page["next"] = json!(next);
        }
        page
    }

    fn take(
        page: Value,
        persons: &mut BTreeMap<String, TaxPerson>,
    ) -> Result<Option<String>, NoRoster> {
        take_page(serde_json::from_value(page).unwrap(), persons)
    }

    #[test]
    fn a_page_is_read_as_the_interface_describes() {
        let mut persons = BTreeMap::new();
        let mut paying = person(2);
        let members = paying.as_object_mut().unwrap();
        members.insert("state".to_owned(), json!("paying"));
        members.remove("stop_month");
        members.remove("base");
        let first = page(json!([person(1)]), Some("2100000001"));
        let next = take(first, &mut persons);
        assert_eq!(next, Ok(Some("2100000001".to_owned())));
        assert_eq!(take(page(json!([paying]), None), &mut persons), Ok(None));
        let read: Vec<_> = persons.values().map(|it| (it.stop, it.base)).collect();
        let january = "2022-01".parse().unwrap();
        let base = "4359.00".parse().unwrap();
        assert_eq!(read, [(Some(january), Some(base)), (None, None)]);
        assert_eq!(
            instant("2022-02-21T07:05:14.5Z"),
            Ok(Timestamp(1_645_427_114))
        );
    }

    #[test]
    fn a_page_that_the_interface_does_not_describe_is_named_and_ends_the_reading() {
        let check = |page: Value, member: &'static str| {
            let mut persons = BTreeMap::new();
            assert_eq!(
                take(page, &mut persons),
                Err(NoRoster::Malformed(member)),
                "{member}"
            );
        };
        check(page(json!([person(2), person(1)]), None), "order");
        check(page(json!([person(1), person(1)]), None), "order");
        // Such a page would follow on itself for ever.
        check(page(json!([]), Some("2100000001")), "next");
        check(page(json!([person(1)]), Some("2100000002")), "next");
        let mut read = BTreeMap::new();
        let first = take(page(json!([person(1)]), Some("2100000001")), &mut read);
        assert_eq!(first, Ok(Some("2100000001".to_owned())));
        let again = take(page(json!([]), Some("2100000001")), &mut read);
        assert_eq!(again, Err(NoRoster::Malformed("next")));
        let many: Vec<_> = (0..=MAX_PAGE).map(person).collect();
        check(page(json!(many), None), "persons");
        let with = |member: &str, value: Value| {
            let mut person = person(1);
            person[member] = value;
            page(json!([person]), None)
        };
        check(with("person_number", json!("")), "person_number");
        check(with("name", json!("长".repeat(101))), "name");
        check(with("first_month", json!("202107")), "month");
        check(with("base", json!("-1.00")), "amount");
        for (member, value) in [
            ("state", json!("unknown")),
            ("nationality", json!("")),
            ("stop_month", Value::Null),
        ] {
            let page = with(member, value);
            assert!(
                serde_json::from_value::<RosterPage>(page).is_err(),
                "{member}"
            );
        }
        let whole: RosterPage = serde_json::from_value(page(json!([]), None)).unwrap();
        let unit = "91350100M000100Y43".parse().unwrap();
        let other = Err(NoRoster::Malformed("credit_code"));
        assert_eq!(version_of(&whole, &unit), other);
        assert_eq!(instant("gestern"), Err(Malformed("as_of")));
    }
}
