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
