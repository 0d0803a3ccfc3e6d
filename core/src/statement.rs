//! Signed statements: what crosses an authority, one immutable value each.

use minicbor::{Decode, Encode};

use crate::certificate::Certificate;
use crate::declaration::Declaration;
use crate::facts::{TransactionId, kind};
use crate::ids::{AuditId, CertificateSerial, PersonId, StatementId, UnitId};
use crate::month::Month;
use crate::refusal::RefusalName;
use crate::signed::{Signed, SignedError, decode_canonical, encode};
use crate::signing::{Domain, SigningKey, hash_parts};
use crate::time::Timestamp;

/// The largest signed statement taken, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 16 * 1024;

/// The largest reason a clerk may give, in bytes of UTF-8.
pub const MAX_REASON_BYTES: usize = 1_000;

/// What an operator states.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Statement {
    /// 申请提交: this declaration is submitted (SUB-3).
    #[n(1)]
    Submission(#[n(0)] Declaration),
    /// A submission is withdrawn while undecided (SUB-3).
    #[n(2)]
    Withdrawal {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// Which.
        #[n(1)]
        submission: StatementId,
    },
    /// A district agency decides on a submission (SIL-13).
    #[n(3)]
    Decision {
        /// Whose submission.
        #[n(0)]
        unit: UnitId,
        /// Which.
        #[n(1)]
        submission: StatementId,
        /// How.
        #[n(2)]
        verdict: Verdict,
        /// 1 for the first decision on the submission, one more after each that came void: the
        /// same decision made again later is another statement.
        #[n(3)]
        attempt: u32,
    },
    /// 核定申请: the employer applies for an assessment (ASM-1).
    #[n(4)]
    AssessmentRequest {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The insurance's code: 210 unemployment.
        #[n(1)]
        insurance: u16,
        /// The settlement month (结算期).
        #[n(2)]
        settlement: Month,
        /// 1 for the first request, one more after each failure (重新核定).
        #[n(3)]
        attempt: u32,
    },
    /// Personal data was shown or taken out of the program (architecture, section 6): kept by
    /// the centre.
    #[n(5)]
    Audit {
        /// Whose persons.
        #[n(0)]
        unit: UnitId,
        /// Makes each time a statement of its own.
        #[n(1)]
        id: AuditId,
        /// What was done.
        #[n(2)]
        event: AuditEvent,
    },
    /// The employer asks that what tax refused is sent again (STA-1: 税务拒收).
    #[n(6)]
    ResendRequest {
        /// Whose.
        #[n(0)]
        unit: UnitId,
        /// The refused transaction.
        #[n(1)]
        transaction: TransactionId,
        /// 1 for the first request about the transaction, one more after each that came void.
        #[n(2)]
        attempt: u32,
    },
}

/// What was done with personal data.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum AuditEvent {
    /// A person's document number was shown in full.
    #[n(1)]
    Revealed {
        /// Whose.
        #[n(0)]
        person: PersonId,
        /// Why, as the operator says.
        #[n(1)]
        reason: String,
    },
    /// Payment proofs, each with its record, were written to files.
    #[n(2)]
    ProofsExported {
        /// How many.
        #[n(0)]
        records: u32,
    },
}

impl AuditEvent {
    /// The reason given, where one is asked for.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Revealed { reason, .. } => Some(reason),
            Self::ProofsExported { .. } => None,
        }
    }
}

/// How a submission was decided (STA-1).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// 审核通过.
    #[n(1)]
    Approve,
    /// 已退回: may be changed and submitted again.
    #[n(2)]
    Return(#[n(0)] String),
    /// 审核不通过: final.
    #[n(3)]
    Reject(#[n(0)] String),
}

impl Verdict {
    /// The reason a return or a rejection gives.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Approve => None,
            Self::Return(reason) | Self::Reject(reason) => Some(reason),
        }
    }
}

impl Statement {
    /// The newest kind that this program knows.
    pub const NEWEST_KIND: u64 = 6;

    /// Its id, which depends on what is stated and not on who signed it when: repeats are one.
    #[must_use]
    pub fn id(&self) -> StatementId {
        match self {
            Self::Submission(declaration) => declaration.submission_id(),
            Self::Withdrawal { .. }
            | Self::Decision { .. }
            | Self::AssessmentRequest { .. }
            | Self::Audit { .. }
            | Self::ResendRequest { .. } => {
                StatementId(hash_parts("canbao/statement-id/1", &[&encode(self)]))
            }
        }
    }

    /// The unit it is about.
    #[must_use]
    pub fn unit(&self) -> UnitId {
        match self {
            Self::Submission(declaration) => declaration.unit,
            Self::Withdrawal { unit, .. }
            | Self::Decision { unit, .. }
            | Self::AssessmentRequest { unit, .. }
            | Self::Audit { unit, .. }
            | Self::ResendRequest { unit, .. } => *unit,
        }
    }

