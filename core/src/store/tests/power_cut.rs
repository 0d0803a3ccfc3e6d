//! Power cuts: after a cut at any operation, what was acknowledged is there and nothing is half
//! there, whichever of the writes since the last sync reached the disk.

use super::{Seeded, key};
use crate::store::simulated::SimulatedDisk;
use crate::store::{Commit, Store, Stream, View};

const COMMITS: u64 = 4;

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
fn commit_until_cut(disk: &SimulatedDisk) -> u64 {
    let Ok(store) = Store::on_simulated_disk(disk, &key()) else {
        return 0;
    };
    (0..COMMITS)
        .take_while(|&number| store.commit(commit(number)).is_ok())
        .count() as u64
}

fn assert_holds(disk: &SimulatedDisk, acknowledged: u64, context: &str) {
    let store =
        Store::on_simulated_disk(disk, &key()).unwrap_or_else(|error| panic!("{context}: {error}"));
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
    let whole = SimulatedDisk::new(0);
    assert_eq!(commit_until_cut(&whole), COMMITS);
    let operations = whole.operations();
    assert!(operations > 4 * COMMITS, "the cuts would miss something");

    for power in 0..operations {
        let disk = SimulatedDisk::new(power);
        disk.set_power(power);
        let acknowledged = commit_until_cut(&disk);
        disk.cut(&mut Seeded::new(power));
        assert_holds(
            &disk,
            acknowledged,
            &format!("power for {power} operations"),
        );
    }
}

#[test]
fn after_a_failed_backend_every_call_says_so() {
    let disk = SimulatedDisk::new(0);
    let store = Store::on_simulated_disk(&disk, &key()).unwrap();
    store.commit(commit(0)).unwrap();
    disk.set_power(0);
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
