//! Who may do what: the certificates of operators and devices, and the chain of the centre's keys
//! by which they verify. Expiry is written here and judged by the centre alone, by its own clock.

mod chain;

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::ids::{CertificateSerial, DeviceId, DistrictId, OperatorId, UnitId};
use crate::signed::{Signed, SignedError};
use crate::signing::{Domain, PublicKey, SigningKey};
use crate::time::Timestamp;

pub use chain::{CentreKey, Chain, ChainError, LogLink, LogTerm, MAX_LINKS, RootHash, Trust};

/// What an operator may act for; the role and the scope cannot contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mandate {
    /// A clerk of these units (单位经办人); a labour agency names several.
    #[n(1)]
    Employer(#[n(0)] Vec<UnitId>),
    /// A window clerk of a district's agency (区县经办机构).
    #[n(2)]
    Agency(#[n(0)] DistrictId),
    /// The central authority (中心).
    #[n(3)]
    Centre,
}

impl Mandate {
    /// Whether it covers acting for this unit as its employer.
    #[must_use]
    pub fn employs(&self, unit: UnitId) -> bool {
        match self {
            Self::Employer(units) => units.contains(&unit),
            Self::Agency(_) | Self::Centre => false,
        }
    }

    /// Whether it covers deciding for the units of this district (SIL-13).
    #[must_use]
    pub fn reviews(&self, district: DistrictId) -> bool {
        match self {
            Self::Agency(own) => *own == district,
            Self::Employer(_) | Self::Centre => false,
        }
    }
}

/// One operator on one device, as the authority certified them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Certificate {
    /// Its number at the authority; statements name their signer by it.
    #[n(0)]
    pub serial: CertificateSerial,
    /// What the operator may act for.
    #[n(1)]
    pub mandate: Mandate,
    /// The operator.
    #[n(2)]
    pub operator: OperatorId,
    /// The operator's name, as shown beside what they signed.
    #[n(3)]
    pub operator_name: String,
    /// The key that signs statements and batches.
    #[n(4)]
    pub operator_key: PublicKey,
    /// The device.
    #[n(5)]
    pub device: DeviceId,
    /// The key that authenticates the device's TLS.
    #[n(6)]
    pub device_key: PublicKey,
    /// When it was issued, by the centre's clock.
    #[n(7)]
    pub issued_at: Timestamp,
    /// From when it is refused, by the centre's clock.
    #[n(8)]
    pub expires_at: Timestamp,
}

impl Certificate {
    /// Signs it with the authority's key.
    #[must_use]
    pub fn issue(&self, authority: &SigningKey) -> Signed {
        Signed::make(authority, Domain::Certificate, self)
    }

    /// Opens a certificate that one of these authorities signed.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open(signed: &Signed, authorities: &[PublicKey]) -> Result<Self, SignedError> {
        let signer = authorities.iter().rev().find(|it| {
            it.verify(Domain::Certificate, &signed.content, &signed.signature)
                .is_ok()
        });
        let signer = signer.ok_or(SignedError::BadSignature)?;
        signed.open(signer, Domain::Certificate)
    }
}
