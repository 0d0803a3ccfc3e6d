//! The centre's feed as this device holds it: the entries, and what follows from them.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::certificate::{Certificate, Chain};
use canbao_core::document::{BatchId, DocumentId, SignedBatch};
use canbao_core::facts::{Audience, Entry, Fact, Placed, Projection};
use canbao_core::ids::{CertificateSerial, Position, UnitId};
use canbao_core::newest::Newest;
use canbao_core::signed::{Signed, encode};
use canbao_core::signing::PublicKey;
use canbao_core::store::{Store, Stream};
use canbao_core::sync;
use canbao_core::time::Timestamp;
use minicbor::{Decode, Encode};

use crate::fault::Fault;

/// How many entries are read from the store at once.
const PAGE: usize = 1024;

/// An entry as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Held {
    #[n(0)]
    pub(crate) position: Position,
    /// The salt of the log's commitment to it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) salt: [u8; 16],
    /// The entry's canonical bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) bytes: Vec<u8>,
    /// When it arrived, by the device's clock.
    #[n(3)]
    pub(crate) received_at: Timestamp,
}

/// The records of one posting: contiguous in the log, proven together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) unit: UnitId,
    pub(crate) first: Position,
    pub(crate) count: u32,
}

/// A batch that the centre admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) id: BatchId,
    pub(crate) position: Position,
    /// Where in the stream it lies: grows with its arrival, whatever its position.
    pub(crate) place: u64,
}

/// How much is held that a newer program has to read, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Newer {
    pub(crate) count: u64,
    /// When the first of it arrived, by the device's clock.
    pub(crate) since: Option<Timestamp>,
}

impl Newer {
    pub(crate) fn add(&mut self, received_at: Timestamp) {
        self.count += 1;
        let since = self.since.map_or(received_at, |it| it.min(received_at));
        self.since = Some(since);
    }
}

/// Everything the feed says.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    pub(crate) projection: Projection,
    /// Own items that the feed answered: statement and batch ids.
    pub(crate) answered: BTreeSet<[u8; 32]>,
    /// Batches the centre refused, with the code.
    pub(crate) refused: BTreeMap<[u8; 32], String>,
    /// Certificates of the own organisation that were revoked, and why.
    pub(crate) revoked: BTreeMap<CertificateSerial, String>,
    /// The batches admitted to each document, in the order of the log.
    pub(crate) admitted: BTreeMap<DocumentId, Vec<Admitted>>,
    /// The certificates of the organisations' devices, by which their batches verify.
    certificates: BTreeMap<CertificateSerial, Signed>,
    /// The centre's chains that brought another log key, in the order of the log.
    pub(crate) chains: Vec<Chain>,
    /// The postings by the place of their first record.
    pub(crate) runs: BTreeMap<Position, Run>,
    /// Entries that this program does not know how to read: held, counted, never dropped.
    pub(crate) newer: Newer,
    /// How far this program knows what it reads.
    pub(crate) newest: Newest,
    pub(crate) heard: Option<Timestamp>,
    /// The centre's clock in the newest entry.
    pub(crate) centre_clock: Option<Timestamp>,
    /// The audiences of which something is missing still: what is held of them is not folded.
    pub(crate) incomplete: BTreeSet<Audience>,
    /// Where in the stream each entry lies.
    places: BTreeMap<Position, u64>,
    length: u64,
    /// Whether entries came in the order of their positions; a grown scope brings older ones.
    ordered: bool,
    /// Whether entries are held that a backfill brought or completed and that are not folded.
    late: bool,
}

impl Feed {
    /// Reads the stream; what was erased of it is stepped over.
    pub(crate) fn open(
        store: &Store,
        incomplete: BTreeSet<Audience>,
        newest: Newest,
    ) -> Result<Self, Fault> {
        let mut feed = Self {
            incomplete,
            newest,
            ordered: true,
            ..Self::default()
        };
        loop {
            let page = store.read(Stream::Feed, feed.length, PAGE, usize::MAX)?;
            if page.is_empty() {
                break;
            }
            for (place, bytes) in page {
                let held = decode(&bytes)?;
                feed.length = place;
                feed.place(&held);
                if feed.ordered {
                    feed.fold(&held, place);
                }
            }
        }
        feed.length = store.length(Stream::Feed)?;
        if !feed.ordered {
            feed.refold(store)?;
        }
        Ok(feed)
    }

