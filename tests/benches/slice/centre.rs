//! A centre in a directory, filled with invented units, without its network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use canbao_core::certificate::{Certificate, Mandate};
use canbao_core::enrolment::{EnrolmentCode, Request};
use canbao_core::facts::{Agency, Fact, ListedPerson, PersonRecord, UnitRecord};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{DeviceId, DistrictId, FeedId, OperatorId, PersonId, UnitId, VolumeId};
use canbao_core::money::Money;
use canbao_core::parameters;
use canbao_core::signing::SigningKey;
use canbao_core::time::Timestamp;
use canbao_server::border;
use canbao_server::centre::{Centre, CodeOrder};
use canbao_server::keys::{self, Seeds};
use canbao_server::metrics::Metrics;
use canbao_server::peers::Peers;
use canbao_transport::Limits;

/// 2026-11-24: every notice about 2022 is known.
pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000);

/// The district of every unit.
const DISTRICT: DistrictId = DistrictId(2);

/// A centre's directory, made once.
pub(crate) struct Filled {
    _root: tempfile::TempDir,
    pub(crate) directory: PathBuf,
}

/// An operator who acts for units, and their keys.
pub(crate) struct Clerk {
    pub(crate) certificate: Certificate,
    pub(crate) operator: SigningKey,
}

impl Filled {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("centre");
        let seeds = Seeds {
            root: [1; 32],
            authority: [2; 32],
            log: [3; 32],
            tls: [4; 32],
            feed: FeedId([5; 16]),
        };
        keys::init(
            &directory,
            &root.path().join("root.key"),
            "canbao.example/bench",
            &seeds,
        )
        .expect("made");
        Self {
            _root: root,
            directory,
        }
    }
}

pub(crate) fn open(directory: &Path) -> Centre {
    Centre::open(directory).expect("opens")
}

/// The centre's peers on a free local port.
pub(crate) fn listen(centre: Centre) -> Peers {
    let any = "127.0.0.1:0".parse().expect("an address");
    let metrics = Arc::new(Metrics::default());
    Peers::listen(
        centre,
        any,
        Limits::default(),
        Arc::new(border::now),
        metrics,
    )
    .expect("listens")
}

/// Parameters, settlement period and volume.
pub(crate) async fn fill_common(centre: &Centre) {
    let month = "2022-01".parse().expect("a month");
    let agency = Agency {
        district: DISTRICT,
        district_name: "沈河区".to_owned(),
        name: "沈河区经办机构".to_owned(),
        address: String::new(),
        phone: String::new(),
    };
    let facts = vec![
        Fact::AgencyListed(agency),
        Fact::ParametersAdopted {
            text: parameters::builtin_text().to_owned(),
        },
        Fact::SettlementOpened { month },
        Fact::VolumeOpened {
            volume: VolumeId(1),
        },
    ];
    let _ = centre.append_facts(facts, NOW).await.expect("appended");
}

/// A unit with so many persons.
pub(crate) async fn fill_unit(centre: &Centre, number: u32, persons: u32) -> UnitId {
    let id = UnitId::from_parts(1, wide(number, 0));
    let record = UnitRecord {
        id,
        name: format!("沈阳测{number}单位"),
        district: DISTRICT,
        credit_code: credit_code(number).parse().expect("a valid code"),
        unemployment_number: format!("021{number:07}").parse().expect("valid"),
        pension_number: format!("011{number:07}").parse().expect("valid"),
    };
    let mut facts = vec![Fact::UnitRegistered(record)];
    let all: Vec<ListedPerson> = (0..persons).map(|line| listed(number, line)).collect();
    facts.extend(all.chunks(250).map(|part| Fact::PersonsListed {
        unit: id,
        persons: part.to_vec(),
    }));
    let _ = centre.append_facts(facts, NOW).await.expect("appended");
    id
}

/// Certifies a clerk of these units.
pub(crate) async fn enrol(centre: &Centre, units: Vec<UnitId>, seed: u8) -> Clerk {
    let order = CodeOrder {
        mandate: Mandate::Employer(units),
        operator_name: "经办人".to_owned(),
        valid_seconds: 3_600,
        secret: [seed; 16],
    };
    let code: EnrolmentCode = centre.issue_code(order, NOW).await.expect("issued");
    let operator = SigningKey::from_seed([seed; 32]);
    let device = SigningKey::from_seed([seed + 1; 32]);
    let request = Request::make(
        &code,
        OperatorId([seed; 16]),
        &operator,
        DeviceId([seed; 16]),
        &device,
    );
    let answer = centre.enrol(request, NOW).await.expect("enrolled");
    let certificate =
        Certificate::open(&answer.certificate, &centre.trust().authorities).expect("certified");
    Clerk {
        certificate,
        operator,
    }
}

fn listed(unit: u32, line: u32) -> ListedPerson {
    let document = IdDocument::parse(IdKind::Passport, &format!("E{unit:05}{line:06}"));
    ListedPerson {
        person: PersonRecord {
            id: PersonId::from_parts(2, wide(unit, line)),
            personal_number: format!("{unit:05}{line:06}").parse().expect("valid"),
            document: document.expect("valid"),
            name: format!("员工{line}"),
        },
        paying_since: "2021-07".parse().expect("a month"),
        wage: Some(Money::from_fen(400_000 + i64::from(line * 37 % 1_500_000))),
        bases_until: "2022-12".parse().expect("a month"),
        last_paid: None,
    }
}

fn wide(unit: u32, line: u32) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..4].copy_from_slice(&unit.to_be_bytes());
    bytes[4..8].copy_from_slice(&line.to_be_bytes());
    bytes
}

/// A valid credit code: seventeen characters and the one check character that fits.
fn credit_code(number: u32) -> String {
    let stem = format!("91210199MA{number:07}");
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .map(|check| format!("{stem}{check}"))
        .find(|code| code.parse::<canbao_core::identity::CreditCode>().is_ok())
        .expect("one of the 31 fits")
}
