//! Pension feeds at the counter: taken from a file, fetched over the line, counted.

use canbao_core::identity::PensionNumber;
use canbao_core::ids::UnitId;
use canbao_core::message::{Lang, Message};

use super::desk::{Line, contact_of, text_of};
use super::failure::Failure;
use super::outcome::{Outcome, PensionFeedTaken, PensionStatus};
use super::units;
use crate::border::now;
use crate::centre::{Centre, PensionAnswer, Renewal};
use crate::pension::{Client, NoFeed, fetch_feed, take_file};

/// How many units are read at once.
const PAGE: usize = 1024;

/// How many units have a feed, and how the contact is.
pub(super) fn status(
    centre: &Centre,
    line: Option<&Line<Client>>,
    lang: Lang,
) -> Result<PensionStatus, Failure> {
    let (mut units, mut with_feed, mut after) = (0, 0, None);
    loop {
        let page = centre
            .pension_feeds(after, PAGE)
            .map_err(|error| Failure::of_unavailable(&error, lang))?;
        units += page.len();
        with_feed += page.iter().filter(|it| it.taken_at.is_some()).count();
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.unit),
            Some(_) | None => break,
        }
    }
    Ok(PensionStatus {
        units,
        with_feed,
        contact: line.map(|it| contact_of(&it.contact)),
    })
}

/// Takes in a feed that came as a file.
pub(super) async fn take(centre: &Centre, text: String, lang: Lang) -> Result<Outcome, Failure> {
    let (unit, answer) = take_file(centre, text)
        .await
        .map_err(|error| Failure::of_feed(&error, lang))?;
    taken(centre, unit, answer, lang)
}

/// Fetches a unit's feed over the line.
pub(super) async fn fetch(
    centre: &Centre,
    line: Option<&Line<Client>>,
    named: &str,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let unit = find(centre, named, lang)?;
    let Some(line) = line else {
        return Err(Failure::refused(&Message::bare("pension.no_line"), lang));
    };
    let fetched = fetch_feed(centre, &line.client, unit, Renewal::Always).await;
    if !fetched.as_ref().is_err_and(NoFeed::is_silence) {
        line.contact.answered(now());
    }
    let answer = fetched.map_err(|error| Failure::of_feed(&error, lang))?;
    taken(centre, unit, answer, lang)
}

/// A unit by any of its numbers, that of pension insurance among them.
fn find(centre: &Centre, named: &str, lang: Lang) -> Result<UnitId, Failure> {
    let found = units::find(centre, named, lang);
    let Ok(number) = named.parse::<PensionNumber>() else {
        return found;
    };
    found.or_else(|failure| {
        let at_pension = centre
            .units_at_pension(&number)
            .map_err(|error| Failure::of_unavailable(&error, lang))?;
        match at_pension[..] {
            [unit] => Ok(unit),
            [] => Err(failure),
            _ => {
                let message = Message::bare("pension.which_unit").with("unit", &number);
                Err(Failure::refused(&message, lang))
            }
        }
    })
}

fn taken(
    centre: &Centre,
    unit: UnitId,
    answer: PensionAnswer,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let (changes, known) = match answer {
        PensionAnswer::Taken { changes } => (changes, false),
        PensionAnswer::Same | PensionAnswer::Outdated => (0, true),
    };
    let shown = centre.with_unit(unit, |view| {
        let held = view.pension_feed()?;
        Some(PensionFeedTaken {
            unit,
            pension_number: view.record.pension_number.to_string(),
            persons: held.feed.persons.len(),
            changes,
            known,
            settlement: held.feed.totals.settlement,
            as_of: text_of(held.feed.as_of),
        })
    });
    let shown = shown.map_err(|error| Failure::of_unavailable(&error, lang))?;
    let taken = shown.flatten().expect("a feed that was taken in is there");
    Ok(Outcome::PensionFeed(taken))
}
