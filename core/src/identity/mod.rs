//! The numbers by which people and units are known outside: parsed with their check digits,
//! never repaired by guessing, masked wherever they might be printed.

mod birth;
mod credit_code;
mod document;
mod numbers;
mod resident_id;

pub use birth::{BirthDate, Holder, NoSuchSex, NotABirthDate};
pub use credit_code::{CreditCode, CreditCodeProblem};
pub use document::{IdDocument, IdKind, UnknownIdKind};
pub use numbers::{NumberKind, NumberProblem, PensionNumber, PersonalNumber, UnemploymentNumber};
pub use resident_id::{IdentityProblem, Issuer, ResidentId, Sex, looks_like_a_resident_id};

/// Stores and serialises a type as the text it is parsed from, and parses it again on the way
/// back, so that no stored or received value escapes the check.
macro_rules! parsed_text {
    ($name:ident) => {
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                d.str()?.parse().map_err(minicbor::decode::Error::message)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use parsed_text;

/// The longest text that any number of this module is looked for in.
const MAX_TEXT: usize = 200;

/// The same characters in the forms that the standards print: full-width letters and digits
/// become ASCII, letters capital, blanks go. Nothing else is changed.
fn normalised(text: &str) -> String {
    unspaced(text).to_ascii_uppercase()
}

/// As [`normalised`], with letters left as they are.
fn unspaced(text: &str) -> String {
    let narrow = |character: char| match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).expect("an ASCII character")
        }
        other => other,
    };
    // One more than is allowed is enough to be refused for its length.
    let blank = |character: &char| character.is_whitespace() || *character == '\u{feff}';
    text.chars()
        .filter(|character| !blank(character))
        .map(narrow)
        .take(MAX_TEXT)
        .collect()
}

/// The first 6 and the last 4 characters (a clerk's list view); a short number shows less.
pub(crate) fn masked(number: &str) -> String {
    let length = number.chars().count();
    let (head, tail) = match length {
        0..=4 => (0, 0),
        5..=11 => (1, 2),
        _ => (6, 4),
    };
    let shown = |place: usize| place < head || place >= length - tail;
    number
        .chars()
        .enumerate()
        .map(|(i, c)| if shown(i) { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Cases {
        resident_id: Vec<ResidentCase>,
        credit_code: Vec<CreditCase>,
    }

    #[derive(serde::Deserialize)]
    struct ResidentCase {
        number: String,
        born: jiff::civil::Date,
    }

    #[derive(serde::Deserialize)]
    struct CreditCase {
        code: String,
    }

    #[test]
    fn numbers_with_right_check_characters_are_read() {
        let cases: Cases = toml::from_str(include_str!("../../cases/identity.toml")).unwrap();
        for ResidentCase { number, born } in cases.resident_id {
            assert_eq!(
                number.parse::<ResidentId>().map(|id| id.birth_date()),
                Ok(born)
            );
        }
        for CreditCase { code } in cases.credit_code {
            assert_eq!(
                code.parse::<CreditCode>().map(|read| read.to_string()),
                Ok(code)
            );
        }
    }

    #[test]
    fn only_blanks_width_and_case_are_normalised() {
        let check = |text: &str, expected: &str| assert_eq!(normalised(text), expected, "{text}");
        check(" 81000019940823\u{3000}0021\u{a0}", "810000199408230021");
        check("８１００００１９９４０８２３００２ｘ", "81000019940823002X");
        check("8l00O0", "8L00O0");
        check("810000-1994", "810000-1994");
        assert_eq!(normalised(&"1".repeat(100_000)).len(), MAX_TEXT);
    }

    #[test]
    fn masks_show_six_and_four_at_most() {
        let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
        check("810000199408230021", "810000********0021");
        check("H12345678", "H******78");
        check("123", "***");
        check("", "");
    }
}
