//! What the engine answers, and why it may not: one small error per operation.

use canbao_core::facts::IncidentKind;
use canbao_core::ids::{CertificateSerial, DistrictId, Position, UnitId, VolumeId};
use canbao_core::month::Month;
use canbao_core::refusal::RefusalName;
use canbao_core::store::{self, CommitError, ReadError};
use canbao_core::sync::{Refusal, Verdict};

use crate::border::NoRandomness;
use crate::keys::KeysError;

/// What became of a statement or a batch, durably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A fact answers it; the same item offered again has the same place.
    Taken(Position),
    /// A newer program's kind or schema. Nothing of it is kept here, since a centre that kept what
    /// it cannot read would keep whatever a device sends: the device keeps it, and offers it again
    /// at each session.
    Held,
    /// Refused by name; the same item offered again is refused alike.
    Refused(Refusal),
}

impl Answer {
    /// A refusal whose detail is its sentence.
    pub(super) fn refused(name: RefusalName, detail: impl ToString) -> Self {
        Self::Refused(Refusal::new(name, &detail.to_string()))
    }
}

impl From<Answer> for Verdict {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Taken(position) => Self::Taken { position },
            Answer::Held => Self::Held,
            Answer::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

/// Why the centre gives no answer: nothing was acknowledged, the same request may be made again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The store cannot be read or written.
    #[error("{detail}")]
    Store {
        /// The store's own name of the error.
        code: &'static str,
        /// Its sentence.
        detail: String,
    },
    /// An entry of the log does not read: damage, or a newer program's log.
    #[error("entry {position} of the log does not read: {detail}")]
    Entry {
        /// Which.
        position: u64,
        /// Why.
        detail: String,
    },
    /// A refusal was kept under a name that this program does not know: a newer program's log.
    #[error("a refusal in the log has a name this program does not know")]
    Verdict,
    /// No random bytes for salts.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The request met a bug of the centre's.
    #[error("the centre failed over this request")]
    Broken,
    /// The centre is stopping.
    #[error("the centre is stopping")]
    Stopped,
}

impl Unavailable {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store { code, .. } => code,
            Self::Entry { .. } => "centre.entry_unreadable",
            Self::Verdict => "centre.verdict_unreadable",
            Self::Randomness(error) => error.code(),
            Self::Broken => "centre.broken_request",
            Self::Stopped => "centre.stopped",
        }
    }
}

