//! A newtype per identifier, so that one can never stand where another belongs.
//!
//! Every id the centre or a device makes is a ULID: 128 bits, sortable, meaningless. None is
//! ever derived from an ID number (people change theirs).

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Text that is not an identifier of the kind expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}")]
pub struct NotAnId {
    /// What was expected, e.g. `UnitId`.
    pub kind: &'static str,
    /// What stood there.
    pub text: String,
}

/// Ids of 16 bytes, shown as the 26 Crockford characters of a ULID.
macro_rules! ulid_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

        impl $name {
            /// The id with this wall-clock time (milliseconds since 1970) and randomness.
            #[must_use]
            pub fn from_parts(milliseconds: u64, random: [u8; 10]) -> Self {
                let mut bytes = [0; 16];
                bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
                bytes[6..].copy_from_slice(&random);
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&ulid::Ulid::from(u128::from_be_bytes(self.0)), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                ulid::Ulid::from_string(text)
                    .map(|id| Self(u128::from(id).to_be_bytes()))
                    .map_err(|_| NotAnId { kind: stringify!($name), text: text.to_owned() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

/// Ids that are a SHA-256 over what they name, shown as 64 hexadecimal characters.
macro_rules! hash_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                data_encoding::HEXLOWER_PERMISSIVE
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(Self)
                    .ok_or_else(|| NotAnId { kind: stringify!($name), text: text.to_owned() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ulid_ids! {
    /// A unit (参保单位), as the centre knows it; its public numbers are data of the unit.
    UnitId,
    /// A person, as the centre knows them; survives a change of ID number.
    PersonId,
    /// A declaration, through all its revisions.
    DeclarationId,
    /// A device: one data directory.
    DeviceId,
    /// An operator (经办人): one person with a signing key on one device.
    OperatorId,
    /// A note in an employer's roster document.
    NoteId,
    /// Something done with personal data, as its operator states it.
    AuditId,
    /// The centre's feed; a device that meets another feed id has met another centre.
    FeedId,
}

hash_ids! {
    /// The hash of a frozen declaration's content.
    ContentHash,
    /// A signed statement's id: the same statement made twice has one id.
    StatementId,
    /// The hash of a parameter set's text, named by every assessment that used it.
    ParameterSetId,
    /// An import, by the SHA-256 of its file: the same file has one id on every device (SIL-21).
    ImportId,
}

/// A district of the pool, by its number in the agencies' table (DIST-1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct DistrictId(pub u16);

impl fmt::Display for DistrictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A volume of drafts, opened and sealed by facts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct VolumeId(pub u32);

impl fmt::Display for VolumeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the centre's feed, which is also the leaf's index in the centre's log.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Position(pub u64);

/// A certificate's serial number at its authority.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct CertificateSerial(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_show() {
        let unit = UnitId::from_parts(1_700_000_000_000, [7; 10]);
        assert_eq!(unit.to_string().parse(), Ok(unit));
        let hash = ContentHash([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("not an id".parse::<UnitId>().is_err());
        assert!("abcd".parse::<ContentHash>().is_err());
    }
}
