//! A device as a process with a disk, which may die and starts again from it.

use std::sync::Arc;

use canbao_client::Door;
use canbao_client::driver::Backend;
use canbao_client::request::{Context, Request};
use canbao_client::response::{Failure, Response};
use canbao_core::enrolment::{EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::ids::{DeviceId, Position};
use canbao_core::message::Lang;
use canbao_core::signing::{PublicKey, hash_parts};
use canbao_core::store::simulated::SimulatedDisk;
use canbao_core::store::{SealingKey, Store};
use canbao_core::sync::Entry;
use futures_util::FutureExt;

use super::broken::Broken;
use super::cast::Owner;
use super::clock::{Machine, MachineClock, VirtualTime};
use super::dice::Dice;
use super::invariants::{Invariant, Step, Violation, kept_is_durable};
use super::journal::Met;
use super::network::{End, LinkId};
use super::world::{Event, World};

/// A device's machine.
pub(super) struct Device {
    pub(super) name: String,
    pub(super) owner: Owner,
    pub(super) id: DeviceId,
    pub(super) key: PublicKey,
    pub(super) disk: SimulatedDisk,
    pub(super) clock: MachineClock,
    /// None while it is down.
    pub(super) process: Option<Process>,
    /// The disk's power is about to fail.
    pub(super) failing: bool,
    /// Nothing passes between it and the centre before this time.
    pub(super) held_up_until: u64,
    /// Failed attempts to connect in a row.
    pub(super) attempt: u32,
    pub(super) kept: Kept,
    /// What its disk held when a backup was made.
    pub(super) backup: Option<Vec<u8>>,
    /// Whether it had a session.
    pub(super) had_session: bool,
    sealing: [u8; 32],
    dice: Dice,
    /// What the disk held some steps ago, where it forgets.
    older: Option<Vec<u8>>,
}

/// The running application.
pub(super) struct Process {
    pub(super) door: Arc<Door>,
    pub(super) backend: Backend<Arc<Door>>,
    pub(super) link: Option<LinkId>,
}

/// What the device was told or told itself, and must find again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The hashes of what was made here.
    pub(super) made: Vec<[u8; 32]>,
    /// The entries of the feed, in the order of arrival.
    pub(super) held: Vec<Entry>,
    /// The items that the centre said were taken, with what stood at their place then.
    pub(super) answered: Vec<Answered>,
    /// Records whose proof was verified here once more.
    pub(super) proven: std::collections::BTreeSet<Position>,
}

/// An answer of the centre.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) item: [u8; 32],
    pub(super) position: Position,
    pub(super) entry: Vec<u8>,
}

impl Device {
    pub(super) fn new(owner: Owner, letter: char, time: &VirtualTime, dice: &mut Dice) -> Self {
        let name = match owner {
            Owner::Employer(unit) => format!("e{}{letter}", unit.0[0]),
            Owner::Agency(district) => format!("g{}{letter}", district.0),
        };
        let mut device = Self {
            name,
            owner,
            id: DeviceId([0; 16]),
            key: PublicKey([0; 32]),
            disk: SimulatedDisk::new(dice.below(u64::MAX)),
            clock: MachineClock::right(time),
            process: None,
            failing: false,
            held_up_until: 0,
            attempt: 0,
            kept: Kept::default(),
            backup: None,
            had_session: false,
            sealing: dice.bytes(),
            dice: dice.fork(),
            older: None,
        };
        let process = device.open().expect("a new disk takes a store");
        device.process = Some(process);
        device
    }

    /// Another machine with a copy of this one's disk.
    pub(super) fn cloned(&self, time: &VirtualTime, dice: &mut Dice) -> Self {
        Self {
            name: format!("{}'", self.name),
            owner: self.owner,
            id: self.id,
            key: self.key,
            disk: SimulatedDisk::holding(0, self.disk.contents()),
            clock: MachineClock::right(time),
            process: None,
            failing: false,
            held_up_until: 0,
            attempt: 0,
            kept: Kept::default(),
            backup: None,
            had_session: false,
            sealing: self.sealing,
            dice: dice.fork(),
            older: None,
        }
    }

