//! Changes of good form that automerge accepts or panics on, each refused by its name; and after
//! each, the next good change of its author and of its neighbour is taken.

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{ObjType, ScalarValue};

use super::*;
use crate::document::genesis_actor;

/// The counter of the scene's newest operation.
const TIP_MAX_OP: u64 = 14;

/// Two devices on one document, and the next honest change of each.
struct Scene {
    history: History,
    /// The first device's next change: two puts, `from` of the first declaration and its `month`.
    honest: Chunk,
    /// The second device's next change.
    neighbours: Chunk,
    tip: ChangeHash,
}

/// The changes of the scene: two declarations by the first device, of five operations each from
/// counter 3 on (`[made, kind, person, from, wage]`), and the first one's `from` again; then the
/// second's wage by the second device; then the next of both.
static CHUNKS: LazyLock<[Chunk; 6]> = LazyLock::new(|| {
    let (mut one, mut two) = (Device::new(1), Device::new(2));
    let first = one.act(&declare(1));
    let second = one.act(&declare(2));
    let third = one.act(&amend(1, vec![Change::From("2022-02".to_owned())]));
    two.volume.extend([&first, &second, &third]).unwrap();
    let fourth = two.act(&amend(2, vec![Change::Wage(Money::from_fen(1))]));
    one.volume.extend([&fourth]).unwrap();
    let fields = vec![
        Change::From("2022-03".to_owned()),
        Change::Month("2022-04".to_owned()),
    ];
    let (next, neighbours) = (one.act(&amend(1, fields)), two.act(&declare(3)));
    [first, second, third, fourth, next, neighbours]
});

impl Scene {
    fn new() -> Self {
        let [known @ .., honest, neighbours] = CHUNKS.clone();
        let mut history = History::new(DOCUMENT);
        for chunk in &known {
            assert_eq!(verdict(&mut history, chunk), Ok(()));
        }
        let tip = known.last().map(|it| check_chunk(&it.0).unwrap().hash);
        Self {
            history,
            honest,
            neighbours,
            tip: tip.unwrap(),
        }
    }

    /// An operation of the first device.
    fn op(&self, counter: u64) -> OpId {
        OpId::new(counter, &automerge::ActorId::from(&actor(1).0[..]))
    }

    fn records(&self) -> ObjectId {
        let actor = automerge::ActorId::from(&genesis_actor(&DOCUMENT)[..]);
        ObjectId::Id(OpId::new(2, &actor))
    }

    /// The honest change with another first operation.
    fn first(&self, alter: impl FnOnce(&mut automerge::legacy::Op)) -> Chunk {
        altered(&self.honest, |it| alter(&mut it.operations[0]))
    }

    fn refuses(mut self, chunk: &Chunk, expected: &str) {
        assert_eq!(verdict(&mut self.history, chunk), Err(expected));
        self.goes_on();
    }

    fn goes_on(mut self) {
        assert_eq!(verdict(&mut self.history, &self.honest), Ok(()));
        assert_eq!(verdict(&mut self.history, &self.neighbours), Ok(()));
    }
}

/// A hostile change for every refusal: a refusal without one does not compile.
macro_rules! one_for_each {
    ($($refusal:ident => $make:expr),* $(,)?) => {
        /// Refuses to compile where a refusal has no case.
        fn _every_refusal_has_a_case(refusal: StructureError) {
            match refusal {
                $(StructureError::$refusal)|* => {}
            }
        }

        #[test]
        fn every_refusal_has_a_change_that_it_refuses() {
            $({
                let mut scene = Scene::new();
                let make: fn(&mut Scene) -> Chunk = $make;
                let chunk = make(&mut scene);
                let found = verdict(&mut scene.history, &chunk);
                assert_eq!(found, Err(StructureError::$refusal.code()));
                scene.history.set_max_op(scene.tip, TIP_MAX_OP);
                scene.goes_on();
            })*
        }
    };
}

