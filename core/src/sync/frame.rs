//! Frames: how a message of any length travels in bounded pieces.
//!
//! `[u32 length of the rest][u8 version][u8 flags][bytes]`, big endian, at most 64 KiB in all.
//! The length prefix is the same in every version, so that a frame of a newer version can be
//! stepped over and named instead of breaking the session.

use crate::refusal::RefusalName;

/// The frame version this program writes and reads.
pub const FRAME_VERSION: u8 = 1;

/// Most bytes of a frame, its length prefix included.
pub const MAX_FRAME: usize = 64 * 1024;

/// Most bytes of a message, before compression and after.
pub const MAX_MESSAGE: usize = 1024 * 1024;

const PREFIX: usize = 4;
const HEADER: usize = PREFIX + 2;
const MAX_PAYLOAD: usize = MAX_FRAME - HEADER;
const MAX_BUFFERED: usize = 2 * MAX_MESSAGE;

const COMPRESSED: u8 = 0b01;
const MORE_FOLLOWS: u8 = 0b10;

/// Below this many bytes compression only costs time.
const WORTH_COMPRESSING: usize = 128;

/// Why bytes are not frames of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A frame declares more bytes than any frame has.
    #[error("a frame of {declared} bytes")]
    FrameTooLarge {
        /// The declared length.
        declared: u32,
    },
    /// A frame has no room for version and flags, or announces more and carries nothing.
    #[error("a frame without content")]
    FrameTooShort,
    /// Version 0 was never written.
    #[error("a frame of version 0")]
    UnknownVersion,
    /// A flag that this version does not define.
    #[error("unknown frame flags {flags:#010b}")]
    UnknownFlags {
        /// All flags of the frame.
        flags: u8,
    },
    /// The frames of one message do not agree whether it is compressed.
    #[error("the frames of one message disagree")]
    MixedMessage,
    /// A message, or what a compressed one declares, is larger than any message.
    #[error("a message of {length} bytes")]
    MessageTooLarge {
        /// Its length as far as known.
        length: usize,
    },
    /// A compressed message does not decompress to the length it declares.
    #[error("a message that does not decompress")]
    BadCompression,
    /// More bytes were pushed than a session may hold; the driver read ahead.
    #[error("more than {MAX_BUFFERED} bytes waiting")]
    Overrun,
}

impl FrameError {
    /// The name of this error for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&FrameError> for RefusalName {
    fn from(error: &FrameError) -> Self {
        match error {
            FrameError::FrameTooLarge { .. } => Self::SyncFrameTooLarge,
            FrameError::FrameTooShort => Self::SyncFrameTooShort,
            FrameError::UnknownVersion => Self::SyncFrameVersion,
            FrameError::UnknownFlags { .. } => Self::SyncFrameFlags,
            FrameError::MixedMessage => Self::SyncFrameMixed,
            FrameError::MessageTooLarge { .. } => Self::SyncMessageTooLarge,
            FrameError::BadCompression => Self::SyncBadCompression,
            FrameError::Overrun => Self::SyncOverrun,
        }
    }
}

/// What came out of the frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A whole message.
    Message(Vec<u8>),
    /// A frame of a newer version, stepped over.
    Newer {
        /// Its version.
        version: u8,
    },
}

/// Cuts a message into frames, compressed where that makes it smaller.
///
/// # Errors
/// [`FrameError::MessageTooLarge`].
pub fn encode(message: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
    if message.len() > MAX_MESSAGE {
        return Err(FrameError::MessageTooLarge {
            length: message.len(),
        });
    }
    let compressed = compress(message);
    let (body, flags) = match &compressed {
        Some(body) => (body.as_slice(), COMPRESSED),
        None => (message, 0),
    };
    let pieces = body.len().div_ceil(MAX_PAYLOAD).max(1);
    let frames = (0..pieces).map(|piece| {
        let start = piece * MAX_PAYLOAD;
        let payload = &body[start..body.len().min(start + MAX_PAYLOAD)];
        let more = if piece + 1 < pieces { MORE_FOLLOWS } else { 0 };
        frame(flags | more, payload)
    });
    Ok(frames.collect())
}

/// Puts frames together again from a stream cut anywhere.
///
/// It holds at most what was pushed and not read, and one message.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    read: usize,
    open: Option<OpenMessage>,
}

#[derive(Debug)]
struct OpenMessage {
    compressed: bool,
    body: Vec<u8>,
}

