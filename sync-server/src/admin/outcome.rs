//! What a command brought about, as the screen and scripts read it.

use std::path::PathBuf;

use canbao_core::ids::{
    DeviceId, DistrictId, OperatorId, ParameterSetId, PersonId, UnitId, VolumeId,
};
use canbao_core::month::Month;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was done or found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// So many agencies were listed.
    AgenciesLoaded(usize),
    /// The set of parameters in force.
    ParametersAdopted(ParameterSetId),
    /// The settlement period that was opened.
    SettlementOpened(Month),
    /// The volume that was opened.
    VolumeOpened(VolumeId),
    /// The volume that was sealed.
    VolumeSealed(VolumeId),
    /// A unit was registered.
    UnitLoaded(UnitLoaded),
    /// A unit was moved.
    UnitMoved(UnitMoved),
    /// The units, by district and unemployment number.
    Units(Vec<UnitListed>),
    /// A person, as held from now on.
    Person(PersonHeld),
    /// A code was issued.
    CodeIssued(CodeIssued),
    /// The certificates of devices, by serial.
    Devices(Vec<DeviceListed>),
    /// The certificates that are revoked.
    Revoked(Vec<RevokedNow>),
    /// How it stands with tax.
    Tax(TaxStatus),
    /// Tax's roster of a unit, as it is now known.
    TaxRoster(TaxRosterFetched),
    /// How it stands with the pension side.
    Pension(PensionStatus),
    /// The pension feed of a unit, as it is now known.
    PensionFeed(PensionFeedTaken),
    /// The incidents, by unit; those of unknown units come first.
    Incidents(Vec<IncidentListed>),
    /// Audit events.
    Audit(Vec<AuditListed>),
    /// The log was copied.
    LogCopied(CopiedLog),
    /// How the centre stands.
    Status(Box<Status>),
}

impl Outcome {
    /// The result as scripts read it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::AgenciesLoaded(count) => json!({ "agencies": count }),
            Self::ParametersAdopted(parameters) => json!({ "parameters": parameters }),
            Self::SettlementOpened(month) => json!({ "settlement": month }),
            Self::VolumeOpened(volume) | Self::VolumeSealed(volume) => json!({ "volume": volume }),
            Self::UnitLoaded(loaded) => json!(loaded),
            Self::UnitMoved(moved) => json!(moved),
            Self::Units(units) => json!(units),
            Self::Person(person) => json!(person),
            Self::CodeIssued(issued) => json!(issued),
            Self::Devices(devices) => json!(devices),
            Self::Revoked(revoked) => json!(revoked),
            Self::Tax(status) => json!(status),
            Self::TaxRoster(fetched) => json!(fetched),
            Self::Pension(status) => json!(status),
            Self::PensionFeed(taken) => json!(taken),
            Self::Incidents(incidents) => json!(incidents),
            Self::Audit(events) => json!(events),
            Self::LogCopied(copied) => json!(copied),
            Self::Status(status) => json!(status),
        }
    }
}

/// A unit just registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitLoaded {
    /// Its id.
    pub unit: UnitId,
    /// 失业单位编号.
    pub unemployment_number: String,
    /// How many persons.
    pub persons: usize,
    /// Captions of the file that were not read.
    pub ignored_columns: Vec<String>,
}

/// A unit just moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitMoved {
    /// Its id.
    pub unit: UnitId,
    /// The district it belonged to.
    pub from: DistrictId,
    /// The district it belongs to.
    pub to: DistrictId,
    /// That district's name.
    pub district_name: String,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHeld {
    /// The centre's id.
    pub person: PersonId,
    /// 个人编号.
    pub personal_number: String,
    /// 姓名.
    pub name: String,
    /// The kind of document in its two digits.
    pub document_kind: String,
    /// The document's number, masked.
    pub masked_id: String,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitListed {
    /// Its id.
    pub unit: UnitId,
    /// 单位名称.
    pub name: String,
    /// Its district.
    pub district: DistrictId,
    /// The district's name.
    pub district_name: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// 失业单位编号.
    pub unemployment_number: String,
    /// 养老单位编号.
    pub pension_number: String,
    /// How many persons its roster has.
    pub persons: usize,
}

/// An enrolment code. It is shown this once; the log knows its hash alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeIssued {
    /// What the operator types.
    pub code: String,
    /// From when it is refused, in RFC 3339.
    pub expires_at: String,
}

/// A certificate of an operator on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceListed {
    /// Its serial, by which it is revoked.
    pub serial: u64,
    /// The operator.
    pub operator: OperatorId,
    /// The operator's name.
    pub operator_name: String,
    /// The device.
    pub device: DeviceId,
    /// `employer`, `agency` or `centre`.
    pub role: String,
    /// The units an employer's operator acts for.
    pub units: Vec<UnitId>,
    /// The district an agency's operator decides for.
    pub district: Option<DistrictId>,
    /// When it was issued, in RFC 3339.
    pub issued_at: String,
    /// From when it is refused, in RFC 3339.
    pub expires_at: String,
    /// How it was revoked, where it was.
    pub revoked: Option<RevocationListed>,
}

