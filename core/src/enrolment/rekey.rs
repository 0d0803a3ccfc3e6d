//! Other keys for a device and its operators: asked for by the keys in use, without a code. The
//! centre answers with certificates of the same mandates and terms, and revokes those before.

use minicbor::{Decode, Encode};

use crate::certificate::{Certificate, Chain, ChainError, RootHash};
use crate::ids::{CertificateSerial, DeviceId};
use crate::signed::{Signed, SignedError, decode_canonical, encode};
use crate::signing::{BadSignature, Domain, PublicKey, Signature, SigningKey};

use super::AnswerError;

/// The most certificates replaced at once: the operators of one PC.
pub const MAX_REKEYED: usize = 64;

/// A certificate and the operator's key that takes the place of the one in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Replacement {
    /// Which certificate.
    #[n(0)]
    pub serial: CertificateSerial,
    /// The new key.
    #[n(1)]
    pub operator_key: PublicKey,
}

/// What a device asks to be certified in the place of what it has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RekeyClaim {
    /// The root of the centre that is asked, so that no other can pass the request on.
    #[n(0)]
    pub root: RootHash,
    /// The device, which keeps its id.
    #[n(1)]
    pub device: DeviceId,
    /// The device's new key.
    #[n(2)]
    pub device_key: PublicKey,
    /// Its certificates: 1 to [`MAX_REKEYED`], each once.
    #[n(3)]
    pub operators: Vec<Replacement>,
}

/// Proofs by a key in use and by the one that takes its place.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
struct Proofs {
    #[n(0)]
    by_old: Signature,
    #[n(1)]
    by_new: Signature,
}

/// A claim with the proofs that the asker holds all keys, old and new.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rekey {
    /// What is asked.
    #[n(0)]
    pub claim: RekeyClaim,
    /// By the device's keys over the claim.
    #[n(1)]
    device: Proofs,
    /// By the operators' keys over the claim, in the claim's order.
    #[n(2)]
    operators: Vec<Proofs>,
}

impl Rekey {
    /// Asks for new keys: of the device, and of the operators by the serials of their
    /// certificates; each pair is the key in use and the new one.
    #[must_use]
    pub fn make(
        root: RootHash,
        device: DeviceId,
        device_keys: (&SigningKey, &SigningKey),
        operators: &[(CertificateSerial, &SigningKey, &SigningKey)],
    ) -> Self {
        let claim = RekeyClaim {
            root,
            device,
            device_key: device_keys.1.public(),
            operators: operators
                .iter()
                .map(|(serial, _, new)| Replacement {
                    serial: *serial,
                    operator_key: new.public(),
                })
                .collect(),
        };
        let bytes = encode(&claim);
        let proofs = |old: &SigningKey, new: &SigningKey| Proofs {
            by_old: old.sign(Domain::Rekey, &bytes),
            by_new: new.sign(Domain::Rekey, &bytes),
        };
        Self {
            device: proofs(device_keys.0, device_keys.1),
            operators: operators
                .iter()
                .map(|(_, old, new)| proofs(old, new))
                .collect(),
            claim,
        }
    }

    /// Whether it names 1 to [`MAX_REKEYED`] certificates, each once and with its proofs.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let operators = &self.claim.operators;
        let mut serials: Vec<_> = operators.iter().map(|it| it.serial).collect();
        serials.sort_unstable();
        serials.dedup();
        (1..=MAX_REKEYED).contains(&operators.len())
            && serials.len() == operators.len()
            && self.operators.len() == operators.len()
    }

    /// Checks that the asker holds the keys of these certificates, which are those of the claim
    /// in its order, and the new ones.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, certificates: &[Certificate]) -> Result<(), BadSignature> {
        let bytes = encode(&self.claim);
        let check = |old: &PublicKey, new: &PublicKey, proofs: &Proofs| {
            old.verify(Domain::Rekey, &bytes, &proofs.by_old)?;
            new.verify(Domain::Rekey, &bytes, &proofs.by_new)
        };
        if certificates.len() != self.operators.len() {
            return Err(BadSignature);
        }
        let replaced = self.claim.operators.iter().zip(&self.operators);
        for (certificate, (replacement, proofs)) in certificates.iter().zip(replaced) {
            check(
                &certificate.device_key,
                &self.claim.device_key,
                &self.device,
            )?;
            let (old, new) = (&certificate.operator_key, &replacement.operator_key);
            check(old, new, proofs)?;
        }
        Ok(())
    }
}

