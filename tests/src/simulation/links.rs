//! How links come and go: attempts to connect, frames on their way, ends that are lost.

use canbao_core::sync::device::{DeviceOutput, DeviceSession};
use canbao_core::sync::hub::HubSession;
use canbao_core::sync::{Refusal, retry_after};

use super::broken::Broken;
use super::hub_session::HubEnd;
use super::invariants::Step;
use super::network::{End, Lane, Link, LinkId, Parcel, pieces};
use super::world::{Event, World};

/// How long a device waits for a handshake, in milliseconds.
const HANDSHAKE: u64 = 5_000;

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
        if !process.is_enrolled() {
            self.connect_later(device, HANDSHAKE);
            return Ok(());
        }
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
        let start = match process.door.begin_session() {
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
        let link = Link {
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
        self.links.insert(id, link);
        while let Some(output) = shadow.poll() {
            if let DeviceOutput::Send(frame) = output {
                self.post(id, End::Hub, Parcel::Bytes(frame));
            }
        }
    }

    /// Sends a frame to an end.
    pub(super) fn send(&mut self, id: LinkId, to: End, frame: &[u8]) {
        let garbled = self.is_broken(Broken::GarblesFrame) && self.dice.percent(3);
        let mut pieces = pieces(frame, &mut self.dice);
        if garbled && let Some(byte) = pieces.last_mut().and_then(|it| it.last_mut()) {
            *byte ^= 0x55;
        }
        if self.links.get(&id).is_some_and(|it| !it.cut) {
            for piece in pieces {
                self.post(id, to, Parcel::Bytes(piece));
            }
        }
    }

    /// Puts a parcel on its way to an end.
    fn post(&mut self, id: LinkId, to: End, parcel: Parcel) {
        let now = self.time.now();
        if let Some(link) = self.links.get_mut(&id) {
            let not_before = now.max(self.devices[link.device].held_up_until);
            let at = link.lane(to).send(parcel, not_before, &mut self.dice);
            self.schedule(at - now, Event::Arrive { link: id, end: to });
        }
    }

    /// An end that is still there is told that the other one is gone, unless the link is cut.
    pub(super) fn tell(&mut self, id: LinkId, end: End) {
        if let Some(link) = self.links.get(&id)
            && !link.cut
        {
            self.post(id, end, Parcel::Gone);
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

    /// A session of a device has ended or lost its link.
    pub(super) fn device_end_lost(
        &mut self,
        id: LinkId,
        code: &str,
        refused: Option<&Refusal>,
    ) -> Step {
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let (device, welcomed) = (link.device, link.welcomed);
        link.device_end = None;
        self.tell(id, End::Hub);
        self.forget_if_over(id);
        let it = &mut self.devices[device];
        let Some(process) = it.process.as_mut().filter(|it| it.link == Some(id)) else {
            return Ok(());
        };
        process.link = None;
        let ended = process.door.end_session(refused);
        it.attempt = if welcomed { 0 } else { it.attempt + 1 };
        let name = it.name.clone();
        self.write(&name, format_args!("has no link: {code}"));
        self.connect_later(device, 0);
        match ended {
            Ok(()) => self.note_kept(device),
            Err(fault) => self.device_fault(device, &fault),
        }
    }

    pub(super) fn connect_later(&mut self, device: usize, after: u64) {
        let it = &self.devices[device];
        let mut seed = [0; 8];
        seed.copy_from_slice(&it.id.0[8..]);
        let wait = retry_after(it.attempt, u64::from_be_bytes(seed));
        self.schedule(after + wait, Event::Connect { device });
    }

    /// A session at the centre has lost its link.
    pub(super) fn hub_end_lost(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.hub_end = None;
            self.forget_if_over(id);
        }
    }

    /// An end of a cut link may learn that the other one is gone, or not.
    pub(super) fn tell_or_not(&mut self, id: LinkId, end: End) {
        if self.dice.percent(60) {
            self.post(id, end, Parcel::Gone);
        }
    }
}
