//! What the application answers: views with stable field names, for people and for scripts.
//!
//! Money is text in yuan with two decimals, a month is `2022-01`, an id is text, a status is a
//! code and its sentence. ID numbers are masked everywhere: the first six and the last four.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An answer. On the socket it carries its name; a script gets the body alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "body", rename_all = "snake_case")]
pub enum Response {
    /// To `Enrol`.
    Enrolled(Enrolled),
    /// To `Status`.
    Status(Box<StatusView>),
    /// To `Sync`, when it ends.
    Synced(SyncReport),
    /// To `RosterList`.
    Roster(Vec<PersonRow>),
    /// To `RosterShow`.
    Person(Box<PersonDetail>),
    /// To `DeclareInterruption`, `DeclareWage`, `DeclareEdit` and `DeclareVoid`.
    Declaration(Box<DeclarationRow>),
    /// To `DeclareList`.
    Declarations(Vec<DeclarationRow>),
    /// To `Submit`.
    Submitted(SubmitReport),
    /// To `Withdraw`.
    Withdrawn(Box<DeclarationRow>),
    /// To `AssessApply`.
    Assessment(Box<AssessmentRow>),
    /// To `AssessList`.
    Assessments(Vec<AssessmentRow>),
    /// To `TaxList`.
    Transactions(Vec<TransactionRow>),
    /// To `ReviewQueue`.
    Queue(Vec<ReviewRow>),
    /// To `ReviewApprove`, `ReviewReturn` and `ReviewReject`.
    Decided(DecideReport),
    /// To `RecordsList`.
    Records(RecordsView),
    /// To `ReceiptList`.
    Receipts(Vec<ReceiptRow>),
    /// To `ProofShow`.
    Proof(Box<ProofView>),
    /// To `ProofExport`.
    Exported(ExportView),
    /// To `Verify`.
    Verified(Box<VerifiedView>),
}

impl Response {
    /// The body alone, as a script reads it.
    ///
    /// # Panics
    /// Never: every view is plain data.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let tagged = serde_json::to_value(self).expect("a view is plain data");
        tagged.get("body").cloned().unwrap_or_default()
    }
}

/// A code for scripts and its words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// The stable name.
    pub code: String,
    /// The words, in the language asked for.
    pub text: String,
}

/// Something wrong, with its field and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The stable name.
    pub code: String,
    /// The field of the form: `person`, `month`, `reason`, `from`, `to`, `wage`, `whole`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The item of a request about several that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{code}: {message}")]
pub struct Failure {
    /// The stable name.
    pub code: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Every problem of the fields.
    pub problems: Vec<ProblemView>,
    /// Its class.
    pub class: FailureClass,
}

/// The classes of failure, by which a script branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// A rule or the input stands against it.
    Refused,
    /// The request itself is incomplete: no such id, which unit, which operator.
    Usage,
    /// The centre was not reached; what was to be sent waits.
    Network,
    /// The disk or the store.
    Store,
    /// Another centre, or a verification that failed.
    Trust,
}

impl FailureClass {
    /// The process exit code of the class.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Network => 3,
            Self::Store => 4,
            Self::Trust => 5,
        }
    }
}

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRef {
    /// The person's id.
    pub id: String,
    /// 姓名.
    pub name: String,
    /// 个人编号 of unemployment insurance.
    pub personal_number: String,
    /// 证件号码, masked.
    pub masked_id: String,
}

/// A unit in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitRef {
    /// The unit's id.
    pub id: String,
    /// 单位名称.
    pub name: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// 失业单位编号.
    pub unemployment_number: String,
    /// 养老单位编号.
    pub pension_number: String,
}

/// An operator was enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The operator.
    pub operator: OperatorView,
    /// The device.
    pub device: String,
    /// The server.
    pub server: String,
    /// The feed of the centre.
    pub feed: String,
}

/// An operator enrolled on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorView {
    /// The operator's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// `employer`, `agency` or `centre`.
    pub role: String,
    /// The units an employer's operator acts for.
    pub units: Vec<String>,
    /// The district an agency's operator decides for.
    pub district: Option<u16>,
    /// Until when the centre accepts the certificate.
    pub expires_at: String,
}