    /// Signs it as the operator of this certificate.
    #[must_use]
    pub fn sign(&self, key: &SigningKey, signer: CertificateSerial, at: Timestamp) -> Signed {
        let content = Content {
            signer,
            made_at: at,
            statement: encode(self),
        };
        Signed::make(key, Domain::Statement, &content)
    }
}

/// What the signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Content {
    #[n(0)]
    signer: CertificateSerial,
    #[n(1)]
    made_at: Timestamp,
    /// Bytes of their own, so that a kind of a newer program can be held without being read.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    statement: Vec<u8>,
}

/// A statement and the claim of who made it, before the signature is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an unverified statement proves nothing"]
pub struct Unverified {
    signed: Signed,
    content: Content,
}

/// A statement whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What is stated.
    pub statement: Statement,
    /// By whom.
    pub signer: CertificateSerial,
    /// When, by the signer's clock; shown, never a ground for a rule.
    pub made_at: Timestamp,
}

/// Why bytes are not a statement of their signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Larger than [`MAX_STATEMENT_BYTES`].
    #[error("the statement is larger than {MAX_STATEMENT_BYTES} bytes")]
    TooLarge,
    /// Bad signature or malformed bytes.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// A kind that a newer program knows; it is held, never refused.
    #[error("the statement is of a kind this program does not know yet")]
    NewerKind,
    /// A text in it is longer than allowed.
    #[error("a text in the statement is longer than {MAX_REASON_BYTES} bytes")]
    TextTooLong,
}

impl StatementError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.refusal()
            .map_or("statement.newer_kind", RefusalName::as_str)
    }

    /// The name by which it is refused; none for what is held instead.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalName> {
        Some(match self {
            Self::TooLarge => RefusalName::StatementTooLarge,
            Self::Signed(error) => error.into(),
            Self::NewerKind => return None,
            Self::TextTooLong => RefusalName::StatementTextTooLong,
        })
    }
}

impl Unverified {
    /// Reads a signed statement without trusting it.
    ///
    /// # Errors
    /// [`StatementError::TooLarge`] or [`StatementError::Signed`].
    pub fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > MAX_STATEMENT_BYTES {
            return Err(StatementError::TooLarge);
        }
        let signed = Signed::from_bytes(bytes)?;
        let content = decode_canonical(&signed.content)?;
        Ok(Self { signed, content })
    }

    /// Whose certificate has to verify it.
    #[must_use]
    pub fn signer(&self) -> CertificateSerial {
        self.content.signer
    }

    /// Checks the signature and reads what is stated.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn verify(&self, certificate: &Certificate) -> Result<Verified, StatementError> {
        self.verify_up_to(certificate, Statement::NEWEST_KIND)
    }

    /// The same for a program that knows the kinds up to this one.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn verify_up_to(
        &self,
        certificate: &Certificate,
        newest_kind: u64,
    ) -> Result<Verified, StatementError> {
        let content: Content = self
            .signed
            .open(&certificate.operator_key, Domain::Statement)?;
        let statement = read_statement(&content.statement, newest_kind)?;
        Ok(Verified {
            statement,
            signer: content.signer,
            made_at: content.made_at,
        })
    }
}

/// Reads a statement that this program's own store vouches for: admitted, or made here.
///
/// # Errors
/// [`StatementError`].
pub fn read_admitted(bytes: &[u8]) -> Result<Verified, StatementError> {
    let Unverified { content, .. } = Unverified::read(bytes)?;
    let statement = read_statement(&content.statement, Statement::NEWEST_KIND)?;
    Ok(Verified {
        statement,
        signer: content.signer,
        made_at: content.made_at,
    })
}

fn read_statement(bytes: &[u8], newest_kind: u64) -> Result<Statement, StatementError> {
    if kind(bytes).is_some_and(|kind| kind > newest_kind) {
        return Err(StatementError::NewerKind);
    }
    if let Err(error) = minicbor::decode::<Statement>(bytes)
        && error.is_unknown_variant()
    {
        return Err(StatementError::NewerKind);
    }
    let statement = decode_canonical(bytes)?;
    let text = match &statement {
        Statement::Submission(declaration) => declaration.longest_text(),
        Statement::Decision { verdict, .. } => verdict.reason().map_or(0, str::len),
        Statement::Audit { event, .. } => event.reason().map_or(0, str::len),
        Statement::ResendRequest { transaction, .. } => transaction.0.len(),
        Statement::Withdrawal { .. } | Statement::AssessmentRequest { .. } => 0,
    };
    if text > MAX_REASON_BYTES {
        Err(StatementError::TextTooLong)
    } else {
        Ok(statement)
    }
}
