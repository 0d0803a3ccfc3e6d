//! A field that says several things at once, and who said each.

use std::collections::BTreeMap;

use automerge::{Automerge, ObjId, ReadDoc};

use crate::time::Timestamp;

use super::actor::ActorId;
use super::field::{FieldName, Value};

#[cfg(test)]
mod tests;

/// A field with two different values or more, written by devices that did not know of each
/// other. It stands until a person chooses (architecture, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which field.
    pub field: FieldName,
    /// What it says: at least two, all different, in the order of their authors' clocks, which
    /// is the same on every device.
    pub values: Vec<Standing>,
}

/// One of the values of a conflict, with the change that wrote it. Where several changes wrote
/// the same value, it is the newest of them in the order of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The value.
    pub value: Value,
    /// Whose change wrote it.
    pub actor: ActorId,
    /// The change's number among the actor's.
    pub seq: u64,
    /// When, by the author's clock: shown, never a ground for a rule (SIL-19).
    pub at: Timestamp,
}

/// What a field says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The value to show; of several the one that automerge lets win, the same on every device.
    pub(super) shown: Option<Value>,
    /// All of them, where they differ.
    pub(super) conflict: Option<Conflict>,
}

/// Reads a field over all map objects of a record: two devices that create the same record
/// without knowing of each other make two, and neither may hide the other.
pub(super) fn read(document: &Automerge, objects: &[ObjId], field: FieldName) -> Said {
    let written: Vec<(Value, ObjId)> = objects
        .iter()
        .flat_map(|object| document.get_all(object, field.name()).unwrap_or_default())
        .filter_map(|(held, operation)| Some((Value::of(field, &held)?, operation)))
        .collect();
    // automerge gives objects and values in the order of their ids and lets the last one win.
    let Some((shown, _)) = written.last() else {
        return Said::default();
    };
    let differ = written.iter().any(|(value, _)| value != shown);
    Said {
        shown: Some(shown.clone()),
        conflict: differ.then(|| Conflict {
            field,
            values: standing(document, &written),
        }),
    }
}

fn standing(document: &Automerge, written: &[(Value, ObjId)]) -> Vec<Standing> {
    let mut newest: BTreeMap<&Value, &ObjId> = BTreeMap::new();
    for (value, operation) in written {
        let known = newest.entry(value).or_insert(operation);
        *known = operation.max(known);
    }
    let mut values: Vec<Standing> = newest
        .into_iter()
        .map(|(value, operation)| by_whom(document, value, operation))
        .collect();
    values.sort_by(|a, b| (a.at, &a.actor, a.seq).cmp(&(b.at, &b.actor, b.seq)));
    values
}

fn by_whom(document: &Automerge, value: &Value, operation: &ObjId) -> Standing {
    let change = document
        .hash_for_opid(operation)
        .and_then(|hash| document.get_change_meta_by_hash(&hash))
        .expect("a value that stands was written by a change of the document");
    Standing {
        value: value.clone(),
        actor: ActorId(change.actor.to_bytes().to_vec()),
        seq: change.seq,
        at: Timestamp(change.timestamp),
    }
}
