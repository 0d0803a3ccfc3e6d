//! Power cuts: after a cut at any operation, what was acknowledged is there and nothing is half
//! there, whichever of the writes since the last sync reached the disk.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Seeded, key};
use crate::store::{Commit, Store, Stream, View};

/// What a disk writes whole.
const SECTOR: usize = 512;
const COMMITS: u64 = 4;

/// A disk in memory that forgets what was not synced when its power is cut.
#[derive(Debug, Clone)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Clone)]
struct State {
    /// What a reader sees.
    current: Vec<u8>,
    /// What survives any cut.
    synced: Vec<u8>,
    /// What may or may not survive.
    unsynced: Vec<Change>,
    /// How many writes and syncs there is power for.
    power: u64,
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl Disk {
    fn holding(bytes: Vec<u8>, power: u64) -> Self {
        let state = State {
            current: bytes.clone(),
            synced: bytes,
            unsynced: Vec::new(),
            power,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// What is on the disk after a cut: each unsynced sector by chance.
    fn after_cut(&self, random: &mut Seeded) -> Vec<u8> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = state.synced.clone();
        for change in &state.unsynced {
            match change {
                Change::Resize(length) => apply(&mut bytes, &Change::Resize(*length)),
                Change::Write {
                    offset,
                    bytes: written,
                } => {
                    for (index, sector) in written.chunks(SECTOR).enumerate() {
                        let offset = offset + index * SECTOR;
                        if random.below(2) == 0 && offset + sector.len() <= bytes.len() {
                            apply(
                                &mut bytes,
                                &Change::Write {
                                    offset,
                                    bytes: sector.to_vec(),
                                },
                            );
                        }
                    }
                }
            }
        }
        bytes
    }

    /// Reads nothing without power, and takes none.
    fn look<T>(&self, work: impl FnOnce(&State) -> T) -> io::Result<T> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.power == 0 {
            return Err(io::Error::other("no power"));
        }
        Ok(work(&state))
    }

    /// Writes or syncs, with the power for one operation.
    fn operate(&self, work: impl FnOnce(&mut State)) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.power = state
            .power
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("no power"))?;
        work(&mut state);
        Ok(())
    }

    fn change(&self, change: Change) -> io::Result<()> {
        self.operate(|state| {
            apply(&mut state.current, &change);
            state.unsynced.push(change);
        })
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Resize(length) => bytes.resize(*length, 0),
        Change::Write {
            offset,
            bytes: written,
        } => {
            bytes[*offset..offset + written.len()].copy_from_slice(written);
        }
    }
}

impl redb::StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.look(|state| state.current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.look(|state| {
            let start = usize::try_from(offset).unwrap();
            let found = state.current.get(start..start + out.len());
            found
                .map(|bytes| out.copy_from_slice(bytes))
                .ok_or(io::ErrorKind::UnexpectedEof)
        })??;
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Change::Resize(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|state| {
            let State {
                synced, unsynced, ..
            } = state;
            unsynced.drain(..).for_each(|change| apply(synced, &change));
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Change::Write {
            offset: usize::try_from(offset).unwrap(),
            bytes: data.to_vec(),
        })
    }
}

/// The commit after `number` others: two values, a view that counts them, a large value now
/// and then so that the file grows.
fn commit(number: u64) -> Commit {
    let size = if number % 4 == 2 { 300_000 } else { 200 };
    Commit::new()
        .expecting(Stream::Feed, 2 * number)
        .append(Stream::Feed, value(2 * number, size))
        .append(Stream::Feed, value(2 * number + 1, 10))
        .put(View::Cursor, b"commits", (number + 1).to_be_bytes())
}

fn value(position: u64, size: usize) -> Vec<u8> {
    [&position.to_be_bytes()[..], &vec![9; size]].concat()
}

/// Commits until the power is cut; the number acknowledged.
fn commit_until_cut(disk: &Disk) -> u64 {
    let Ok(store) = Store::with_backend(disk.clone(), &key()) else {
        return 0;
    };
    (0..COMMITS)
        .take_while(|&number| store.commit(commit(number)).is_ok())
        .count() as u64
}

fn assert_holds(bytes: Vec<u8>, acknowledged: u64, context: &str) {
    let store = Store::with_backend(Disk::holding(bytes, u64::MAX), &key())
        .unwrap_or_else(|error| panic!("{context}: {error}"));
    let read = store.read(Stream::Feed, 0, usize::MAX, usize::MAX).unwrap();
    let commits = read.len() as u64 / 2;
    assert!(
        commits == acknowledged || commits == acknowledged + 1,
        "{context}: {commits}"
    );
    assert_eq!(
        store.length(Stream::Feed).unwrap(),
        2 * commits,
        "{context}"
    );
    for (position, value) in read {
        assert_eq!(value[..8], position.to_be_bytes(), "{context}");
    }
    let counted = store.view(View::Cursor, b"commits").unwrap();
    let expected = (commits > 0).then(|| commits.to_be_bytes().to_vec());
    assert_eq!(counted, expected, "{context}");
    store.commit(commit(commits)).unwrap();
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_acknowledged() {
    let fresh = Disk::holding(Vec::new(), u64::MAX);
    drop(Store::with_backend(fresh.clone(), &key()).unwrap());
    let fresh = fresh.after_cut(&mut Seeded(0));

    let whole = Disk::holding(fresh.clone(), u64::MAX);
    assert_eq!(commit_until_cut(&whole), COMMITS);
    let operations = u64::MAX - whole.0.lock().unwrap().power;
    assert!(operations > 4 * COMMITS, "the cuts would miss something");

    for power in 0..operations {
        let disk = Disk::holding(fresh.clone(), power);
        let acknowledged = commit_until_cut(&disk);
        let bytes = disk.after_cut(&mut Seeded(power));
        assert_holds(
            bytes,
            acknowledged,
            &format!("power for {power} operations"),
        );
    }
}

#[test]
fn after_a_failed_backend_every_call_says_so() {
    let fresh = Disk::holding(Vec::new(), u64::MAX);
    let store = Store::with_backend(fresh.clone(), &key()).unwrap();
    store.commit(commit(0)).unwrap();
    fresh.0.lock().unwrap().power = 0;
    assert_eq!(
        store.commit(commit(1)).unwrap_err().code(),
        "store.cannot_write"
    );
    assert_eq!(
        store.length(Stream::Feed).unwrap_err().code(),
        "store.cannot_read"
    );
    assert_eq!(
        store.clear_views().unwrap_err().code(),
        "store.cannot_write"
    );
}
