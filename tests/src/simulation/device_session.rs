//! The device's pump over a simulated link, as [`canbao_transport::drive_device`] over QUIC.

use std::future::Future;

use canbao_client::driver::Fault;
use canbao_core::document::SignedBatch;
use canbao_core::facts::{Entry, Fact};
use canbao_core::message::Lang;
use canbao_core::structure::check_batch;
use canbao_core::sync::device::{Advance, DeviceInput, DeviceOutput, DeviceSession, SessionReport};
use canbao_core::sync::hub::HubSession;
use canbao_core::sync::{CloseReason, Verdict, retry_after};
use canbao_transport::{DeviceBackend, DeviceEvent, Statistics, Transport};
use futures_util::FutureExt;

use super::broken::Broken;
use super::device::Answered;
use super::hub_session::HubEnd;
use super::invariants::{Invariant, Step, Violation};
use super::journal::Met;
use super::network::{End, Lane, Link, LinkId, Parcel, pieces};
use super::world::{Event, World};

/// How long a device waits for a handshake, in milliseconds.
const HANDSHAKE: u64 = 5_000;

/// How a turn of a session ended.
enum Turn {
    Goes,
    Closed(CloseReason),
    /// The process is gone, with the session.
    Fell,
}

impl World<'_> {
    /// A device tries to connect.
    pub(super) fn connect(&mut self, device: usize) -> Step {
        let now = self.time.now();
        let lost = self.healed_at.is_none() && self.dice.percent(10);
        let twice = self.healed_at.is_none() && self.dice.percent(5);
        let it = &mut self.devices[device];
        let Some(process) = it.process.as_mut().filter(|it| it.link.is_none()) else {
            return Ok(());
        };
        let never = self.broken == Some(Broken::NeverRetries);
        if never && it.had_session {
            return Ok(());
        }
        let name = it.name.clone();
        let hub = self.centre.session(it.key);
        let (Some(hub), false, false) = (hub, lost, it.held_up_until > now) else {
            it.attempt += 1;
            self.write(&name, "is not answered");
            self.connect_later(device, HANDSHAKE);
            return Ok(());
        };
        let start = match process.door.session_start() {
            Ok(start) => start,
            Err(fault) => return self.device_fault(device, &fault),
        };
        process.backend.begin();
        let id = self.next_link;
        self.next_link += 1;
        process.link = Some(id);
        self.write(
            &name,
            format_args!(
                "connects at {} with {} to offer",
                start.cursor, start.offers
            ),
        );
        let link = Link {
            device,
            device_end: Some(DeviceSession::new(start, now)),
            hub_end: Some(HubEnd::new(HubSession::new(self.centre.feed(), now), hub)),
            to_device: Lane::default(),
            to_hub: Lane::default(),
            welcomed: false,
            cut: false,
        };
        self.links.insert(id, link);
        if twice {
            self.connect_twice(id);
        }
        // The alarm of a hub that hears nothing.
        self.run_hub(id, None)?;
        self.run_device(id, None)
    }

    /// The centre takes a device's hello for two: of the second one nobody hears the end.
    fn connect_twice(&mut self, original: LinkId) {
        let now = self.time.now();
        let device = self.links[&original].device;
        let Some(hub) = self.centre.session(self.devices[device].key) else {
            return;
        };
        let hello = match self.devices[device].process.as_ref() {
            Some(process) => process.door.session_start(),
            None => return,
        };
        let Ok(start) = hello else { return };
        let mut shadow = DeviceSession::new(start, now);
        let mut link = Link {
            device,
            device_end: None,
            hub_end: Some(HubEnd::new(HubSession::new(self.centre.feed(), now), hub)),
            to_device: Lane::default(),
            to_hub: Lane::default(),
            welcomed: false,
            cut: false,
        };
        let id = self.next_link;
        self.next_link += 1;
        while let Some(output) = shadow.poll() {
            if let DeviceOutput::Send(frame) = output {
                let at = link.to_hub.send(Parcel::Bytes(frame), now, &mut self.dice);
                self.schedule(
                    at - now,
                    Event::Arrive {
                        link: id,
                        end: End::Hub,
                    },
                );
            }
        }
        self.links.insert(id, link);
    }

    /// Lets the device of a link go on, where one has an open session.
    pub(super) fn run_link_of(&mut self, device: usize) -> Step {
        let process = self.devices[device].process.as_ref();
        match process.and_then(|it| it.link) {
            Some(link) => self.run_device(link, None),
            None => Ok(()),
        }
    }

    /// A turn of a device's session.
    pub(super) fn run_device(&mut self, id: LinkId, input: Option<DeviceInput>) -> Step {
        let now = self.time.now();
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let device = link.device;
        let Some(mut session) = link.device_end.take() else {
            return Ok(());
        };
        if let Some(input) = input {
            session.handle(now, input);
        }
        match self.perform_device(id, device, &mut session)? {
            Turn::Goes => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.device_end = Some(session);
                }
                Ok(())
            }
            Turn::Closed(reason) => {
                self.device_end_lost(id, reason.code())?;
                self.keeps_the_protocol(&reason)
            }
            Turn::Fell => Ok(()),
        }
    }

    fn perform_device(
        &mut self,
        id: LinkId,
        device: usize,
        session: &mut DeviceSession,
    ) -> Result<Turn, Violation> {
        loop {
            while let Some(output) = session.poll() {
                match self.device_output(id, device, session, output)? {
                    Turn::Goes => {}
                    ended @ (Turn::Closed(_) | Turn::Fell) => return Ok(ended),
                }
            }
            let Some(process) = &mut self.devices[device].process else {
                return Ok(Turn::Fell);
            };
            let input = match process.backend.next_event().now_or_never() {
                Some(DeviceEvent::OutboxGrew) => DeviceInput::OutboxGrew,
                Some(DeviceEvent::WantProof(wanted)) => DeviceInput::WantProof(wanted),
                Some(DeviceEvent::Stop) => DeviceInput::Stop,
                None => return Ok(Turn::Goes),
            };
            session.handle(self.time.now(), input);
        }
    }

    fn device_output(
        &mut self,
        id: LinkId,
        device: usize,
        session: &mut DeviceSession,
        output: DeviceOutput,
    ) -> Result<Turn, Violation> {
        let now = self.time.now();
        let name = self.devices[device].name.clone();
        let tampered = match &output {
            DeviceOutput::Persist(advance) => Some(self.tampered(device, advance.clone())),
            _ => None,
        };
        let Some(process) = &mut self.devices[device].process else {
            return Ok(Turn::Fell);
        };
        let backend = &mut process.backend;
        let done: Result<(), Fault> = match output {
            DeviceOutput::Send(frame) => {
                self.send(id, End::Hub, &frame);
                return Ok(Turn::Goes);
            }
            DeviceOutput::Persist(advance) => {
                let (count, cursor) = (advance.entries.len(), advance.cursor);
                let done = at_once(backend.persist(tampered.unwrap_or(advance)));
                if done.is_ok() {
                    self.write(&name, format_args!("holds {count} more, to {cursor}"));
                    session.handle(now, DeviceInput::Persisted);
                    self.note_kept(device)?;
                    self.check_device(device)?;
                }
                done
            }
            DeviceOutput::Rescope(rescope) => {
                let done = at_once(backend.rescope(rescope));
                if done.is_ok() {
                    self.write(&name, "takes another scope");
                    session.handle(now, DeviceInput::Persisted);
                }
                done
            }
            DeviceOutput::Backfill(backfilled) => {
                let count = backfilled.entries.len();
                let done = at_once(backend.backfill(backfilled));
                if done.is_ok() {
                    self.write(&name, format_args!("holds {count} older ones"));
                    session.handle(now, DeviceInput::Persisted);
                    self.note_kept(device)?;
                    self.check_device(device)?;
                }
                done
            }
            DeviceOutput::ReadOutbox {
                after,
                limit,
                max_bytes,
            } => at_once(backend.outbox(after, limit, max_bytes))
                .map(|items| session.handle(now, DeviceInput::Outbox(items))),
            DeviceOutput::Answered { item, verdict } => {
                let done = at_once(backend.answered(item, verdict.clone()));
                self.write(&name, format_args!("is answered: {}", said(&verdict)));
                self.note_answer(device, item.0, &verdict)?;
                done
            }
            DeviceOutput::Proof(proof) => {
                let count = proof.count;
                let done = at_once(backend.proof(Ok(proof)));
                if done.is_ok() {
                    self.write(&name, format_args!("verifies the proof of {count}"));
                    self.journal.meet(Met::RecordProven);
                    self.check_proofs(device)?;
                }
                done
            }
            // Asked for again by the next session: the wait before it is asked again within this
            // one would be of the machine's clock.
            DeviceOutput::ProofRefused(refused) => {
                self.write(&name, refused.refusal.code());
                return Ok(Turn::Closed(CloseReason::Stopped));
            }
            DeviceOutput::WakeAt(at) => {
                let wait = at.saturating_sub(now);
                self.schedule(
                    wait,
                    Event::Alarm {
                        link: id,
                        end: End::Device,
                    },
                );
                return Ok(Turn::Goes);
            }
            DeviceOutput::Report(report) => {
                self.reported(id, device, report)?;
                return Ok(Turn::Goes);
            }
            DeviceOutput::Close(reason) => return Ok(Turn::Closed(reason)),
        };
        match done {
            Ok(()) => Ok(Turn::Goes),
            Err(fault) => {
                self.device_fault(device, &fault)?;
                let alive = self.devices[device].process.is_some();
                Ok(if alive {
                    Turn::Closed(CloseReason::Stopped)
                } else {
                    Turn::Fell
                })
            }
        }
    }

    fn reported(&mut self, id: LinkId, device: usize, report: SessionReport) -> Step {
        let it = &mut self.devices[device];
        let Some(process) = &mut it.process else {
            return Ok(());
        };
        process.backend.report(report.clone(), unmeasured());
        let name = it.name.clone();
        let line = match report {
            SessionReport::Welcomed { head } => {
                it.had_session = true;
                it.attempt = 0;
                if let Some(link) = self.links.get_mut(&id) {
                    link.welcomed = true;
                }
                format!("is welcomed at {head}")
            }
            SessionReport::ScopeChanged { .. } => "has another scope".to_owned(),
            SessionReport::CaughtUp { cursor } => format!("has caught up at {cursor}"),
            SessionReport::Settled => "has settled".to_owned(),
            SessionReport::NeedsUpdate(what) => {
                let detail = format!("{name} needs an update: {what}");
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
                "needs an update".to_owned()
            }
            SessionReport::FeedHeld { cursor } => {
                let detail = format!("{name}: the feed is held at {cursor}");
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
                "the feed is held".to_owned()
            }
            SessionReport::ItemTooLarge { bytes, .. } => format!("an item of {bytes} is too large"),
        };
        self.write(&name, line);
        Ok(())
    }

    /// Remembers what the centre said was taken, and looks whether its log says so.
    fn note_answer(&mut self, device: usize, item: [u8; 32], verdict: &Verdict) -> Step {
        let Verdict::Taken { position } = verdict else {
            return Ok(());
        };
        let place = usize::try_from(position.0).unwrap_or(usize::MAX);
        let seen = self.truth.entries.get(place);
        let answers = seen.is_some_and(|it| super::truth::answered_item(&it.fact) == Some(item));
        let entry = seen.map(|it| it.entry.bytes.clone()).unwrap_or_default();
        let position = *position;
        let others = self
            .devices
            .iter()
            .enumerate()
            .filter(|(it, _)| *it != device);
        if others
            .flat_map(|(_, it)| &it.kept.answered)
            .any(|it| it.item == item)
        {
            self.journal.meet(Met::SameItemTwice);
        }
        self.devices[device].kept.answered.push(Answered {
            item,
            position,
            entry,
        });
        let detail = format!("{position:?} does not answer the item that was taken there");
        let found = if answers { Ok(()) } else { Err(detail) };
        self.hold(Invariant::AcknowledgedIsDurable, found)
    }

    /// A session of a device has ended or lost its link.
    pub(super) fn device_end_lost(&mut self, id: LinkId, code: &str) -> Step {
        let now = self.time.now();
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let (device, welcomed) = (link.device, link.welcomed);
        link.device_end = None;
        if link.hub_end.is_some() && !link.cut {
            let at = link.to_hub.send(Parcel::Gone, now, &mut self.dice);
            self.schedule(
                at - now,
                Event::Arrive {
                    link: id,
                    end: End::Hub,
                },
            );
        }
        self.forget_if_over(id);
        let it = &mut self.devices[device];
        let Some(process) = it.process.as_mut().filter(|it| it.link == Some(id)) else {
            return Ok(());
        };
        process.link = None;
        it.attempt = if welcomed { 0 } else { it.attempt + 1 };
        let name = it.name.clone();
        self.write(&name, format_args!("has no link: {code}"));
        self.connect_later(device, 0);
        Ok(())
    }

    fn connect_later(&mut self, device: usize, after: u64) {
        let it = &self.devices[device];
        let mut seed = [0; 8];
        seed.copy_from_slice(&it.id.0[8..]);
        let wait = retry_after(it.attempt, u64::from_be_bytes(seed));
        self.schedule(after + wait, Event::Connect { device });
    }

    fn device_fault(&mut self, device: usize, fault: &Fault) -> Step {
        let failure = fault.in_words(Lang::En);
        let name = self.devices[device].name.clone();
        self.write(&name, format_args!("fails: {}", failure.code));
        self.device_failed(device, &failure.code)
    }

    /// Neither end breaks the protocol.
    pub(super) fn keeps_the_protocol(&self, reason: &CloseReason) -> Step {
        let found = match reason {
            CloseReason::Violation(violation) => {
                Err(format!("the protocol is broken: {violation}"))
            }
            CloseReason::NeedsUpdate(what) => Err(format!("one end is newer: {what}")),
            CloseReason::Stopped | CloseReason::Refused(_) | CloseReason::Silent => Ok(()),
        };
        self.hold(Invariant::NothingFailsUnprovoked, found)
    }

    /// Sends a frame to an end.
    pub(super) fn send(&mut self, id: LinkId, to: End, frame: &[u8]) {
        let now = self.time.now();
        let garbled = self.is_broken(Broken::GarblesFrame) && self.dice.percent(3);
        let mut pieces = pieces(frame, &mut self.dice);
        if garbled && let Some(byte) = pieces.last_mut().and_then(|it| it.last_mut()) {
            *byte ^= 0x55;
        }
        let Some(link) = self.links.get_mut(&id).filter(|it| !it.cut) else {
            return;
        };
        let not_before = now.max(self.devices[link.device].held_up_until);
        let mut arrivals = Vec::new();
        for piece in pieces {
            let lane = link.lane(to);
            arrivals.push(lane.send(Parcel::Bytes(piece), not_before, &mut self.dice));
        }
        for at in arrivals {
            self.schedule(at - now, Event::Arrive { link: id, end: to });
        }
    }

    /// Forgets a link both ends of which are gone.
    pub(super) fn forget_if_over(&mut self, id: LinkId) {
        if let Some(link) = self.links.get(&id)
            && link.device_end.is_none()
            && link.hub_end.is_none()
        {
            self.links.remove(&id);
        }
    }

    /// What a broken rule makes of what the device is to keep.
    fn tampered(&mut self, device: usize, mut advance: Advance) -> Advance {
        if self.is_broken(Broken::SkipsEntry) && self.dice.percent(5) {
            advance.entries.pop();
        }
        if self.is_broken(Broken::LosesBatch) && self.dice.percent(30) {
            let id = self.devices[device].id;
            let of_another = |bytes: &[u8]| {
                let fact = Entry::from_bytes(bytes).ok().and_then(|it| it.fact().ok());
                match fact {
                    Some(Fact::BatchAdmitted { batch, .. }) => {
                        let batch = SignedBatch(batch);
                        check_batch(&batch.0).is_ok_and(|it| !it.batch.actor.starts_with(&id.0))
                    }
                    Some(_) | None => false,
                }
            };
            advance.entries.retain(|it| !of_another(&it.bytes));
        }
        advance
    }
}

/// The device's side of the store waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future
        .now_or_never()
        .expect("a device's store answers at once")
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Taken { position } => format!("taken at {}", position.0),
        Verdict::Held => "held".to_owned(),
        Verdict::Refused(refusal) => refusal.code().to_owned(),
    }
}

fn unmeasured() -> Statistics {
    Statistics {
        transport: Transport::Quic,
        sent: 0,
        received: 0,
        datagram_bytes_sent: 0,
        datagram_bytes_received: 0,
    }
}
