//! What the centre took in: stated under a certificate that was in force and covers it.

use canbao_core::certificate::Mandate;
use canbao_core::facts::Fact;
use canbao_core::ids::CertificateSerial;
use canbao_core::statement::{Statement, read_admitted};
use canbao_core::structure::check_batch;

use super::super::scopes::Scopes;
use super::super::truth::Seen;

/// Each of these entries that answers a statement or admits a batch: the certificate of its
/// signer was issued and not revoked before its place, and its mandate covers the statement, by
/// the district to which the unit belonged there.
pub(in crate::simulation) fn admitted_by_certificates_in_force<'a>(
    scopes: &Scopes,
    entries: impl Iterator<Item = &'a Seen>,
) -> Result<(), String> {
    for seen in entries {
        let position = seen.entry.position.0;
        let Some(stated) = stated(&seen.fact)? else {
            continue;
        };
        let signer = stated.signer();
        let mandate = scopes
            .mandate(signer, position)
            .ok_or_else(|| format!("{position}: certificate {signer:?} is not in force"))?;
        if !stated.is_covered_by(mandate, scopes, position) {
            return Err(format!("{position}: {signer:?} may not state this"));
        }
    }
    Ok(())
}

/// What somebody signed.
enum Stated {
    Statement(Statement, CertificateSerial),
    Batch(canbao_core::document::Batch),
}

impl Stated {
    fn signer(&self) -> CertificateSerial {
        match self {
            Self::Statement(_, signer) => *signer,
            Self::Batch(batch) => batch.signer,
        }
    }

    fn is_covered_by(&self, mandate: &Mandate, scopes: &Scopes, position: u64) -> bool {
        let reviews = |unit| {
            let home = scopes.home(unit, position);
            home.is_some_and(|it| mandate.reviews(it))
        };
        match self {
            Self::Batch(batch) => batch.document.writable_by(mandate),
            Self::Statement(Statement::Submission(declaration), _) => {
                mandate.employs(declaration.unit)
            }
            Self::Statement(
                Statement::Withdrawal { unit, .. }
                | Statement::AssessmentRequest { unit, .. }
                | Statement::ResendRequest { unit, .. },
                _,
            ) => mandate.employs(*unit),
            Self::Statement(Statement::Decision { unit, .. }, _) => reviews(*unit),
            Self::Statement(Statement::Audit { unit, .. }, _) => {
                mandate.employs(*unit) || reviews(*unit)
            }
        }
    }
}

fn stated(fact: &Fact) -> Result<Option<Stated>, String> {
    match fact {
        Fact::Received { statement, .. }
        | Fact::NotReceived { statement, .. }
        | Fact::WithdrawalTaken { statement, .. }
        | Fact::DecisionTaken { statement, .. }
        | Fact::AssessmentTaken { statement, .. }
        | Fact::ResendTaken { statement, .. }
        | Fact::Audited { statement, .. } => {
            let read = read_admitted(statement).map_err(|error| error.to_string())?;
            Ok(Some(Stated::Statement(read.statement, read.signer)))
        }
        Fact::BatchAdmitted { batch, .. } => {
            let checked = check_batch(batch).map_err(|error| error.to_string())?;
            Ok(Some(Stated::Batch(checked.run.batch)))
        }
        Fact::BatchRefused { .. }
        | Fact::PersonStatusTold { .. }
        | Fact::PersonAmended { .. }
        | Fact::PersonsMerged { .. }
        | Fact::StatementRefused { .. }
        | Fact::AgencyListed(_)
        | Fact::ParametersAdopted { .. }
        | Fact::SettlementOpened { .. }
        | Fact::VolumeOpened { .. }
        | Fact::VolumeSealed { .. }
        | Fact::UnitRegistered(_)
        | Fact::UnitMoved { .. }
        | Fact::PersonsListed { .. }
        | Fact::CodeIssued { .. }
        | Fact::DeviceEnrolled { .. }
        | Fact::CertificateRevoked { .. }
        | Fact::LogKeyChanged { .. }
        | Fact::ReceivablesRaised { .. }
        | Fact::TransactionQueued { .. }
        | Fact::TransactionSending { .. }
        | Fact::TransactionReceiving { .. }
        | Fact::Collected { .. }
        | Fact::PostingTaken { .. }
        | Fact::Recorded(_)
        | Fact::IncidentRaised { .. }
        | Fact::TaxEventsTaken { .. }
        | Fact::TaxRosterTaken { .. }
        | Fact::PensionTaken { .. } => Ok(None),
    }
}
