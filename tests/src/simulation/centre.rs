//! The centre as a process with a disk, which may die and starts again from it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use canbao_core::ids::FeedId;
use canbao_core::ledger::note::{KeyName, VerifierKey};
use canbao_core::newest::Newest;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::store::simulated::SimulatedDisk;
use canbao_core::store::{SealingKey, Store};
use canbao_server::border::Salts;
use canbao_server::centre::{Centre, CodeOrder, Unavailable};
use canbao_server::keys::{self, Seeds};
use canbao_server::metrics::Metrics;
use canbao_server::peers::{Clock, Session};
use tokio::sync::watch;

use super::broken::Broken;
use super::clock::{MachineClock, VirtualTime};
use super::device::Device;
use super::dice::Dice;
use super::invariants::{Invariant, Step, acknowledged_is_durable, log_is_append_only};
use super::journal::Met;
use super::network::End;
use super::world::{Event, World};

const ORIGIN: &str = "log.example/canbao";

/// The name in the event log.
const CENTRE: &str = "zx";

/// The centre's machine.
pub(super) struct CentreSide {
    pub(super) disk: SimulatedDisk,
    pub(super) clock: MachineClock,
    /// None while it is down.
    pub(super) process: Option<Process>,
    /// The disk's power is about to fail.
    pub(super) failing: bool,
    sealing: [u8; 32],
    seeds: Seeds,
    salts: Salts,
    /// What the disk held some commits ago, where it forgets.
    older: Option<Vec<u8>>,
}

/// The running centre.
pub(super) struct Process {
    pub(super) centre: Centre,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
}

impl CentreSide {
    pub(super) fn new(time: &VirtualTime, dice: &mut Dice) -> Self {
        let salts = Mutex::new(dice.fork());
        let salts = move || {
            let mut salts = salts.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(salts.bytes())
        };
        Self {
            disk: SimulatedDisk::new(dice.below(u64::MAX)),
            clock: MachineClock::right(time),
            process: None,
            failing: false,
            sealing: dice.bytes(),
            seeds: Seeds {
                root: dice.bytes(),
                authority: dice.bytes(),
                log: dice.bytes(),
                tls: dice.bytes(),
                feed: FeedId(dice.bytes()),
            },
            salts: Arc::new(salts),
            older: None,
        }
    }

    /// The key that verifies the log's heads.
    pub(super) fn verifier(&self) -> VerifierKey {
        let origin: KeyName = ORIGIN.parse().expect("a name for a log");
        VerifierKey::new(origin, SigningKey::from_seed(self.seeds.log).public())
    }

    pub(super) fn feed(&self) -> FeedId {
        self.seeds.feed
    }

    /// The session of a device at the running centre.
    pub(super) fn session(&self, device: PublicKey) -> Option<Session> {
        let process = self.process.as_ref()?;
        let clock = self.clock.clone();
        let clock: Clock = Arc::new(move || clock.now());
        let metrics = Arc::clone(&process.metrics);
        let stopped = process.stop.subscribe();
        let centre = process.centre.clone();
        Some(Session::new(centre, device, clock, metrics, stopped))
    }

    fn open(&self) -> Result<Process, String> {
        let sealing = SealingKey::from_bytes(self.sealing);
        let store = Store::on_simulated_disk(&self.disk, &sealing).map_err(|it| it.to_string())?;
        let keys = keys::read(&store).map_err(|it| it.to_string())?;
        let centre = Centre::over(store, keys, Arc::clone(&self.salts), Newest::KNOWN);
        Ok(Process {
            centre: centre.map_err(|it| it.to_string())?,
            metrics: Arc::default(),
            stop: watch::channel(false).0,
        })
    }
}

