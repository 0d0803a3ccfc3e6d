//! What the public log shows of an entry: a hash over the entry and a random salt.

use std::fmt;

use minicbor::{Decode, Encode};
use ring::digest;

use super::merkle::{Hash, leaf_hash};

/// Binds a commitment to this format, so that no other hash of ours can pass for one.
const LABEL: &[u8] = b"canbao/entry/1\0";

/// The bytes of a salt. 128 random bits keep an entry of few possible values (a wage, a month)
/// from being found by trying them all against the public log.
pub const SALT_BYTES: usize = 16;

/// A leaf's data: `SHA-256("canbao/entry/1\0" || salt || entry)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Commitment(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl Commitment {
    /// The leaf's hash in the log's tree (RFC 6962, section 2.1).
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.0)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The commitment to an entry under a salt.
///
/// The salt has a fixed length, so where it ends and the entry begins is never in doubt.
#[must_use]
pub fn commitment(salt: &[u8; SALT_BYTES], entry: &[u8]) -> Commitment {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(LABEL);
    context.update(salt);
    context.update(entry);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Commitment(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_the_hash_of_label_salt_and_entry() {
        let bytes = [b"canbao/entry/1\0".as_slice(), &[7; 16], b"entry"].concat();
        let expected = digest::digest(&digest::SHA256, &bytes);
        assert_eq!(commitment(&[7; 16], b"entry").0, expected.as_ref());
    }

    #[test]
    fn another_salt_or_entry_is_another_commitment() {
        let base = commitment(&[7; 16], b"entry");
        assert_ne!(base, commitment(&[8; 16], b"entry"));
        assert_ne!(base, commitment(&[7; 16], b"entrz"));
    }
}
