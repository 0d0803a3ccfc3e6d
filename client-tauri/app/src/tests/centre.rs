//! A centre in memory: it decides nothing cleverly, but orders facts as the real one does.

mod answers;
mod log;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use canbao_core::admission::{Known, admit};
use canbao_core::certificate::{Certificate, Chain, Mandate, RootHash};
use canbao_core::document::{BatchId, DocumentId, SignedBatch, genesis_hash};
use canbao_core::enrolment::{Answer, EnrolmentCode, Request as EnrolmentRequest};
use canbao_core::facts::{
    Audience, Effect, Entry, Fact, ListedPerson, PersonRecord, Placed, Projection, Revoker,
    UnitRecord,
};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{
    CertificateSerial, DistrictId, FeedId, PersonId, Position, StatementId, UnitId, VolumeId,
};
use canbao_core::month::Month;
use canbao_core::parameters::builtin_text;
use canbao_core::passphrase::Passphrase;
use canbao_core::refusal::RefusalName;
use canbao_core::signed::{Signed, encode};
use canbao_core::signing::{PublicKey, SigningKey, hash_parts};
use canbao_core::statement::{Statement, Verdict, read_admitted};
use canbao_core::structure::{ChangeHash, CheckedBatch, check_batch};
use canbao_core::sync::device::Advance;
use canbao_core::sync::hub::{PartPage, Visible};
use canbao_core::sync::message::{BackfillWanted, ProofWanted};
use canbao_core::sync::{self, Item, Part, Refusal};
use canbao_core::time::Timestamp;

use crate::app::App;

use super::id_number;

/// 2026-11-24 in Shenyang.
pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000);
pub(crate) const UNIT: UnitId = UnitId([1; 16]);
pub(crate) const DISTRICT: DistrictId = DistrictId(2);
const ORIGIN: &str = "log.example/canbao";

/// The whole centre.
pub(crate) struct Centre {
    pub(crate) root: SigningKey,
    pub(crate) authority: SigningKey,
    pub(crate) tls: SigningKey,
    pub(crate) log: SigningKey,
    later_chain: Option<Chain>,
    pub(crate) feed: FeedId,
    pub(crate) entries: Vec<(Vec<u8>, [u8; 16])>,
    pub(crate) projection: Projection,
    /// What the device of a link may see.
    pub(crate) scope: BTreeSet<Audience>,
    serial: u64,
    certificates: BTreeMap<CertificateSerial, Certificate>,
    revoked: BTreeSet<CertificateSerial>,
    admitted: BTreeMap<BatchId, Position>,
    actors: BTreeMap<(DocumentId, Vec<u8>), u64>,
    changes: BTreeSet<ChangeHash>,
}

impl Centre {
    /// A centre with a unit of three: 张三, who will stop, and two others.
    pub(crate) fn new(seed: u8) -> Self {
        let key = |n: u8| SigningKey::from_seed([seed.wrapping_mul(16).wrapping_add(n); 32]);
        let mut centre = Self {
            root: key(1),
            authority: key(2),
            tls: key(3),
            log: key(4),
            later_chain: None,
            feed: FeedId([seed; 16]),
            entries: Vec::new(),
            projection: Projection::default(),
            scope: BTreeSet::from([
                Audience::Everyone,
                Audience::Unit(UNIT),
                Audience::Employer(UNIT),
            ]),
            serial: 0,
            certificates: BTreeMap::new(),
            revoked: BTreeSet::new(),
            admitted: BTreeMap::new(),
            actors: BTreeMap::new(),
            changes: BTreeSet::new(),
        };
        centre.add(&Fact::ParametersAdopted {
            text: builtin_text().to_string(),
        });
        for month in ["2022-01", "2022-02"] {
            centre.add(&Fact::SettlementOpened {
                month: month.parse().expect("a month"),
            });
        }
        centre.add(&Fact::VolumeOpened {
            volume: VolumeId(2022),
        });
        centre.add(&Fact::UnitRegistered(UnitRecord {
            id: UNIT,
            name: "沈阳云杉机械有限公司".to_owned(),
            district: DISTRICT,
            credit_code: "91350100M000100Y43".parse().expect("valid"),
            unemployment_number: "0210300001".parse().expect("valid"),
            pension_number: "0110300001".parse().expect("valid"),
        }));
        let persons = ["张三", "赵四", "孙五"]
            .iter()
            .zip(1_u8..)
            .map(listed)
            .collect();
        centre.add(&Fact::PersonsListed {
            unit: UNIT,
            persons,
        });
        centre
    }

