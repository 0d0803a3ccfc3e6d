//! Messages: what device and hub say to each other, and its bytes.
//!
//! A message is the CBOR array `[kind, body]`, the body an array of its fields. A kind that
//! this program does not know is named, not an error; a field that a later version appends to
//! a body is skipped.

use std::fmt;

use minicbor::{Decode, Decoder, Encode, Encoder};

use super::{MAX_ENTRY, MAX_ITEM};
use crate::ids::{FeedId, Position};

/// Most bytes of a refusal's code.
pub const MAX_CODE: usize = 64;
/// Most bytes of a refusal's detail.
pub const MAX_DETAIL: usize = 512;
/// Most bytes of a checkpoint.
pub const MAX_CHECKPOINT: usize = 16 * 1024;
/// Most hashes of a range proof: twice the height of the tallest tree, and room.
pub const MAX_PROOF_HASHES: usize = 256;
/// Most entries that one range proof covers.
pub const MAX_PROOF_COUNT: u32 = 1 << 20;

/// The identity of an outbox item, given by its owner: the same item has one id for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct ItemId(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemId({self})")
    }
}

/// Device to hub, first: where the device stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The newest protocol version the device speaks.
    #[n(0)]
    pub protocol: u16,
    /// The feed the device follows.
    #[n(1)]
    pub feed: FeedId,
    /// The version of its scope as the device last heard it.
    #[n(2)]
    pub scope_version: u64,
    /// The number of positions the device has seen: the next position it wants.
    #[n(3)]
    pub cursor: u64,
    /// How many items wait in its outbox.
    #[n(4)]
    pub offers: u32,
}

/// Hub to device, the answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// The hub's feed.
    #[n(0)]
    pub feed: FeedId,
    /// The version of the device's scope now.
    #[n(1)]
    pub scope_version: u64,
    /// The number of positions in the feed.
    #[n(2)]
    pub head: u64,
    /// From the device's cursor up to here nothing is for this device; equal to `head` when
    /// there is nothing new at all.
    #[n(3)]
    pub upto: u64,
}

/// One position of the feed, as this device may see it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Its place in the feed and in the centre's log.
    #[n(0)]
    pub position: Position,
    /// The salt of the log's commitment to it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub salt: [u8; 16],
    /// The entry's canonical bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// Hub to device: entries in feed order. What lies between them is not for this device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entries {
    /// The cursor this message continues from, so that a message lost or skipped shows.
    #[n(0)]
    pub from: u64,
    /// The entries, positions ascending, none below `from`; never empty.
    #[n(1)]
    pub entries: Vec<Entry>,
}

/// Hub to device: nothing is for this device from one position to another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CaughtUp {
    /// The cursor this message continues from.
    #[n(0)]
    pub from: u64,
    /// The device's cursor after it.
    #[n(1)]
    pub cursor: u64,
}

/// What a device hands to the centre.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// Signed changes of a document.
    #[n(0)]
    Batch(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// A signed statement.
    #[n(1)]
    Statement(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
}

impl Item {
    /// The item's bytes, whatever its kind.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Batch(bytes) | Self::Statement(bytes) => bytes,
        }
    }
}

/// Device to hub: an item of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// Its id.
    #[n(0)]
    pub item: ItemId,
    /// Its content.
    #[n(1)]
    pub content: Item,
}

/// A no, by name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    #[n(0)]
    code: String,
    #[n(1)]
    detail: String,
}

impl Refusal {
    /// A refusal whose parts are cut to what a message may carry.
    #[must_use]
    pub fn new(code: &str, detail: &str) -> Self {
        Self {
            code: cut(code, MAX_CODE),
            detail: cut(detail, MAX_DETAIL),
        }
    }

    /// A dotted name, at most 64 bytes.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What a person needs to find the cause, at most 512 bytes; may be empty.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() {
            f.write_str(&self.code)
        } else {
            write!(f, "{}: {}", self.code, self.detail)
        }
    }
}

/// What became of an offered item, durably.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// It has, or already had, a place in the feed.
    #[n(0)]
    Taken {
        /// That place.
        #[n(0)]
        position: Position,
    },
    /// It was refused, and will be whenever it is offered.
    #[n(1)]
    Refused(#[n(0)] Refusal),
    /// It is kept at the centre, which cannot decide about it yet.
    #[n(2)]
    Held,
}

