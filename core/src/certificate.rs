//! Who may do what: the centre's four keys, and the certificates of operators and devices.
//!
//! The root signs the authority and the log key; the authority signs the TLS key and the
//! certificates. Enrolment pins the root by its hash; everything else follows from it. Expiry
//! is written here and judged by the centre alone, by its own clock.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::ids::{CertificateSerial, DeviceId, DistrictId, FeedId, OperatorId, UnitId};
use crate::signed::{Signed, SignedError};
use crate::signing::{Domain, PublicKey, SigningKey, hash_parts};
use crate::time::Timestamp;

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

    /// Opens a certificate this authority signed.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open(signed: &Signed, authority: &PublicKey) -> Result<Self, SignedError> {
        signed.open(authority, Domain::Certificate)
    }
}

/// One of the centre's keys and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum CentreKey {
    /// Signs certificates and the TLS key; signed by the root.
    #[n(1)]
    Authority(#[n(0)] PublicKey),
    /// Signs the log's heads; signed by the root.
    #[n(2)]
    Log {
        /// The key.
        #[n(0)]
        key: PublicKey,
        /// The log's origin, the name in its checkpoints.
        #[n(1)]
        origin: String,
        /// The feed whose entries are this log's leaves.
        #[n(2)]
        feed: FeedId,
    },
    /// Authenticates the server's TLS; signed by the authority.
    #[n(3)]
    Tls(#[n(0)] PublicKey),
}

/// The signed values that lead from the root to each key of the centre.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Chain {
    /// The root's public key.
    #[n(0)]
    pub root: PublicKey,
    /// [`CentreKey::Authority`], by the root.
    #[n(1)]
    pub authority: Signed,
    /// [`CentreKey::Log`], by the root.
    #[n(2)]
    pub log: Signed,
    /// [`CentreKey::Tls`], by the authority.
    #[n(3)]
    pub tls: Signed,
}

/// A centre whose chain was followed from the pinned root: the trust bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The root's public key.
    pub root: PublicKey,
    /// Signs certificates.
    pub authority: PublicKey,
    /// Authenticates the server.
    pub tls: PublicKey,
    /// Signs the log's heads.
    pub log: PublicKey,
    /// The log's origin.
    pub origin: String,
    /// The feed.
    pub feed: FeedId,
}

/// Why a chain leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The chain's root is not the one pinned: another centre.
    #[error("the server belongs to another centre")]
    OtherRoot,
    /// A link does not verify.
    #[error("the centre's chain is broken: {0}")]
    Link(#[from] SignedError),
    /// A link certifies a key for another purpose than its place says.
    #[error("the centre's chain names a key for another purpose")]
    Purpose,
}

impl ChainError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherRoot => "chain.other_root",
            Self::Link(_) => "chain.broken",
            Self::Purpose => "chain.purpose",
        }
    }
}

/// The hash by which an enrolment code pins the root: 16 bytes of SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RootHash(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl RootHash {
    /// The hash of a root key.
    #[must_use]
    pub fn of(root: &PublicKey) -> Self {
        let hash = hash_parts("canbao/root/1", &[&root.0]);
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        Self(short)
    }
}

impl Chain {
    /// Makes the chain of a new centre.
    #[must_use]
    pub fn make(
        root: &SigningKey,
        authority: &SigningKey,
        tls: PublicKey,
        log: PublicKey,
        origin: &str,
        feed: FeedId,
    ) -> Self {
        let link = |key: &SigningKey, content| Signed::make(key, Domain::CentreKey, &content);
        Self {
            root: root.public(),
            authority: link(root, CentreKey::Authority(authority.public())),
            log: link(
                root,
                CentreKey::Log {
                    key: log,
                    origin: origin.to_owned(),
                    feed,
                },
            ),
            tls: link(authority, CentreKey::Tls(tls)),
        }
    }

    /// Follows the chain from the pinned root.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn follow(&self, pinned: &RootHash) -> Result<Trust, ChainError> {
        if RootHash::of(&self.root) != *pinned {
            return Err(ChainError::OtherRoot);
        }
        let CentreKey::Authority(authority) = self.authority.open(&self.root, Domain::CentreKey)?
        else {
            return Err(ChainError::Purpose);
        };
        let CentreKey::Log {
            key: log,
            origin,
            feed,
        } = self.log.open(&self.root, Domain::CentreKey)?
        else {
            return Err(ChainError::Purpose);
        };
        let CentreKey::Tls(tls) = self.tls.open(&authority, Domain::CentreKey)? else {
            return Err(ChainError::Purpose);
        };
        Ok(Trust {
            root: self.root,
            authority,
            tls,
            log,
            origin,
            feed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed([n; 32])
    }

    fn chain() -> Chain {
        let feed = FeedId([9; 16]);
        Chain::make(
            &key(1),
            &key(2),
            key(3).public(),
            key(4).public(),
            "example.test/log",
            feed,
        )
    }

    #[test]
    fn the_chain_leads_from_the_pinned_root_to_every_key() {
        let trust = chain()
            .follow(&RootHash::of(&key(1).public()))
            .expect("follows");
        assert_eq!(trust.authority, key(2).public());
        assert_eq!(trust.tls, key(3).public());
        assert_eq!(trust.log, key(4).public());
    }

    #[test]
    fn another_root_and_a_swapped_link_are_refused() {
        let pinned = RootHash::of(&key(1).public());
        assert_eq!(
            chain().follow(&RootHash::of(&key(7).public())),
            Err(ChainError::OtherRoot)
        );
        let swapped = Chain {
            authority: chain().log,
            ..chain()
        };
        assert_eq!(swapped.follow(&pinned), Err(ChainError::Purpose));
        let forged = Chain {
            tls: Signed::make(&key(8), Domain::CentreKey, &CentreKey::Tls(key(8).public())),
            ..chain()
        };
        assert_eq!(
            forged.follow(&pinned),
            Err(ChainError::Link(SignedError::BadSignature))
        );
    }
}
