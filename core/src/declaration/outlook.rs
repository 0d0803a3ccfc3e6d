//! What tax and the next assessment will do with a declaration, said before it is made (MON-3,
//! MON-4, MON-5, SIL-20).

use crate::contribution::contribution_base;
use crate::facts::{PersonView, UnitView};
use crate::identity::Holder;
use crate::message::Message;
use crate::month::{Month, Resumption};
use crate::retirement::retiring;

use super::{Content, Declaration, Ground};

/// How many months a sentence names; the rest is counted.
const NAMED_MONTHS: usize = 6;

/// What will follow from a declaration that parses on this ground, in the order in which it will.
///
/// Each sentence has its hint: what to do where that is not what was meant.
#[must_use]
pub fn outlook(declaration: &Declaration, ground: &Ground<'_>) -> Vec<Message> {
    let district = ground.unit.record.district;
    let said = follows(declaration, ground).into_iter();
    said.map(|it| ground.common.at_window(it, district))
        .collect()
}

fn follows(declaration: &Declaration, ground: &Ground<'_>) -> Vec<Message> {
    let person = ground.unit.person_meant(&declaration.content.subject());
    match &declaration.content {
        Content::Interruption { month, .. } => stops(declaration, *month, person, ground),
        Content::Registration { entrant, month, .. } => {
            let mut said = starts(declaration, *month, person, ground);
            said.extend(retirement(entrant.holder(), *month, ground));
            said
        }
        Content::Resumption { month, .. } => {
            let mut said = starts(declaration, *month, person, ground);
            let redo = declaration.redoes.is_some();
            said.extend(person.filter(|_| !redo).and_then(|it| gap(it, *month)));
            said.extend(retirement(
                person.and_then(PersonView::holder),
                *month,
                ground,
            ));
            said
        }
        Content::Wage { from, to, .. } => pays(declaration, *from, *to, person, ground),
    }
}

/// MON-1: tax's stop month is the last one paid. SIL-2: where nothing was paid, the enrolment is
/// taken back instead.
fn stops(
    declaration: &Declaration,
    month: Month,
    person: Option<&PersonView>,
    ground: &Ground<'_>,
) -> Vec<Message> {
    let Some(person) = person else {
        return vec![Message::bare("outlook.stops").with("month", month)];
    };
    let voided = ground.unit.voided_by(person, month);
    let mut said = vec![match voided.filter(|_| declaration.redoes.is_none()) {
        Some(enrolment) => Message::bare("outlook.voids").with("month", enrolment.month),
        None => Message::bare("outlook.stops").with("month", month),
    }];
    let behind = assessed_months(ground.unit, |it| it > month && person.payable(it));
    said.extend(given_back(&behind, person, ground.unit));
    said
}

/// MON-2: tax's start month is the first one paid. MON-3: a start that is done again later gives
/// the months before it back.
fn starts(
    declaration: &Declaration,
    month: Month,
    person: Option<&PersonView>,
    ground: &Ground<'_>,
) -> Vec<Message> {
    let unit = ground.unit;
    let mut said = vec![Message::bare("outlook.starts").with("month", month)];
    let payable = |it| person.is_some_and(|person| person.payable(it));
    let newest = unit.assessments.keys().next_back();
    let assessed = newest.map(|newest| month.through(*newest));
    // What adjoins a stop goes on where the months before any assessment here were paid.
    let last_paid = person.and_then(|it| it.intervals.last()?.stop);
    let adjoins = last_paid.is_some_and(|it| Resumption::judge(it, month) == Resumption::Adjoining);
    let late: Vec<Month> = assessed
        .into_iter()
        .flatten()
        .filter(|it| !payable(*it) && (!adjoins || unit.assessments.contains_key(it)))
        .collect();
    said.extend(months_said("outlook.paid_later", &late));
    let redone = declaration.redoes.and_then(|it| unit.submission_of(it));
    let redone = redone.map(|it| it.declaration.content.month());
    if let (Some(before), Some(person)) = (redone, person) {
        let dropped = assessed_months(unit, |it| before <= it && it < month && payable(it));
        said.extend(given_back(&dropped, person, unit));
    }
    said
}

/// Months that no longer are payable: the assessed ones are refunded, the posted ones stay.
fn given_back(months: &[Month], person: &PersonView, unit: &UnitView) -> Vec<Message> {
    let (posted, assessed): (Vec<Month>, Vec<Month>) = months
        .iter()
        .partition(|it| unit.is_posted(person.record.id, **it));
    months_said("outlook.refunded", &assessed)
        .into_iter()
        .chain(months_said("outlook.stays_posted", &posted))
        .collect()
}

/// The months already assessed of which something holds.
fn assessed_months(unit: &UnitView, holds: impl Fn(Month) -> bool) -> Vec<Month> {
    unit.assessments
        .keys()
        .copied()
        .filter(|it| holds(*it))
        .collect()
}

/// The person may be retired by then: whoever is stops, and does not start.
fn retirement(holder: Option<Holder>, month: Month, ground: &Ground<'_>) -> Option<Message> {
    let parameters = ground.common.parameters()?;
    let retiring = retiring(&holder?, month, parameters, ground.known_on).ok()??;
    (retiring.earliest < month)
        .then(|| Message::bare("outlook.retirement").with("month", retiring.earliest))
}

/// MON-5: months between the last stop and the resumption stay unpaid.
fn gap(person: &PersonView, start: Month) -> Option<Message> {
    let last = person.intervals.last()?.stop?;
    match Resumption::judge(last, start) {
        Resumption::Gap(months) => Some(
            Message::bare("outlook.gap")
                .with("first", months.first())
                .with("last", months.last())
                .with("count", months.count()),
        ),
        Resumption::Adjoining => Some(Message::bare("outlook.no_gap").with("last", last)),
        Resumption::DoubleMonth => None,
    }
}

/// The base that a wage gives in its first month, and what it changes of assessed ones.
fn pays(
    declaration: &Declaration,
    from: Month,
    to: Month,
    person: Option<&PersonView>,
    ground: &Ground<'_>,
) -> Vec<Message> {
    let mut said = Vec::new();
    if let (Content::Wage { wage, .. }, Some(parameters)) =
        (&declaration.content, ground.common.parameters())
        && let Ok(base) = contribution_base(*wage, from, parameters, ground.known_on)
    {
        let code = match base.cmp(wage) {
            std::cmp::Ordering::Greater => "outlook.base_at_floor",
            std::cmp::Ordering::Less => "outlook.base_at_ceiling",
            std::cmp::Ordering::Equal => "outlook.base",
        };
        // Rounding to whole yuan is no limit.
        let code = if wage.rounded_to_yuan() == base {
            "outlook.base"
        } else {
            code
        };
        said.push(Message::bare(code).with("month", from).with("base", base));
    }
    let assessed: Vec<Month> = ground
        .unit
        .assessments
        .range(from..=to)
        .map(|(month, _)| *month)
        .filter(|month| person.is_some_and(|it| it.payable(*month)))
        .collect();
    said.extend(months_said("outlook.adjusted", &assessed));
    said
}

fn months_said(code: &'static str, months: &[Month]) -> Option<Message> {
    let named: Vec<String> = months
        .iter()
        .take(NAMED_MONTHS)
        .map(ToString::to_string)
        .collect();
    (!months.is_empty()).then(|| {
        Message::bare(code)
            .with("months", named.join("、"))
            .with("count", months.len())
    })
}