/// Where everything stands (SIL-8, SIL-19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The device's id; none before enrolment.
    pub device: Option<String>,
    /// The server's address.
    pub server: Option<String>,
    /// Operators of the device.
    pub operators: Vec<OperatorView>,
    /// Units seen by this device; an agency's are those of its district.
    pub units: Vec<UnitRef>,
    /// The agency that is responsible for the units shown (DIST-2).
    pub agencies: Vec<AgencyView>,
    /// The device's date.
    pub device_date: String,
    /// The current settlement period, 结算期年月; none while unknown.
    pub settlement: Option<String>,
    /// When the centre was last heard; none means never.
    pub last_contact: Option<String>,
    /// How long ago, in seconds by the device's clock.
    pub last_contact_age_seconds: Option<i64>,
    /// The transport in use: `quic`, or none while offline.
    pub transport: Option<String>,
    /// Entries of the feed held.
    pub feed_entries: u64,
    /// Declarations not submitted yet.
    pub drafts: u64,
    /// Items that wait for the centre.
    pub queued: u64,
    /// When the oldest of them was made.
    pub oldest_queued: Option<String>,
    /// Submissions taken in and undecided.
    pub received: u64,
    /// Submissions an agency's operator has to decide.
    pub to_review: u64,
    /// Payment records.
    pub records: u64,
    /// Payment records whose proof was not verified here yet.
    pub unproven_records: u64,
    /// Entries of a kind that this program does not know: 需要更新.
    pub needs_update: u64,
    /// Own items that the centre refused by name.
    pub refused: u64,
    /// The newest checkpoint verified here.
    pub checkpoint: Option<CheckpointView>,
    /// What to mind.
    pub warnings: Vec<Coded>,
}

/// A district agency (DIST-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyView {
    /// The district's number.
    pub district: u16,
    /// 参保区.
    pub district_name: String,
    /// 单位名称.
    pub name: String,
    /// 地址.
    pub address: String,
    /// 办公电话.
    pub phone: String,
}

/// A head of the log, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointView {
    /// The log's origin.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// Its root hash, base64.
    pub root_hash: String,
}

/// What an exchange brought.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncReport {
    /// Entries received.
    pub entries: u64,
    /// Own items handed over.
    pub sent: u64,
    /// Own items still waiting.
    pub queued: u64,
    /// Own items the centre refused by name.
    pub refused: Vec<ProblemView>,
    /// Records whose proof was verified.
    pub proven: u64,
    /// The newest checkpoint verified here.
    pub checkpoint: Option<CheckpointView>,
}

/// A person in the roster.
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
    /// `INT` or `WAGE`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The unit.
    pub unit: String,
    /// The person; none where nobody is found for what was typed.
    pub person: Option<PersonRef>,
    /// INT: 变更时间.
    pub month: Option<String>,
    /// INT: 变更原因.
    pub change_reason: Option<String>,
    /// WAGE: 开始年月.
    pub from: Option<String>,
    /// WAGE: 结束年月.
    pub to: Option<String>,
    /// WAGE: 工资.
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
    /// `queued`, `assessed`, `failed`, `refused`, or `unknown` for 养老.
    pub status: Coded,
    /// The request's number: 1, then one more after each failure.
    pub attempt: Option<u32>,
    /// 核定人数.
    pub persons: Option<u32>,
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
    /// 社保发送状态.
    pub sending: Coded,
    /// 地税接收状态.
    pub receiving: Coded,
    /// Why sending or receiving failed.
    pub reason: Option<String>,
    /// Whether tax reported 已缴款.
    pub collected: bool,
    /// The sum due, of an assessment.
    pub total: Option<String>,
    /// When it was queued.
    pub queued_at: String,
    /// When a state last changed.
    pub changed_at: String,
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
    /// `INT` or `WAGE`.
    pub kind: String,
    /// The kind's caption.
    pub kind_text: String,
    /// The person.
    pub person: Option<PersonRef>,
    /// INT: 变更时间.
    pub month: Option<String>,
    /// INT: 变更原因.
    pub change_reason: Option<String>,
    /// WAGE: 开始年月.
    pub from: Option<String>,
    /// WAGE: 结束年月.
    pub to: Option<String>,
    /// WAGE: 工资.
    pub wage: Option<String>,
    /// WAGE: the base that follows from it in its first month.
    pub base: Option<String>,
    /// WAGE: the base of the month before.
    pub base_before: Option<String>,
    /// WAGE: the base changes by so much that it is to be looked at (SIL-11).
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

