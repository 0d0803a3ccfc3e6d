//! One seeded life of a database with several power cuts, and what is wrong after one.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::engine::{Changes, Settings, Table, commit, open, read};
use crate::simulated::{Seeded, SimulatedDisk};

const CUTS: u64 = 5;
const KEYS: u64 = 8;
/// The longest value, in bytes.
const LONGEST: usize = 250_000;

/// What a power cut must not do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// With power and the disk whole, the database does not open; what it says.
    DoesNotOpen(String),
    /// Opening, reading or writing panics; what it says.
    Panics(String),
    /// What was acknowledged is gone: an older state is there.
    RolledBack,
    /// What is there was never the state.
    HoldsSomethingElse,
    /// It opens, and then cannot be read or written; what it says.
    DoesNotGoOn(String),
}

impl Fault {
    fn does_not_open(error: redb::Error) -> Self {
        Self::DoesNotOpen(error.to_string())
    }

    fn does_not_go_on(error: redb::Error) -> Self {
        Self::DoesNotGoOn(error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoesNotOpen(error) => write!(f, "does not open: {error}"),
            Self::Panics(words) => write!(f, "panics: {words}"),
            Self::RolledBack => write!(f, "rolled back what was acknowledged"),
            Self::HoldsSomethingElse => write!(f, "holds what never was"),
            Self::DoesNotGoOn(error) => write!(f, "does not go on: {error}"),
        }
    }
}

/// Lives the life of this seed on a disk that writes `sector` bytes whole.
pub(crate) fn trial(seed: u64, settings: Settings, sector: usize) -> Result<(), Fault> {
    let life = Life {
        random: Seeded::new(seed),
        disk: SimulatedDisk::new(seed).with_sectors_of(sector),
        settings,
        states: Vec::new(),
        attempted: None,
    };
    let lived = catch_unwind(AssertUnwindSafe(|| life.run()));
    lived.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let word = panic.downcast_ref::<&str>().map(ToString::to_string);
        Err(Fault::Panics(words.or(word).unwrap_or_default()))
    })
}

struct Life {
    random: Seeded,
    disk: SimulatedDisk,
    settings: Settings,
    /// Every state that was acknowledged; the last is to be found.
    states: Vec<Table>,
    /// The state that was in progress when the power went.
    attempted: Option<Table>,
}

impl Life {
    fn run(mut self) -> Result<(), Fault> {
        self.create()?;
        for _ in 0..CUTS {
            let power = match self.random.below(2) {
                0 => self.random.below(60),
                _ => self.random.below(12),
            };
            self.disk.set_power(power);
            // Whatever a program without power says or does: it is gone with it.
            let lived = catch_unwind(AssertUnwindSafe(|| self.live()));
            self.disk.cut(&mut self.random);
            if let Ok(Err(fault)) = lived {
                return Err(fault);
            }
            self.look()?;
        }
        Ok(())
    }

    /// A database that soon fills the file it begins with, of 1 MiB in redb 4.1, so that many
    /// cuts meet a file that grows or shrinks.
    fn create(&mut self) -> Result<(), Fault> {
        let database = open(self.disk.attach()).map_err(Fault::does_not_open)?;
        let changes: Changes = (0..2).map(|key| (key, Some(vec![0; LONGEST]))).collect();
        commit(&database, &changes, self.settings).map_err(Fault::does_not_go_on)?;
        let mut table = Table::new();
        apply(&mut table, &changes);
        self.states.push(table);
        Ok(())
    }

    /// Commits until the power goes.
    fn live(&mut self) -> Result<(), Fault> {
        let Ok(database) = open(self.disk.attach()) else {
            return Ok(());
        };
        if let Ok(found) = read(&database) {
            self.settle(&found)?;
        }
        loop {
            let (changes, after) = self.changes();
            self.attempted = Some(after.clone());
            if commit(&database, &changes, self.settings).is_err() {
                return Ok(());
            }
            self.attempted = None;
            self.states.push(after);
        }
    }

    /// A copy of the disk, with power, must open, hold the right state and take a commit.
    fn look(&mut self) -> Result<(), Fault> {
        let copy = SimulatedDisk::holding(0, self.disk.contents());
        let database = open(copy.attach()).map_err(Fault::does_not_open)?;
        let found = read(&database).map_err(Fault::does_not_go_on)?;
        // The disk itself stays as the cut left it: the next life recovers it anew.
        let attempted = self.attempted.clone();
        self.check(&found, attempted.as_ref())?;
        let (changes, _) = self.changes();
        let mut after = found;
        apply(&mut after, &changes);
        let done = commit(&database, &changes, self.settings);
        done.map_err(Fault::does_not_go_on)?;
        drop(database);
        let database = open(copy.attach()).map_err(Fault::does_not_open)?;
        let found = read(&database).map_err(Fault::does_not_go_on)?;
        if found == after {
            Ok(())
        } else {
            Err(Fault::HoldsSomethingElse)
        }
    }

    /// Takes what was in progress as done where it is there.
    fn settle(&mut self, found: &Table) -> Result<(), Fault> {
        let attempted = self.attempted.take();
        self.check(found, attempted.as_ref())?;
        if let Some(attempted) = attempted.filter(|attempted| attempted == found) {
            self.states.push(attempted);
        }
        Ok(())
    }

    fn check(&self, found: &Table, attempted: Option<&Table>) -> Result<(), Fault> {
        if self.states.last() == Some(found) || attempted == Some(found) {
            Ok(())
        } else if self.states.contains(found) {
            Err(Fault::RolledBack)
        } else {
            Err(Fault::HoldsSomethingElse)
        }
    }

    /// Changes of the newest state, and the state after them, unlike any before.
    fn changes(&mut self) -> (Changes, Table) {
        let mut after = self.states.last().cloned().unwrap_or_default();
        let count = self.states.len() as u64;
        // So that no two states are equal, and one that is found is told from every other.
        let mut changes = vec![(KEYS, Some(count.to_be_bytes().to_vec()))];
        for _ in 0..self.random.below(4) {
            let value = match self.random.below(3) {
                0 => None,
                _ => Some(self.value()),
            };
            changes.push((self.random.below(KEYS), value));
        }
        apply(&mut after, &changes);
        (changes, after)
    }

    /// A value of a few bytes up to one that makes the file grow.
    fn value(&mut self) -> Vec<u8> {
        let longest = [60, 60, 3_000, LONGEST as u64][self.below(4)];
        let fill = u8::try_from(self.below(256)).expect("a number below 256 is a byte");
        vec![fill; self.below(longest)]
    }

    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.random.below(limit)).expect("a small number is an index")
    }
}

fn apply(table: &mut Table, changes: &Changes) {
    for (key, value) in changes {
        match value {
            Some(value) => table.insert(*key, value.clone()),
            None => table.remove(key),
        };
    }
}
