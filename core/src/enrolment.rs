//! Enrolment: the one-time code a person types, what a device asks with it, and the answer.
//!
//! The code pins the centre's root and carries a secret; the request proves that the asker holds
//! both keys it wants certified; the answer brings the certificate and the centre's chain. How
//! these travel is the sync protocol's matter.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::certificate::{Certificate, Chain, ChainError, RootHash, Trust};
use crate::ids::{DeviceId, OperatorId};
use crate::signed::{Signed, SignedError, decode_canonical, encode};
use crate::signing::{BadSignature, Domain, PublicKey, Signature, SigningKey, hash_parts};

/// Crockford's alphabet: no I, L, O or U, so that a code read aloud is not mistaken.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What a code begins with; the number is its version.
const PREFIX: &str = "CB1";
/// The bytes behind the prefix: root hash, secret, check.
const BYTES: usize = 16 + 16 + 3;
/// Their characters, five bits each.
const CHARACTERS: usize = BYTES * 8 / 5;
/// The characters between two dashes.
const GROUP: usize = 8;
/// The longest text looked at, with any spaces and dashes a person puts in.
const MAX_TEXT: usize = 200;

/// A one-time code of enrolment, shown as `CB1-` and seven groups of eight characters.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// The hash that pins the centre's root.
    pub root: RootHash,
    /// What the centre knows by its hash only.
    pub secret: [u8; 16],
}

/// Why a text is no enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It does not begin as a code does, or is too long or too short.
    #[error("this is not an enrolment code")]
    NotACode,
    /// A code of a later version.
    #[error("the code is of a kind this program does not know yet")]
    NewerVersion,
    /// A character no code has, or characters that do not belong together.
    #[error("the code is mistyped")]
    Mistyped,
}

impl CodeError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotACode => "enrolment.not_a_code",
            Self::NewerVersion => "enrolment.code_newer",
            Self::Mistyped => "enrolment.code_mistyped",
        }
    }
}

impl EnrolmentCode {
    /// The hash by which the centre knows the secret.
    #[must_use]
    pub fn secret_hash(&self) -> [u8; 32] {
        secret_hash(&self.secret)
    }

    fn check(&self) -> [u8; 3] {
        let hash = hash_parts("canbao/enrolment-code/1", &[&self.root.0, &self.secret]);
        [hash[0], hash[1], hash[2]]
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        let bytes = [&self.root.0[..], &self.secret, &self.check()].concat();
        for (place, character) in to_base32(&bytes).into_iter().enumerate() {
            if place % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(character))?;
        }
        Ok(())
    }
}

impl fmt::Debug for EnrolmentCode {
    /// The root alone: the secret authorises.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentCode")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl FromStr for EnrolmentCode {
    type Err = CodeError;

    /// Reads a code as typed: in any case, with or without dashes and spaces, with the letters
    /// I, L and O for the digits they resemble.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        if text.len() > MAX_TEXT {
            return Err(CodeError::NotACode);
        }
        let typed: String = text
            .chars()
            .filter(|it| !it.is_whitespace() && *it != '-')
            .map(|it| it.to_ascii_uppercase())
            .collect();
        let rest = typed.strip_prefix("CB").ok_or(CodeError::NotACode)?;
        let Some(characters) = rest.strip_prefix(['1', 'I', 'L']) else {
            let numbered = rest.starts_with(|it: char| it.is_ascii_digit());
            return Err(if numbered {
                CodeError::NewerVersion
            } else {
                CodeError::NotACode
            });
        };
        if characters.chars().count() != CHARACTERS {
            return Err(CodeError::NotACode);
        }
        let bytes = from_base32(characters).ok_or(CodeError::Mistyped)?;
        let mut code = Self {
            root: RootHash([0; 16]),
            secret: [0; 16],
        };
        code.root.0.copy_from_slice(&bytes[..16]);
        code.secret.copy_from_slice(&bytes[16..32]);
        if code.check() == bytes[32..] {
            Ok(code)
        } else {
            Err(CodeError::Mistyped)
        }
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
        encode(self)
    }

    /// Reads a request; nothing of it is proven yet.
    ///
    /// # Errors
    /// [`SignedError::Malformed`] or [`SignedError::NotCanonical`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignedError> {
        decode_canonical(bytes)
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
        let certificate = Certificate::open(&self.certificate, &trust.authority)?;
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

/// Five bits a character; the length is a multiple of five bytes.
fn to_base32(bytes: &[u8]) -> Vec<u8> {
    let mut characters = Vec::with_capacity(bytes.len() * 8 / 5);
    for block in bytes.chunks(5) {
        let bits = block
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            characters.push(ALPHABET[(bits >> (5 * place) & 31) as usize]);
        }
    }
    characters
}

fn from_base32(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let values = text.chars().map(value_of).collect::<Option<Vec<u64>>>()?;
    for (block, values) in bytes.chunks_mut(5).zip(values.chunks(8)) {
        let bits = values.iter().fold(0_u64, |bits, value| bits << 5 | value);
        block.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

fn value_of(character: char) -> Option<u64> {
    let meant = match character {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|it| char::from(*it) == meant)
        .map(|it| it as u64)
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
    fn a_code_reads_back_however_it_is_typed() {
        let shown = code().to_string();
        assert!(shown.starts_with("CB1-"));
        assert_eq!(shown.len(), 3 + 7 * 9);
        let typed = [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            shown.replace('1', "l").replace('0', "o"),
        ];
        for typed in typed {
            assert_eq!(typed.parse(), Ok(code()), "{typed}");
        }
    }

    #[test]
    fn every_slip_of_one_character_is_named() {
        let shown = code().to_string();
        for place in 4..shown.len() {
            let mut slipped = shown.clone().into_bytes();
            if slipped[place] == b'-' {
                continue;
            }
            slipped[place] = if slipped[place] == b'7' { b'8' } else { b'7' };
            let slipped = String::from_utf8(slipped).unwrap();
            assert_eq!(
                slipped.parse::<EnrolmentCode>(),
                Err(CodeError::Mistyped),
                "{slipped}"
            );
        }
        for (text, error) in [
            ("", CodeError::NotACode),
            ("CB1-", CodeError::NotACode),
            ("CB2-00000000", CodeError::NewerVersion),
            (&shown[..shown.len() - 1], CodeError::NotACode),
            (&shown.replace(&shown[10..11], "U"), CodeError::Mistyped),
            (&"参".repeat(60), CodeError::NotACode),
        ] {
            assert_eq!(text.parse::<EnrolmentCode>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_request_proves_both_keys() {
        let request = Request::from_bytes(&request().to_bytes()).unwrap();
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
