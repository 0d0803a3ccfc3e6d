//! A private key under a passphrase: on a shared PC only who knows it signs (architecture,
//! section 3).
//!
//! Argon2id (RFC 9106) makes a key of the passphrase, and XChaCha20-Poly1305 seals the seed under
//! it. What it cost is kept beside what it locks, so that it can be raised for keys locked later.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use minicbor::decode::Error as DecodeError;
use minicbor::{Decode, Decoder, Encode};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::signing::{PublicKey, SigningKey};

/// A key is locked by no fewer characters (NIST SP 800-63B, 3.1.1).
pub const LEAST_CHARACTERS: usize = 8;
/// A passphrase has no more bytes of UTF-8.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;
/// The bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// The bytes of a nonce.
pub const NONCE_BYTES: usize = 24;

/// Stands before the public key in what the seal is bound to.
const LABEL: &[u8] = b"canbao/locked-key/1\0";
/// A seed of 32 bytes and the tag.
const SEALED_BYTES: usize = 48;

/// What somebody typed to unlock a key. Never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Passphrase(Zeroizing<String>);

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// It is empty.
    #[error("a passphrase is not empty")]
    Empty,
    /// It is longer than [`MAX_PASSPHRASE_BYTES`].
    #[error("a passphrase has {MAX_PASSPHRASE_BYTES} bytes at most")]
    TooLong,
}

/// Why a key was not locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The passphrase has fewer than [`LEAST_CHARACTERS`].
    #[error("a passphrase that locks a key has {LEAST_CHARACTERS} characters or more")]
    TooShort,
    /// There is not as much memory as it costs.
    #[error("there is not enough memory to make a key of a passphrase")]
    NoMemory,
}

/// Why a key was not unlocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// Another passphrase locked it, or it is damaged: the two cannot be told apart.
    #[error("the passphrase does not unlock the key")]
    Wrong,
    /// What was locked is not the private key of the public key beside it.
    #[error("what was locked is another key")]
    OtherKey,
    /// There is not as much memory as it costs.
    #[error("there is not enough memory to make a key of a passphrase")]
    NoMemory,
}

/// What it costs to make a key of a passphrase, for us and for whoever guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode)]
pub struct Cost {
    /// KiB of memory.
    #[n(0)]
    memory: u32,
    /// Passes over it.
    #[n(1)]
    passes: u32,
    /// Lanes that are filled side by side.
    #[n(2)]
    lanes: u32,
}

/// A private key under a passphrase, with the public key that it belongs to.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Locked {
    #[n(0)]
    key: PublicKey,
    #[n(1)]
    cost: Cost,
    #[cbor(n(2), with = "minicbor::bytes")]
    salt: [u8; SALT_BYTES],
    #[cbor(n(3), with = "minicbor::bytes")]
    nonce: [u8; NONCE_BYTES],
    #[cbor(n(4), with = "minicbor::bytes")]
    sealed: [u8; SEALED_BYTES],
}

impl Locked {
    /// Locks a key. Salt and nonce are random, and new each time.
    ///
    /// # Errors
    /// [`LockError`].
    ///
    /// # Panics
    /// Never: a sealed seed has [`SEALED_BYTES`].
    pub fn seal(
        key: &SigningKey,
        passphrase: &Passphrase,
        cost: Cost,
        salt: [u8; SALT_BYTES],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, LockError> {
        if passphrase.0.chars().count() < LEAST_CHARACTERS {
            return Err(LockError::TooShort);
        }
        let cipher = cipher(passphrase, cost, &salt).ok_or(LockError::NoMemory)?;
        let public = key.public();
        let payload = Payload {
            msg: key.seed(),
            aad: &bound_to(&public),
        };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("32 bytes are far below what one nonce covers");
        Ok(Self {
            key: public,
            cost,
            salt,
            nonce,
            sealed: sealed.try_into().expect("a seed and a tag"),
        })
    }

    /// Unlocks the key.
    ///
    /// # Errors
    /// [`UnlockError`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<SigningKey, UnlockError> {
        let cipher = cipher(passphrase, self.cost, &self.salt).ok_or(UnlockError::NoMemory)?;
        let payload = Payload {
            msg: &self.sealed,
            aad: &bound_to(&self.key),
        };
        let opened = cipher.decrypt(&XNonce::from(self.nonce), payload);
        let opened = Zeroizing::new(opened.map_err(|_| UnlockError::Wrong)?);
        let seed = opened.first_chunk().ok_or(UnlockError::OtherKey)?;
        let key = SigningKey::from_seed(*seed);
        if key.public() == self.key {
            Ok(key)
        } else {
            Err(UnlockError::OtherKey)
        }
    }