/// Payment records and their sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsView {
    /// The records.
    pub records: Vec<RecordRow>,
    /// The sum of the unit parts.
    pub unit_amount: String,
    /// The sum of the personal parts.
    pub personal_amount: String,
    /// Both together.
    pub total: String,
}

/// A payment record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// `serial/line`.
    pub id: String,
    /// The unit.
    pub unit: String,
    /// Who.
    pub person: PersonRef,
    /// 险种类型.
    pub insurance: u16,
    /// 缴费类型.
    pub payment_kind: u16,
    /// 结算期年月.
    pub settlement: String,
    /// 费款所属期.
    pub period: String,
    /// 缴费基数.
    pub base: String,
    /// 单位缴费金额.
    pub unit_amount: String,
    /// 个人缴费金额.
    pub personal_amount: String,
    /// Both together.
    pub total: String,
    /// 到账日期.
    pub posted_on: String,
    /// Tax's serial.
    pub serial: String,
    /// The line within the posting.
    pub line: u32,
    /// The unit's running number.
    pub number: u64,
    /// Its leaf in the centre's log.
    pub leaf: u64,
    /// 已到账 (`in_treasury`) or, with a proof verified here, 已记账 (`recorded`).
    pub state: Coded,
}

/// A receipt (受理回执).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRow {
    /// Its number.
    pub receipt: String,
    /// The declaration.
    pub declaration: String,
    /// The revision taken in.
    pub revision: u32,
    /// The submission's id.
    pub submission: String,
    /// The unit.
    pub unit: String,
    /// `INT` or `WAGE`.
    pub kind: String,
    /// Who.
    pub person: Option<PersonRef>,
    /// The settlement period given at intake.
    pub settlement: String,
    /// When.
    pub received_at: String,
    /// Where the submission stands.
    pub status: Coded,
}

/// The proof of one payment record (缴费凭证).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofView {
    /// The record.
    pub record: RecordRow,
    /// The head of the log it was verified against.
    pub checkpoint: CheckpointView,
    /// The proof's text in the public format, C2SP tlog-proof.
    pub proof: String,
}

/// A proof was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportView {
    /// The record.
    pub id: String,
    /// The proof.
    pub path: PathBuf,
    /// The trust bundle beside it.
    pub trust_path: PathBuf,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedView {
    /// `proof` or `log`.
    pub what: String,
    /// The head of the log it was verified against.
    pub checkpoint: CheckpointView,
    /// The record of a proof.
    pub record: Option<VerifiedRecord>,
    /// How many entries of a copy of the log were verified.
    pub entries: Option<u64>,
}

/// The payment record that a proof carries; it reads alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedRecord {
    /// `serial/line`.
    pub id: String,
    /// The unit's id.
    pub unit: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// 姓名.
    pub name: String,
    /// 个人编号.
    pub personal_number: String,
    /// 险种类型.
    pub insurance: u16,
    /// 缴费类型.
    pub payment_kind: u16,
    /// 结算期年月.
    pub settlement: String,
    /// 费款所属期.
    pub period: String,
    /// 缴费基数.
    pub base: String,
    /// 单位缴费金额.
    pub unit_amount: String,
    /// 个人缴费金额.
    pub personal_amount: String,
    /// Both together.
    pub total: String,
    /// 到账日期.
    pub posted_on: String,
    /// The unit's running number.
    pub number: u64,
    /// Its leaf in the centre's log.
    pub leaf: u64,
    /// When the centre recorded it.
    pub recorded_at: String,
}

/// The trust bundle as a file: what `verify` needs besides the thing to verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustFile {
    /// The log's origin.
    pub origin: String,
    /// The log's public key, hexadecimal.
    pub log_key: String,
    /// The feed's id.
    pub feed: String,
    /// The hash by which enrolment pins the root, hexadecimal.
    pub root_hash: String,
    /// The signed chain from the root to the log key, base64.
    pub chain: String,
}
