//! A centre in a directory, filled with invented units, with its network or without.

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
use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::machine;

/// 2026-11-24: every notice about 2022 is known.
pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000);

/// The district of every unit.
const DISTRICT: DistrictId = DistrictId(2);
/// How many units are filled in at once, so that many go into one commit.
const AT_ONCE: usize = 64;
/// So many resident IDs are made up; whoever comes after has a passport.
const RESIDENT_IDS: u32 = 10_000_000;

/// A centre's directory for one figure.
pub(crate) struct Filled {
    _root: TempDir,
    pub(crate) directory: PathBuf,
}

/// A centre that devices reach.
pub(crate) struct Listening {
    pub(crate) server: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// An operator who acts for units, the device, and their keys.
pub(crate) struct Clerk {
    pub(crate) certificate: Certificate,
    pub(crate) operator: SigningKey,
    pub(crate) device: SigningKey,
}

impl Filled {
    pub(crate) fn new() -> Self {
        let root = machine::scratch();
        let directory = root.path().join("centre");
        std::fs::create_dir(&directory).expect("a directory");
        found(&directory);
        Self {
            _root: root,
            directory,
        }
    }
}

impl Listening {
    /// The centre's peers on a free local port, by the real clock.
    pub(crate) fn of(centre: &Centre) -> Self {
        let any = "127.0.0.1:0".parse().expect("an address");
        let (limits, metrics) = (Limits::default(), Arc::new(Metrics::default()));
        let clock = Arc::new(border::now);
        let peers = Peers::listen(centre.clone(), any, limits, clock, metrics).expect("listens");
        let server = peers.local_addr().expect("bound").to_string();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(peers.run(async {
            // An error means that nobody is left to stop it.
            let _ = stopped.await;
        }));
        Self {
            server,
            stop,
            running,
        }
    }

    pub(crate) async fn end(self) {
        let _ = self.stop.send(());
        self.running.await.expect("no session of its own panics");
    }
}

/// Makes the keys and the empty store of a centre.
pub(crate) fn found(directory: &Path) {
    let seeds = Seeds {
        root: [1; 32],
        authority: [2; 32],
        log: [3; 32],
        tls: [4; 32],
        feed: FeedId([5; 16]),
    };
    let outside = machine::scratch();
    let root = outside.path().join("root.key");
    keys::init(directory, &root, "canbao.example/bench", &seeds).expect("made");
}

pub(crate) fn open(directory: &Path) -> Centre {
    Centre::open(directory).expect("opens")
}

/// Parameters, settlement period and volume.
pub(crate) async fn fill_common(centre: &Centre) {
    fill_common_by(centre, parameters::builtin_text().to_owned()).await;
}

/// The same with parameters of one's own.
pub(crate) async fn fill_common_by(centre: &Centre, parameters: String) {
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
        Fact::ParametersAdopted { text: parameters },
        Fact::SettlementOpened { month },
        Fact::VolumeOpened {
            volume: VolumeId(1),
        },
    ];
    let _ = centre.append_facts(facts, NOW).await.expect("appended");
}

/// A unit with so many persons, 250 of them to an entry.
pub(crate) async fn fill_unit(centre: &Centre, number: u32, persons: u32) -> UnitId {
    fill_units(centre, number..number + 1, persons, 250).await;
    unit_id(number)
}

/// Units of so many persons each, so many of them to an entry.
pub(crate) async fn fill_units(
    centre: &Centre,
    numbers: std::ops::Range<u32>,
    persons: u32,
    to_an_entry: usize,
) {
    let filled = stream::iter(numbers).map(|number| async move {
        let unit = unit_id(number);
        let mut facts = vec![Fact::UnitRegistered(unit_record(number))];
        let all: Vec<ListedPerson> = (0..persons).map(|line| listed(number, line)).collect();
        facts.extend(all.chunks(to_an_entry).map(|part| Fact::PersonsListed {
            unit,
            persons: part.to_vec(),
        }));
        let _ = centre.append_facts(facts, NOW).await.expect("appended");
    });
    filled.buffer_unordered(AT_ONCE).count().await;
}

/// A code by which an employer of these units enrols, by the real clock.
pub(crate) async fn code(centre: &Centre, units: Vec<UnitId>, secret: u8) -> EnrolmentCode {
    let order = CodeOrder {
        mandate: Mandate::Employer(units),
        operator_name: "经办人".to_owned(),
        valid_seconds: 3_600,
        secret: [secret; 16],
    };
    let issued = centre.issue_code(order, border::now()).await;
    issued.expect("issued")
}

/// Certifies an employer's clerk of these units, without the network.
pub(crate) async fn enrol(centre: &Centre, units: Vec<UnitId>, seed: u8) -> Clerk {
    let code = code(centre, units, seed).await;
    let operator = SigningKey::from_seed([seed; 32]);
    let device = SigningKey::from_seed([seed ^ 0x80; 32]);
    let (operator_id, device_id) = (OperatorId([seed; 16]), DeviceId([seed; 16]));
    let request = Request::make(&code, operator_id, &operator, device_id, &device);
    let answer = centre.enrol(request, border::now()).await;
    let answer = answer.expect("enrolled");
    let trust = centre.trust();
    let certificate = Certificate::open(&answer.certificate, &trust.authorities);
    Clerk {
        certificate: certificate.expect("certified"),
        operator,
        device,
    }
}

/// The id of a unit of this number.
pub(crate) fn unit_id(number: u32) -> UnitId {
    UnitId::from_parts(1, wide(number, 0))
}

/// The id of a person of a unit.
pub(crate) fn person_id(unit: u32, line: u32) -> PersonId {
    PersonId::from_parts(2, wide(unit, line))
}

/// A person of a unit, as the centre lists them.
pub(crate) fn listed(unit: u32, line: u32) -> ListedPerson {
    ListedPerson {
        person: PersonRecord {
            id: person_id(unit, line),
            personal_number: format!("{unit:05}{line:06}").parse().expect("valid"),
            document: document(unit, line),
            name: format!("员工{line}"),
        },
        paying_since: "2021-07".parse().expect("a month"),
        wage: Some(Money::from_fen(400_000 + i64::from(line * 37 % 1_500_000))),
        bases_until: "2022-12".parse().expect("a month"),
        last_paid: None,
    }
}

/// The number under which tax and the agency know a unit.
pub(crate) fn unemployment_number(unit: u32) -> String {
    format!("021{unit:07}")
}

fn unit_record(number: u32) -> UnitRecord {
    UnitRecord {
        id: unit_id(number),
        name: format!("沈阳测{number}单位"),
        district: DISTRICT,
        credit_code: credit_code(number).parse().expect("a valid code"),
        unemployment_number: unemployment_number(number).parse().expect("valid"),
        pension_number: format!("011{number:07}").parse().expect("valid"),
    }
}

/// A resident ID of the made-up division 210199, which has not enough of them for a city.
fn document(unit: u32, line: u32) -> IdDocument {
    let number = unit.saturating_mul(100_000).saturating_add(line);
    if number >= RESIDENT_IDS {
        let passport = IdDocument::parse(IdKind::Passport, &format!("E{unit:05}{line:06}"));
        return passport.expect("valid");
    }
    let (day, order) = (number / 1_000, number % 1_000);
    let (year, month, day) = (1970 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    let stem = format!("210199{year}{month:02}{day:02}{order:03}");
    "0123456789X"
        .chars()
        .find_map(|check| IdDocument::parse(IdKind::ResidentId, &format!("{stem}{check}")).ok())
        .expect("one of the eleven fits")
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
