//! A centre in a passing directory, with operators that sign what they state.

use canbao_core::certificate::{Certificate, Mandate};
use canbao_core::declaration::{Content, Declaration};
use canbao_core::document::{
    Action, ActorId, Batch, Change, DocumentId, SCHEMA_VERSION, SignedBatch, Volume,
};
use canbao_core::enrolment::{EnrolmentCode, Request};
use canbao_core::facts::{
    Agency, Audience, Fact, ListedPerson, PersonRecord, TransactionId, UnitRecord,
};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{
    DeclarationId, DeviceId, DistrictId, FeedId, OperatorId, PersonId, Position, StatementId,
    UnitId, VolumeId,
};
use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_core::parameters;
use canbao_core::signing::SigningKey;
use canbao_core::statement::{Statement, Verdict};
use canbao_core::store::{Commit, View};
use canbao_core::time::Timestamp;
use tempfile::TempDir;

use crate::centre::stored::{Read, read_at};
use crate::centre::{Answer, Centre, CodeOrder, OutgoingContent, RawLine, RawPosting};
use crate::keys::{self, Seeds};

/// 2026-11-24 in Shenyang: every notice about 2022 is known.
pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000);
/// The district of the units.
pub(crate) const DISTRICT: DistrictId = DistrictId(2);
/// The volume that is open.
pub(crate) const VOLUME: VolumeId = VolumeId(2022);

const CREDIT_CODES: [&str; 3] = [
    "91350100M000100Y43",
    "91210102MA0DEM0C6Y",
    "91210102MA0DEM0D73",
];

pub(crate) fn month(text: &str) -> Month {
    text.parse().unwrap()
}

pub(crate) fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn unit(number: u8) -> UnitId {
    UnitId([number; 16])
}

pub(crate) fn person(unit: u8, line: u8) -> PersonId {
    let mut id = [unit; 16];
    id[15] = line;
    PersonId(id)
}

pub(crate) fn personal_number(unit: u8, line: u8) -> String {
    format!("{unit:04}{line:06}")
}

/// A centre and the directories it lives in.
pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) centre: Centre,
}

/// An enrolled operator on a device of its own.
pub(crate) struct Operator {
    pub(crate) key: SigningKey,
    pub(crate) device_key: SigningKey,
    pub(crate) request: Request,
    pub(crate) certificate: Certificate,
}

/// Makes a new centre and opens it, without any fact.
pub(crate) fn found() -> Fixture {
    let dir = TempDir::new().unwrap();
    let seeds = Seeds {
        root: [1; 32],
        authority: [2; 32],
        log: [3; 32],
        tls: [4; 32],
        feed: FeedId([5; 16]),
    };
    let centre = dir.path().join("centre");
    keys::init(
        &centre,
        &dir.path().join("root.key"),
        "log.example/canbao",
        &seeds,
    )
    .unwrap();
    let centre = Centre::open(&centre).unwrap();
    Fixture { dir, centre }
}

/// A centre with agencies, parameters, two settlement periods, a volume and two units.
pub(crate) async fn start() -> Fixture {
    let fixture = found();
    let mut facts = vec![
        agency(DISTRICT),
        agency(DistrictId(3)),
        Fact::ParametersAdopted {
            text: parameters::builtin_text().to_string(),
        },
        Fact::SettlementOpened {
            month: month("2022-01"),
        },
        Fact::SettlementOpened {
            month: month("2022-02"),
        },
        Fact::VolumeOpened { volume: VOLUME },
    ];
    for number in [1, 2] {
        facts.push(registration(number));
        facts.push(persons(number, &["4359.00", "4361.00", "21792.00"]));
    }
    fixture.centre.append_facts(facts, NOW).await.unwrap();
    fixture
}

pub(crate) fn agency(district: DistrictId) -> Fact {
    Fact::AgencyListed(Agency {
        district,
        district_name: format!("示例{district}区"),
        name: "示例经办机构".to_owned(),
        address: "示例路1号".to_owned(),
        phone: "024-00000000".to_owned(),
    })
}

pub(crate) fn registration(number: u8) -> Fact {
    Fact::UnitRegistered(UnitRecord {
        id: unit(number),
        name: format!("甲{number}户"),
        district: DISTRICT,
        credit_code: CREDIT_CODES[usize::from(number) - 1].parse().unwrap(),
        unemployment_number: format!("02103{number:05}").parse().unwrap(),
        pension_number: format!("01103{number:05}").parse().unwrap(),
    })
}

