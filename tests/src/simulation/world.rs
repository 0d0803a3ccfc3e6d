//! The world: everyone who takes part, and what happens next.

use std::collections::BTreeMap;
use std::future::Future;

use canbao_core::sync::device::DeviceInput;
use canbao_core::sync::hub::HubInput;
use tokio::runtime::Runtime;

use super::broken::Broken;
use super::bureau::Bureau;
use super::cast::Cast;
use super::centre::CentreSide;
use super::clock::VirtualTime;
use super::device::Device;
use super::dice::Dice;
use super::invariants::{Invariant, Step, Violation};
use super::journal::Journal;
use super::network::{End, Link, LinkId, Parcel};
use super::requests::Order;
use super::truth::Truth;

/// Within this virtual time after the safety phase everything must have come to rest, in
/// milliseconds: a few waits of the retry policy and a hub that notices a silent device.
const REST_WITHIN: u64 = 10 * 60_000;
/// How often it is looked whether everything has come to rest.
const LOOK_EVERY: u64 = 2_000;

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Event {
    /// A user does something.
    Work,
    /// Something goes wrong.
    Trouble,
    /// The tax bureau or its adapter does something.
    Tax,
    /// A device tries to connect.
    Connect { device: usize },
    /// A parcel arrives.
    Arrive { link: LinkId, end: End },
    /// The time that a session asked for.
    Alarm { link: LinkId, end: End },
    /// A session at the centre looks whether the log grew.
    Grown { link: LinkId },
    /// A crashed device starts again.
    StartDevice { device: usize },
    /// The crashed centre starts again.
    StartCentre,
    /// The centre decides what it was asked since the last time.
    Decide,
    /// The user of a device sees to its certificate.
    Renew { device: usize },
    /// The network is whole from now on, and nothing crashes.
    Heal,
    /// Whether everything has come to rest.
    Look,
}

pub(super) struct World<'j> {
    pub(super) time: VirtualTime,
    pub(super) dice: Dice,
    pub(super) journal: &'j mut Journal,
    pub(super) broken: Option<Broken>,
    pub(super) cast: Cast,
    pub(super) centre: CentreSide,
    pub(super) bureau: Bureau,
    pub(super) devices: Vec<Device>,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) truth: Truth,
    pub(super) next_link: LinkId,
    /// What the administration asks of the centre.
    pub(super) orders: Vec<Order>,
    /// When the centre decides what it is asked, where it is asked something.
    pub(super) decides_at: Option<u64>,
    /// What users still do before the network heals.
    pub(super) work_left: u64,
    pub(super) healed_at: Option<u64>,
    at_rest: bool,
    runtime: Runtime,
    queue: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
}

impl<'j> World<'j> {
    pub(super) fn new(seed: u64, broken: Option<Broken>, journal: &'j mut Journal) -> Self {
        let mut dice = Dice::new(seed);
        let time = VirtualTime::default();
        let (units, districts) =
            dice.weighted(&[(2, (1, 1)), (2, (1, 2)), (1, (2, 1)), (1, (2, 2))]);
        let cast = Cast::new(units, districts);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime without timers and sockets");
        let centre = CentreSide::new(&time, &mut dice);
        Self {
            truth: Truth::new(&cast, centre.verifier()),
            bureau: Bureau::default(),
            devices: Vec::new(),
            links: BTreeMap::new(),
            next_link: 0,
            orders: Vec::new(),
            decides_at: None,
            work_left: dice.between(20, 70) * u64::from(units),
            healed_at: None,
            at_rest: false,
            queue: BTreeMap::new(),
            scheduled: 0,
            time,
            dice,
            journal,
            broken,
            cast,
            centre,
            runtime,
        }
    }

    /// Both phases, to the end or to the first invariant that does not hold.
    pub(super) fn run(mut self) -> Step {
        self.found()?;
        self.schedule(1_000, Event::Work);
        self.schedule(3_000, Event::Trouble);
        self.schedule(2_000, Event::Tax);
        while !self.at_rest {
            let Some(((at, _), event)) = self.queue.pop_first() else {
                unreachable!("until it is at rest a look is due");
            };
            self.time.set(at);
            self.happens(event)?;
        }
        self.check_everything()
    }

