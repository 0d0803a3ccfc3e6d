//! The authorisation matrix: role x operation x scope. Each row says what every role gets, and
//! the rows are matches over the real enums: a new kind of statement, document, audience or fact
//! does not compile without its row.
//!
//! The scope is unit 1 in [`DISTRICT`]; the last three roles hold a certificate that would be
//! granted, were it known, not expired, not revoked.

use std::collections::BTreeMap;

use canbao_core::certificate::Mandate;
use canbao_core::declaration::{Kind, PersonNumber};
use canbao_core::document::{Action, ActorId, Batch, Change, DocumentId, SignedBatch, Volume};
use canbao_core::facts::{
    Audience, Delivered, Fact, FetchedRoster, ListedPerson, PersonRecord, Sending, TransactionId,
};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{
    AuditId, CertificateSerial, DeclarationId, DistrictId, NoteId, StatementId,
};
use canbao_core::money::Money;
use canbao_core::signed::encode;
use canbao_core::statement::{AuditEvent, Statement, Verdict};
use canbao_core::sync::message::StatusWanted;
use canbao_core::time::Timestamp;

use super::fixture::*;
use crate::centre::{Amendment, Answer, PensionNews, Renewal, Revocation, RosterNews, TaxEvent};
use crate::peers::tests::seen_by;

/// Who acts, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Employer,
    OtherEmployer,
    Agency,
    OtherAgency,
    Centre,
    Unknown,
    Expired,
    Revoked,
}

const ROLES: [Role; 8] = [
    Role::Employer,
    Role::OtherEmployer,
    Role::Agency,
    Role::OtherAgency,
    Role::Centre,
    Role::Unknown,
    Role::Expired,
    Role::Revoked,
];

