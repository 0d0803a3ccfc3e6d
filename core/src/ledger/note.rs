//! Signed notes (C2SP signed-note): a text with signature lines below it.
//!
//! Our own signatures are Ed25519 over the text's bytes, without a domain of ours, so that other
//! people's programs verify them; the log's key therefore signs nothing but checkpoints.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ring::digest;

use super::parse_base64;
use crate::signing::{PublicKey, SigningKey};

/// The longest note that is read, in bytes. A checkpoint is under 200; the rest is for
/// cosignatures.
pub const MAX_NOTE_BYTES: usize = 16 * 1024;

/// The most signatures that are read; the specification asks for at least this many.
pub const MAX_SIGNATURES: usize = 16;

/// The signature type of plain Ed25519 in key ids and verifier keys.
const ED25519: u8 = 1;

/// The longest key name that is read, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// What starts a signature line: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// The name of a key, which for a log is also its origin, such as `log.example.com/shenyang`.
///
/// Not empty, at most 255 bytes, and without spaces, plus signs or control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// A key that verifies signed notes, with the name under which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    key: PublicKey,
    id: [u8; 4],
}

/// A note as read or signed. Whether any signature holds is known only after
/// [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: KeyName,
    id: [u8; 4],
    signature: Vec<u8>,
}

/// Why a note, a key name or a verifier key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than [`MAX_NOTE_BYTES`].
    #[error("the note is longer than {MAX_NOTE_BYTES} bytes")]
    TooLarge,
    /// Not UTF-8, or with a control character other than the newline.
    #[error("the note is not plain text")]
    NotText,
    /// No text ending in a newline, or no blank line between text and signatures.
    #[error("the note has no text, or no blank line before its signatures")]
    NoSignatures,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A line below the text is not a signature line.
    #[error("signature line {line} is malformed")]
    BadSignatureLine {
        /// Counted from 1.
        line: usize,
    },
    /// Not a [`KeyName`].
    #[error("the key's name is malformed")]
    BadName,
    /// Not a verifier key, or its hash is not that of its name and key.
    #[error("the verifier key is malformed")]
    BadKey,
    /// None of the signatures is by this key.
    #[error("the note is not signed by this key")]
    WrongKey,
    /// A signature that names this key does not hold.
    #[error("the note's signature does not hold")]
    BadSignature,
}

impl NoteError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "note.too_large",
            Self::NotText => "note.not_text",
            Self::NoSignatures => "note.no_signatures",
            Self::TooManySignatures => "note.too_many_signatures",
            Self::BadSignatureLine { .. } => "note.bad_signature_line",
            Self::BadName => "note.bad_name",
            Self::BadKey => "note.bad_key",
            Self::WrongKey => "note.wrong_key",
            Self::BadSignature => "note.bad_signature",
        }
    }
}

impl SignedNote {
    /// Signs `text`, which must end in a newline, under a name.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::NotText`], [`NoteError::NoSignatures`]: a text that
    /// could not be read back.
    pub fn sign(text: String, name: &KeyName, key: &SigningKey) -> Result<Self, NoteError> {
        let verifier = VerifierKey::new(name.clone(), key.public());
        let signature = key.sign_bare(text.as_bytes()).0.to_vec();
        let signature = NoteSignature {
            name: name.clone(),
            id: verifier.id,
            signature,
        };
        let note = Self {
            text,
            signatures: vec![signature],
        };
        // A text without its last newline may read back as another note, or as none.
        if Self::parse(note.to_string().as_bytes())? == note {
            Ok(note)
        } else {
            Err(NoteError::NotText)
        }
    }

    /// Reads a note. What is read is shown again byte for byte.
    ///
    /// # Errors
    /// [`NoteError`], all but the last two.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::NotText);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let signature = NoteSignature::parse(line);
            signatures.push(signature.ok_or(NoteError::BadSignatureLine { line: at + 1 })?);
        }
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }

    /// Whether a signature line names this key. Says nothing about the signature.
    #[must_use]
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.signatures.iter().any(|signature| signature.is_by(key))
    }

    /// The text, if this key signed it. Other keys' signatures are ignored; every one that names
    /// this key must hold.
    ///
    /// # Errors
    /// [`NoteError::WrongKey`], [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        if !self.names(key) {
            return Err(NoteError::WrongKey);
        }
        for signature in self
            .signatures
            .iter()
            .filter(|signature| signature.is_by(key))
        {
            key.key
                .verify_bare(self.text.as_bytes(), &signature.signature)
                .map_err(|_| NoteError::BadSignature)?;
        }
        Ok(&self.text)
    }

    /// The text, whoever signed it: for naming what was found, never for believing it.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [line.id.as_slice(), &line.signature].concat();
            writeln!(f, "{SIGNATURE_MARK}{} {}", line.name, BASE64.encode(&bytes))?;
        }
        Ok(())
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let bytes = parse_base64(bytes)?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self {
            name: name.parse().ok()?,
            id: *id,
            signature: signature.to_vec(),
        })
    }

    fn is_by(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id
    }
}

