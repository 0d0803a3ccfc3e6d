//! The views over the log: which keys each entry adds. All of them follow from the log alone.

use canbao_core::certificate::Certificate;
use canbao_core::document::{DocumentId, SignedBatch};
use canbao_core::facts::{Answered, Audience, Effect, Entry, Fact, PersonRecord, Sending};
use canbao_core::ids::{DistrictId, Position, UnitId};
use canbao_core::signed::encode;
use canbao_core::store::Store;
use canbao_core::structure::check_batch;
use canbao_core::time::Timestamp;

use super::places::{self, Place};
use super::stored::Read;

/// The version of what stands in the views; views of another are derived again.
pub(super) const VIEWS_VERSION: u32 = 6;

/// A change to a view; a key without value is removed.
pub(super) type Change = (Place, Option<Vec<u8>>);

/// What an entry adds to the views.
pub(super) fn changes(store: &Store, read: &Read) -> Vec<Change> {
    changes_by(store, read.position, &read.entry, read.fact.as_ref())
}

/// The same of an entry in parts.
pub(super) fn changes_by(
    store: &Store,
    position: Position,
    entry: &Entry,
    fact: Option<&Fact>,
) -> Vec<Change> {
    let mut index = Index {
        store,
        position: position.0,
        at: entry.at,
        changes: Vec::new(),
    };
    index.list(&entry.audience, fact);
    if let Some(fact) = fact {
        index.fact(fact);
    }
    index.changes
}

struct Index<'a> {
    store: &'a Store,
    position: u64,
    at: Timestamp,
    changes: Vec<Change>,
}

