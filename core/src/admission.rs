//! Whether the centre admits a batch: decided once, by the centre; devices follow the verdict.

use crate::certificate::Certificate;
use crate::refusal::RefusalName;
use crate::signing::Domain;
use crate::structure::{ChangeHash, CheckedBatch};
use crate::time::Timestamp;

/// What the centre knows of the document a batch is for.
pub struct Known<'a> {
    /// Whether the certificate was revoked at an earlier place of the feed.
    pub revoked: bool,
    /// Whether the document's volume takes changes; true for documents without one.
    pub volume_open: bool,
    /// The actor's newest sequence number in this document; 0 where there is none.
    pub last_seq: u64,
    /// Whether a change was admitted to this document.
    pub has: &'a dyn Fn(&ChangeHash) -> bool,
}

/// Why a batch is not admitted, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// Not signed by the operator of the certificate it names.
    #[error("the batch's signature does not verify")]
    BadSignature,
    /// The certificate was revoked; what was admitted before stands.
    #[error("the operator's certificate is revoked")]
    Revoked,
    /// The certificate is past its expiry, by the centre's clock.
    #[error("the operator's certificate has expired")]
    Expired,
    /// The operator may not write this document.
    #[error("the operator may not write this document")]
    NotYourDocument,
    /// The volume is sealed, or was never opened.
    #[error("the volume takes no changes")]
    VolumeSealed,
    /// The batch repeats or skips sequence numbers of its actor.
    #[error("the batch does not follow its actor's previous one")]
    Sequence,
    /// A change depends on one the centre does not have.
    #[error("the batch depends on changes the centre does not have")]
    UnknownDependency,
}

impl AdmissionError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&AdmissionError> for RefusalName {
    fn from(error: &AdmissionError) -> Self {
        match error {
            AdmissionError::BadSignature => Self::AdmissionBadSignature,
            AdmissionError::Revoked => Self::AdmissionRevoked,
            AdmissionError::Expired => Self::AdmissionExpired,
            AdmissionError::NotYourDocument => Self::AdmissionNotYourDocument,
            AdmissionError::VolumeSealed => Self::AdmissionVolumeSealed,
            AdmissionError::Sequence => Self::AdmissionSequence,
            AdmissionError::UnknownDependency => Self::AdmissionUnknownDependency,
        }
    }
}

/// Decides on a batch by the operator whose certificate it names.
///
/// # Errors
/// [`AdmissionError`], in the order of precedence.
pub fn admit(
    checked: &CheckedBatch,
    certificate: &Certificate,
    now: Timestamp,
    known: &Known<'_>,
) -> Result<(), AdmissionError> {
    let signed = &checked.signed;
    certificate
        .operator_key
        .verify(Domain::Batch, &signed.content, &signed.signature)
        .map_err(|_| AdmissionError::BadSignature)?;
    if known.revoked {
        return Err(AdmissionError::Revoked);
    }
    if now >= certificate.expires_at {
        return Err(AdmissionError::Expired);
    }
    let run = &checked.run;
    if !run.batch.document.writable_by(&certificate.mandate) {
        return Err(AdmissionError::NotYourDocument);
    }
    if !known.volume_open {
        return Err(AdmissionError::VolumeSealed);
    }
    if run.batch.from != known.last_seq + 1 {
        return Err(AdmissionError::Sequence);
    }
    if !run.outside_dependencies().iter().all(known.has) {
        return Err(AdmissionError::UnknownDependency);
    }
    Ok(())
}
