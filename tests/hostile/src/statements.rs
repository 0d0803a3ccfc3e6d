//! Statements, certificates, chains and enrolment: what is read has one spelling, and nothing is
//! believed that was not signed.

use std::sync::LazyLock;

use canbao_core::certificate::{Certificate, Chain, Mandate, RootHash};
use canbao_core::declaration::{Content, Declaration};
use canbao_core::enrolment::{Answer, Ask, EnrolmentCode, Rekey, RekeyAnswer, Request};
use canbao_core::facts::Entry;
use canbao_core::ids::{
    CertificateSerial, DeclarationId, DeviceId, FeedId, OperatorId, PersonId, StatementId, UnitId,
};
use canbao_core::month::Month;
use canbao_core::signed::{Signed, decode_canonical, encode};
use canbao_core::signing::{Domain, SigningKey};
use canbao_core::statement::{
    MAX_STATEMENT_BYTES, Statement, StatementError, Unverified, Verdict, read_admitted,
};
use canbao_core::time::Timestamp;
use minicbor::bytes::ByteVec;

const SOMETIME: Timestamp = Timestamp(1_795_500_000);
const SERIAL: CertificateSerial = CertificateSerial(3);

/// The keys of these targets: authority, operator, device, root and one that replaces another.
fn key(number: u8) -> &'static SigningKey {
    static KEYS: LazyLock<[SigningKey; 6]> =
        LazyLock::new(|| [0, 1, 2, 3, 4, 5].map(|seed| SigningKey::from_seed([seed; 32])));
    &KEYS[usize::from(number)]
}

const AUTHORITY: u8 = 1;
const OPERATOR: u8 = 2;
const DEVICE: u8 = 3;
const ROOT: u8 = 4;
const ANOTHER: u8 = 5;

/// Reads the bytes as everything that is signed, and signs them as the content of each.
///
/// # Panics
/// Where what is read is written otherwise than it was, or where a signature is believed that
/// is not there.
pub fn statements(bytes: &[u8]) {
    statement(bytes);
    certificate(bytes);
    enrolment(bytes);
    entry(bytes);
    let content = encode(&(SERIAL, SOMETIME, ByteVec::from(bytes.to_vec())));
    let signed = sign(OPERATOR, Domain::Statement, content);
    let stated = statement(&signed.to_bytes());
    assert!(!stated || decode_canonical::<Statement>(bytes).is_ok());
    statement(&sign(OPERATOR, Domain::Statement, bytes.to_vec()).to_bytes());
    let signed = sign(AUTHORITY, Domain::Certificate, bytes.to_vec());
    certificate(&signed.to_bytes());
}

fn sign(number: u8, domain: Domain, content: Vec<u8>) -> Signed {
    let mut signed = Signed::make(key(number), domain, &0_u8);
    signed.signature = key(number).sign(domain, &content);
    signed.content = content;
    signed
}

/// Whether it is a statement, whoever signed it.
fn statement(bytes: &[u8]) -> bool {
    let unverified = Unverified::read(bytes);
    let admitted = read_admitted(bytes);
    let Ok(unverified) = unverified else {
        assert!(admitted.is_err());
        return false;
    };
    assert!(bytes.len() <= MAX_STATEMENT_BYTES);
    let verified = unverified.verify(&honest_certificate());
    match (admitted, verified) {
        (Ok(admitted), verified) => {
            assert_eq!(admitted.signer, unverified.signer());
            let encoded = encode(&admitted.statement);
            assert_eq!(decode_canonical(&encoded), Ok(admitted.statement.clone()));
            let _ = (admitted.statement.id(), admitted.statement.unit());
            if let Ok(verified) = verified {
                assert_eq!(verified, admitted);
            }
            true
        }
        (Err(refused), Err(StatementError::Signed(_))) => {
            assert!(!refused.code().is_empty());
            false
        }
        (Err(refused), verified) => {
            assert_eq!(verified.map(|it| it.statement), Err(refused));
            false
        }
    }
}

fn certificate(bytes: &[u8]) {
    let Ok(signed) = Signed::from_bytes(bytes) else {
        return;
    };
    assert_eq!(signed.to_bytes(), bytes);
    let authorities = [key(ANOTHER).public(), key(AUTHORITY).public()];
    if let Ok(certificate) = Certificate::open(&signed, &authorities) {
        assert_eq!(encode(&certificate), signed.content);
        assert_eq!(certificate.issue(key(AUTHORITY)).content, signed.content);
    }
}

