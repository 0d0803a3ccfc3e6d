//! Enrolment: the one-time code a person types, what a device asks with it, and the answer.
//!
//! The code pins the centre's root and carries a secret; the request proves that the asker holds
//! both keys it wants certified; the answer brings the certificate and the centre's chain. How
//! these travel is the sync protocol's matter. A device that has certificates replaces its keys
//! without a code, by the keys it has.

mod code;
mod rekey;

use minicbor::{Decode, Encode};

use crate::certificate::{Certificate, Chain, ChainError, RootHash, Trust};
use crate::ids::{DeviceId, OperatorId};
use crate::signed::{Signed, SignedError, decode_canonical, encode};
use crate::signing::{BadSignature, Domain, PublicKey, Signature, SigningKey, hash_parts};

pub use code::{CodeError, EnrolmentCode};
pub use rekey::{MAX_REKEYED, Rekey, RekeyAnswer, RekeyClaim, Replacement};

/// What a device asks for over the connection of enrolment.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// A certificate, by a code.
    #[n(1)]
    Enrol(#[n(0)] Request),
    /// Other keys in the place of its own.
    #[n(2)]
    Rekey(#[n(0)] Rekey),
}

impl Ask {
    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what is asked; nothing of it is proven yet.
    ///
    /// # Errors
    /// [`SignedError::Malformed`] or [`SignedError::NotCanonical`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignedError> {
        decode_canonical(bytes)
    }
}

/// What a device asks to be certified.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Claim {
    /// The root of the centre that is asked, so that no other can pass the request on.
    #[n(0)]
    pub root: RootHash,
    /// The code's secret.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub secret: [u8; 16],
    /// The operator, as the device named it.
    #[n(2)]
    pub operator: OperatorId,
    /// The key that will sign statements and batches.
    #[n(3)]
    pub operator_key: PublicKey,
    /// The device, as it named itself.
    #[n(4)]
    pub device: DeviceId,
    /// The key that will authenticate its TLS.
    #[n(5)]
    pub device_key: PublicKey,
}

/// A claim with the proof that the asker holds both keys.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// What is asked.
    #[n(0)]
    pub claim: Claim,
    /// By the operator's key over the claim.
    #[n(1)]
    operator_proof: Signature,
    /// By the device's key over the claim.
    #[n(2)]
    device_proof: Signature,
}

impl Request {
    /// Asks with a code for these keys.
    #[must_use]
    pub fn make(
        code: &EnrolmentCode,
        operator: OperatorId,
        operator_key: &SigningKey,
        device: DeviceId,
        device_key: &SigningKey,
    ) -> Self {
        let claim = Claim {
            root: code.root,
            secret: code.secret,
            operator,
            operator_key: operator_key.public(),
            device,
            device_key: device_key.public(),
        };
        let bytes = encode(&claim);
        Self {
            claim,
            operator_proof: operator_key.sign(Domain::Enrolment, &bytes),
            device_proof: device_key.sign(Domain::Enrolment, &bytes),
        }
    }

    /// Checks that the asker holds both keys.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self) -> Result<(), BadSignature> {
        let bytes = encode(&self.claim);
        self.claim
            .operator_key
            .verify(Domain::Enrolment, &bytes, &self.operator_proof)?;
        self.claim
            .device_key
            .verify(Domain::Enrolment, &bytes, &self.device_proof)
    }

    /// The hash by which the centre knows the code's secret.
    #[must_use]
    pub fn secret_hash(&self) -> [u8; 32] {
        secret_hash(&self.claim.secret)
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        Ask::Enrol(self.clone()).to_bytes()
    }
}

/// What the centre answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// The certificate, signed by the authority.
    #[n(0)]
    pub certificate: Signed,
    /// The chain from the root to the authority.
    #[n(1)]
    pub chain: Chain,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The chain does not lead from the code's root.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The certificate is not the authority's.
    #[error("the certificate is not the centre's: {0}")]
    Certificate(#[from] SignedError),
    /// The certificate names other keys than those asked for.
    #[error("the certificate is for other keys")]
    OtherKeys,
}

impl AnswerError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Chain(error) => error.code(),
            Self::Certificate(error) => error.code(),
            Self::OtherKeys => "enrolment.other_keys",
        }
    }
}

impl Answer {
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

    /// Takes the answer to a request: the certificate and whom to trust from now on.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn open(&self, claim: &Claim) -> Result<(Certificate, Trust), AnswerError> {
        let trust = self.chain.follow(&claim.root)?;
        let certificate = Certificate::open(&self.certificate, &trust.authorities)?;
        let ours = certificate.operator_key == claim.operator_key
            && certificate.device_key == claim.device_key
            && certificate.operator == claim.operator
            && certificate.device == claim.device;
        if ours {
            Ok((certificate, trust))
        } else {
            Err(AnswerError::OtherKeys)
        }
    }
}

fn secret_hash(secret: &[u8; 16]) -> [u8; 32] {
    hash_parts("canbao/enrolment-secret/1", &[secret])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Mandate;
    use crate::ids::{CertificateSerial, FeedId};
    use crate::time::Timestamp;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    fn code() -> EnrolmentCode {
        EnrolmentCode {
            root: RootHash::of(&key(1).public()),
            secret: *b"sixteen of those",
        }
    }

    fn request() -> Request {
        Request::make(
            &code(),
            OperatorId([1; 16]),
            &key(5),
            DeviceId([2; 16]),
            &key(6),
        )
    }

    #[test]
    fn a_request_proves_both_keys() {
        let Ask::Enrol(request) = Ask::from_bytes(&request().to_bytes()).unwrap() else {
            panic!("an enrolment")
        };
        assert_eq!(request.verify(), Ok(()));
        assert_eq!(request.secret_hash(), code().secret_hash());
        let mut other = request.clone();
        other.claim.device_key = key(9).public();
        assert_eq!(other.verify(), Err(BadSignature));
        let mut other = request;
        other.claim.operator = OperatorId([9; 16]);
        assert_eq!(other.verify(), Err(BadSignature));
    }

    #[test]
    fn an_answer_is_taken_from_the_pinned_centre_for_the_keys_asked() {
        let claim = request().claim;
        let certificate = Certificate {
            serial: CertificateSerial(1),
            mandate: Mandate::Centre,
            operator: claim.operator,
            operator_name: "测试".to_owned(),
            operator_key: claim.operator_key,
            device: claim.device,
            device_key: claim.device_key,
            issued_at: Timestamp(0),
            expires_at: Timestamp(10),
        };
        let chain = Chain::make(
            &key(1),
            &key(2),
            key(3).public(),
            key(4).public(),
            "example.test/log",
            FeedId([9; 16]),
        );
        let answer = Answer {
            certificate: certificate.issue(&key(2)),
            chain,
        };
        let read = Answer::from_bytes(&answer.to_bytes()).unwrap();
        assert_eq!(read.open(&claim).unwrap().0, certificate);

        let other = Claim {
            device_key: key(9).public(),
            ..claim.clone()
        };
        assert_eq!(answer.open(&other).err(), Some(AnswerError::OtherKeys));
        let elsewhere = Claim {
            root: RootHash([0; 16]),
            ..claim.clone()
        };
        assert_eq!(
            answer.open(&elsewhere).err(),
            Some(AnswerError::Chain(ChainError::OtherRoot))
        );
        let forged = Answer {
            certificate: certificate.issue(&key(8)),
            ..answer
        };
        assert_eq!(
            forged.open(&claim).err(),
            Some(AnswerError::Certificate(SignedError::BadSignature))
        );
    }
}
