//! Device and hub against each other, over a link that is cut anywhere, and against peers that
//! send anything.

mod cuts;
mod hostile;
mod link;
mod order;
mod patience;
mod scope;
mod world;

use super::device::{
    DeviceInput, DeviceOutput, DeviceSession, DeviceStart, Outgoing, Parts, SessionReport,
};
use super::frame;
use super::hub::{FeedPage, HubInput, HubOutput, HubSession, Visible};
use super::message::{
    Backfill, BackfillWanted, CaughtUp, Entries, Message, Offer, ProofWanted, Scope, Welcome,
};
use super::{
    CloseReason, DEVICE_SILENCE, Entry, HELLO_WITHIN, HUB_SILENCE, Hello, Item, ItemId,
    NeedsUpdate, PING_AFTER, PROTOCOL, Part, Refusal, Violation, WINDOW_ITEMS,
};
use crate::ids::{FeedId, Position};
use crate::refusal::RefusalName;

use link::Link;
use world::{Centre, Store};

const FEED: FeedId = FeedId([7; 16]);

fn bytes_of(message: &Message) -> Vec<u8> {
    frame::encode(&message.encode()).unwrap().concat()
}

fn newer_frame() -> Vec<u8> {
    vec![0, 0, 0, 4, frame::FRAME_VERSION + 1, 0xff, 1, 2]
}

fn welcome(head: u64, upto: u64) -> Message {
    Message::Welcome(Welcome {
        feed: FEED,
        scope_version: 0,
        head,
        upto,
    })
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL,
        feed: FEED,
        scope_version: 0,
        cursor: 0,
        offers: 0,
        late_from: 0,
    }
}

fn entry(position: u64) -> Entry {
    Entry {
        position: Position(position),
        salt: [0; 16],
        bytes: vec![1],
    }
}

fn entries(from: u64, positions: &[u64]) -> Message {
    let entries = positions.iter().copied().map(entry).collect();
    Message::Entries(Entries { from, entries })
}

/// A device that stands at 0 and has been welcomed to a feed of 10, or waits for it.
fn greeted_device(welcomed: bool) -> DeviceSession {
    let start = DeviceStart {
        feed: FEED,
        scope_version: 0,
        parts: Parts::new(),
        cursor: 0,
        offers: 0,
        late_from: None,
        packed: false,
    };
    let mut device = DeviceSession::new(start, 0);
    if welcomed {
        device.handle(0, DeviceInput::Received(bytes_of(&welcome(10, 0))));
        drain_device(&mut device);
        device.handle(0, DeviceInput::Outbox(Vec::new()));
    }
    drain_device(&mut device);
    device
}

/// A hub that has welcomed a device to an empty feed, or waits for its hello.
fn greeted_hub(welcomed: bool) -> HubSession {
    let mut hub = HubSession::new(FEED, 0);
    if welcomed {
        hub.handle(0, HubInput::Received(bytes_of(&Message::Hello(hello()))));
        while hub.poll().is_some() {}
        hub.handle(0, HubInput::Admitted(nothing_visible()));
        hub.handle(
            0,
            HubInput::Feed(FeedPage {
                entries: Vec::new(),
                upto: 0,
                head: 0,
            }),
        );
    }
    while hub.poll().is_some() {}
    hub
}

/// All outputs, each persist followed by its confirmation.
fn drain_device(device: &mut DeviceSession) -> Vec<DeviceOutput> {
    let mut outputs = Vec::new();
    while let Some(output) = device.poll() {
        if is_durable(&output) {
            device.handle(0, DeviceInput::Persisted);
        }
        outputs.push(output);
    }
    outputs
}

/// What a welcomed device closes with after these bytes.
#[track_caller]
fn check_device(received: &[Vec<u8>], closes: Option<&str>) {
    let mut device = greeted_device(true);
    let mut outputs = Vec::new();
    for bytes in received {
        device.handle(0, DeviceInput::Received(bytes.clone()));
        outputs.extend(drain_device(&mut device));
    }
    let closed = outputs.iter().find_map(|output| match output {
        DeviceOutput::Close(reason) => Some(reason.code()),
        _ => None,
    });
    assert_eq!(closed, closes, "{outputs:?}");
}

/// What a hub closes with, and tells the device, after these bytes.
#[track_caller]
fn check_hub(welcomed: bool, received: &[Vec<u8>], closes: Option<&str>) {
    let mut hub = greeted_hub(welcomed);
    let mut outputs = Vec::new();
    for bytes in received {
        hub.handle(0, HubInput::Received(bytes.clone()));
        outputs.extend(std::iter::from_fn(|| hub.poll()));
    }
    let closed = outputs.iter().find_map(|output| match output {
        HubOutput::Close(reason) => Some(reason),
        _ => None,
    });
    assert_eq!(closed.map(CloseReason::code), closes, "{outputs:?}");
    if let Some(reason) = closed {
        let detail = match reason {
            CloseReason::Refused(refusal) => refusal.detail().to_owned(),
            _ => reason.to_string(),
        };
        let told = Refusal::new(reason.code().parse().unwrap(), &detail);
        assert!(outputs.contains(&HubOutput::Send(bytes_of(&Message::Refuse(told)))));
    }
}

/// Whether the session waits for a confirmation of this output.
fn is_durable(output: &DeviceOutput) -> bool {
    matches!(
        output,
        DeviceOutput::Persist(_) | DeviceOutput::Rescope(_) | DeviceOutput::Backfill(_)
    )
}

fn part(number: u8) -> Part {
    Part(vec![number])
}

/// A scope of no part, of the version that a fresh device has.
fn nothing_visible() -> Visible {
    Visible {
        version: 0,
        parts: Vec::new(),
        late: Vec::new(),
    }
}
