//! A device as a process with a disk, which may die and starts again from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use canbao_client::driver::Backend;
use canbao_client::request::{Context, Request};
use canbao_client::response::{Failure, Response};
use canbao_client::{App, Door};
use canbao_core::enrolment::{EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::ids::DeviceId;
use canbao_core::message::Lang;
use canbao_core::signing::PublicKey;
use canbao_core::store::simulated::SimulatedDisk;
use canbao_core::store::{SealingKey, Store};
use futures_util::FutureExt;

use super::cast::Owner;
use super::clock::{Machine, MachineClock, VirtualTime};
use super::dice::Dice;
use super::invariants::{Invariant, Step, Violation};
use super::journal::Met;
use super::kept::Kept;
use super::network::{End, LinkId};
use super::world::{Event, World};

/// Where devices are told that the centre is.
pub(super) const SERVER: &str = "centre.example:7443";

/// A device's machine.
pub(super) struct Device {
    pub(super) name: String,
    pub(super) owner: Owner,
    pub(super) id: DeviceId,
    /// The key that it has now.
    pub(super) key: PublicKey,
    /// Those that it has and had.
    pub(super) keys: BTreeSet<PublicKey>,
    /// The code that its operator was given and has not used up.
    pub(super) code: Option<EnrolmentCode>,
    /// It is in the hands of somebody else, and its operator gets no certificate for it.
    pub(super) lost: bool,
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
    pub(super) older: Option<Vec<u8>>,
}

/// The running application.
pub(super) struct Process {
    pub(super) door: Arc<Door>,
    pub(super) backend: Backend<Arc<Door>>,
    pub(super) link: Option<LinkId>,
}

impl Process {
    /// Whether it belongs to a centre.
    pub(super) fn is_enrolled(&self) -> bool {
        self.door.session_start().is_ok()
    }
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
            keys: BTreeSet::new(),
            code: None,
            lost: false,
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
            keys: self.keys.clone(),
            code: self.code.clone(),
            lost: self.lost,
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
        self.id = request.claim.device;
        let answer = certify(request.clone());
        process
            .door
            .finish_enrolment(code, &request, &answer, SERVER)
            .expect("the centre's answer is good");
        self.note_key();
    }

    /// Looks up which key it has: another one after new keys, or from a backup.
    pub(super) fn note_key(&mut self) {
        let process = self.process.as_ref();
        if let Some(key) = process.and_then(|it| it.door.look(App::device_key)) {
            self.key = key;
            self.keys.insert(key);
        }
    }

    /// The name of its operator, the same on a copy of it.
    pub(super) fn operator(&self) -> String {
        format!("经办{}", self.name.trim_end_matches('\''))
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
        it.note_key();
        let name = it.name.clone();
        self.write(&name, "is up");
        self.find_again(device)?;
        let wait = self.dice.between(0, 1_000);
        self.schedule(wait, Event::Connect { device });
        Ok(())
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
