//! The one-time code a person types: it pins the centre's root and carries a secret.

use std::fmt;
use std::str::FromStr;

use super::secret_hash;
use crate::certificate::RootHash;
use crate::signing::hash_parts;

/// Crockford's alphabet: no I, L, O or U, so that a code read aloud is not mistaken.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What a code begins with; the number is its version.
const PREFIX: &str = "CB1";
/// The bytes behind the prefix: root hash, secret, check.
const BYTES: usize = 16 + 16 + 3;
/// Their characters, five bits each.
const CHARACTERS: usize = BYTES * 8 / 5;
/// The characters between two dashes.
const GROUP: usize = 8;
/// The longest text looked at, with any spaces and dashes a person puts in.
const MAX_TEXT: usize = 200;

/// A one-time code of enrolment, shown as `CB1-` and seven groups of eight characters.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// The hash that pins the centre's root.
    pub root: RootHash,
    /// What the centre knows by its hash only.
    pub secret: [u8; 16],
}

/// Why a text is no enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It does not begin as a code does, or is too long or too short.
    #[error("this is not an enrolment code")]
    NotACode,
    /// A code of a later version.
    #[error("the code is of a kind this program does not know yet")]
    NewerVersion,
    /// A character no code has, or characters that do not belong together.
    #[error("the code is mistyped")]
    Mistyped,
}

impl CodeError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotACode => "enrolment.not_a_code",
            Self::NewerVersion => "enrolment.code_newer",
            Self::Mistyped => "enrolment.code_mistyped",
        }
    }
}

impl EnrolmentCode {
    /// The hash by which the centre knows the secret.
    #[must_use]
    pub fn secret_hash(&self) -> [u8; 32] {
        secret_hash(&self.secret)
    }

    fn check(&self) -> [u8; 3] {
        let hash = hash_parts("canbao/enrolment-code/1", &[&self.root.0, &self.secret]);
        [hash[0], hash[1], hash[2]]
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        let bytes = [&self.root.0[..], &self.secret, &self.check()].concat();
        for (place, character) in to_base32(&bytes).into_iter().enumerate() {
            if place % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(character))?;
        }
        Ok(())
    }
}

impl fmt::Debug for EnrolmentCode {
    /// The root alone: the secret authorises.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentCode")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl FromStr for EnrolmentCode {
    type Err = CodeError;

    /// Reads a code as typed: in any case, with or without dashes and spaces, with the letters
    /// I, L and O for the digits they resemble.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        if text.len() > MAX_TEXT {
            return Err(CodeError::NotACode);
        }
        let typed: String = text
            .chars()
            .filter(|it| !it.is_whitespace() && *it != '-')
            .map(|it| it.to_ascii_uppercase())
            .collect();
        let rest = typed.strip_prefix("CB").ok_or(CodeError::NotACode)?;
        let Some(characters) = rest.strip_prefix(['1', 'I', 'L']) else {
            let numbered = rest.starts_with(|it: char| it.is_ascii_digit());
            return Err(if numbered {
                CodeError::NewerVersion
            } else {
                CodeError::NotACode
            });
        };
        if characters.chars().count() != CHARACTERS {
            return Err(CodeError::NotACode);
        }
        let bytes = from_base32(characters).ok_or(CodeError::Mistyped)?;
        let mut code = Self {
            root: RootHash([0; 16]),
            secret: [0; 16],
        };
        code.root.0.copy_from_slice(&bytes[..16]);
        code.secret.copy_from_slice(&bytes[16..32]);
        if code.check() == bytes[32..] {
            Ok(code)
        } else {
            Err(CodeError::Mistyped)
        }
    }
}

/// Five bits a character; the length is a multiple of five bytes.
fn to_base32(bytes: &[u8]) -> Vec<u8> {
    let mut characters = Vec::with_capacity(bytes.len() * 8 / 5);
    for block in bytes.chunks(5) {
        let bits = block
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            characters.push(ALPHABET[(bits >> (5 * place) & 31) as usize]);
        }
    }
    characters
}

fn from_base32(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let values = text.chars().map(value_of).collect::<Option<Vec<u64>>>()?;
    for (block, values) in bytes.chunks_mut(5).zip(values.chunks(8)) {
        let bits = values.iter().fold(0_u64, |bits, value| bits << 5 | value);
        block.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

fn value_of(character: char) -> Option<u64> {
    let meant = match character {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|it| char::from(*it) == meant)
        .map(|it| it as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::SigningKey;

    fn code() -> EnrolmentCode {
        EnrolmentCode {
            root: RootHash::of(&SigningKey::from_seed([1; 32]).public()),
            secret: *b"sixteen of those",
        }
    }

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let shown = code().to_string();
        assert!(shown.starts_with("CB1-"));
        assert_eq!(shown.len(), 3 + 7 * 9);
        let typed = [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            shown.replace('1', "l").replace('0', "o"),
        ];
        for typed in typed {
            assert_eq!(typed.parse(), Ok(code()), "{typed}");
        }
    }

    #[test]
    fn every_slip_of_one_character_is_named() {
        let shown = code().to_string();
        for place in 4..shown.len() {
            let mut slipped = shown.clone().into_bytes();
            if slipped[place] == b'-' {
                continue;
            }
            slipped[place] = if slipped[place] == b'7' { b'8' } else { b'7' };
            let slipped = String::from_utf8(slipped).unwrap();
            assert_eq!(
                slipped.parse::<EnrolmentCode>(),
                Err(CodeError::Mistyped),
                "{slipped}"
            );
        }
        for (text, error) in [
            ("", CodeError::NotACode),
            ("CB1-", CodeError::NotACode),
            ("CB2-00000000", CodeError::NewerVersion),
            (&shown[..shown.len() - 1], CodeError::NotACode),
            (&shown.replace(&shown[10..11], "U"), CodeError::Mistyped),
            (&"参".repeat(60), CodeError::NotACode),
        ] {
            assert_eq!(text.parse::<EnrolmentCode>(), Err(error), "{text}");
        }
    }
}