/// Hub to device: the verdict on an item.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// The item.
    #[n(0)]
    pub item: ItemId,
    /// The verdict.
    #[n(1)]
    pub verdict: Verdict,
}

/// Device to hub: a proof for a run of positions is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ProofWanted {
    /// The first position.
    #[n(0)]
    pub first: Position,
    /// How many, at least 1.
    #[n(1)]
    pub count: u32,
}

/// Hub to device: the proof that a run of positions is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RangeProof {
    /// The first position.
    #[n(0)]
    pub first: Position,
    /// How many.
    #[n(1)]
    pub count: u32,
    /// The signed note of the head that the proof leads to.
    #[n(2)]
    pub checkpoint: String,
    /// The hashes, in the order the log's verifier wants them.
    #[n(3)]
    pub hashes: Vec<ProofHash>,
}

/// A hash of the log's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct ProofHash(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

/// Hub to device: no such proof.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ProofRefused {
    /// What was wanted.
    #[n(0)]
    pub wanted: ProofWanted,
    /// Why not.
    #[n(1)]
    pub refusal: Refusal,
}

/// A body without fields.
#[derive(Encode, Decode)]
struct Empty {}

/// A message between device and hub.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its body")]
pub enum Message {
    Hello(Hello),
    Welcome(Welcome),
    /// Hub to device: the session is refused.
    Refuse(Refusal),
    Entries(Entries),
    CaughtUp(CaughtUp),
    Offer(Offer),
    Answer(Answer),
    ProofWanted(ProofWanted),
    RangeProof(RangeProof),
    ProofRefused(ProofRefused),
    /// Device to hub: are you there?
    Ping,
    /// Hub to device: yes.
    Pong,
}

/// A message as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// One that this program knows.
    Known(Message),
    /// One of a kind that a newer program sends.
    Unknown {
        /// The kind's number.
        kind: u64,
    },
}

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
        match self {
            Self::Malformed(_) => "sync.malformed",
            Self::PartTooLong { .. } => "sync.part_too_long",
        }
    }
}

impl From<minicbor::decode::Error> for MessageError {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Malformed(cut(&error.to_string(), MAX_DETAIL))
    }
}

impl Message {
    /// The message's kind, as its bytes start with it.
    #[must_use]
    pub fn kind(&self) -> u64 {
        match self {
            Self::Hello(_) => 1,
            Self::Welcome(_) => 2,
            Self::Refuse(_) => 3,
            Self::Entries(_) => 4,
            Self::CaughtUp(_) => 5,
            Self::Offer(_) => 6,
            Self::Answer(_) => 7,
            Self::ProofWanted(_) => 8,
            Self::RangeProof(_) => 9,
            Self::ProofRefused(_) => 10,
            Self::Ping => 11,
            Self::Pong => 12,
        }
    }

