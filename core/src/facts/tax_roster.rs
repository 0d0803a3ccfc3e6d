//! Tax's own roster of a unit, as the centre fetched it (QRY-3): a fact holds what differs from
//! the roster before, so that one that did not change costs next to nothing.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::identity::{IdDocument, masked};
use crate::ids::Position;
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

use super::difference::{Difference, Gathered, Part, advance};
use super::person::PersonRecord;

/// A person as tax has them in a unit, in tax's words.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TaxPerson {
    /// 个人编号.
    #[n(0)]
    pub personal_number: String,
    /// 证件类型, its code.
    #[n(1)]
    pub id_kind: String,
    /// 证件号码.
    #[n(2)]
    pub id_number: String,
    /// 姓名.
    #[n(3)]
    pub name: String,
    /// The first month paid, of the newest interval where there are several.
    #[n(4)]
    pub first: Month,
    /// The last month paid, where the person stopped.
    #[n(5)]
    pub stop: Option<Month>,
    /// 缴费基数, where one was declared at tax or sent there.
    #[n(6)]
    pub base: Option<Money>,
}

impl TaxPerson {
    /// Whether tax has this document.
    #[must_use]
    pub fn has_document(&self, document: &IdDocument) -> bool {
        self.id_kind == document.kind().code() && self.id_number == document.number()
    }

    /// 证件号码, its first 6 and last 4 characters; of a short one less.
    #[must_use]
    pub fn masked_id(&self) -> String {
        masked(&self.id_number)
    }

    /// Whether tax has this person under their own name and document.
    #[must_use]
    pub fn is_named_as(&self, person: &PersonRecord) -> bool {
        self.name == person.name && self.has_document(&person.document)
    }
}

/// A roster as it came from tax, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedRoster {
    /// When tax made its answer, by tax's clock.
    pub as_of: Timestamp,
    /// Tax's name for this state of the roster; none where tax has no such unit.
    pub version: Option<String>,
    /// Everyone, by personal number.
    pub persons: BTreeMap<String, TaxPerson>,
}

/// Some of what differs from the roster before. The parts of one roster lie behind one another in
/// the log, and the last one makes it count.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TaxRosterPart {
    /// When tax made its answer, by tax's clock.
    #[n(0)]
    pub as_of: Timestamp,
    /// Tax's name for this state of the roster; none where tax has no such unit.
    #[n(1)]
    pub version: Option<String>,
    /// Its number, from 1 on.
    #[n(2)]
    pub part: u32,
    /// How many parts there are.
    #[n(3)]
    pub parts: u32,
    /// Who is new or differs.
    #[n(4)]
    pub persons: Vec<TaxPerson>,
    /// The personal numbers of those whom tax has no longer.
    #[n(5)]
    pub gone: Vec<String>,
}

/// The newest roster of tax that is known whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRoster {
    /// When tax made its answer, by tax's clock.
    pub as_of: Timestamp,
    /// When the centre took it in, by the centre's clock.
    pub taken_at: Timestamp,
    /// Where its last part stands in the feed.
    pub position: Position,
    /// Tax's name for this state of the roster; none where tax has no such unit.
    pub version: Option<String>,
    /// Everyone, by personal number.
    pub persons: BTreeMap<String, TaxPerson>,
}

/// What is known of tax's roster of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TaxRosterState {
    whole: Option<TaxRoster>,
    parts: Gathered<TaxRosterPart>,
}

impl FetchedRoster {
    /// The parts that make this roster of the one before; a single empty one where they are the
    /// same, which says that it still holds.
    #[must_use]
    pub fn parts_since(&self, before: Option<&TaxRoster>) -> Vec<TaxRosterPart> {
        let difference = Difference::between(before.map(|it| &it.persons), &self.persons);
        let parts = difference.parts().max(1);
        let part = |place: usize| {
            let (persons, gone) = difference.part(place);
            TaxRosterPart {
                as_of: self.as_of,
                version: self.version.clone(),
                part: place as u32 + 1,
                parts: parts as u32,
                persons,
                gone,
            }
        };
        (0..parts).map(part).collect()
    }
}

impl Part for TaxRosterPart {
    fn place(&self) -> (u32, u32) {
        (self.part, self.parts)
    }

