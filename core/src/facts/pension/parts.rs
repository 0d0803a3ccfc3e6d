//! A feed in the log: entries that hold what differs from the feed before, so that one that did
//! not change costs next to nothing.

use minicbor::{Decode, Encode};

use super::super::difference::{Difference, Gathered, Part, advance};
use super::{
    LinkedOperation, Matter, PensionFeed, PensionPerson, PensionResult, PensionTotals, TakenFeed,
};
use crate::ids::Position;
use crate::month::Month;
use crate::time::Timestamp;

/// Some of what differs from the feed before. The parts of one feed lie behind one another in the
/// log, and the last one makes it count.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PensionPart {
    /// When pension insurance made the feed, by its clock.
    #[n(0)]
    pub as_of: Timestamp,
    /// Its name for this state.
    #[n(1)]
    pub version: String,
    /// Its number, from 1 on.
    #[n(2)]
    pub part: u32,
    /// How many parts there are.
    #[n(3)]
    pub parts: u32,
    /// Settlement period and totals.
    #[n(4)]
    pub totals: PensionTotals,
    /// Who is new or differs.
    #[n(5)]
    pub persons: Vec<PensionPerson>,
    /// The personal numbers of those who are there no longer.
    #[n(6)]
    pub persons_gone: Vec<String>,
    /// Results that are new or differ.
    #[n(7)]
    pub results: Vec<PensionResult>,
    /// Results that are there no longer.
    #[n(8)]
    pub results_gone: Vec<(Month, Matter)>,
    /// Operations that are new or differ.
    #[n(9)]
    pub operations: Vec<LinkedOperation>,
    /// The ids of those that are there no longer.
    #[n(10)]
    pub operations_gone: Vec<String>,
}

/// What is known of the pension feed of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::facts) struct PensionState {
    whole: Option<TakenFeed>,
    parts: Gathered<PensionPart>,
}

impl PensionFeed {
    /// The parts that make this feed of the one before; a single empty one where they say the
    /// same, which says that it still holds.
    #[must_use]
    pub fn parts_since(&self, before: Option<&Self>) -> Vec<PensionPart> {
        let persons = Difference::between(before.map(|it| &it.persons), &self.persons);
        let results = Difference::between(before.map(|it| &it.results), &self.results);
        let operations = Difference::between(before.map(|it| &it.operations), &self.operations);
        let parts = [persons.parts(), results.parts(), operations.parts()];
        let parts = parts.into_iter().max().unwrap_or_default().max(1);
        let part = |place: usize| {
            let (persons, persons_gone) = persons.part(place);
            let (results, results_gone) = results.part(place);
            let (operations, operations_gone) = operations.part(place);
            PensionPart {
                as_of: self.as_of,
                version: self.version.clone(),
                part: place as u32 + 1,
                parts: parts as u32,
                totals: self.totals.clone(),
                persons,
                persons_gone,
                results,
                results_gone,
                operations,
                operations_gone,
            }
        };
        (0..parts).map(part).collect()
    }
}

impl PensionPart {
    /// How many things it says are new, differ or are gone.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.persons.len()
            + self.persons_gone.len()
            + self.results.len()
            + self.results_gone.len()
            + self.operations.len()
            + self.operations_gone.len()
    }
}

impl Part for PensionPart {
    fn place(&self) -> (u32, u32) {
        (self.part, self.parts)
    }

    fn is_of(&self, other: &Self) -> bool {
        (self.as_of, &self.version, self.parts, &self.totals)
            == (other.as_of, &other.version, other.parts, &other.totals)
    }
}

impl PensionState {
    pub(in crate::facts) fn whole(&self) -> Option<&TakenFeed> {
        self.whole.as_ref()
    }

    /// Takes in the next part; one that does not follow on those before is left out.
    pub(in crate::facts) fn take(&mut self, part: &PensionPart, position: Position, at: Timestamp) {
        let Some(parts) = self.parts.take(part) else {
            return;
        };
        let before = self.whole.take().map(|it| it.feed);
        let (mut persons, mut results, mut operations) = before
            .map(|it| (it.persons, it.results, it.operations))
            .unwrap_or_default();
        for part in parts {
            let number = |it: &PensionPerson| it.personal_number.clone();
            advance(&mut persons, part.persons, &part.persons_gone, number);
            let month = |it: &PensionResult| (it.month, it.matter);
            advance(&mut results, part.results, &part.results_gone, month);
            let id = |it: &LinkedOperation| it.id.clone();
            advance(&mut operations, part.operations, &part.operations_gone, id);
        }
        let feed = PensionFeed {
            as_of: part.as_of,
            version: part.version.clone(),
            totals: part.totals.clone(),
            persons,
            results,
            operations,
        };
        self.whole = Some(TakenFeed {
            feed,
            taken_at: at,
            position,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, delivered, person};
    use super::*;

    fn take_all(state: &mut PensionState, parts: &[PensionPart]) {
        for part in parts {
            state.take(part, Position(3), Timestamp(9));
        }
    }

    fn feed(persons: impl IntoIterator<Item = PensionPerson>) -> PensionFeed {
        delivered(persons).check().unwrap()
    }

    #[test]
    fn a_feed_follows_from_the_one_before_and_what_changed() {
        let mut state = PensionState::default();
        let first = feed((0..600).map(|it| person(it, 4000)));
        let parts = first.parts_since(None);
        assert_eq!(parts.len(), 3);
        take_all(&mut state, &parts[..2]);
        assert_eq!(state.whole(), None, "it counts with its last part");
        take_all(&mut state, &parts[2..]);
        assert_eq!(state.whole().unwrap().feed, first);

        let changed = (3..601).map(|it| person(it, if it == 5 { 5000 } else { 4000 }));
        let mut second = delivered(changed);
        second.as_of = at(2);
        second.results.clear();
        second.operations.remove(0);
        let second = second.check().unwrap();
        let parts = second.parts_since(Some(&first));
        assert_eq!(parts.len(), 1);
        assert_eq!(
            (parts[0].persons.len(), parts[0].persons_gone.len()),
            (2, 3)
        );
        take_all(&mut state, &parts);
        assert_eq!(state.whole().unwrap().feed, second);
    }

    #[test]
    fn an_unchanged_feed_is_one_empty_part_that_renews_its_age() {
        let mut state = PensionState::default();
        let first = feed([person(1, 4000)]);
        take_all(&mut state, &first.parts_since(None));
        let mut again = first.clone();
        again.as_of = at(5);
        let parts = again.parts_since(Some(&first));
        assert_eq!((parts.len(), parts[0].changes()), (1, 0));
        take_all(&mut state, &parts);
        assert_eq!(state.whole().unwrap().feed, again);
    }

    #[test]
    fn parts_of_another_feed_are_not_taken_together() {
        let mut state = PensionState::default();
        let large = feed((0..600).map(|it| person(it, 4000)));
        let parts = large.parts_since(None);
        take_all(&mut state, &parts[..1]);
        let mut other = large.clone();
        other.as_of = at(7);
        take_all(&mut state, &other.parts_since(None)[1..]);
        assert_eq!(state.whole(), None);
    }
}
