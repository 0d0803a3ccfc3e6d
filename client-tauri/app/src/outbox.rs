//! What was made on this device, in order, and what of it still waits for the centre.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::declaration::Declaration;
use canbao_core::document::{Action, DocumentId, SignedBatch};
use canbao_core::facts::{Audience, TransactionId};
use canbao_core::ids::{AuditId, DeclarationId, StatementId, UnitId};
use canbao_core::month::Month;
use canbao_core::signed::encode;
use canbao_core::statement::{Statement, Verdict, read_admitted};
use canbao_core::store::{Store, Stream};
use canbao_core::sync::device::Outgoing;
use canbao_core::sync::{Item, ItemId};
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::Fault;
use crate::feed::Feed;
use crate::succession::Ending;

/// How a statement ends that was signed anew, by another certificate.
pub(crate) const SIGNED_ANEW: &str = "outbox.signed_anew";

/// What a change came to that need not be made again: it is in the document already.
const NOTHING_LEFT: &str = "document.nothing_changes";

/// A value of the local stream: the truth about what was made here.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Made {
    /// A change of a document, with the action that made it.
    #[n(1)]
    Batch {
        #[n(0)]
        document: DocumentId,
        /// Kept so that a refused change can be made again.
        #[n(1)]
        action: Action,
        #[cbor(n(2), with = "minicbor::bytes")]
        batch: Vec<u8>,
        #[n(3)]
        at: Timestamp,
        /// The refused batch, or the one that was built on it, in whose place this one stands.
        #[cbor(n(4), with = "minicbor::bytes")]
        redoes: Option<[u8; 32]>,
    },
    /// A signed statement.
    #[n(2)]
    Statement {
        #[cbor(n(0), with = "minicbor::bytes")]
        signed: Vec<u8>,
        #[n(1)]
        at: Timestamp,
    },
    /// The centre refused an item by name when it was offered: its end.
    #[n(3)]
    Ended {
        #[cbor(n(0), with = "minicbor::bytes")]
        item: [u8; 32],
        #[n(1)]
        code: String,
        #[n(2)]
        detail: String,
        #[n(3)]
        at: Timestamp,
    },
    /// A batch that cannot be made again: it stays in quarantine.
    #[n(4)]
    GivenUp {
        #[cbor(n(0), with = "minicbor::bytes")]
        batch: [u8; 32],
        #[n(1)]
        code: String,
        #[n(2)]
        at: Timestamp,
    },
    /// The centre cannot read an item yet and left it here: it is offered again at each session
    /// until the centre is updated.
    #[n(5)]
    Held {
        #[cbor(n(0), with = "minicbor::bytes")]
        item: [u8; 32],
        #[n(1)]
        at: Timestamp,
    },
}

impl Made {
    /// Whom it is for; none where it says what became of another one.
    pub(crate) fn audience(&self) -> Option<Audience> {
        match self {
            Self::Batch { document, .. } => Some(document.audience()),
            Self::Statement { signed, .. } => {
                let read = read_admitted(signed).ok()?;
                Some(Audience::Unit(read.statement.unit()))
            }
            Self::Ended { .. } | Self::GivenUp { .. } | Self::Held { .. } => None,
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        minicbor::decode(bytes).map_err(|error| {
            Fault::store("store.damaged").with("detail", format_args!("local: {error}"))
        })
    }
}

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

/// What a statement is about: a newer one about the same takes its place on the screen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Declaration(DeclarationId),
    Withdrawal(StatementId),
    Decision(StatementId),
    Assessment(UnitId, Month),
    Audit(AuditId),
    Resend(TransactionId),
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

    /// The newest submission of a declaration made here, and how it ended where it was refused.
    pub(crate) fn newest_submission(
        &self,
        id: DeclarationId,
    ) -> Option<(&Declaration, Option<&End>)> {
        let item = self.newest_about(&Subject::Declaration(id))?;
        match &item.what {
            What::Statement(Statement::Submission(declaration)) => {
                Some((declaration, self.end(item)))
            }
            What::Statement(_) | What::Batch(_) => None,
        }
    }

    /// The decision on a submission that waits.
    pub(crate) fn waiting_decision(
        &self,
        feed: &Feed,
        submission: StatementId,
    ) -> Option<&Verdict> {
        let item = self.newest_about(&Subject::Decision(submission))?;
        match &item.what {
            What::Statement(Statement::Decision { verdict, .. }) if self.is_waiting(item, feed) => {
                Some(verdict)
            }
            What::Statement(_) | What::Batch(_) => None,
        }
    }

    /// Whether a withdrawal of a submission waits.
    pub(crate) fn withdrawal_waits(&self, feed: &Feed, submission: StatementId) -> bool {
        self.newest_about(&Subject::Withdrawal(submission))
            .is_some_and(|it| self.is_waiting(it, feed))
    }

    /// The requests for assessment of a unit that were made here: month, attempt, item.
    pub(crate) fn requests(&self, wanted: UnitId) -> impl Iterator<Item = (Month, u32, &Waiting)> {
        self.items.iter().filter_map(move |it| match &it.what {
            What::Statement(Statement::AssessmentRequest {
                unit,
                settlement,
                attempt,
                ..
            }) if *unit == wanted => Some((*settlement, *attempt, it)),
            What::Statement(_) | What::Batch(_) => None,
        })
    }

    /// The newest request made here to send a transaction again, and how it ended where it was
    /// refused.
    pub(crate) fn newest_resend(
        &self,
        transaction: &TransactionId,
    ) -> Option<(&Waiting, Option<&End>)> {
        let item = self.newest_about(&Subject::Resend(transaction.clone()))?;
        Some((item, self.end(item)))
    }

    /// The decisions that were made here: item, unit, submission.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = (&Waiting, UnitId, StatementId)> {
        self.items.iter().filter_map(|it| match &it.what {
            What::Statement(Statement::Decision {
                unit, submission, ..
            }) => Some((it, *unit, *submission)),
            What::Statement(_) | What::Batch(_) => None,
        })
    }

    fn newest_about(&self, subject: &Subject) -> Option<&Waiting> {
        self.newest.get(subject).map(|place| &self.items[*place])
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

fn subject(what: &What) -> Option<Subject> {
    match what {
        What::Batch(_) => None,
        What::Statement(Statement::Submission(it)) => Some(Subject::Declaration(it.id)),
        What::Statement(Statement::Withdrawal { submission, .. }) => {
            Some(Subject::Withdrawal(*submission))
        }
        What::Statement(Statement::Decision { submission, .. }) => {
            Some(Subject::Decision(*submission))
        }
        What::Statement(Statement::AssessmentRequest {
            unit, settlement, ..
        }) => Some(Subject::Assessment(*unit, *settlement)),
        What::Statement(Statement::Audit { id, .. }) => Some(Subject::Audit(*id)),
        What::Statement(Statement::ResendRequest { transaction, .. }) => {
            Some(Subject::Resend(transaction.clone()))
        }
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
