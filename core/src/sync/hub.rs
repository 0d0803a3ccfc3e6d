//! The hub's side of a session: admits a device, serves its feed, takes in what it offers.

mod feed;
mod scope;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::close::{CloseReason, NeedsUpdate, Violation};
use super::frame::{self, Decoded, FrameDecoder};
use super::message::{
    Answer, BackfillWanted, Hello, Incoming, Message, Offer, Part, ProofRefused, ProofWanted,
    RangeProof, Refusal, StatusKnown, StatusRefused, StatusWanted,
};
use super::{
    Entry, HELLO_WITHIN, HUB_SILENCE, Item, ItemId, MAX_ITEM, PROTOCOL, Verdict, WINDOW_BYTES,
    WINDOW_ITEMS,
};
use crate::facts::Insured;
use crate::ids::FeedId;
use crate::refusal::RefusalName;

use feed::FeedProgress;
use scope::ScopeProgress;

/// Most proofs a device may have asked for at once.
const PROOFS_ASKED: usize = 8;
/// Most questions a device may have asked at once.
const QUESTIONS_ASKED: usize = 8;

/// What is wanted of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedWanted {
    /// The first position wanted.
    pub from: u64,
    /// Below this position the parts that may come late are left out; a page that begins below
    /// it ends there at the latest.
    pub late_from: u64,
    /// Bytes of entries after which to stop, except that one larger entry comes alone.
    pub max_bytes: usize,
}

/// A reading of the feed for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The entries for this device in feed order, none below the asked position.
    pub entries: Vec<Entry>,
    /// Every position below this one was looked at.
    pub upto: u64,
    /// The number of positions in the feed.
    pub head: u64,
}

/// What a device may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    /// Another one for other parts.
    pub version: u64,
    /// In ascending order, none twice, at most [`MAX_PARTS`](super::message::MAX_PARTS).
    pub parts: Vec<Part>,
    /// Those of them that may come late, by backfills, in the same order.
    pub late: Vec<Part>,
}

/// A reading of one part for a backfill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPage {
    /// The part's entries in feed order, but for those that the pack stands for.
    pub entries: Vec<Entry>,
    /// What stands for the others, where that was asked for; at most
    /// [`MAX_ENTRY`](super::MAX_ENTRY) bytes.
    pub pack: Option<Vec<u8>>,
    /// Every position below this one was looked at.
    pub upto: u64,
}

/// What happens to a hub's session.
#[derive(Debug)]
pub enum HubInput {
    /// Bytes of the stream, cut anywhere.
    Received(Vec<u8>),
    /// The device may have a session and see this.
    Admitted(Visible),
    /// What the device may see is this from where the page begins that comes next.
    Rescoped(Visible),
    /// The device may not have a session, now or any more (at any time).
    Refused(Refusal),
    /// The answer to [`HubOutput::ReadFeed`].
    Feed(FeedPage),
    /// The answer to [`HubOutput::ReadBackfill`]: the part's entries from where it was wanted,
    /// `upto` at most the position up to which it was wanted; none where the part is no longer
    /// the device's to see.
    Backfilled {
        /// What was wanted.
        wanted: BackfillWanted,
        /// What there is.
        page: Option<PartPage>,
    },
    /// The log grew.
    LogGrew,
    /// The answer to [`HubOutput::TakeIn`], durable.
    Taken {
        /// The item.
        item: ItemId,
        /// Its verdict.
        verdict: Verdict,
    },
    /// The answer to [`HubOutput::Prove`].
    Proved(RangeProof),
    /// The other answer to [`HubOutput::Prove`].
    NotProved(ProofRefused),
    /// The answer to [`HubOutput::PersonStatus`].
    Status {
        /// The question's number.
        number: u32,
        /// Where the person is insured, or why that is not said.
        insured: Result<Insured, Refusal>,
    },
    /// The time asked for by [`HubOutput::WakeAt`] has come.
    Tick,
    /// End the session.
    Stop,
}

/// What the driver must do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum HubOutput {
    /// Write these bytes, one frame, to the stream.
    Send(Vec<u8>),
    /// Judge whether this device may have a session; answer by `Admitted` or `Refused`.
    Admit(Hello),
    /// Read the feed for this device; answer by [`HubInput::Feed`].
    ReadFeed(FeedWanted),
    /// Read what a part has in a range; answer by [`HubInput::Backfilled`].
    ReadBackfill {
        /// The part and the range.
        wanted: BackfillWanted,
        /// Bytes of entries after which to stop, except that one larger entry comes alone.
        max_bytes: usize,
    },
    /// Hand this to the engine; answer by [`HubInput::Taken`] after the commit.
    TakeIn {
        /// The item.
        item: ItemId,
        /// Its content.
        content: Item,
    },
    /// Make this proof; answer by [`HubInput::Proved`] or [`HubInput::NotProved`].
    Prove(ProofWanted),
    /// Say where this person is insured; answer by [`HubInput::Status`].
    PersonStatus(StatusWanted),
    /// Give a [`HubInput::Tick`] at this time (milliseconds); replaces the time before.
    WakeAt(u64),
    /// Something of a newer program was stepped over.
    NeedsUpdate(NeedsUpdate),
    /// Close the connection after what was sent; nothing follows.
    Close(CloseReason),
}