    /// The message's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = self.kind();
        match self {
            Self::Hello(body) => envelope(kind, body),
            Self::Welcome(body) => envelope(kind, body),
            Self::Refuse(body) => envelope(kind, body),
            Self::Entries(body) => envelope(kind, body),
            Self::CaughtUp(body) => envelope(kind, body),
            Self::Offer(body) => envelope(kind, body),
            Self::Answer(body) => envelope(kind, body),
            Self::ProofWanted(body) => envelope(kind, body),
            Self::RangeProof(body) => envelope(kind, body),
            Self::ProofRefused(body) => envelope(kind, body),
            Self::Ping | Self::Pong => envelope(kind, &Empty {}),
        }
    }

    /// Reads a message and checks its bounds.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn decode(bytes: &[u8]) -> Result<Incoming, MessageError> {
        let (kind, body) = open_envelope(bytes)?;
        let message = match kind {
            1 => Self::Hello(read(body)?),
            2 => Self::Welcome(read(body)?),
            3 => Self::Refuse(read(body)?),
            4 => Self::Entries(read(body)?),
            5 => Self::CaughtUp(read(body)?),
            6 => Self::Offer(read(body)?),
            7 => Self::Answer(read(body)?),
            8 => Self::ProofWanted(read(body)?),
            9 => Self::RangeProof(read(body)?),
            10 => Self::ProofRefused(read(body)?),
            11 => read::<Empty>(body).map(|Empty {}| Self::Ping)?,
            12 => read::<Empty>(body).map(|Empty {}| Self::Pong)?,
            kind => return Ok(Incoming::Unknown { kind }),
        };
        message.within_bounds()?;
        Ok(Incoming::Known(message))
    }

    fn within_bounds(&self) -> Result<(), MessageError> {
        match self {
            Self::Refuse(refusal)
            | Self::Answer(Answer {
                verdict: Verdict::Refused(refusal),
                ..
            }) => refusal.within_bounds(),
            Self::ProofRefused(refused) => refused.refusal.within_bounds(),
            Self::Entries(body) => body
                .entries
                .iter()
                .try_for_each(|entry| bound("entry", entry.bytes.len(), MAX_ENTRY)),
            Self::Offer(offer) => bound("item", offer.content.bytes().len(), MAX_ITEM),
            Self::ProofWanted(wanted) => wanted.within_bounds(),
            Self::RangeProof(proof) => {
                bound("checkpoint", proof.checkpoint.len(), MAX_CHECKPOINT)?;
                bound("proof", proof.hashes.len(), MAX_PROOF_HASHES)
            }
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::CaughtUp(_)
            | Self::Answer(_)
            | Self::Ping
            | Self::Pong => Ok(()),
        }
    }
}

impl Refusal {
    pub(super) fn within_bounds(&self) -> Result<(), MessageError> {
        bound("code", self.code.len(), MAX_CODE)?;
        bound("detail", self.detail.len(), MAX_DETAIL)
    }
}

impl ProofWanted {
    fn within_bounds(self) -> Result<(), MessageError> {
        if self.count == 0 {
            return Err(MessageError::Malformed("a proof of no entry".to_owned()));
        }
        bound("range", self.count as usize, MAX_PROOF_COUNT as usize)
    }
}

/// The bytes of `[kind, body]`.
pub(super) fn envelope<T: Encode<()>>(kind: u64, body: &T) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .array(2)
        .and_then(|encoder| encoder.u64(kind))
        .and_then(|encoder| encoder.encode(body))
        .expect("writing to a Vec does not fail");
    encoder.into_writer()
}

/// Kind and body of `[kind, body]`; the body is not looked at.
pub(super) fn open_envelope(bytes: &[u8]) -> Result<(u64, &[u8]), MessageError> {
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(2) {
        return Err(MessageError::Malformed("not [kind, body]".to_owned()));
    }
    let kind = decoder.u64()?;
    Ok((kind, &bytes[decoder.position()..]))
}

/// Reads a body that must fill its bytes.
pub(super) fn read<'b, T: Decode<'b, ()>>(body: &'b [u8]) -> Result<T, MessageError> {
    let mut decoder = Decoder::new(body);
    let value = decoder.decode()?;
    if decoder.position() != body.len() {
        return Err(MessageError::Malformed(
            "bytes after the message".to_owned(),
        ));
    }
    Ok(value)
}

pub(super) fn bound(part: &'static str, length: usize, most: usize) -> Result<(), MessageError> {
    if length > most {
        Err(MessageError::PartTooLong { part })
    } else {
        Ok(())
    }
}

