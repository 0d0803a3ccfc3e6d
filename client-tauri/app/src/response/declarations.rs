//! The roster, declarations on their way, assessments, tax, and what an agency decides.

use serde::{Deserialize, Serialize};

use super::{Coded, PersonRef, ProblemView, UnitRef};

/// A person in the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsuredView {
    /// `here`, `elsewhere`, `before`, `never` or `unknown`.
    pub insured: Coded,
    /// Whether the centre said so; without it the unit's own roster did, or nobody.
    pub asked: bool,
}

/// A person of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Who.
    pub person: PersonRef,
    /// 缴费状态.
    pub status: Coded,
    /// The first payable month of the newest interval.
    pub paying_since: Option<String>,
    /// The last payable month, where the newest interval is closed.
    pub last_paid_month: Option<String>,
    /// The wage of the current settlement month.
    pub wage: Option<String>,
    /// 部门, as the employer keeps it.
    pub department: Option<String>,
    /// 联系电话, as the employer keeps it.
    pub phone: Option<String>,
    /// The fields the employer keeps that say several things at once; one of them is shown.
    pub conflicts: Vec<Coded>,
}

/// A person with intervals, wages, declarations and payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetail {
    /// Who and how they stand.
    #[serde(flatten)]
    pub row: PersonRow,
    /// 证件类型.
    pub document_kind: String,
    /// Payable months, both ends included; an open one has no end.
    pub intervals: Vec<IntervalView>,
    /// Wages by months.
    pub wages: Vec<WageSpanView>,
    /// Receivables and payments by month.
    pub months: Vec<MonthView>,
    /// Declarations about the person.
    pub declarations: Vec<DeclarationRow>,
    /// The employer's own notes, oldest first.
    pub notes: Vec<NoteView>,
}

/// A note on a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteView {
    /// Its id.
    pub id: String,
    /// What.
    pub text: String,
}

/// Months that are payable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalView {
    /// The first.
    pub from: String,
    /// The last; none while open.
    pub to: Option<String>,
}

/// A wage for months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WageSpanView {
    /// The first month.
    pub from: String,
    /// The last month.
    pub to: String,
    /// The wage.
    pub wage: String,
    /// `loaded` by the centre or `declared` and approved.
    pub source: String,
}

/// One month of a person: opened for settlement or due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthView {
    /// 费款所属期.
    pub month: String,
    /// Whether it is payable.
    pub payable: bool,
    /// 结算期, where something is due.
    pub settlement: Option<String>,
    /// 缴费基数, as assessed.
    pub base: Option<String>,
    /// 单位缴费金额.
    pub unit_amount: Option<String>,
    /// 个人缴费金额.
    pub personal_amount: Option<String>,
    /// Where it stands.
    pub stage: Option<Coded>,
}

/// A declaration with its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationRow {
    /// Its id.
    pub id: String,
    /// `REG`, `INT`, `RES` or `WAGE`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The unit.
    pub unit: String,
    /// The person; none where nobody is found for what was typed.
    pub person: Option<PersonRef>,
    /// INT, REG, RES: the declaration that this one does again (重做).
    pub redoes: Option<String>,
    /// INT, REG, RES: 变更时间.
    pub month: Option<String>,
    /// INT, REG, RES: 变更原因.
    pub change_reason: Option<String>,
    /// WAGE: 开始年月.
    pub from: Option<String>,
    /// WAGE: 结束年月.
    pub to: Option<String>,
    /// REG, RES, WAGE: 工资.
    pub wage: Option<String>,
    /// The newest revision submitted; 0 before the first.
    pub revision: u32,
    /// STA-1.
    pub status: Coded,
    /// Where the newest step is: `local`, `queued`, `received`, `decided`.
    pub progress: String,
    /// 受理回执.
    pub receipt: Option<String>,
    /// The settlement period given at intake.
    pub settlement: Option<String>,
    /// The clerk who decided.
    pub decided_by: Option<String>,
    /// The reason of a return, a rejection, or tax's.
    pub reason: Option<String>,
    /// Why it was not taken in, or why the centre refused it.
    pub problems: Vec<ProblemView>,
    /// What tax and the next assessment will do with it, in sentences (MON-4).
    pub outlook: Vec<String>,
    /// The fields that say several things at once, of which one is shown; it is not submitted
    /// before a person chose.
    pub conflicts: Vec<Coded>,
    /// Whether it may be changed and submitted (again).
    pub editable: bool,
    /// A withdrawal of it waits for the centre.
    pub withdrawal_queued: bool,
    /// WAGE, approved: how many of its months reached each stage.
    pub stages: Vec<StageCount>,
    /// WAGE, approved: months 已记账.
    pub months_done: Option<u32>,
    /// WAGE: months in all.
    pub months_total: Option<u32>,
}

