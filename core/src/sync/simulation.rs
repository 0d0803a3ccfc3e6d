//! Device and hub against each other, over a link that is cut anywhere, and against peers that
//! send anything.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::device::{
    DeviceInput, DeviceOutput, DeviceSession, DeviceStart, Outgoing, SessionReport,
};
use super::frame;
use super::hub::{FeedPage, HubInput, HubOutput, HubSession};
use super::message::{CaughtUp, Entries, Message, ProofWanted, Welcome};
use super::{
    CloseReason, DEVICE_SILENCE, Entry, HELLO_WITHIN, HUB_SILENCE, Hello, Item, ItemId,
    NeedsUpdate, PING_AFTER, PROTOCOL, ProofRefused, Refusal, Verdict, Violation, WINDOW_ITEMS,
};
use crate::ids::{FeedId, Position};

const FEED: FeedId = FeedId([7; 16]);

/// The centre: a log of which the device sees two positions of three.
#[derive(Default)]
struct Centre {
    log: Vec<Entry>,
    taken: BTreeMap<ItemId, Position>,
    takes: usize,
}

impl Centre {
    fn append(&mut self, bytes: usize) -> Position {
        let position = Position(self.log.len() as u64);
        let fill = u8::try_from(position.0 % 251).unwrap();
        self.log.push(Entry {
            position,
            salt: [fill; 16],
            bytes: vec![fill; bytes],
        });
        position
    }

    fn visible(&self) -> Vec<Entry> {
        self.log
            .iter()
            .filter(|entry| entry.position.0 % 3 != 1)
            .cloned()
            .collect()
    }

    fn page(&self, from: u64, max_bytes: usize) -> FeedPage {
        let mut page = FeedPage {
            entries: Vec::new(),
            upto: from,
            head: self.log.len() as u64,
        };
        let mut bytes = 0;
        while page.upto < page.head && bytes < max_bytes {
            let entry = &self.log[usize::try_from(page.upto).unwrap()];
            if entry.position.0 % 3 != 1 {
                bytes += entry.bytes.len();
                page.entries.push(entry.clone());
            }
            page.upto += 1;
        }
        page
    }

    fn take_in(&mut self, item: ItemId, content: &Item) -> Verdict {
        self.takes += 1;
        match content.bytes().first() {
            Some(0) => Verdict::Refused(Refusal::new("test.refused", "starts with nought")),
            Some(1) => Verdict::Held,
            _ => {
                let known = self.taken.get(&item).copied();
                let position = known.unwrap_or_else(|| self.append(content.bytes().len()));
                self.taken.insert(item, position);
                Verdict::Taken { position }
            }
        }
    }
}

/// The device's store.
#[derive(Default)]
struct Store {
    cursor: u64,
    scope_version: u64,
    entries: Vec<Entry>,
    outbox: BTreeMap<u64, (ItemId, Item)>,
    answers: BTreeMap<ItemId, Verdict>,
}

impl Store {
    fn start(&self) -> DeviceStart {
        DeviceStart {
            feed: FEED,
            scope_version: self.scope_version,
            cursor: self.cursor,
            offers: u32::try_from(self.outbox.len()).unwrap(),
        }
    }

    fn put(&mut self, content: Item) {
        let sequence = self.outbox.len() as u64 + self.answers.len() as u64;
        let mut item = [0; 32];
        item[..8].copy_from_slice(&sequence.to_be_bytes());
        self.outbox.insert(sequence, (ItemId(item), content));
    }

    fn read(&self, after: Option<u64>, limit: usize, max_bytes: usize) -> Vec<Outgoing> {
        let mut bytes = 0;
        let after = self
            .outbox
            .iter()
            .filter(|(sequence, _)| Some(**sequence) > after);
        let items = after.enumerate().take_while(|(index, (_, (_, content)))| {
            bytes += content.bytes().len();
            *index < limit && (*index == 0 || bytes <= max_bytes)
        });
        items
            .map(|(_, (&sequence, (item, content)))| Outgoing {
                sequence,
                item: *item,
                content: content.clone(),
            })
            .collect()
    }
}

