//! Which item of a device's outbox a fact answers.

use crate::document::{BatchId, SignedBatch};
use crate::ids::StatementId;
use crate::statement::{StatementError, read_admitted};

use super::fact::Fact;

/// An item of a device's outbox that a fact answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// A statement.
    Statement(StatementId),
    /// A batch of document changes.
    Batch(BatchId),
}

impl Answered {
    /// The item's id in the outbox.
    #[must_use]
    pub fn id(self) -> [u8; 32] {
        match self {
            Self::Statement(StatementId(id)) | Self::Batch(BatchId(id)) => id,
        }
    }
}

impl Fact {
    /// The item of a device's outbox that it answers, where it answers one.
    ///
    /// # Errors
    /// [`StatementError`] where it holds a statement that this program cannot read: one of a
    /// newer program's.
    pub fn answers(&self) -> Result<Option<Answered>, StatementError> {
        match self {
            Self::Received { statement, .. }
            | Self::NotReceived { statement, .. }
            | Self::WithdrawalTaken { statement, .. }
            | Self::DecisionTaken { statement, .. }
            | Self::AssessmentTaken { statement, .. }
            | Self::ResendTaken { statement, .. }
            | Self::Audited { statement, .. } => {
                let read = read_admitted(statement)?;
                Ok(Some(Answered::Statement(read.statement.id())))
            }
            Self::BatchAdmitted { batch, .. } => {
                Ok(Some(Answered::Batch(SignedBatch(batch.clone()).id())))
            }
            Self::BatchRefused { batch, .. } => Ok(Some(Answered::Batch(BatchId(*batch)))),
            Self::AgencyListed(_)
            | Self::ParametersAdopted { .. }
            | Self::SettlementOpened { .. }
            | Self::VolumeOpened { .. }
            | Self::VolumeSealed { .. }
            | Self::UnitRegistered(_)
            | Self::UnitMoved { .. }
            | Self::PersonsListed { .. }
            | Self::CodeIssued { .. }
            | Self::DeviceEnrolled { .. }
            | Self::CertificateRevoked { .. }
            | Self::ReceivablesRaised { .. }
            | Self::TransactionQueued { .. }
            | Self::TransactionSending { .. }
            | Self::TransactionReceiving { .. }
            | Self::Collected { .. }
            | Self::PostingTaken { .. }
            | Self::Recorded(_)
            | Self::IncidentRaised { .. }
            | Self::TaxEventsTaken { .. }
            | Self::TaxRosterTaken { .. }
            | Self::PersonStatusTold { .. }
            | Self::PersonAmended { .. }
            | Self::PersonsMerged { .. }
            | Self::PensionTaken { .. }
            | Self::StatementRefused { .. }
            | Self::LogKeyChanged { .. } => Ok(None),
        }
    }
}