    pub(crate) fn chain(&self) -> Chain {
        let (tls, log) = (self.tls.public(), self.log.public());
        let first = || Chain::make(&self.root, &self.authority, tls, log, ORIGIN, self.feed);
        self.later_chain.clone().unwrap_or_else(first)
    }

    pub(crate) fn code(&self, secret: u8) -> EnrolmentCode {
        EnrolmentCode {
            root: RootHash::of(&self.root.public()),
            secret: [secret; 16],
        }
    }

    pub(crate) fn certify(
        &mut self,
        request: &EnrolmentRequest,
        mandate: Mandate,
        name: &str,
    ) -> Answer {
        request.verify().expect("the asker holds its keys");
        self.serial += 1;
        let certificate = Certificate {
            serial: CertificateSerial(self.serial),
            mandate,
            operator: request.claim.operator,
            operator_name: name.to_owned(),
            operator_key: request.claim.operator_key,
            device: request.claim.device,
            device_key: request.claim.device_key,
            issued_at: NOW,
            expires_at: Timestamp(NOW.0 + 86_400),
        };
        let signed = certificate.issue(&self.authority);
        self.certificates.insert(certificate.serial, certificate);
        self.add(&Fact::DeviceEnrolled {
            certificate: signed.clone(),
            code_hash: Some(request.secret_hash()),
        });
        Answer {
            certificate: signed,
            chain: self.chain(),
        }
    }

    pub(crate) fn certificate(&self, serial: CertificateSerial) -> &Certificate {
        &self.certificates[&serial]
    }

    /// Certifies other keys in the place of those of a certificate.
    pub(crate) fn reissue(
        &mut self,
        before: &Certificate,
        operator_key: PublicKey,
        device_key: PublicKey,
    ) -> Signed {
        self.serial += 1;
        let certificate = Certificate {
            serial: CertificateSerial(self.serial),
            operator_key,
            device_key,
            ..before.clone()
        };
        let signed = certificate.issue(&self.authority);
        self.certificates.insert(certificate.serial, certificate);
        self.add(&Fact::DeviceEnrolled {
            certificate: signed.clone(),
            code_hash: None,
        });
        signed
    }

    /// Replaces the key of its TLS.
    pub(crate) fn rotate_tls(&mut self, key: SigningKey) {
        let chain = self.chain();
        let trust = chain.follow(&RootHash::of(&chain.root)).expect("its own");
        self.later_chain = Some(chain.with_tls(&trust, &self.authority, key.public()));
        self.tls = key;
    }

    /// Enrols without a network.
    pub(crate) fn enrol(&mut self, app: &mut App, mandate: Mandate, name: &str) {
        self.enrol_locked(app, mandate, name, None);
    }

    /// The same with a passphrase.
    pub(crate) fn enrol_locked(
        &mut self,
        app: &mut App,
        mandate: Mandate,
        name: &str,
        passphrase: Option<&Passphrase>,
    ) {
        let code = self.code(self.serial as u8 + 1);
        let request = app.prepare_enrolment(&code, passphrase).expect("prepared");
        let answer = self.certify(&request, mandate, name).to_bytes();
        app.finish_enrolment(&code, &request, &answer, "127.0.0.1:9")
            .expect("enrolled");
    }

    pub(crate) fn add(&mut self, fact: &Fact) -> Position {
        let position = Position(self.entries.len() as u64);
        let entry = Entry::new(NOW, fact);
        self.projection.apply(&Placed {
            position,
            at: NOW,
            fact: fact.clone(),
        });
        self.entries
            .push((entry.to_bytes(), [u8::MAX - position.0 as u8; 16]));
        position
    }

    /// The feed from a position on.
    pub(crate) fn feed_from(&self, from: u64) -> Vec<sync::Entry> {
        let all = self
            .entries
            .iter()
            .zip(0..)
            .map(|((bytes, salt), at)| sync::Entry {
                position: Position(at),
                salt: *salt,
                bytes: bytes.clone(),
            });
        all.skip(from as usize).collect()
    }

