//! The outbox's way through a session: a window of offers, each made again until answered.

use std::collections::BTreeMap;

use super::Outgoing;
use crate::sync::message::Offer;
use crate::sync::{Item, ItemId, MAX_ITEM, WINDOW_BYTES, WINDOW_ITEMS};

/// Milliseconds after which an unanswered offer is made again; doubles with each time.
const AGAIN_AFTER: u64 = 30_000;
const DOUBLINGS: u32 = 4;

/// What is offered and not answered, and how far the outbox was read.
#[derive(Debug, Default)]
pub(super) struct OutboxProgress {
    unanswered: BTreeMap<ItemId, Unanswered>,
    bytes: usize,
    after: Option<u64>,
    reading: bool,
    grew_meanwhile: bool,
    exhausted: bool,
}

#[derive(Debug)]
struct Unanswered {
    content: Item,
    times: u32,
    again_at: u64,
}

/// A reading of the outbox that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReadDue {
    pub(super) after: Option<u64>,
    pub(super) limit: usize,
    pub(super) max_bytes: usize,
}

/// What became of an item read from the outbox.
#[derive(Debug)]
pub(super) enum Opened {
    Offered(Offer),
    /// Its answer is still to come.
    OfferedBefore,
    TooLarge {
        bytes: usize,
    },
}

impl OutboxProgress {
    /// The next reading, when there is room in the window and more may wait; it counts as
    /// begun.
    pub(super) fn begin_reading(&mut self) -> Option<ReadDue> {
        let limit = WINDOW_ITEMS.saturating_sub(self.unanswered.len());
        let max_bytes = WINDOW_BYTES.saturating_sub(self.bytes);
        if self.reading || self.exhausted || limit == 0 || max_bytes == 0 {
            return None;
        }
        self.reading = true;
        Some(ReadDue {
            after: self.after,
            limit,
            max_bytes,
        })
    }

    /// A reading ended; an empty one means that nothing waits, unless the outbox grew since.
    pub(super) fn end_reading(&mut self, items: &[Outgoing]) {
        self.reading = false;
        self.exhausted = items.is_empty() && !self.grew_meanwhile;
        self.grew_meanwhile = false;
        let last = items.iter().map(|outgoing| outgoing.sequence).max();
        self.after = self.after.max(last);
    }

    pub(super) fn grew(&mut self) {
        self.exhausted = false;
        self.grew_meanwhile = self.reading;
    }

    pub(super) fn open(&mut self, item: ItemId, content: Item, now: u64) -> Opened {
        let bytes = content.bytes().len();
        if bytes > MAX_ITEM {
            return Opened::TooLarge { bytes };
        }
        if self.unanswered.contains_key(&item) {
            return Opened::OfferedBefore;
        }
        self.bytes += bytes;
        let again_at = now + AGAIN_AFTER;
        let unanswered = Unanswered {
            content: content.clone(),
            times: 1,
            again_at,
        };
        self.unanswered.insert(item, unanswered);
        Opened::Offered(Offer { item, content })
    }

    /// Whether this answers an open offer; the answer to an offer made twice comes twice.
    pub(super) fn answered(&mut self, item: ItemId) -> bool {
        let offer = self.unanswered.remove(&item);
        if let Some(offer) = &offer {
            self.bytes -= offer.content.bytes().len();
        }
        offer.is_some()
    }

    /// The offers whose time has come again.
    pub(super) fn due_again(&mut self, now: u64) -> Vec<Offer> {
        let mut due = Vec::new();
        for (item, offer) in &mut self.unanswered {
            if offer.again_at <= now {
                offer.again_at = now + (AGAIN_AFTER << offer.times.min(DOUBLINGS));
                offer.times += 1;
                due.push(Offer {
                    item: *item,
                    content: offer.content.clone(),
                });
            }
        }
        due
    }

    /// When the next offer is due again.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.unanswered.values().map(|offer| offer.again_at).min()
    }

    /// Whether everything was offered and answered.
    pub(super) fn is_done(&self) -> bool {
        self.exhausted && self.unanswered.is_empty()
    }
}