fn enrolment(bytes: &[u8]) {
    if let Ok(ask) = Ask::from_bytes(bytes) {
        assert_eq!(ask.to_bytes(), bytes);
        match ask {
            Ask::Enrol(request) => {
                let _ = (request.verify(), request.secret_hash());
            }
            Ask::Rekey(rekey) => {
                let held = vec![honest_certificate(); rekey.claim.operators.len().min(65)];
                let _ = (rekey.is_well_formed(), rekey.verify(&held));
            }
        }
    }
    if let Ok(answer) = Answer::from_bytes(bytes) {
        assert_eq!(answer.to_bytes(), bytes);
        if let Ok((certificate, trust)) = answer.open(&enrol().claim) {
            assert_eq!(certificate.operator_key, key(OPERATOR).public());
            assert_eq!(trust.root, key(ROOT).public());
        }
    }
    if let Ok(answer) = RekeyAnswer::from_bytes(bytes) {
        assert_eq!(answer.to_bytes(), bytes);
        let _ = answer.open(&rekey().claim, &chain());
    }
    if let Ok(read) = decode_canonical::<Chain>(bytes)
        && let Ok(trust) = read.follow(&root_hash())
    {
        assert_eq!(trust.root, key(ROOT).public());
        let _ = read.follow_from(&chain(), &root_hash());
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(code) = text.parse::<EnrolmentCode>()
    {
        assert_eq!(code.to_string().parse(), Ok(code));
    }
}

/// An entry of the feed and the fact in it, which only the centre makes.
fn entry(bytes: &[u8]) {
    if let Ok(entry) = Entry::from_bytes(bytes) {
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Ok(entry.clone()));
        if let Ok(fact) = entry.fact() {
            let again = Entry::new(entry.at, &fact);
            assert_eq!(again.fact(), Ok(fact));
        }
    }
}

fn honest_certificate() -> Certificate {
    Certificate {
        serial: SERIAL,
        mandate: Mandate::Employer(vec![UnitId([1; 16]), UnitId([2; 16])]),
        operator: OperatorId([3; 16]),
        operator_name: "经办人".to_owned(),
        operator_key: key(OPERATOR).public(),
        device: DeviceId([4; 16]),
        device_key: key(DEVICE).public(),
        issued_at: SOMETIME,
        expires_at: Timestamp(SOMETIME.0 + 1000),
    }
}

fn chain() -> Chain {
    Chain::make(
        key(ROOT),
        key(AUTHORITY),
        key(DEVICE).public(),
        key(OPERATOR).public(),
        "log.example/shenyang",
        FeedId([5; 16]),
    )
}

fn root_hash() -> RootHash {
    RootHash::of(&key(ROOT).public())
}

fn enrolment_code() -> EnrolmentCode {
    EnrolmentCode {
        root: root_hash(),
        secret: [6; 16],
    }
}

fn enrol() -> Request {
    let (operator, device) = (OperatorId([3; 16]), DeviceId([4; 16]));
    Request::make(
        &enrolment_code(),
        operator,
        key(OPERATOR),
        device,
        key(DEVICE),
    )
}

fn rekey() -> Rekey {
    let (device, operator, another) = (key(DEVICE), key(OPERATOR), key(ANOTHER));
    Rekey::make(
        root_hash(),
        DeviceId([4; 16]),
        (device, another),
        &[(SERIAL, operator, another)],
    )
}

/// One of everything, and each content without its signature.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for stated in stated() {
        let signed = stated.sign(key(OPERATOR), SERIAL, SOMETIME);
        seeds.extend([encode(&stated), signed.content.clone(), signed.to_bytes()]);
    }
    let certificate = honest_certificate();
    let mut agency = certificate.clone();
    agency.mandate = Mandate::Centre;
    for certificate in [&certificate, &agency] {
        let issued = certificate.issue(key(AUTHORITY));
        seeds.extend([encode(certificate), issued.to_bytes()]);
    }
    let issued = certificate.issue(key(AUTHORITY));
    let answer = Answer {
        certificate: issued.clone(),
        chain: chain(),
    };
    let rekeyed = RekeyAnswer {
        certificates: vec![issued],
        chain: chain(),
    };
    seeds.extend([enrol().to_bytes(), Ask::Rekey(rekey()).to_bytes()]);
    seeds.extend([answer.to_bytes(), rekeyed.to_bytes()]);
    let trust = chain().follow(&root_hash()).expect("a chain of ours");
    let rotated = chain().with_tls(&trust, key(AUTHORITY), key(ANOTHER).public());
    seeds.extend([encode(&chain()), encode(&rotated)]);
    seeds.push(enrolment_code().to_string().into_bytes());
    seeds
}

fn stated() -> Vec<Statement> {
    let (unit, person) = (UnitId([1; 16]), PersonId([2; 16]));
    let month: Month = "2022-01".parse().expect("a month");
    let declaration = |content| Declaration {
        id: DeclarationId([7; 16]),
        revision: 1,
        unit,
        content,
        redoes: None,
    };
    let submission = StatementId([8; 32]);
    let decision = |verdict| Statement::Decision {
        unit,
        submission,
        verdict,
        attempt: 1,
    };
    vec![
        Statement::Submission(declaration(Content::Interruption {
            person,
            month,
            reason: "死亡".to_owned(),
        })),
        Statement::Withdrawal { unit, submission },
        decision(Verdict::Approve),
        decision(Verdict::Return("资料不全".to_owned())),
        decision(Verdict::Reject("不符".to_owned())),
        Statement::AssessmentRequest {
            unit,
            insurance: 210,
            settlement: month,
            attempt: 1,
        },
    ]
}
