//! Messages of enrolment: the server shows its chain first, then the device asks.
//!
//! The server speaks first, so that a device which finds another root than its code names has
//! not told the stranger anything. What the bytes mean is known to [`crate::identity`].

use minicbor::{Decode, Encode};

use super::frame;
use super::message::{MessageError, Refusal, bound, envelope, open_envelope, read};

/// Most bytes of a chain, a request or an answer.
pub const MAX_ENROLMENT: usize = 64 * 1024;

const OFFER: u64 = 1;
const REQUEST: u64 = 2;
const ANSWER: u64 = 3;
const REFUSED: u64 = 4;

/// A message of enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrolmentMessage {
    /// Server to device, first: the chain from the root to the server's key.
    Offer {
        /// The chain's bytes.
        chain: Vec<u8>,
    },
    /// Device to server: code and keys.
    Request(Vec<u8>),
    /// Server to device: the certificates.
    Answer(Vec<u8>),
    /// Server to device: not enrolled, and why.
    Refused(Refusal),
}

/// Opaque bytes as a body.
#[derive(Encode, Decode)]
struct Opaque(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>);

impl EnrolmentMessage {
    /// The frames of this message.
    ///
    /// # Errors
    /// [`MessageError::PartTooLong`] when the bytes exceed [`MAX_ENROLMENT`].
    pub fn encode(&self) -> Result<Vec<Vec<u8>>, MessageError> {
        self.within_bounds()?;
        let bytes = match self {
            Self::Offer { chain } => envelope(OFFER, &Opaque(chain.clone())),
            Self::Request(bytes) => envelope(REQUEST, &Opaque(bytes.clone())),
            Self::Answer(bytes) => envelope(ANSWER, &Opaque(bytes.clone())),
            Self::Refused(refusal) => envelope(REFUSED, refusal),
        };
        Ok(frame::encode(&bytes).expect("64 KiB fit a message"))
    }

    /// Reads a message that came out of a [`frame::FrameDecoder`].
    ///
    /// # Errors
    /// [`MessageError`]; an unknown kind is malformed here, since nothing can go on without it.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let (kind, body) = open_envelope(bytes)?;
        let message = match kind {
            OFFER => Self::Offer {
                chain: read::<Opaque>(body)?.0,
            },
            REQUEST => Self::Request(read::<Opaque>(body)?.0),
            ANSWER => Self::Answer(read::<Opaque>(body)?.0),
            REFUSED => Self::Refused(read(body)?),
            kind => return Err(MessageError::Malformed(format!("enrolment kind {kind}"))),
        };
        message.within_bounds()?;
        Ok(message)
    }

    fn within_bounds(&self) -> Result<(), MessageError> {
        match self {
            Self::Offer { chain: bytes } | Self::Request(bytes) | Self::Answer(bytes) => {
                bound("enrolment", bytes.len(), MAX_ENROLMENT)
            }
            Self::Refused(refusal) => refusal.within_bounds(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::RefusalName;
    use crate::sync::frame::{Decoded, FrameDecoder};

    #[track_caller]
    fn check(message: &EnrolmentMessage) {
        let mut decoder = FrameDecoder::default();
        for frame in message.encode().unwrap() {
            decoder.push(&frame).unwrap();
        }
        let Some(Decoded::Message(bytes)) = decoder.next_message().unwrap() else {
            panic!("no message")
        };
        assert_eq!(EnrolmentMessage::decode(&bytes).as_ref(), Ok(message));
    }

    #[test]
    fn messages_read_back_what_they_write() {
        check(&EnrolmentMessage::Offer {
            chain: vec![1, 2, 3],
        });
        check(&EnrolmentMessage::Request(vec![9; MAX_ENROLMENT]));
        check(&EnrolmentMessage::Answer(Vec::new()));
        let refusal = Refusal::new(RefusalName::EnrolmentCodeUsed, "");
        check(&EnrolmentMessage::Refused(refusal));
    }

    #[test]
    fn a_request_beyond_the_bound_is_not_sent_or_read() {
        let large = EnrolmentMessage::Request(vec![0; MAX_ENROLMENT + 1]);
        assert_eq!(
            large.encode(),
            Err(MessageError::PartTooLong { part: "enrolment" })
        );
        let bytes = envelope(REQUEST, &Opaque(vec![0; MAX_ENROLMENT + 1]));
        assert!(EnrolmentMessage::decode(&bytes).is_err());
    }
}
