//! A session between the two ends, over a link that carries so many bytes and then is cut.

use std::collections::VecDeque;

use super::FEED;
use super::world::{Centre, Mask, Store};
use crate::refusal::RefusalName;
use crate::sync::device::{DeviceInput, DeviceOutput, DeviceSession, SessionReport};
use crate::sync::hub::{HubInput, HubOutput, HubSession};
use crate::sync::{CloseReason, ProofRefused, Refusal};

/// What happens at the centre while a link carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The log grows by an entry of so many bytes.
    Append(usize),
    /// The device may see other parts.
    Scope(Mask),
}

/// One session between them over a link that carries so many bytes and then is cut.
pub(super) struct Link<'w> {
    store: &'w mut Store,
    centre: &'w mut Centre,
    device: DeviceSession,
    hub: HubSession,
    /// The scope of the hub's newest page.
    read_with: Mask,
    events: VecDeque<Event>,
    to_hub: VecDeque<u8>,
    to_device: VecDeque<u8>,
    bytes_left: usize,
    pub(super) carried: usize,
    pub(super) reports: Vec<SessionReport>,
    pub(super) closed: Option<CloseReason>,
}

impl<'w> Link<'w> {
    pub(super) fn new(store: &'w mut Store, centre: &'w mut Centre, bytes_left: usize) -> Self {
        let device = DeviceSession::new(store.start(), 0);
        Self {
            read_with: centre.scope,
            store,
            centre,
            device,
            hub: HubSession::new(FEED, 0),
            events: VecDeque::new(),
            to_hub: VecDeque::new(),
            to_device: VecDeque::new(),
            bytes_left,
            carried: 0,
            reports: Vec::new(),
            closed: None,
        }
    }

    /// With events of which one happens after each piece that is carried.
    pub(super) fn with(mut self, events: &[Event]) -> Self {
        self.events = events.iter().copied().collect();
        self
    }

    /// Runs until nothing moves, the link is cut or a side closes; `pieces` cuts the stream.
    pub(super) fn run(&mut self, pieces: &[usize]) {
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
            if up.is_empty() && down.is_empty() && self.events.is_empty() {
                return;
            }
            if !up.is_empty() {
                self.hub.handle(0, HubInput::Received(up));
            }
            if !down.is_empty() {
                self.device.handle(0, DeviceInput::Received(down));
            }
            self.happen();
        }
    }

    fn happen(&mut self) {
        let Some(event) = self.events.pop_front() else {
            return;
        };
        match event {
            Event::Append(bytes) => {
                self.centre.append(bytes);
            }
            // At the centre it is an entry of the log that changes a scope.
            Event::Scope(scope) => {
                self.centre.append(1);
                self.centre.scope = scope;
            }
        }
        self.hub.handle(0, HubInput::LogGrew);
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
                    self.store.advance(advance);
                    self.persisted();
                }
                DeviceOutput::Rescope(rescope) => {
                    self.store.rescope(rescope);
                    self.persisted();
                }
                DeviceOutput::Backfill(backfilled) => {
                    self.store.backfill(backfilled);
                    self.persisted();
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
                | DeviceOutput::Status { .. }
                | DeviceOutput::WakeAt(_) => {}
            }
        }
    }

    fn persisted(&mut self) {
        self.store.assert_prefixes(self.centre);
        self.device.handle(0, DeviceInput::Persisted);
    }

    fn hub_outputs(&mut self) {
        while let Some(output) = self.hub.poll() {
            match output {
                HubOutput::Send(frame) => self.to_device.extend(frame),
                HubOutput::Admit(_) => {
                    self.read_with = self.centre.scope;
                    let visible = self.centre.visible_parts();
                    self.hub.handle(0, HubInput::Admitted(visible));
                }
                HubOutput::ReadFeed(wanted) => {
                    if self.read_with != self.centre.scope {
                        self.read_with = self.centre.scope;
                        let visible = self.centre.visible_parts();
                        self.hub.handle(0, HubInput::Rescoped(visible));
                    }
                    let page = self.centre.feed(wanted);
                    self.hub.handle(0, HubInput::Feed(page));
                }
                HubOutput::ReadBackfill { wanted, max_bytes } => {
                    let page = self.centre.backfill(&wanted, self.read_with, max_bytes);
                    self.hub.handle(0, HubInput::Backfilled { wanted, page });
                }
                HubOutput::TakeIn { item, content } => {
                    let verdict = self.centre.take_in(item, &content);
                    self.hub.handle(0, HubInput::Taken { item, verdict });
                    self.hub.handle(0, HubInput::LogGrew);
                }
                HubOutput::Prove(wanted) => {
                    let refusal = Refusal::new(RefusalName::LogOutOfRange, "");
                    self.hub
                        .handle(0, HubInput::NotProved(ProofRefused { wanted, refusal }));
                }
                HubOutput::PersonStatus(wanted) => {
                    let insured = Err(Refusal::new(RefusalName::StatementNotYourUnit, ""));
                    let number = wanted.number;
                    self.hub.handle(0, HubInput::Status { number, insured });
                }
                HubOutput::Close(reason) => {
                    self.closed.get_or_insert(reason);
                }
                HubOutput::WakeAt(_) | HubOutput::NeedsUpdate(_) => {}
            }
        }
    }
}
