//! The resident ID number and its kin of 18 characters (GB 11643).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use minicbor::{Decode, Encode};

use super::{masked, normalised, parsed_text};
use crate::message::Message;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";
const EARLIEST_BIRTH_YEAR: i16 = 1900;

/// A number of 18 characters with a birth date that exists and a right check character:
/// a resident ID, a residence permit of Hong Kong, Macao or Taiwan residents (81, 82, 83), or a
/// foreigner's permanent residence ID of 2023 (starting with 9).
///
/// Its division code is not judged. `Debug` shows it masked and there is no `Display`: whoever
/// wants the number in clear says [`ResidentId::as_str`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentId {
    number: String,
    born: Date,
}

/// Why a text is not the number of an ID document. Holds no part of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    /// Nothing stands there.
    #[error("no ID number")]
    Missing,
    /// A number of 15 digits, as issued before 1999, invalid since 2013-01-01.
    #[error("a first-generation number of 15 digits")]
    FirstGeneration,
    /// Neither 18 characters nor a form named above.
    #[error("{found} characters where an ID number has 18")]
    WrongLength {
        /// How many there are, blanks not counted.
        found: usize,
    },
    /// Something else than 17 digits and a digit or X.
    #[error("an ID number has 17 digits and then a digit or X")]
    NotDigits,
    /// The birth date within the number is in no calendar.
    #[error("the birth date in the number does not exist")]
    NoSuchBirthDate,
    /// A spreadsheet kept 15 digits of a number and made the others zero (or wrote it with an
    /// exponent). The importer says so too, of a cell that holds a number and not a text.
    #[error("the spreadsheet kept 15 digits of the number only")]
    SpreadsheetLostDigits,
    /// The check character does not belong to the others.
    #[error("the check character is wrong")]
    WrongCheckDigit,
    /// A permanent residence number of 15 characters that is not 3 letters and 12 digits.
    #[error("not a permanent residence number")]
    NotAPermanentResidence,
    /// Another document's number that is not 1 to 20 letters and digits.
    #[error("a document number has 1 to 20 letters and digits")]
    NotADocumentNumber,
}

impl IdentityProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "identity.missing",
            Self::FirstGeneration => "identity.first_generation",
            Self::WrongLength { .. } => "identity.wrong_length",
            Self::NotDigits => "identity.not_digits",
            Self::NoSuchBirthDate => "identity.no_such_birth_date",
            Self::SpreadsheetLostDigits => "identity.spreadsheet_lost_digits",
            Self::WrongCheckDigit => "identity.wrong_check_digit",
            Self::NotAPermanentResidence => "identity.not_a_permanent_residence",
            Self::NotADocumentNumber => "identity.not_a_document_number",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::WrongLength { found } => message.with("found", found),
            Self::Missing
            | Self::FirstGeneration
            | Self::NotDigits
            | Self::NoSuchBirthDate
            | Self::SpreadsheetLostDigits
            | Self::WrongCheckDigit
            | Self::NotAPermanentResidence
            | Self::NotADocumentNumber => message,
        }
    }
}

/// The sex that a number states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Sex {
    /// 男
    #[n(1)]
    Male,
    /// 女
    #[n(2)]
    Female,
}

/// Whose document carries the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// A resident ID card.
    Mainland,
    /// A residence permit of a Hong Kong resident (81).
    HongKong,
    /// A residence permit of a Macao resident (82).
    Macao,
    /// A residence permit of a Taiwan resident (83).
    Taiwan,
    /// A foreigner's permanent residence ID, since 2023-12-01 (9).
    PermanentResidence,
}

impl ResidentId {
    /// The number in clear, 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// The first 6 and the last 4 characters.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.number)
    }

    /// The birth date within the number.
    #[must_use]
    pub fn birth_date(&self) -> Date {
        self.born
    }

    /// The sex within the number: an odd 17th digit is male.
    #[must_use]
    pub fn sex(&self) -> Sex {
        if self.number.as_bytes()[16] % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        }
    }

    /// Whose document this is, by the first digits.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        match &self.number.as_bytes()[..2] {
            b"81" => Issuer::HongKong,
            b"82" => Issuer::Macao,
            b"83" => Issuer::Taiwan,
            [b'9', _] => Issuer::PermanentResidence,
            _ => Issuer::Mainland,
        }
    }

    /// The age in whole years on a day; negative before birth.
    ///
    /// A birthday counts from its day on; one of 29 February counts from 1 March in other years.
    #[must_use]
    pub fn age_on(&self, day: Date) -> i16 {
        let before_birthday = (day.month(), day.day()) < (self.born.month(), self.born.day());
        day.year() - self.born.year() - i16::from(before_birthday)
    }
}

impl FromStr for ResidentId {
    type Err = IdentityProblem;

    /// Reads a number, blanks, full-width characters and a lower-case x allowed.
    fn from_str(text: &str) -> Result<Self, IdentityProblem> {
        let number = normalised(text);
        let (digits, check) = digits_and_check(&number)?;
        let born = birth_date(digits).ok_or(IdentityProblem::NoSuchBirthDate)?;
        if check == check_character(digits) {
            Ok(Self { number, born })
        } else if number.ends_with("000") {
            Err(IdentityProblem::SpreadsheetLostDigits)
        } else {
            Err(IdentityProblem::WrongCheckDigit)
        }
    }
}

impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentId({})", self.masked())
    }
}

parsed_text!(ResidentId);

/// Whether a spreadsheet wrote the number with an exponent, as `2.10102E+17`.
pub(super) fn has_exponent(number: &str) -> bool {
    number.split_once("E+").is_some_and(|(mantissa, exponent)| {
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        mantissa.contains('.') && digits(mantissa) && digits(exponent)
    })
}

