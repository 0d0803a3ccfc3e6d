//! What was made on this device, in order, and what of it still waits for the centre.

mod made;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::document::{DocumentId, SignedBatch};
use canbao_core::statement::{Statement, read_admitted};
use canbao_core::store::{Store, Stream};
use canbao_core::sync::device::Outgoing;
use canbao_core::sync::{Item, ItemId};
use canbao_core::time::Timestamp;

pub(crate) use made::Made;
use statements::{Subject, subject};

use crate::fault::Fault;
use crate::feed::Feed;
use crate::succession::Ending;

/// How a statement ends that was signed anew, by another certificate.
pub(crate) const SIGNED_ANEW: &str = "outbox.signed_anew";

/// What a change came to that need not be made again: it is in the document already.
const NOTHING_LEFT: &str = "document.nothing_changes";

/// An item on its way to the centre.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// Its place in the local stream.
    pub(crate) sequence: u64,
    pub(crate) id: [u8; 32],
    pub(crate) at: Timestamp,
    pub(crate) what: What,
}

/// What an item is.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Batch(DocumentId),
    Statement(Statement),
}

/// Where a batch made here stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchState<'a> {
    /// The centre has not judged it.
    Waiting,
    /// It is in the feed.
    Admitted,
    /// In quarantine, with the code of the refusal; not made again yet.
    Refused(&'a str),
    /// In quarantine for good, with the code that says why.
    GivenUp(&'a str),
    /// Another batch stands in its place.
    Redone,
}

/// How an item ended at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    sequence: u64,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// The fold of the local stream.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    items: Vec<Waiting>,
    ends: BTreeMap<[u8; 32], End>,
    /// Batches in whose place another one stands.
    redone: BTreeSet<[u8; 32]>,
    /// What a batch stands in the place of.
    stands_for: BTreeMap<[u8; 32], [u8; 32]>,
    given_up: BTreeMap<[u8; 32], String>,
    /// Items that the centre could not read when they were offered, and since when.
    held: BTreeMap<[u8; 32], Timestamp>,
    /// The newest item by its id.
    by_id: BTreeMap<[u8; 32], usize>,
    /// The newest item by what it is about.
    newest: BTreeMap<Subject, usize>,
    length: u64,
}

impl Outbox {
    pub(crate) fn open(store: &Store) -> Result<Self, Fault> {
        let mut outbox = Self::default();
        for (sequence, bytes) in store.read(Stream::Local, 0, usize::MAX, usize::MAX)? {
            outbox.length = sequence;
            outbox.push(&Made::from_bytes(&bytes)?)?;
        }
        outbox.length = store.length(Stream::Local)?;
        Ok(outbox)
    }

    /// The commit's expectation for the next value.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Takes in a value that was just made durable.
    pub(crate) fn push(&mut self, made: &Made) -> Result<(), Fault> {
        let sequence = self.length;
        self.length += 1;
        match made {
            Made::Batch {
                document,
                batch,
                at,
                redoes,
                ..
            } => {
                let id = SignedBatch(batch.clone()).id().0;
                if let Some(of) = redoes {
                    self.redone.insert(*of);
                    self.stands_for.insert(id, *of);
                }
                self.add(Waiting {
                    sequence,
                    id,
                    at: *at,
                    what: What::Batch(*document),
                });
            }
            Made::Statement { signed, at } => {
                let verified = read_admitted(signed).map_err(|error| {
                    Fault::store("store.damaged").with("detail", format_args!("local: {error}"))
                })?;
                let id = verified.statement.id().0;
                let what = What::Statement(verified.statement);
                self.add(Waiting {
                    sequence,
                    id,
                    at: *at,
                    what,
                });
            }
            Made::Ended {
                item, code, detail, ..
            } => {
                let end = End {
                    sequence,
                    code: code.clone(),
                    detail: detail.clone(),
                };
                self.ends.insert(*item, end);
            }
            Made::GivenUp { batch, code, .. } if code == NOTHING_LEFT => {
                self.redone.insert(*batch);
            }
            Made::GivenUp { batch, code, .. } => {
                self.given_up.insert(*batch, code.clone());
            }
            Made::Held { item, at } => {
                self.held.entry(*item).or_insert(*at);
            }
        }
        Ok(())
    }

    fn add(&mut self, item: Waiting) {
        let place = self.items.len();
        self.by_id.insert(item.id, place);
        if let Some(subject) = subject(&item.what) {
            self.newest.insert(subject, place);
        }
        self.items.push(item);
    }

    /// What waits for the centre, in order.
    pub(crate) fn waiting<'a>(&'a self, feed: &'a Feed) -> impl Iterator<Item = &'a Waiting> {
        self.items.iter().filter(|it| self.is_waiting(it, feed))
    }

