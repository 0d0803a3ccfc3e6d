//! The unified social credit code (统一社会信用代码, GB 32100), by which tax knows a unit.

use std::fmt;
use std::str::FromStr;

use super::{normalised, parsed_text};
use crate::message::Message;

/// The characters of a code by their value; I, O, S, V and Z are none.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];

/// A unified social credit code of 18 characters with a right check character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(String);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeProblem {
    /// Nothing stands there.
    #[error("no credit code")]
    Missing,
    /// Not 18 characters.
    #[error("{found} characters where a credit code has 18")]
    WrongLength {
        /// How many there are, blanks not counted.
        found: usize,
    },
    /// A character that no code has.
    #[error("a credit code has digits and capitals without I, O, S, V, Z; not {0:?}")]
    NotACharacter(char),
    /// The check character does not belong to the others.
    #[error("the check character is wrong")]
    WrongCheckDigit,
}

impl CreditCodeProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "credit_code.missing",
            Self::WrongLength { .. } => "credit_code.wrong_length",
            Self::NotACharacter(_) => "credit_code.not_a_character",
            Self::WrongCheckDigit => "credit_code.wrong_check_digit",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::WrongLength { found } => message.with("found", found),
            Self::NotACharacter(character) => message.with("character", character),
            Self::Missing | Self::WrongCheckDigit => message,
        }
    }
}

impl CreditCode {
    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CreditCode {
    type Err = CreditCodeProblem;

    /// Reads a code, blanks, full-width and lower-case characters allowed.
    fn from_str(text: &str) -> Result<Self, CreditCodeProblem> {
        let code = normalised(text);
        if code.is_empty() {
            return Err(CreditCodeProblem::Missing);
        }
        let found = code.chars().count();
        if found != 18 {
            return Err(CreditCodeProblem::WrongLength { found });
        }
        let values = code
            .chars()
            .map(|character| value(character).ok_or(CreditCodeProblem::NotACharacter(character)))
            .collect::<Result<Vec<u32>, _>>()?;
        let sum: u32 = values
            .iter()
            .zip(WEIGHTS)
            .map(|(value, weight)| value * weight)
            .sum();
        if values[17] == (31 - sum % 31) % 31 {
            Ok(Self(code))
        } else {
            Err(CreditCodeProblem::WrongCheckDigit)
        }
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreditCode({self})")
    }
}

parsed_text!(CreditCode);

fn value(character: char) -> Option<u32> {
    let place = CHARACTERS
        .iter()
        .position(|known| char::from(*known) == character)?;
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_credit_code_is_refused_by_name() {
        let check = |text: &str, problem| {
            assert_eq!(text.parse::<CreditCode>(), Err(problem), "{text}");
        };
        check("", CreditCodeProblem::Missing);
        check(
            "91350100M000100Y4",
            CreditCodeProblem::WrongLength { found: 17 },
        );
        check(
            "91350100M000100Y433",
            CreditCodeProblem::WrongLength { found: 19 },
        );
        check("9135O100M000100Y43", CreditCodeProblem::NotACharacter('O'));
        check(
            "91350100M000100Y4号",
            CreditCodeProblem::NotACharacter('号'),
        );
        check("91350100M000100Y44", CreditCodeProblem::WrongCheckDigit);
        check("91350100M000100Y34", CreditCodeProblem::WrongCheckDigit);
    }

    #[test]
    fn codes_are_read_in_the_forms_people_type() {
        let code: CreditCode = "91110108 551385082q".parse().unwrap();
        assert_eq!(code.as_str(), "91110108551385082Q");
        let bytes = minicbor::to_vec(&code).unwrap();
        assert_eq!(minicbor::decode::<CreditCode>(&bytes).unwrap(), code);
    }
}