impl Index<'_> {
    fn put(&mut self, place: Place, value: impl Into<Vec<u8>>) {
        self.changes.push((place, Some(value.into())));
    }

    /// A posting is listed with its records, which stand right behind it.
    fn list(&mut self, audiences: &[Audience], fact: Option<&Fact>) {
        let behind = match fact {
            Some(Fact::Recorded(_)) => return,
            Some(Fact::PostingTaken { lines, .. }) => u64::from(*lines),
            Some(_) | None => 0,
        };
        for audience in audiences {
            let (place, before) = places::listing(audience, self.position + behind, behind);
            self.put(place, before);
        }
    }

    /// The key leads to this entry.
    fn lead(&mut self, place: Place) {
        self.put(place, self.position.to_be_bytes());
    }

    fn fact(&mut self, fact: &Fact) {
        if let Ok(Some(Answered::Statement(id))) = fact.answers() {
            self.lead(places::answered(&id));
        }
        match fact {
            Fact::StatementRefused {
                signer,
                statement,
                reason,
            } => {
                self.put(places::refused(*signer, statement), reason.as_bytes());
            }
            Fact::BatchAdmitted { document, batch } => self.batch(document, batch),
            Fact::BatchRefused { batch, reason, .. } => {
                self.put(places::batch_refused(batch), reason.as_bytes());
            }
            Fact::CodeIssued { code_hash, .. } => self.lead(places::code_issued(code_hash)),
            Fact::DeviceEnrolled {
                certificate,
                code_hash,
            } => {
                if let Some(code_hash) = code_hash {
                    self.lead(places::code_used(code_hash));
                }
                if let Ok(it) = minicbor::decode::<Certificate>(&certificate.content) {
                    self.lead(places::certificate(it.serial));
                    let (view, prefix) = places::device(&it.device_key);
                    let key = [prefix, it.serial.0.to_be_bytes().to_vec()].concat();
                    self.lead((view, key));
                }
            }
            Fact::CertificateRevoked { serial, .. } => self.lead(places::revoked(*serial)),
            Fact::UnitRegistered(record) => {
                self.lead(places::unit(record.id));
                self.settle(record.id, record.district);
                let code = places::credit_code(self.store, record.credit_code.as_str());
                self.put(code, record.id.0);
                let number =
                    places::unemployment_number(self.store, record.unemployment_number.as_str());
                self.put(number, record.id.0);
                let number = record.pension_number.as_str();
                self.put(
                    places::unit_at_pension(self.store, number, record.id),
                    Vec::new(),
                );
            }
            Fact::UnitMoved { unit, from, to } => {
                self.changes.push((places::unit_in(*from, *unit), None));
                self.settle(*unit, *to);
            }
            Fact::PersonsListed { unit, persons } => {
                for listed in persons {
                    self.person(*unit, &listed.person);
                }
            }
            Fact::DecisionTaken {
                unit,
                effect: Some(Effect::Entered(joining)),
                ..
            } => self.person(*unit, &joining.person),
            Fact::PersonAmended { unit, person, .. } => self.person(*unit, person),
            Fact::PersonsMerged {
                unit, kept, gone, ..
            } => {
                self.changes.push((places::unit_of(gone.id, *unit), None));
                self.person(*unit, kept);
                let numbers = self.numbers_of(gone);
                for number in numbers {
                    self.put(number, [unit.0, kept.id.0].concat());
                }
            }
            Fact::TransactionQueued {
                unit, transaction, ..
            } => {
                self.put(places::transaction(transaction), unit.0);
                self.put(places::to_send(transaction), unit.0);
            }
            Fact::TransactionSending {
                unit,
                transaction,
                state,
            } => match state {
                Sending::Sent => self.changes.push((places::to_send(transaction), None)),
                Sending::Waiting | Sending::Sending | Sending::Failed(_) => {
                    self.put(places::to_send(transaction), unit.0);
                }
            },
            Fact::PostingTaken { unit, serial, .. } => {
                self.put(places::serial(serial), unit.0);
                self.lead(places::roster_due(*unit));
            }
            Fact::TransactionReceiving { unit, .. } => self.lead(places::roster_due(*unit)),
            Fact::TaxRosterTaken { unit, part } if part.part == part.parts => {
                self.changes.push((places::roster_due(*unit), None));
                self.put(places::roster_taken(*unit), self.at.0.to_be_bytes());
            }
            Fact::PensionTaken { unit, part } if part.part == part.parts => {
                self.put(places::pension_taken(*unit), self.at.0.to_be_bytes());
            }
            Fact::IncidentRaised { incident, .. } => {
                let place = places::incident(&incident.serial, &incident.content);
                self.put(place, encode(&incident.kind));
            }
            Fact::LogKeyChanged { chain } => {
                self.put(places::log_keys(), (chain.logs.len() as u64).to_be_bytes());
            }
            Fact::TaxEventsTaken { through } => {
                self.put(places::tax_events(), through.to_be_bytes())
            }
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::Received { .. }
            | Fact::NotReceived { .. }
            | Fact::WithdrawalTaken { .. }
            | Fact::DecisionTaken { .. }
            | Fact::AssessmentTaken { .. }
            | Fact::Audited { .. }
            | Fact::ReceivablesRaised { .. }
            | Fact::TaxRosterTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::PensionTaken { .. }
            | Fact::ResendTaken { .. }
            | Fact::Collected { .. }
            | Fact::Recorded(_) => {}
        }
    }

    /// The unit belongs to this district from here on.
    fn settle(&mut self, unit: UnitId, district: DistrictId) {
        self.put(places::unit_in(district, unit), Vec::new());
        self.put(places::home(unit), district.0.to_be_bytes());
    }

    fn batch(&mut self, document: &DocumentId, bytes: &[u8]) {
        // An admitted batch has passed this check; one of a newer form is no actor's previous.
        let Ok(checked) = check_batch(bytes) else {
            return;
        };
        self.lead(places::batch(&SignedBatch(bytes.to_vec()).id().0));
        let run = checked.run;
        self.put(
            places::actor(document, &run.batch.actor),
            run.batch.to.to_be_bytes(),
        );
        for head in &run.heads {
            self.lead(places::change(document, &head.hash));
        }
        for dependency in run.outside_dependencies() {
            self.lead(places::followed(document, &dependency));
        }
    }

    fn person(&mut self, unit: UnitId, record: &PersonRecord) {
        self.put(places::unit_of(record.id, unit), Vec::new());
        for number in self.numbers_of(record) {
            self.put(number, [unit.0, record.id.0].concat());
        }
    }

    fn numbers_of(&self, record: &PersonRecord) -> [Place; 2] {
        [
            places::personal_number(self.store, record.personal_number.as_str()),
            places::identity_document(self.store, record.document.number()),
        ]
    }
}
