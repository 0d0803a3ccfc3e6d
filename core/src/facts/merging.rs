//! Two person ids that turn out to be one person (architecture, section 2), and a person whose
//! document or name changes.

use crate::ids::PersonId;
use crate::month::{Interval, Month};

use super::movement::{Movement, Turn, intervals};
use super::person::{PersonRecord, PersonView};
use super::unit::UnitView;

/// The first two intervals, one of each person, that share a month: such persons are not made one
/// before that is settled, since no month is payable twice.
#[must_use]
pub fn shared_months<'a>(
    one: impl IntoIterator<Item = &'a Interval> + Clone,
    other: impl IntoIterator<Item = &'a Interval>,
) -> Option<(Interval, Interval)> {
    other.into_iter().find_map(|it| {
        let shared = one.clone().into_iter().find(|own| own.overlaps(*it))?;
        Some((*shared, *it))
    })
}

impl UnitView {
    /// The person that an id stands for: itself, or the one that it was found to be.
    #[must_use]
    pub fn canonical(&self, id: PersonId) -> PersonId {
        self.merged.get(&id).copied().unwrap_or(id)
    }

    /// The person of an id, be it one from before it was found to be another's.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&PersonView> {
        self.persons.get(&self.canonical(id))
    }

    /// Another document or name of a person; the numbers from before still lead to them.
    pub(super) fn amend(&mut self, record: &PersonRecord) {
        if self.persons.contains_key(&record.id) {
            let view = self.know(record);
            let before = std::mem::replace(&mut view.record, record.clone());
            view.former.push(before);
        }
    }

    /// All that is known of one person's id goes to another's.
    pub(super) fn merge(&mut self, kept: &PersonRecord, gone: PersonId) {
        let Some(lost) = self.persons.remove(&gone) else {
            return;
        };
        let ids = self
            .merged
            .values_mut()
            .chain(self.by_personal_number.values_mut())
            .chain(self.by_document.values_mut());
        ids.filter(|id| **id == gone).for_each(|id| *id = kept.id);
        self.merged.insert(gone, kept.id);
        let raised: Vec<(Month, Vec<(Month, u32)>)> = self
            .due
            .extract_if((gone, Month::MIN)..=(gone, Month::MAX), |_, _| true)
            .map(|((_, month), keys)| (month, keys))
            .collect();
        for (month, keys) in raised {
            for key in &keys {
                if let Some(view) = self.receivables.get_mut(key) {
                    view.receivable.person = kept.id;
                }
            }
            self.due.entry((kept.id, month)).or_default().extend(keys);
        }
        self.know(kept).absorb(lost);
    }
}

impl PersonView {
    /// What another id of the same person did. Their months are disjoint, so that the movements of
    /// both follow in the order of their months.
    fn absorb(&mut self, other: Self) {
        self.movements.extend(other.movements);
        self.movements
            .sort_by_key(|it| (it.turn.month(), is_out(it)));
        self.declared.extend(other.declared);
        match self.baseline {
            None => self.baseline = other.baseline,
            Some(_) => self.declared.extend(other.baseline),
        }
        self.declared.sort_by_key(|it| it.position);
        self.born = self.born.take().or(other.born);
        self.sex = self.sex.or(other.sex);
        self.former.push(other.record);
        self.former.extend(other.former);
        self.settle();
    }

    /// Intervals and state as the movements have them.
    fn settle(&mut self) {
        let Ok(intervals) = intervals(&self.movements) else {
            return;
        };
        self.intervals = intervals;
        let mut counting = self.movements.iter().filter(|it| it.redone_by.is_none());
        self.terminated = counting.next_back().is_some_and(|it| it.turn.terminates());
    }
}

fn is_out(movement: &Movement) -> bool {
    matches!(movement.turn, Turn::Out { .. })
}
