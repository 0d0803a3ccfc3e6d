//! Honest changes with something else in them, encoded as automerge encodes.

use std::panic::catch_unwind;
use std::sync::LazyLock;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, Change as Encoded, ExpandedChange, ObjType, ScalarValue};
use canbao_core::document::Chunk;

use crate::document::honest;
use crate::input::Input;

/// Three edits of the third operation, as choices.
pub(super) const SEED: [u8; 13] = [3, 5, 2, 1, 0, 5, 2, 6, 1, 5, 2, 5, 3];

/// The honest changes as automerge spells them out, and the ids of all operations.
struct Known {
    changes: Vec<ExpandedChange>,
    ids: Vec<OpId>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let encoded = honest()
        .iter()
        .map(|Chunk(chunk)| Encoded::try_from(&chunk[..]).expect("an honest change decodes"));
    let encoded: Vec<Encoded> = encoded.collect();
    let ids = encoded.iter().flat_map(|change| {
        let actor = change.actor_id().clone();
        let counters = change.start_op().get()..=change.max_op();
        counters.map(move |counter| OpId::new(counter, &actor))
    });
    Known {
        ids: ids.collect(),
        changes: encoded.iter().map(Encoded::decode).collect(),
    }
});

/// One to three changes of one actor, each an honest one that was edited. The later ones follow
/// the first, so that they are one batch.
pub(super) fn changes(place: usize, mut input: Input<'_>) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut previous: Option<Encoded> = None;
    for _ in 0..1 + input.below(3) {
        let base = input.byte();
        let base = if previous.is_none() && usize::from(base) >= KNOWN.changes.len() {
            place
        } else {
            usize::from(base)
        };
        let mut change = KNOWN.changes[base % KNOWN.changes.len()].clone();
        if let Some(previous) = &previous {
            follow(previous, &mut change);
        }
        for _ in 0..input.below(8) {
            edit(&mut change, &mut input);
        }
        // Not every combination can be encoded; automerge panics at some.
        let Ok(encoded) = catch_unwind(|| Encoded::from(change)) else {
            return chunks;
        };
        chunks.push(Chunk(encoded.raw_bytes().to_vec()));
        previous = Some(encoded);
    }
    chunks
}

fn follow(previous: &Encoded, change: &mut ExpandedChange) {
    change.actor_id = previous.actor_id().clone();
    change.seq = previous.seq().saturating_add(1);
    change.deps = vec![previous.hash()];
    // automerge's own `max_op` adds without a look.
    let next = previous
        .start_op()
        .get()
        .saturating_add(previous.len() as u64);
    change.start_op = start(next);
}

fn edit(change: &mut ExpandedChange, input: &mut Input<'_>) {
    match input.below(12) {
        0 => change.seq = near(change.seq, input),
        1 => change.start_op = start(near(change.start_op.get(), input)),
        2 => {
            change.deps.pop();
        }
        3 => change.actor_id = ActorId::from([input.byte() % 5; 24]),
        4 => {
            let operation = change.operations.last().cloned();
            change.operations.extend(operation);
        }
        _ => {
            let place = input.below(change.operations.len());
            if let Some(operation) = change.operations.get_mut(place) {
                edit_operation(operation, input);
            }
        }
    }
}

fn edit_operation(operation: &mut Op, input: &mut Input<'_>) {
    match input.below(10) {
        0 => operation.pred = Vec::new().into(),
        1 => operation.pred = vec![id(input)].into(),
        2 => {
            let more = operation.pred.iter().cloned().chain([id(input)]);
            operation.pred = more.collect();
        }
        3 => operation.obj = ObjectId::Id(id(input)),
        4 => operation.obj = ObjectId::Root,
        5 => operation.key = Key::Map(key(input).into()),
        6 => operation.action = OpType::Put(value(input)),
        7 => operation.insert = !operation.insert,
        8 => operation.key = Key::Seq(ElementId::Id(id(input))),
        _ => operation.action = action(input),
    }
}

/// The id of an operation that is there, or of one that never was.
fn id(input: &mut Input<'_>) -> OpId {
    let choice = usize::from(input.byte());
    let made_up = || OpId::new(input.number(), &ActorId::from([7; 24]));
    KNOWN.ids.get(choice).cloned().unwrap_or_else(made_up)
}

fn key(input: &mut Input<'_>) -> String {
    const KEYS: [&str; 14] = [
        "kind",
        "person",
        "month",
        "reason",
        "from",
        "to",
        "wage",
        "voided",
        "text",
        "department",
        "schema",
        "records",
        "01041061050R3GG28A1C60T3GF",
        "",
    ];
    match KEYS.get(usize::from(input.byte())) {
        Some(key) => (*key).to_owned(),
        None => String::from_utf8_lossy(input.piece()).into_owned(),
    }
}

fn value(input: &mut Input<'_>) -> ScalarValue {
    match input.below(12) {
        0 => ScalarValue::Str("another".into()),
        1 => ScalarValue::Str(String::from_utf8_lossy(input.piece()).into_owned().into()),
        2 => ScalarValue::Int(3),
        3 => ScalarValue::Int(input.number().cast_signed()),
        4 => ScalarValue::Boolean(true),
        5 => ScalarValue::Boolean(false),
        6 => ScalarValue::Null,
        7 => ScalarValue::Bytes(input.piece().to_vec()),
        8 => ScalarValue::F64(f64::from_bits(input.number())),
        9 => ScalarValue::Uint(input.number()),
        10 => ScalarValue::counter(input.number().cast_signed()),
        _ => ScalarValue::Timestamp(input.number().cast_signed()),
    }
}

fn action(input: &mut Input<'_>) -> OpType {
    match input.below(6) {
        0 => OpType::Delete,
        1 => OpType::Increment(1),
        2 => OpType::Make(ObjType::Map),
        3 => OpType::Make(ObjType::List),
        4 => OpType::Make(ObjType::Text),
        _ => OpType::MarkEnd(true),
    }
}

fn near(value: u64, input: &mut Input<'_>) -> u64 {
    match input.byte() {
        0 => input.number(),
        step => value.saturating_add(2).saturating_sub(u64::from(step) % 4),
    }
}

fn start(counter: u64) -> std::num::NonZeroU64 {
    counter.try_into().unwrap_or(std::num::NonZeroU64::MIN)
}