impl World<'_> {
    /// Makes the centre and the devices of everyone, before anything can go wrong.
    pub(super) fn found(&mut self) -> Step {
        let sealing = SealingKey::from_bytes(self.centre.sealing);
        let store = Store::on_simulated_disk(&self.centre.disk, &sealing)
            .expect("a new disk takes a store");
        keys::found(&store, ORIGIN, &self.centre.seeds).expect("a new store takes its keys");
        drop(store);
        self.centre.process = Some(self.centre.open().expect("a new centre opens"));
        let facts = self.cast.opening_facts();
        let now = self.centre.clock.now();
        let centre = self.running_centre();
        let appended = self.wait(centre.append_facts(facts, now));
        appended.expect("the opening facts are the administration's");
        for owner in self.cast.owners() {
            for letter in ['a', 'b'] {
                let device = Device::new(owner, letter, &self.time, &mut self.dice);
                self.enrol(device);
            }
        }
        self.observe()
    }

    fn enrol(&mut self, mut device: Device) {
        let order = CodeOrder {
            mandate: device.owner.mandate(),
            operator_name: device.operator(),
            valid_seconds: 3600,
            secret: self.dice.bytes(),
        };
        let now = self.centre.clock.now();
        let centre = self.running_centre();
        let code = self.wait(centre.issue_code(order, now));
        let code = code.expect("the mandate names a unit or a district");
        device.enrol(&code, |request| {
            let answer = self.wait(centre.enrol(request, now));
            answer.expect("a fresh code enrols").to_bytes()
        });
        self.devices.push(device);
        let device = self.devices.len() - 1;
        let wait = self.dice.between(0, 2_000);
        self.schedule(wait, Event::Connect { device });
    }

    /// The centre, which is known to be up.
    fn running_centre(&self) -> Centre {
        let process = self.centre.process.as_ref();
        process.expect("it was just opened").centre.clone()
    }

    /// Asks the centre for a change, where it is up. It dies of a disk without power.
    pub(super) fn ask_centre<T, F: Future<Output = T>>(
        &mut self,
        ask: impl FnOnce(Centre, canbao_core::time::Timestamp) -> F,
        unavailable: impl FnOnce(&T) -> Option<Unavailable>,
    ) -> Result<Option<T>, super::invariants::Violation> {
        let Some(process) = &self.centre.process else {
            return Ok(None);
        };
        let centre = process.centre.clone();
        self.remember_older();
        let answer = self.wait(ask(centre, self.centre.clock.now()));
        if let Some(error) = unavailable(&answer) {
            self.centre_failed(&error)?;
            return Ok(None);
        }
        self.observe()?;
        Ok(Some(answer))
    }

    /// Looks at what the log holds beyond what was seen, and lets the sessions know.
    pub(super) fn observe(&mut self) -> Step {
        let Some(process) = &self.centre.process else {
            return Ok(());
        };
        let centre = process.centre.clone();
        let seen = self.truth.entries.len() as u64;
        let entries = match self.truth.read(&centre, seen) {
            Ok(entries) => entries,
            Err(error) => return self.centre_failed(&error),
        };
        if entries.is_empty() {
            return Ok(());
        }
        let count = entries.len();
        let grown = self.truth.grow(entries);
        self.hold(Invariant::Log, grown)?;
        let followed = self.truth.follow_head(&centre);
        // A disk without power does not read either: the head is followed at the next start.
        if !self.centre.failing {
            self.hold(Invariant::Log, followed)?;
        }
        self.write(CENTRE, format_args!("log {seen} + {count}"));
        let first = usize::try_from(seen).unwrap_or(usize::MAX);
        for met in self.truth.met_from(first) {
            self.journal.meet(met);
        }
        self.check_effects(first)?;
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            self.schedule(0, Event::Grown { link });
        }
        Ok(())
    }

    /// The centre gave no answer: it dies where its disk has no power, and may not otherwise.
    pub(super) fn centre_failed(&mut self, error: &Unavailable) -> Step {
        let code = error.code();
        self.write(CENTRE, format_args!("fails: {code}"));
        if self.centre.failing {
            self.journal.meet(Met::CentreDiskFailed);
            self.crash_centre();
            return Ok(());
        }
        let detail = format!("the centre: {code}");
        self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
        self.crash_centre();
        Ok(())
    }

    /// The process ends at once; with the power its disk loses what was not synced.
    pub(super) fn crash_centre(&mut self) {
        if self.centre.process.is_none() {
            return;
        }
        let power_cut = self.centre.failing || self.dice.percent(50);
        if power_cut {
            self.centre.disk.cut(&mut self.dice.seeded());
        } else {
            self.centre.disk.detach();
        }
        if let Some(older) = self.centre.older.take() {
            self.centre.disk = SimulatedDisk::holding(0, older);
        }
        self.centre.failing = false;
        self.centre.process = None;
        self.write(CENTRE, format_args!("is down, power cut: {power_cut}"));
        let links: Vec<_> = self.links.keys().copied().collect();
        for id in links {
            if let Some(link) = self.links.get_mut(&id) {
                link.hub_end = None;
                link.cut = true;
                link.to_device.tear(&mut self.dice);
            }
            self.tell_or_not(id, End::Device);
            self.forget_if_over(id);
        }
        let down = self.dice.between(500, 20_000);
        self.schedule(down, Event::StartCentre);
    }

    pub(super) fn start_centre(&mut self) -> Step {
        if self.centre.process.is_some() {
            return Ok(());
        }
        match self.centre.open() {
            Ok(process) => self.centre.process = Some(process),
            Err(detail) => {
                let detail = format!("the centre does not open: {detail}");
                self.hold(Invariant::NothingFailsUnprovoked, Err(detail))?;
                self.schedule(10_000, Event::StartCentre);
                return Ok(());
            }
        }
        self.write(CENTRE, "is up");
        self.compare_log()?;
        self.observe()
    }

    /// Reads the whole log again and compares it with what was seen of it.
    pub(super) fn compare_log(&mut self) -> Step {
        let Some(process) = &self.centre.process else {
            return Ok(());
        };
        let mut entries = match self.truth.read(&process.centre, 0) {
            Ok(entries) => entries,
            Err(error) => return self.centre_failed(&error),
        };
        if self.is_broken(Broken::RewritesLog)
            && let Some(old) = entries.get_mut(3)
        {
            old.salt[0] ^= 1;
        }
        let appended = log_is_append_only(&self.truth, &entries);
        self.hold(Invariant::Log, appended)?;
        for device in &self.devices {
            let durable = acknowledged_is_durable(&device.kept.answered, &entries);
            self.hold(Invariant::AcknowledgedIsDurable, durable)?;
        }
        if entries.len() < self.truth.entries.len() {
            let replaced = self.truth.replace(entries);
            self.hold(Invariant::Log, replaced)?;
        }
        Ok(())
    }

    /// Where the centre's disk is to forget, what it holds is kept now and then.
    pub(super) fn remember_older(&mut self) {
        let forgets = self.is_broken(Broken::CentreForgets);
        if forgets && (self.centre.older.is_none() || self.dice.percent(10)) {
            self.centre.older = Some(self.centre.disk.contents());
        }
    }
}