/// One session between them over a link that carries so many bytes and then is cut.
struct Link<'w> {
    store: &'w mut Store,
    centre: &'w mut Centre,
    device: DeviceSession,
    hub: HubSession,
    to_hub: VecDeque<u8>,
    to_device: VecDeque<u8>,
    bytes_left: usize,
    carried: usize,
    reports: Vec<SessionReport>,
    closed: Option<CloseReason>,
}

impl<'w> Link<'w> {
    fn new(store: &'w mut Store, centre: &'w mut Centre, bytes_left: usize) -> Self {
        let device = DeviceSession::new(store.start(), 0);
        Self {
            store,
            centre,
            device,
            hub: HubSession::new(FEED, 0),
            to_hub: VecDeque::new(),
            to_device: VecDeque::new(),
            bytes_left,
            carried: 0,
            reports: Vec::new(),
            closed: None,
        }
    }

    /// Runs until nothing moves, the link is cut or a side closes; `pieces` cuts the stream.
    fn run(&mut self, pieces: &[usize]) {
        let mut pieces = pieces.iter().copied().cycle();
        loop {
            self.device_outputs();
            self.hub_outputs();
            if self.closed.is_some() {
                return;
            }
            let up = Self::carry(
                &mut self.to_hub,
                pieces.next().unwrap_or(1),
                self.bytes_left,
            );
            self.bytes_left -= up.len();
            let size = pieces.next().unwrap_or(1);
            let down = Self::carry(&mut self.to_device, size, self.bytes_left);
            self.bytes_left -= down.len();
            self.carried += up.len() + down.len();
            if up.is_empty() && down.is_empty() {
                return;
            }
            if !up.is_empty() {
                self.hub.handle(0, HubInput::Received(up));
            }
            if !down.is_empty() {
                self.device.handle(0, DeviceInput::Received(down));
            }
        }
    }

    fn carry(queue: &mut VecDeque<u8>, piece: usize, left: usize) -> Vec<u8> {
        let count = piece.min(queue.len()).min(left);
        queue.drain(..count).collect()
    }

    fn device_outputs(&mut self) {
        while let Some(output) = self.device.poll() {
            match output {
                DeviceOutput::Send(frame) => self.to_hub.extend(frame),
                DeviceOutput::Persist(advance) => {
                    self.store.entries.extend(advance.entries);
                    self.store.cursor = advance.cursor;
                    self.store.scope_version = advance.scope_version;
                    self.device.handle(0, DeviceInput::Persisted);
                }
                DeviceOutput::ReadOutbox {
                    after,
                    limit,
                    max_bytes,
                } => {
                    let items = self.store.read(after, limit, max_bytes);
                    self.device.handle(0, DeviceInput::Outbox(items));
                }
                DeviceOutput::Answered { item, verdict } => {
                    self.store.outbox.retain(|_, (waiting, _)| *waiting != item);
                    self.store.answers.insert(item, verdict);
                }
                DeviceOutput::Report(report) => self.reports.push(report),
                DeviceOutput::Close(reason) => self.closed = Some(reason),
                DeviceOutput::Proof(_)
                | DeviceOutput::ProofRefused(_)
                | DeviceOutput::WakeAt(_) => {}
            }
        }
    }

