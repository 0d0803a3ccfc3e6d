//! What an administrator asks, as it crosses the local socket.

use std::path::PathBuf;
use std::time::Duration;

use canbao_core::identity::{
    CreditCode, IdDocument, PensionNumber, PersonalNumber, UnemploymentNumber,
};
use canbao_core::ids::{CertificateSerial, VolumeId};
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_transport::local::LocalRules;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::outcome::Outcome;
use crate::baseline::AgencyRow;

/// The socket of a centre's directory.
pub const SOCKET: LocalRules = LocalRules {
    file_name: "server.sock",
    // The roster of a very large unit.
    longest_question: 32 << 20,
    longest_answer: 32 << 20,
    connections: 8,
    // A copy of the whole log may be part of it.
    answer_within: Duration::from_secs(600),
};

/// A command, and the language of its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// For sentences.
    pub lang: Lang,
    /// What.
    pub command: Command,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done.
    Done(Box<Outcome>),
    /// It was not.
    Failed(Failure),
}

/// What the counter of the centre does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Lists agencies; one of a known district replaces it.
    LoadAgencies(Vec<AgencyRow>),
    /// Adopts a set of parameters.
    AdoptParameters(String),
    /// Opens a settlement period.
    OpenSettlement(Month),
    /// Opens a volume of drafts.
    OpenVolume(VolumeId),
    /// Seals a volume of drafts.
    SealVolume(VolumeId),
    /// Registers a unit with its roster.
    LoadUnit(Box<LoadUnit>),
    /// Moves a unit, by id, credit code or unemployment number, to a district, by number or
    /// name.
    MoveUnit {
        /// Which.
        unit: String,
        /// Where to.
        district: String,
    },
    /// Lists the units.
    ListUnits,
    /// Holds another document or name of a person, by personal number.
    AmendPerson {
        /// 个人编号.
        personal_number: String,
        /// The document; none where it stays.
        document: Option<IdDocument>,
        /// 姓名; none where it stays.
        name: Option<String>,
        /// By what the change was shown.
        evidence: String,
    },
    /// Makes two person ids one, by personal number.
    MergePersons {
        /// The one that stays.
        kept: String,
        /// The one that goes.
        gone: String,
        /// By what it was shown that both are one person.
        evidence: String,
    },
    /// Issues an enrolment code.
    IssueCode(IssueCode),
    /// Lists the certificates of devices.
    ListDevices,
    /// Revokes a certificate, or all of its device.
    RevokeDevice {
        /// Which.
        serial: CertificateSerial,
        /// Every certificate of the same device with it.
        whole_device: bool,
        /// Why.
        reason: String,
    },
    /// Says how it stands with tax.
    TaxStatus,
    /// Fetches tax's own roster of a unit, by id, credit code or unemployment number.
    FetchTaxRoster(String),
    /// Says how it stands with the pension side.
    PensionStatus,
    /// Takes in a unit's pension feed, the text of a file.
    TakePensionFeed(String),
    /// Fetches the pension feed of a unit, by id, credit code or either unit number.
    FetchPensionFeed(String),
    /// Lists what tax reported and nothing was recorded for.
    ListIncidents,
    /// Lists what operators did with personal data, and what was refused.
    ListAudit,
    /// Writes a copy of the public log to a new directory, which is named by its absolute path.
    CopyLog(PathBuf),
    /// Says how the centre stands.
    Status,
}

/// A unit and its roster, every value parsed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadUnit {
    /// 单位名称.
    pub name: String,
    /// The district by number or name.
    pub district: String,
    /// 统一社会信用代码.
    pub credit_code: CreditCode,
    /// 失业单位编号.
    pub unemployment_number: UnemploymentNumber,
    /// 养老单位编号.
    pub pension_number: PensionNumber,
    /// The first payable month of everyone's open interval.
    pub paying_since: Month,
    /// The last month for which the wages count as declared.
    pub bases_until: Month,
    /// The persons.
    pub persons: Vec<LoadedPerson>,
    /// Captions of the file that were not read, to be named in the answer.
    pub ignored_columns: Vec<String>,
}

/// A person of a roster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadedPerson {
    /// The row of the file, for problems.
    pub row: u32,
    /// 个人编号.
    pub personal_number: PersonalNumber,
    /// The identity document.
    pub document: IdDocument,
    /// 姓名.
    pub name: String,
    /// The wage, where the file has one.
    pub wage: Option<Money>,
    /// The last month paid of a person who is suspended.
    pub last_paid: Option<Month>,
}

/// An enrolment code wanted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssueCode {
    /// For whom.
    pub mandate: MandateWanted,
    /// The operator's name.
    pub operator_name: String,
    /// For how many hours the code may be used.
    pub valid_hours: u16,
}

/// A mandate in the administrator's words.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateWanted {
    /// Units by id, credit code or unemployment number.
    Employer(Vec<String>),
    /// A district by number or name.
    Agency(String),
    /// The centre.
    Centre,
}
