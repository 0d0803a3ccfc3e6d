//! A value with the signature over its bytes: what is kept and forwarded verbatim.

use minicbor::{Decode, Encode};

use crate::refusal::RefusalName;
use crate::signing::{Algorithm, Domain, PublicKey, Signature, SigningKey};

/// CBOR bytes of some value and the signature over exactly those bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Signed {
    /// What made the signature.
    #[n(0)]
    pub algorithm: Algorithm,
    /// The signed bytes.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub content: Vec<u8>,
    /// The signature over them, in the domain of their kind.
    #[n(2)]
    pub signature: Signature,
}

/// Why signed bytes are not the value they claim to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// Signed by another key, or altered since.
    #[error("the signature does not verify")]
    BadSignature,
    /// Not the encoding of such a value.
    #[error("the signed content is malformed: {0}")]
    Malformed(String),
    /// A second encoding of the same value; only one is accepted, so that bytes have one meaning.
    #[error("the signed content is not in its canonical form")]
    NotCanonical,
}

impl SignedError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&SignedError> for RefusalName {
    fn from(error: &SignedError) -> Self {
        match error {
            SignedError::BadSignature => Self::SignedBadSignature,
            SignedError::Malformed(_) => Self::SignedMalformed,
            SignedError::NotCanonical => Self::SignedNotCanonical,
        }
    }
}

impl Signed {
    /// Signs a value.
    #[must_use]
    pub fn make<T: Encode<()>>(key: &SigningKey, domain: Domain, value: &T) -> Self {
        let content = encode(value);
        Self {
            algorithm: Algorithm::Ed25519,
            signature: key.sign(domain, &content),
            content,
        }
    }

    /// The value, once the signature verifies and the bytes are its canonical encoding.
    ///
    /// # Errors
    /// [`SignedError`].
    pub fn open<T>(&self, key: &PublicKey, domain: Domain) -> Result<T, SignedError>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        key.verify(domain, &self.content, &self.signature)
            .map_err(|_| SignedError::BadSignature)?;
        decode_canonical(&self.content)
    }

    /// The bytes to keep and forward.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads bytes back; the signature is not checked yet.
    ///
    /// # Errors
    /// [`SignedError::Malformed`] or [`SignedError::NotCanonical`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignedError> {
        decode_canonical(bytes)
    }
}

/// The CBOR of a value of ours.
///
/// # Panics
/// Never: writing to memory cannot fail, and no value of ours refuses its encoding.
#[must_use]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("encoding to memory cannot fail")
}

/// The value of CBOR bytes that are exactly what [`encode`] gives for it.
///
/// # Errors
/// [`SignedError::Malformed`] or [`SignedError::NotCanonical`].
pub fn decode_canonical<T>(bytes: &[u8]) -> Result<T, SignedError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    let value: T =
        minicbor::decode(bytes).map_err(|error| SignedError::Malformed(error.to_string()))?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(SignedError::NotCanonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_canonical_bytes_open() {
        let key = SigningKey::from_seed([3; 32]);
        let signed = Signed::make(&key, Domain::Statement, &7_u32);
        assert_eq!(signed.open::<u32>(&key.public(), Domain::Statement), Ok(7));
        assert_eq!(Signed::from_bytes(&signed.to_bytes()), Ok(signed.clone()));

        let long_form = vec![0x18, 7];
        let malleable = Signed {
            signature: key.sign(Domain::Statement, &long_form),
            content: long_form,
            ..signed
        };
        assert_eq!(
            malleable.open::<u32>(&key.public(), Domain::Statement),
            Err(SignedError::NotCanonical)
        );
    }
}