    fn hub_outputs(&mut self) {
        while let Some(output) = self.hub.poll() {
            match output {
                HubOutput::Send(frame) => self.to_device.extend(frame),
                HubOutput::Admit(_) => {
                    self.hub.handle(0, HubInput::Admitted { scope_version: 4 });
                }
                HubOutput::ReadFeed { from, max_bytes } => {
                    let page = self.centre.page(from, max_bytes);
                    self.hub.handle(0, HubInput::Feed(page));
                }
                HubOutput::TakeIn { item, content } => {
                    let verdict = self.centre.take_in(item, &content);
                    self.hub.handle(0, HubInput::Taken { item, verdict });
                    self.hub.handle(0, HubInput::LogGrew);
                }
                HubOutput::Prove(wanted) => {
                    let refusal = Refusal::new("test.no_proof", "");
                    self.hub
                        .handle(0, HubInput::NotProved(ProofRefused { wanted, refusal }));
                }
                HubOutput::Close(reason) => {
                    self.closed.get_or_insert(reason);
                }
                HubOutput::WakeAt(_) | HubOutput::NeedsUpdate(_) => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the cuts: every entry arrives once and in order, and every item is answered.
    #[test]
    fn cuts_anywhere_lose_nothing_and_repeat_nothing(
        log in prop::collection::vec(0_usize..9_000, 0..60),
        outbox in prop::collection::vec((any::<u8>(), 1_usize..90_000), 0..24),
        cuts in prop::collection::vec(0_usize..60_000, 0..8),
        pieces in prop::collection::vec(1_usize..20_000, 2..20),
    ) {
        let mut centre = Centre::default();
        for bytes in log {
            centre.append(bytes);
        }
        let mut store = Store::default();
        for (index, (fill, bytes)) in outbox.iter().enumerate() {
            let content = vec![*fill; *bytes];
            store.put(if index % 2 == 0 { Item::Batch(content) } else { Item::Statement(content) });
        }
        for cut in cuts {
            Link::new(&mut store, &mut centre, cut).run(&pieces);
        }
        let mut link = Link::new(&mut store, &mut centre, usize::MAX);
        link.run(&pieces);

        prop_assert_eq!(&link.closed, &None);
        prop_assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
        prop_assert_eq!(&store.entries, &centre.visible());
        prop_assert_eq!(store.cursor, centre.log.len() as u64);
        prop_assert_eq!(store.scope_version, 4);
        prop_assert_eq!(store.outbox.len(), 0);
        prop_assert_eq!(store.answers.len(), outbox.len());
    }

    /// No bytes at all make either side panic, and what a side holds stays bounded.
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        welcomed in any::<bool>(),
    ) {
        let mut device = greeted_device(welcomed);
        device.handle(1, DeviceInput::Received(bytes.clone()));
        while let Some(output) = device.poll() {
            if let DeviceOutput::Persist(_) = output {
                device.handle(1, DeviceInput::Persisted);
            }
        }
        let mut hub = greeted_hub(welcomed);
        hub.handle(1, HubInput::Received(bytes));
        while hub.poll().is_some() {}
    }

    /// The same for well-framed messages whose bodies are anything.
    #[test]
    fn any_message_is_survived(kind in 0_u8..24, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let message = [&[0x82, kind][..], &body].concat();
        let frames = frame::encode(&message).unwrap().concat();
        let mut device = greeted_device(true);
        device.handle(1, DeviceInput::Received(frames.clone()));
        while device.poll().is_some() {}
        let mut hub = greeted_hub(true);
        hub.handle(1, HubInput::Received(frames));
        while hub.poll().is_some() {}
    }
}

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
        cursor: 0,
        offers: 0,
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
        hub.handle(0, HubInput::Admitted { scope_version: 0 });
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
        if let DeviceOutput::Persist(_) = output {
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
        let told = match reason {
            CloseReason::Refused(refusal) => refusal.clone(),
            _ => Refusal::new(reason.code(), &reason.to_string()),
        };
        assert!(outputs.contains(&HubOutput::Send(bytes_of(&Message::Refuse(told)))));
    }
}

#[test]
fn with_nothing_new_a_reconnect_is_one_round_trip_under_200_bytes() {
    let mut centre = Centre::default();
    for _ in 0..1_000 {
        centre.append(50);
    }
    let mut store = Store::default();
    Link::new(&mut store, &mut centre, usize::MAX).run(&[60_000]);
    assert_eq!(store.cursor, 1_000);

    // Large numbers, so that the count does not profit from a small feed.
    let mut link = Link::new(&mut store, &mut centre, usize::MAX);
    link.run(&[60_000]);
    assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
    assert!(link.carried < 120, "{} bytes", link.carried);

    let most = Hello {
        scope_version: u64::MAX,
        cursor: u64::MAX,
        offers: u32::MAX,
        ..hello()
    };
    let answer = Welcome {
        feed: FEED,
        scope_version: u64::MAX,
        head: u64::MAX,
        upto: u64::MAX,
    };
    let both = bytes_of(&Message::Hello(most)).len() + bytes_of(&Message::Welcome(answer)).len();
    assert!(both < 200, "{both} bytes");
}

#[test]
fn a_device_takes_messages_in_their_order_only() {
    check_device(
        &[bytes_of(&entries(0, &[0, 4])), bytes_of(&entries(5, &[7]))],
        None,
    );
    check_device(
        &[bytes_of(&welcome(10, 0))],
        Some("sync.unexpected_message"),
    );
    check_device(&[bytes_of(&Message::Ping)], Some("sync.unexpected_message"));
    check_device(
        &[bytes_of(&Message::Hello(hello()))],
        Some("sync.unexpected_message"),
    );
    check_device(
        &[bytes_of(&entries(0, &[]))],
        Some("sync.unexpected_message"),
    );
    check_device(&[bytes_of(&entries(3, &[3]))], Some("sync.feed_gap"));
    check_device(&[bytes_of(&entries(0, &[4, 4]))], Some("sync.positions"));
    check_device(
        &[bytes_of(&entries(0, &[u64::MAX]))],
        Some("sync.positions"),
    );
    let back = Message::CaughtUp(CaughtUp { from: 9, cursor: 3 });
    check_device(
        &[bytes_of(&entries(0, &[8])), bytes_of(&back)],
        Some("sync.positions"),
    );
    check_device(
        &[bytes_of(&Message::Refuse(Refusal::new("test.revoked", "")))],
        Some("test.revoked"),
    );
    check_device(&[vec![0xff; 4]], Some("sync.frame_too_large"));
}

#[test]
fn a_hub_takes_messages_in_their_order_only() {
    check_hub(
        false,
        &[bytes_of(&Message::Ping)],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&Message::Hello(hello()))],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&Message::Pong)],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&entries(0, &[0]))],
        Some("sync.unexpected_message"),
    );
    check_hub(true, &[bytes_of(&Message::Ping)], None);
    let other = Hello {
        feed: FeedId([8; 16]),
        ..hello()
    };
    check_hub(
        false,
        &[bytes_of(&Message::Hello(other))],
        Some("sync.other_feed"),
    );
    let newer = Hello {
        protocol: PROTOCOL + 1,
        ..hello()
    };
    check_hub(
        false,
        &[bytes_of(&Message::Hello(newer))],
        Some("sync.protocol_version"),
    );
    check_hub(false, &[newer_frame()], Some("sync.needs_update"));
    check_hub(true, &[newer_frame()], None);
    check_hub(true, &[vec![0xff; 4]], Some("sync.frame_too_large"));
    let wanted = Message::ProofWanted(ProofWanted {
        first: Position(0),
        count: 1,
    });
    check_hub(
        true,
        &vec![bytes_of(&wanted); 9],
        Some("sync.window_exceeded"),
    );
}