    /// Enrols by a code; `certify` is the centre.
    pub(super) fn enrol(
        &mut self,
        code: &EnrolmentCode,
        certify: impl FnOnce(EnrolmentRequest) -> Vec<u8>,
    ) {
        let process = self.process.as_ref().expect("a new device runs");
        let request = process.door.prepare_enrolment(code);
        let request = request.expect("a new device takes a code");
        (self.id, self.key) = (request.claim.device, request.claim.device_key);
        let answer = certify(request.clone());
        process
            .door
            .finish_enrolment(code, &request, &answer, "centre.example:7443")
            .expect("the centre's answer is good");
    }

    /// Another disk in place of the one there was.
    pub(super) fn replace_disk(&mut self, bytes: Vec<u8>) {
        self.disk = SimulatedDisk::holding(0, bytes);
        self.kept = Kept {
            answered: std::mem::take(&mut self.kept.answered),
            ..Kept::default()
        };
    }

    fn open(&mut self) -> Result<Process, String> {
        let sealing = SealingKey::from_bytes(self.sealing);
        let store = Store::on_simulated_disk(&self.disk, &sealing)
            .map_err(|it| format!("{}: {it}", it.code()))?;
        let machine = Machine {
            clock: self.clock.clone(),
            dice: self.dice.fork(),
        };
        let door = Door::over(store, Box::new(machine))
            .map_err(|fault| fault.in_words(Lang::En).message)?;
        let door = Arc::new(door);
        Ok(Process {
            backend: Backend::new(Arc::clone(&door), Lang::En, true),
            door,
            link: None,
        })
    }
}

