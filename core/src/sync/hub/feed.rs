//! The hub's way through the feed: pages are read, packed and sent, and the device's cursor with
//! them.

use super::{FeedPage, FeedWanted, HubOutput, HubSession, State};
use crate::refusal::RefusalName;
use crate::sync::close::CloseReason;
use crate::sync::message::{CaughtUp, Entries, Message, Refusal, Welcome};
use crate::sync::{Entry, MAX_ENTRY};

/// Bytes of entries after which a message is full; one larger entry travels alone.
const PACKED: usize = 48 * 1024;
/// Bytes of entries that one reading of the feed should return at most.
const PAGE: usize = 256 * 1024;
/// Bytes that an entry costs in a message besides its own.
const ENTRY_OVERHEAD: usize = 32;
/// How far the feed was read and told.
#[derive(Debug, Default)]
pub(super) struct FeedProgress {
    /// The device's cursor, as it follows from what was sent to it.
    pub(super) told: u64,
    /// Looked at up to here.
    pub(super) seen: u64,
    /// The number of positions when it was last read.
    pub(super) head: u64,
    reading: bool,
    grew_meanwhile: bool,
    /// The device has not yet heard where the feed ended when it came.
    catching_up: bool,
    /// Past the greatest position at which an item of this device was taken.
    pub(super) awaited: u64,
}

impl HubSession {
    pub(super) fn read_feed(&mut self) {
        self.feed.reading = true;
        let from = self.feed.seen;
        self.outputs.push_back(HubOutput::ReadFeed(FeedWanted {
            from,
            late_from: self.scope.late_from,
            max_bytes: PAGE,
        }));
    }

    pub(super) fn feed_read(&mut self, page: FeedPage) {
        self.feed.reading = false;
        if page.head < self.feed.seen {
            let detail = format!("{} of {}", self.feed.seen, page.head);
            let refusal = Refusal::new(RefusalName::SyncCursorAhead, &detail);
            self.refuse(CloseReason::Refused(refusal));
            return;
        }
        assert!(
            page.upto > self.feed.seen || page.upto == page.head,
            "the feed must get on"
        );
        if self.state == State::Opening {
            self.welcome(&page);
        }
        let (upto, head) = (page.upto, page.head);
        self.feed.head = head;
        self.send_entries(page.entries);
        self.feed.seen = upto;
        let at_head = upto == head;
        if at_head && (self.feed.catching_up || self.feed.awaited > self.feed.told) {
            self.feed.catching_up = false;
            self.tell_how_far();
        }
        if !at_head || self.feed.grew_meanwhile {
            self.feed.grew_meanwhile = false;
            self.read_feed();
        }
    }

    fn welcome(&mut self, page: &FeedPage) {
        let visible = self.scope.opening.take();
        let visible = visible.expect("an admission says what the device may see");
        let cursor = self.feed.told;
        // What is behind the end of the feed now comes by the feed.
        self.scope.late_from = self.scope.late_from.min(page.head);
        let first = page.entries.first().map(|entry| entry.position.0);
        self.feed.told = first.unwrap_or(page.upto);
        self.feed.catching_up = self.feed.told < page.head;
        self.state = State::Live;
        self.send(&Message::Welcome(Welcome {
            feed: self.feed_id,
            scope_version: visible.version,
            head: page.head,
            upto: self.feed.told,
        }));
        self.tell_scope(visible, cursor);
    }

    fn send_entries(&mut self, entries: Vec<Entry>) {
        let mut packed = Vec::new();
        let mut bytes = 0;
        for entry in entries {
            assert!(
                entry.bytes.len() <= MAX_ENTRY,
                "entries are bounded when they are made"
            );
            let size = entry.bytes.len() + ENTRY_OVERHEAD;
            if bytes + size > PACKED && !packed.is_empty() {
                self.send_packed(std::mem::take(&mut packed));
                bytes = 0;
            }
            bytes += size;
            packed.push(entry);
        }
        self.send_packed(packed);
    }

    fn send_packed(&mut self, entries: Vec<Entry>) {
        let Some(last) = entries.last().map(|entry| entry.position.0) else {
            return;
        };
        let from = std::mem::replace(&mut self.feed.told, last + 1);
        self.send(&Message::Entries(Entries { from, entries }));
    }

    /// Moves the device's cursor over what is not for it. Not done at every growth of the log:
    /// a busy centre would wake every device for nothing.
    pub(super) fn tell_how_far(&mut self) {
        if self.feed.seen > self.feed.told {
            let from = std::mem::replace(&mut self.feed.told, self.feed.seen);
            self.send(&Message::CaughtUp(CaughtUp {
                from,
                cursor: self.feed.seen,
            }));
        }
    }

    pub(super) fn log_grew(&mut self) {
        if self.feed.reading {
            self.feed.grew_meanwhile = true;
        } else if self.state == State::Live {
            self.read_feed();
        }
    }
}
