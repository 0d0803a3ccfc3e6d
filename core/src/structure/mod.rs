//! Whether a batch of changes may reach a document: one verdict everywhere, for ever.
//!
//! automerge accepts some changes after which a document cannot be saved or loaded any more, and
//! panics on others, so that nothing unchecked reaches it. [`check_batch`] is the bounded, cheap
//! part, which a hub does: caps, header and checksum, the change's own head, what its columns
//! claim, the run of sequence numbers. [`History`] is the rest, which every device does before it
//! applies a batch: dependencies, counters, the schema, and each operation's predecessors, against
//! a small model of the document's history. Neither panics, nor allocates by a peer's number.

mod batch;
mod chunk;
mod columns;
mod error;
mod history;
mod lineage;
mod operation;
mod pack;
mod reach;
mod reader;

pub use batch::{
    BatchError, CheckedBatch, CheckedRun, MAX_BATCH_BYTES, MAX_BATCH_CHANGES, check_batch,
    check_batch_up_to,
};
pub use chunk::{
    ACTOR_BYTES, ChangeHash, ChangeHead, ChunkError, MAX_CHANGE_BYTES, MAX_DEPENDENCIES,
    check_chunk, check_document,
};
pub use columns::MAX_OPERATIONS;
pub use error::StructureError;
pub use history::History;
pub use pack::{PackError, Packed, Packer, contents, unpack};

#[cfg(test)]
mod tests;
