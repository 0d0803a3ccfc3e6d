//! The operations of a change, decoded by automerge with its panics caught.

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ObjType, ScalarValue};

use super::error::StructureError;

/// One operation: a map is made or a value is put under a key of a map.
#[derive(Debug)]
pub(super) struct Operation {
    /// The map, by the operation that made it; none is the root.
    pub(super) object: Option<OpId>,
    pub(super) key: String,
    pub(super) value: Value,
    /// The operations that it replaces, as the change claims.
    pub(super) predecessors: Vec<OpId>,
}

/// What an operation puts.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Map,
    Scalar(ScalarValue),
}

/// Decodes a change whose chunk was checked.
///
/// # Errors
/// [`StructureError::Undecodable`], [`StructureError::Encoding`], [`StructureError::Action`] or
/// [`StructureError::ListOperation`].
pub(super) fn decode(chunk: &[u8]) -> Result<Vec<Operation>, StructureError> {
    // Nothing outlives the closure but its result, so that a panic leaves nothing half done.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let expanded = Change::try_from(chunk)
            .map_err(|_| StructureError::Undecodable)?
            .decode();
        // A column has many encodings and automerge reads them all. It writes one, and where a
        // document is loaded, a change of another encoding no longer has its hash.
        if Change::from(expanded.clone()).raw_bytes() == chunk {
            Ok(expanded.operations)
        } else {
            Err(StructureError::Encoding)
        }
    }));
    decoded
        .unwrap_or(Err(StructureError::Undecodable))?
        .into_iter()
        .map(Operation::try_from)
        .collect()
}

impl TryFrom<Op> for Operation {
    type Error = StructureError;

    fn try_from(op: Op) -> Result<Self, StructureError> {
        let value = match op.action {
            OpType::Make(ObjType::Map) => Value::Map,
            OpType::Put(scalar) => Value::Scalar(scalar),
            OpType::Make(ObjType::List | ObjType::Text | ObjType::Table)
            | OpType::Delete
            | OpType::Increment(_)
            | OpType::MarkBegin(_)
            | OpType::MarkEnd(_) => return Err(StructureError::Action),
        };
        let key = match op.key {
            Key::Map(key) if !op.insert => key.to_string(),
            Key::Map(_) | Key::Seq(_) => return Err(StructureError::ListOperation),
        };
        let object = match op.obj {
            ObjectId::Root => None,
            ObjectId::Id(id) => Some(id),
        };
        Ok(Self {
            object,
            key,
            value,
            predecessors: op.pred.into_iter().collect(),
        })
    }
}