    /// The scope as the protocol has it.
    pub(crate) fn visible(&self) -> Visible {
        let parts: Vec<Part> = self.scope.iter().map(|it| Part(it.key())).collect();
        let keys: Vec<&[u8]> = parts.iter().map(|it| it.0.as_slice()).collect();
        let hash = hash_parts("scope", &keys);
        let version = u64::from_be_bytes(*hash.first_chunk().expect("32 bytes"));
        Visible {
            version,
            parts,
            late: Vec::new(),
        }
    }

    /// The feed from a position on as the device may see it.
    pub(crate) fn visible_from(&self, from: u64) -> Vec<sync::Entry> {
        let mut entries = self.feed_from(from);
        entries.retain(|it| audience(it).iter().any(|it| self.scope.contains(it)));
        entries
    }

    /// A part in a range of positions, where it is the device's to see; one position a page.
    pub(crate) fn part_of_feed(&self, wanted: &BackfillWanted) -> Option<PartPage> {
        let of = Audience::of_key(&wanted.part.0).filter(|it| self.scope.contains(it))?;
        let mut entries = self.feed_from(wanted.from);
        entries.truncate(1);
        entries.retain(|it| audience(it).contains(&of));
        Some(PartPage {
            entries,
            pack: None,
            upto: wanted.from + 1,
        })
    }

    /// Everything in the feed reaches the device, as one page.
    pub(crate) fn deliver(&self, app: &mut App) {
        self.deliver_without(app, 0..0);
    }

    /// The same by a centre that withholds these positions.
    pub(crate) fn deliver_without(&self, app: &mut App, withheld: Range<u64>) {
        let cursor = self.entries.len() as u64;
        let mut entries = self.feed_from(0);
        entries.retain(|it| !withheld.contains(&it.position.0));
        let advance = Advance {
            entries,
            cursor,
            scope_version: 1,
        };
        app.advance(advance).expect("made durable");
    }

    /// Everything in the outbox reaches the centre, and the answers the device.
    pub(crate) fn exchange(&mut self, app: &mut App) {
        let waiting = app
            .outbox
            .next(&app.feed, &app.store, None, 1000, usize::MAX)
            .expect("read");
        for item in waiting {
            // A refused batch comes back by the feed, as a fact.
            match (self.take(&item.content), &item.content) {
                (Ok(_), _) | (Err(_), Item::Batch(_)) => {}
                (Err(refusal), Item::Statement(_)) => panic!("taken, not {refusal}"),
            }
        }
        self.deliver(app);
    }

    /// Revokes a certificate of the unit's.
    pub(crate) fn revoke(&mut self, serial: CertificateSerial) {
        self.revoked.insert(serial);
        self.add(&Fact::CertificateRevoked {
            serial,
            mandate: Mandate::Employer(vec![UNIT]),
            reason: "笔记本遗失".to_owned(),
            by: Revoker::Administration,
        });
    }

    /// Takes an item in, as the real centre does after its checks.
    pub(crate) fn take(&mut self, item: &Item) -> Result<Position, Refusal> {
        match item {
            Item::Batch(bytes) => {
                let checked = check_batch(bytes).map_err(|error| refusal(error.refusal()))?;
                self.judge(&checked, bytes)
            }
            Item::Statement(bytes) => {
                let verified = read_admitted(bytes).map_err(|it| refusal(it.refusal()))?;
                Ok(self.state(verified.statement, bytes.clone()))
            }
        }
    }

