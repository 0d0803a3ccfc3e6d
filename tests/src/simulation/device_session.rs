//! The device's pump over a simulated link, as [`canbao_transport::drive_device`] over QUIC.

use std::future::Future;

use canbao_client::driver::Fault;
use canbao_core::message::Lang;
use canbao_core::refusal::RefusalName;
use canbao_core::sync::device::{DeviceInput, DeviceOutput, DeviceSession, SessionReport};
use canbao_core::sync::{CloseReason, Verdict};
use canbao_transport::{DeviceBackend, DeviceEvent, Statistics, Transport};
use futures_util::FutureExt;

use super::broken::Broken;
use super::invariants::{Invariant, Step, Violation};
use super::journal::Met;
use super::kept::Answered;
use super::network::{End, LinkId};
use super::world::{Event, World};

/// How a turn of a session ended.
enum Turn {
    Goes,
    Closed(CloseReason),
    /// The process is gone, with the session.
    Fell,
}

impl World<'_> {
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
                let refused = match &reason {
                    CloseReason::Refused(refusal) => Some(refusal),
                    CloseReason::Stopped
                    | CloseReason::NeedsUpdate(_)
                    | CloseReason::Violation(_)
                    | CloseReason::Silent => None,
                };
                self.device_end_lost(id, reason.code(), refused)?;
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
                Some(DeviceEvent::WantStatus(wanted)) => DeviceInput::WantStatus(wanted),
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
        match output {
            DeviceOutput::Send(frame) => self.send(id, End::Hub, &frame),
            DeviceOutput::WakeAt(at) => {
                let wait = at.saturating_sub(self.time.now());
                let end = End::Device;
                self.schedule(wait, Event::Alarm { link: id, end });
            }
            DeviceOutput::Report(report) => self.reported(id, device, report)?,
            DeviceOutput::Close(reason) => return Ok(Turn::Closed(reason)),
            // Asked for again by the next session: the wait before it is asked again within this
            // one would be of the machine's clock.
            DeviceOutput::ProofRefused(refused) => {
                self.device_says(device, refused.refusal.code());
                return Ok(Turn::Closed(CloseReason::Stopped));
            }
            DeviceOutput::Status { .. } => self.device_says(device, "hears of a person"),
            output @ (DeviceOutput::Persist(_)
            | DeviceOutput::Rescope(_)
            | DeviceOutput::Backfill(_)
            | DeviceOutput::ReadOutbox { .. }
            | DeviceOutput::Answered { .. }
            | DeviceOutput::Proof(_)) => return self.device_store(device, session, output),
        }
        Ok(Turn::Goes)
    }

    /// An output that the device's store performs.
    fn device_store(
        &mut self,
        device: usize,
        session: &mut DeviceSession,
        output: DeviceOutput,
    ) -> Result<Turn, Violation> {
        let now = self.time.now();
        match self.store_output(device, output)? {
            Ok(Some(input)) => session.handle(now, input),
            Ok(None) => {}
            Err(fault) => {
                self.device_fault(device, &fault)?;
                let alive = self.devices[device].process.is_some();
                return Ok(if alive {
                    Turn::Closed(CloseReason::Stopped)
                } else {
                    Turn::Fell
                });
            }
        }
        Ok(Turn::Goes)
    }

    /// Performs it; gives what the session is to hear of it.
    fn store_output(
        &mut self,
        device: usize,
        output: DeviceOutput,
    ) -> Result<Result<Option<DeviceInput>, Fault>, Violation> {
        let output = self.tampered(device, output);
        let rescoped = matches!(output, DeviceOutput::Rescope(_));
        let before = (rescoped && self.is_broken(Broken::LeavesEntry))
            .then(|| self.devices[device].kept.held.clone());
        let Some(process) = &mut self.devices[device].process else {
            return Ok(Ok(None));
        };
        let backend = &mut process.backend;
        let (done, said) = match output {
            DeviceOutput::Persist(advance) => {
                let said = format!(
                    "holds {} more, to {}",
                    advance.entries.len(),
                    advance.cursor
                );
                (at_once(backend.persist(advance)), said)
            }
            DeviceOutput::Rescope(rescope) => {
                let said = format!("takes another scope, of {} parts", rescope.parts.len());
                (at_once(backend.rescope(rescope)), said)
            }
            DeviceOutput::Backfill(backfilled) => {
                if !backfilled.entries.is_empty() {
                    self.journal.meet(Met::Backfilled);
                }
                if backfilled.pack.is_some() {
                    self.journal.meet(Met::Packed);
                }
                let said = format!("holds {} older ones", backfilled.entries.len());
                (at_once(backend.backfill(backfilled)), said)
            }
            DeviceOutput::ReadOutbox {
                after,
                limit,
                max_bytes,
            } => {
                let items = at_once(backend.outbox(after, limit, max_bytes));
                return Ok(items.map(|items| Some(DeviceInput::Outbox(items))));
            }
            DeviceOutput::Answered { item, verdict } => {
                let done = at_once(backend.answered(item, verdict.clone()));
                self.device_says(device, format_args!("is answered: {}", said(&verdict)));
                self.note_answer(device, item.0, &verdict)?;
                return Ok(done.map(|()| None));
            }
            DeviceOutput::Proof(proof) => {
                let count = proof.count;
                let done = at_once(backend.proof(Ok(proof)));
                if done.is_ok() {
                    self.device_says(device, format_args!("verifies the proof of {count}"));
                    self.journal.meet(Met::RecordProven);
                    self.check_proofs(device)?;
                }
                return Ok(done.map(|()| None));
            }
            DeviceOutput::Send(_)
            | DeviceOutput::WakeAt(_)
            | DeviceOutput::Report(_)
            | DeviceOutput::ProofRefused(_)
            | DeviceOutput::Status { .. }
            | DeviceOutput::Close(_) => return Ok(Ok(None)),
        };
        if done.is_ok() {
            self.device_says(device, said);
            if rescoped {
                self.find_again(device)?;
                self.leave_entry(device, before)?;
            } else {
                self.note_kept(device)?;
            }
            self.check_device(device)?;
        }
        Ok(done.map(|()| Some(DeviceInput::Persisted)))
    }

    fn device_says(&mut self, device: usize, what: impl std::fmt::Display) {
        let Self {
            time,
            journal,
            devices,
            ..
        } = self;
        journal.write(time.now(), &devices[device].name, what);
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

    pub(super) fn device_fault(&mut self, device: usize, fault: &Fault) -> Step {
        let failure = fault.in_words(Lang::En);
        let name = self.devices[device].name.clone();
        self.write(&name, format_args!("fails: {}", failure.code));
        self.device_failed(device, &failure.code)
    }

    /// Neither end breaks the protocol.
    pub(super) fn keeps_the_protocol(&mut self, reason: &CloseReason) -> Step {
        let found = match reason {
            CloseReason::Violation(violation) => {
                Err(format!("the protocol is broken: {violation}"))
            }
            CloseReason::NeedsUpdate(what) => Err(format!("one end is newer: {what}")),
            CloseReason::Refused(refusal)
                if refusal.code() != RefusalName::PeersCertificateRevoked.as_str() =>
            {
                Err(format!("a session is refused: {}", refusal.code()))
            }
            CloseReason::Refused(_) => {
                self.journal.meet(Met::LockedOut);
                Ok(())
            }
            CloseReason::Stopped | CloseReason::Silent => Ok(()),
        };
        self.hold(Invariant::NothingFailsUnprovoked, found)
    }
}

/// The device's side of the store waits for nothing.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
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
