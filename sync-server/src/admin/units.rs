//! Units: registered with their roster, found by any of their numbers, listed.

use canbao_core::facts::{Agency, Fact, ListedPerson, PersonRecord, UnitRecord};
use canbao_core::ids::{PersonId, UnitId};
use canbao_core::message::{Lang, Message};

use super::command::{LoadUnit, LoadedPerson};
use super::desk::district_named;
use super::failure::{Failure, ProblemView};
use super::outcome::{Outcome, UnitListed, UnitLoaded, UnitMoved};
use crate::border::{self, NoRandomness};
use crate::centre::{AdminError, Centre, Unavailable};

/// Persons in one fact.
const PERSONS_A_FACT: usize = 250;
/// The longest name of a unit that tax takes, in characters.
const MAX_NAME: usize = 100;

/// Registers a unit with its roster, whole or not at all.
pub(super) async fn load(centre: &Centre, load: LoadUnit, lang: Lang) -> Result<Outcome, Failure> {
    check(&load, lang)?;
    let district = district(centre, &load.district, lang)?.district;
    let no_randomness = |error: NoRandomness| Failure::of_store(error.code(), error, lang);
    let unit = UnitId(ulid().map_err(no_randomness)?);
    let record = UnitRecord {
        id: unit,
        name: load.name.trim().to_owned(),
        district,
        credit_code: load.credit_code.clone(),
        unemployment_number: load.unemployment_number.clone(),
        pension_number: load.pension_number.clone(),
    };
    let mut facts = vec![Fact::UnitRegistered(record)];
    for persons in load.persons.chunks(PERSONS_A_FACT) {
        let persons = persons.iter().map(|person| listed(person, &load));
        let persons = persons.collect::<Result<_, _>>().map_err(no_randomness)?;
        facts.push(Fact::PersonsListed { unit, persons });
    }
    match centre.append_facts(facts, border::now()).await {
        Ok(_) => Ok(Outcome::UnitLoaded(UnitLoaded {
            unit,
            unemployment_number: load.unemployment_number.to_string(),
            persons: load.persons.len(),
            ignored_columns: load.ignored_columns,
        })),
        Err(error) => Err(with_row(error, &load.persons, lang)),
    }
}

/// Moves a unit to another district: from the next entry of the log on, that one's agency
/// decides (DIST-2).
pub(super) async fn move_to(
    centre: &Centre,
    unit: &str,
    to: &str,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let unit = find(centre, unit, lang)?;
    let to = district(centre, to, lang)?;
    let from = centre
        .with_unit(unit, |view| view.record.district)
        .map_err(|error| Failure::of_unavailable(&error, lang))?;
    let from = from.expect("a unit that was found stays in the log");
    let (from, to, district_name) = (from, to.district, to.district_name);
    centre
        .append_facts(vec![Fact::UnitMoved { unit, from, to }], border::now())
        .await
        .map_err(|error| Failure::of_engine(&error, lang))?;
    Ok(Outcome::UnitMoved(UnitMoved {
        unit,
        from,
        to,
        district_name,
    }))
}

fn check(load: &LoadUnit, lang: Lang) -> Result<(), Failure> {
    let refuse = |message: Message| Err(Failure::refused(&message, lang));
    if !(1..=MAX_NAME).contains(&load.name.trim().chars().count()) {
        return refuse(Message::bare("admin.unit_name").with("most", MAX_NAME));
    }
    if load.bases_until < load.paying_since {
        let message = Message::bare("month.ends_before_start");
        return refuse(
            message
                .with("first", load.paying_since)
                .with("last", load.bases_until),
        );
    }
    stopped_after_they_began(load, lang)
}

