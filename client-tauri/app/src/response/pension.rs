//! What the pension feed says beside unemployment insurance.

use serde::{Deserialize, Serialize};

use super::{Coded, PersonRef, ProblemView};

/// How far the pension feed can be believed (PEN-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedView {
    /// When pension insurance made it, by its clock; none where no feed ever came.
    pub as_of: Option<String>,
    /// How long ago that is, by this device's clock.
    pub age_seconds: Option<i64>,
    /// Why nothing can be said by it: `pension.no_feed`, `pension.feed_old` or
    /// `pension.feed_no_limit`; none while it is believed.
    pub unknown: Option<Coded>,
}

/// 养老花名册 (QRY-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionRosterView {
    /// The unit.
    pub unit: String,
    /// The feed.
    pub feed: FeedView,
    /// Pension insurance's persons by their numbers there, then those known here alone.
    pub rows: Vec<PensionRosterRow>,
}

/// A person as both insurances have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionRosterRow {
    /// Our id, where we have the person.
    pub person: Option<String>,
    /// 姓名.
    pub name: String,
    /// 证件号码, masked.
    pub masked_id: String,
    /// Whether pension insurance has the person: `known`, `absent`, or `unknown` without a feed.
    pub known: Coded,
    /// At pension insurance.
    pub pension: Option<AtPension>,
    /// At unemployment insurance.
    pub ours: Option<AtUnemployment>,
}

/// A person at pension insurance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtPension {
    /// 个人编号 there.
    pub personal_number: String,
    /// 人员状态: `working`, `retired` or `dead`.
    pub person_state: Coded,
    /// 登记状态: `normal` or `cancelled`.
    pub registration_state: Coded,
    /// 缴费状态 there.
    pub payment: Coded,
    /// 缴费基数 there.
    pub base: Option<String>,
}

/// A person at unemployment insurance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtUnemployment {
    /// 个人编号 here.
    pub personal_number: String,
    /// 缴费状态 here.
    pub status: Coded,
}

/// The head counts of both insurances (WAGE-1); what is unknown has no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionCountsView {
    /// The unit.
    pub unit: String,
    /// The feed.
    pub feed: FeedView,
    /// 结算期 of pension insurance.
    pub pension_settlement: Option<String>,
    /// 养老总人数.
    pub pension_persons: Option<u32>,
    /// The total of the bases there.
    pub pension_total_base: Option<String>,
    /// 结算期 of unemployment insurance.
    pub settlement: Option<String>,
    /// 失业总人数.
    pub unemployment_persons: Option<u64>,
    /// How many of them have a wage for the period.
    pub wages_declared: Option<u64>,
    /// The total of the bases here.
    pub unemployment_total_base: Option<String>,
    /// `agree`, `differ` or `unknown`.
    pub agreement: Coded,
    /// Who pays there and not here.
    pub only_pension: Option<Vec<CountedPerson>>,
    /// Who pays here and not there.
    pub only_unemployment: Option<Vec<CountedPerson>>,
}

/// A person who stands on one side alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedPerson {
    /// 姓名.
    pub name: String,
    /// 个人编号, of the insurance where the person pays.
    pub personal_number: String,
    /// 证件号码, masked.
    pub masked_id: String,
}

/// 审核结果 (QRY-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultsView {
    /// The unit.
    pub unit: String,
    /// The feed.
    pub feed: FeedView,
    /// The current 结算期 of pension insurance; none where it is unknown.
    pub pension_settlement: Option<String>,
    /// The current 结算期 of unemployment insurance.
    pub unemployment_settlement: Option<String>,
    /// The items, by settlement period.
    pub rows: Vec<ResultRow>,
}

/// Something that was to be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRow {
    /// 险种类型: 110 or 210.
    pub insurance: u16,
    /// 结算期.
    pub settlement: String,
    /// `REG`, `INT`, `RES`, `WAGE`, `wages` or `assessment`.
    pub item: Coded,
    /// The declaration.
    pub declaration: Option<String>,
    /// 受理回执.
    pub receipt: Option<String>,
    /// Whom it is about.
    pub person: Option<PersonRef>,
    /// `received`, `withdrawn`, `approve`, `return` or `reject` of a declaration; `assessed` or
    /// `failed` of our assessment; `succeeded`, `failed` or `unknown` of pension insurance.
    pub result: Coded,
    /// Why, where the clerk or pension insurance says so.
    pub reason: Option<String>,
    /// When it was decided; of what is undecided, when it was taken in.
    pub at: Option<String>,
    /// Why our assessment failed.
    pub problems: Vec<ProblemView>,
    /// 失业协同标志, of linked business (SIL-9).
    pub linked: Option<LinkedView>,
}

/// 失业协同标志 of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedView {
    /// `succeeded`, `failed`, `not_applicable` or `unknown`.
    pub flag: Coded,
    /// The pension operation's id.
    pub operation: Option<String>,
    /// Why it failed, or why it is unknown.
    pub reason: Option<String>,
}