impl VerifierKey {
    /// The key that verifies notes signed under `name`.
    #[must_use]
    pub fn new(name: KeyName, key: PublicKey) -> Self {
        let typed = [name.0.as_bytes(), b"\n", &[ED25519], &key.0].concat();
        let mut id = [0; 4];
        id.copy_from_slice(&digest::digest(&digest::SHA256, &typed).as_ref()[..4]);
        Self { name, key, id }
    }

    /// The name under which the key signs; for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key itself.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// `name+hash+key`: the key id in hexadecimal, then type and key in base64.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [[ED25519].as_slice(), &self.key.0].concat();
        write!(
            f,
            "{}+{}+{}",
            self.name,
            HEXLOWER.encode(&self.id),
            BASE64.encode(&typed)
        )
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let parts: Vec<_> = text.splitn(3, '+').collect();
        let [name, _, typed] = parts[..] else {
            return Err(NoteError::BadKey);
        };
        let name = name.parse().map_err(|_| NoteError::BadKey)?;
        let typed = BASE64
            .decode(typed.as_bytes())
            .map_err(|_| NoteError::BadKey)?;
        let [ED25519, key @ ..] = &typed[..] else {
            return Err(NoteError::BadKey);
        };
        let key = key.try_into().map_err(|_| NoteError::BadKey)?;
        let verifier = Self::new(name, PublicKey(key));
        // Comparing the whole text checks the key's hash and every byte's spelling at once.
        if verifier.to_string() == text {
            Ok(verifier)
        } else {
            Err(NoteError::BadKey)
        }
    }
}

