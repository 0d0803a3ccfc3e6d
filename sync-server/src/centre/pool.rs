//! What the centre knows of a person over all units (SIL-3, SIL-15), and the numbers it gives.

use std::ops::Bound;

use canbao_core::declaration::{PersonNumber, Pool, Subject};
use canbao_core::facts::{FreshNumbers, PersonView};
use canbao_core::ids::{PersonId, StatementId, UnitId};
use canbao_core::signing::hash_parts;
use canbao_core::store::View;

use super::answer::Unavailable;
use super::desk::Desk;
use super::places;

/// The most units of one person that are looked at: a person changes units a few times in a
/// working life.
const MOST_UNITS: usize = 256;

impl Desk {
    /// The person of a declaration at the units other than the one that declares.
    pub(super) fn pool(
        &mut self,
        unit: UnitId,
        subject: &Subject<'_>,
    ) -> Result<Pool, Unavailable> {
        let Some(person) = self.person_of(subject)? else {
            return Ok(Pool::Absent);
        };
        let units = self.load_units_of(person)?;
        Ok(Pool::of(unit, self.held_in(&units, person)))
    }

    /// The units a person is or was insured in, loaded.
    pub(super) fn load_units_of(&mut self, person: PersonId) -> Result<Vec<UnitId>, Unavailable> {
        let units = self.units_of(person)?;
        for unit in &units {
            self.load_unit(*unit)?;
        }
        Ok(units)
    }

    /// A person as loaded units hold them.
    pub(super) fn held_in(
        &self,
        units: &[UnitId],
        person: PersonId,
    ) -> impl Iterator<Item = (UnitId, &PersonView)> {
        units
            .iter()
            .filter_map(move |unit| Some((*unit, self.units.get(*unit)?.person(person)?)))
    }

    /// Numbers for a person who may be new. They follow from the submission and its place alone,
    /// so that deciding again gives the same.
    pub(super) fn fresh_numbers(
        &self,
        submission: &StatementId,
    ) -> Result<FreshNumbers, Unavailable> {
        let hash = hash_parts("canbao/person/1", &[&submission.0]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        let mut number = self.next().0;
        loop {
            let personal_number = format!("9{number:09}")
                .parse()
                .expect("ten digits and more are a personal number");
            let taken = places::personal_number(&self.store, &format!("9{number:09}"));
            if self.look_up(&taken)?.is_none() {
                return Ok(FreshNumbers {
                    id: PersonId(id),
                    personal_number,
                });
            }
            number += 1;
        }
    }

    /// The person whom a declaration or a question is about, where anyone has the number.
    pub(super) fn person_of(&self, subject: &Subject<'_>) -> Result<Option<PersonId>, Unavailable> {
        let place = match subject {
            Subject::Known(person) => return Ok(Some(*person)),
            Subject::Elsewhere(PersonNumber::Document(document), _) => {
                places::identity_document(&self.store, document.number())
            }
            Subject::Elsewhere(PersonNumber::Personal(number), _) => {
                places::personal_number(&self.store, number.as_str())
            }
            Subject::New(entrant) => {
                places::identity_document(&self.store, entrant.document.number())
            }
        };
        let found = self.look_up(&place)?;
        Ok(found.as_deref().and_then(places::person_id))
    }

    /// The units a person is or was insured in, those of the group in hand included.
    pub(super) fn units_of(&self, person: PersonId) -> Result<Vec<UnitId>, Unavailable> {
        let prefix = places::units_of(person);
        let end = [prefix.1.as_slice(), &[u8::MAX; 17]].concat();
        let durable = self.store.view_range(
            View::Person,
            Bound::Included(&prefix.1),
            Bound::Included(&end),
            MOST_UNITS,
        )?;
        let durable = durable.into_iter().map(|(key, _)| key);
        let mut units: Vec<UnitId> = durable
            .chain(self.keys_of_group(&prefix))
            .filter_map(|key| places::unit_id(&key[prefix.1.len()..]))
            .collect();
        units.sort_unstable();
        units.dedup();
        Ok(units)
    }
}
