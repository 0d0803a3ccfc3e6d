//! Honest editing by several devices: the checks take every change, and what the devices end up
//! with is what automerge makes of all changes in whatever order.

use automerge::legacy::OpId;
use automerge::{Automerge, ObjId, ROOT, ReadDoc};

use super::model::World;
use super::*;
use crate::document::{Field, FieldName};

/// In all tests of this file together, over their seeds.
const OPERATIONS: u64 = 100_000;
const TESTS: u64 = 4;
const SEEDS: u64 = 10;
const REPLICAS: u8 = 3;
/// How many keys of a world are compared with automerge's, each at random changes.
const SAMPLES: usize = 40;

fn check(test: u64) {
    for seed in test * SEEDS..(test + 1) * SEEDS {
        println!("seed {seed}");
        let mut world = World::new(seed, REPLICAS);
        while world.operations < OPERATIONS / (TESTS * SEEDS) {
            world.step();
        }
        world.settle();
        all_have_the_same(&mut world);
        what_stands_is_what_automerge_shows(&mut world);
    }
}

#[test]
fn honest_changes_are_taken_and_merge_as_automerge_merges_them_1() {
    check(0);
}

#[test]
fn honest_changes_are_taken_and_merge_as_automerge_merges_them_2() {
    check(1);
}

#[test]
fn honest_changes_are_taken_and_merge_as_automerge_merges_them_3() {
    check(2);
}

#[test]
fn honest_changes_are_taken_and_merge_as_automerge_merges_them_4() {
    check(3);
}

fn all_have_the_same(world: &mut World) {
    let mut shuffled = world.changes.clone();
    for index in (1..shuffled.len()).rev() {
        shuffled.swap(index, world.seeded.below(index + 1));
    }
    let merged = Volume::replay(DOCUMENT, &shuffled).unwrap();
    let (drafts, notes) = (merged.drafts(), merged.notes());
    let heads = world.heads();
    for volume in world.volumes().chain([&merged]) {
        let saved = volume.save();
        assert_eq!(Automerge::load(&saved).unwrap().get_heads(), heads);
        let loaded = Volume::load(DOCUMENT, &saved).unwrap();
        for volume in [volume, &loaded] {
            assert_eq!(
                (volume.drafts(), volume.notes()),
                (drafts.clone(), notes.clone())
            );
        }
    }
}

/// The model of what stands at a key, against `get_all_at`.
fn what_stands_is_what_automerge_shows(world: &mut World) {
    let volume = world.volumes().next().unwrap();
    let document = Automerge::load(&volume.save()).unwrap();
    let (_, records) = document.get(ROOT, "records").unwrap().unwrap();
    let made: Vec<ObjId> = document
        .keys(&records)
        .flat_map(|key| document.get_all(&records, key).unwrap())
        .map(|(_, id)| id)
        .collect();
    let fields = [
        ("person", Field::Filled(FieldName::Person)),
        ("from", Field::Filled(FieldName::From)),
        ("wage", Field::Filled(FieldName::Wage)),
        ("voided", Field::Voided),
    ];
    let mut conflicts = 0;
    for _ in 0..SAMPLES {
        let record = world.seeded.pick(&made).clone();
        let (name, field) = *world.seeded.pick(&fields);
        let count = 1 + world.seeded.below(3);
        let mut heads: Vec<_> = (0..count)
            .map(|_| world.seeded.pick(&world.changes).clone())
            .map(|chunk| check_chunk(&chunk.0).unwrap().hash)
            .collect();
        // The record must be there for whom these are the newest.
        heads.extend(document.hash_for_opid(&record).map(|it| ChangeHash(it.0)));
        let at: Vec<_> = heads.iter().map(|it| automerge::ChangeHash(it.0)).collect();
        let shown = document.get_all_at(&record, name, &at).unwrap();
        let mut shown: Vec<OpId> = shown.iter().map(|(_, id)| op_id(id)).collect();
        let replica = world.seeded.below(world.replicas.len());
        let history = &mut world.replicas[replica].history;
        let mut standing = history.standing(&heads, &op_id(&record), field);
        shown.sort_unstable();
        standing.sort_unstable();
        assert_eq!(standing, shown);
        conflicts += usize::from(shown.len() > 1);
    }
    assert!(conflicts > 0, "a world without conflicts shows little");
}

fn op_id(id: &ObjId) -> OpId {
    match id {
        ObjId::Id(counter, actor, _) => OpId::new(*counter, actor),
        ObjId::Root => panic!("the root was made by nobody"),
    }
}