/// The longest start of `text` of at most `most` bytes that ends between characters.
fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: Message) {
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes), Ok(Incoming::Known(message)));
        for length in 0..bytes.len() {
            assert!(
                Message::decode(&bytes[..length]).is_err(),
                "cut at {length}"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(Message::decode(&longer).is_err());
    }

    #[test]
    fn messages_read_back_what_they_write() {
        let feed = FeedId([1; 16]);
        let item = ItemId([2; 32]);
        let position = Position(u64::MAX);
        let refusal = Refusal::new("test.no", "详情");
        let wanted = ProofWanted {
            first: position,
            count: 3,
        };
        check(Message::Hello(Hello {
            protocol: 1,
            feed,
            scope_version: 2,
            cursor: 3,
            offers: 4,
        }));
        check(Message::Welcome(Welcome {
            feed,
            scope_version: 2,
            head: 9,
            upto: 8,
        }));
        check(Message::Refuse(refusal.clone()));
        let entries = vec![Entry {
            position,
            salt: [3; 16],
            bytes: vec![4; 100],
        }];
        check(Message::Entries(Entries { from: 1, entries }));
        check(Message::CaughtUp(CaughtUp { from: 1, cursor: 2 }));
        check(Message::Offer(Offer {
            item,
            content: Item::Batch(vec![1]),
        }));
        check(Message::Offer(Offer {
            item,
            content: Item::Statement(vec![]),
        }));
        check(Message::Answer(Answer {
            item,
            verdict: Verdict::Taken { position },
        }));
        check(Message::Answer(Answer {
            item,
            verdict: Verdict::Refused(refusal.clone()),
        }));
        check(Message::Answer(Answer {
            item,
            verdict: Verdict::Held,
        }));
        check(Message::ProofWanted(wanted));
        let hashes = vec![ProofHash([5; 32]); 40];
        let checkpoint = "note".to_owned();
        check(Message::RangeProof(RangeProof {
            first: position,
            count: 1,
            checkpoint,
            hashes,
        }));
        check(Message::ProofRefused(ProofRefused { wanted, refusal }));
        check(Message::Ping);
        check(Message::Pong);
    }

    /// The bytes of `docs/sync-protocol.md`: other implementations depend on them.
    #[track_caller]
    fn check_bytes(message: &Message, hex: &str) {
        assert_eq!(data_encoding::HEXLOWER.encode(&message.encode()), hex);
    }

    #[test]
    fn the_encoding_is_the_documented_one() {
        let item = ItemId([0xaa; 32]);
        let id = "aa".repeat(32);
        let (feed, position) = (FeedId([0xbb; 16]), Position(7));
        check_bytes(
            &Message::Hello(Hello {
                protocol: 1,
                feed,
                scope_version: 2,
                cursor: 1_000,
                offers: 3,
            }),
            &format!("820185 01 50{} 02 1903e8 03", "bb".repeat(16)).replace(' ', ""),
        );
        check_bytes(
            &Message::Offer(Offer {
                item,
                content: Item::Statement(vec![5]),
            }),
            &format!("8206825820{id}8201814105"),
        );
        let answer = |verdict| Message::Answer(Answer { item, verdict });
        check_bytes(
            &answer(Verdict::Taken { position }),
            &format!("8207825820{id}82008107"),
        );
        let refusal = Refusal::new("a.b", "");
        let refused = format!("8207825820{id}8201818263612e6260");
        check_bytes(&answer(Verdict::Refused(refusal)), &refused);
        check_bytes(&answer(Verdict::Held), &format!("8207825820{id}820280"));
        check_bytes(&Message::Ping, "820b80");
    }

    #[test]
    fn an_unknown_kind_is_named() {
        assert_eq!(
            Message::decode(&[0x82, 0x18, 77, 0]),
            Ok(Incoming::Unknown { kind: 77 })
        );
    }

    #[test]
    fn a_field_that_a_later_version_appends_is_skipped() {
        assert_eq!(
            Message::decode(&[0x82, 5, 0x83, 1, 2, 0x61, b'x']),
            Ok(Incoming::Known(Message::CaughtUp(CaughtUp {
                from: 1,
                cursor: 2
            })))
        );
    }

    #[test]
    fn a_refusal_is_cut_between_characters() {
        let refusal = Refusal::new("x", &"参".repeat(400));
        assert_eq!(refusal.detail().len(), 510);
    }

    #[test]
    fn parts_beyond_their_bounds_are_refused() {
        let long = Refusal {
            code: "x".repeat(MAX_CODE + 1),
            detail: String::new(),
        };
        let bytes = Message::Refuse(long).encode();
        assert_eq!(
            Message::decode(&bytes),
            Err(MessageError::PartTooLong { part: "code" })
        );
        let none = Message::ProofWanted(ProofWanted {
            first: Position(0),
            count: 0,
        });
        assert_eq!(
            Message::decode(&none.encode()).unwrap_err().code(),
            "sync.malformed"
        );
    }
}
