//! A disk in memory that loses, reorders and tears what was not synced when its power is cut.
//!
//! What survives a cut is decided a sector at a time, as by a system that writes its page cache
//! back whenever it likes: a sector holds what it held after any one of the writes to it since
//! the last sync, or none, whatever became of its neighbours. Of the changes of length the first
//! few survive. Within a sector nothing is torn.
//!
//! The file names neither engine nor store: the control of the power cuts, which has another
//! version of the engine and so cannot depend on this package, includes it as it is.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an honest disk writes whole, in bytes.
pub const SECTOR: usize = 512;

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// The numbers of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `limit`, which is above 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A disk; its clones are the same disk. It is used through an [`Attached`].
#[derive(Debug, Clone)]
pub struct SimulatedDisk {
    seed: u64,
    state: Arc<Mutex<State>>,
}

/// The disk as one process has it open. It works until the power is cut, or until another
/// process attaches or the disk is [detached](SimulatedDisk::detach).
#[derive(Debug)]
pub struct Attached {
    disk: SimulatedDisk,
    attachment: u64,
}

#[derive(Debug)]
struct State {
    /// What a reader sees.
    current: Vec<u8>,
    /// What survives any cut.
    synced: Vec<u8>,
    /// What may survive, in the order it was asked for.
    unsynced: Vec<Change>,
    /// The attachment that works; older ones do not.
    attachment: u64,
    /// How many more writes, changes of length and syncs there is power for; `None` for any.
    power: Option<u64>,
    /// How many of them there were.
    operations: u64,
    /// What is written whole, in bytes.
    sector: usize,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl SimulatedDisk {
    /// An empty disk. The seed gives the salt of a store that is created on it, so that two
    /// runs of one seed lay the store out alike.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::holding(seed, Vec::new())
    }