/// The hub's session with one device.
#[derive(Debug)]
pub struct HubSession {
    now: u64,
    feed_id: FeedId,
    state: State,
    decoder: FrameDecoder,
    outputs: VecDeque<HubOutput>,
    feed: FeedProgress,
    scope: ScopeProgress,
    in_hand: BTreeMap<ItemId, usize>,
    proofs_in_hand: usize,
    questions_in_hand: BTreeSet<u32>,
    started: u64,
    heard: u64,
    wake_at: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    AwaitingHello,
    Admitting {
        cursor: u64,
    },
    /// Admitted; the first reading of the feed decides what the welcome says.
    Opening,
    Live,
    Closed,
}

impl HubSession {
    /// A session that waits for a hello.
    #[must_use]
    pub fn new(feed: FeedId, now: u64) -> Self {
        let mut session = Self {
            now,
            feed_id: feed,
            state: State::AwaitingHello,
            decoder: FrameDecoder::default(),
            outputs: VecDeque::new(),
            feed: FeedProgress::default(),
            scope: ScopeProgress::default(),
            in_hand: BTreeMap::new(),
            proofs_in_hand: 0,
            questions_in_hand: BTreeSet::new(),
            started: now,
            heard: now,
            wake_at: None,
        };
        session.set_alarm();
        session
    }

    /// Takes an input; `now` in milliseconds of a clock that never goes back.
    ///
    /// # Panics
    /// When a reading of the feed neither gets on nor reaches the head, or holds an entry that
    /// cannot travel: errors of the driver, not of the peer.
    pub fn handle(&mut self, now: u64, input: HubInput) {
        self.now = self.now.max(now);
        if self.state == State::Closed {
            return;
        }
        match input {
            HubInput::Received(bytes) => self.received(&bytes),
            HubInput::Admitted(visible) => self.admitted(visible),
            HubInput::Rescoped(visible) => self.rescoped(visible),
            HubInput::Refused(refusal) => self.refuse(CloseReason::Refused(refusal)),
            HubInput::Feed(page) => self.feed_read(page),
            HubInput::Backfilled { wanted, page } => self.backfill_read(wanted, page),
            HubInput::LogGrew => self.log_grew(),
            HubInput::Taken { item, verdict } => self.taken(item, verdict),
            HubInput::Proved(proof) => self.proof_done(&Message::RangeProof(proof)),
            HubInput::NotProved(refused) => self.proof_done(&Message::ProofRefused(refused)),
            HubInput::Status { number, insured } => self.status_known(number, insured),
            HubInput::Tick => self.tick(),
            HubInput::Stop => self.close(CloseReason::Stopped),
        }
        self.set_alarm();
    }

    /// The next thing to do, or `None` until the next input.
    ///
    /// Messages are read one at a time, when everything before is done: what a peer sends
    /// cannot pile up here as outputs.
    pub fn poll(&mut self) -> Option<HubOutput> {
        while self.outputs.is_empty() && self.state != State::Closed {
            match self.decoder.next_message() {
                Ok(Some(decoded)) => self.decoded(decoded),
                Ok(None) => break,
                Err(error) => self.refuse(error.into()),
            }
            self.set_alarm();
        }
        self.outputs.pop_front()
    }

    fn received(&mut self, bytes: &[u8]) {
        self.heard = self.now;
        if let Err(error) = self.decoder.push(bytes) {
            self.refuse(error.into());
        }
    }

