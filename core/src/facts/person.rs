//! A person in a unit: who, which months are payable, on which wage (STA-3, section 3).

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::identity::{IdDocument, PersonalNumber};
use crate::ids::PersonId;
use crate::money::Money;
use crate::month::{Interval, Month};

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

/// 缴费状态 of unemployment insurance (STA-3); for display, it never decides a month (WAGE-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// 参保缴费.
    Paying,
    /// 暂停缴费(中断).
    Suspended,
    /// 终止缴费.
    Terminated,
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
        if self.open_interval().is_some() {
            PaymentStatus::Paying
        } else if self.terminated {
            PaymentStatus::Terminated
        } else {
            PaymentStatus::Suspended
        }
    }

    /// Closes the open interval at the last payable month; without one it changes nothing.
    pub(super) fn stop(&mut self, month: Month, terminated: bool) {
        if let Some(interval) = self.intervals.last_mut()
            && interval.stop.is_none()
            && let Ok(closed) = interval.closing(month)
        {
            *interval = closed;
            self.terminated = terminated;
        }
    }
}