impl From<ReadError> for Unavailable {
    fn from(error: ReadError) -> Self {
        Self::Store {
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

impl From<CommitError> for Unavailable {
    fn from(error: CommitError) -> Self {
        Self::Store {
            code: error.code(),
            detail: error.to_string(),
        }
    }
}

/// Why a centre does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The sealing key or the keys in the store.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The log or its views.
    #[error(transparent)]
    Log(#[from] Unavailable),
    /// No thread for the writer.
    #[error("the writer cannot be started: {0}")]
    Thread(#[source] std::io::Error),
}

impl OpenError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Keys(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Thread(_) => "centre.no_thread",
        }
    }
}

/// Why facts of the administration are not appended; none of them is then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A fact that follows from statements or from tax alone.
    #[error("this fact is not the administration's to state")]
    NotAdministrative,
    /// The parameters do not parse.
    #[error("the parameters do not parse: {0}")]
    Parameters(String),
    /// Settlement periods open one after the other.
    #[error("the next settlement period is {expected}")]
    SettlementOrder {
        /// The only month that can open now.
        expected: Month,
    },
    /// The volume was opened before.
    #[error("volume {0} was opened before")]
    VolumeKnown(VolumeId),
    /// Volumes open in ascending order, since new drafts go to the newest.
    #[error("volume {0} is older than the newest one")]
    VolumeOrder(VolumeId),
    /// The volume is not open.
    #[error("volume {0} is not open")]
    VolumeNotOpen(VolumeId),
    /// No agency of this district is listed.
    #[error("no agency of district {0} is listed")]
    UnknownDistrict(DistrictId),
    /// No such unit.
    #[error("no unit {0}")]
    UnknownUnit(UnitId),
    /// A unit of this id was registered before.
    #[error("unit {0} was registered before")]
    UnitKnown(UnitId),
    /// The unit belongs to this district: it cannot move there, nor from another.
    #[error("unit {unit} belongs to district {district}")]
    UnitBelongs {
        /// Which.
        unit: UnitId,
        /// To which.
        district: DistrictId,
    },
    /// A unit of this credit code was registered before.
    #[error("a unit of this credit code was registered before")]
    CreditCodeTaken,
    /// A unit of this unemployment number was registered before.
    #[error("a unit of this unemployment number was registered before")]
    UnemploymentNumberTaken,
    /// A person of this personal number is listed already.
    #[error("person {row} of the list: the personal number is taken")]
    PersonalNumberTaken {
        /// Counted from 1 over all persons of the request.
        row: usize,
    },
    /// A person of this identity document is listed already.
    #[error("person {row} of the list: the identity document is taken")]
    DocumentTaken {
        /// Counted from 1 over all persons of the request.
        row: usize,
    },
    /// Nobody has this personal number.
    #[error("nobody has the personal number {0}")]
    UnknownPerson(String),
    /// The person has this document and name already.
    #[error("nothing about the person changes")]
    NothingToAmend,
    /// Another person has this document: two ids may be one person's.
    #[error("another person has this document")]
    DocumentOfAnother,
    /// Both numbers lead to one person already.
    #[error("both numbers are one person's already")]
    OnePersonAlready,
    /// Both persons own this month, which would be payable twice (SIL-3).
    #[error("both persons own {0}")]
    MonthOwnedTwice(Month),
    /// No evidence, or more than is kept.
    #[error("the evidence is empty or too long")]
    EvidenceLength,
    /// More persons in one fact than fit an entry.
    #[error("a list holds at most {limit} persons")]
    TooManyPersons {
        /// The most.
        limit: usize,
    },
    /// A code for no unit at all.
    #[error("the mandate names no unit")]
    EmptyMandate,
    /// No certificate of this serial was issued.
    #[error("no certificate {0:?} was issued")]
    UnknownCertificate(CertificateSerial),
}

impl AdminError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(error) => error.code(),
            Self::NotAdministrative => "admin.not_administrative",
            Self::Parameters(_) => "admin.parameters",
            Self::SettlementOrder { .. } => "admin.settlement_order",
            Self::VolumeKnown(_) => "admin.volume_known",
            Self::VolumeOrder(_) => "admin.volume_order",
            Self::VolumeNotOpen(_) => "admin.volume_not_open",
            Self::UnknownDistrict(_) => "admin.unknown_district",
            Self::UnknownUnit(_) => "admin.unknown_unit",
            Self::UnitKnown(_) => "admin.unit_known",
            Self::UnitBelongs { .. } => "admin.unit_belongs",
            Self::CreditCodeTaken => "admin.credit_code_taken",
            Self::UnemploymentNumberTaken => "admin.unemployment_number_taken",
            Self::PersonalNumberTaken { .. } => "admin.personal_number_taken",
            Self::DocumentTaken { .. } => "admin.document_taken",
            Self::UnknownPerson(_) => "admin.unknown_person",
            Self::NothingToAmend => "admin.nothing_to_amend",
            Self::DocumentOfAnother => "admin.document_of_another",
            Self::OnePersonAlready => "admin.one_person_already",
            Self::MonthOwnedTwice(_) => "admin.month_owned_twice",
            Self::EvidenceLength => "admin.evidence_length",
            Self::TooManyPersons { .. } => "admin.too_many_persons",
            Self::EmptyMandate => "admin.empty_mandate",
            Self::UnknownCertificate(_) => "admin.unknown_certificate",
        }
    }
}