/// What each role gets: nothing where it is granted, else the name of the refusal.
type Row = [&'static str; 8];

const OK: &str = "";

/// What an operator states about unit 1.
#[rustfmt::skip]
fn statement_row(statement: &Statement) -> Row {
    const UNIT: &str = "statement.not_your_unit";
    const DIST: &str = "decision.other_district";
    const UNKN: &str = "statement.unknown_signer";
    const EXPD: &str = "statement.certificate_expired";
    const REVD: &str = "statement.certificate_revoked";
    match statement {
        // the employer of:           unit 1  unit 2  the agency of: its  another  centre  unknown expired revoked
        Statement::Submission(_)           => [OK,   UNIT,           UNIT, UNIT,    UNIT,   UNKN,   EXPD,   REVD],
        Statement::Withdrawal { .. }       => [OK,   UNIT,           UNIT, UNIT,    UNIT,   UNKN,   EXPD,   REVD],
        Statement::Decision { .. }         => [DIST, DIST,           OK,   DIST,    DIST,   UNKN,   EXPD,   REVD],
        Statement::AssessmentRequest { .. } => [OK,  UNIT,           UNIT, UNIT,    UNIT,   UNKN,   EXPD,   REVD],
        Statement::Audit { .. }            => [OK,   UNIT,           OK,   UNIT,    UNIT,   UNKN,   EXPD,   REVD],
        Statement::ResendRequest { .. }    => [OK,   UNIT,           UNIT, UNIT,    UNIT,   UNKN,   EXPD,   REVD],
    }
}

/// Who writes which document of unit 1.
#[rustfmt::skip]
fn batch_row(document: &DocumentId) -> Row {
    const NOTY: &str = "admission.not_your_document";
    const UNKN: &str = "admission.unknown_signer";
    const EXPD: &str = "admission.expired";
    const REVD: &str = "admission.revoked";
    match document {
        // the employer of:        unit 1  unit 2  the agency of: its  another  centre  unknown expired revoked
        DocumentId::EmployerRoster(_)   => [OK,   NOTY,           NOTY, NOTY,    NOTY,   UNKN,   EXPD,   REVD],
        DocumentId::EmployerVolume(..)  => [OK,   NOTY,           NOTY, NOTY,    NOTY,   UNKN,   EXPD,   REVD],
        DocumentId::AgencyVolume(..)    => [NOTY, NOTY,           OK,   NOTY,    NOTY,   UNKN,   EXPD,   REVD],
    }
}

/// Who sees which audience of the feed; the last three have no session at all.
#[rustfmt::skip]
fn audience_row(audience: &Audience) -> Row {
    const UNKN: &str = "peers.unknown_device";
    const EXPD: &str = "peers.certificate_expired";
    const REVD: &str = "peers.certificate_revoked";
    match audience {
        // the employer of: unit 1  unit 2  the agency of: its  another  centre  unknown expired revoked
        Audience::Everyone       => [OK,   OK,             OK,   OK,      OK,     UNKN,   EXPD,   REVD],
        Audience::Unit(_)        => [OK,   HID,            OK,   HID,     HID,    UNKN,   EXPD,   REVD],
        Audience::Employer(_)    => [OK,   HID,            HID,  HID,     HID,    UNKN,   EXPD,   REVD],
        Audience::Agency(_)      => [HID,  HID,            OK,   HID,     HID,    UNKN,   EXPD,   REVD],
        Audience::Centre         => [HID,  HID,            HID,  HID,     OK,     UNKN,   EXPD,   REVD],
    }
}

/// Not sent to the device.
const HID: &str = "hidden";

/// Who states a fact, and which of the five roles with a certificate in force sees it. Devices
/// state none: they offer statements and batches, and the centre answers.
#[rustfmt::skip]
fn fact_row(fact: &Fact) -> (&'static str, [bool; 5]) {
    /// The administration may state it.
    const ADM: &str = OK;
    /// It follows from statements, batches, codes, tax, or an order of its own.
    const NOT: &str = "admin.not_administrative";
    const Y: bool = true;
    const N: bool = false;
    match fact {
        //                                      employer  other  agency  other  centre
        Fact::AgencyListed(_)             => (ADM, [Y,     Y,     Y,      Y,     Y]),
        Fact::ParametersAdopted { .. }    => (ADM, [Y,     Y,     Y,      Y,     Y]),
        Fact::SettlementOpened { .. }     => (ADM, [Y,     Y,     Y,      Y,     Y]),
        Fact::VolumeOpened { .. }         => (ADM, [Y,     Y,     Y,      Y,     Y]),
        Fact::VolumeSealed { .. }         => (ADM, [Y,     Y,     Y,      Y,     Y]),
        Fact::UnitRegistered(_)           => (ADM, [Y,     N,     Y,      N,     N]),
        Fact::PersonsListed { .. }        => (ADM, [Y,     N,     Y,      N,     N]),
        Fact::CodeIssued { .. }           => (NOT, [N,     N,     N,      N,     Y]),
        Fact::DeviceEnrolled { .. }       => (NOT, [Y,     N,     N,      N,     N]),
        Fact::CertificateRevoked { .. }   => (NOT, [Y,     N,     N,      N,     Y]),
        Fact::Received { .. }             => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::NotReceived { .. }          => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::WithdrawalTaken { .. }      => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::DecisionTaken { .. }        => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::AssessmentTaken { .. }      => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::ReceivablesRaised { .. }    => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::TransactionQueued { .. }    => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::TransactionSending { .. }   => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::TransactionReceiving { .. } => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::Collected { .. }            => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::PostingTaken { .. }         => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::Recorded(_)                 => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::IncidentRaised { .. }       => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::BatchAdmitted { .. }        => (NOT, [Y,     N,     N,      N,     N]),
        Fact::BatchRefused { .. }         => (NOT, [Y,     N,     N,      N,     N]),
        Fact::TaxEventsTaken { .. }       => (NOT, [N,     N,     N,      N,     Y]),
        Fact::StatementRefused { .. }     => (NOT, [N,     N,     N,      N,     Y]),
        Fact::UnitMoved { .. }            => (ADM, [Y,     N,     Y,      N,     N]),
        Fact::Audited { .. }              => (NOT, [Y,     N,     N,      N,     Y]),
        Fact::TaxRosterTaken { .. }       => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::PensionTaken { .. }         => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::ResendTaken { .. }          => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::PersonStatusTold { .. }     => (NOT, [N,     N,     N,      N,     Y]),
        Fact::PersonAmended { .. }        => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::PersonsMerged { .. }        => (NOT, [Y,     N,     Y,      N,     N]),
        Fact::LogKeyChanged { .. }        => (NOT, [Y,     Y,     Y,      Y,     Y]),
    }
}

/// A centre, and an operator for each role; those of the last three may do either an employer's
/// or an agency's part.
struct Cast {
    it: Fixture,
    five: [Operator; 5],
    expiring: [Operator; 2],
    revoked: [Operator; 2],
}

impl Cast {
    async fn gather() -> Self {
        let it = start().await;
        let employer = || Mandate::Employer(vec![unit(1)]);
        let five = [
            it.employer(1).await,
            it.employer(2).await,
            it.clerk().await,
            it.enrol(Mandate::Agency(DistrictId(3)), 30).await,
            it.enrol(Mandate::Centre, 31).await,
        ];
        let revoked = [
            it.enrol(employer(), 32).await,
            it.enrol(Mandate::Agency(DISTRICT), 33).await,
        ];
        let expiring = [
            it.enrol(employer(), 34).await,
            it.enrol(Mandate::Agency(DISTRICT), 35).await,
        ];
        for operator in &revoked {
            let order = Revocation {
                serial: operator.certificate.serial,
                whole_device: false,
                reason: "离职".to_owned(),
            };
            it.centre.revoke(order, NOW).await.unwrap();
        }
        Self {
            it,
            five,
            expiring,
            revoked,
        }
    }

    /// The operator of a role for what an employer (or else an agency) is granted, the serial
    /// they sign under, and the centre's clock.
    fn of(&self, role: Role, employers: bool) -> (&Operator, CertificateSerial, Timestamp) {
        let part = usize::from(!employers);
        let (operator, now) = match role {
            Role::Employer => (&self.five[0], NOW),
            Role::OtherEmployer => (&self.five[1], NOW),
            Role::Agency => (&self.five[2], NOW),
            Role::OtherAgency => (&self.five[3], NOW),
            Role::Centre => (&self.five[4], NOW),
            Role::Unknown => return (&self.expiring[part], CertificateSerial(999), NOW),
            Role::Expired => {
                let operator = &self.expiring[part];
                (operator, operator.certificate.expires_at)
            }
            Role::Revoked => (&self.revoked[part], NOW),
        };
        (operator, operator.certificate.serial, now)
    }
}

/// The refused roles act first, so that nothing was decided when they do; then the granted ones.
fn in_turn(row: Row) -> Vec<(Role, &'static str)> {
    let mut cells: Vec<_> = ROLES.into_iter().zip(row).collect();
    cells.sort_by_key(|(_, cell)| *cell == OK);
    cells
}

#[track_caller]
fn expect(answer: &Answer, cell: &str, what: &str) {
    match answer {
        Answer::Refused(refusal) => assert_eq!(refusal.code(), cell, "{what}"),
        Answer::Taken(_) => assert_eq!(cell, OK, "{what} was taken"),
        Answer::Held => panic!("{what} was held"),
    }
}

/// A sample of each kind of statement, one after the other.
fn statement_after(last: Option<&Statement>) -> Option<Statement> {
    let (unit, submission) = (unit(1), submitted());
    match last {
        None => Some(Statement::Submission(interruption(1, 2, "2022-01"))),
        Some(Statement::Submission(_)) => Some(Statement::Withdrawal { unit, submission }),
        Some(Statement::Withdrawal { .. }) => Some(decision(unit, submission, Verdict::Approve)),
        Some(Statement::Decision { .. }) => Some(assessment(1, "2022-01", 1)),
        Some(Statement::AssessmentRequest { .. }) => Some(Statement::Audit {
            unit,
            id: AuditId([1; 16]),
            event: AuditEvent::ProofsExported { records: 3 },
        }),
        Some(Statement::Audit { .. }) => Some(Statement::ResendRequest {
            unit,
            transaction: TransactionId("00".to_owned()),
            attempt: 1,
        }),
        Some(Statement::ResendRequest { .. }) => None,
    }
}

/// What is withdrawn and decided on.
fn submitted() -> StatementId {
    interruption(1, 1, "2022-01").submission_id()
}

#[tokio::test]
async fn every_kind_of_statement_is_taken_from_those_alone_who_may_make_it() {
    let mut last = None;
    while let Some(statement) = statement_after(last.as_ref()) {
        let cast = Cast::gather().await;
        let earlier = Statement::Submission(interruption(1, 1, "2022-01"));
        cast.it.taken(&cast.five[0], &earlier).await;
        let row = statement_row(&statement);
        let employers = row[0] == OK;
        for (role, cell) in in_turn(row) {
            let (operator, serial, now) = cast.of(role, employers);
            let signed = statement.sign(&operator.key, serial, NOW).to_bytes();
            let answer = cast.it.centre.take_statement(signed, now).await.unwrap();
            expect(&answer, cell, &format!("{role:?}: {statement:?}"));
        }
        last = Some(statement);
    }
}

/// A document of each kind, one after the other.
fn document_after(last: Option<&DocumentId>) -> Option<DocumentId> {
    match last {
        None => Some(DocumentId::EmployerRoster(unit(1))),
        Some(DocumentId::EmployerRoster(unit)) => Some(DocumentId::EmployerVolume(*unit, VOLUME)),
        Some(DocumentId::EmployerVolume(unit, volume)) => {
            Some(DocumentId::AgencyVolume(DISTRICT, *unit, *volume))
        }
        Some(DocumentId::AgencyVolume(..)) => None,
    }
}

/// The first change of an actor of its own.
fn batch(document: DocumentId, by: &Operator, signer: CertificateSerial, actor: u8) -> Vec<u8> {
    let action = match document {
        DocumentId::EmployerRoster(_) => Action::Annotate {
            id: NoteId([actor; 16]),
            person: person(1, 1),
            text: "备注".to_owned(),
        },
        DocumentId::EmployerVolume(..) | DocumentId::AgencyVolume(..) => Action::Declare {
            id: DeclarationId([actor; 16]),
            kind: Kind::Wage,
            fields: vec![Change::Wage(yuan("5000.00"))],
        },
    };
    let actor = ActorId::new(by.certificate.device, [actor; 8]);
    let mut volume = Volume::replay(document, []).unwrap();
    let own = volume.act(&actor, &action, NOW).unwrap();
    SignedBatch::make(&Batch::of(document, own, signer), &by.key).0
}

#[tokio::test]
async fn every_document_is_written_by_its_owner_alone() {
    let cast = Cast::gather().await;
    let mut last = None;
    while let Some(document) = document_after(last.as_ref()) {
        let row = batch_row(&document);
        for ((role, cell), actor) in in_turn(row).into_iter().zip(1..) {
            let (operator, serial, now) = cast.of(role, row[0] == OK);
            let bytes = batch(document, operator, serial, actor);
            let answer = cast.it.centre.take_batch(bytes, now).await.unwrap();
            expect(&answer, cell, &format!("{role:?}: {document}"));
        }
        last = Some(document);
    }
}

/// An audience of each kind, one after the other.
fn audience_after(last: Option<&Audience>) -> Option<Audience> {
    match last {
        None => Some(Audience::Everyone),
        Some(Audience::Everyone) => Some(Audience::Unit(unit(1))),
        Some(Audience::Unit(unit)) => Some(Audience::Employer(*unit)),
        Some(Audience::Employer(_)) => Some(Audience::Agency(DISTRICT)),
        Some(Audience::Agency(_)) => Some(Audience::Centre),
        Some(Audience::Centre) => None,
    }
}

#[tokio::test]
async fn every_audience_of_the_feed_is_seen_by_its_devices_alone() {
    let cast = Cast::gather().await;
    let mut last = None;
    while let Some(audience) = audience_after(last.as_ref()) {
        for (role, cell) in ROLES.into_iter().zip(audience_row(&audience)) {
            let (operator, _, now) = cast.of(role, true);
            let device = match role {
                Role::Unknown => keys_of(99).1.public(),
                _ => operator.device_key.public(),
            };
            let seen = match seen_by(&cast.it.centre, &device, now) {
                Ok(seen) if seen.contains(&audience) => OK.to_owned(),
                Ok(_) => HID.to_owned(),
                Err(code) => code,
            };
            assert_eq!(seen, cell, "{role:?}: {audience:?}");
        }
        last = Some(audience);
    }
}

/// One fact of each kind about unit 1, as the centre makes them; by the number of the kind.
async fn facts(cast: &Cast) -> BTreeMap<u8, (Fact, Vec<Audience>)> {
    let Cast { it, five, .. } = cast;
    let (employer, clerk) = (&five[0], &five[2]);
    let submission = |line| Statement::Submission(interruption(1, line, "2022-01"));
    it.approve(employer, clerk, &interruption(1, 1, "2022-01"))
        .await;
    it.taken(employer, &submission(2)).await;
    it.taken(employer, &submission(9)).await;
    let withdrawn = Statement::Withdrawal {
        unit: unit(1),
        submission: interruption(1, 2, "2022-01").submission_id(),
    };
    it.taken(employer, &withdrawn).await;
    it.state(&five[1], &submission(3)).await;
    it.taken(employer, &assessment(1, "2022-01", 1)).await;
    let posting = it.posting(1, "2022-01", "S1");
    let transaction = posting.transaction.clone();
    it.centre
        .set_sending(transaction.clone(), Sending::Sent, NOW)
        .await
        .unwrap();
    let mut altered = posting.clone();
    altered.total = yuan("1.00");
    let events = [
        TaxEvent::Accepted {
            transaction: transaction.clone(),
        },
        TaxEvent::Collected { transaction },
        TaxEvent::Posted(posting),
        TaxEvent::Posted(altered),
    ];
    for (event, sequence) in events.into_iter().zip(1..) {
        it.centre
            .take_tax_event(sequence, event, NOW)
            .await
            .unwrap();
    }
    let resend = Statement::ResendRequest {
        unit: unit(1),
        transaction: TransactionId("00".to_owned()),
        attempt: 1,
    };
    it.taken(employer, &resend).await;
    let roster = RosterNews::Whole(FetchedRoster {
        as_of: NOW,
        version: None,
        persons: BTreeMap::new(),
    });
    it.centre
        .take_tax_roster(unit(1), it.length(), roster, NOW)
        .await
        .unwrap();
    let feed = Delivered {
        unit: "0110300001".parse().unwrap(),
        as_of: NOW,
        version: "1".to_owned(),
        settlement: "2022-01".parse().unwrap(),
        head_count: 0,
        total_base: Money::ZERO,
        persons: Vec::new(),
        results: Vec::new(),
        operations: Vec::new(),
    };
    let feed = feed.check().unwrap();
    it.centre
        .take_pension_feed(unit(1), PensionNews::Whole(feed), Renewal::Always, NOW)
        .await
        .unwrap();
    about_persons(it, employer).await;
    it.centre
        .take_batch(employer.batch(1, 1), NOW)
        .await
        .unwrap();
    let sealed = Fact::VolumeSealed { volume: VOLUME };
    it.centre.append_facts(vec![sealed], NOW).await.unwrap();
    it.centre
        .take_batch(employer.batch(1, 2), NOW)
        .await
        .unwrap();
    let moved = |from, to| Fact::UnitMoved {
        unit: unit(1),
        from,
        to,
    };
    let there_and_back = vec![
        moved(DISTRICT, DistrictId(3)),
        moved(DistrictId(3), DISTRICT),
    ];
    it.centre.append_facts(there_and_back, NOW).await.unwrap();
    let mut first = BTreeMap::new();
    for position in 0..it.length() {
        let read = it.read(position);
        let fact = read.fact.unwrap();
        first
            .entry(kind(&fact))
            .or_insert((fact, read.entry.audience));
    }
    first
}

/// Somebody asks where a person is insured; another name; two ids that are one person.
async fn about_persons(it: &Fixture, employer: &Operator) {
    let number = personal_number(1, 1);
    let wanted = StatusWanted {
        number: 1,
        unit: unit(1),
        person: PersonNumber::Personal(number.parse().unwrap()),
    };
    let device = employer.device_key.public();
    let told = it.centre.person_status(device, wanted, NOW).await;
    assert!(told.unwrap().is_ok());
    let amendment = Amendment {
        personal_number: number.clone(),
        document: None,
        name: Some("员工一".to_owned()),
        evidence: "说明".to_owned(),
    };
    it.centre.amend_person(amendment, NOW).await.unwrap();
    let before = ListedPerson {
        person: PersonRecord {
            id: person(9, 9),
            personal_number: "9999999999".parse().unwrap(),
            document: IdDocument::parse(IdKind::Passport, "P99999999").unwrap(),
            name: "员工一".to_owned(),
        },
        paying_since: month("2020-01"),
        wage: None,
        bases_until: month("2020-12"),
        last_paid: Some(month("2020-12")),
    };
    let listed = Fact::PersonsListed {
        unit: unit(1),
        persons: vec![before],
    };
    it.centre.append_facts(vec![listed], NOW).await.unwrap();
    let (gone, evidence) = ("9999999999".to_owned(), "同一人".to_owned());
    let merged = it.centre.merge_persons(number, gone, evidence, NOW).await;
    merged.unwrap();
}

/// The number of a fact's kind: the first of an array of two.
fn kind(fact: &Fact) -> u8 {
    let bytes = encode(fact);
    let mut decoder = minicbor::Decoder::new(&bytes);
    assert_eq!(decoder.array().unwrap(), Some(2));
    decoder.u8().unwrap()
}

#[tokio::test]
async fn every_fact_is_stated_and_seen_by_those_alone_who_may() {
    let cast = Cast::gather().await;
    let facts = facts(&cast).await;
    let kinds: Vec<u8> = facts.keys().copied().collect();
    assert_eq!(kinds, KINDS, "there is a sample of each");
    for (fact, audience) in facts.values() {
        let (_, seen) = fact_row(fact);
        for (operator, expected) in cast.five.iter().zip(seen) {
            let device = operator.device_key.public();
            let sees = seen_by(&cast.it.centre, &device, NOW).unwrap();
            let found = audience.iter().any(|it| sees.contains(it));
            assert_eq!(found, expected, "{:?}: {fact:?}", operator.certificate);
        }
    }
    // Those that are stated have effects: nobody's sight is looked at behind them.
    for (fact, _) in facts.into_values() {
        let (stated, _) = fact_row(&fact);
        let what = format!("{fact:?}");
        let answer = cast.it.centre.append_facts(vec![fact], NOW).await;
        let refused = answer.err().map_or(OK, |error| error.code());
        let not = "admin.not_administrative";
        assert_eq!(refused == not, stated == not, "{refused}: {what}");
    }
}

/// The numbers of the kinds of facts; the log's new key (40) needs a centre that was closed.
#[rustfmt::skip]
const KINDS: [u8; 34] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 27, 28, 30, 31, 32, 33, 34, 35,
];
