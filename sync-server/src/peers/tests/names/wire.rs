//! Sessions at which one side is written by hand: raw frames, over the real session and centre.

use canbao_core::declaration::PersonNumber;
use canbao_core::ids::Position;
use canbao_core::sync::device::{DeviceInput, DeviceOutput, DeviceSession};
use canbao_core::sync::frame::{self, Decoded, FRAME_VERSION, FrameDecoder};
use canbao_core::sync::hub::{HubInput, HubOutput, HubSession};
use canbao_core::sync::message::{
    Entries, Incoming, Message, Offer, ProofWanted, StatusWanted, Welcome,
};
use canbao_core::sync::{MAX_ITEM, WINDOW_ITEMS};

use super::super::*;
use super::stage::Stage;

/// The hub's side, whose device is written by hand.
struct Wire {
    hub: HubSession,
    backend: Session,
    decoder: FrameDecoder,
    said: Vec<Message>,
    closed: Option<String>,
    /// Whether items are handed to the centre; a slow one answers none yet.
    answering: bool,
}

impl Wire {
    fn open(stage: &Stage) -> Self {
        let backend = session_of(stage.it(), &stage.peer);
        Self {
            hub: HubSession::new(stage.it().centre.trust().feed, 0),
            backend,
            decoder: FrameDecoder::default(),
            said: Vec::new(),
            closed: None,
            answering: true,
        }
    }

    /// A session that is welcomed.
    async fn live(stage: &Stage) -> Self {
        let mut wire = Self::open(stage);
        wire.hear(hello_with(stage, |_| {})).await;
        assert!(
            matches!(wire.said[0], Message::Welcome(_)),
            "{:?}",
            wire.said
        );
        wire
    }

    /// Takes bytes of the device and does everything that follows.
    async fn hear(&mut self, bytes: Vec<u8>) {
        self.hub.handle(0, HubInput::Received(bytes));
        while let Some(output) = self.hub.poll() {
            let input = match output {
                HubOutput::Send(frame) => {
                    self.say(&frame);
                    continue;
                }
                HubOutput::Admit(hello) => {
                    HubInput::Admitted(self.backend.admit(&hello).await.unwrap().unwrap())
                }
                HubOutput::ReadFeed(wanted) => {
                    let (_, page) = self.backend.read_feed(wanted).await.unwrap();
                    HubInput::Feed(page)
                }
                HubOutput::ReadBackfill { wanted, max_bytes } => {
                    let page = self.backend.backfill(&wanted, max_bytes).await.unwrap();
                    HubInput::Backfilled { wanted, page }
                }
                HubOutput::TakeIn { item, content } if self.answering => {
                    let verdict = self.backend.take_in(item, content).await.unwrap();
                    HubInput::Taken { item, verdict }
                }
                HubOutput::Prove(wanted) => match self.backend.range_proof(wanted).await.unwrap() {
                    Ok(proof) => HubInput::Proved(proof),
                    Err(refusal) => HubInput::NotProved(ProofRefused { wanted, refusal }),
                },
                HubOutput::PersonStatus(wanted) => {
                    let number = wanted.number;
                    let insured = self.backend.person_status(wanted).await.unwrap();
                    HubInput::Status { number, insured }
                }
                HubOutput::TakeIn { .. } | HubOutput::WakeAt(_) | HubOutput::NeedsUpdate(_) => {
                    continue;
                }
                HubOutput::Close(reason) => {
                    self.closed = Some(reason.code().to_owned());
                    continue;
                }
            };
            self.hub.handle(0, input);
        }
    }

    fn say(&mut self, frame: &[u8]) {
        self.decoder.push(frame).unwrap();
        while let Some(Decoded::Message(bytes)) = self.decoder.next_message().unwrap() {
            let Ok(Incoming::Known(message)) = Message::decode(&bytes) else {
                panic!("the hub says what is known")
            };
            self.said.push(message);
        }
    }

    /// The name that the device was told last, by which the session closed.
    fn refused(self) -> String {
        let Some(Message::Refuse(refusal)) = self.said.last() else {
            panic!("{:?}", self.said)
        };
        assert_eq!(self.closed.as_deref(), Some(refusal.code()));
        refusal.code().to_owned()
    }
}

/// What a session that waits for its hello answers to these bytes.
pub(super) async fn hello(stage: &Stage, bytes: Vec<u8>) -> String {
    let mut wire = Wire::open(stage);
    wire.hear(bytes).await;
    wire.refused()
}

/// What a welcomed session answers to these bytes.
pub(super) async fn live(stage: &Stage, bytes: Vec<u8>) -> String {
    let mut wire = Wire::live(stage).await;
    wire.hear(bytes).await;
    wire.refused()
}

/// One offer more than may be open, before any is answered.
pub(super) async fn impatient(stage: &Stage) -> String {
    let mut wire = Wire::live(stage).await;
    wire.answering = false;
    for number in 0..=WINDOW_ITEMS as u8 {
        wire.hear(bytes_of(&offer(number, vec![0xff]))).await;
    }
    wire.refused()
}

