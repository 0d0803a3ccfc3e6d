//! Documents: the owner's work in progress, mergeable, offline (architecture, section 2).
//!
//! Only this module and [`crate::structure`] know automerge.

mod action;
mod batch;
mod genesis;
mod id;
mod volume;

pub use action::{Action, Change};
pub use batch::{Batch, BatchId, Chunk, SignedBatch};
pub use genesis::{SCHEMA_VERSION, genesis_hash};
pub use id::DocumentId;
pub use volume::{ActorId, DocumentError, Note, Own, StoredDraft, Volume};