    /// Since when the centre has had no answer to what it cannot read yet, for each item of
    /// that kind that waits.
    pub(crate) fn held<'a>(&'a self, feed: &'a Feed) -> impl Iterator<Item = Timestamp> {
        self.waiting(feed)
            .filter_map(|it| self.held.get(&it.id).copied())
    }

    /// Whether it is known that the centre cannot read an item yet.
    pub(crate) fn is_held(&self, id: &[u8; 32]) -> bool {
        self.held.contains_key(id)
    }

    /// What the centre did not answer for good: it waits, or was refused for the sake of its
    /// certificate and nothing newer took its place. With the places in the local stream.
    pub(crate) fn unsettled(&self, feed: &Feed) -> Vec<([u8; 32], u64)> {
        let for_its_certificate = |code: &str| Ending::of_refusal(code).is_some();
        let unsettled = |(place, it): &(usize, &Waiting)| match subject(&it.what) {
            None => match self.batch_state(it, feed) {
                BatchState::Waiting => true,
                BatchState::Refused(code) => for_its_certificate(code),
                BatchState::Admitted | BatchState::GivenUp(_) | BatchState::Redone => false,
            },
            Some(subject) => {
                let newest = self.newest.get(&subject) == Some(place);
                !feed.answered.contains(&it.id)
                    && match self.end(it) {
                        None => true,
                        Some(end) => newest && for_its_certificate(&end.code),
                    }
            }
        };
        let items = self.items.iter().enumerate().filter(unsettled);
        items.map(|(_, it)| (it.id, it.sequence)).collect()
    }

    /// The place in the local stream of the newest item of this id.
    pub(crate) fn place(&self, id: [u8; 32]) -> Option<u64> {
        self.by_id.get(&id).map(|place| self.items[*place].sequence)
    }

    /// Whether an item of this id waits.
    pub(crate) fn waits(&self, id: [u8; 32], feed: &Feed) -> bool {
        self.by_id
            .get(&id)
            .is_some_and(|place| self.is_waiting(&self.items[*place], feed))
    }

    /// How many items the centre refused by name and nothing newer took the place of.
    pub(crate) fn refused(&self, feed: &Feed) -> u64 {
        let counts = |(place, it): &(usize, &Waiting)| {
            let newest = match subject(&it.what) {
                Some(subject) => self.newest.get(&subject) == Some(place),
                None => true,
            };
            let refused = match (&it.what, feed.answered.contains(&it.id)) {
                (What::Batch(_), _) => matches!(
                    self.batch_state(it, feed),
                    BatchState::Refused(_) | BatchState::GivenUp(_)
                ),
                (What::Statement(_), true) => feed.refused.contains_key(&it.id),
                (What::Statement(_), false) => {
                    self.end(it).is_some_and(|end| end.code != SIGNED_ANEW)
                }
            };
            newest && refused
        };
        self.items.iter().enumerate().filter(counts).count() as u64
    }

    /// The batches of documents made here, in order.
    pub(crate) fn batches(&self) -> impl Iterator<Item = (DocumentId, &Waiting)> {
        self.items.iter().filter_map(|it| match &it.what {
            What::Batch(document) => Some((*document, it)),
            What::Statement(_) => None,
        })
    }

    /// Why the centre refused a batch made here, whatever became of it since.
    pub(crate) fn refusal<'a>(&'a self, item: &Waiting, feed: &'a Feed) -> Option<&'a str> {
        let refused = feed.refused.get(&item.id).map(String::as_str);
        refused.or_else(|| self.end(item).map(|end| end.code.as_str()))
    }

    /// Whether a batch of this id was made here.
    pub(crate) fn made_batch(&self, id: &[u8; 32]) -> bool {
        self.by_id
            .get(id)
            .is_some_and(|place| matches!(self.items[*place].what, What::Batch(_)))
    }

    /// How many times what a batch does was done before.
    pub(crate) fn times_redone(&self, id: &[u8; 32]) -> usize {
        std::iter::successors(self.stands_for.get(id), |of| self.stands_for.get(*of)).count()
    }

    /// Where a batch made here stands.
    pub(crate) fn batch_state<'a>(&'a self, item: &Waiting, feed: &'a Feed) -> BatchState<'a> {
        if self.redone.contains(&item.id) {
            return BatchState::Redone;
        }
        if let Some(code) = self.given_up.get(&item.id) {
            return BatchState::GivenUp(code);
        }
        match self.refusal(item, feed) {
            Some(code) => BatchState::Refused(code),
            None if feed.answered.contains(&item.id) => BatchState::Admitted,
            None => BatchState::Waiting,
        }
    }

    /// The next items to offer: at most so many, and so many bytes but one at least.
    pub(crate) fn next(
        &self,
        feed: &Feed,
        store: &Store,
        after: Option<u64>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<Outgoing>, Fault> {
        let mut outgoing = Vec::new();
        let mut bytes = 0_usize;
        let behind = |it: &&Waiting| after.is_none_or(|after| it.sequence > after);
        for waiting in self.waiting(feed).filter(behind).take(limit) {
            let content = content(store, waiting.sequence)?;
            bytes = bytes.saturating_add(content.bytes().len());
            if bytes > max_bytes && !outgoing.is_empty() {
                break;
            }
            let item = ItemId(waiting.id);
            outgoing.push(Outgoing {
                sequence: waiting.sequence,
                item,
                content,
            });
        }
        Ok(outgoing)
    }

    fn is_waiting(&self, item: &Waiting, feed: &Feed) -> bool {
        match &item.what {
            What::Batch(_) => self.batch_state(item, feed) == BatchState::Waiting,
            What::Statement(_) => !feed.answered.contains(&item.id) && self.end(item).is_none(),
        }
    }

    /// How an item ended at the hub: made again later, it counts anew.
    pub(crate) fn end(&self, item: &Waiting) -> Option<&End> {
        self.ends
            .get(&item.id)
            .filter(|end| end.sequence > item.sequence)
    }
}

fn content(store: &Store, sequence: u64) -> Result<Item, Fault> {
    let lost = || Fault::store("store.damaged").with("detail", "local");
    let bytes = store.get(Stream::Local, sequence)?.ok_or_else(lost)?;
    match Made::from_bytes(&bytes)? {
        Made::Batch { batch, .. } => Ok(Item::Batch(batch)),
        Made::Statement { signed, .. } => Ok(Item::Statement(signed)),
        Made::Ended { .. } | Made::GivenUp { .. } | Made::Held { .. } => Err(lost()),
    }
}
