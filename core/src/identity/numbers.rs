//! Numbers that other systems gave: opaque, with leading zeros, one type each (SIL-22).

use std::fmt;
use std::str::FromStr;

use super::{masked, parsed_text, unspaced};
use crate::message::Message;

const MAX_LENGTH: usize = 20;

/// Which number was read; none of them is ever bare on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// 个人编号
    Personal,
    /// 失业单位编号
    Unemployment,
    /// 养老单位编号
    Pension,
}

/// Why a text is not a number of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberProblem {
    /// Nothing stands there.
    #[error("no number ({0:?})")]
    Missing(NumberKind),
    /// More than 20 characters.
    #[error("a number has at most 20 characters ({0:?})")]
    TooLong(NumberKind),
    /// Something else than ASCII letters and digits.
    #[error("a number has letters and digits only ({0:?})")]
    NotLettersAndDigits(NumberKind),
}

impl NumberProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(NumberKind::Personal) => "personal_number.missing",
            Self::Missing(NumberKind::Unemployment) => "unemployment_number.missing",
            Self::Missing(NumberKind::Pension) => "pension_number.missing",
            Self::TooLong(NumberKind::Personal) => "personal_number.too_long",
            Self::TooLong(NumberKind::Unemployment) => "unemployment_number.too_long",
            Self::TooLong(NumberKind::Pension) => "pension_number.too_long",
            Self::NotLettersAndDigits(NumberKind::Personal) => {
                "personal_number.not_letters_and_digits"
            }
            Self::NotLettersAndDigits(NumberKind::Unemployment) => {
                "unemployment_number.not_letters_and_digits"
            }
            Self::NotLettersAndDigits(NumberKind::Pension) => {
                "pension_number.not_letters_and_digits"
            }
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::bare(self.code())
    }
}

macro_rules! opaque_numbers {
    ($($(#[$doc:meta])* $name:ident is $kind:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The number in clear, 1 to 20 ASCII letters and digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NumberProblem;

            /// Reads a number, blanks and full-width characters allowed; letters keep their case.
            fn from_str(text: &str) -> Result<Self, NumberProblem> {
                opaque(text, NumberKind::$kind).map(Self)
            }
        }

        parsed_text!($name);
    )*};
}

opaque_numbers! {
    /// A person's number at the insurance that gave it (个人编号). Some systems use the ID
    /// number for it, so `Debug` shows it masked; `Display` is in clear.
    PersonalNumber is Personal,
    /// A unit's number at unemployment insurance (失业单位编号).
    UnemploymentNumber is Unemployment,
    /// A unit's number at pension insurance (养老单位编号).
    PensionNumber is Pension,
}

impl PersonalNumber {
    /// The first 6 and the last 4 characters; of a short number less.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.0)
    }
}

impl fmt::Display for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonalNumber({})", self.masked())
    }
}

impl fmt::Display for UnemploymentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for UnemploymentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnemploymentNumber({self})")
    }
}

impl fmt::Display for PensionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PensionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PensionNumber({self})")
    }
}

fn opaque(text: &str, kind: NumberKind) -> Result<String, NumberProblem> {
    let number = unspaced(text);
    if number.is_empty() {
        return Err(NumberProblem::Missing(kind));
    }
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(NumberProblem::NotLettersAndDigits(kind));
    }
    if number.len() > MAX_LENGTH {
        return Err(NumberProblem::TooLong(kind));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_and_case_are_kept() {
        let number: UnemploymentNumber = " 00１2aB ".parse().unwrap();
        assert_eq!(number.as_str(), "0012aB");
        let bytes = minicbor::to_vec(&number).unwrap();
        assert_eq!(minicbor::decode::<String>(&bytes).unwrap(), "0012aB");
        assert_eq!(
            minicbor::decode::<UnemploymentNumber>(&bytes).unwrap(),
            number
        );
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        let check = |text: &str, code| {
            assert_eq!(
                text.parse::<PersonalNumber>().unwrap_err().code(),
                code,
                "{text}"
            );
        };
        check("", "personal_number.missing");
        check("12-34", "personal_number.not_letters_and_digits");
        check("编号", "personal_number.not_letters_and_digits");
        check("123456789012345678901", "personal_number.too_long");
    }

    #[test]
    fn debug_masks_a_personal_number() {
        let number: PersonalNumber = "810000199408230021".parse().unwrap();
        assert_eq!(format!("{number:?}"), "PersonalNumber(810000********0021)");
    }
}
