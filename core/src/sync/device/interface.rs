//! What a device's session takes and yields.

use super::scope::{Backfilled, Parts, Rescope};
use crate::facts::Insured;
use crate::ids::FeedId;
use crate::sync::close::{CloseReason, NeedsUpdate};
use crate::sync::message::{ProofRefused, ProofWanted, RangeProof, Refusal, StatusWanted};
use crate::sync::{Entry, Item, ItemId, Verdict};

/// Where a device stands when it opens a session, read from its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceStart {
    /// The feed it follows.
    pub feed: FeedId,
    /// The version of its scope as last persisted.
    pub scope_version: u64,
    /// The parts of its scope as last persisted; empty before the first session.
    pub parts: Parts,
    /// Its cursor as last persisted.
    pub cursor: u64,
    /// How many items wait in its outbox.
    pub offers: u32,
    /// From where the feed brings the parts that come late, as last persisted with a scope; none
    /// before the first session.
    pub late_from: Option<u64>,
    /// Whether packs are taken in backfills.
    pub packed: bool,
}

/// An item of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place in the outbox; ascending, never used twice.
    pub sequence: u64,
    /// Its id.
    pub item: ItemId,
    /// Its content.
    pub content: Item,
}

/// What the device must make durable, as one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// New entries in feed order; may be empty.
    pub entries: Vec<Entry>,
    /// The cursor after them.
    pub cursor: u64,
    /// The version of the device's scope.
    pub scope_version: u64,
}

/// What happens to a device's session.
#[derive(Debug)]
pub enum DeviceInput {
    /// Bytes of the stream, cut anywhere.
    Received(Vec<u8>),
    /// The last [`DeviceOutput::Persist`], [`DeviceOutput::Rescope`] or
    /// [`DeviceOutput::Backfill`] is durable.
    Persisted,
    /// The answer to [`DeviceOutput::ReadOutbox`]; empty when nothing waits.
    Outbox(Vec<Outgoing>),
    /// Something was put into the outbox.
    OutboxGrew,
    /// A range proof is wanted.
    WantProof(ProofWanted),
    /// Somebody wants to know where a person is insured (REG-1); numbers of open questions differ.
    WantStatus(StatusWanted),
    /// The time asked for by [`DeviceOutput::WakeAt`] has come.
    Tick,
    /// End the session.
    Stop,
}

/// What the driver must do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum DeviceOutput {
    /// Write these bytes, one frame, to the stream.
    Send(Vec<u8>),
    /// Make this durable, then say [`DeviceInput::Persisted`]; no feed is read before.
    Persist(Advance),
    /// Make this durable and purge what left the scope, then say [`DeviceInput::Persisted`].
    Rescope(Rescope),
    /// Make this durable in one commit, then say [`DeviceInput::Persisted`].
    Backfill(Backfilled),
    /// Read the outbox and answer with [`DeviceInput::Outbox`].
    ReadOutbox {
        /// Only items whose sequence is greater.
        after: Option<u64>,
        /// Most items.
        limit: usize,
        /// Most bytes, except that one larger item may come alone.
        max_bytes: usize,
    },
    /// An item's verdict, durable at the centre: take it out of the outbox.
    Answered {
        /// The item.
        item: ItemId,
        /// Its verdict.
        verdict: Verdict,
    },
    /// A proof that was wanted.
    Proof(RangeProof),
    /// A proof that was wanted and is not to be had.
    ProofRefused(ProofRefused),
    /// The answer to a question of [`DeviceInput::WantStatus`].
    Status {
        /// The question's number.
        number: u32,
        /// Where the person is insured, or why that is not said.
        insured: Result<Insured, Refusal>,
    },
    /// Give a [`DeviceInput::Tick`] at this time (milliseconds); replaces the time before.
    WakeAt(u64),
    /// Tell whoever shows the state of the connection.
    Report(SessionReport),
    /// Close the connection; nothing follows.
    Close(CloseReason),
}

/// What a session tells about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionReport {
    /// The hub welcomed the device.
    Welcomed {
        /// The number of positions in the feed.
        head: u64,
    },
    /// The device's scope changed.
    ScopeChanged {
        /// The version it had.
        from: u64,
        /// The version it has.
        to: u64,
    },
    /// All that was in the feed at the welcome is persisted.
    CaughtUp {
        /// The cursor.
        cursor: u64,
    },
    /// Nothing is open: the feed is caught up, every part is whole, every offer is answered, and what was taken has
    /// come back by the feed. A single `sync` ends here.
    Settled,
    /// Something of a newer program was stepped over (需要更新).
    NeedsUpdate(NeedsUpdate),
    /// The feed stands still until this program is updated: a part that it cannot read was
    /// among it, and the cursor stays before it. The outbox goes on.
    FeedHeld {
        /// The cursor.
        cursor: u64,
    },
    /// An item is too large to travel; it stays in the outbox, the others go on.
    ItemTooLarge {
        /// The item.
        item: ItemId,
        /// Its bytes.
        bytes: usize,
    },
}