/// Why a device is not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Bytes that are no request.
    #[error("the request is malformed")]
    Malformed,
    /// The request was made for another centre.
    #[error("the request is for another centre")]
    OtherCentre,
    /// The asker does not hold the keys it asks for.
    #[error("the request does not prove its keys")]
    BadProof,
    /// No code of this secret was issued.
    #[error("this enrolment code was never issued")]
    CodeUnknown,
    /// The code was used for other keys.
    #[error("this enrolment code was used already")]
    CodeUsed,
    /// The code is past its time, by the centre's clock.
    #[error("this enrolment code has expired")]
    CodeExpired,
    /// The certificates that shall be replaced do not fit one answer.
    #[error("the certificates are too large for one answer")]
    TooLarge,
    /// A certificate that shall be replaced was never issued.
    #[error("there is no such certificate")]
    UnknownCertificate,
    /// A certificate that shall be replaced is revoked.
    #[error("the certificate is revoked")]
    CertificateRevoked,
    /// A certificate that shall be replaced has expired, by the centre's clock.
    #[error("the certificate has expired")]
    CertificateExpired,
    /// The device's key was enrolled under another device id.
    #[error("this device key belongs to another device")]
    OtherDevice,
    /// Too many tries from one address.
    #[error("too many enrolments from this address; try again later")]
    TooMany,
}

impl EnrolError {
    /// The stable name; of a failure of the centre's own, the name that its log has.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(error) => error.code(),
            known => RefusalName::from(known).as_str(),
        }
    }

    /// What the device is told: nothing of how the centre failed, to one that is not known yet.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let detail = match self {
            Self::Unavailable(_) => String::new(),
            known => known.to_string(),
        };
        Refusal::new(self.into(), &detail)
    }
}

impl From<&EnrolError> for RefusalName {
    fn from(error: &EnrolError) -> Self {
        match error {
            EnrolError::Unavailable(_) => Self::SyncHubFailed,
            EnrolError::Malformed => Self::EnrolmentMalformed,
            EnrolError::OtherCentre => Self::EnrolmentOtherCentre,
            EnrolError::BadProof => Self::EnrolmentBadProof,
            EnrolError::CodeUnknown => Self::EnrolmentCodeUnknown,
            EnrolError::CodeUsed => Self::EnrolmentCodeUsed,
            EnrolError::CodeExpired => Self::EnrolmentCodeExpired,
            EnrolError::TooLarge => Self::EnrolmentTooLarge,
            EnrolError::UnknownCertificate => Self::EnrolmentUnknownCertificate,
            EnrolError::CertificateRevoked => Self::EnrolmentCertificateRevoked,
            EnrolError::CertificateExpired => Self::EnrolmentCertificateExpired,
            EnrolError::OtherDevice => Self::EnrolmentOtherDevice,
            EnrolError::TooMany => Self::EnrolmentTooMany,
        }
    }
}

/// Why news of the tax bureau is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxError {
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// No such transaction was ever queued.
    #[error("no such transaction")]
    UnknownTransaction,
    /// No such unit is registered.
    #[error("no such unit")]
    UnknownUnit,
    /// Events are taken in without a gap.
    #[error("the next event to take in is {expected}")]
    SequenceGap {
        /// The only number that can come next.
        expected: u64,
    },
}

impl TaxError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(error) => error.code(),
            Self::UnknownTransaction => "tax.unknown_transaction",
            Self::UnknownUnit => "tax.unknown_unit",
            Self::SequenceGap { .. } => "tax.sequence_gap",
        }
    }
}

/// What became of an event of the tax bureau.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaxAnswer {
    /// It was taken in before; nothing changed.
    AlreadyTaken,
    /// Taken in.
    Noted,
    /// It names a transaction that was never queued; only the bookmark moved.
    UnknownTransaction,
    /// A posting became these payment records, contiguous in the log.
    Recorded {
        /// The first record's place.
        first: Position,
        /// How many.
        count: u64,
    },
    /// The posting was taken in under an earlier event; only the bookmark moved.
    Exists,
    /// The posting records nothing (FAQ-2).
    Incident(IncidentKind),
}