    /// Admits a batch by the real rules; a repeat finds what it found before.
    fn judge(&mut self, checked: &CheckedBatch, bytes: &[u8]) -> Result<Position, Refusal> {
        let id = SignedBatch(bytes.to_vec()).id();
        if let Some(position) = self.admitted.get(&id) {
            return Ok(*position);
        }
        let (document, actor) = (checked.run.batch.document, checked.run.batch.actor.to_vec());
        let certificate = &self.certificates[&checked.run.batch.signer];
        let last_seq = self.actors.get(&(document, actor.clone())).copied();
        let common = &self.projection.common;
        let known = Known {
            revoked: self.revoked.contains(&checked.run.batch.signer),
            volume_open: document.volume().is_none_or(|it| common.volume_is_open(it)),
            last_seq: last_seq.unwrap_or(0),
            has: &|hash| *hash == genesis_hash(&document) || self.changes.contains(hash),
        };
        if let Err(error) = admit(checked, certificate, NOW, &known) {
            self.add(&Fact::BatchRefused {
                document,
                batch: id.0,
                reason: error.code().to_owned(),
            });
            return Err(refusal(Some((&error).into())));
        }
        self.actors.insert((document, actor), checked.run.batch.to);
        self.changes
            .extend(checked.run.heads.iter().map(|it| it.hash));
        let batch = bytes.to_vec();
        let position = self.add(&Fact::BatchAdmitted { document, batch });
        self.admitted.insert(id, position);
        Ok(position)
    }

    pub(crate) fn chain_bytes(&self) -> Vec<u8> {
        encode(&self.chain())
    }
}

fn audience(entry: &sync::Entry) -> Vec<Audience> {
    let entry = Entry::from_bytes(&entry.bytes);
    entry.map(|it| it.audience).unwrap_or_default()
}

fn listed((name, line): (&&str, u8)) -> ListedPerson {
    let number = id_number(&format!("2101991990010100{line}"));
    ListedPerson {
        person: PersonRecord {
            id: PersonId([line; 16]),
            personal_number: format!("000100000{line}").parse().expect("valid"),
            document: IdDocument::parse(IdKind::ResidentId, &number).expect("valid"),
            name: (*name).to_owned(),
        },
        paying_since: "2021-07".parse().expect("a month"),
        wage: Some("5000.00".parse().expect("an amount")),
        bases_until: "2021-12".parse().expect("a month"),
        last_paid: None,
    }
}

/// What other devices do.
impl Centre {
    /// A request for assessment of January by another device of the unit. Everyone needs a wage
    /// for it, so that the missing ones are approved first.
    pub(crate) fn take_assessed_by_other_device(&mut self) {
        for line in 1..=3 {
            let wage = Effect::WageSet {
                person: PersonId([line; 16]),
                from: "2022-01".parse().expect("a month"),
                to: "2022-01".parse().expect("a month"),
                wage: "5000.00".parse().expect("an amount"),
            };
            self.projection.common.parameters().expect("adopted");
            let statement = self.signed(&Statement::Decision {
                unit: UNIT,
                submission: StatementId([line; 32]),
                verdict: Verdict::Approve,
                attempt: 1,
            });
            self.add(&Fact::DecisionTaken {
                unit: UNIT,
                statement,
                decided_by: "李窗口".to_owned(),
                effect: Some(wage),
                void: None,
            });
        }
        let settlement: Month = "2022-01".parse().expect("a month");
        let request = Statement::AssessmentRequest {
            unit: UNIT,
            insurance: 210,
            settlement,
            attempt: 1,
        };
        let bytes = self.signed(&request);
        self.assessment(UNIT, settlement, bytes);
    }

    /// Approves whatever is undecided.
    pub(crate) fn approve_all(&mut self) {
        let ids: Vec<StatementId> = self.projection.units[&UNIT]
            .submissions
            .keys()
            .copied()
            .collect();
        for submission in ids {
            let statement = Statement::Decision {
                unit: UNIT,
                submission,
                verdict: Verdict::Approve,
                attempt: 1,
            };
            let bytes = self.signed(&statement);
            self.state(statement, bytes);
        }
    }

    /// A proof of the same run in this centre's own log, as long as that.
    pub(crate) fn prove_anything(mut self, like: &sync::RangeProof) -> sync::RangeProof {
        while self.entries.len() as u64 <= like.first.0 + u64::from(like.count) {
            self.add(&Fact::TaxEventsTaken { through: 1 });
        }
        self.prove(ProofWanted {
            first: like.first,
            count: like.count,
        })
    }

    fn signed(&self, statement: &Statement) -> Vec<u8> {
        statement
            .sign(&self.root, CertificateSerial(99), NOW)
            .to_bytes()
    }
}

/// Nothing of a newer program comes to this centre.
fn refusal(name: Option<RefusalName>) -> Refusal {
    Refusal::new(name.expect("a refusal"), "")
}