/// How many months of a wage reached a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageCount {
    /// The stage.
    pub stage: Coded,
    /// Months that reached it or went beyond.
    pub months_done: u32,
    /// Months in all.
    pub months_total: u32,
}

/// What a submit did, item by item (SUB-3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitReport {
    /// Frozen, signed and waiting in the outbox.
    pub submitted: Vec<DeclarationRow>,
    /// Left as they were, each with its item and problems.
    pub failed: Vec<ProblemView>,
    /// What to mind: a stale calendar, a wrong clock (SIL-8, SIL-19).
    pub warnings: Vec<Coded>,
}

/// A settlement month's assessment or request for one (ASM-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssessmentRow {
    /// The unit.
    pub unit: String,
    /// 结算期.
    pub settlement: String,
    /// 险种类型.
    pub insurance: u16,
    /// `queued`, `assessed`, `failed` or `refused`; of 养老 `assessed`, `failed` or `unknown`, as its
    /// feed says.
    pub status: Coded,
    /// The request's number: 1, then one more after each failure.
    pub attempt: Option<u32>,
    /// 核定人数.
    pub persons: Option<u32>,
    /// Lines for months before, of what was approved too late for them (SIL-20).
    pub late_lines: Option<u32>,
    /// Of those the sum that is given back.
    pub refunded: Option<String>,
    /// Sum of the bases.
    pub base: Option<String>,
    /// Sum of the unit parts.
    pub unit_amount: Option<String>,
    /// Sum of the personal parts.
    pub personal_amount: Option<String>,
    /// Both together.
    pub total: Option<String>,
    /// The total rule that was used.
    pub total_rule: Option<String>,
    /// The parameter set that was used.
    pub parameters: Option<String>,
    /// When it was assessed or failed.
    pub at: Option<String>,
    /// Of 养老: when its feed said so.
    pub told_at: Option<String>,
    /// Why it failed.
    pub problems: Vec<ProblemView>,
}

/// A transaction at tax with its two states (STA-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionRow {
    /// Its id at tax.
    pub id: String,
    /// The unit.
    pub unit: String,
    /// 交易类型: `roster` or `assessment`.
    pub kind: Coded,
    /// The person of a roster change.
    pub person: Option<PersonRef>,
    /// The month: of the change, or 结算期.
    pub month: String,
    /// 1 for the first sending, one more for each after a refusal.
    pub attempt: u32,
    /// 社保发送状态.
    pub sending: Coded,
    /// 地税接收状态.
    pub receiving: Coded,
    /// 税务进度: how far it has come (QRY-9).
    pub step: Coded,
    /// Why sending or receiving failed.
    pub reason: Option<String>,
    /// Whether tax reported 已缴款.
    pub collected: bool,
    /// The sum due, of an assessment.
    pub total: Option<String>,
    /// When it was queued.
    pub queued_at: String,
    /// When the step was reached.
    pub changed_at: String,
    /// Whether tax refused it and it can be sent again.
    pub may_be_sent_again: bool,
    /// The transaction that carries the same once more.
    pub sent_again_as: Option<String>,
    /// A request made here to send it again: `queued`, or `refused` by the centre.
    pub resend: Option<Coded>,
    /// Why requests to send it again came to nothing.
    pub problems: Vec<ProblemView>,
}

/// A submission to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// The declaration.
    pub id: String,
    /// 受理回执.
    pub receipt: String,
    /// The unit.
    pub unit: UnitRef,
    /// `REG`, `INT`, `RES` or `WAGE`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The person.
    pub person: Option<PersonRef>,
    /// INT, REG, RES: 变更时间.
    pub month: Option<String>,
    /// INT, REG, RES: 变更原因.
    pub change_reason: Option<String>,
    /// WAGE: 开始年月.
    pub from: Option<String>,
    /// WAGE: 结束年月.
    pub to: Option<String>,
    /// REG, RES, WAGE: 工资.
    pub wage: Option<String>,
    /// The base that follows from the wage in its first month.
    pub base: Option<String>,
    /// The base of the month before.
    pub base_before: Option<String>,
    /// The base changes by so much that it is to be looked at (SIL-11).
    pub marked: bool,
    /// The revision submitted.
    pub revision: u32,
    /// The settlement period given at intake.
    pub settlement: String,
    /// When it was taken in.
    pub received_at: String,
    /// A decision made here that waits for the centre: `approve`, `return` or `reject`.
    pub queued_decision: Option<Coded>,
}

/// What a review did, item by item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideReport {
    /// Decided here; the decisions wait for the centre.
    pub decided: Vec<ReviewRow>,
    /// Left as they were, each with its item and problems.
    pub failed: Vec<ProblemView>,
}