/// What the centre answers to new keys.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RekeyAnswer {
    /// The certificates, in the order of the claim.
    #[n(0)]
    pub certificates: Vec<Signed>,
    /// The chain from the root to the authority.
    #[n(1)]
    pub chain: Chain,
}

impl RekeyAnswer {
    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an answer; nothing of it is proven yet.
    ///
    /// # Errors
    /// [`SignedError::Malformed`] or [`SignedError::NotCanonical`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignedError> {
        decode_canonical(bytes)
    }

    /// Takes the answer to a claim of a device that holds this chain.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn open(&self, claim: &RekeyClaim, held: &Chain) -> Result<Vec<Certificate>, AnswerError> {
        let trust = self
            .chain
            .follow_from(held, &claim.root)
            .map_err(|error: ChainError| AnswerError::Chain(error))?;
        if self.certificates.len() != claim.operators.len() {
            return Err(AnswerError::OtherKeys);
        }
        let answered = self.certificates.iter().zip(&claim.operators);
        let opened = answered.map(|(signed, asked)| {
            let certificate = Certificate::open(signed, &trust.authorities)?;
            let ours = certificate.operator_key == asked.operator_key
                && certificate.device_key == claim.device_key
                && certificate.device == claim.device;
            if ours {
                Ok(certificate)
            } else {
                Err(AnswerError::OtherKeys)
            }
        });
        opened.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Mandate;
    use crate::enrolment::Ask;
    use crate::ids::OperatorId;
    use crate::time::Timestamp;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed([n; 32])
    }

    fn certificate(serial: u64, operator_key: u8, device_key: u8) -> Certificate {
        Certificate {
            serial: CertificateSerial(serial),
            mandate: Mandate::Centre,
            operator: OperatorId([1; 16]),
            operator_name: "测试".to_owned(),
            operator_key: key(operator_key).public(),
            device: DeviceId([2; 16]),
            device_key: key(device_key).public(),
            issued_at: Timestamp(0),
            expires_at: Timestamp(10),
        }
    }

    /// Device key 10 becomes 20; operators 11 and 12 become 21 and 22.
    fn rekey() -> Rekey {
        Rekey::make(
            RootHash([7; 16]),
            DeviceId([2; 16]),
            (&key(10), &key(20)),
            &[
                (CertificateSerial(1), &key(11), &key(21)),
                (CertificateSerial(2), &key(12), &key(22)),
            ],
        )
    }

    #[test]
    fn new_keys_are_proven_by_every_key_old_and_new() {
        let bytes = Ask::Rekey(rekey()).to_bytes();
        let Ok(Ask::Rekey(asked)) = Ask::from_bytes(&bytes) else {
            panic!("reads back")
        };
        assert!(asked.is_well_formed());
        let held = [certificate(1, 11, 10), certificate(2, 12, 10)];
        assert_eq!(asked.verify(&held), Ok(()));
        for others in [
            vec![certificate(1, 99, 10), certificate(2, 12, 10)],
            vec![certificate(1, 11, 10), certificate(2, 12, 99)],
            vec![certificate(1, 11, 10)],
        ] {
            assert_eq!(asked.verify(&others), Err(BadSignature));
        }
        let mut altered = asked.clone();
        altered.claim.device_key = key(99).public();
        assert_eq!(altered.verify(&held), Err(BadSignature));
        let mut altered = asked;
        altered.operators[1].by_new = altered.operators[0].by_new;
        assert_eq!(altered.verify(&held), Err(BadSignature));
    }

    #[test]
    fn a_claim_names_each_certificate_once_and_not_too_many() {
        let of = |serials: &[u64]| {
            let keys = (key(11), key(21));
            let operators: Vec<_> = serials
                .iter()
                .map(|it| (CertificateSerial(*it), &keys.0, &keys.1))
                .collect();
            let device = (&key(10), &key(20));
            Rekey::make(RootHash([7; 16]), DeviceId([2; 16]), device, &operators).is_well_formed()
        };
        assert!(of(&[1, 2]));
        assert!(!of(&[]));
        assert!(!of(&[1, 1]));
        let many: Vec<u64> = (0..=MAX_REKEYED as u64).collect();
        assert!(!of(&many));
        let mut unproven = rekey();
        unproven.operators.pop();
        assert!(!unproven.is_well_formed());
    }
}
