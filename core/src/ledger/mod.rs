//! The centre's public log: its formats, their proofs and their checks, without any IO.
//!
//! The centre appends every fact to one log. Of an entry the log shows a salted
//! [`commitment`](commitment::commitment) only, so that everything served is public and holds no
//! personal data. The formats are public ones, so that other people's programs can check them:
//! hashing after RFC 6962, C2SP tlog-tiles, tlog-checkpoint, signed-note and tlog-proof.
//!
//! Writing goes [`commitment`] -> [`frontier`] (tiles and root) -> [`checkpoint`] (a signed
//! [`note`]). Reading goes the other way: a [`checkpoint`] is opened with a [`note::VerifierKey`],
//! which [`LogKeys`] finds where there was more than one, then an [`inclusion`], [`range`] or [`consistency`] proof, a [`proof::EntryProof`] file or a
//! whole copy ([`audit`]) is verified against it.

pub mod audit;
pub mod checkpoint;
pub mod commitment;
pub mod consistency;
pub mod frontier;
pub mod inclusion;
mod keys;
pub mod merkle;
pub mod nodes;
pub mod note;
pub mod proof;
pub mod range;
pub mod tile;

use data_encoding::BASE64;

pub use keys::{LogKeys, Term};

#[cfg(test)]
mod interop;
#[cfg(test)]
mod sample;

/// Reads a number as the public formats write it: ASCII digits without sign or leading zero.
fn parse_decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    if digits && canonical {
        text.parse().ok()
    } else {
        None
    }
}

/// Reads base64 as the public formats write it: bytes have one spelling, whereas the decoder alone
/// takes padding in the middle too.
fn parse_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    (BASE64.encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{parse_base64, parse_decimal};

    #[test]
    fn only_the_canonical_form_of_bytes_is_read() {
        let check = |text, expected: Option<&[u8]>| {
            assert_eq!(parse_base64(text).as_deref(), expected, "{text:?}");
        };
        check("", Some(&[]));
        check("AQI=", Some(&[1, 2]));
        check("AQID", Some(&[1, 2, 3]));
        for other in ["AQI", "AQJ=", "AQ==Ag==", "AQI=\n", " AQI=", "AQI-"] {
            check(other, None);
        }
    }

    #[test]
    fn only_the_canonical_form_of_a_number_is_read() {
        for number in [0, 7, 10, u64::MAX] {
            assert_eq!(parse_decimal(&number.to_string()), Some(number));
        }
        for text in [
            "",
            "01",
            "00",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1\r",
            "1_0",
            "0x1",
            "１",
            "18446744073709551616",
        ] {
            assert_eq!(parse_decimal(text), None, "{text:?}");
        }
    }
}
