//! A store of an older format is stepped up when it is opened, whatever happens meanwhile.

use std::ops::Bound;

use redb::Database;

use super::{Place, Seeded, key};
use crate::store::format::{FORMAT, Header, META};
use crate::store::simulated::SimulatedDisk;
use crate::store::{Commit, SealingKey, Store, Stream, View};

const VALUES: u64 = 3;

fn commit(number: u64) -> Commit {
    Stream::ALL.iter().fold(
        Commit::new().put(View::Snapshot, number.to_be_bytes(), vec![1; 5_000]),
        |commit, &stream| {
            commit
                .expecting(stream, number)
                .append(stream, number.to_be_bytes())
        },
    )
}

/// A durable disk with a store of format 1.
fn old_store() -> Vec<u8> {
    let disk = SimulatedDisk::new(0);
    let store = Store::on_simulated_disk(&disk, &key()).unwrap();
    for number in 0..VALUES {
        store.commit(commit(number)).unwrap();
    }
    drop(store);
    let database = Database::builder()
        .create_with_backend(disk.attach())
        .unwrap();
    set_format(&database, 1);
    drop(database);
    disk.contents()
}

fn set_format(database: &Database, format: u32) {
    let transaction = database.begin_write().unwrap();
    {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert("format", &format.to_be_bytes()[..]).unwrap();
    }
    transaction.commit().unwrap();
}

/// The streams are whole, no view is left, and the store goes on.
fn assert_stepped_up(store: &Store, context: &str) {
    for stream in Stream::ALL {
        let read = store.read(stream, 0, usize::MAX, usize::MAX).unwrap();
        let expected: Vec<(u64, Vec<u8>)> = (0..VALUES)
            .map(|number| (number, number.to_be_bytes().to_vec()))
            .collect();
        assert_eq!(read, expected, "{context}: {stream:?}");
    }
    for view in View::ALL {
        let left = store.view_range(view, Bound::Unbounded, Bound::Unbounded, 1);
        assert_eq!(left.unwrap(), [], "{context}: {view:?}");
    }
    store.commit(commit(VALUES)).unwrap();
    let snapshot = store.view(View::Snapshot, &VALUES.to_be_bytes()).unwrap();
    assert!(snapshot.is_some(), "{context}");
}

#[test]
fn the_step_from_1_to_2_keeps_the_streams_and_clears_the_views_once() {
    let disk = SimulatedDisk::holding(0, old_store());
    let store = Store::on_simulated_disk(&disk, &key()).unwrap();
    assert_stepped_up(&store, "at the first opening");
    drop(store);
    let store = Store::on_simulated_disk(&disk, &key()).unwrap();
    let snapshot = store.view(View::Snapshot, &VALUES.to_be_bytes()).unwrap();
    assert!(snapshot.is_some(), "the second opening clears nothing");
}

#[test]
fn a_power_cut_at_any_operation_of_the_step_leaves_one_format_or_the_other() {
    let old = old_store();
    let whole = SimulatedDisk::holding(0, old.clone());
    drop(Store::on_simulated_disk(&whole, &key()).unwrap());
    let operations = whole.operations();
    assert!(operations > 4, "the cuts would miss something");

    let mut formats = [0; FORMAT as usize];
    for power in 0..operations {
        for seed in 0..8 {
            let disk = SimulatedDisk::holding(0, old.clone());
            disk.set_power(power);
            drop(Store::on_simulated_disk(&disk, &key()));
            disk.cut(&mut Seeded::new(seed));
            let context = format!("power for {power} operations, seed {seed}");
            formats[format_of(&disk) as usize - 1] += 1;
            let store = Store::on_simulated_disk(&disk, &key())
                .unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_stepped_up(&store, &context);
        }
    }
    assert!(formats.iter().all(|&times| times > 0), "{formats:?}");
}

/// The format that a disk has, looked at on a copy.
fn format_of(disk: &SimulatedDisk) -> u32 {
    let copy = SimulatedDisk::holding(0, disk.contents());
    let database = Database::builder().create_with_backend(copy.attach());
    let header = Header::read(&database.unwrap());
    header.unwrap().expect("a store has a header").format
}

#[test]
fn a_wrong_key_steps_nothing_up() {
    let place = Place::new();
    std::fs::write(place.file(), old_store()).unwrap();
    let wrong = SealingKey::from_bytes([8; 32]);
    let refused = Store::open(&place.file(), &wrong).unwrap_err();
    assert_eq!(refused.code(), "store.wrong_key");
    let database = Database::open(place.file()).unwrap();
    let header = Header::read(&database).unwrap();
    assert_eq!(header.unwrap().format, 1);
    drop(database);
    assert_stepped_up(&place.open(), "with the right key");
}

/// Puts a data directory of the fixtures into the place; the path of the store in it.
fn unpack(place: &Place, fixture: &str, store: &str) -> std::path::PathBuf {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/stores");
    let file = std::fs::File::open(format!("{fixtures}/{fixture}")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    archive.extract(place.folder.path()).unwrap();
    place.folder.path().join(store)
}

/// A store that programs of the format before wrote has all its streams, and goes on.
fn check_kept(fixture: &str, store: &str, lengths: [(Stream, u64); 4]) {
    let place = Place::new();
    let path = unpack(&place, fixture, store);
    let key = SealingKey::read_file(&place.folder.path().join("sealing.key")).unwrap();
    for opening in ["first", "second"] {
        let store = Store::open(&path, &key).unwrap();
        for (stream, length) in lengths {
            let read = store.read(stream, 0, usize::MAX, usize::MAX).unwrap();
            assert_eq!(read.len() as u64, length, "{opening}: {stream:?}");
        }
        for view in View::ALL {
            let left = store.view_range(view, Bound::Unbounded, Bound::Unbounded, 1);
            assert_eq!(left.unwrap(), [], "{opening}: {view:?}");
        }
    }
    let (stream, length) = lengths[0];
    let next = Commit::new()
        .expecting(stream, length)
        .append(stream, b"next");
    let store = Store::open(&path, &key).unwrap();
    store.commit(next).unwrap();
    assert_eq!(store.length(stream).unwrap(), length + 1);
}

#[test]
fn the_stores_of_format_1_that_are_kept_are_stepped_up_with_every_value_of_their_streams() {
    // The log's 32 entries are those of the checkpoint in `expected.json`.
    check_kept(
        "format-1/centre.zip",
        "centre.redb",
        [
            (Stream::Feed, 32),
            (Stream::Local, 0),
            (Stream::Identity, 1),
            (Stream::Proof, 0),
        ],
    );
    // Made on the device: a draft for each of four wages, a note, three submissions.
    check_kept(
        "format-1/employer.zip",
        "canbao.redb",
        [
            (Stream::Feed, 29),
            (Stream::Local, 8),
            (Stream::Identity, 4),
            (Stream::Proof, 0),
        ],
    );
}