    /// How many entries are held.
    pub(crate) fn count(&self) -> u64 {
        self.places.len() as u64
    }

    /// The commit's expectation for the next entry.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The position behind the last entry held: where to go on without a cursor.
    pub(crate) fn end(&self) -> u64 {
        self.places
            .last_key_value()
            .map_or(0, |(position, _)| position.0.saturating_add(1))
    }

    /// Those of the entries received that are not held yet, in order.
    pub(crate) fn unknown(&self, entries: Vec<sync::Entry>, at: Timestamp) -> Vec<Held> {
        entries
            .into_iter()
            .filter(|it| !self.places.contains_key(&it.position))
            .map(|it| Held {
                position: it.position,
                salt: it.salt,
                bytes: it.bytes,
                received_at: at,
            })
            .collect()
    }

    /// Takes in entries that were just made durable, in the order of the commit. Tells whether
    /// older ones were among them, so that everything was folded anew.
    pub(crate) fn extend(&mut self, entries: &[Held], store: &Store) -> Result<bool, Fault> {
        for held in entries {
            let place = self.place(held);
            if self.ordered {
                self.fold(held, place);
            }
        }
        if self.ordered {
            return Ok(false);
        }
        self.refold(store)?;
        Ok(true)
    }

    /// Takes in entries of a backfill that were just made durable, in the order of the commit.
    pub(crate) fn extend_late(&mut self, entries: &[Held]) {
        let ordered = self.ordered;
        for held in entries {
            self.place(held);
        }
        self.ordered = ordered;
    }

    /// Nothing is missing of this audience any more: what is held of it is to be folded.
    pub(crate) fn complete(&mut self, audience: &Audience) {
        self.late |= self.incomplete.remove(audience);
    }

    /// Folds everything anew where a backfill brought something; tells whether it did.
    pub(crate) fn refold_late(&mut self, store: &Store) -> Result<bool, Fault> {
        let due = self.late;
        if due {
            self.refold(store)?;
        }
        Ok(due)
    }

    /// The entries of a run of positions; `None` where one is not held.
    pub(crate) fn entries(&self, run: &Run, store: &Store) -> Result<Option<Vec<Held>>, Fault> {
        let mut entries = Vec::new();
        for offset in 0..u64::from(run.count) {
            let position = Position(run.first.0.saturating_add(offset));
            let Some(place) = self.places.get(&position) else {
                return Ok(None);
            };
            let Some(bytes) = store.get(Stream::Feed, *place)? else {
                return Ok(None);
            };
            entries.push(decode(&bytes)?);
        }
        Ok(Some(entries))
    }

    /// When the entry arrived that lies at a place of the stream, by the device's clock.
    pub(crate) fn received_at(store: &Store, place: u64) -> Result<Timestamp, Fault> {
        let lost = || Fault::store("store.damaged").with("detail", format_args!("feed: {place}"));
        let bytes = store.get(Stream::Feed, place)?.ok_or_else(lost)?;
        Ok(decode(&bytes)?.received_at)
    }

    /// The bytes of a batch that lies at a place of the stream.
    pub(crate) fn batch_at(store: &Store, place: u64) -> Result<Vec<u8>, Fault> {
        let lost = || Fault::store("store.damaged").with("detail", format_args!("feed: {place}"));
        let held = decode(&store.get(Stream::Feed, place)?.ok_or_else(lost)?)?;
        let fact = Entry::from_bytes(&held.bytes)
            .ok()
            .and_then(|it| it.fact().ok());
        match fact {
            Some(Fact::BatchAdmitted { batch, .. }) => Ok(batch),
            _ => Err(lost()),
        }
    }

    /// A certificate by its serial, once the authority's signature on it holds.
    pub(crate) fn certificate(
        &self,
        serial: CertificateSerial,
        authorities: &[PublicKey],
    ) -> Option<Certificate> {
        Certificate::open(self.certificates.get(&serial)?, authorities).ok()
    }

    /// Whether every record of a run is held.
    pub(crate) fn is_whole(&self, run: &Run) -> bool {
        let end = Position(run.first.0.saturating_add(u64::from(run.count)));
        self.places.range(run.first..end).count() as u64 == u64::from(run.count)
    }

    /// Notes where in the stream an entry lies.
    fn place(&mut self, held: &Held) -> u64 {
        if self
            .places
            .last_key_value()
            .is_some_and(|(last, _)| held.position < *last)
        {
            self.ordered = false;
        }
        let place = self.length;
        self.places.insert(held.position, place);
        self.heard = self.heard.max(Some(held.received_at));
        self.length += 1;
        place
    }

