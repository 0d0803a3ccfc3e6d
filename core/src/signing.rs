//! Ed25519 keys and signatures, each over a named domain, with an algorithm id.
//!
//! The algorithm id stands in every signed value so that SM2 can be added where a deployment
//! must use national cryptography; today there is one.

use std::fmt;

use minicbor::{Decode, Encode};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

/// The algorithm of a signature; the number is part of the signed formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Algorithm {
    /// RFC 8032, pure Ed25519.
    #[n(1)]
    Ed25519,
}

/// What a signature is for; a signature made for one domain verifies in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// A statement of an operator.
    Statement,
    /// A batch of document changes.
    Batch,
    /// A certificate of operator and device, by the authority.
    Certificate,
    /// One of the centre's keys, by the root or by the authority.
    CentreKey,
    /// An enrolling device's proof that it holds the keys it asks to certify.
    Enrolment,
    /// A device's proof that it holds the keys it has and those that take their place.
    Rekey,
}

impl Domain {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Statement => b"canbao/statement/1\0",
            Self::Batch => b"canbao/batch/1\0",
            Self::Certificate => b"canbao/certificate/1\0",
            Self::CentreKey => b"canbao/centre-key/1\0",
            Self::Enrolment => b"canbao/enrolment/1\0",
            Self::Rekey => b"canbao/rekey/1\0",
        }
    }

    fn message(self, content: &[u8]) -> Vec<u8> {
        [self.label(), content].concat()
    }
}

/// A public key: 32 bytes of Ed25519.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PublicKey(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

/// A signature: 64 bytes of Ed25519.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(#[cbor(with = "minicbor::bytes")] pub [u8; 64]);

/// The signature does not belong to this key, domain and content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

impl PublicKey {
    /// Checks a signature over `content` in `domain`.
    ///
    /// # Errors
    /// [`BadSignature`] when it was made by another key, for another domain or content.
    pub fn verify(
        &self,
        domain: Domain,
        content: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.verify_bare(&domain.message(content), &signature.0)
    }

    /// Checks a signature over exactly these bytes, as public formats (signed notes) ask.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify_bare(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Signature({}..)",
            data_encoding::HEXLOWER.encode(&self.0[..4])
        )
    }
}

/// A private key. Never printed, wiped when dropped; its seed leaves only to be sealed.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    /// In one place, so that no move leaves a copy behind.
    pair: Box<Ed25519KeyPair>,
}

impl SigningKey {
    /// The key of a seed of 32 random bytes.
    ///
    /// # Panics
    /// Never: every 32 bytes are an Ed25519 seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self {
            pair: Box::new(pair(&seed)),
            seed: Zeroizing::new(seed),
        }
    }

    /// The seed, for sealing into a store or a key file.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// The key that verifies what this one signs.
    ///
    /// # Panics
    /// Never: an Ed25519 public key has 32 bytes.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(
            self.pair
                .public_key()
                .as_ref()
                .try_into()
                .expect("32 bytes"),
        )
    }

    /// Signs `content` for `domain`.
    #[must_use]
    pub fn sign(&self, domain: Domain, content: &[u8]) -> Signature {
        self.sign_bare(&domain.message(content))
    }

    /// Signs exactly these bytes, as public formats (signed notes) ask.
    ///
    /// # Panics
    /// Never: an Ed25519 signature has 64 bytes.
    #[must_use]
    pub fn sign_bare(&self, message: &[u8]) -> Signature {
        Signature(
            self.pair
                .sign(message)
                .as_ref()
                .try_into()
                .expect("64 bytes"),
        )
    }
}

impl Drop for SigningKey {
    /// ring does not wipe a key: one that is nobody's takes its place in memory.
    fn drop(&mut self) {
        *self.pair = pair(&[0; 32]);
        std::hint::black_box(&self.pair);
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed")
}

/// SHA-256 of a domain label and the parts that follow it, the parts' lengths included, so that
/// no two different lists of parts give the same hash.
#[must_use]
pub fn hash_parts(label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(label.as_bytes());
    context.update(&[0]);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_domain_and_content_only() {
        let key = SigningKey::from_seed([1; 32]);
        let signature = key.sign(Domain::Statement, b"content");
        let public = key.public();
        assert_eq!(
            public.verify(Domain::Statement, b"content", &signature),
            Ok(())
        );
        assert_eq!(
            public.verify(Domain::Batch, b"content", &signature),
            Err(BadSignature)
        );
        assert_eq!(
            public.verify(Domain::Statement, b"contenT", &signature),
            Err(BadSignature)
        );
        let other = SigningKey::from_seed([2; 32]).public();
        assert_eq!(
            other.verify(Domain::Statement, b"content", &signature),
            Err(BadSignature)
        );
    }

    #[test]
    fn parts_are_hashed_with_their_borders() {
        assert_ne!(
            hash_parts("x", &[b"ab", b"c"]),
            hash_parts("x", &[b"a", b"bc"])
        );
    }
}
