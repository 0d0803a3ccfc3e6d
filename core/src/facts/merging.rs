//! Two person ids that turn out to be one person (architecture, section 2), and a person whose
//! document or name changes.

use crate::declaration::SubjectKey;
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
            self.know(record).record.clone_from(record);
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
        // What was submitted about them stands in each other's way from now on.
        let submitted = self.about.remove(&SubjectKey::Person(gone));
        let about = self.about.entry(SubjectKey::Person(kept.id)).or_default();
        about.extend(submitted.into_iter().flatten());
        self.know(kept).absorb(lost);
    }
}

impl PersonView {
    /// What another id of the same person did. Their months are disjoint, so that the movements of
    /// both follow in the order of their months.
    fn absorb(&mut self, other: Self) {
        let mut movements = std::mem::take(&mut self.movements);
        movements.extend(other.movements);
        movements.sort_by_key(|it| (it.turn.month(), is_out(it)));
        if let Ok(intervals) = intervals(&movements) {
            self.intervals = intervals;
        }
        self.settle(movements);
        self.declared.extend(other.declared);
        match self.baseline {
            None => self.baseline = other.baseline,
            Some(_) => self.declared.extend(other.baseline),
        }
        self.declared.sort_by_key(|it| it.position);
        self.born = self.born.take().or(other.born);
        self.sex = self.sex.or(other.sex);
    }
}

fn is_out(movement: &Movement) -> bool {
    matches!(movement.turn, Turn::Out { .. })
}