one_for_each! {
    Sequence => |it| altered(&it.honest, |change| change.seq += 1),
    UnknownDependency => |it| altered(&it.honest, |change| {
        change.deps.push(automerge::ChangeHash([9; 32]));
    }),
    Previous => |it| altered(&it.honest, |change| {
        change.deps = vec![automerge::ChangeHash(it.tip.0)];
    }),
    StartOp => |it| altered(&it.honest, |change| change.start_op = 2.try_into().unwrap()),
    MaxOp => |it| {
        let exhausted = (1 << 31) - 2;
        assert_eq!(it.history.set_max_op(it.tip, exhausted), TIP_MAX_OP);
        altered(&it.honest, |change| change.start_op = (exhausted + 1).try_into().unwrap())
    },
    Undecodable => |it| {
        let mut parts = Parts::of(&it.honest);
        *parts.column(2) = [signed_leb(2), unsigned_leb(1 << 40)].concat();
        parts.chunk()
    },
    Encoding => |it| {
        let mut parts = Parts::of(&it.honest);
        assert_eq!(*parts.column(66), [2, 1]);
        *parts.column(66) = vec![0x7e, 1, 1];
        parts.chunk()
    },
    Action => |it| it.first(|op| {
        op.action = OpType::Delete;
        op.pred = Vec::new().into();
    }),
    ListOperation => |it| it.first(|op| op.insert = true),
    Root => |it| it.first(|op| op.obj = ObjectId::Root),
    UnknownObject => |it| it.first(|op| op.obj = ObjectId::Id(it.op(4))),
    RecordKey => |it| it.first(|op| {
        op.obj = it.records();
        op.action = OpType::Make(ObjType::Map);
        op.pred = Vec::new().into();
    }),
    RecordValue => |it| it.first(|op| {
        op.obj = it.records();
        op.key = Key::Map(DeclarationId([7; 16]).to_string().into());
        op.pred = Vec::new().into();
    }),
    RecordExists => |it| it.first(|op| {
        op.obj = it.records();
        op.key = Key::Map(DeclarationId([1; 16]).to_string().into());
        op.action = OpType::Make(ObjType::Map);
        op.pred = vec![it.op(3)].into();
    }),
    UnknownField => |it| it.first(|op| op.key = Key::Map("surname".into())),
    FieldType => |it| it.first(|op| op.action = OpType::Put(ScalarValue::Int(1))),
    TextLength => |it| it.first(|op| op.action = OpType::Put("月".repeat(1366).into())),
    Predecessors => |it| it.first(|op| op.pred = vec![it.op(7)].into()),
}

#[test]
fn the_changes_known_to_break_automerge_are_refused() {
    let check = |alter: &dyn Fn(&Scene, &mut automerge::ExpandedChange), expected: &str| {
        let scene = Scene::new();
        let chunk = altered(&scene.honest, |change| alter(&scene, change));
        scene.refuses(&chunk, expected);
    };
    let foreign = automerge::ActorId::from(&[9; 24][..]);
    let preds = |ids: Vec<OpId>| automerge::legacy::SortedVec::from(ids);
    let predecessors = "structure.predecessors";

    // A predecessor of another key, in another object, of nobody, of the future.
    for counter in [5, 11, 99] {
        let with = |it: &Scene| preds(vec![it.op(counter)]);
        check(
            &|it, change| change.operations[0].pred = with(it),
            predecessors,
        );
    }
    let nobodys = preds(vec![OpId::new(13, &foreign)]);
    check(
        &|_, change| change.operations[0].pred = nobodys.clone(),
        predecessors,
    );
    // None where a value stands; the value before it; it and the one before; it twice.
    check(&|_, it| it.operations[0].pred = preds(vec![]), predecessors);
    for counters in [vec![6], vec![6, 13], vec![13, 13]] {
        let with = |it: &Scene| preds(counters.iter().map(|counter| it.op(*counter)).collect());
        check(
            &|it, change| change.operations[0].pred = with(it),
            predecessors,
        );
    }
    // The change's own operation on the key is what the next one replaces.
    let twice = |change: &mut automerge::ExpandedChange| {
        change.operations[1].key = change.operations[0].key.clone();
    };
    check(&|_, change| twice(change), predecessors);
    check(
        &|it, change| {
            twice(change);
            change.operations[1].pred = preds(vec![it.op(13)]);
        },
        predecessors,
    );
    // A deletion with and without predecessors; an increment.
    check(
        &|_, change| change.operations[0].action = OpType::Delete,
        "structure.action",
    );
    check(
        &|_, change| change.operations[0].action = OpType::Increment(1),
        "structure.action",
    );
    for made in [ObjType::List, ObjType::Text, ObjType::Table] {
        check(
            &|_, change| change.operations[0].action = OpType::Make(made),
            "structure.action",
        );
    }
    // A list key has columns of its own.
    check(
        &|_, change| change.operations[0].key = Key::Seq(ElementId::Head),
        "structure.columns",
    );
    check(
        &|_, change| change.start_op = 14.try_into().unwrap(),
        "structure.start_op",
    );
    check(
        &|_, change| change.start_op = 16.try_into().unwrap(),
        "structure.start_op",
    );
    check(&|_, change| change.seq = 1, "structure.sequence");
    // Objects that are not there: of nobody, of the future, the change's own value.
    for object in [
        OpId::new(3, &foreign),
        Scene::new().op(99),
        Scene::new().op(15),
    ] {
        check(
            &|_, change| change.operations[1].obj = ObjectId::Id(object.clone()),
            "structure.unknown_object",
        );
    }
    check(
        &|_, change| change.message = Some("m".to_owned()),
        "structure.message",
    );
    check(
        &|_, change| change.extra_bytes = vec![1],
        "structure.extra_bytes",
    );
}

