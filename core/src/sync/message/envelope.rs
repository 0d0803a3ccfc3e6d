//! `[kind, body]`: how every message is written and read, and why bytes are none.

use minicbor::{Decode, Decoder, Encode, Encoder};

use super::MAX_DETAIL;
use crate::refusal::RefusalName;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not the CBOR that the kind asks for.
    #[error("a malformed message: {0}")]
    Malformed(String),
    /// A part is longer than it may be.
    #[error("a message whose {part} is too long")]
    PartTooLong {
        /// Which part.
        part: &'static str,
    },
}

impl MessageError {
    /// The name of this error for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&MessageError> for RefusalName {
    fn from(error: &MessageError) -> Self {
        match error {
            MessageError::Malformed(_) => Self::SyncMalformed,
            MessageError::PartTooLong { .. } => Self::SyncPartTooLong,
        }
    }
}

impl From<minicbor::decode::Error> for MessageError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed(cut(&error.to_string(), MAX_DETAIL))
    }
}

/// The bytes of `[kind, body]`.
pub(in crate::sync) fn envelope<T: Encode<()>>(kind: u64, body: &T) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .array(2)
        .and_then(|encoder| encoder.u64(kind))
        .and_then(|encoder| encoder.encode(body))
        .expect("writing to a Vec does not fail");
    encoder.into_writer()
}

/// Kind and body of `[kind, body]`; the body is not looked at.
pub(in crate::sync) fn open_envelope(bytes: &[u8]) -> Result<(u64, &[u8]), MessageError> {
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(2) {
        return Err(MessageError::Malformed("not [kind, body]".to_owned()));
    }
    let kind = decoder.u64()?;
    Ok((kind, &bytes[decoder.position()..]))
}

/// Reads a body that must fill its bytes.
pub(in crate::sync) fn read<'b, T: Decode<'b, ()>>(body: &'b [u8]) -> Result<T, MessageError> {
    let mut decoder = Decoder::new(body);
    let value = decoder.decode()?;
    if decoder.position() != body.len() {
        return Err(MessageError::Malformed(
            "bytes after the message".to_owned(),
        ));
    }
    Ok(value)
}

pub(in crate::sync) fn bound(
    part: &'static str,
    length: usize,
    most: usize,
) -> Result<(), MessageError> {
    if length > most {
        Err(MessageError::PartTooLong { part })
    } else {
        Ok(())
    }
}

/// The longest start of `text` of at most `most` bytes that ends between characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}