#[test]
fn a_device_ahead_of_the_feed_is_refused_by_name() {
    let mut hub = HubSession::new(FEED, 0);
    let ahead = Hello {
        cursor: 5,
        ..hello()
    };
    hub.handle(0, HubInput::Received(bytes_of(&Message::Hello(ahead))));
    while hub.poll().is_some() {}
    hub.handle(0, HubInput::Admitted { scope_version: 0 });
    hub.handle(
        0,
        HubInput::Feed(FeedPage {
            entries: Vec::new(),
            upto: 4,
            head: 4,
        }),
    );
    let closed = std::iter::from_fn(|| hub.poll()).last();
    let Some(HubOutput::Close(reason)) = closed else {
        panic!("{closed:?}")
    };
    assert_eq!(reason.code(), "sync.cursor_ahead");
}

#[test]
fn what_a_newer_hub_sends_holds_the_feed_and_nothing_else() {
    for stepped_over in [
        newer_frame(),
        frame::encode(&[0x82, 0x18, 99, 0]).unwrap().concat(),
    ] {
        let mut device = greeted_device(true);
        device.handle(0, DeviceInput::Received(bytes_of(&entries(0, &[0]))));
        device.handle(0, DeviceInput::Received(stepped_over));
        device.handle(0, DeviceInput::Received(bytes_of(&entries(3, &[3]))));
        let outputs = drain_device(&mut device);
        assert_eq!(device.cursor(), 1);
        assert!(outputs.iter().any(|output| matches!(
            output,
            DeviceOutput::Report(SessionReport::NeedsUpdate(
                NeedsUpdate::Frame(2) | NeedsUpdate::Message(99)
            ))
        )));
        let held = DeviceOutput::Report(SessionReport::FeedHeld { cursor: 1 });
        assert!(outputs.contains(&held));

        device.handle(0, DeviceInput::OutboxGrew);
        let outputs = drain_device(&mut device);
        assert!(
            matches!(outputs[0], DeviceOutput::ReadOutbox { .. }),
            "{outputs:?}"
        );
    }
}