#[test]
fn a_value_has_the_type_that_the_schema_names() {
    let check = |field: &str, value: ScalarValue, expected: Option<&str>| {
        let mut scene = Scene::new();
        let chunk = altered(&scene.honest, |change| {
            let operation = &mut change.operations[1];
            operation.key = Key::Map(field.into());
            operation.action = OpType::Put(value.clone());
            let stands = [("kind", 4), ("person", 5), ("wage", 7)];
            let stands = stands.iter().find(|(it, _)| *it == field);
            let stands = stands.map(|(_, counter)| scene.op(*counter));
            operation.pred = stands.into_iter().collect();
        });
        match expected {
            None => assert_eq!(verdict(&mut scene.history, &chunk), Ok(()), "{value:?}"),
            Some(expected) => scene.refuses(&chunk, expected),
        }
    };
    let wrong = Some("structure.field_type");
    for field in [
        "kind",
        "person",
        "month",
        "reason",
        "to",
        "note",
        "department",
        "phone",
    ] {
        check(field, ScalarValue::Str("".into()), None);
        check(field, ScalarValue::Str("x".repeat(4096).into()), None);
        let long = ScalarValue::Str("x".repeat(4097).into());
        check(field, long, Some("structure.text_length"));
        check(field, ScalarValue::Null, wrong);
        check(field, ScalarValue::Bytes(b"x".to_vec()), wrong);
    }
    check("wage", ScalarValue::Int(0), None);
    check("wage", ScalarValue::Int(i64::MAX), None);
    check("wage", ScalarValue::Int(-1), wrong);
    check("wage", ScalarValue::Uint(1), wrong);
    check("wage", ScalarValue::F64(1.0), wrong);
    check("wage", ScalarValue::counter(1), wrong);
    check("wage", ScalarValue::Str("1".into()), wrong);
    check("voided", ScalarValue::Boolean(true), None);
    check("voided", ScalarValue::Boolean(false), wrong);
    check("voided", ScalarValue::Int(1), wrong);
    check(
        "schema",
        ScalarValue::Uint(1),
        Some("structure.unknown_field"),
    );
}

#[test]
fn a_record_has_one_spelling_of_its_key_and_is_made_once_in_a_line() {
    let made = |scene: &Scene, key: &str| {
        scene.first(|op| {
            op.obj = scene.records();
            op.key = Key::Map(key.into());
            op.action = OpType::Make(ObjType::Map);
            op.pred = Vec::new().into();
        })
    };
    let id = DeclarationId([7; 16]).to_string();
    for key in [&id.to_lowercase(), &id[1..], "", &format!("{id}0")] {
        let scene = Scene::new();
        let chunk = made(&scene, key);
        scene.refuses(&chunk, "structure.record_key");
    }
    let scene = Scene::new();
    let again = made(&scene, &DeclarationId([1; 16]).to_string());
    scene.refuses(&again, "structure.record_exists");

    // Two devices that do not know of each other may make the same record; neither hides.
    let (mut one, mut two) = (Device::new(1), Device::new(2));
    let mut history = History::new(DOCUMENT);
    let chunks = [one.act(&declare(1)), two.act(&declare(1))];
    for chunk in &chunks {
        assert_eq!(verdict(&mut history, chunk), Ok(()));
    }
}

#[test]
fn a_counter_too_large_for_automerge_is_caught_where_it_panics() {
    let scene = Scene::new();
    let mut parts = Parts::of(&scene.honest);
    *parts.column(2) = [signed_leb(2), unsigned_leb(1 << 40)].concat();
    let chunk = parts.chunk();
    assert!(std::panic::catch_unwind(|| Encoded::try_from(&chunk.0[..])).is_err());
    scene.refuses(&chunk, "structure.undecodable");
}

#[test]
fn a_batch_with_one_bad_change_leaves_nothing_of_its_good_ones() {
    let mut device = Device::new(1);
    let good = [device.act(&declare(1)), device.act(&declare(2))];
    let last = device.act(&amend(1, vec![Change::From("2022-02".to_owned())]));
    let bad = altered(&last, |it| it.operations[0].pred = Vec::new().into());
    let mut history = History::new(DOCUMENT);
    let with = |chunk: &Chunk| {
        let chunks = good.iter().chain([chunk]).cloned().collect();
        check_batch(&signed(&batch(chunks))).unwrap().run
    };
    let before = history.sizes();
    let refused = history.check(&with(&bad)).unwrap_err();
    assert_eq!(refused, StructureError::Predecessors);
    assert_eq!(history.sizes(), before);
    assert!(!history.has(&check_chunk(&good[0].0).unwrap().hash));
    assert_eq!(history.check(&with(&last)), Ok(()));
    assert_eq!(history.check(&with(&last)), Ok(()), "a repeat is harmless");
    assert!(history.has(&check_chunk(&last.0).unwrap().hash));
}

#[test]
fn an_actor_that_forks_is_refused_its_second_line() {
    let mut device = Device::new(1);
    let mut clone = Device::new(1);
    let mut history = History::new(DOCUMENT);
    assert_eq!(verdict(&mut history, &device.act(&declare(1))), Ok(()));
    let forked = clone.act(&declare(2));
    assert_eq!(verdict(&mut history, &forked), Err("structure.sequence"));
    assert_eq!(verdict(&mut history, &device.act(&declare(3))), Ok(()));
}