pub(crate) fn persons(number: u8, wages: &[&str]) -> Fact {
    let persons = wages
        .iter()
        .zip(1..)
        .map(|(wage, line)| ListedPerson {
            person: PersonRecord {
                id: person(number, line),
                personal_number: personal_number(number, line).parse().unwrap(),
                document: IdDocument::parse(IdKind::Passport, &format!("E{number:03}{line:05}"))
                    .unwrap(),
                name: format!("员工{line}"),
            },
            paying_since: month("2021-07"),
            wage: Some(yuan(wage)),
            bases_until: month("2022-12"),
            last_paid: None,
        })
        .collect();
    Fact::PersonsListed {
        unit: unit(number),
        persons,
    }
}

impl Fixture {
    /// Stops the centre and opens it again, as after a crash.
    pub(crate) async fn reopened(self) -> Self {
        let Self { dir, centre } = self;
        centre.stop().await;
        drop(centre);
        let centre = Centre::open(&dir.path().join("centre")).unwrap();
        Self { dir, centre }
    }

    pub(crate) async fn code(&self, mandate: Mandate, seed: u8) -> EnrolmentCode {
        let order = CodeOrder {
            mandate,
            operator_name: format!("经办{seed}"),
            valid_seconds: 3600,
            secret: [seed; 16],
        };
        self.centre.issue_code(order, NOW).await.unwrap()
    }

    pub(crate) async fn enrol(&self, mandate: Mandate, seed: u8) -> Operator {
        self.enrol_on(mandate, seed, seed).await
    }

    /// Enrols an operator on the device of another.
    pub(crate) async fn enrol_on(&self, mandate: Mandate, seed: u8, device: u8) -> Operator {
        let code = self.code(mandate, seed).await;
        let (key, _) = keys_of(seed);
        let (_, device_key) = keys_of(device);
        let (operator, device) = (OperatorId([seed; 16]), DeviceId([device; 16]));
        let request = Request::make(&code, operator, &key, device, &device_key);
        let answer = self.centre.enrol(request.clone(), NOW).await.unwrap();
        let (certificate, _) = answer.open(&request.claim).unwrap();
        Operator {
            key,
            device_key,
            request,
            certificate,
        }
    }

    pub(crate) async fn employer(&self, number: u8) -> Operator {
        self.enrol(Mandate::Employer(vec![unit(number)]), 10 + number)
            .await
    }

    pub(crate) async fn clerk(&self) -> Operator {
        self.enrol(Mandate::Agency(DISTRICT), 20).await
    }

    pub(crate) async fn state(&self, by: &Operator, statement: &Statement) -> Answer {
        self.centre
            .take_statement(by.sign(statement), NOW)
            .await
            .unwrap()
    }

    /// Takes in a statement and gives its answering fact.
    pub(crate) async fn taken(&self, by: &Operator, statement: &Statement) -> Fact {
        match self.state(by, statement).await {
            Answer::Taken(position) => self.fact(position),
            other => panic!("{other:?}"),
        }
    }

    /// Appends a fact that only the writer makes.
    pub(crate) async fn append(&self, fact: Fact) -> Position {
        let appended = self.centre.ask(move |desk| desk.append(fact, NOW));
        appended.await.unwrap()
    }

    pub(in crate::centre) fn read(&self, position: u64) -> Read {
        read_at(&self.centre.shared.store, position).unwrap()
    }

    pub(crate) fn fact(&self, position: Position) -> Fact {
        self.read(position.0).fact.unwrap()
    }

    pub(crate) fn audience(&self, position: u64) -> Vec<Audience> {
        self.read(position).entry.audience
    }

    /// Loses the tiles of the log, as a damaged disk would.
    pub(crate) fn lose_tiles(&self) {
        let store = &self.centre.shared.store;
        let tiles = store.view_prefix(View::Tile, &[], usize::MAX).unwrap();
        let lose = |commit: Commit, (key, _)| commit.remove(View::Tile, key);
        let lost = tiles.into_iter().fold(Commit::new(), lose);
        store.commit(lost).unwrap();
    }

    pub(crate) fn length(&self) -> u64 {
        self.centre.head().tree.size
    }

    /// The kinds of the facts from a position on, by the names of their variants.
    pub(crate) fn kinds_since(&self, from: u64) -> Vec<String> {
        (from..self.length())
            .map(|it| format!("{:?}", self.fact(Position(it))))
            .map(|it| it.split(['(', ' ', '{']).next().unwrap().to_owned())
            .collect()
    }

    /// Declares, submits and approves; gives the submission's id.
    pub(crate) async fn approve(
        &self,
        employer: &Operator,
        clerk: &Operator,
        declaration: &Declaration,
    ) -> StatementId {
        let id = declaration.submission_id();
        let received = self
            .taken(employer, &Statement::Submission(declaration.clone()))
            .await;
        assert!(matches!(received, Fact::Received { .. }), "{received:?}");
        self.taken(clerk, &decision(declaration.unit, id, Verdict::Approve))
            .await;
        id
    }

