//! A device as a process with a disk, which may die and starts again from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use canbao_client::driver::{Backend, Fault, Held, OwnValue};
use canbao_client::request::{Context, Request};
use canbao_client::response::{Failure, Response};
use canbao_client::{App, Door};
use canbao_core::enrolment::{EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::facts::Audience;
use canbao_core::ids::{DeviceId, Position};
use canbao_core::message::Lang;
use canbao_core::signing::{PublicKey, hash_parts};
use canbao_core::store::simulated::SimulatedDisk;
use canbao_core::store::{SealingKey, Store};
use canbao_core::structure::Packed;
use canbao_core::sync::Entry;
use futures_util::FutureExt;

use super::broken::Broken;
use super::cast::Owner;
use super::clock::{Machine, MachineClock, VirtualTime};
use super::dice::Dice;
use super::invariants::{Invariant, Step, Violation, kept_is_durable};
use super::journal::Met;
use super::network::{End, LinkId};
use super::sight::Sight;
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
    older: Option<Vec<u8>>,
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

/// What the device was told or told itself, and must find again.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What was made here, by its place.
    pub(super) made: BTreeMap<u64, Made>,
    /// The entries of the feed, by their place, which is the order of arrival.
    pub(super) held: BTreeMap<u64, Held>,
    /// The items that the centre said were taken, with what stood at their place then.
    pub(super) answered: Vec<Answered>,
    /// Records whose proof was verified here once more.
    pub(super) proven: BTreeSet<Position>,
}

/// Something that was made on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    /// The hash of its bytes.
    hash: [u8; 32],
    /// Whom it is for; none where it says how another one ended.
    pub(super) audience: Option<Audience>,
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
        let (made, held) = (next(&device.kept.made), next(&device.kept.held));
        // A disk whose power has just gone is found out at the next write.
        if let Ok(kept) = process.door.look(|app| Kept::read(app, made, held)) {
            device.kept.made.extend(kept.made);
            device.kept.held.extend(kept.held);
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
        it.note_key();
        let name = it.name.clone();
        self.write(&name, "is up");
        self.find_again(device)?;
        let wait = self.dice.between(0, 1_000);
        self.schedule(wait, Event::Connect { device });
        Ok(())
    }

    /// What a device had is there again, but for what a purge took.
    pub(super) fn find_again(&mut self, device: usize) -> Step {
        let it = &mut self.devices[device];
        let Some(process) = &it.process else {
            return Ok(());
        };
        let Ok(found) = process.door.look(|app| Kept::read(app, 0, 0)) else {
            return Ok(());
        };
        let Ok(start) = process.door.session_start() else {
            return Ok(());
        };
        let kept = kept_is_durable(&it.kept, &found, &Sight::of(&start));
        let kept = kept.map_err(|detail| format!("{}: {detail}", it.name));
        if found.held.len() < it.kept.held.len() {
            self.journal.meet(Met::Purged);
        }
        (it.kept.made, it.kept.held) = (found.made, found.held);
        it.kept.proven.clear();
        self.hold(Invariant::AcknowledgedIsDurable, kept)
    }
}

impl Kept {
    /// What a device holds from these places of its streams on.
    fn read(app: &App, made: u64, held: u64) -> Result<Self, Fault> {
        Ok(Self {
            made: app.made_here(made)?.into_iter().map(Made::of).collect(),
            held: app.entries_held(held)?.into_iter().collect(),
            ..Self::default()
        })
    }
}

/// What is held of one position.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Entry(&'a Entry),
    Packed(&'a Packed),
}

impl Piece<'_> {
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Entry(entry) => entry.position,
            Self::Packed(packed) => packed.position,
        }
    }
}

impl Kept {
    /// All that is held, in the order of the log; a position may come twice where it was packed
    /// as well.
    pub(super) fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        for held in self.held.values() {
            match held {
                Held::Entry(entry) => pieces.push(Piece::Entry(entry)),
                Held::Pack(pack) => pieces.extend(pack.iter().map(Piece::Packed)),
            }
        }
        pieces.sort_by_key(Piece::position);
        pieces
    }
}

impl Made {
    fn of(value: OwnValue) -> (u64, Self) {
        let made = Self {
            hash: hash_parts("canbao/simulation/made/1", &[&value.bytes]),
            audience: value.audience,
        };
        (value.place, made)
    }
}

/// The place behind the last.
fn next<T>(by_place: &BTreeMap<u64, T>) -> u64 {
    by_place.last_key_value().map_or(0, |(place, _)| place + 1)
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
