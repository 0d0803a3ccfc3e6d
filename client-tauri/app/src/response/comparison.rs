//! Our roster beside tax's.

use serde::{Deserialize, Serialize};

use super::{Coded, DeclarationRow, ProblemView};

/// 税务数据对比 (QRY-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonView {
    /// The unit.
    pub unit: String,
    /// When tax made its answer, by tax's clock; none where tax's roster was never fetched.
    pub as_of: Option<String>,
    /// How long ago that is, by this device's clock.
    pub age_seconds: Option<i64>,
    /// Whether tax has the unit at all; none where its roster was never fetched.
    pub unit_known: Option<bool>,
    /// How many persons have each class, in its order of precedence, whatever is filtered.
    pub counts: Vec<ClassCount>,
    /// The persons, by personal number.
    pub rows: Vec<ComparedRow>,
}

/// How many persons have a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Which.
    pub class: Coded,
    /// How many.
    pub persons: u64,
}

/// One person as both sides have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedRow {
    /// Our id, where we have the person.
    pub person: Option<String>,
    /// The first class that holds: `consistent`, `only_ours`, `only_tax`, `state_differs`,
    /// `months_differ`, `base_differs`, `name_differs` or `unknown`.
    pub class: Coded,
    /// The others that hold.
    pub also: Vec<Coded>,
    /// Ours.
    pub ours: Option<SideView>,
    /// Tax's.
    pub tax: Option<SideView>,
    /// What differs, each with what mends it.
    pub findings: Vec<FindingView>,
}

/// A person as one side has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideView {
    /// 个人编号.
    pub personal_number: String,
    /// 姓名.
    pub name: String,
    /// 证件号码, masked.
    pub masked_id: String,
    /// Ours: 缴费状态. Tax's: `paying` or `stopped`.
    pub status: Coded,
    /// The first month paid, of the newest interval.
    pub first_month: Option<String>,
    /// The last month paid, where the person stopped.
    pub stop_month: Option<String>,
    /// Ours: the base of the newest month that tax accepted. Tax's: the one it says.
    pub base: Option<String>,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// What.
    pub class: Coded,
    /// What mends it, where something has to be done.
    pub repair: Option<RepairView>,
}

/// What mends a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairView {
    /// The stable name.
    pub code: String,
    /// What to do.
    pub message: String,
    /// What else to know.
    pub hint: String,
    /// The month to declare, where a declaration mends it.
    pub month: Option<String>,
}

/// The draft that a repair made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairedView {
    /// What it mends and how.
    pub repair: RepairView,
    /// The draft, in the list with the others until it is submitted.
    pub declaration: DeclarationRow,
    /// The fields that neither roster tells and that are still empty.
    pub missing: Vec<ProblemView>,
}