    /// The posting that pays a unit's assessment of a period exactly, as tax would report it.
    pub(crate) fn posting(&self, number: u8, settlement: &str, serial: &str) -> RawPosting {
        let outgoing = self.centre.transactions_to_send(None, 100).unwrap();
        let (transaction, lines) = outgoing
            .into_iter()
            .find_map(|it| match it.content {
                OutgoingContent::Assessment {
                    settlement: of,
                    lines,
                    ..
                } if of == month(settlement) && it.unit.id == unit(number) => {
                    Some((it.transaction, lines))
                }
                OutgoingContent::Assessment { .. } | OutgoingContent::Roster { .. } => None,
            })
            .unwrap();
        raw_posting(number, transaction, serial, settlement, lines)
    }
}

fn raw_posting(
    number: u8,
    transaction: TransactionId,
    serial: &str,
    settlement: &str,
    due: Vec<(canbao_core::facts::Receivable, PersonRecord)>,
) -> RawPosting {
    let lines: Vec<RawLine> = due
        .into_iter()
        .map(|(due, person)| RawLine {
            line: due.line,
            transaction_line: due.line,
            personal_number: person.personal_number.to_string(),
            month: due.month,
            base: due.base,
            unit_amount: due.unit_amount,
            person_amount: due.person_amount,
        })
        .collect();
    RawPosting {
        serial: serial.to_owned(),
        transaction,
        credit_code: CREDIT_CODES[usize::from(number) - 1].to_owned(),
        settlement: month(settlement),
        posted_on: "2022-03-18".to_owned(),
        total: lines
            .iter()
            .map(|it| it.unit_amount + it.person_amount)
            .sum(),
        lines,
    }
}

pub(crate) fn keys_of(seed: u8) -> (SigningKey, SigningKey) {
    (
        SigningKey::from_seed([seed; 32]),
        SigningKey::from_seed([seed + 100; 32]),
    )
}

pub(crate) fn request(code: &EnrolmentCode, seed: u8) -> Request {
    let (key, device_key) = keys_of(seed);
    Request::make(
        code,
        OperatorId([seed; 16]),
        &key,
        DeviceId([seed; 16]),
        &device_key,
    )
}

impl Operator {
    pub(crate) fn sign(&self, statement: &Statement) -> Vec<u8> {
        statement
            .sign(&self.key, self.certificate.serial, NOW)
            .to_bytes()
    }

    /// The first batch of a new actor in the open volume of this unit.
    pub(crate) fn batch(&self, number: u8, actor: u8) -> Vec<u8> {
        let document = DocumentId::EmployerVolume(unit(number), VOLUME);
        let actor = ActorId::new(self.certificate.device, [actor; 8]);
        let mut volume = Volume::replay(document, []).unwrap();
        let action = Action::Declare {
            id: DeclarationId([7; 16]),
            kind: canbao_core::declaration::Kind::Wage,
            fields: vec![Change::Wage(yuan("5000.00"))],
        };
        let own = volume.act(&actor, &action, NOW).unwrap();
        let batch = Batch {
            document,
            actor: own.actor.0.into(),
            from: own.seq,
            to: own.seq,
            signer: self.certificate.serial,
            chunks: vec![own.chunk],
            schema: SCHEMA_VERSION,
        };
        SignedBatch::make(&batch, &self.key).0
    }
}

pub(crate) fn interruption(number: u8, line: u8, of: &str) -> Declaration {
    Declaration {
        id: DeclarationId([40 + line; 16]),
        revision: 1,
        unit: unit(number),
        content: Content::Interruption {
            person: person(number, line),
            month: month(of),
            reason: "辞职".to_owned(),
        },
        redoes: None,
    }
}

pub(crate) fn wage(number: u8, line: u8, from: &str, to: &str, wage: &str) -> Declaration {
    Declaration {
        id: DeclarationId([60 + line; 16]),
        revision: 1,
        unit: unit(number),
        content: Content::Wage {
            person: person(number, line),
            from: month(from),
            to: month(to),
            wage: yuan(wage),
        },
        redoes: None,
    }
}

pub(crate) fn decision(unit: UnitId, submission: StatementId, verdict: Verdict) -> Statement {
    Statement::Decision {
        unit,
        submission,
        verdict,
        attempt: 1,
    }
}

pub(crate) fn assessment(number: u8, settlement: &str, attempt: u32) -> Statement {
    let settlement = month(settlement);
    Statement::AssessmentRequest {
        unit: unit(number),
        insurance: 210,
        settlement,
        attempt,
    }
}

/// What the devices of a unit may see.
pub(crate) fn audiences_of(unit: UnitId) -> [Audience; 3] {
    [
        Audience::Everyone,
        Audience::Unit(unit),
        Audience::Employer(unit),
    ]
}
