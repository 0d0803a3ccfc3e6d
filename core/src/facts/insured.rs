//! Whether a person is insured, as the page of an enrolment asks at once (REG-1).

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::declaration::Pool;

use super::person::PersonView;

/// Where a person is insured, as seen from one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Insured {
    /// 在本单位参保.
    #[n(1)]
    Here,
    /// 在其他单位参保; which one is not said.
    #[n(2)]
    Elsewhere,
    /// 未参保, and was insured before: a resumption, no enrolment (SIL-15).
    #[n(3)]
    Before,
    /// 未参保, and never was.
    #[n(4)]
    Never,
}

impl Insured {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Elsewhere => "elsewhere",
            Self::Before => "before",
            Self::Never => "never",
        }
    }
}

/// Where the person is insured whom a unit has, or has not, in its roster.
///
/// None is 未知: a device without the centre's answer knows its own unit alone.
#[must_use]
pub fn insured(here: Option<&PersonView>, pool: &Pool) -> Option<Insured> {
    if here.is_some_and(|it| it.open_interval().is_some()) {
        return Some(Insured::Here);
    }
    let was_here = here.is_some_and(|it| !it.intervals.is_empty());
    match pool {
        Pool::Unknown => None,
        Pool::Known(person) if person.open_elsewhere().is_some() => Some(Insured::Elsewhere),
        Pool::Known(person) if was_here || !person.elsewhere.is_empty() => Some(Insured::Before),
        Pool::Known(_) | Pool::Absent if was_here => Some(Insured::Before),
        Pool::Known(_) | Pool::Absent => Some(Insured::Never),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::person;
    use super::*;
    use crate::declaration::PoolPerson;
    use crate::facts::{Movement, PersonRecord, Turn};
    use crate::identity::{IdDocument, IdKind};
    use crate::ids::Position;
    use crate::month::Interval;

    fn record() -> PersonRecord {
        PersonRecord {
            id: person(1, 1),
            personal_number: "2100000001".parse().unwrap(),
            document: IdDocument::parse(IdKind::Passport, "E12345678").unwrap(),
            name: "张".to_owned(),
        }
    }

    /// Payable since 2021-07, with or without an end.
    fn months(stop: Option<&str>) -> Interval {
        let open = Interval::opening("2021-07".parse().unwrap());
        stop.map_or(open, |it| open.closing(it.parse().unwrap()).unwrap())
    }

    fn here(intervals: Vec<Interval>) -> PersonView {
        let loaded = Movement {
            submission: None,
            position: Position(0),
            turn: Turn::In("2021-07".parse().unwrap()),
            redone_by: None,
        };
        PersonView {
            record: record(),
            born: None,
            sex: None,
            movements: vec![loaded],
            intervals,
            baseline: None,
            declared: Vec::new(),
            terminated: false,
        }
    }

    fn elsewhere(elsewhere: Vec<Interval>) -> Pool {
        Pool::Known(PoolPerson {
            record: record(),
            born: None,
            sex: None,
            elsewhere,
            terminated: false,
        })
    }

    #[test]
    fn where_a_person_is_insured_follows_from_the_unit_and_the_pool() {
        let check = |unit: Option<Vec<Interval>>, pool: Pool, expected| {
            let here = unit.map(here);
            assert_eq!(insured(here.as_ref(), &pool), expected, "{here:?} {pool:?}");
        };
        let (open, closed) = (months(None), months(Some("2022-01")));
        check(Some(vec![open]), Pool::Unknown, Some(Insured::Here));
        check(Some(vec![closed]), Pool::Unknown, None);
        check(None, Pool::Unknown, None);
        check(None, Pool::Absent, Some(Insured::Never));
        check(None, elsewhere(vec![open]), Some(Insured::Elsewhere));
        check(None, elsewhere(vec![closed]), Some(Insured::Before));
        check(None, elsewhere(vec![]), Some(Insured::Never));
        check(Some(vec![closed]), elsewhere(vec![]), Some(Insured::Before));
        check(
            Some(vec![closed]),
            elsewhere(vec![open]),
            Some(Insured::Elsewhere),
        );
        // An enrolment that was voided never was (SIL-2).
        check(Some(vec![]), elsewhere(vec![]), Some(Insured::Never));
    }
}