    /// A disk that holds these bytes durably.
    #[must_use]
    pub fn holding(seed: u64, bytes: Vec<u8>) -> Self {
        let state = State {
            current: bytes.clone(),
            synced: bytes,
            unsynced: Vec::new(),
            attachment: 0,
            power: None,
            operations: 0,
            sector: SECTOR,
        };
        Self {
            seed,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Attaches a process; what another one had attached works no more.
    #[must_use]
    pub fn attach(&self) -> Attached {
        let mut state = self.state();
        state.attachment += 1;
        Attached {
            disk: self.clone(),
            attachment: state.attachment,
        }
    }

    /// What was attached works no more, as when its process is killed. What it wrote stays.
    pub fn detach(&self) {
        self.state().attachment += 1;
    }

    /// A poor disk, which writes no more than so many bytes, 1 at least, whole.
    #[must_use]
    pub fn with_sectors_of(self, bytes: usize) -> Self {
        self.state().sector = bytes.max(1);
        self
    }

    /// There is power for so many more writes, changes of length and syncs; then everything
    /// fails until [`SimulatedDisk::cut`].
    pub fn set_power(&self, operations: u64) {
        self.state().power = Some(operations);
    }

    /// Cuts the power and gives it back: what was attached works no more, and of what was not
    /// synced the numbers say what the disk holds.
    pub fn cut(&self, random: &mut Seeded) {
        let mut state = self.state();
        let (unsynced, sector) = (std::mem::take(&mut state.unsynced), state.sector);
        survive(&mut state.synced, &unsynced, sector, random);
        state.current = state.synced.clone();
        state.attachment += 1;
        state.power = None;
    }

    /// How many writes, changes of length and syncs there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// What a reader would see now.
    #[must_use]
    pub fn contents(&self) -> Vec<u8> {
        self.state().current.clone()
    }

    /// Bytes that look random, the same for every disk of this seed.
    #[must_use]
    pub fn seeded_bytes<const N: usize>(&self) -> [u8; N] {
        let mut random = Seeded::new(self.seed);
        std::array::from_fn(|_| {
            u8::try_from(random.below(256)).expect("a number below 256 is a byte")
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole whenever the lock is free: no panic can leave it between two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attached {
    /// The length in bytes.
    ///
    /// # Errors
    /// Without power, or where this attachment works no more.
    pub fn length(&self) -> io::Result<u64> {
        self.look(|state| Ok(state.current.len() as u64))
    }

    /// Fills `out` from `offset` on.
    ///
    /// # Errors
    /// As [`Attached::length`], and past the end.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = position(offset)?;
        self.look(|state| {
            let end = start.saturating_add(out.len());
            let found = state.current.get(start..end);
            let found = found.ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(found);
            Ok(())
        })
    }

    /// Cuts off, or lengthens with zeros.
    ///
    /// # Errors
    /// As [`Attached::length`].
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        let length = position(length)?;
        self.operate(|state| state.change(Change::Length(length)))
    }

    /// Makes durable what was written before.
    ///
    /// # Errors
    /// As [`Attached::length`].
    pub fn sync_data(&self) -> io::Result<()> {
        self.operate(|state| {
            for change in std::mem::take(&mut state.unsynced) {
                change.apply(&mut state.synced);
            }
        })
    }

    /// Writes `bytes` at `offset`, past the end too.
    ///
    /// # Errors
    /// As [`Attached::length`].
    pub fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = position(offset)?;
        self.operate(|state| {
            let end = offset + bytes.len();
            if end > state.current.len() {
                state.change(Change::Length(end));
            }
            let bytes = bytes.to_vec();
            state.change(Change::Write { offset, bytes });
        })
    }

    /// Replaces everything by `bytes`, whole and durably or not at all, as a new file does when
    /// it is synced under a passing name first.
    ///
    /// # Errors
    /// As [`Attached::length`].
    pub fn appear(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.operate(|state| {
            state.unsynced.clear();
            state.synced.clone_from(&bytes);
            state.current = bytes;
        })
    }

    /// Reads take no power, and there are none without it.
    fn look<T>(&self, work: impl FnOnce(&State) -> io::Result<T>) -> io::Result<T> {
        let state = self.disk.state();
        state.works_for(self)?;
        work(&state)
    }

    fn operate(&self, work: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.disk.state();
        state.works_for(self)?;
        if let Some(power) = &mut state.power {
            *power -= 1;
        }
        state.operations += 1;
        work(&mut state);
        Ok(())
    }
}

impl State {
    fn works_for(&self, attached: &Attached) -> io::Result<()> {
        if self.attachment != attached.attachment {
            return Err(io::Error::other("the disk was detached"));
        }
        if self.power == Some(0) {
            return Err(io::Error::other("no power"));
        }
        Ok(())
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.unsynced.push(change);
    }
}

impl Change {
    fn apply(&self, disk: &mut Vec<u8>) {
        match self {
            Self::Length(length) => disk.resize(*length, 0),
            Self::Write { offset, bytes } => {
                disk[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

/// What of `changes` a cut leaves on the disk.
fn survive(disk: &mut Vec<u8>, changes: &[Change], sector: usize, random: &mut Seeded) {
    let mut touched: BTreeMap<usize, u64> = BTreeMap::new();
    let mut lengths = 0;
    for change in changes {
        match change {
            Change::Length(_) => lengths += 1,
            Change::Write { offset, bytes } => {
                for part in sectors(*offset, bytes.len(), sector) {
                    *touched.entry(part.start / sector).or_default() += 1;
                }
            }
        }
    }
    // Fair coins alone would hardly ever lose or keep just one of many sectors.
    let odds = [0, 1, 8, 15, 16][index_below(random, 5)];
    let mut survives = |changes: u64| match random.below(16) < odds {
        true if odds == 16 => changes,
        true => random.below(changes) + 1,
        false => 0,
    };
    let mut lengths_left = match lengths {
        0 => 0,
        lengths => survives(lengths),
    };
    let mut left: BTreeMap<usize, u64> = touched
        .into_iter()
        .map(|(sector, writes)| (sector, survives(writes)))
        .collect();

    for change in changes {
        match change {
            Change::Length(length) if lengths_left > 0 => {
                lengths_left -= 1;
                disk.resize(*length, 0);
            }
            // What lies past the end that survived is not reached by any later reader.
            Change::Length(_) => {}
            Change::Write { offset, bytes } => {
                for part in sectors(*offset, bytes.len(), sector) {
                    let writes = left.entry(part.start / sector).or_default();
                    if *writes > 0 {
                        *writes -= 1;
                        write_part(disk, *offset, bytes, part);
                    }
                }
            }
        }
    }
}

/// The parts of `length` bytes from `offset` on that lie in one sector each.
fn sectors(offset: usize, length: usize, sector: usize) -> impl Iterator<Item = Range<usize>> {
    let end = offset + length;
    let mut start = offset;
    std::iter::from_fn(move || {
        let part = start..end.min((start / sector + 1) * sector);
        start = part.end;
        (!part.is_empty()).then_some(part)
    })
}

/// Writes the bytes of `part`, as far as the disk reaches.
fn write_part(disk: &mut [u8], offset: usize, bytes: &[u8], part: Range<usize>) {
    let end = part.end.min(disk.len());
    if part.start < end {
        disk[part.start..end].copy_from_slice(&bytes[part.start - offset..end - offset]);
    }
}

fn index_below(random: &mut Seeded, limit: u64) -> usize {
    usize::try_from(random.below(limit)).expect("a small number is an index")
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found after each of many cuts, without repeats.
    fn outcomes(write: impl Fn(&Attached)) -> Vec<Vec<u8>> {
        let mut found: Vec<Vec<u8>> = (0..500)
            .map(|seed| {
                let disk = SimulatedDisk::holding(0, vec![0; 2 * SECTOR]);
                write(&disk.attach());
                disk.cut(&mut Seeded::new(seed));
                disk.contents()
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    fn sectors_of(values: &[u8]) -> Vec<u8> {
        values.iter().flat_map(|&value| [value; SECTOR]).collect()
    }

    #[test]
    fn a_sector_survives_whole_or_not_whatever_its_neighbour_does() {
        let found = outcomes(|disk| disk.write(0, &[1; 2 * SECTOR]).unwrap());
        let expected = [[0, 0], [0, 1], [1, 0], [1, 1]].map(|pair| sectors_of(&pair));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_sector_holds_what_any_one_of_its_writes_left() {
        let found = outcomes(|disk| {
            disk.write(0, &[1; 2]).unwrap();
            disk.write(1, &[2; 2]).unwrap();
        });
        let starts: Vec<&[u8]> = found.iter().map(|bytes| &bytes[..3]).collect();
        assert_eq!(starts, [&[0, 0, 0], &[1, 1, 0], &[1, 2, 2]]);
    }

    #[test]
    fn what_was_synced_survives_and_a_new_length_may() {
        let found = outcomes(|disk| {
            disk.write(0, &[1; 2 * SECTOR]).unwrap();
            disk.sync_data().unwrap();
            disk.write(2 * SECTOR as u64, &[2; SECTOR]).unwrap();
        });
        let expected = [&[1, 1][..], &[1, 1, 0], &[1, 1, 2]].map(sectors_of);
        assert_eq!(found, expected);
    }

    #[test]
    fn without_power_or_attachment_nothing_works() {
        let disk = SimulatedDisk::new(0);
        let first = disk.attach();
        disk.set_power(1);
        first.write(0, b"x").unwrap();
        assert!(first.sync_data().is_err());
        assert!(first.read(0, &mut [0]).is_err());
        disk.cut(&mut Seeded::new(0));
        assert!(first.length().is_err(), "a cut ends every process");
        let second = disk.attach();
        second.write(0, b"y").unwrap();
        disk.detach();
        assert!(second.sync_data().is_err());
        assert_eq!(
            disk.contents(),
            b"y",
            "a killed process wrote what it wrote"
        );
    }
}
