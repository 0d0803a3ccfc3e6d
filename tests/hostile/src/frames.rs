//! Frames cut anywhere, and the messages in them.

use canbao_core::ids::{FeedId, Position};
use canbao_core::refusal::RefusalName;
use canbao_core::sync::enrolment::EnrolmentMessage;
use canbao_core::sync::frame::{Decoded, FrameDecoder, MAX_MESSAGE, encode};
use canbao_core::sync::message::{
    Answer, Backfill, BackfillWanted, CaughtUp, Entries, Entry, Hello, Incoming, Message, Offer,
    Part, ProofHash, ProofWanted, RangeProof, Refusal, Scope, Verdict, Welcome,
};
use canbao_core::sync::{Item, ItemId, ProofRefused};

use super::input::Input;

/// The first byte: the bytes after it are one message, whose frames are made right.
const MESSAGE: u8 = 0xff;

/// Reads a stream in pieces and every message in it; what is read is written as it was meant.
///
/// The first byte says how long the pieces are, or that what follows is a message.
///
/// # Panics
/// Where a message that is read reads otherwise after it was written again.
pub fn frames(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let how = input.byte();
    if how == MESSAGE {
        let message = &input.rest()[..input.rest().len().min(MAX_MESSAGE)];
        let stream = encode(message)
            .expect("it is no longer than a message")
            .concat();
        let decoded = read(&stream, 4096);
        assert_eq!(decoded, [Decoded::Message(message.to_vec())]);
    } else {
        let length = 1 + usize::from(how) * usize::from(how);
        read(input.rest(), length);
    }
}

fn read(stream: &[u8], length: usize) -> Vec<Decoded> {
    let mut decoder = FrameDecoder::default();
    let mut all = Vec::new();
    for piece in stream.chunks(length) {
        if decoder.push(piece).is_err() {
            return all;
        }
        loop {
            match decoder.next_message() {
                Ok(Some(decoded)) => {
                    if let Decoded::Message(message) = &decoded {
                        check_message(message);
                    }
                    all.push(decoded);
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.code().is_empty());
                    return all;
                }
            }
        }
    }
    all
}

/// A later version may append fields, so that the bytes may differ; the values may not.
fn check_message(bytes: &[u8]) {
    assert!(bytes.len() <= MAX_MESSAGE);
    if let Ok(Incoming::Known(message)) = Message::decode(bytes) {
        let again = Message::decode(&message.encode());
        assert_eq!(again, Ok(Incoming::Known(message)));
    }
    if let Ok(message) = EnrolmentMessage::decode(bytes) {
        let frames = message.encode().expect("what was read is within bounds");
        let mut decoder = FrameDecoder::default();
        decoder.push(&frames.concat()).expect("a message fits");
        let Ok(Some(Decoded::Message(bytes))) = decoder.next_message() else {
            panic!("frames of ours are a message");
        };
        assert_eq!(EnrolmentMessage::decode(&bytes), Ok(message));
    }
}

/// A stream of all messages, each alone, and each as a message without its frames.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let all: Vec<Vec<u8>> = messages().iter().map(Message::encode).collect();
    let framed = |message: &Vec<u8>| encode(message).expect("a seed is short").concat();
    let stream: Vec<u8> = all.iter().flat_map(framed).collect();
    let mut seeds = vec![[&[2], &stream[..]].concat(), [&[60], &stream[..]].concat()];
    for message in &all {
        seeds.push([&[9], &framed(message)[..]].concat());
        seeds.push([&[MESSAGE], &message[..]].concat());
    }
    for message in enrolment() {
        let frames = message.encode().expect("a seed is short").concat();
        seeds.push([&[9], &frames[..]].concat());
    }
    seeds
}

fn messages() -> Vec<Message> {
    let (feed, position) = (FeedId([1; 16]), Position(7));
    let refusal = Refusal::new(RefusalName::PeersUnknownDevice, "详情");
    let item = ItemId([2; 32]);
    let part = Part(vec![2; 17]);
    let wanted = ProofWanted {
        first: position,
        count: 3,
    };
    let entries = vec![Entry {
        position,
        salt: [3; 16],
        bytes: vec![4; 300],
    }];
    let offer = |content| Message::Offer(Offer { item, content });
    let answer = |verdict| Message::Answer(Answer { item, verdict });
    vec![
        Message::Hello(Hello {
            protocol: 1,
            feed,
            scope_version: 2,
            cursor: 3,
            offers: 4,
            late_from: 5,
        }),
        Message::Welcome(Welcome {
            feed,
            scope_version: 2,
            head: 9,
            upto: 8,
        }),
        Message::Refuse(refusal.clone()),
        Message::Entries(Entries {
            from: 1,
            entries: entries.clone(),
        }),
        Message::CaughtUp(CaughtUp { from: 1, cursor: 2 }),
        offer(Item::Batch(vec![1; 40])),
        offer(Item::Statement(vec![5; 40])),
        answer(Verdict::Taken { position }),
        answer(Verdict::Refused(refusal.clone())),
        answer(Verdict::Held),
        Message::ProofWanted(wanted),
        Message::RangeProof(RangeProof {
            first: position,
            count: 1,
            checkpoint: "note".to_owned(),
            hashes: vec![ProofHash([5; 32]); 4],
        }),
        Message::ProofRefused(ProofRefused { wanted, refusal }),
        Message::Ping,
        Message::Pong,
        Message::Scope(Scope {
            version: 7,
            from: 40,
            parts: vec![Part(vec![1]), part.clone()],
            late_from: 60,
            late: vec![part.clone()],
        }),
        Message::BackfillWanted(BackfillWanted {
            part: part.clone(),
            from: 3,
            upto: 40,
            packed: true,
        }),
        Message::Backfill(Backfill {
            part,
            from: 3,
            entries,
            next: 40,
            pack: Some(vec![6; 20]),
        }),
    ]
}

fn enrolment() -> [EnrolmentMessage; 4] {
    [
        EnrolmentMessage::Offer { chain: vec![1; 50] },
        EnrolmentMessage::Request(vec![2; 50]),
        EnrolmentMessage::Answer(vec![3; 50]),
        EnrolmentMessage::Refused(Refusal::new(RefusalName::PeersUnknownDevice, "")),
    ]
}