#[test]
fn nothing_is_read_before_what_was_read_is_persisted() {
    let mut device = greeted_device(true);
    device.handle(0, DeviceInput::Received(bytes_of(&entries(0, &[0]))));
    device.handle(0, DeviceInput::Received(bytes_of(&entries(1, &[1]))));
    assert!(matches!(device.poll(), Some(DeviceOutput::Persist(advance)) if advance.cursor == 1));
    assert_eq!(device.poll(), None);
    device.handle(0, DeviceInput::Persisted);
    assert!(matches!(device.poll(), Some(DeviceOutput::Persist(advance)) if advance.cursor == 2));
}

#[test]
fn a_silent_peer_is_asked_and_then_left() {
    let mut device = greeted_device(true);
    device.handle(PING_AFTER, DeviceInput::Tick);
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::Send(bytes_of(&Message::Ping)))
    );
    assert_eq!(device.poll(), Some(DeviceOutput::WakeAt(DEVICE_SILENCE)));
    device.handle(
        PING_AFTER + 5,
        DeviceInput::Received(bytes_of(&Message::Pong)),
    );
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::WakeAt(2 * PING_AFTER + 5))
    );
    device.handle(PING_AFTER + 5 + DEVICE_SILENCE, DeviceInput::Tick);
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::Close(CloseReason::Silent))
    );

    for (welcomed, limit) in [(false, HELLO_WITHIN), (true, HUB_SILENCE)] {
        let mut hub = greeted_hub(welcomed);
        hub.handle(limit - 1, HubInput::Tick);
        assert_eq!(hub.poll(), None);
        hub.handle(limit, HubInput::Tick);
        assert_eq!(hub.poll(), Some(HubOutput::Close(CloseReason::Silent)));
    }
}

#[test]
fn an_unanswered_offer_is_made_again_later_and_later() {
    let mut device = greeted_device(true);
    device.handle(0, DeviceInput::OutboxGrew);
    drain_device(&mut device);
    let content = Item::Statement(vec![2]);
    let outgoing = Outgoing {
        sequence: 0,
        item: ItemId([1; 32]),
        content,
    };
    device.handle(0, DeviceInput::Outbox(vec![outgoing]));
    drain_device(&mut device);
    let mut offered_at = Vec::new();
    for second in 0..300 {
        let now = second * 1_000;
        device.handle(now, DeviceInput::Received(bytes_of(&Message::Pong)));
        device.handle(now, DeviceInput::Tick);
        let outputs = drain_device(&mut device);
        if outputs
            .iter()
            .any(|output| matches!(output, DeviceOutput::Send(_)))
        {
            offered_at.push(second);
        }
    }
    assert_eq!(offered_at, [30, 90, 210]);
}

#[test]
fn a_device_that_ignores_the_window_is_closed() {
    let mut hub = greeted_hub(true);
    for number in 0..=WINDOW_ITEMS {
        let item = ItemId([u8::try_from(number).unwrap(); 32]);
        let offer = super::message::Offer {
            item,
            content: Item::Statement(vec![2]),
        };
        hub.handle(0, HubInput::Received(bytes_of(&Message::Offer(offer))));
        let outputs: Vec<_> = std::iter::from_fn(|| hub.poll()).collect();
        let close = HubOutput::Close(CloseReason::Violation(Violation::WindowExceeded));
        assert_eq!(outputs.contains(&close), number == WINDOW_ITEMS);
    }
}

#[test]
fn a_repeated_offer_in_hand_is_taken_in_once() {
    let mut centre = Centre::default();
    let mut hub = greeted_hub(true);
    let offer = super::message::Offer {
        item: ItemId([1; 32]),
        content: Item::Statement(vec![2]),
    };
    for _ in 0..3 {
        hub.handle(
            0,
            HubInput::Received(bytes_of(&Message::Offer(offer.clone()))),
        );
        while let Some(output) = hub.poll() {
            if let HubOutput::TakeIn { item, content } = output {
                centre.take_in(item, &content);
            }
        }
    }
    assert_eq!(centre.takes, 1);
}
