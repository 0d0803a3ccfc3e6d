//! What pension insurance tells of a unit (PEN-1): its roster, counts, results and the
//! operations that it carried over to unemployment insurance.

mod feed;
mod parts;
#[cfg(test)]
pub(crate) mod sample;

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::declaration::Kind;
use crate::identity::{IdDocument, masked};
use crate::ids::Position;
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

use super::person::PaymentStatus;

pub use feed::{
    Delivered, FeedFault, MAX_PENSION_OPERATIONS, MAX_PENSION_PERSONS, MAX_PENSION_RESULTS,
};
pub use parts::PensionPart;
pub(super) use parts::PensionState;

/// 人员状态 at pension insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum PersonState {
    /// 在职.
    #[n(1)]
    Working,
    /// 离退休.
    #[n(2)]
    Retired,
    /// 死亡.
    #[n(3)]
    Dead,
}

impl PersonState {
    /// Every one, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Working, Self::Retired, Self::Dead];

    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Retired => "retired",
            Self::Dead => "dead",
        }
    }

    /// The word of the form.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::Working => "在职",
            Self::Retired => "离退休",
            Self::Dead => "死亡",
        }
    }
}

/// 登记状态 at pension insurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RegistrationState {
    /// 正常.
    #[n(1)]
    Normal,
    /// 注销.
    #[n(2)]
    Cancelled,
}

/// A person as pension insurance has them in a unit, in its words.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PensionPerson {
    /// 个人编号 of pension insurance (SIL-22).
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
    /// 人员状态.
    #[n(4)]
    pub person_state: PersonState,
    /// 登记状态.
    #[n(5)]
    pub registration_state: RegistrationState,
    /// 缴费状态 of pension insurance.
    #[n(6)]
    pub payment: PaymentStatus,
    /// 缴费基数, where there is one.
    #[n(7)]
    pub base: Option<Money>,
}

impl PensionPerson {
    /// Whether pension insurance has this document.
    #[must_use]
    pub fn has_document(&self, document: &IdDocument) -> bool {
        self.id_kind == document.kind().code() && self.id_number == document.number()
    }

    /// Whether the person is of the head count: one who pays.
    #[must_use]
    pub fn pays(&self) -> bool {
        self.payment == PaymentStatus::Paying
    }

    /// 证件号码, its first 6 and last 4 characters; of a short one less.
    #[must_use]
    pub fn masked_id(&self) -> String {
        masked(&self.id_number)
    }
}

/// What a result is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Matter {
    /// 缴费工资申报.
    #[n(1)]
    Wages,
    /// 应收核定.
    #[n(2)]
    Assessment,
}

impl Matter {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Wages => "wages",
            Self::Assessment => "assessment",
        }
    }
}

/// How pension insurance answered something of a settlement month.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PensionResult {
    /// The settlement month.
    #[n(0)]
    pub month: Month,
    /// What.
    #[n(1)]
    pub matter: Matter,
    /// Why it failed; none where it succeeded.
    #[n(2)]
    pub failure: Option<String>,
}

/// Whether a linked operation of pension insurance reached unemployment insurance (SIL-9).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum CarriedOver {
    /// 成功.
    #[n(1)]
    Succeeded,
    /// 失败, and why.
    #[n(2)]
    Failed(#[n(0)] String),
    /// 不适用.
    #[n(3)]
    NotApplicable,
}

/// An operation of pension insurance that is linked with one of unemployment insurance.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LinkedOperation {
    /// Its id at pension insurance.
    #[n(0)]
    pub id: String,
    /// About whom, by the personal number of pension insurance.
    #[n(1)]
    pub personal_number: String,
    /// What: an enrolment, an interruption or a resumption.
    #[n(2)]
    pub kind: Kind,
    /// The change month (变更时间).
    #[n(3)]
    pub month: Month,
    /// Whether unemployment insurance got it.
    #[n(4)]
    pub carried_over: CarriedOver,
}

/// A feed of one unit, whole and free of contradiction; [`Delivered::check`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PensionFeed {
    /// When pension insurance made it, by its clock.
    pub as_of: Timestamp,
    /// Its name for this state.
    pub version: String,
    /// Its settlement period and totals.
    pub totals: PensionTotals,
    /// Everyone, by personal number.
    pub persons: BTreeMap<String, PensionPerson>,
    /// The results by settlement month.
    pub results: BTreeMap<(Month, Matter), PensionResult>,
    /// The linked operations by their ids.
    pub operations: BTreeMap<String, LinkedOperation>,
}

impl PensionFeed {
    /// Whether both say the same, whenever it was said.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.totals == other.totals
            && self.persons == other.persons
            && self.results == other.results
            && self.operations == other.operations
    }
}

/// Pension insurance's settlement period and its own totals of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PensionTotals {
    /// Its current settlement period (结算期).
    #[n(0)]
    pub settlement: Month,
    /// 养老总人数: how many persons pay.
    #[n(1)]
    pub head_count: u32,
    /// The sum of their bases.
    #[n(2)]
    pub total_base: Money,
}

/// The newest feed that is known whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenFeed {
    /// What it says.
    pub feed: PensionFeed,
    /// When the centre took it in, by the centre's clock.
    pub taken_at: Timestamp,
    /// Where its last part stands in the feed of the centre.
    pub position: Position,
}