impl World<'_> {
    /// A user asks something of a device that is up; none where the answer is no.
    pub(super) fn ask(
        &mut self,
        device: usize,
        what: &str,
        request: Request,
    ) -> Result<Option<Response>, Violation> {
        let Some(process) = &self.devices[device].process else {
            return Ok(None);
        };
        let door = Arc::clone(&process.door);
        let context = Context::default();
        let answer = door.ask(&context, request).now_or_never();
        let answer = answer.expect("what needs no network waits for nothing");
        let name = self.devices[device].name.clone();
        match answer {
            Ok(response) => {
                self.write(&name, format_args!("{what}: ok"));
                self.note_kept(device)?;
                self.run_link_of(device)?;
                Ok(Some(response))
            }
            Err(failure) => {
                self.write(&name, format_args!("{what}: {}", codes(&failure)));
                self.device_failed(device, &failure.code)?;
                Ok(None)
            }
        }
    }

    /// Remembers what the device has made durable by now.
    pub(super) fn note_kept(&mut self, device: usize) -> Step {
        let forgets = self.is_broken(Broken::DeviceForgets);
        let device = &mut self.devices[device];
        let Some(process) = &device.process else {
            return Ok(());
        };
        if forgets && (device.older.is_none() || self.dice.percent(20)) {
            device.older = Some(device.disk.contents());
        }
        let (made, held) = (device.kept.made.len() as u64, device.kept.held.len() as u64);
        let read = process.door.look(|app| {
            Ok::<_, canbao_client::driver::Fault>((app.made_here(made)?, app.entries_held(held)?))
        });
        // A disk whose power has just gone is found out at the next write.
        if let Ok((made, held)) = read {
            device.kept.made.extend(made.iter().map(|it| hash_of(it)));
            device.kept.held.extend(held);
        }
        Ok(())
    }

    /// A failure of a device: it dies of a disk without power, and may not fail otherwise.
    pub(super) fn device_failed(&mut self, device: usize, code: &str) -> Step {
        const OF_A_DISK: [&str; 3] = [
            "store.cannot_write",
            "store.cannot_read",
            "store.cannot_open",
        ];
        let ours = code.starts_with("store.")
            || code.starts_with("proof.")
            || code.starts_with("checkpoint.")
            || code.starts_with("trust.");
        if OF_A_DISK.contains(&code) && self.devices[device].failing {
            self.journal.meet(Met::DeviceDiskFailed);
            self.crash_device(device);
        } else if ours {
            let detail = format!("{}: {code}", self.devices[device].name);
            self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
            self.crash_device(device);
        }
        Ok(())
    }

    /// The process ends at once; with the power its disk loses what was not synced.
    pub(super) fn crash_device(&mut self, device: usize) {
        let it = &mut self.devices[device];
        let Some(process) = it.process.take() else {
            return;
        };
        let power_cut = it.failing || self.dice.percent(50);
        if power_cut {
            it.disk.cut(&mut self.dice.seeded());
        } else {
            it.disk.detach();
        }
        if let Some(older) = it.older.take() {
            it.disk = SimulatedDisk::holding(0, older);
        }
        it.failing = false;
        let name = it.name.clone();
        self.write(&name, format_args!("is down, power cut: {power_cut}"));
        if let Some(id) = process.link {
            if let Some(link) = self.links.get_mut(&id) {
                link.device_end = None;
                link.cut = true;
                link.to_hub.tear(&mut self.dice);
            }
            self.tell_or_not(id, End::Hub);
            self.forget_if_over(id);
        }
        let down = self.dice.between(500, 20_000);
        self.schedule(down, Event::StartDevice { device });
    }

    pub(super) fn start_device(&mut self, device: usize) -> Step {
        let cut_again = self.healed_at.is_none() && self.dice.percent(10);
        let it = &mut self.devices[device];
        if it.process.is_some() {
            return Ok(());
        }
        if cut_again {
            it.disk.set_power(self.dice.below(12));
            it.failing = true;
        }
        match it.open() {
            Ok(process) => it.process = Some(process),
            Err(_) if it.failing => {
                it.disk.cut(&mut self.dice.seeded());
                it.failing = false;
                let name = it.name.clone();
                self.journal.meet(Met::CutAtStart);
                self.write(&name, "is cut while it starts");
                self.schedule(1_000, Event::StartDevice { device });
                return Ok(());
            }
            Err(detail) => {
                let detail = format!("{} does not open: {detail}", it.name);
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
                self.schedule(60_000, Event::StartDevice { device });
                return Ok(());
            }
        }
        let name = it.name.clone();
        self.write(&name, "is up");
        self.find_again(device)?;
        let wait = self.dice.between(0, 1_000);
        self.schedule(wait, Event::Connect { device });
        Ok(())
    }

    /// What a device had is there again.
    fn find_again(&mut self, device: usize) -> Step {
        let it = &mut self.devices[device];
        let process = it.process.as_ref().expect("it was just started");
        let read = process.door.look(|app| {
            Ok::<_, canbao_client::driver::Fault>((app.made_here(0)?, app.entries_held(0)?))
        });
        let Ok((made, held)) = read else {
            return Ok(());
        };
        let made: Vec<[u8; 32]> = made.iter().map(|it| hash_of(it)).collect();
        let kept = kept_is_durable(&it.kept, &made, &held);
        let kept = kept.map_err(|detail| format!("{}: {detail}", it.name));
        (it.kept.made, it.kept.held) = (made, held);
        it.kept.proven.clear();
        self.hold(Invariant::AcknowledgedIsDurable, kept)
    }
}

/// A failure by its codes alone.
fn codes(failure: &Failure) -> String {
    let problems: Vec<&str> = failure.problems.iter().map(|it| it.code.as_str()).collect();
    if problems.is_empty() {
        failure.code.clone()
    } else {
        format!("{} [{}]", failure.code, problems.join(", "))
    }
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
    hash_parts("canbao/simulation/made/1", &[bytes])
}
