//! What tax and the next assessment will do with a declaration, said before it is made (MON-3,
//! MON-4, MON-5, SIL-20).

use crate::contribution::contribution_base;
use crate::facts::{PersonView, UnitView};
use crate::message::Message;
use crate::month::{Month, Resumption};

use super::{Content, Declaration, Ground, Subject};

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
    let person = match declaration.content.subject() {
        Subject::Known(person) => ground.unit.persons.get(&person),
        Subject::Elsewhere(..) | Subject::New(_) => None,
    };
    match &declaration.content {
        Content::Interruption { month, .. } => stops(*month, person, ground),
        Content::Registration { month, .. } => starts(*month, ground),
        Content::Resumption { month, .. } => {
            let mut said = starts(*month, ground);
            let redo = declaration.redoes.is_some();
            said.extend(person.filter(|_| !redo).and_then(|it| gap(it, *month)));
            said
        }
        Content::Wage { from, to, .. } => pays(declaration, *from, *to, person, ground),
    }
}

/// MON-1: tax's stop month is the last one paid.
fn stops(month: Month, person: Option<&PersonView>, ground: &Ground<'_>) -> Vec<Message> {
    let mut said = vec![Message::bare("outlook.stops").with("month", month)];
    let Some(person) = person else {
        return said;
    };
    let behind: Vec<Month> = ground
        .unit
        .assessments
        .keys()
        .copied()
        .filter(|it| *it > month && person.payable(*it))
        .collect();
    let (posted, assessed): (Vec<Month>, Vec<Month>) = behind
        .into_iter()
        .partition(|it| ground.unit.is_posted(person.record.id, *it));
    said.extend(months_said("outlook.refunded", &assessed));
    said.extend(months_said("outlook.stays_posted", &posted));
    said
}

/// MON-2: tax's start month is the first one paid.
fn starts(month: Month, ground: &Ground<'_>) -> Vec<Message> {
    let mut said = vec![Message::bare("outlook.starts").with("month", month)];
    let late = late_months(month, ground.unit);
    said.extend(months_said("outlook.paid_later", &late));
    said
}

/// The months from one on that the next assessment is too late for.
fn late_months(first: Month, unit: &UnitView) -> Vec<Month> {
    let newest = unit.assessments.keys().next_back();
    newest.map_or_else(Vec::new, |newest| first.through(*newest).collect())
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
