//! One short life of a store with a power cut at each of its operations, and after it a second
//! one at each operation of the recovery.

use super::model::Model;
use super::{Seeded, key};
use crate::store::simulated::SimulatedDisk;
use crate::store::{Commit, Store, Stream, View};

/// What the store holds after each step of its life, the empty store first.
struct Life {
    after: Vec<Model>,
    /// How many operations the disk did for all of it.
    operations: u64,
}

/// One step of the life; the models before and after it differ.
fn step(number: u64) -> Option<Step> {
    let commit = |size: usize| {
        Commit::new()
            .expecting(Stream::Feed, number)
            .append(Stream::Feed, vec![number as u8; size])
            .put(View::Cursor, b"steps", number.to_be_bytes())
    };
    match number {
        0 => Some(Step::Commit(commit(20))),
        // The file grows by this one.
        1 => Some(Step::Commit(commit(35_000))),
        2 => Some(Step::Commit(commit(5_000).put(
            View::Snapshot,
            b"document",
            vec![1; 3_000],
        ))),
        3 => Some(Step::Commit(
            commit(20)
                .remove(View::Snapshot, b"document")
                .erase(Stream::Feed, 1),
        )),
        4 => Some(Step::ClearViews),
        _ => None,
    }
}

enum Step {
    Commit(Commit),
    ClearViews,
}

impl Life {
    /// The life without a cut.
    fn whole() -> Self {
        let mut after = vec![Model::default()];
        for number in 0.. {
            let mut model = after[after.len() - 1].clone();
            match step(number) {
                Some(Step::Commit(commit)) => assert!(model.take_in(&commit)),
                Some(Step::ClearViews) => model.clear_views(),
                None => break,
            }
            after.push(model);
        }
        let disk = SimulatedDisk::new(0);
        assert_eq!(live(&disk), after.len() - 1);
        let operations = disk.operations();
        Self { after, operations }
    }

    /// The store holds what it acknowledged, or that and what was in progress; it takes the next
    /// commit.
    fn assert_held(&self, disk: &SimulatedDisk, acknowledged: usize, context: &str) {
        let store = Store::on_simulated_disk(disk, &key())
            .unwrap_or_else(|error| panic!("{context}: {error}"));
        let found = Model::of(&store).unwrap_or_else(|error| panic!("{context}: {error}"));
        let may_hold = &self.after[acknowledged..self.after.len().min(acknowledged + 2)];
        assert!(may_hold.contains(&found), "{context}: {acknowledged}");
        let next = Commit::new()
            .expecting(Stream::Feed, found.length(Stream::Feed))
            .append(Stream::Feed, b"next");
        store
            .commit(next)
            .unwrap_or_else(|error| panic!("{context}: {error}"));
    }
}

/// Takes the steps until the power goes; how many were acknowledged.
fn live(disk: &SimulatedDisk) -> usize {
    let Ok(store) = Store::on_simulated_disk(disk, &key()) else {
        return 0;
    };
    (0..)
        .map_while(step)
        .take_while(|step| match step {
            Step::Commit(commit) => store.commit(commit.clone()).is_ok(),
            Step::ClearViews => store.clear_views().is_ok(),
        })
        .count()
}

#[test]
fn a_cut_at_each_operation_and_another_at_each_of_its_recovery_lose_nothing() {
    let life = Life::whole();
    let mut second_cuts = 0;
    for power in 0..life.operations {
        let disk = SimulatedDisk::new(0);
        disk.set_power(power);
        let acknowledged = live(&disk);
        disk.cut(&mut Seeded::new(power));
        let once = disk.contents();

        life.assert_held(&disk, acknowledged, &format!("power for {power}"));
        for again in 0.. {
            let disk = SimulatedDisk::holding(0, once.clone());
            disk.set_power(again);
            let opened = Store::on_simulated_disk(&disk, &key());
            let is_through = opened.is_ok_and(|store| Model::of(&store).is_ok());
            disk.cut(&mut Seeded::new(power << 32 | again));
            let context = format!("power for {power}, then for {again}");
            life.assert_held(&disk, acknowledged, &context);
            if is_through {
                break;
            }
            second_cuts += 1;
        }
    }
    assert!(second_cuts > 2 * life.operations, "{second_cuts}");
    println!("{} cuts, {second_cuts} second cuts", life.operations);
}

#[test]
fn after_a_failed_disk_every_call_says_so() {
    let disk = SimulatedDisk::new(0);
    let store = Store::on_simulated_disk(&disk, &key()).unwrap();
    disk.set_power(0);
    let commit = Commit::new().put(View::Local, b"key", b"value");
    assert_eq!(
        store.commit(commit).unwrap_err().code(),
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
