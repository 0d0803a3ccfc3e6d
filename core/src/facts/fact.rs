//! The facts by kind, and the entry of the feed that carries one.

use minicbor::{Decode, Encode};

use crate::certificate::{Chain, Mandate};
use crate::declaration::Problem;
use crate::document::DocumentId;
use crate::ids::{CertificateSerial, DistrictId, PersonId, StatementId, UnitId, VolumeId};
use crate::money::Money;
use crate::month::Month;
use crate::signed::Signed;
use crate::time::Timestamp;

use super::assessment::{AssessmentOutcome, Receivable};
use super::common::Agency;
use super::effect::Effect;
use super::insured::Insured;
use super::pension::PensionPart;
use super::person::{ListedPerson, PersonRecord};
use super::posting::Incident;
use super::record::PaymentRecord;
use super::submission::ReceiptNumber;
use super::tax::{Receiving, Sending, TransactionId, TransactionKind};
use super::tax_roster::TaxRosterPart;
use super::unit::UnitRecord;

/// A fact. The number of a kind is part of the format and never used again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Fact {
    /// An agency of the table (DIST-1).
    #[n(1)]
    AgencyListed(#[n(0)] Agency),
    /// The parameters as one canonical text (SIL-23); the newest rules.
    #[n(2)]
    ParametersAdopted {
        /// The text; its hash is the set's id.
        #[n(0)]
        text: String,
    },
    /// A settlement period opens; the newest opened is the current one.
    #[n(3)]
    SettlementOpened {
        /// Which.
        #[n(0)]
        month: Month,
    },
    /// A volume of drafts opens.
    #[n(4)]
    VolumeOpened {
        /// Which.
        #[n(0)]
        volume: VolumeId,
    },
    /// A volume of drafts takes no more changes.
    #[n(5)]
    VolumeSealed {
        /// Which.
        #[n(0)]
        volume: VolumeId,
    },
    /// A unit as loaded by the centre.
    #[n(6)]
    UnitRegistered(#[n(0)] UnitRecord),
    /// Insured persons as loaded by the centre, at most 250 a fact.
    #[n(7)]
    PersonsListed {
        /// Where they are insured.
        #[n(0)]
        unit: UnitId,
        /// Who.
        #[n(1)]
        persons: Vec<ListedPerson>,
    },
    /// An enrolment code was issued; its secret is known by hash only.
    #[n(8)]
    CodeIssued {
        /// SHA-256 of the code's secret.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        code_hash: [u8; 32],
        /// What the enrolled operator may act for.
        #[n(1)]
        mandate: Mandate,
        /// The operator's name.
        #[n(2)]
        operator_name: String,
        /// From when the code is refused.
        #[n(3)]
        expires_at: Timestamp,
    },
    /// Operator and device are certified.
    #[n(9)]
    DeviceEnrolled {
        /// The certificate, signed by the authority.
        #[n(0)]
        certificate: Signed,
        /// The code it was used up for; none where it takes the place of an earlier certificate.
        #[cbor(n(1), with = "minicbor::bytes")]
        code_hash: Option<[u8; 32]>,
    },
    /// A certificate is refused from this place in the feed on; what was admitted before stands.
    #[n(10)]
    CertificateRevoked {
        /// Which.
        #[n(0)]
        serial: CertificateSerial,
        /// Its mandate: the devices of the same organisation learn of it.
        #[n(1)]
        mandate: Mandate,
        /// Why, in the words of who revoked it; at most [`MAX_REVOCATION_REASON`] characters.
        #[n(2)]
        reason: String,
        /// Who revoked it.
        #[n(3)]
        by: Revoker,
    },
    /// 已受理: a submission was taken in, with its receipt.
    #[n(11)]
    Received {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The signed submission, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// The receipt number (受理回执).
        #[n(2)]
        receipt: ReceiptNumber,
        /// The settlement period given at intake (SIL-20).
        #[n(3)]
        settlement: Month,
    },
    /// 未受理: a well-signed submission was not taken in, and why.
    #[n(12)]
    NotReceived {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The signed submission, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// What is wrong.
        #[n(2)]
        problems: Vec<Problem>,
    },
    /// A withdrawal was taken in.
    #[n(13)]
    WithdrawalTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The signed withdrawal, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// Set when it came too late and has no effect.
        #[n(2)]
        void: Option<Void>,
    },
    /// A decision was taken in.
    #[n(14)]
    DecisionTaken {
        /// Whose submission.
        #[n(0)]
        unit: UnitId,
        /// The signed decision, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// The clerk's name, as certified.
        #[n(2)]
        decided_by: String,
        /// What an approval changes; [`None`] for returns, rejections and void decisions.
        #[n(3)]
        effect: Option<Effect>,
        /// Set when the decision has no effect, and why.
        #[n(4)]
        void: Option<Void>,
    },
    /// A request for assessment was answered.
    #[n(15)]
    AssessmentTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The signed request, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// The assessment or why there is none.
        #[n(2)]
        outcome: AssessmentOutcome,
    },
    /// The receivables of an assessment, at most 250 a fact, right behind it.
    #[n(16)]
    ReceivablesRaised {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Lines of one settlement period.
        #[n(1)]
        lines: Vec<Receivable>,
    },
    /// Something is to be sent to tax (待发送).
    #[n(17)]
    TransactionQueued {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Its id at tax.
        #[n(1)]
        transaction: TransactionId,
        /// What it carries.
        #[n(2)]
        kind: TransactionKind,
        /// 1 for the first sending, one more for each after a refusal.
        #[n(3)]
        attempt: u32,
    },
    /// 社保发送状态 changed.
    #[n(18)]
    TransactionSending {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Which.
        #[n(1)]
        transaction: TransactionId,
        /// To what.
        #[n(2)]
        state: Sending,
    },
    /// 地税接收状态 changed.
    #[n(19)]
    TransactionReceiving {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Which.
        #[n(1)]
        transaction: TransactionId,
        /// To what.
        #[n(2)]
        state: Receiving,
    },
    /// 已缴款: tax says the unit paid; informative, records nothing (FAQ-2).
    #[n(20)]
    Collected {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// For which transaction.
        #[n(1)]
        transaction: TransactionId,
    },
    /// 已入库: a posting was taken in; its payment records follow right behind it.
    #[n(21)]
    PostingTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Tax's serial.
        #[n(1)]
        serial: String,
        /// For which transaction.
        #[n(2)]
        transaction: TransactionId,
        /// The hash of the posting's content.
        #[n(3)]
        #[cbor(with = "minicbor::bytes")]
        content: [u8; 32],
        /// How many records follow.
        #[n(4)]
        lines: u32,
        /// Their sum.
        #[n(5)]
        total: Money,
        /// The date of the posting, `YYYY-MM-DD`.
        #[n(6)]
        posted_on: String,
    },
    /// A payment record: one person, one month.
    #[n(22)]
    Recorded(#[n(0)] PaymentRecord),
    /// Tax reported something that records nothing (FAQ-2).
    #[n(23)]
    IncidentRaised {
        /// Whose, where the unit is known.
        #[n(0)]
        unit: Option<UnitId>,
        /// What.
        #[n(1)]
        incident: Incident,
    },
    /// A batch of document changes was admitted; its place in the feed is its admission.
    #[n(24)]
    BatchAdmitted {
        /// Of which document.
        #[n(0)]
        document: DocumentId,
        /// The signed batch, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        batch: Vec<u8>,
    },
    /// A batch was refused; the author's device quarantines it.
    #[n(25)]
    BatchRefused {
        /// Of which document.
        #[n(0)]
        document: DocumentId,
        /// The refused batch's id.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        batch: [u8; 32],
        /// The refusal's code.
        #[n(2)]
        reason: String,
    },
    /// A device asked where a person is insured, and was told (REG-1): kept for the audit.
    #[n(33)]
    PersonStatusTold {
        /// On behalf of which unit.
        #[n(0)]
        unit: UnitId,
        /// The certificate of the device by which it may ask.
        #[n(1)]
        by: CertificateSerial,
        /// Of whom; none where nobody has the number.
        #[n(2)]
        person: Option<PersonId>,
        /// What.
        #[n(3)]
        insured: Insured,
    },
    /// The centre holds another document or name of a person from here on; the unit is one of
    /// theirs.
    #[n(34)]
    PersonAmended {
        /// In which unit.
        #[n(0)]
        unit: UnitId,
        /// The person, as held from now on, under the id that stays.
        #[n(1)]
        person: PersonRecord,
        /// By what the change was shown, in the words of who made it; at most
        /// [`super::MAX_EVIDENCE`] characters.
        #[n(2)]
        evidence: String,
    },
    /// Two person ids were found to be one person's, in a unit that has the second.
    #[n(35)]
    PersonsMerged {
        /// In which unit.
        #[n(0)]
        unit: UnitId,
        /// The person whose id stays.
        #[n(1)]
        kept: PersonRecord,
        /// As the person was held under the other id.
        #[n(2)]
        gone: PersonRecord,
        /// As in [`Fact::PersonAmended`].
        #[n(3)]
        evidence: String,
    },
    /// How far tax's events were taken in; the centre's own bookmark.
    #[n(26)]
    TaxEventsTaken {
        /// The sequence number of the newest event taken.
        #[n(0)]
        through: u64,
    },
    /// A statement that was refused by name although its signature holds: kept for the audit.
    #[n(27)]
    StatementRefused {
        /// Who signed it.
        #[n(0)]
        signer: CertificateSerial,
        /// The statement.
        #[n(1)]
        statement: StatementId,
        /// The refusal's code.
        #[n(2)]
        reason: String,
    },
    /// A unit moved to another district, whose agency decides from here on (DIST-2).
    #[n(28)]
    UnitMoved {
        /// Which.
        #[n(0)]
        unit: UnitId,
        /// The district it belonged to.
        #[n(1)]
        from: DistrictId,
        /// The district it belongs to.
        #[n(2)]
        to: DistrictId,
    },
    /// What an operator stated to have done with personal data; changes no view.
    #[n(29)]
    Audited {
        /// Whose persons.
        #[n(0)]
        unit: UnitId,
        /// The signed statement, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// The operator's name, as certified.
        #[n(2)]
        by: String,
        /// The agency whose clerk it was; none where it was the employer's own.
        #[n(3)]
        agency: Option<DistrictId>,
    },
    /// Tax's own roster of the unit was fetched: what differs from the one before (QRY-3).
    #[n(30)]
    TaxRosterTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The difference, or a part of it.
        #[n(1)]
        part: TaxRosterPart,
    },
    /// A request to send a refused transaction again was answered; the new one is queued right
    /// behind it.
    #[n(31)]
    ResendTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The signed request, verbatim.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        statement: Vec<u8>,
        /// Set when nothing is sent, and why.
        #[n(2)]
        void: Option<Void>,
    },
    /// The unit's pension feed was taken in: what differs from the one before (PEN-1).
    #[n(32)]
    PensionTaken {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The difference, or a part of it.
        #[n(1)]
        part: PensionPart,
    },
    /// The log's heads are signed by another key from here on. The chain says so: the root and
    /// the key before signed it.
    #[n(40)]
    LogKeyChanged {
        /// The centre's chain with the new key in it.
        #[n(0)]
        chain: Box<Chain>,
    },
}

/// The longest reason of a revocation, in characters.
pub const MAX_REVOCATION_REASON: usize = 100;

/// Who revoked a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Revoker {
    /// The centre's administration.
    #[n(1)]
    Administration,
    /// Its own holder, who has this one instead.
    #[n(2)]
    Holder(#[n(0)] CertificateSerial),
}

/// Why a statement that was taken in has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Void {
    /// What stood against it.
    #[n(0)]
    pub problems: Vec<Problem>,
}

impl Fact {
    /// The newest kind that this program knows.
    pub const NEWEST_KIND: u64 = 40;
}
