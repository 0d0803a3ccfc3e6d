//! What a draft is judged against.

use jiff::civil::Date;

use crate::facts::{CommonView, PersonRecord, PersonView, UnitView};
use crate::identity::{BirthDate, Holder, Sex};
use crate::ids::UnitId;
use crate::month::{Interval, Month};

/// What a draft is judged against: the unit, what everyone sees, and what is known of the person
/// at the other units of the pool.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The unit that declares.
    pub unit: &'a UnitView,
    /// What everyone sees.
    pub common: &'a CommonView,
    /// The person in the rest of the pool.
    pub pool: &'a Pool,
    /// Which parameter values were known (SIL-23).
    pub known_on: Date,
}

/// What is known of a declaration's person beyond the unit (SIL-3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pool {
    /// Nothing: a device without the centre's answer. The centre decides (REG-1).
    Unknown,
    /// The person is not known at any unit.
    Absent,
    /// The person is known.
    Known(PoolPerson),
}

/// A person as the centre knows them over all units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolPerson {
    /// Who.
    pub record: PersonRecord,
    /// The birth date, where the document does not state it.
    pub born: Option<BirthDate>,
    /// The sex, where the document does not state it.
    pub sex: Option<Sex>,
    /// The months payable at other units than the one that declares, in no order.
    pub elsewhere: Vec<Interval>,
    /// Whether the newest stop at any unit was for good.
    pub terminated: bool,
}

/// The person as the unit holds them that had their newest movement: who was enrolled anew after
/// a voided enrolment may have another name since (SIL-2).
#[must_use]
pub fn newest<'a>(held: impl IntoIterator<Item = &'a PersonView>) -> Option<&'a PersonView> {
    held.into_iter()
        .max_by_key(|it| it.newest_movement().map(|it| it.position))
}

impl Pool {
    /// What the units that hold a person say together to the one that declares.
    #[must_use]
    pub fn of<'a>(
        declaring: UnitId,
        held: impl IntoIterator<Item = (UnitId, &'a PersonView)>,
    ) -> Self {
        let held: Vec<(UnitId, &PersonView)> = held.into_iter().collect();
        let Some(newest) = newest(held.iter().map(|(_, it)| *it)) else {
            return Self::Absent;
        };
        let elsewhere = held.iter().filter(|(unit, _)| *unit != declaring);
        Self::Known(PoolPerson {
            record: newest.record.clone(),
            born: newest.born.clone(),
            sex: newest.sex,
            elsewhere: elsewhere.flat_map(|(_, it)| it.intervals.clone()).collect(),
            terminated: newest
                .newest_movement()
                .is_some_and(|it| it.turn.terminates()),
        })
    }
}

impl PoolPerson {
    /// The interval at another unit that is still open.
    #[must_use]
    pub fn open_elsewhere(&self) -> Option<&Interval> {
        self.elsewhere.iter().find(|it| it.stop.is_none())
    }

    /// Birth and sex, where both are known.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        Holder::of(&self.record.document, self.born.as_ref(), self.sex)
    }

    /// The last payable month at other units, where all of them are closed.
    #[must_use]
    pub fn last_stop(&self) -> Option<Month> {
        self.elsewhere.iter().filter_map(|it| it.stop).max()
    }
}