/// Everyone who is suspended paid for a month at least.
fn stopped_after_they_began(load: &LoadUnit, lang: Lang) -> Result<(), Failure> {
    let problems: Vec<ProblemView> = load
        .persons
        .iter()
        .filter_map(|person| Some((person.row, person.last_paid?)))
        .filter(|(_, last)| *last < load.paying_since)
        .map(|(row, last)| {
            let message = Message::bare("declaration.before_start")
                .with("month", last)
                .with("start", load.paying_since);
            ProblemView {
                row: Some(row),
                column: Some("停缴年月".to_owned()),
                ..ProblemView::of_whole(&message, lang)
            }
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let message = Message::bare("baseline.rows").with("count", problems.len());
    Err(Failure {
        problems,
        ..Failure::refused(&message, lang)
    })
}

fn listed(person: &LoadedPerson, load: &LoadUnit) -> Result<ListedPerson, NoRandomness> {
    Ok(ListedPerson {
        person: PersonRecord {
            id: PersonId(ulid()?),
            personal_number: person.personal_number.clone(),
            document: person.document.clone(),
            name: person.name.clone(),
        },
        paying_since: load.paying_since,
        wage: person.wage,
        bases_until: load.bases_until,
        last_paid: person.last_paid,
    })
}

/// Where the engine counts persons, the answer names the row of the file.
fn with_row(error: AdminError, persons: &[LoadedPerson], lang: Lang) -> Failure {
    let place = match error {
        AdminError::PersonalNumberTaken { row } => Some((row, "个人编号")),
        AdminError::DocumentTaken { row } => Some((row, "身份证")),
        _ => None,
    };
    let Some((place, column)) = place else {
        return Failure::of_engine(&error, lang);
    };
    let row = place
        .checked_sub(1)
        .and_then(|it| persons.get(it))
        .map_or(0, |it| it.row);
    let message = Message::bare(error.code()).with("row", row);
    let problem = ProblemView {
        row: Some(row),
        column: Some(column.to_owned()),
        ..ProblemView::of_whole(&message, lang)
    };
    Failure {
        problems: vec![problem],
        ..Failure::refused(&message, lang)
    }
}

fn ulid() -> Result<[u8; 16], NoRandomness> {
    let milliseconds = u64::try_from(border::now().0)
        .unwrap_or(0)
        .saturating_mul(1000);
    Ok(UnitId::from_parts(milliseconds, border::random()?).0)
}

/// A district by number or name.
pub(super) fn district(centre: &Centre, named: &str, lang: Lang) -> Result<Agency, Failure> {
    let head = centre.head();
    district_named(head.common.agencies.values(), named.trim())
        .cloned()
        .ok_or_else(|| {
            let message = Message::bare("admin.unknown_district").with("district", named);
            Failure::refused(&message, lang)
        })
}

/// A unit by id, credit code or unemployment number.
pub(super) fn find(centre: &Centre, named: &str, lang: Lang) -> Result<UnitId, Failure> {
    let found = match named.trim().parse::<UnitId>() {
        Ok(unit) => centre.with_unit(unit, |_| unit),
        Err(_) => Ok(None),
    };
    let found = match found {
        Ok(None) => centre.find_unit(named.trim()),
        other => other,
    };
    found
        .map_err(|error| Failure::of_unavailable(&error, lang))?
        .ok_or_else(|| {
            Failure::refused(
                &Message::bare("admin.unknown_unit").with("unit", named),
                lang,
            )
        })
}

/// Every unit, district by district.
pub(super) fn ids(centre: &Centre) -> Result<Vec<UnitId>, Unavailable> {
    let mut units = Vec::new();
    for district in centre.head().common.agencies.keys() {
        units.extend(centre.units_of(*district)?);
    }
    Ok(units)
}

/// Every unit, by district and unemployment number.
pub(super) fn list(centre: &Centre) -> Result<Vec<UnitListed>, Unavailable> {
    let head = centre.head();
    let mut units = Vec::new();
    for unit in ids(centre)? {
        units.extend(centre.with_unit(unit, |view| {
            let record = &view.record;
            let agency = head.common.agencies.get(&record.district);
            UnitListed {
                unit: record.id,
                name: record.name.clone(),
                district: record.district,
                district_name: agency
                    .map(|it| it.district_name.clone())
                    .unwrap_or_default(),
                credit_code: record.credit_code.to_string(),
                unemployment_number: record.unemployment_number.to_string(),
                pension_number: record.pension_number.to_string(),
                persons: view.persons.len(),
            }
        })?);
    }
    units.sort_by(|a, b| {
        (a.district, &a.unemployment_number).cmp(&(b.district, &b.unemployment_number))
    });
    Ok(units)
}
