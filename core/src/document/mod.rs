//! Documents: the owner's work in progress, mergeable, offline (architecture, section 2).
//!
//! Only this module and [`crate::structure`] know automerge.

mod action;
mod actor;
mod batch;
mod conflict;
mod field;
mod genesis;
mod id;
mod import;
mod overlay;
mod reading;
mod schema;
mod volume;
mod writing;

pub use action::{Action, Change};
pub use actor::{ActorId, Own};
pub use batch::{Batch, BatchId, Chunk, SignedBatch};
pub use conflict::{Conflict, Standing};
pub use field::{FieldName, NoSuchField, Value};
pub(crate) use genesis::{GENESIS_OPERATIONS, RECORDS_OPERATION, genesis_actor};
pub use genesis::{SCHEMA_VERSION, genesis_hash};
pub use id::DocumentId;
pub use import::{ImportedDraft, MAX_IMPORTED};
pub use overlay::{MAX_DEPARTMENT_CHARS, MAX_PHONE_CHARS, OverlayError, OverlayField};
pub use reading::{Note, Overlay, StoredDraft};
pub(crate) use schema::{Field, MAX_TEXT_BYTES, Shape};
pub use volume::{DocumentError, Volume};
