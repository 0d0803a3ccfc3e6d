//! A feed as it travels: into the core's types, every member named, page after page.

use canbao_core::declaration::Kind;
use canbao_core::facts::{
    CarriedOver, Delivered, FeedFault, LinkedOperation, MAX_PENSION_OPERATIONS,
    MAX_PENSION_PERSONS, MAX_PENSION_RESULTS, Matter, PaymentStatus, PensionPerson, PensionResult,
    PersonState, RegistrationState,
};

use super::wire;
use crate::members::{Malformed, instant, money, month};

impl From<Malformed> for FeedFault {
    fn from(Malformed(member): Malformed) -> Self {
        Self::Malformed(member)
    }
}

/// What the first page, or a file, delivers, and where the next page begins.
///
/// # Errors
/// The first [`FeedFault`] that shows without the rest.
pub(super) fn first(page: wire::Feed) -> Result<(Delivered, Option<String>), FeedFault> {
    let wire::Feed {
        pension_unit_number,
        version,
        as_of,
        settlement,
        head_count,
        total_base,
        persons,
        results,
        operations,
        next,
    } = page;
    if persons.len() > MAX_PENSION_PERSONS {
        return Err(FeedFault::TooMany("persons"));
    }
    if results.len() > MAX_PENSION_RESULTS {
        return Err(FeedFault::TooMany("results"));
    }
    if operations.len() > MAX_PENSION_OPERATIONS {
        return Err(FeedFault::TooMany("operations"));
    }
    let unit = pension_unit_number.parse();
    let mut delivered = Delivered {
        unit: unit.map_err(|_| Malformed("pension_unit_number"))?,
        as_of: instant(&as_of)?,
        version,
        settlement: month(&settlement)?,
        head_count,
        total_base: money(&total_base)?,
        persons: Vec::new(),
        results: results.into_iter().map(result).collect::<Result<_, _>>()?,
        operations: operations
            .into_iter()
            .map(operation)
            .collect::<Result<_, _>>()?,
    };
    let next = append(&mut delivered, persons, next)?;
    Ok((delivered, next))
}

/// Takes in a following page, which has persons alone.
///
/// # Errors
/// [`FeedFault`].
pub(super) fn following(
    delivered: &mut Delivered,
    page: wire::Feed,
) -> Result<Option<String>, FeedFault> {
    let head = (
        month(&page.settlement)?,
        page.head_count,
        money(&page.total_base)?,
    );
    if head
        != (
            delivered.settlement,
            delivered.head_count,
            delivered.total_base,
        )
        || page.pension_unit_number != delivered.unit.as_str()
    {
        return Err(FeedFault::Malformed("head"));
    }
    if !page.results.is_empty() || !page.operations.is_empty() {
        return Err(FeedFault::Malformed("following_page"));
    }
    append(delivered, page.persons, page.next)
}

/// Takes persons, who come in the order of their numbers; gives where the next page begins.
fn append(
    delivered: &mut Delivered,
    persons: Vec<wire::Person>,
    next: Option<String>,
) -> Result<Option<String>, FeedFault> {
    if delivered.persons.len() + persons.len() > MAX_PENSION_PERSONS {
        return Err(FeedFault::TooMany("persons"));
    }
    let is_empty = persons.is_empty();
    for it in persons {
        let person = person(it)?;
        let last = delivered.persons.last();
        if last.is_some_and(|it| it.personal_number >= person.personal_number) {
            return Err(FeedFault::Malformed("order"));
        }
        delivered.persons.push(person);
    }
    let last = delivered.persons.last().map(|it| &it.personal_number);
    // Else a page without an end would follow on every page.
    match next {
        Some(next) if is_empty || last != Some(&next) => Err(FeedFault::Malformed("next")),
        next => Ok(next),
    }
}

fn person(person: wire::Person) -> Result<PensionPerson, Malformed> {
    let wire::Person {
        person_number,
        id_kind,
        id_number,
        name,
        person_state,
        registration_state,
        payment,
        base,
    } = person;
    Ok(PensionPerson {
        personal_number: person_number,
        id_kind,
        id_number,
        name,
        person_state: match person_state {
            wire::PersonState::Working => PersonState::Working,
            wire::PersonState::Retired => PersonState::Retired,
            wire::PersonState::Dead => PersonState::Dead,
        },
        registration_state: match registration_state {
            wire::RegistrationState::Normal => RegistrationState::Normal,
            wire::RegistrationState::Cancelled => RegistrationState::Cancelled,
        },
        payment: match payment {
            wire::Payment::Paying => PaymentStatus::Paying,
            wire::Payment::Suspended => PaymentStatus::Suspended,
            wire::Payment::Terminated => PaymentStatus::Terminated,
        },
        base: base.map(|it| money(&it)).transpose()?,
    })
}

fn result(result: wire::Outcome) -> Result<PensionResult, Malformed> {
    let (at, what, failure) = match result {
        wire::Outcome::Succeeded { month, what } => (month, what, None),
        wire::Outcome::Failed {
            month,
            what,
            reason,
        } => (month, what, Some(reason)),
    };
    Ok(PensionResult {
        month: month(&at)?,
        matter: match what {
            wire::What::Wages => Matter::Wages,
            wire::What::Assessment => Matter::Assessment,
        },
        failure,
    })
}

fn operation(operation: wire::Operation) -> Result<LinkedOperation, Malformed> {
    let wire::Operation {
        operation: id,
        person_number,
        kind,
        month: at,
        carried_over,
    } = operation;
    Ok(LinkedOperation {
        id,
        personal_number: person_number,
        kind: kind.parse::<Kind>().map_err(|()| Malformed("kind"))?,
        month: month(&at)?,
        carried_over: match carried_over {
            wire::CarriedOver::Succeeded {} => CarriedOver::Succeeded,
            wire::CarriedOver::Failed { reason } => CarriedOver::Failed(reason),
            wire::CarriedOver::NotApplicable {} => CarriedOver::NotApplicable,
        },
    })
}

#[cfg(test)]
mod tests;
