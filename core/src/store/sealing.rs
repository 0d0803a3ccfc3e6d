//! Sealing of values with XChaCha20-Poly1305, and the keyed hashes over personal data.

use std::sync::{Mutex, PoisonError};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ring::hmac;

use super::key::SealingKey;
use super::place::Place;

/// The length of the salt that separates stores under one key.
pub(super) const SALT_BYTES: usize = 32;

const NONCE_BYTES: usize = 24;
/// One system call for this many seals.
const NONCES_AT_ONCE: usize = 256;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub(super) struct NoRandomness;

/// The value was not sealed by this key for this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

/// Seals and opens the values of one store.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    search: hmac::Key,
    nonces: Mutex<Nonces>,
}

impl Sealer {
    /// The sealer of the store with this salt: what one store holds does not open in another.
    pub(super) fn new(key: &SealingKey, salt: &[u8; SALT_BYTES]) -> Self {
        let values = derive(key, "canbao/store/values/1", salt);
        let search = derive(key, "canbao/store/search/1", salt);
        Self {
            cipher: XChaCha20Poly1305::new(&values.into()),
            search: hmac::Key::new(hmac::HMAC_SHA256, &search),
            nonces: Mutex::new(Nonces::empty()),
        }
    }

    /// `nonce ‖ ciphertext ‖ tag`, bound to `place`.
    pub(super) fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        let nonce = self
            .nonces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()?;
        let payload = Payload {
            msg: value,
            aad: &place.to_bytes(),
        };
        let ciphertext = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a value is far below the 256 GiB that one nonce covers");
        Ok([&nonce[..], &ciphertext].concat())
    }

    /// The value that was sealed for `place`.
    pub(super) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(DoesNotOpen)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &place.to_bytes(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| DoesNotOpen)
    }

    /// HMAC-SHA256 of `data` under the search key, separate for every domain.
    pub(super) fn keyed_hash(&self, domain: &str, data: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.search);
        context.update(&(domain.len() as u64).to_be_bytes());
        context.update(domain.as_bytes());
        context.update(data);
        tag_bytes(context.sign())
    }
}

/// Random bytes from the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// Random nonces, fetched many at a time; each is handed out once.
struct Nonces {
    unused: Vec<[u8; NONCE_BYTES]>,
}

impl Nonces {
    fn empty() -> Self {
        Self { unused: Vec::new() }
    }

    fn next(&mut self) -> Result<[u8; NONCE_BYTES], NoRandomness> {
        if self.unused.is_empty() {
            let fresh = random::<{ NONCE_BYTES * NONCES_AT_ONCE }>()?;
            self.unused.extend_from_slice(fresh.as_chunks().0);
        }
        Ok(self.unused.pop().expect("nonces were just fetched"))
    }
}

fn derive(key: &SealingKey, label: &str, salt: &[u8; SALT_BYTES]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()));
    context.update(label.as_bytes());
    context.update(&[0]);
    context.update(salt);
    tag_bytes(context.sign())
}

fn tag_bytes(tag: hmac::Tag) -> [u8; 32] {
    tag.as_ref()
        .try_into()
        .expect("an HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Stream, View};

    fn sealer(key: u8, salt: u8) -> Sealer {
        Sealer::new(&SealingKey::from_bytes([key; 32]), &[salt; SALT_BYTES])
    }

    #[test]
    fn a_value_opens_at_its_place_under_its_key_and_salt_only() {
        let place = Place::Record(Stream::Feed, 7);
        let sealed = sealer(1, 1).seal(place, b"value").unwrap();
        assert_eq!(sealed.len(), b"value".len() + NONCE_BYTES + 16);
        assert_eq!(sealer(1, 1).open(place, &sealed), Ok(b"value".to_vec()));
        assert_eq!(sealer(2, 1).open(place, &sealed), Err(DoesNotOpen));
        assert_eq!(sealer(1, 2).open(place, &sealed), Err(DoesNotOpen));
        for elsewhere in [
            Place::Record(Stream::Feed, 8),
            Place::Record(Stream::Local, 7),
            Place::Entry(View::Audience, &7_u64.to_be_bytes()),
            Place::Meta("check"),
        ] {
            assert_eq!(
                sealer(1, 1).open(elsewhere, &sealed),
                Err(DoesNotOpen),
                "{elsewhere:?}"
            );
        }
    }

    #[test]
    fn any_changed_or_missing_byte_keeps_a_value_shut() {
        let sealer = sealer(1, 1);
        let place = Place::Entry(View::Person, b"key");
        let sealed = sealer.seal(place, b"value").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(sealer.open(place, &changed), Err(DoesNotOpen));
            assert_eq!(sealer.open(place, &sealed[..index]), Err(DoesNotOpen));
        }
    }

    #[test]
    fn no_nonce_is_used_twice() {
        let sealer = sealer(1, 1);
        let seals = 4 * NONCES_AT_ONCE;
        let nonces: std::collections::BTreeSet<Vec<u8>> = (0..seals)
            .map(|_| sealer.seal(Place::Meta("x"), b"").unwrap()[..NONCE_BYTES].to_vec())
            .collect();
        assert_eq!(nonces.len(), seals);
    }

    #[test]
    fn a_keyed_hash_depends_on_key_salt_domain_and_data() {
        let hash = sealer(1, 1).keyed_hash("name", b"data");
        assert_eq!(hash, sealer(1, 1).keyed_hash("name", b"data"));
        for other in [
            sealer(2, 1).keyed_hash("name", b"data"),
            sealer(1, 2).keyed_hash("name", b"data"),
            sealer(1, 1).keyed_hash("named", b"ata"),
            sealer(1, 1).keyed_hash("name", b"datA"),
        ] {
            assert_ne!(hash, other);
        }
    }
}