/// A proof of one entry; the session goes on.
pub(super) async fn proof(stage: &Stage, first: u64) -> String {
    let mut wire = Wire::live(stage).await;
    let (first, count) = (Position(first), 1);
    let wanted = Message::ProofWanted(ProofWanted { first, count });
    wire.hear(bytes_of(&wanted)).await;
    let Some(Message::ProofRefused(refused)) = wire.said.last() else {
        panic!("{:?}", wire.said)
    };
    let code = refused.refusal.code().to_owned();
    wire.hear(bytes_of(&Message::Ping)).await;
    assert_eq!(
        (wire.said.last(), wire.closed),
        (Some(&Message::Pong), None)
    );
    code
}

/// So many questions for a unit that is not the device's: the last answer. The session goes on.
pub(super) async fn asks_of_a_person(stage: &Stage, times: u32) -> String {
    let mut wire = Wire::live(stage).await;
    for number in 0..times {
        let wanted = StatusWanted {
            number,
            unit: fixture::unit(2),
            person: PersonNumber::Personal("2100000001".parse().unwrap()),
        };
        wire.hear(bytes_of(&Message::StatusWanted(wanted))).await;
    }
    let Some(Message::StatusRefused(refused)) = wire.said.last() else {
        panic!("{:?}", wire.said)
    };
    let code = refused.refusal.code().to_owned();
    wire.hear(bytes_of(&Message::Ping)).await;
    assert_eq!(
        (wire.said.last(), wire.closed),
        (Some(&Message::Pong), None)
    );
    code
}

pub(super) async fn proof_of_a_damaged_log(stage: &Stage) -> String {
    stage.it().lose_tiles();
    proof(stage, 0).await
}

/// A device whose hub leaves out a part of the feed.
pub(super) fn device_with_a_gap(stage: &Stage) -> String {
    let mut device = welcomed(stage);
    let entries = Vec::new();
    let later = Message::Entries(Entries { from: 3, entries });
    device.handle(0, DeviceInput::Received(bytes_of(&later)));
    let closed = std::iter::from_fn(|| device.poll()).find_map(|output| match output {
        DeviceOutput::Close(reason) => Some(reason.code().to_owned()),
        _ => None,
    });
    closed.unwrap()
}

pub(super) fn device_that_wants_too_many_proofs(stage: &Stage) -> String {
    let mut device = welcomed(stage);
    for first in 0..1_000 {
        let (first, count) = (Position(first), 1);
        device.handle(0, DeviceInput::WantProof(ProofWanted { first, count }));
    }
    let refused = std::iter::from_fn(|| device.poll()).find_map(|output| match output {
        DeviceOutput::ProofRefused(refused) => Some(refused.refusal.code().to_owned()),
        _ => None,
    });
    refused.unwrap()
}

fn welcomed(stage: &Stage) -> DeviceSession {
    let feed = stage.it().centre.trust().feed;
    let start = DeviceStart {
        feed,
        scope_version: 0,
        parts: Parts::new(),
        cursor: 0,
        offers: 0,
        late_from: Some(0),
        packed: false,
    };
    let mut device = DeviceSession::new(start, 0);
    let welcome = Message::Welcome(Welcome {
        feed,
        scope_version: 0,
        head: 10,
        upto: 0,
    });
    device.handle(0, DeviceInput::Received(bytes_of(&welcome)));
    while device.poll().is_some() {}
    device
}

/// A hello with something else in it.
pub(super) fn hello_with(stage: &Stage, alter: impl FnOnce(&mut Hello)) -> Vec<u8> {
    let mut hello = super::super::hello(stage.it());
    alter(&mut hello);
    bytes_of(&Message::Hello(hello))
}

pub(super) fn bytes_of(message: &Message) -> Vec<u8> {
    frame::encode(&message.encode()).unwrap().concat()
}

/// A frame with these flags around these bytes.
pub(super) fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = 2 + payload.len() as u32;
    let head = [&length.to_be_bytes()[..], &[FRAME_VERSION, flags]].concat();
    [&head, payload].concat()
}

pub(super) fn newer_frame() -> Vec<u8> {
    vec![0, 0, 0, 3, FRAME_VERSION + 1, 0, 1]
}

pub(super) fn item_too_long() -> Vec<u8> {
    bytes_of(&offer(1, vec![0; MAX_ITEM + 1]))
}

/// What only a hub says.
pub(super) fn pong() -> Message {
    Message::Pong
}

pub(super) fn backfill_past_the_end() -> Message {
    Message::BackfillWanted(BackfillWanted {
        part: Part(Audience::Everyone.key()),
        from: 0,
        upto: 1 << 40,
        packed: false,
    })
}

fn offer(number: u8, bytes: Vec<u8>) -> Message {
    Message::Offer(Offer {
        item: ItemId([number; 32]),
        content: Item::Statement(bytes),
    })
}