/// The first 17 characters, all of them digits, and the last one.
fn digits_and_check(number: &str) -> Result<(&[u8; 17], u8), IdentityProblem> {
    if number.is_empty() {
        return Err(IdentityProblem::Missing);
    }
    if has_exponent(number) {
        return Err(IdentityProblem::SpreadsheetLostDigits);
    }
    if number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdentityProblem::FirstGeneration);
    }
    let wrong_length = || IdentityProblem::WrongLength {
        found: number.chars().count(),
    };
    let (digits, last) = number
        .as_bytes()
        .split_first_chunk::<17>()
        .ok_or_else(wrong_length)?;
    let [check] = last else {
        return Err(wrong_length());
    };
    let known = check.is_ascii_digit() || *check == b'X';
    if !known || !digits.iter().all(u8::is_ascii_digit) {
        return Err(IdentityProblem::NotDigits);
    }
    Ok((digits, *check))
}

fn birth_date(digits: &[u8; 17]) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        digits[range]
            .iter()
            .fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let (month, day) = (
        i8::try_from(number(10..12)).ok()?,
        i8::try_from(number(12..14)).ok()?,
    );
    let date = Date::new(number(6..10), month, day).ok()?;
    (date.year() >= EARLIEST_BIRTH_YEAR).then_some(date)
}

/// ISO 7064 MOD 11-2.
fn check_character(digits: &[u8; 17]) -> u8 {
    let weighted = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight);
    CHECK_CHARACTERS[(weighted.sum::<u32>() % 11) as usize]
}

/// Whether a text is meant as a resident ID number, be it a wrong one: fifteen to nineteen
/// characters that start with six digits, as no number of a person or a unit does.
#[must_use]
pub fn looks_like_a_resident_id(typed: &str) -> bool {
    let length = typed.chars().count();
    (15..=19).contains(&length) && typed.chars().take(6).all(char::is_numeric)
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Any valid number of someone born in the 20th century.
    pub(crate) fn any_resident_id() -> impl Strategy<Value = String> {
        (100_000_u32..999_999, 0_i32..36_000, 0_u32..1_000).prop_map(|(division, days, order)| {
            let born = date(1900, 1, 1)
                .checked_add(jiff::Span::new().days(days))
                .unwrap();
            let digits = format!("{division}{}{order:03}", born.strftime("%Y%m%d"));
            let check = check_character(digits.as_bytes().try_into().unwrap());
            format!("{digits}{}", char::from(check))
        })
    }

    #[test]
    fn what_is_no_resident_id_is_refused_by_name() {
        let check = |text: &str, problem| {
            assert_eq!(text.parse::<ResidentId>(), Err(problem), "{text}");
        };
        check("", IdentityProblem::Missing);
        check(" \u{3000}", IdentityProblem::Missing);
        check("810000940823002", IdentityProblem::FirstGeneration);
        check(
            "81000019940823002",
            IdentityProblem::WrongLength { found: 17 },
        );
        check(
            "8100001994082300211",
            IdentityProblem::WrongLength { found: 19 },
        );
        check("八一", IdentityProblem::WrongLength { found: 2 });
        check("81000O199408230021", IdentityProblem::NotDigits);
        check("X10000199408230021", IdentityProblem::NotDigits);
        check("81000019940823002A", IdentityProblem::NotDigits);
        check("一二三四五六", IdentityProblem::NotDigits);
        check("810000199402300021", IdentityProblem::NoSuchBirthDate);
        check("810000199913010021", IdentityProblem::NoSuchBirthDate);
        check("810000189908230021", IdentityProblem::NoSuchBirthDate);
        check("810000199408230022", IdentityProblem::WrongCheckDigit);
        check("810000199408230000", IdentityProblem::SpreadsheetLostDigits);
        check("8.10000E+17", IdentityProblem::SpreadsheetLostDigits);
    }

    #[test]
    fn a_number_tells_birth_sex_and_issuer() {
        let id: ResidentId = "８１００００１９９４０８２３００２１".parse().unwrap();
        assert_eq!(id.as_str(), "810000199408230021");
        assert_eq!(id.birth_date(), date(1994, 8, 23));
        assert_eq!((id.sex(), id.issuer()), (Sex::Female, Issuer::HongKong));
        assert_eq!(id.age_on(date(2010, 8, 22)), 15);
        assert_eq!(id.age_on(date(2010, 8, 23)), 16);
    }

    #[test]
    fn debug_shows_no_number() {
        let id: ResidentId = "810000199408230021".parse().unwrap();
        assert_eq!(format!("{id:?}"), "ResidentId(810000********0021)");
    }

    #[test]
    fn a_stored_number_is_checked_again() {
        let id: ResidentId = "830000199201300022".parse().unwrap();
        let bytes = minicbor::to_vec(&id).unwrap();
        assert_eq!(minicbor::decode::<ResidentId>(&bytes).unwrap(), id);
        let wrong = minicbor::to_vec("830000199201300023").unwrap();
        let error = minicbor::decode::<ResidentId>(&wrong).unwrap_err();
        assert!(!error.to_string().contains("8300"), "{error}");
        assert!(serde_json::from_str::<ResidentId>("\"830000199201300023\"").is_err());
    }

    proptest! {
        #[test]
        fn one_changed_character_is_always_noticed(
            number in any_resident_id(),
            place in 0_usize..18,
            other in prop::sample::select(b"0123456789X".to_vec()),
        ) {
            prop_assert!(number.parse::<ResidentId>().is_ok());
            let mut bytes = number.clone().into_bytes();
            bytes[place] = other;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(changed.parse::<ResidentId>().is_ok(), changed == number);
        }

        #[test]
        fn any_text_gets_an_answer(text in any::<String>()) {
            let _ = text.parse::<ResidentId>();
        }
    }
}
