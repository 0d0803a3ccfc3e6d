//! The device's side of a session: follows the feed, offers the outbox.

mod feed;
mod interface;
mod outbox;
mod questions;
mod scope;

use std::collections::VecDeque;

use super::close::{CloseReason, NeedsUpdate, Violation};
use super::frame::{self, Decoded, FrameDecoder};
use super::message::{
    Answer, Hello, Incoming, Message, ProofRefused, ProofWanted, Refusal, Welcome,
};
use super::{DEVICE_SILENCE, PING_AFTER, PROTOCOL, Verdict};
use crate::facts::Insured;
use crate::ids::FeedId;
use crate::refusal::RefusalName;

pub use interface::{Advance, DeviceInput, DeviceOutput, DeviceStart, Outgoing, SessionReport};
pub use scope::{Backfilled, Coverage, Parts, Rescope};

use feed::{FeedProgress, Step, Welcomed};
use outbox::{Opened, OutboxProgress};
use questions::Questions;
use scope::ScopeProgress;

/// Most proofs asked for and not answered.
const PROOFS_ASKED: usize = 4;
/// Most proofs waiting to be asked for.
const PROOFS_WAITING: usize = 256;

/// The device's session with a hub.
#[derive(Debug)]
pub struct DeviceSession {
    now: u64,
    feed_id: FeedId,
    state: State,
    decoder: FrameDecoder,
    outputs: VecDeque<DeviceOutput>,
    feed: FeedProgress,
    scope: ScopeProgress,
    outbox: OutboxProgress,
    proofs_waiting: VecDeque<ProofWanted>,
    proofs_asked: usize,
    questions: Questions,
    caught_up: bool,
    settled: bool,
    heard: u64,
    pinged: bool,
    wake_at: Option<u64>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Greeting,
    /// Welcomed under a scope that the device does not know yet: it comes next.
    Rescoping,
    Live,
    Closed,
}

impl DeviceSession {
    /// A session that starts by saying hello.
    #[must_use]
    pub fn new(start: DeviceStart, now: u64) -> Self {
        let hello = Hello {
            protocol: PROTOCOL,
            feed: start.feed,
            scope_version: start.scope_version,
            cursor: start.cursor,
            offers: start.offers,
            late_from: match start.late_from {
                Some(known) => known,
                None if start.packed => u64::MAX,
                None => 0,
            },
        };
        let mut session = Self {
            now,
            feed_id: start.feed,
            state: State::Greeting,
            decoder: FrameDecoder::default(),
            outputs: VecDeque::new(),
            feed: FeedProgress::new(&start),
            scope: ScopeProgress::new(start.parts, start.packed),
            outbox: OutboxProgress::default(),
            caught_up: false,
            proofs_waiting: VecDeque::new(),
            proofs_asked: 0,
            questions: Questions::default(),
            settled: false,
            heard: now,
            pinged: false,
            wake_at: None,
        };
        session.send(&Message::Hello(hello));
        session.set_alarm();
        session
    }

    /// Takes an input; `now` in milliseconds of a clock that never goes back.
    pub fn handle(&mut self, now: u64, input: DeviceInput) {
        self.now = self.now.max(now);
        if self.state == State::Closed {
            return;
        }
        match input {
            DeviceInput::Received(bytes) => self.received(&bytes),
            DeviceInput::Persisted => self.feed.persisting = false,
            DeviceInput::Outbox(items) => self.outbox_read(items),
            DeviceInput::OutboxGrew => self.outbox_grew(),
            DeviceInput::WantProof(wanted) => self.want_proof(wanted),
            DeviceInput::WantStatus(wanted) => {
                self.settled = false;
                self.questions.want(wanted);
            }
            DeviceInput::Tick => self.tick(),
            DeviceInput::Stop => self.close(CloseReason::Stopped),
        }
        self.go_on();
    }

    /// The next thing to do, or `None` until the next input.
    ///
    /// Messages are read one at a time, when everything before is done: what a peer sends
    /// cannot pile up here as outputs.
    pub fn poll(&mut self) -> Option<DeviceOutput> {
        while self.outputs.is_empty() && self.may_read() {
            match self.decoder.next_message() {
                Ok(Some(decoded)) => self.decoded(decoded),
                Ok(None) => break,
                Err(error) => self.close(error.into()),
            }
            self.go_on();
        }
        self.outputs.pop_front()
    }

