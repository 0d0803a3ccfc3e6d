//! Who and what the device knows: persons, units, operators, where everything stands.

use serde::{Deserialize, Serialize};

use super::{Coded, ProblemView};

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

/// Keys were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rekeyed {
    /// The operators whose keys are new, and the device's with them.
    pub operators: Vec<OperatorView>,
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
    /// How the private key is kept: `open`, whoever is at this device signs by it; `locked` by a
    /// passphrase; `unlocked` for some minutes.
    pub lock: String,
    /// `revoked` or `expired`, and why, once this device was told.
    pub ended: Option<Coded>,
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
    /// Fields with several values, of which a person has to choose one.
    pub conflicts: u64,
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
    /// How many things wait for an update of this program: 需要更新.
    pub needs_update: u64,
    /// What waits for an update, of this program or of the centre's, and since when.
    pub held: Vec<HeldView>,
    /// Own items that the centre refused by name.
    pub refused: u64,
    /// The newest checkpoint verified here.
    pub checkpoint: Option<CheckpointView>,
    /// What to mind.
    pub warnings: Vec<Coded>,
}

/// Something that waits for an update: it is kept as it is, and goes on once that is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// What: `facts`, `changes`, `frames`, `messages`, `feed` wait for
    /// an update of this program, `at_centre` for one of the centre's.
    pub what: Coded,
    /// How many.
    pub count: u64,
    /// When the first of it came, by the device's clock.
    pub since: String,
}

/// A district's agency as the table has it (DIST-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRow {
    /// Its number in the table.
    pub district: u16,
    /// 参保区.
    pub district_name: String,
    /// 单位名称.
    pub name: String,
    /// 地址.
    pub address: String,
    /// 办公电话.
    pub phone: String,
    /// Whether it is the one of the unit.
    pub own: bool,
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
    /// Those of them that the centre cannot read before its update.
    pub held: u64,
    /// Own items the centre refused by name.
    pub refused: Vec<ProblemView>,
    /// Units that left this device's scope; what it held of them was purged.
    pub left: Vec<UnitRef>,
    /// Records whose proof was verified.
    pub proven: u64,
    /// The newest checkpoint verified here.
    pub checkpoint: Option<CheckpointView>,
}

/// A change made here that the centre refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRow {
    /// When it was made, by the device's clock.
    pub made_at: String,
    /// The document.
    pub document: String,
    /// Its volume, where it has one.
    pub volume: Option<String>,
    /// What the change did.
    pub action: Coded,
    /// The declaration it was about.
    pub declaration: Option<String>,
    /// Why it was refused, and what to do.
    pub reason: ProblemView,
    /// `redone`, `kept` until it can be done again, or `given_up`.
    pub state: Coded,
}

/// A person's document number in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealedView {
    /// Whose.
    pub person: PersonRef,
    /// 证件类型, its code.
    pub document_kind: String,
    /// 证件号码, not masked.
    pub document_number: String,
}