    /// Folds everything again in the order of the log.
    fn refold(&mut self, store: &Store) -> Result<(), Fault> {
        let places = std::mem::take(&mut self.places);
        let mut fresh = Self {
            length: self.length,
            heard: self.heard,
            newest: self.newest,
            incomplete: std::mem::take(&mut self.incomplete),
            ordered: true,
            ..Self::default()
        };
        for place in places.values() {
            let bytes = store
                .get(Stream::Feed, *place)?
                .ok_or_else(|| Fault::store("store.damaged").with("detail", "feed"))?;
            fresh.fold(&decode(&bytes)?, *place);
        }
        fresh.places = places;
        *self = fresh;
        Ok(())
    }

    fn fold(&mut self, held: &Held, place: u64) {
        let Ok(entry) = Entry::from_bytes(&held.bytes) else {
            self.newer.add(held.received_at);
            return;
        };
        self.centre_clock = self.centre_clock.max(Some(entry.at));
        if entry.audience.iter().all(|it| self.incomplete.contains(it)) {
            return;
        }
        let Ok(fact) = entry.fact_up_to(self.newest.fact) else {
            self.newer.add(held.received_at);
            return;
        };
        self.note(&fact, held, place);
        self.projection.apply(&Placed {
            position: held.position,
            at: entry.at,
            fact,
        });
    }

    fn note(&mut self, fact: &Fact, held: &Held, place: u64) {
        match fact.answers() {
            Ok(Some(item)) => drop(self.answered.insert(item.id())),
            Ok(None) => {}
            // What follows from the statement is in the fact; the statement itself is not read.
            Err(_) => self.newer.add(held.received_at),
        }
        match fact {
            Fact::BatchAdmitted { document, batch } => {
                let admitted = Admitted {
                    id: SignedBatch(batch.clone()).id(),
                    position: held.position,
                    place,
                };
                self.admitted.entry(*document).or_default().push(admitted);
            }
            Fact::BatchRefused { batch, reason, .. } => {
                self.refused.insert(*batch, reason.clone());
            }
            Fact::DeviceEnrolled { certificate, .. } => {
                if let Ok(read) = minicbor::decode::<Certificate>(&certificate.content) {
                    self.certificates.insert(read.serial, certificate.clone());
                }
            }
            Fact::CertificateRevoked { serial, reason, .. } => {
                self.revoked.insert(*serial, reason.clone());
            }
            Fact::PostingTaken { unit, lines, .. } => {
                let first = Position(held.position.0.saturating_add(1));
                let run = Run {
                    unit: *unit,
                    first,
                    count: *lines,
                };
                self.runs.insert(first, run);
            }
            Fact::LogKeyChanged { chain } => self.chains.push((**chain).clone()),
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::UnitRegistered(_)
            | Fact::UnitMoved { .. }
            | Fact::PersonsListed { .. }
            | Fact::CodeIssued { .. }
            | Fact::Received { .. }
            | Fact::NotReceived { .. }
            | Fact::WithdrawalTaken { .. }
            | Fact::DecisionTaken { .. }
            | Fact::AssessmentTaken { .. }
            | Fact::ReceivablesRaised { .. }
            | Fact::TransactionQueued { .. }
            | Fact::TransactionSending { .. }
            | Fact::TransactionReceiving { .. }
            | Fact::Collected { .. }
            | Fact::Recorded(_)
            | Fact::IncidentRaised { .. }
            | Fact::TaxEventsTaken { .. }
            | Fact::StatementRefused { .. }
            | Fact::Audited { .. } => {}
        }
    }
}

/// The stored bytes of an entry.
pub(crate) fn to_bytes(held: &Held) -> Vec<u8> {
    encode(held)
}

/// The entry as it came over the wire, from its stored bytes.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<sync::Entry, Fault> {
    let Held {
        position,
        salt,
        bytes,
        received_at: _,
    } = decode(bytes)?;
    Ok(sync::Entry {
        position,
        salt,
        bytes,
    })
}

/// An entry as it was stored.
pub(crate) fn decode(bytes: &[u8]) -> Result<Held, Fault> {
    minicbor::decode(bytes).map_err(|error| {
        Fault::store("store.damaged").with("detail", format_args!("feed: {error}"))
    })
}