    /// The public key, which needs no passphrase.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.key
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locked({})", self.key)
    }
}

impl Cost {
    /// What OWASP's Password Storage Cheat Sheet asks of Argon2id: 19 MiB, two passes, one lane.
    pub const RECOMMENDED: Self = Self {
        memory: 19 * 1024,
        passes: 2,
        lanes: 1,
    };

    /// More than this is not spent, whatever a file says: 256 MiB, 16 passes, 4 lanes.
    const MOST: Self = Self {
        memory: 256 * 1024,
        passes: 16,
        lanes: 4,
    };

    /// So many KiB, passes and lanes; [`None`] where Argon2 allows it not, or it is more than
    /// is ever spent.
    #[must_use]
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Option<Self> {
        let most = Self::MOST;
        let bounded = memory <= most.memory && passes <= most.passes && lanes <= most.lanes;
        let cost = Self {
            memory,
            passes,
            lanes,
        };
        (bounded && cost.parameters().is_some()).then_some(cost)
    }

    fn parameters(self) -> Option<Params> {
        Params::new(self.memory, self.passes, self.lanes, Some(32)).ok()
    }
}

impl<'b, C> Decode<'b, C> for Cost {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let malformed = || DecodeError::message("what a passphrase costs");
        if decoder.array()? != Some(3) {
            return Err(malformed());
        }
        let (memory, passes, lanes) = (decoder.u32()?, decoder.u32()?, decoder.u32()?);
        Self::new(memory, passes, lanes).ok_or_else(malformed)
    }
}

impl TryFrom<String> for Passphrase {
    type Error = PassphraseError;

    fn try_from(typed: String) -> Result<Self, PassphraseError> {
        let typed = Zeroizing::new(typed);
        match typed.len() {
            0 => Err(PassphraseError::Empty),
            1..=MAX_PASSPHRASE_BYTES => Ok(Self(typed)),
            _ => Err(PassphraseError::TooLong),
        }
    }
}

impl Serialize for Passphrase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

impl PassphraseError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "passphrase.empty",
            Self::TooLong => "passphrase.too_long",
        }
    }
}

impl LockError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "passphrase.too_short",
            Self::NoMemory => "passphrase.no_memory",
        }
    }
}

impl UnlockError {
    /// The stable code of this error, for the screen and for tests.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Wrong => "passphrase.wrong",
            Self::OtherKey => "passphrase.other_key",
            Self::NoMemory => "passphrase.no_memory",
        }
    }
}

/// The cipher of a passphrase; [`None`] where the memory for it is not to be had.
fn cipher(passphrase: &Passphrase, cost: Cost, salt: &[u8]) -> Option<XChaCha20Poly1305> {
    let parameters = cost.parameters().expect("checked where it was made");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let mut key = Zeroizing::new([0; 32]);
    match argon.hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut()) {
        Ok(()) => Some(XChaCha20Poly1305::new(&(*key).into())),
        Err(argon2::Error::OutOfMemory) => None,
        Err(error) => unreachable!("passphrase, salt and key have lengths that fit: {error}"),
    }
}

fn bound_to(key: &PublicKey) -> Vec<u8> {
    [LABEL, &key.0].concat()
}

#[cfg(test)]
mod tests;
