//! Payment records, receipts, and proofs with what verifies them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{CheckpointView, Coded, PersonRef};

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
    /// Its name.
    pub insurance_text: String,
    /// 缴费类型.
    pub payment_kind: u16,
    /// Its name.
    pub payment_kind_text: String,
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
    /// The record that this one takes back (冲销), `serial/line`.
    pub reverses: Option<String>,
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
    /// The kind's caption.
    pub kind_text: String,
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

/// Every proof of the unit was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportAllView {
    /// How many.
    pub proofs: u64,
    /// The directory.
    pub path: PathBuf,
    /// The trust bundle in it.
    pub trust_path: PathBuf,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedView {
    /// `proof`, `proofs` or `log`.
    pub what: String,
    /// The head of the log it was verified against; of several proofs the largest.
    pub checkpoint: CheckpointView,
    /// The record of a proof.
    pub record: Option<VerifiedRecord>,
    /// How many records a directory of proofs holds.
    pub records: Option<u64>,
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
    /// The record that this one takes back (冲销), `serial/line`.
    pub reverses: Option<String>,
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