    /// The position the device wants next.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.feed.cursor
    }

    fn may_read(&self) -> bool {
        self.state != State::Closed && !self.feed.persisting
    }

    fn received(&mut self, bytes: &[u8]) {
        self.heard = self.now;
        self.pinged = false;
        if let Err(error) = self.decoder.push(bytes) {
            self.close(error.into());
        }
    }

    fn decoded(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Newer { version } => self.step_over(NeedsUpdate::Frame(version)),
            Decoded::Message(bytes) => match Message::decode(&bytes) {
                Ok(Incoming::Known(message)) => {
                    if let Err(violation) = self.take_message(message) {
                        self.close(violation.into());
                    }
                }
                Ok(Incoming::Unknown { kind }) => self.step_over(NeedsUpdate::Message(kind)),
                Err(error) => self.close(error.into()),
            },
        }
    }

    fn step_over(&mut self, what: NeedsUpdate) {
        self.report(SessionReport::NeedsUpdate(what));
        match self.state {
            State::Greeting | State::Rescoping => self.close(CloseReason::NeedsUpdate(what)),
            State::Live | State::Closed => self.feed.stepped_over = true,
        }
    }

    fn take_message(&mut self, message: Message) -> Result<(), Violation> {
        let live = self.state == State::Live;
        match message {
            Message::Refuse(refusal) => self.close(CloseReason::Refused(refusal)),
            Message::Welcome(welcome) if self.state == State::Greeting => {
                self.welcomed(&welcome)?;
            }
            Message::Scope(scope) if live || self.state == State::Rescoping => {
                self.rescoped(scope)?;
            }
            Message::Backfill(backfill) if live => self.backfilled(backfill)?,
            Message::Entries(entries) if live => {
                let step = self.feed.entries(entries)?;
                self.feed_step(step);
            }
            Message::CaughtUp(caught_up) if live => {
                let step = self.feed.skipped(&caught_up)?;
                self.feed_step(step);
            }
            Message::Answer(answer) if live => self.answered(answer),
            Message::RangeProof(proof) if live => {
                self.proof_answered()?;
                self.outputs.push_back(DeviceOutput::Proof(proof));
            }
            Message::ProofRefused(refused) if live => {
                self.proof_answered()?;
                self.outputs.push_back(DeviceOutput::ProofRefused(refused));
            }
            Message::StatusKnown(known) if live => {
                self.status_answered(known.number, Ok(known.insured))?;
            }
            Message::StatusRefused(refused) if live => {
                self.status_answered(refused.number, Err(refused.refusal))?;
            }
            Message::Pong if live => {}
            other => return Err(Violation::Unexpected { kind: other.kind() }),
        }
        Ok(())
    }

    fn welcomed(&mut self, welcome: &Welcome) -> Result<(), Violation> {
        if welcome.feed != self.feed_id {
            return Err(Violation::OtherFeed);
        }
        let welcomed = self.feed.welcomed(welcome)?;
        self.report(SessionReport::Welcomed { head: welcome.head });
        self.state = match welcomed {
            Welcomed::InScope(advance) => {
                self.outputs.extend(advance.map(DeviceOutput::Persist));
                State::Live
            }
            Welcomed::OtherScope => State::Rescoping,
        };
        Ok(())
    }

    fn feed_step(&mut self, step: Step) {
        match step {
            Step::Persist(advance) => self.outputs.push_back(DeviceOutput::Persist(advance)),
            Step::Hold => {
                let cursor = self.feed.cursor;
                self.report(SessionReport::FeedHeld { cursor });
            }
            Step::Ignore => {}
        }
    }

    fn answered(&mut self, Answer { item, verdict }: Answer) {
        if !self.outbox.answered(item) {
            return;
        }
        match &verdict {
            Verdict::Taken { position } => self.feed.await_position(position.0),
            Verdict::Refused(_) | Verdict::Held => {}
        }
        self.outputs
            .push_back(DeviceOutput::Answered { item, verdict });
    }

    fn outbox_read(&mut self, items: Vec<Outgoing>) {
        self.outbox.end_reading(&items);
        for Outgoing { item, content, .. } in items {
            match self.outbox.open(item, content, self.now) {
                Opened::Offered(offer) => self.send(&Message::Offer(offer)),
                Opened::OfferedBefore => {}
                Opened::TooLarge { bytes } => {
                    self.report(SessionReport::ItemTooLarge { item, bytes });
                }
            }
        }
    }

    fn outbox_grew(&mut self) {
        self.outbox.grew();
        self.settled = false;
    }

    fn want_proof(&mut self, wanted: ProofWanted) {
        self.settled = false;
        if self.proofs_waiting.len() < PROOFS_WAITING {
            self.proofs_waiting.push_back(wanted);
        } else {
            let refusal = Refusal::new(RefusalName::SyncTooManyProofs, "");
            self.outputs
                .push_back(DeviceOutput::ProofRefused(ProofRefused { wanted, refusal }));
        }
    }

    fn status_answered(
        &mut self,
        number: u32,
        insured: Result<Insured, Refusal>,
    ) -> Result<(), Violation> {
        self.questions.answered(number)?;
        self.outputs
            .push_back(DeviceOutput::Status { number, insured });
        Ok(())
    }

    fn proof_answered(&mut self) -> Result<(), Violation> {
        self.proofs_asked = self
            .proofs_asked
            .checked_sub(1)
            .ok_or(Violation::WindowExceeded)?;
        Ok(())
    }

    fn tick(&mut self) {
        let silent = self.now.saturating_sub(self.heard);
        if silent >= DEVICE_SILENCE {
            self.close(CloseReason::Silent);
            return;
        }
        if self.state != State::Live {
            return;
        }
        if silent >= PING_AFTER && !self.pinged {
            self.pinged = true;
            self.send(&Message::Ping);
        }
        for offer in self.outbox.due_again(self.now) {
            self.send(&Message::Offer(offer));
        }
    }

    /// What follows from any step: further offers, proofs, and what has been reached.
    fn go_on(&mut self) {
        if self.state == State::Live {
            self.read_outbox();
            self.ask_for_proofs();
            self.ask_for_status();
            self.ask_for_backfill();
            self.note_progress();
        }
        self.set_alarm();
    }

    fn read_outbox(&mut self) {
        let due = self.outbox.begin_reading();
        self.outputs.extend(due.map(|due| DeviceOutput::ReadOutbox {
            after: due.after,
            limit: due.limit,
            max_bytes: due.max_bytes,
        }));
    }

    fn ask_for_proofs(&mut self) {
        while self.proofs_asked < PROOFS_ASKED {
            let Some(wanted) = self.proofs_waiting.pop_front() else {
                return;
            };
            self.proofs_asked += 1;
            self.send(&Message::ProofWanted(wanted));
        }
    }

    fn ask_for_status(&mut self) {
        while let Some(wanted) = self.questions.next() {
            self.send(&Message::StatusWanted(wanted));
        }
    }

    fn note_progress(&mut self) {
        if self.feed.persisting {
            return;
        }
        if !self.caught_up && self.feed.is_caught_up() {
            self.caught_up = true;
            let cursor = self.feed.cursor;
            self.report(SessionReport::CaughtUp { cursor });
        }
        let proofs_done = self.proofs_asked == 0 && self.proofs_waiting.is_empty();
        let feed_done = self.feed.is_done() && self.scope.is_done();
        let asked_done = proofs_done && self.questions.is_done();
        let settled = feed_done && self.outbox.is_done() && asked_done;
        if settled && !self.settled {
            self.report(SessionReport::Settled);
        }
        self.settled = settled;
    }

    fn set_alarm(&mut self) {
        if self.state == State::Closed {
            return;
        }
        let liveness = if self.pinged || self.state != State::Live {
            self.heard + DEVICE_SILENCE
        } else {
            self.heard + PING_AFTER
        };
        let due = self.outbox.next_due();
        let wake_at = due.map_or(liveness, |due| due.min(liveness));
        if self.wake_at != Some(wake_at) {
            self.wake_at = Some(wake_at);
            self.outputs.push_back(DeviceOutput::WakeAt(wake_at));
        }
    }

    fn report(&mut self, report: SessionReport) {
        self.outputs.push_back(DeviceOutput::Report(report));
    }

    fn send(&mut self, message: &Message) {
        let frames = frame::encode(&message.encode()).expect("items are bounded below a message");
        self.outputs
            .extend(frames.into_iter().map(DeviceOutput::Send));
    }

    fn close(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.outputs.push_back(DeviceOutput::Close(reason));
        }
    }
}
