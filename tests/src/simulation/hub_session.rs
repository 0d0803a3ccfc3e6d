//! The hub's pump over a simulated link, as [`canbao_transport::drive_hub`] over QUIC.

use canbao_core::sync::hub::{FeedWanted, HubInput, HubOutput, HubSession};
use canbao_core::sync::{CloseReason, Item, ItemId, ProofRefused, Verdict};
use canbao_server::centre::Unavailable;
use canbao_server::peers::Session;
use canbao_transport::{HubBackend, HubEvent};
use futures_util::FutureExt;

use super::broken::Broken;
use super::invariants::{Invariant, Step, Violation};
use super::network::{End, LinkId};
use super::world::{Event, World};

/// A device's session at the centre.
pub(super) struct HubEnd {
    session: HubSession,
    backend: Session,
    /// A reading of the feed that is due: from where, how many bytes.
    next_page: Option<FeedWanted>,
    /// An item that the engine is asked to take in: the session waits for the answer.
    asked: Option<(ItemId, Item)>,
}

impl HubEnd {
    pub(super) fn new(session: HubSession, backend: Session) -> Self {
        Self {
            session,
            backend,
            next_page: None,
            asked: None,
        }
    }

    /// Whether it waits for the engine, and hears nothing meanwhile.
    pub(super) fn waits(&self) -> bool {
        self.asked.is_some()
    }

    /// Hands the item that it waits for to the engine.
    pub(super) async fn take_in(&mut self) -> Result<Verdict, Unavailable> {
        let (item, content) = self.asked.clone().expect("it waits");
        self.backend.take_in(item, content).await
    }

    /// Goes on with the engine's answer.
    pub(super) fn answered(&mut self, now: u64, verdict: Verdict) {
        if let Some((item, _)) = self.asked.take() {
            self.session.handle(now, HubInput::Taken { item, verdict });
        }
    }
}

/// How a turn of a session ended.
enum Turn {
    Goes,
    Closed(CloseReason),
    /// The process is gone, with the session.
    Fell,
}

impl World<'_> {
    /// A turn of a hub's session.
    pub(super) fn run_hub(&mut self, id: LinkId, input: Option<HubInput>) -> Step {
        let now = self.time.now();
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let Some(mut hub) = link.hub_end.take() else {
            return Ok(());
        };
        if let Some(input) = input {
            hub.session.handle(now, input);
        }
        match self.perform_hub(id, &mut hub)? {
            Turn::Goes => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.hub_end = Some(hub);
                }
                Ok(())
            }
            Turn::Closed(reason) => {
                self.write("zx", format_args!("closes {id}: {}", reason.code()));
                self.tell(id, End::Device);
                self.forget_if_over(id);
                self.keeps_the_protocol(&reason)
            }
            Turn::Fell => Ok(()),
        }
    }

    fn perform_hub(&mut self, id: LinkId, hub: &mut HubEnd) -> Result<Turn, Violation> {
        loop {
            while !hub.waits()
                && let Some(output) = hub.session.poll()
            {
                match self.hub_output(id, hub, output)? {
                    Turn::Goes => {}
                    ended @ (Turn::Closed(_) | Turn::Fell) => return Ok(ended),
                }
            }
            if hub.waits() {
                self.decide_soon();
                return Ok(Turn::Goes);
            }
            let input = if let Some(wanted) = hub.next_page.take() {
                match self.wait(hub.backend.read_feed(wanted)) {
                    Ok((visible, page)) => {
                        let told = !self.is_broken(Broken::KeepsScope);
                        if let Some(visible) = visible.filter(|_| told) {
                            hub.session
                                .handle(self.time.now(), HubInput::Rescoped(visible));
                        }
                        HubInput::Feed(page)
                    }
                    Err(error) => return self.hub_fell(&error),
                }
            } else {
                match hub.backend.next_event().now_or_never() {
                    Some(HubEvent::LogGrew) => HubInput::LogGrew,
                    Some(HubEvent::Refuse(refusal)) => HubInput::Refused(refusal),
                    Some(HubEvent::Stop) => HubInput::Stop,
                    None => return Ok(Turn::Goes),
                }
            };
            hub.session.handle(self.time.now(), input);
        }
    }

    fn hub_output(
        &mut self,
        id: LinkId,
        hub: &mut HubEnd,
        output: HubOutput,
    ) -> Result<Turn, Violation> {
        let now = self.time.now();
        let input = match output {
            HubOutput::Send(frame) => {
                self.send(id, End::Device, &frame);
                return Ok(Turn::Goes);
            }
            HubOutput::Admit(hello) => match self.wait(hub.backend.admit(&hello)) {
                Ok(Ok(visible)) => HubInput::Admitted(visible),
                Ok(Err(refusal)) => HubInput::Refused(refusal),
                Err(error) => return self.hub_fell(&error),
            },
            HubOutput::ReadFeed(wanted) => {
                hub.next_page = Some(wanted);
                return Ok(Turn::Goes);
            }
            HubOutput::ReadBackfill { wanted, max_bytes } => {
                match self.wait(hub.backend.backfill(&wanted, max_bytes)) {
                    Ok(page) => HubInput::Backfilled { wanted, page },
                    Err(error) => return self.hub_fell(&error),
                }
            }
            HubOutput::TakeIn { item, content } => {
                hub.asked = Some((item, content));
                return Ok(Turn::Goes);
            }
            HubOutput::Prove(wanted) => match self.wait(hub.backend.range_proof(wanted)) {
                Ok(Ok(proof)) => HubInput::Proved(proof),
                Ok(Err(refusal)) => HubInput::NotProved(ProofRefused { wanted, refusal }),
                Err(error) => return self.hub_fell(&error),
            },
            HubOutput::PersonStatus(wanted) => {
                let number = wanted.number;
                match self.wait(hub.backend.person_status(wanted)) {
                    Ok(insured) => HubInput::Status { number, insured },
                    Err(error) => return self.hub_fell(&error),
                }
            }
            HubOutput::WakeAt(at) => {
                let wait = at.saturating_sub(now);
                self.schedule(
                    wait,
                    Event::Alarm {
                        link: id,
                        end: End::Hub,
                    },
                );
                return Ok(Turn::Goes);
            }
            HubOutput::NeedsUpdate(what) => {
                let detail = format!("the centre needs an update: {what}");
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
                return Ok(Turn::Goes);
            }
            HubOutput::Close(reason) => return Ok(Turn::Closed(reason)),
        };
        hub.session.handle(now, input);
        Ok(Turn::Goes)
    }

    fn hub_fell(&mut self, error: &Unavailable) -> Result<Turn, Violation> {
        self.centre_failed(error)?;
        Ok(Turn::Fell)
    }
}