    fn decoded(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Newer { version } => self.step_over(NeedsUpdate::Frame(version)),
            Decoded::Message(bytes) => match Message::decode(&bytes) {
                Ok(Incoming::Known(message)) => {
                    if let Err(violation) = self.take_message(message) {
                        self.refuse(violation.into());
                    }
                }
                Ok(Incoming::Unknown { kind }) => self.step_over(NeedsUpdate::Message(kind)),
                Err(error) => self.refuse(error.into()),
            },
        }
    }

    fn step_over(&mut self, what: NeedsUpdate) {
        self.outputs.push_back(HubOutput::NeedsUpdate(what));
        if self.state == State::AwaitingHello {
            self.refuse(CloseReason::NeedsUpdate(what));
        }
    }

    fn take_message(&mut self, message: Message) -> Result<(), Violation> {
        let live = self.state == State::Live;
        match message {
            Message::Hello(hello) if self.state == State::AwaitingHello => self.greeted(hello),
            Message::Offer(offer) if live => self.offered(offer)?,
            Message::ProofWanted(wanted) if live => self.proof_wanted(wanted)?,
            Message::StatusWanted(wanted) if live => self.status_wanted(wanted)?,
            Message::BackfillWanted(wanted) if live => self.backfill_wanted(wanted)?,
            Message::Ping if live => {
                self.tell_how_far();
                self.send(&Message::Pong);
            }
            other => return Err(Violation::Unexpected { kind: other.kind() }),
        }
        Ok(())
    }

    fn greeted(&mut self, hello: Hello) {
        if hello.protocol != PROTOCOL {
            let detail = format!("{} instead of {PROTOCOL}", hello.protocol);
            let refusal = Refusal::new(RefusalName::SyncProtocolVersion, &detail);
            self.refuse(CloseReason::Refused(refusal));
        } else if hello.feed != self.feed_id {
            self.refuse(CloseReason::Violation(Violation::OtherFeed));
        } else {
            self.scope.told = hello.scope_version;
            self.scope.late_from = hello.late_from;
            self.state = State::Admitting {
                cursor: hello.cursor,
            };
            self.outputs.push_back(HubOutput::Admit(hello));
        }
    }

    fn admitted(&mut self, visible: Visible) {
        if let State::Admitting { cursor } = self.state {
            self.state = State::Opening;
            self.scope.opening = Some(visible);
            self.feed.told = cursor;
            self.feed.seen = cursor;
            self.read_feed();
        }
    }

    fn offered(&mut self, Offer { item, content }: Offer) -> Result<(), Violation> {
        if self.in_hand.contains_key(&item) {
            return Ok(());
        }
        let bytes: usize = self.in_hand.values().sum();
        let too_many = self.in_hand.len() >= WINDOW_ITEMS;
        if too_many || bytes + content.bytes().len() > WINDOW_BYTES + MAX_ITEM {
            return Err(Violation::WindowExceeded);
        }
        self.in_hand.insert(item, content.bytes().len());
        self.outputs.push_back(HubOutput::TakeIn { item, content });
        Ok(())
    }

    fn taken(&mut self, item: ItemId, verdict: Verdict) {
        if self.in_hand.remove(&item).is_none() {
            return;
        }
        match &verdict {
            Verdict::Taken { position } => {
                self.feed.awaited = self.feed.awaited.max(position.0.saturating_add(1));
            }
            Verdict::Refused(_) | Verdict::Held => {}
        }
        self.send(&Message::Answer(Answer { item, verdict }));
        if self.feed.awaited > self.feed.seen {
            self.log_grew();
        } else if self.feed.awaited > self.feed.told {
            self.tell_how_far();
        }
    }

    fn proof_wanted(&mut self, wanted: ProofWanted) -> Result<(), Violation> {
        if self.proofs_in_hand >= PROOFS_ASKED {
            return Err(Violation::WindowExceeded);
        }
        self.proofs_in_hand += 1;
        self.outputs.push_back(HubOutput::Prove(wanted));
        Ok(())
    }

    fn proof_done(&mut self, message: &Message) {
        if self.proofs_in_hand > 0 {
            self.proofs_in_hand -= 1;
            self.send(message);
        }
    }

    fn status_wanted(&mut self, wanted: StatusWanted) -> Result<(), Violation> {
        let asked = self.questions_in_hand.len() < QUESTIONS_ASKED
            && self.questions_in_hand.insert(wanted.number);
        if !asked {
            return Err(Violation::WindowExceeded);
        }
        self.outputs.push_back(HubOutput::PersonStatus(wanted));
        Ok(())
    }

    fn status_known(&mut self, number: u32, insured: Result<Insured, Refusal>) {
        if self.questions_in_hand.remove(&number) {
            self.send(&match insured {
                Ok(insured) => Message::StatusKnown(StatusKnown { number, insured }),
                Err(refusal) => Message::StatusRefused(StatusRefused { number, refusal }),
            });
        }
    }

    fn tick(&mut self) {
        if self.now >= self.deadline() {
            self.close(CloseReason::Silent);
        }
    }

    /// When the peer counts as gone. Until its hello, single bytes do not keep it alive.
    fn deadline(&self) -> u64 {
        match self.state {
            State::AwaitingHello => self.started + HELLO_WITHIN,
            State::Admitting { .. } | State::Opening | State::Live | State::Closed => {
                self.heard + HUB_SILENCE
            }
        }
    }

    fn set_alarm(&mut self) {
        let wake_at = self.deadline();
        if self.state != State::Closed && self.wake_at != Some(wake_at) {
            self.wake_at = Some(wake_at);
            self.outputs.push_back(HubOutput::WakeAt(wake_at));
        }
    }

    fn send(&mut self, message: &Message) {
        let frames = frame::encode(&message.encode()).expect("entries are bounded");
        self.outputs.extend(frames.into_iter().map(HubOutput::Send));
    }

    /// Tells the device by name, then closes.
    fn refuse(&mut self, reason: CloseReason) {
        if self.state == State::Closed {
            return;
        }
        if let Some(refusal) = reason.told() {
            self.send(&Message::Refuse(refusal));
        }
        self.close(reason);
    }

    fn close(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.outputs.push_back(HubOutput::Close(reason));
        }
    }
}