impl FrameDecoder {
    /// Adds bytes as they came from the stream.
    ///
    /// # Errors
    /// [`FrameError::Overrun`] when the driver pushes without reading.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        self.buffer.drain(..self.read);
        self.read = 0;
        if self.buffer.len() + bytes.len() > MAX_BUFFERED {
            return Err(FrameError::Overrun);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next message, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// Any [`FrameError`]; the stream cannot be read on after one.
    pub fn next_message(&mut self) -> Result<Option<Decoded>, FrameError> {
        while let Some(Split {
            version,
            flags,
            payload,
        }) = split_frame(&self.buffer[self.read..])?
        {
            self.read += HEADER + payload.len();
            if version > FRAME_VERSION {
                return Ok(Some(Decoded::Newer { version }));
            }
            let (compressed, last) = read_flags(version, flags, payload)?;
            let open = self.open.get_or_insert_with(|| OpenMessage {
                compressed,
                body: Vec::new(),
            });
            if open.compressed != compressed {
                return Err(FrameError::MixedMessage);
            }
            let length = open.body.len() + payload.len();
            if length > MAX_MESSAGE {
                return Err(FrameError::MessageTooLarge { length });
            }
            open.body.extend_from_slice(payload);
            if last {
                return self.open.take().map(OpenMessage::finish).transpose();
            }
        }
        Ok(None)
    }
}

impl OpenMessage {
    fn finish(self) -> Result<Decoded, FrameError> {
        let message = if self.compressed {
            decompress(&self.body)?
        } else {
            self.body
        };
        Ok(Decoded::Message(message))
    }
}

/// A whole frame of any version.
struct Split<'b> {
    version: u8,
    flags: u8,
    payload: &'b [u8],
}

/// The frame at the start, or `None` when it is not whole yet.
fn split_frame(bytes: &[u8]) -> Result<Option<Split<'_>>, FrameError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    let declared = u32::from_be_bytes(*prefix);
    let length = usize::try_from(declared).unwrap_or(usize::MAX);
    if length > MAX_FRAME - PREFIX {
        return Err(FrameError::FrameTooLarge { declared });
    }
    if length < HEADER - PREFIX {
        return Err(FrameError::FrameTooShort);
    }
    let frame = rest.get(..length);
    Ok(frame.map(|frame| Split {
        version: frame[0],
        flags: frame[1],
        payload: &frame[2..],
    }))
}

/// Whether the message is compressed, and whether this frame is its last.
fn read_flags(version: u8, flags: u8, payload: &[u8]) -> Result<(bool, bool), FrameError> {
    if version < FRAME_VERSION {
        return Err(FrameError::UnknownVersion);
    }
    if flags & !(COMPRESSED | MORE_FOLLOWS) != 0 {
        return Err(FrameError::UnknownFlags { flags });
    }
    let last = flags & MORE_FOLLOWS == 0;
    if !last && payload.is_empty() {
        return Err(FrameError::FrameTooShort);
    }
    Ok((flags & COMPRESSED != 0, last))
}

fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER - PREFIX + payload.len()).expect("a frame is 64 KiB");
    let mut frame = Vec::with_capacity(HEADER + payload.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[FRAME_VERSION, flags]);
    frame.extend_from_slice(payload);
    frame
}

