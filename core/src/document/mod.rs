//! Documents: the owner's work in progress, mergeable, offline (architecture, section 2).
//!
//! Only this module and [`crate::structure`] know automerge.

mod action;
mod batch;
mod genesis;
mod id;
mod schema;
mod volume;

pub use action::{Action, Change};
pub use batch::{Batch, BatchId, Chunk, SignedBatch};
pub use genesis::{SCHEMA_VERSION, genesis_hash};
pub(crate) use genesis::{GENESIS_OPERATIONS, RECORDS_OPERATION, genesis_actor};
pub use id::DocumentId;
pub(crate) use schema::{Field, MAX_TEXT_BYTES, Shape};
pub use volume::{ActorId, DocumentError, Note, Own, StoredDraft, Volume};