/// How a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationListed {
    /// From where in the feed it is refused.
    pub position: u64,
    /// Why.
    pub reason: String,
    /// The serial of the one its holder has instead, where it was replaced.
    pub replaced_by: Option<u64>,
}

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedNow {
    /// Which.
    pub serial: u64,
    /// From where in the feed it is refused; an earlier place where it was revoked before.
    pub position: u64,
}

/// How it stands with tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxStatus {
    /// Tax's newest event that was taken in.
    pub events_taken: u64,
    /// Transactions not sent successfully yet, those that failed included.
    pub waiting: usize,
    /// Of those, the ones tax does not take (发送失败), which a person has to look at.
    pub failed: Vec<FailedTransaction>,
    /// What the adapter of the running server knows; none where no server runs or none is
    /// configured.
    pub contact: Option<ContactStatus>,
}

/// How it stands with the pension side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionStatus {
    /// How many units there are.
    pub units: usize,
    /// How many of them have a feed, however old.
    pub with_feed: usize,
    /// What the adapter of the running server knows; none where no server runs or none is
    /// configured.
    pub contact: Option<ContactStatus>,
}

/// The pension feed of a unit, as it is now known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PensionFeedTaken {
    /// Whose.
    pub unit: UnitId,
    /// 养老单位编号.
    pub pension_number: String,
    /// How many persons the roster has.
    pub persons: usize,
    /// How many things differ from the feed before, those included that are gone.
    pub changes: usize,
    /// Whether it was known already, so that nothing was recorded.
    pub known: bool,
    /// Pension insurance's settlement period.
    pub settlement: Month,
    /// When pension insurance made it, in RFC 3339.
    pub as_of: String,
}

/// Tax's roster of a unit, as it is now known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRosterFetched {
    /// Whose.
    pub unit: UnitId,
    /// How many persons tax has.
    pub persons: usize,
    /// How many differ from the roster before, those included who are gone.
    pub changes: usize,
    /// Whether tax has the unit at all.
    pub unit_known: bool,
    /// When tax made its answer, in RFC 3339.
    pub as_of: String,
}

/// A transaction that tax does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTransaction {
    /// Which.
    pub transaction: String,
    /// Whose.
    pub unit: UnitId,
    /// Why.
    pub reason: String,
}

/// An adapter's contact with its authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactStatus {
    /// When it last answered, in RFC 3339.
    pub last_contact: Option<String>,
    /// Why the last request had no answer to go on with.
    pub trouble: Option<String>,
    /// The event that cannot be taken in, at which the adapter stands still.
    pub held: Option<HeldEvent>,
}

/// An event of tax that cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEvent {
    /// Its number.
    pub sequence: u64,
    /// Why, as a code.
    pub code: String,
    /// Why, in words without personal data.
    pub detail: String,
}

/// Something tax reported that records nothing (FAQ-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentListed {
    /// When it was taken in, in RFC 3339.
    pub at: String,
    /// Whose, where the unit is known.
    pub unit: Option<UnitId>,
    /// Tax's serial.
    pub serial: String,
    /// Why.
    pub code: String,
    /// The line of the posting at issue.
    pub line: Option<u32>,
    /// Why, in a sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Something done with personal data, or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditListed {
    /// When the centre took it in, in RFC 3339.
    pub at: String,
    /// Its place in the log.
    pub position: u64,
    /// `revealed`, `proofs_exported` or `statement_refused`.
    pub event: String,
    /// The certificate that signed it.
    pub signer: u64,
    /// The operator's name; none for what was refused.
    pub by: Option<String>,
    /// Whose persons.
    pub unit: Option<UnitId>,
    /// The person shown.
    pub person: Option<PersonId>,
    /// How many records were written to files.
    pub records: Option<u32>,
    /// Why: as the operator says, or the code of the refusal.
    pub reason: Option<String>,
}

/// A copy of the public log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedLog {
    /// Where.
    pub directory: PathBuf,
    /// How many entries the log had.
    pub size: u64,
    /// How many files were written.
    pub files: usize,
}

/// How the centre stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The log's name.
    pub origin: String,
    /// How many entries the log has.
    pub log_size: u64,
    /// How many agencies are listed.
    pub agencies: usize,
    /// How many units are registered.
    pub units: usize,
    /// The set of parameters in force.
    pub parameters: Option<ParameterSetId>,
    /// The current settlement period (结算期).
    pub settlement: Option<Month>,
    /// The volumes that take changes.
    pub open_volumes: Vec<VolumeId>,
    /// Whether a server runs; otherwise the command opened the store itself.
    pub serving: bool,
    /// How it stands with tax.
    pub tax: TaxStatus,
}