/// `[u32 plain length][zstd frame]`, when that is shorter than the message.
fn compress(message: &[u8]) -> Option<Vec<u8>> {
    if message.len() < WORTH_COMPRESSING {
        return None;
    }
    let packed = zstd::bulk::compress(message, zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    if PREFIX + packed.len() >= message.len() {
        return None;
    }
    let length = u32::try_from(message.len()).expect("a message is 1 MiB");
    Some([length.to_be_bytes().as_slice(), &packed].concat())
}

/// The declared length bounds what is allocated and what the decompressor may write.
fn decompress(body: &[u8]) -> Result<Vec<u8>, FrameError> {
    let (prefix, packed) = body
        .split_first_chunk::<PREFIX>()
        .ok_or(FrameError::BadCompression)?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).unwrap_or(usize::MAX);
    if length > MAX_MESSAGE {
        return Err(FrameError::MessageTooLarge { length });
    }
    match zstd::bulk::decompress(packed, length) {
        Ok(message) if message.len() == length => Ok(message),
        Ok(_) | Err(_) => Err(FrameError::BadCompression),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Vec<Decoded>, FrameError> {
        let mut decoder = FrameDecoder::default();
        decoder.push(bytes)?;
        std::iter::from_fn(|| decoder.next_message().transpose()).collect()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..length).map(step).collect()
    }

    #[track_caller]
    fn check_round_trip(message: Vec<u8>, frames: usize) {
        let encoded = encode(&message).unwrap();
        assert_eq!(encoded.len(), frames);
        assert!(encoded.iter().all(|frame| frame.len() <= MAX_FRAME));
        assert_eq!(
            decode(&encoded.concat()),
            Ok(vec![Decoded::Message(message)])
        );
    }

    #[track_caller]
    fn check_refused(bytes: &[u8], code: &str) {
        assert_eq!(decode(bytes).unwrap_err().code(), code);
    }

    #[test]
    fn messages_of_every_size_come_back() {
        check_round_trip(Vec::new(), 1);
        check_round_trip(vec![1], 1);
        check_round_trip(noise(MAX_PAYLOAD), 1);
        check_round_trip(noise(MAX_PAYLOAD + 1), 2);
        check_round_trip(noise(MAX_MESSAGE), 17);
        check_round_trip(vec![0; MAX_MESSAGE], 1);
        let length = MAX_MESSAGE + 1;
        assert_eq!(
            encode(&noise(length)),
            Err(FrameError::MessageTooLarge { length })
        );
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_messages() {
        let messages = [vec![7; 300], noise(70_000), Vec::new()];
        let stream: Vec<u8> = messages
            .iter()
            .flat_map(|m| encode(m).unwrap().concat())
            .collect();
        for piece in [1, 5, 6, 7, 4_096] {
            let mut decoder = FrameDecoder::default();
            let mut decoded = Vec::new();
            for bytes in stream.chunks(piece) {
                decoder.push(bytes).unwrap();
                while let Some(message) = decoder.next_message().unwrap() {
                    decoded.push(message);
                }
            }
            assert_eq!(decoded, messages.clone().map(Decoded::Message));
        }
    }

    #[test]
    fn hostile_frames_are_refused_by_name() {
        check_refused(&[0xff; 6], "sync.frame_too_large");
        check_refused(&[0, 0, 0, 1, 1], "sync.frame_too_short");
        check_refused(&[0, 0, 0, 2, 1, MORE_FOLLOWS], "sync.frame_too_short");
        check_refused(&[0, 0, 0, 2, 0, 0], "sync.frame_version");
        check_refused(&[0, 0, 0, 2, 1, 4], "sync.frame_flags");
        let mixed = [frame(MORE_FOLLOWS, &[1]), frame(COMPRESSED, &[1])].concat();
        check_refused(&mixed, "sync.frame_mixed");
        check_refused(&frame(COMPRESSED, &[0, 0]), "sync.bad_compression");
        check_refused(
            &frame(COMPRESSED, &[0, 0, 0, 9, 1, 2, 3]),
            "sync.bad_compression",
        );
        check_refused(&frame(COMPRESSED, &[0xff; 4]), "sync.message_too_large");
        let endless = frame(MORE_FOLLOWS, &noise(MAX_PAYLOAD)).repeat(17);
        check_refused(&endless, "sync.message_too_large");
        check_refused(&vec![0; MAX_BUFFERED + 1], "sync.overrun");
    }

    #[test]
    fn a_decompression_bomb_writes_no_more_than_it_declares() {
        let bomb = zstd::bulk::compress(&vec![0; 64 * MAX_MESSAGE], 19).unwrap();
        assert!(bomb.len() < MAX_PAYLOAD);
        for declared in [0, 100, MAX_MESSAGE] {
            let declared = u32::try_from(declared).unwrap().to_be_bytes();
            let body = [declared.as_slice(), &bomb].concat();
            check_refused(&frame(COMPRESSED, &body), "sync.bad_compression");
        }
    }

    #[test]
    fn a_newer_frame_is_stepped_over_and_named() {
        let newer = [0, 0, 0, 3, 9, 0xff, 1];
        let stream = [newer.as_slice(), &frame(0, b"known")].concat();
        let decoded = [
            Decoded::Newer { version: 9 },
            Decoded::Message(b"known".to_vec()),
        ];
        assert_eq!(decode(&stream), Ok(decoded.to_vec()));
    }
}
