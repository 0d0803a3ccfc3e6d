//! The document by which a person is known: its kind and its number (SIL-14).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use minicbor::{Decode, Decoder, Encode, decode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::resident_id::has_exponent;
use super::{IdentityProblem, ResidentId, masked, normalised};
use crate::message::Message;

const MAX_NUMBER: usize = 20;

/// The kind of an ID document, by the code that field systems use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum IdKind {
    /// 01 居民身份证
    #[n(1)]
    ResidentId,
    /// 04 a document of Hong Kong or Macao residents
    #[n(4)]
    HongKongMacao,
    /// 06 a document of Taiwan residents
    #[n(6)]
    Taiwan,
    /// 07 外国人永久居留证
    #[n(7)]
    PermanentResidence,
    /// 08 护照
    #[n(8)]
    Passport,
    /// 99 any other
    #[n(99)]
    Other,
}

/// A code that names no kind of ID document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such kind of ID document")]
pub struct UnknownIdKind;

impl UnknownIdKind {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "identity.unknown_kind"
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::bare(self.code())
    }
}

impl IdKind {
    /// Every kind, in the order of the codes.
    pub const ALL: [Self; 6] = [
        Self::ResidentId,
        Self::HongKongMacao,
        Self::Taiwan,
        Self::PermanentResidence,
        Self::Passport,
        Self::Other,
    ];

    /// The two digits of field systems.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ResidentId => "01",
            Self::HongKongMacao => "04",
            Self::Taiwan => "06",
            Self::PermanentResidence => "07",
            Self::Passport => "08",
            Self::Other => "99",
        }
    }
}

impl FromStr for IdKind {
    type Err = UnknownIdKind;

    fn from_str(text: &str) -> Result<Self, UnknownIdKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == text)
            .ok_or(UnknownIdKind)
    }
}

impl Serialize for IdKind {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for IdKind {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// A document's kind and its number, checked as far as the kind allows.
///
/// `Debug` shows the number masked and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Serialize)]
pub struct IdDocument {
    #[n(0)]
    kind: IdKind,
    #[n(1)]
    number: String,
}

impl IdDocument {
    /// Reads a number of a kind, blanks, full-width and lower-case characters allowed.
    ///
    /// 01 is a [`ResidentId`]; 07 is one, or 3 letters and 12 digits; for 04 and 06 a number of
    /// 18 digits is a residence permit and is one too. Everything else is 1 to 20 letters and
    /// digits.
    ///
    /// # Errors
    /// [`IdentityProblem`], the first that applies.
    pub fn parse(kind: IdKind, number: &str) -> Result<Self, IdentityProblem> {
        let number = normalised(number);
        if number.is_empty() {
            return Err(IdentityProblem::Missing);
        }
        if has_exponent(&number) {
            return Err(IdentityProblem::SpreadsheetLostDigits);
        }
        match kind {
            IdKind::ResidentId => check_resident(&number)?,
            IdKind::PermanentResidence if number.len() == 15 => check_residence(&number)?,
            IdKind::PermanentResidence => check_resident(&number)?,
            IdKind::HongKongMacao | IdKind::Taiwan if number.len() == 18 => {
                check_resident(&number)?;
            }
            IdKind::HongKongMacao | IdKind::Taiwan | IdKind::Passport | IdKind::Other => {
                check_letters_and_digits(&number)?;
            }
        }
        Ok(Self { kind, number })
    }

    /// The kind of document.
    #[must_use]
    pub fn kind(&self) -> IdKind {
        self.kind
    }

    /// The number in clear.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The number's first 6 and last 4 characters; of a short one less.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.number)
    }

    /// The number as one of 18 characters with a birth date in it, where it is one.
    #[must_use]
    pub fn resident_id(&self) -> Option<ResidentId> {
        match self.kind {
            IdKind::ResidentId
            | IdKind::HongKongMacao
            | IdKind::Taiwan
            | IdKind::PermanentResidence => self.number.parse().ok(),
            IdKind::Passport | IdKind::Other => None,
        }
    }

    /// The birth date, where the number states it.
    #[must_use]
    pub fn birth_date(&self) -> Option<Date> {
        self.resident_id().map(|id| id.birth_date())
    }
}

impl From<ResidentId> for IdDocument {
    fn from(id: ResidentId) -> Self {
        Self {
            kind: IdKind::ResidentId,
            number: id.as_str().to_owned(),
        }
    }
}

impl fmt::Debug for IdDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdDocument({} {})", self.kind.code(), self.masked())
    }
}