    fn happens(&mut self, event: Event) -> Step {
        match event {
            Event::Work if self.work_left == 0 => self.happens(Event::Heal),
            Event::Work => {
                self.work_left -= 1;
                self.work()?;
                let pause = self.dice.between(100, 3_000);
                self.schedule(pause, Event::Work);
                Ok(())
            }
            Event::Trouble if self.healed_at.is_some() => Ok(()),
            Event::Trouble => {
                self.trouble()?;
                let pause = self.dice.between(1_000, 12_000);
                self.schedule(pause, Event::Trouble);
                Ok(())
            }
            Event::Tax => {
                self.tax()?;
                let pause = self.dice.between(500, 4_000);
                self.schedule(pause, Event::Tax);
                Ok(())
            }
            Event::Connect { device } => self.connect(device),
            Event::Arrive { link, end } => self.arrive(link, end),
            Event::Alarm { link, end } => self.alarm(link, end),
            Event::Grown { link } => self.run_hub(link, None),
            Event::StartDevice { device } => self.start_device(device),
            Event::StartCentre => self.start_centre(),
            Event::Decide => self.decide(),
            Event::Renew { device } => self.renew_until_rest(device),
            Event::Heal => self.heal(),
            Event::Look => self.look(),
        }
    }

    fn heal(&mut self) -> Step {
        self.check_everything()?;
        self.write("", "the network is whole");
        self.healed_at = Some(self.time.now());
        self.end_troubles()?;
        for device in 0..self.devices.len() {
            self.schedule(0, Event::Renew { device });
        }
        self.schedule(LOOK_EVERY, Event::Look);
        Ok(())
    }

    fn look(&mut self) -> Step {
        let healed_at = self.healed_at.unwrap_or_default();
        match self.unrest() {
            None => {
                self.write("", "everything is at rest");
                self.at_rest = true;
                Ok(())
            }
            Some(why) if self.time.now() - healed_at > REST_WITHIN => {
                self.hold(Invariant::Liveness, Err(why))?;
                self.at_rest = true;
                Ok(())
            }
            Some(_) => {
                self.schedule(LOOK_EVERY, Event::Look);
                Ok(())
            }
        }
    }

    fn arrive(&mut self, id: LinkId, end: End) -> Step {
        if end == End::Hub
            && let Some(wait) = self.until_decided(id)
        {
            self.schedule(wait, Event::Arrive { link: id, end });
            return Ok(());
        }
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        let held_up_until = self.devices[link.device].held_up_until;
        if held_up_until > self.time.now() {
            let delay = held_up_until - self.time.now() + 1;
            self.schedule(delay, Event::Arrive { link: id, end });
            return Ok(());
        }
        let parcel = link.lane(end).parcels.pop_front();
        match (parcel, end) {
            (Some(Parcel::Bytes(bytes)), End::Device) => {
                self.run_device(id, Some(DeviceInput::Received(bytes)))
            }
            (Some(Parcel::Bytes(bytes)), End::Hub) => {
                self.run_hub(id, Some(HubInput::Received(bytes)))
            }
            (Some(Parcel::Gone), End::Device) => self.device_end_lost(id, "transport.cut", None),
            (Some(Parcel::Gone), End::Hub) => {
                self.hub_end_lost(id);
                Ok(())
            }
            // It was lost on its way.
            (None, _) => Ok(()),
        }
    }

    fn alarm(&mut self, id: LinkId, end: End) -> Step {
        match end {
            End::Device => self.run_device(id, Some(DeviceInput::Tick)),
            End::Hub => match self.until_decided(id) {
                Some(wait) => {
                    self.schedule(wait, Event::Alarm { link: id, end });
                    Ok(())
                }
                None => self.run_hub(id, Some(HubInput::Tick)),
            },
        }
    }

    /// Lets an event happen after so many milliseconds.
    pub(super) fn schedule(&mut self, after: u64, event: Event) {
        self.scheduled += 1;
        let at = self.time.now() + after;
        self.queue.insert((at, self.scheduled), event);
    }

    /// Writes a line of the event log.
    pub(super) fn write(&mut self, who: &str, what: impl std::fmt::Display) {
        self.journal.write(self.time.now(), who, what);
    }

    /// What an invariant's function found, where the invariant is looked at in this run.
    pub(super) fn hold(&self, invariant: Invariant, found: Result<(), String>) -> Step {
        match found {
            Err(detail) if self.looks_at(invariant) => Err(Violation { invariant, detail }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(super) fn looks_at(&self, invariant: Invariant) -> bool {
        self.broken.is_none_or(|it| it.guard() == invariant)
    }

    pub(super) fn is_broken(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }

    /// Waits for the centre's writer, which has nothing else to do: the order of things is ours.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}