    fn is_of(&self, other: &Self) -> bool {
        (self.as_of, &self.version, self.parts) == (other.as_of, &other.version, other.parts)
    }
}

impl TaxRosterState {
    pub(super) fn whole(&self) -> Option<&TaxRoster> {
        self.whole.as_ref()
    }

    /// Takes in the next part; one that does not follow on those before is left out.
    pub(super) fn take(&mut self, part: &TaxRosterPart, position: Position, at: Timestamp) {
        let Some(parts) = self.parts.take(part) else {
            return;
        };
        let before = self.whole.take();
        let mut persons = before.map(|it| it.persons).unwrap_or_default();
        for part in parts {
            let number = |it: &TaxPerson| it.personal_number.clone();
            advance(&mut persons, part.persons, &part.gone, number);
        }
        self.whole = Some(TaxRoster {
            as_of: part.as_of,
            taken_at: at,
            position,
            version: part.version.clone(),
            persons,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: usize, base: i64) -> TaxPerson {
        TaxPerson {
            personal_number: format!("21{number:08}"),
            id_kind: "08".to_owned(),
            id_number: format!("E{number:08}"),
            name: format!("示例{number}"),
            first: "2021-01".parse().unwrap(),
            stop: None,
            base: Some(Money::from_yuan(base)),
        }
    }

    fn fetched(version: &str, persons: impl IntoIterator<Item = TaxPerson>) -> FetchedRoster {
        let keyed = |it: TaxPerson| (it.personal_number.clone(), it);
        FetchedRoster {
            as_of: Timestamp(7),
            version: Some(version.to_owned()),
            persons: persons.into_iter().map(keyed).collect(),
        }
    }

    fn take_all(state: &mut TaxRosterState, parts: &[TaxRosterPart]) {
        for part in parts {
            state.take(part, Position(3), Timestamp(9));
        }
    }

    #[test]
    fn a_roster_follows_from_the_one_before_and_what_changed() {
        let mut state = TaxRosterState::default();
        let first = fetched("1", (0..600).map(|it| person(it, 4000)));
        let parts = first.parts_since(None);
        assert_eq!(parts.len(), 3);
        take_all(&mut state, &parts);
        assert_eq!(state.whole().unwrap().persons, first.persons);

        let changed = (3..601).map(|it| person(it, if it == 5 { 5000 } else { 4000 }));
        let second = fetched("2", changed);
        let parts = second.parts_since(state.whole());
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].persons.len(), parts[0].gone.len()), (2, 3));
        take_all(&mut state, &parts);
        assert_eq!(state.whole().unwrap().persons, second.persons);
        assert_eq!(state.whole().unwrap().version.as_deref(), Some("2"));
    }

    #[test]
    fn an_unchanged_roster_is_one_empty_part_that_renews_the_time() {
        let mut state = TaxRosterState::default();
        let mut roster = fetched("1", [person(1, 4000)]);
        take_all(&mut state, &roster.parts_since(None));
        roster.as_of = Timestamp(70);
        let parts = roster.parts_since(state.whole());
        assert_eq!(parts.len(), 1);
        assert!(parts[0].persons.is_empty() && parts[0].gone.is_empty());
        state.take(&parts[0], Position(4), Timestamp(90));
        let whole = state.whole().unwrap();
        assert_eq!(
            (whole.as_of, whole.taken_at),
            (Timestamp(70), Timestamp(90))
        );
        assert_eq!(whole.persons, roster.persons);
    }

    #[test]
    fn a_roster_counts_when_its_last_part_came_and_not_before() {
        let mut state = TaxRosterState::default();
        let parts = fetched("1", (0..600).map(|it| person(it, 4000))).parts_since(None);
        take_all(&mut state, &parts[..2]);
        assert_eq!(state.whole(), None);
        // Another one begins: what came of the first is no part of it.
        let other = fetched("2", [person(1, 4000)]);
        take_all(&mut state, &other.parts_since(None));
        assert_eq!(state.whole().unwrap().persons, other.persons);
        // A part without those before it changes nothing.
        state.take(&parts[2], Position(3), Timestamp(9));
        assert_eq!(state.whole().unwrap().persons, other.persons);
    }
}
