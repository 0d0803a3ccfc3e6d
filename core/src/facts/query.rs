//! What is asked of a unit's view, filter by filter: the roster (QRY-2) and the payments (QRY-4,
//! QRY-5).

use crate::ids::PersonId;
use crate::month::Month;

use super::person::{PaymentStatus, PersonView};
use super::unit::{RecordView, UnitView};

/// 单位人员参保状态查询 (QRY-2): without a filter everyone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeopleQuery {
    /// This person alone.
    pub person: Option<PersonId>,
    /// 缴费状态.
    pub status: Option<PaymentStatus>,
}

/// 单位缴费信息查询 and 职工缴费信息查询 (QRY-4, QRY-5): without a filter every payment record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaymentQuery {
    /// This person's alone.
    pub person: Option<PersonId>,
    /// 结算期.
    pub settlement: Option<Month>,
    /// 险种类型, by its code.
    pub insurance: Option<u16>,
    /// 缴费类型, by its code.
    pub kind: Option<u16>,
    /// 费款所属期起, included.
    pub from: Option<Month>,
    /// 费款所属期止, included.
    pub to: Option<Month>,
}

impl PeopleQuery {
    /// Those of a unit, by personal number.
    #[must_use]
    pub fn of<'a>(&self, unit: &'a UnitView) -> Vec<&'a PersonView> {
        let meant = |it: &&PersonView| {
            self.person.is_none_or(|person| person == it.record.id)
                && self.status.is_none_or(|status| status == it.status())
        };
        let mut found: Vec<&PersonView> = unit.persons.values().filter(meant).collect();
        found.sort_by(|a, b| a.record.personal_number.cmp(&b.record.personal_number));
        found
    }
}

impl PaymentQuery {
    /// Those of a unit, in their running order.
    pub fn of<'a>(&'a self, unit: &'a UnitView) -> impl Iterator<Item = &'a RecordView> {
        unit.records.iter().filter(|it| self.means(it, unit))
    }

    fn means(&self, view: &RecordView, unit: &UnitView) -> bool {
        let record = &view.record;
        let paid_for = unit.canonical(record.person);
        self.person.is_none_or(|it| it == paid_for)
            && self.settlement.is_none_or(|it| it == record.settlement)
            && self.insurance.is_none_or(|it| it == record.insurance)
            && self.kind.is_none_or(|it| it == record.kind)
            && self.from.is_none_or(|it| it <= record.month)
            && self.to.is_none_or(|it| record.month <= it)
    }
}
