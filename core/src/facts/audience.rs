//! Who may see an entry of the feed. Stored with the entry, never recomputed.

use minicbor::{Decode, Encode};

use crate::certificate::{Certificate, Mandate};
use crate::ids::{DistrictId, UnitId};
use crate::signed::Signed;

use super::fact::Fact;

/// A group of devices an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Audience {
    /// Every enrolled device.
    #[n(1)]
    Everyone,
    /// The unit's own devices and those of its district's agency.
    #[n(2)]
    Unit(#[n(0)] UnitId),
    /// The unit's own devices alone: its documents.
    #[n(3)]
    Employer(#[n(0)] UnitId),
    /// A district agency's devices alone: its documents.
    #[n(4)]
    Agency(#[n(0)] DistrictId),
    /// The centre alone.
    #[n(5)]
    Centre,
}

impl Audience {
    /// The key under which an index lists the entries for it: a tag and the id.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Everyone => vec![1],
            Self::Unit(unit) => [&[2], &unit.0[..]].concat(),
            Self::Employer(unit) => [&[3], &unit.0[..]].concat(),
            Self::Agency(district) => [&[4], &district.0.to_be_bytes()[..]].concat(),
            Self::Centre => vec![5],
        }
    }

    /// Whether it is the owner of documents, and nobody else: a device may take what it brings
    /// late, as a whole.
    #[must_use]
    pub fn is_of_documents(&self) -> bool {
        match self {
            Self::Employer(_) | Self::Agency(_) => true,
            Self::Everyone | Self::Unit(_) | Self::Centre => false,
        }
    }

    /// The audience that has this key; [`None`] for one that a newer program knows.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Option<Self> {
        let (tag, id) = key.split_first()?;
        match (tag, id) {
            (1, []) => Some(Self::Everyone),
            (2, unit) => unit.try_into().ok().map(UnitId).map(Self::Unit),
            (3, unit) => unit.try_into().ok().map(UnitId).map(Self::Employer),
            (4, district) => {
                let number = district.try_into().ok().map(u16::from_be_bytes)?;
                Some(Self::Agency(DistrictId(number)))
            }
            (5, []) => Some(Self::Centre),
            _ => None,
        }
    }
}

impl Fact {
    /// Whom it is for (architecture, section 1).
    pub(super) fn audience(&self) -> Vec<Audience> {
        match self {
            Self::AgencyListed(_)
            | Self::ParametersAdopted { .. }
            | Self::SettlementOpened { .. }
            | Self::VolumeOpened { .. }
            | Self::VolumeSealed { .. }
            | Self::LogKeyChanged { .. } => vec![Audience::Everyone],
            Self::UnitRegistered(record) => vec![Audience::Unit(record.id)],
            Self::Recorded(record) => vec![Audience::Unit(record.unit)],
            Self::PersonsListed { unit, .. }
            | Self::Received { unit, .. }
            | Self::NotReceived { unit, .. }
            | Self::WithdrawalTaken { unit, .. }
            | Self::DecisionTaken { unit, .. }
            | Self::AssessmentTaken { unit, .. }
            | Self::ReceivablesRaised { unit, .. }
            | Self::TransactionQueued { unit, .. }
            | Self::TransactionSending { unit, .. }
            | Self::TransactionReceiving { unit, .. }
            | Self::Collected { unit, .. }
            | Self::PostingTaken { unit, .. }
            | Self::TaxRosterTaken { unit, .. }
            | Self::PersonAmended { unit, .. }
            | Self::PersonsMerged { unit, .. }
            | Self::ResendTaken { unit, .. }
            | Self::PensionTaken { unit, .. }
            | Self::UnitMoved { unit, .. } => vec![Audience::Unit(*unit)],
            Self::IncidentRaised { unit, .. } => {
                vec![unit.map_or(Audience::Centre, Audience::Unit)]
            }
            Self::BatchAdmitted { document, .. } | Self::BatchRefused { document, .. } => {
                vec![document.audience()]
            }
            Self::Audited { unit, agency, .. } => {
                let owner = agency.map_or(Audience::Employer(*unit), Audience::Agency);
                vec![owner, Audience::Centre]
            }
            Self::DeviceEnrolled { certificate, .. } => certified(certificate),
            Self::CertificateRevoked { mandate, .. } => {
                let mut audience = owners(mandate);
                if !audience.contains(&Audience::Centre) {
                    audience.push(Audience::Centre);
                }
                audience
            }
            Self::CodeIssued { .. }
            | Self::TaxEventsTaken { .. }
            | Self::PersonStatusTold { .. }
            | Self::StatementRefused { .. } => vec![Audience::Centre],
        }
    }

    /// The unit whose view it changes.
    #[must_use]
    pub fn unit(&self) -> Option<UnitId> {
        self.audience().first().and_then(|audience| match audience {
            Audience::Unit(unit) => Some(*unit),
            Audience::Everyone | Audience::Employer(_) | Audience::Agency(_) | Audience::Centre => {
                None
            }
        })
    }
}

/// The devices of the certificate's own organisation, which verify each other's batches by it.
fn certified(certificate: &Signed) -> Vec<Audience> {
    match minicbor::decode::<Certificate>(&certificate.content) {
        Ok(certificate) => owners(&certificate.mandate),
        Err(_) => vec![Audience::Centre],
    }
}

/// The devices that act under a mandate.
fn owners(mandate: &Mandate) -> Vec<Audience> {
    match mandate {
        Mandate::Employer(units) => units.iter().map(|it| Audience::Employer(*it)).collect(),
        Mandate::Agency(district) => vec![Audience::Agency(*district)],
        Mandate::Centre => vec![Audience::Centre],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_back_to_its_audience_alone() {
        let unit = UnitId([7; 16]);
        for audience in [
            Audience::Everyone,
            Audience::Unit(unit),
            Audience::Employer(unit),
            Audience::Agency(DistrictId(300)),
            Audience::Centre,
        ] {
            let key = audience.key();
            assert_eq!(Audience::of_key(&key), Some(audience));
            assert_eq!(Audience::of_key(&[&key[..], &[0]].concat()), None);
        }
        assert_eq!(Audience::of_key(&[]), None);
        assert_eq!(Audience::of_key(&[9]), None);
    }
}
