//! The centre's feed as this device holds it: the entries, and what follows from them.

mod stored;

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::certificate::{Certificate, Chain};
use canbao_core::document::{BatchId, DocumentId, SignedBatch};
use canbao_core::facts::{Audience, Entry, Fact, Placed, Projection};
use canbao_core::ids::{CertificateSerial, Position, UnitId};
use canbao_core::newest::Newest;
use canbao_core::signed::Signed;
use canbao_core::signing::PublicKey;
use canbao_core::store::{Store, Stream};
use canbao_core::sync;
use canbao_core::time::Timestamp;

use crate::fault::Fault;

use stored::entry_at;
pub(crate) use stored::{Held, HeldPack, Stored, lost, stored_at};

/// How many entries are read from the store at once.
const PAGE: usize = 1024;

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
    /// None where it came packed.
    pub(crate) id: Option<BatchId>,
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
    /// Those of them that lie there in a pack: batches of these documents.
    packed: BTreeMap<Position, DocumentId>,
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
                let stored = Stored::from_bytes(&bytes)?;
                feed.length = place;
                feed.place(&stored)?;
                if feed.ordered {
                    feed.fold(&stored, place);
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
    pub(crate) fn unknown(&self, entries: Vec<sync::Entry>, at: Timestamp) -> Vec<Stored> {
        entries
            .into_iter()
            .filter(|it| !self.holds(it.position))
            .map(|it| Held {
                position: it.position,
                salt: it.salt,
                bytes: it.bytes,
                received_at: at,
            })
            .map(Stored::Entry)
            .collect()
    }

    /// Whether what lies at a position is held.
    pub(crate) fn holds(&self, position: Position) -> bool {
        self.places.contains_key(&position)
    }

    /// Takes in entries that were just made durable, in the order of the commit. Tells whether
    /// older ones were among them, so that everything was folded anew.
    pub(crate) fn extend(&mut self, entries: &[Stored], store: &Store) -> Result<bool, Fault> {
        for stored in entries {
            let place = self.place(stored)?;
            if self.ordered {
                self.fold(stored, place);
            }
        }
        if self.ordered {
            return Ok(false);
        }
        self.refold(store)?;
        Ok(true)
    }

    /// Takes in entries of a backfill that were just made durable, in the order of the commit.
    pub(crate) fn extend_late(&mut self, entries: &[Stored]) -> Result<(), Fault> {
        let ordered = self.ordered;
        for stored in entries {
            self.place(stored)?;
        }
        self.ordered = ordered;
        Ok(())
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
            entries.push(entry_at(store, *place)?);
        }
        Ok(Some(entries))
    }

    /// When the value arrived that lies at a place of the stream, by the device's clock.
    pub(crate) fn received_at(store: &Store, place: u64) -> Result<Timestamp, Fault> {
        Ok(match stored_at(store, place)? {
            Stored::Entry(held) => held.received_at,
            Stored::Pack(pack) => pack.received_at,
        })
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

    /// Notes where in the stream a value lies.
    fn place(&mut self, stored: &Stored) -> Result<u64, Fault> {
        let place = self.length;
        let received_at = match stored {
            Stored::Entry(held) => {
                self.place_one(held.position, place);
                held.received_at
            }
            Stored::Pack(pack) => {
                for (position, document) in pack.contents()? {
                    if !self.holds(position) {
                        self.place_one(position, place);
                        self.packed.insert(position, document);
                    }
                }
                pack.received_at
            }
        };
        self.heard = self.heard.max(Some(received_at));
        self.length += 1;
        Ok(place)
    }

    fn place_one(&mut self, position: Position, place: u64) {
        let last = self.places.last_key_value();
        self.ordered &= last.is_none_or(|(last, _)| position >= *last);
        self.places.insert(position, place);
    }

    /// Folds everything again in the order of the log.
    fn refold(&mut self, store: &Store) -> Result<(), Fault> {
        let places = std::mem::take(&mut self.places);
        let packed = std::mem::take(&mut self.packed);
        let mut fresh = Self {
            length: self.length,
            heard: self.heard,
            newest: self.newest,
            incomplete: std::mem::take(&mut self.incomplete),
            ordered: true,
            ..Self::default()
        };
        for (position, place) in &places {
            match packed.get(position) {
                Some(document) => fresh.fold_packed(*position, *document, *place),
                None => fresh.fold_entry(&entry_at(store, *place)?, *place),
            }
        }
        fresh.places = places;
        fresh.packed = packed;
        *self = fresh;
        Ok(())
    }

    /// Folds what was just placed.
    fn fold(&mut self, stored: &Stored, place: u64) {
        match stored {
            Stored::Entry(held) => self.fold_entry(held, place),
            Stored::Pack(_) => {
                let packed = self.packed.iter();
                let here = packed.filter(|(it, _)| self.places.get(it) == Some(&place));
                let here: Vec<_> = here.map(|(it, document)| (*it, *document)).collect();
                for (position, document) in here {
                    self.fold_packed(position, document, place);
                }
            }
        }
    }

    fn fold_packed(&mut self, position: Position, document: DocumentId, place: u64) {
        if !self.incomplete.contains(&document.audience()) {
            self.admit(document, None, position, place);
        }
    }

    fn admit(&mut self, document: DocumentId, id: Option<BatchId>, position: Position, place: u64) {
        self.admitted.entry(document).or_default().push(Admitted {
            id,
            position,
            place,
        });
    }

    fn fold_entry(&mut self, held: &Held, place: u64) {
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
                let id = SignedBatch(batch.clone()).id();
                self.admit(*document, Some(id), held.position, place);
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
            | Fact::TaxRosterTaken { .. }
            | Fact::PensionTaken { .. }
            | Fact::ResendTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::PersonAmended { .. }
            | Fact::PersonsMerged { .. }
            | Fact::StatementRefused { .. }
            | Fact::Audited { .. } => {}
        }
    }
}
