//! The sync protocol without input or output: a session per peer, its messages and its frames.
//!
//! A session takes inputs with the time as an argument and yields ordered outputs; whoever
//! drives it performs each output before it asks for the next. It knows no socket, no clock
//! (`now` is milliseconds of any clock that never goes back) and nothing of what items and
//! entries mean: they are bytes that the store on either side reads.
//!
//! The encoding is described in `docs/sync-protocol.md`.

mod close;
pub mod device;
pub mod enrolment;
pub mod frame;
pub mod hub;
pub mod message;
mod retry;

#[cfg(test)]
mod simulation;

pub use close::{CloseReason, NeedsUpdate, Violation};
pub use message::{Entry, Hello, Item, ItemId, Part, ProofRefused, RangeProof, Refusal, Verdict};
pub use retry::retry_after;

/// The protocol version that a [`Hello`] names.
pub const PROTOCOL: u16 = 1;

/// Most bytes of one outbox item.
pub const MAX_ITEM: usize = 768 * 1024;

/// Most bytes of one feed entry.
pub const MAX_ENTRY: usize = 768 * 1024;

/// Most items that a device has offered and not seen answered.
pub const WINDOW_ITEMS: usize = 16;

/// Most bytes of such items; one item larger than this travels alone.
pub const WINDOW_BYTES: usize = 256 * 1024;

/// Milliseconds of silence after which a device asks whether the hub is still there.
pub const PING_AFTER: u64 = 20_000;

/// Milliseconds of silence after which a device gives the session up.
pub const DEVICE_SILENCE: u64 = 60_000;

/// Milliseconds of silence after which the hub gives the session up.
pub const HUB_SILENCE: u64 = 120_000;

/// Milliseconds within which a device must have said hello.
pub const HELLO_WITHIN: u64 = 10_000;
