//! A person in a unit: who, which months are payable, on which wage (STA-3, section 3).

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::identity::{BirthDate, Holder, IdDocument, PersonalNumber, Sex};
use crate::ids::{PersonId, Position, StatementId};
use crate::money::Money;
use crate::month::{Interval, Month};

use super::movement::{Movement, Turn, with_movement};

/// Who a person is, as the centre holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PersonRecord {
    /// The centre's id.
    #[n(0)]
    pub id: PersonId,
    /// 个人编号, given by unemployment insurance (SIL-22).
    #[n(1)]
    pub personal_number: PersonalNumber,
    /// The identity document.
    #[n(2)]
    pub document: IdDocument,
    /// 姓名.
    #[n(3)]
    pub name: String,
}

/// A person of [`super::Fact::PersonsListed`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ListedPerson {
    /// Who.
    #[n(0)]
    pub person: PersonRecord,
    /// The first payable month of the newest interval.
    #[n(1)]
    pub paying_since: Month,
    /// The wage the file states, and through which month it counts as declared; a person may
    /// come without one.
    #[n(2)]
    pub wage: Option<Money>,
    /// The last month for which [`Self::wage`] counts.
    #[n(3)]
    pub bases_until: Month,
    /// The last payable month of a person who is suspended (暂停缴费); none while the interval is
    /// open.
    #[n(4)]
    pub last_paid: Option<Month>,
}

/// The longest evidence of a change to a person, in characters.
pub const MAX_EVIDENCE: usize = 200;

/// 缴费状态 in an insurance (STA-3); for display, it never decides a month (WAGE-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// 未参保: no month of the person is payable here, since the enrolment was voided (SIL-2).
    #[n(0)]
    NotInsured,
    /// 参保缴费.
    #[n(1)]
    Paying,
    /// 暂停缴费(中断).
    #[n(2)]
    Suspended,
    /// 终止缴费.
    #[n(3)]
    Terminated,
}

impl PaymentStatus {
    /// Every status there is.
    pub const ALL: [Self; 4] = [
        Self::NotInsured,
        Self::Paying,
        Self::Suspended,
        Self::Terminated,
    ];
}

/// A wage and the months it counts for, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseSpan {
    /// The first month.
    pub from: Month,
    /// The last month.
    pub to: Month,
    /// The monthly wage.
    pub wage: Money,
    /// Where in the feed it began to count.
    pub position: Position,
}

impl BaseSpan {
    /// Whether it counts in this month.
    #[must_use]
    pub fn covers(&self, month: Month) -> bool {
        self.from <= month && month <= self.to
    }
}

/// A person in a unit, as the facts have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Who.
    pub record: PersonRecord,
    /// The birth date, where the document does not state it.
    pub born: Option<BirthDate>,
    /// The sex, where the document does not state it.
    pub sex: Option<Sex>,
    /// 人员增减, in the order in which they count; those that were redone among them.
    pub movements: Vec<Movement>,
    /// Payable months, in order; only the last may be open.
    pub intervals: Vec<Interval>,
    /// The wage the centre loaded.
    pub baseline: Option<BaseSpan>,
    /// Wages approved since, in order of approval.
    pub declared: Vec<BaseSpan>,
    /// Whether the last stop was for good.
    pub terminated: bool,
}

impl PersonView {
    /// Whether the month is payable: some interval holds it, both ends included (section 3).
    #[must_use]
    pub fn payable(&self, month: Month) -> bool {
        self.intervals
            .iter()
            .any(|interval| interval.contains(month))
    }

    /// The wage that counts in a month: an approved one, else the one loaded (WAGE-3).
    #[must_use]
    pub fn wage(&self, month: Month) -> Option<Money> {
        self.declared
            .iter()
            .rev()
            .chain(&self.baseline)
            .find(|span| span.covers(month))
            .map(|span| span.wage)
    }

    /// Birth and sex, where both are known.
    #[must_use]
    pub fn holder(&self) -> Option<Holder> {
        Holder::of(&self.record.document, self.born.as_ref(), self.sex)
    }

    /// Whether an enrolment was voided (作废, SIL-2).
    #[must_use]
    pub fn is_voided(&self, enrolment: StatementId) -> bool {
        let by = self
            .movements
            .iter()
            .find(|it| it.submission == Some(enrolment))
            .and_then(|it| it.redone_by);
        by.is_some_and(|by| {
            self.movements
                .iter()
                .any(|it| it.submission == Some(by) && matches!(it.turn, Turn::Void(_)))
        })
    }

    /// The interval that is open.
    #[must_use]
    pub fn open_interval(&self) -> Option<&Interval> {
        self.intervals
            .last()
            .filter(|interval| interval.stop.is_none())
    }

    /// The status to show.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        if self.intervals.is_empty() {
            PaymentStatus::NotInsured
        } else if self.open_interval().is_some() {
            PaymentStatus::Paying
        } else if self.terminated {
            PaymentStatus::Terminated
        } else {
            PaymentStatus::Suspended
        }
    }

    /// Takes in an approved movement, in the place of the one that it redoes. One that does not
    /// fit changes nothing: the centre approves none.
    pub(super) fn take(&mut self, movement: Movement, redoes: Option<StatementId>) {
        if let Ok((movements, intervals)) = with_movement(&self.movements, movement, redoes) {
            self.intervals = intervals;
            self.settle(movements);
        }
    }

    /// Has these movements from now on, the last one that counts with its end for good or not.
    pub(super) fn settle(&mut self, movements: Vec<Movement>) {
        self.movements = movements;
        let last = self.counting().next_back();
        self.terminated = last.is_some_and(|it| it.turn.terminates());
    }

    /// The movements that count: none that was redone.
    pub(super) fn counting(&self) -> impl DoubleEndedIterator<Item = &Movement> {
        self.movements.iter().filter(|it| it.redone_by.is_none())
    }

    /// The movement that was approved or loaded last.
    #[must_use]
    pub fn newest_movement(&self) -> Option<&Movement> {
        self.movements.iter().max_by_key(|it| it.position)
    }

    /// The earliest month that anything approved behind this place of the feed may have changed.
    pub(super) fn changed_since(&self, position: Position) -> Option<Month> {
        let redone = |by: &Movement| {
            let before = self
                .movements
                .iter()
                .find(|it| it.redone_by.is_some() && it.redone_by == by.submission);
            before.map_or(by.turn.month(), |it| it.turn.month().min(by.turn.month()))
        };
        let moved = self.movements.iter().filter(|it| it.position > position);
        let declared = self.declared.iter().filter(|it| it.position > position);
        moved.map(redone).chain(declared.map(|it| it.from)).min()
    }
}
