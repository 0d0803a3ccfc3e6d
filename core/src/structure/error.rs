//! The refusals of a change whose form is good.

use crate::document::MAX_TEXT_BYTES;
use crate::refusal::RefusalName;

/// Why a batch whose form is good may not be applied, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// A change repeats or skips sequence numbers of its actor.
    #[error("a change does not follow its actor's previous sequence number")]
    Sequence,
    /// A change depends on one that is not known here.
    #[error("a change depends on one that is not known")]
    UnknownDependency,
    /// A change that does not depend directly on its actor's previous one.
    #[error("a change does not depend on its actor's previous one")]
    Previous,
    /// The first operation's counter is not one more than the greatest of the dependencies.
    #[error("a change's first counter does not follow its dependencies")]
    StartOp,
    /// The last operation's counter is above 2^31 - 1.
    #[error("a change's counters are exhausted")]
    MaxOp,
    /// automerge does not decode it, or panics.
    #[error("a change's operations cannot be decoded")]
    Undecodable,
    /// Operations in another encoding than automerge's.
    #[error("a change's operations are not in their canonical encoding")]
    Encoding,
    /// Neither a put nor the making of a map: a deletion, an increment, a list, a mark.
    #[error("an operation is neither a put nor the making of a map")]
    Action,
    /// An insertion, or a key that is an element of a list.
    #[error("an operation is on a list")]
    ListOperation,
    /// The root is written by the genesis alone.
    #[error("an operation writes the root")]
    Root,
    /// The object is no map of this document, or the change does not build on its making.
    #[error("an operation is in an object that is not there")]
    UnknownObject,
    /// A record's key is not a ULID in its one spelling.
    #[error("a record's key is not a ULID")]
    RecordKey,
    /// Something else than a map among the records.
    #[error("a record is not a map")]
    RecordValue,
    /// The record is there already: it is made once and never replaced.
    #[error("a record is made a second time")]
    RecordExists,
    /// A field that the schema does not have.
    #[error("a record has no such field")]
    UnknownField,
    /// A value of another type than its field's, or out of its range.
    #[error("a field's value is not of its type")]
    FieldType,
    /// A text above 4 KiB.
    #[error("a text is longer than {MAX_TEXT_BYTES} bytes")]
    TextLength,
    /// The predecessors are not exactly the values that stood there.
    #[error("an operation's predecessors are not the values it replaces")]
    Predecessors,
}

impl StructureError {
    /// The stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sequence => RefusalName::StructureSequence.as_str(),
            Self::UnknownDependency => "structure.unknown_dependency",
            Self::Previous => RefusalName::StructurePrevious.as_str(),
            Self::StartOp => "structure.start_op",
            Self::MaxOp => "structure.max_op",
            Self::Undecodable => "structure.undecodable",
            Self::Encoding => "structure.encoding",
            Self::Action => "structure.action",
            Self::ListOperation => "structure.list_operation",
            Self::Root => "structure.root",
            Self::UnknownObject => "structure.unknown_object",
            Self::RecordKey => "structure.record_key",
            Self::RecordValue => "structure.record_value",
            Self::RecordExists => "structure.record_exists",
            Self::UnknownField => "structure.unknown_field",
            Self::FieldType => "structure.field_type",
            Self::TextLength => "structure.text_length",
            Self::Predecessors => "structure.predecessors",
        }
    }
}