/// What was stored or sent, before its check.
#[derive(Decode, Deserialize)]
struct Unchecked {
    #[n(0)]
    kind: IdKind,
    #[n(1)]
    number: String,
}

impl<'b, C> Decode<'b, C> for IdDocument {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let Unchecked { kind, number } = Unchecked::decode(d, context)?;
        Self::parse(kind, &number).map_err(decode::Error::message)
    }
}

impl<'de> Deserialize<'de> for IdDocument {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let Unchecked { kind, number } = Unchecked::deserialize(d)?;
        Self::parse(kind, &number).map_err(de::Error::custom)
    }
}

fn check_resident(number: &str) -> Result<(), IdentityProblem> {
    number.parse::<ResidentId>().map(drop)
}

fn check_residence(number: &str) -> Result<(), IdentityProblem> {
    let (letters, digits) = number
        .split_at_checked(3)
        .ok_or(IdentityProblem::NotAPermanentResidence)?;
    let right = letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if right {
        Ok(())
    } else {
        Err(IdentityProblem::NotAPermanentResidence)
    }
}

fn check_letters_and_digits(number: &str) -> Result<(), IdentityProblem> {
    if number.len() <= MAX_NUMBER && number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(IdentityProblem::NotADocumentNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_checks_what_it_can() {
        let check = |kind: &str, number: &str, expected: Result<&str, IdentityProblem>| {
            let document = IdDocument::parse(kind.parse().unwrap(), number);
            let number_of = document
                .as_ref()
                .map(IdDocument::number)
                .map_err(|problem| *problem);
            assert_eq!(number_of, expected, "{kind} {number}");
        };
        check("01", "810000199408230021", Ok("810000199408230021"));
        check(
            "01",
            "ABC123456789012",
            Err(IdentityProblem::WrongLength { found: 15 }),
        );
        check("04", "h 12345678", Ok("H12345678"));
        check(
            "04",
            "810000199408230022",
            Err(IdentityProblem::WrongCheckDigit),
        );
        check("06", "830000199201300022", Ok("830000199201300022"));
        check("06", "12345678", Ok("12345678"));
        check("07", "usa110019900101", Ok("USA110019900101"));
        check(
            "07",
            "US1110019900101",
            Err(IdentityProblem::NotAPermanentResidence),
        );
        check(
            "07",
            "美国10019900101",
            Err(IdentityProblem::WrongLength { found: 13 }),
        );
        check("08", "E12345678", Ok("E12345678"));
        check("08", "", Err(IdentityProblem::Missing));
        check("08", "E1234-5678", Err(IdentityProblem::NotADocumentNumber));
        check(
            "99",
            "123456789012345678901",
            Err(IdentityProblem::NotADocumentNumber),
        );
        check(
            "99",
            "2.10102E+17",
            Err(IdentityProblem::SpreadsheetLostDigits),
        );
        assert_eq!("02".parse::<IdKind>(), Err(UnknownIdKind));
    }

    #[test]
    fn a_permanent_residence_of_2023_is_checked_like_a_resident_id() {
        let document = IdDocument::parse(IdKind::PermanentResidence, "911124198108030024").unwrap();
        assert_eq!(document.birth_date(), Some(jiff::civil::date(1981, 8, 3)));
        let passport = IdDocument::parse(IdKind::Passport, "911124198108030024").unwrap();
        assert_eq!(passport.birth_date(), None);
    }

    #[test]
    fn debug_and_errors_show_no_number() {
        let document = IdDocument::parse(IdKind::Passport, "E12345678").unwrap();
        assert_eq!(format!("{document:?}"), "IdDocument(08 E******78)");
        let bytes = minicbor::to_vec(&document).unwrap();
        assert_eq!(minicbor::decode::<IdDocument>(&bytes).unwrap(), document);
        let wrong = minicbor::to_vec((1_u8, "810000199408230022")).unwrap();
        let error = minicbor::decode::<IdDocument>(&wrong).unwrap_err();
        assert!(!error.to_string().contains("8100"), "{error}");
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(json, r#"{"kind":"08","number":"E12345678"}"#);
        assert_eq!(serde_json::from_str::<IdDocument>(&json).unwrap(), document);
    }
}
