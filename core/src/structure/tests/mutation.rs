//! Honest changes with one thing altered: refused, or harmless.

use std::collections::BTreeMap;

use automerge::ExpandedChange;
use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, ObjType, ScalarValue};

use super::model::World;
use super::*;

const SEEDS: u64 = 20;
const STEPS: usize = 60;
const MUTANTS: usize = 25;

#[test]
fn a_mutant_is_refused_or_leaves_a_document_that_saves_and_loads() {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 1_000..1_000 + SEEDS {
        println!("seed {seed}");
        let mut world = World::new(seed, 3);
        for _ in 0..STEPS {
            world.step();
        }
        for _ in 0..MUTANTS {
            let code = one_mutant(&mut world);
            *verdicts.entry(code).or_default() += 1;
        }
    }
    println!("{verdicts:?}");
    for expected in [
        "taken",
        "structure.predecessors",
        "structure.unknown_object",
    ] {
        assert!(verdicts.contains_key(expected), "no mutant was {expected}");
    }
}

fn one_mutant(world: &mut World) -> &'static str {
    let place = world.seeded.below(world.changes.len());
    let ids: Vec<OpId> = world.changes.iter().flat_map(ids_of).collect();
    let before = &world.changes[..place];
    let seeded = &mut world.seeded;
    let mutant = altered(&world.changes[place], |change| mutate(change, &ids, seeded));

    let mut history = History::new(DOCUMENT);
    for chunk in before {
        assert_eq!(verdict(&mut history, chunk), Ok(()));
    }
    let found = verdict(&mut history, &mutant);
    match found {
        Err(code) => {
            let honest = &world.changes[place];
            assert_eq!(verdict(&mut history, honest), Ok(()), "after {code}");
            code
        }
        Ok(()) => {
            let chunks: Vec<&Chunk> = before.iter().chain([&mutant]).collect();
            let volume = Volume::replay(DOCUMENT, chunks.iter().copied()).unwrap();
            let loaded = Volume::load(DOCUMENT, &volume.save()).unwrap();
            let backwards = Volume::replay(DOCUMENT, chunks.into_iter().rev()).unwrap();
            for other in [&loaded, &backwards] {
                assert_eq!(other.drafts(), volume.drafts());
                assert_eq!(other.notes(), volume.notes());
            }
            "taken"
        }
    }
}

fn ids_of(chunk: &Chunk) -> impl Iterator<Item = OpId> {
    let change = Encoded::try_from(&chunk.0[..]).unwrap();
    let (first, last) = (change.start_op().get(), change.max_op());
    let actor = change.actor_id().clone();
    (first..=last).map(move |counter| OpId::new(counter, &actor))
}

fn mutate(change: &mut ExpandedChange, ids: &[OpId], seeded: &mut Seeded) {
    let near = |value: u64, seeded: &mut Seeded| (value + 2).saturating_sub(seeded.next() % 4);
    match seeded.below(12) {
        0 => change.seq = near(change.seq, seeded),
        1 => {
            let start = near(change.start_op.get(), seeded).max(1);
            change.start_op = start.try_into().unwrap();
        }
        2 => {
            change.deps.pop();
        }
        3 => change.actor_id = ActorId::from(&[7; 24][..]),
        4 => change.time = seeded.next() as i64,
        _ => {
            let place = seeded.below(change.operations.len());
            mutate_operation(&mut change.operations[place], ids, seeded);
        }
    }
}

fn mutate_operation(op: &mut Op, ids: &[OpId], seeded: &mut Seeded) {
    let other = seeded.pick(ids).clone();
    match seeded.below(9) {
        0 => op.pred = Vec::new().into(),
        1 => op.pred = vec![other].into(),
        2 => {
            let more = op.pred.iter().cloned().chain([other]);
            op.pred = more.collect();
        }
        3 => op.obj = ObjectId::Id(other),
        4 => op.obj = ObjectId::Root,
        5 => {
            let keys = [
                "kind", "person", "wage", "voided", "note", "schema", "records",
            ];
            op.key = Key::Map((*seeded.pick(&keys)).into());
        }
        6 => {
            let values = [
                ScalarValue::Str("another".into()),
                ScalarValue::Int(3),
                ScalarValue::Boolean(true),
                ScalarValue::Null,
                ScalarValue::Bytes(vec![1]),
                ScalarValue::F64(f64::NAN),
                ScalarValue::counter(1),
            ];
            op.action = OpType::Put(seeded.pick(&values).clone());
        }
        7 => op.insert = !op.insert,
        _ => {
            let actions = [
                OpType::Delete,
                OpType::Increment(1),
                OpType::Make(ObjType::Map),
                OpType::Make(ObjType::List),
                OpType::MarkEnd(true),
            ];
            op.action = seeded.pick(&actions).clone();
            if seeded.below(4) == 0 {
                op.key = Key::Seq(ElementId::Id(other));
            }
        }
    }
}