impl FromStr for KeyName {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
        if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoteError::BadName)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "one line\n\nand another\n";

    fn signer() -> (KeyName, SigningKey, VerifierKey) {
        let (name, key) = (
            "log.example/a".parse::<KeyName>().unwrap(),
            SigningKey::from_seed([3; 32]),
        );
        let verifier = VerifierKey::new(name.clone(), key.public());
        (name, key, verifier)
    }

    fn signed() -> SignedNote {
        let (name, key, _) = signer();
        SignedNote::sign(TEXT.to_owned(), &name, &key).unwrap()
    }

    #[test]
    fn a_signed_note_reads_back_and_verifies() {
        let (_, _, verifier) = signer();
        let note = SignedNote::parse(signed().to_string().as_bytes()).unwrap();
        assert_eq!(note, signed());
        assert_eq!(note.verify(&verifier), Ok(TEXT));
    }

    #[test]
    fn a_note_by_another_key_or_under_another_name_is_refused_by_name() {
        let (name, key, _) = signer();
        let other_key = VerifierKey::new(name, SigningKey::from_seed([4; 32]).public());
        let other_name = VerifierKey::new("log.example/b".parse().unwrap(), key.public());
        for other in [other_key, other_name] {
            assert_eq!(signed().verify(&other), Err(NoteError::WrongKey));
        }
        let (_, _, verifier) = signer();
        let altered = signed().to_string().replace("another", "altered");
        let altered = SignedNote::parse(altered.as_bytes()).unwrap();
        assert_eq!(altered.verify(&verifier), Err(NoteError::BadSignature));
    }

    #[test]
    fn foreign_signatures_are_ignored_and_every_own_one_must_hold() {
        let (_, _, verifier) = signer();
        let line = format!("\u{2014} witness.example {}\n", BASE64.encode(&[9; 72]));
        let cosigned = SignedNote::parse(format!("{}{line}", signed()).as_bytes()).unwrap();
        assert_eq!(cosigned.verify(&verifier), Ok(TEXT));
        let forged = [verifier.id.as_slice(), &[0; 64]].concat();
        let line = format!("\u{2014} log.example/a {}\n", BASE64.encode(&forged));
        let doubled = SignedNote::parse(format!("{}{line}", signed()).as_bytes()).unwrap();
        assert_eq!(doubled.verify(&verifier), Err(NoteError::BadSignature));
    }

    #[test]
    fn malformed_notes_are_refused_by_name() {
        let good = signed().to_string();
        let check = |note: &str, expected: NoteError| {
            assert_eq!(
                SignedNote::parse(note.as_bytes()),
                Err(expected),
                "{note:?}"
            );
        };
        check("", NoteError::NoSignatures);
        check("text\n", NoteError::NoSignatures);
        check(&good[..good.len() - 1], NoteError::NoSignatures);
        check(&good.replace('\n', "\r\n"), NoteError::NotText);
        check(&good.replace("one", "o\0e"), NoteError::NotText);
        check("text\n\n\n", NoteError::NoSignatures);
        check(&format!("{good}\n"), NoteError::NoSignatures);
        check(
            &format!("{good}more\n"),
            NoteError::BadSignatureLine { line: 2 },
        );
        check(
            &good.replace('\u{2014}', "-"),
            NoteError::BadSignatureLine { line: 1 },
        );
        check(
            "t\n\n\u{2014} name AAAAAA==\n",
            NoteError::BadSignatureLine { line: 1 },
        );
        check(
            "t\n\n\u{2014} na+me AAAAAAA=\n",
            NoteError::BadSignatureLine { line: 1 },
        );
        check(
            "t\n\n\u{2014}  AAAAAAA=\n",
            NoteError::BadSignatureLine { line: 1 },
        );
        check(
            "t\n\n\u{2014} name AAAAAAB=\n",
            NoteError::BadSignatureLine { line: 1 },
        );
        check(
            "t\n\n\u{2014} name AAAAAAA= \n",
            NoteError::BadSignatureLine { line: 1 },
        );
        let line = "\u{2014} name AAAAAAA=\n";
        assert!(SignedNote::parse(format!("t\n\n{}", line.repeat(16)).as_bytes()).is_ok());
        check(
            &format!("t\n\n{}", line.repeat(17)),
            NoteError::TooManySignatures,
        );
        check(&"x".repeat(MAX_NOTE_BYTES + 1), NoteError::TooLarge);
        assert_eq!(SignedNote::parse(b"t\xff\n\n"), Err(NoteError::NotText));
    }

    #[test]
    fn a_text_that_could_not_be_read_back_is_not_signed() {
        let (name, key, _) = signer();
        let sign = |text: &str| SignedNote::sign(text.to_owned(), &name, &key);
        assert_eq!(sign("a\tb\n"), Err(NoteError::NotText));
        assert_eq!(sign(&"x".repeat(MAX_NOTE_BYTES)), Err(NoteError::TooLarge));
        assert_eq!(sign("no newline"), Err(NoteError::NoSignatures));
        assert_eq!(sign(""), Err(NoteError::NoSignatures));
        let another_note = signed().to_string();
        assert_eq!(sign(another_note.trim_end()), Err(NoteError::NotText));
    }

    #[test]
    fn a_verifier_key_reads_back_in_one_spelling_only() {
        let (_, _, verifier) = signer();
        let text = verifier.to_string();
        assert_eq!(text.parse(), Ok(verifier.clone()));
        let hash = HEXLOWER.encode(&verifier.id);
        let typed = |bytes: &[u8]| format!("log.example/a+{hash}+{}", BASE64.encode(bytes));
        for bad in [
            String::new(),
            text[1..].to_owned(),
            text[..text.len() - 1].to_owned(),
            format!("{text}\n"),
            text.replace(&hash, "00000000"),
            text.replace(&hash, &format!("+{hash}")),
            text.replace("example/a", "example/b"),
            text.replace("example/a", "example a"),
            typed(&[&[2], verifier.key.0.as_slice()].concat()),
            typed(&[&[1], &verifier.key.0[1..]].concat()),
            typed(&[]),
        ] {
            assert_eq!(
                bad.parse::<VerifierKey>(),
                Err(NoteError::BadKey),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn key_names_have_no_spaces_or_plus_signs() {
        for bad in [
            "",
            " ",
            "a b",
            "a+b",
            "a\nb",
            "a\u{3000}b",
            "a\u{7f}",
            &"x".repeat(256),
        ] {
            assert_eq!(bad.parse::<KeyName>(), Err(NoteError::BadName), "{bad:?}");
        }
        assert!("参保.example/日志".parse::<KeyName>().is_ok());
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_again_byte_for_byte(
            text in "[a-z\n\u{2014} =+]{0,40}",
            tail in "(\n\u{2014} [a-z]{1,3} (AAAAAAA=|AAAAAQE=|AAAA)\n?){0,3}",
        ) {
            let bytes = format!("{text}\n{tail}");
            if let Ok(note) = SignedNote::parse(bytes.as_bytes()) {
                prop_assert_eq!(note.to_string(), bytes);
            }
        }

        #[test]
        fn no_altered_byte_of_a_note_goes_unnoticed(
            at in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let (_, _, verifier) = signer();
            let mut bytes = signed().to_string().into_bytes();
            *at.get_mut(&mut bytes) ^= 1 << bit;
            let read = SignedNote::parse(&bytes);
            prop_assert!(read.and_then(|note| note.verify(&verifier).map(drop)).is_err());
        }
    }
}
