//! Devices over loopback: enrolment, sessions, refusals.

mod names;
mod packs;
mod scope;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use canbao_core::certificate::{Chain, Mandate};
use canbao_core::enrolment::{Answer, EnrolmentCode, Request};
use canbao_core::facts::{Audience, Entry, Fact, Insured};
use canbao_core::ids::{DistrictId, OperatorId};
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::statement::Statement;
use canbao_core::structure::{Packed, unpack};
use canbao_core::sync::device::{
    Advance, Backfilled, Coverage, DeviceStart, Outgoing, Parts, Rescope, SessionReport,
};
use canbao_core::sync::hub::FeedWanted;
use canbao_core::sync::message::BackfillWanted;
use canbao_core::sync::{
    self, CloseReason, Hello, Item, ItemId, PROTOCOL, Part, ProofRefused, RangeProof, Refusal,
    Verdict,
};
use canbao_core::time::Timestamp;
use canbao_transport::{
    Alpn, ClientEndpoint, Connected, DeviceBackend, DeviceEvent, EnrolError, HubBackend, HubEvent,
    Limits, SessionEnd, Statistics, ask_to_enrol, drive_device,
};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::{Peers, Scope, Session, nothing_more, questions};
use crate::centre::tests::fixture::{self, *};
use crate::centre::{Centre, Revocation};

/// What a device with this key may see, or the name of the refusal of its session.
pub(crate) fn seen_by(
    centre: &Centre,
    device: &PublicKey,
    now: Timestamp,
) -> Result<Vec<Audience>, String> {
    match Scope::of(centre, device, now, 0).unwrap() {
        Ok(scope) => Ok(scope.audiences.to_vec()),
        Err(refusal) => Err(refusal.code().to_owned()),
    }
}

/// A fixture's centre that listens.
struct Served {
    it: Fixture,
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

async fn serve(it: Fixture) -> Served {
    let addr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let (centre, limits) = (it.centre.clone(), Limits::default());
    let peers = Peers::listen(centre, addr, limits, Arc::new(|| NOW), Arc::default()).unwrap();
    let addr = peers.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(peers.run(async move {
        let _ = stopped.await;
    }));
    Served {
        it,
        addr,
        stop,
        running,
    }
}

impl Served {
    async fn connect(&self, key: Option<&SigningKey>, alpn: Alpn) -> Connected {
        let tls = self.it.centre.trust().tls;
        ClientEndpoint::new(key)
            .connect(self.addr, Some(tls), alpn)
            .await
            .unwrap()
    }

    /// Enrols over the network; gives the refusal's code otherwise.
    async fn enrol(&self, code: &EnrolmentCode, seed: u8) -> Result<Answer, String> {
        let Connected { connection, .. } = self.connect(None, Alpn::Enrol).await;
        let request = request(code, seed);
        let asked = ask_to_enrol(&connection, |chain| {
            let chain: Chain = minicbor::decode(chain).unwrap();
            chain.follow(&code.root).map(|_| request.to_bytes())
        });
        let bytes = asked
            .await
            .map_err(|error: EnrolError<_>| error.code().to_owned())?;
        Ok(Answer::from_bytes(&bytes).unwrap())
    }

    async fn session(&self, key: &SigningKey, device: &mut Device) -> SessionEnd {
        let Connected { connection, .. } = self.connect(Some(key), Alpn::Sync).await;
        let start = DeviceStart {
            feed: self.it.centre.trust().feed,
            scope_version: device.scope_version,
            parts: device.parts.clone(),
            cursor: device.cursor,
            offers: device.outbox.len() as u32,
            late_from: device.late_from,
            packed: device.packed,
        };
        device.settled = false;
        drive_device(&connection, start, device).await.unwrap()
    }
}

/// A device in memory that leaves once it has everything it waits for.
#[derive(Default)]
struct Device {
    outbox: Vec<Item>,
    entries: Vec<(u64, Entry)>,
    cursor: u64,
    scope_version: u64,
    parts: Parts,
    backfilled: usize,
    /// Whether it takes packs, and what came in them.
    packed: bool,
    packs: Vec<Packed>,
    late_from: Option<u64>,
    rescopes: u32,
    verdicts: Vec<Verdict>,
    /// The cursor at which it has seen enough.
    until: u64,
    /// How many scopes it wants to have heard of.
    until_rescoped: u32,
    /// Whether the session has nothing open: before that it has not heard of its scope.
    settled: bool,
    /// Told once the session has nothing open.
    when_settled: Option<oneshot::Sender<()>>,
}

impl Device {
    fn facts(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    fn positions(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|(position, _)| *position)
    }

    fn is_whole(&self) -> bool {
        self.parts.values().all(|it| *it == Coverage::Whole)
    }

    fn keep(&mut self, entries: &[sync::Entry]) {
        for entry in entries {
            let at = entry.position.0;
            if self.positions().all(|position| position != at) {
                let entry = Entry::from_bytes(&entry.bytes).unwrap();
                self.entries.push((at, entry));
            }
        }
    }
}

impl DeviceBackend for Device {
    type Error = Infallible;

    async fn persist(&mut self, advance: Advance) -> Result<(), Infallible> {
        self.keep(&advance.entries);
        self.cursor = advance.cursor;
        Ok(())
    }

    async fn rescope(&mut self, rescope: Rescope) -> Result<(), Infallible> {
        self.rescopes += 1;
        self.cursor = rescope.cursor;
        self.scope_version = rescope.version;
        self.late_from = Some(rescope.late_from);
        self.parts = rescope.parts;
        let stays = |it: &Audience| self.parts.contains_key(&Part(it.key()));
        self.entries
            .retain(|(_, entry)| entry.audience.iter().any(stays));
        Ok(())
    }

    async fn backfill(&mut self, backfilled: Backfilled) -> Result<(), Infallible> {
        self.backfilled += backfilled.entries.len();
        self.keep(&backfilled.entries);
        if let Some(pack) = &backfilled.pack {
            self.packs.extend(unpack(pack).unwrap());
        }
        self.parts.insert(backfilled.part, backfilled.coverage);
        Ok(())
    }

    async fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        _: usize,
    ) -> Result<Vec<Outgoing>, Infallible> {
        let next = after.map_or(0, |it| it + 1);
        let items = self.outbox.iter().cloned().zip(0_u64..);
        Ok(items
            .filter(|(_, sequence)| *sequence >= next)
            .take(limit)
            .map(|(content, sequence)| Outgoing {
                sequence,
                item: ItemId([sequence as u8; 32]),
                content,
            })
            .collect())
    }

    async fn answered(&mut self, _: ItemId, verdict: Verdict) -> Result<(), Infallible> {
        self.verdicts.push(verdict);
        Ok(())
    }

    async fn proof(&mut self, _: Result<RangeProof, ProofRefused>) -> Result<(), Infallible> {
        Ok(())
    }

    async fn status(&mut self, _: u32, _: Result<Insured, Refusal>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn report(&mut self, report: SessionReport, _: Statistics) {
        if report == SessionReport::Settled {
            self.settled = true;
            if let Some(waiting) = self.when_settled.take() {
                waiting.send(()).unwrap();
            }
        }
    }

    async fn next_event(&mut self) -> DeviceEvent {
        let heard = self.rescopes >= self.until_rescoped;
        let seen = self.settled && heard && self.cursor >= self.until;
        if seen && self.verdicts.len() >= self.outbox.len() {
            DeviceEvent::Stop
        } else {
            std::future::pending().await
        }
    }
}

#[tokio::test]
async fn a_device_enrols_once_offers_its_outbox_and_sees_its_own_feed() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    let code = it.code(Mandate::Employer(vec![unit(1)]), 1).await;
    let answer = served.enrol(&code, 1).await.unwrap();
    assert_eq!(
        served.enrol(&code, 1).await,
        Ok(answer.clone()),
        "after a cut"
    );
    assert_eq!(
        served.enrol(&code, 2).await,
        Err("enrolment.code_used".to_owned())
    );
    let unknown = EnrolmentCode {
        secret: [88; 16],
        ..code.clone()
    };
    assert_eq!(
        served.enrol(&unknown, 1).await,
        Err("enrolment.code_unknown".to_owned())
    );

    let (certificate, _) = answer.open(&request(&code, 1).claim).unwrap();
    let (key, device_key) = keys_of(1);
    let statement = Statement::Submission(interruption(1, 1, "2022-01"));
    let signed = statement.sign(&key, certificate.serial, NOW).to_bytes();
    let theirs = Statement::Submission(interruption(2, 1, "2022-01"));
    let foreign = theirs.sign(&key, certificate.serial, NOW).to_bytes();
    let until = it.length() + 2;
    let outbox = vec![Item::Statement(foreign), Item::Statement(signed)];
    let mut device = Device {
        outbox,
        until,
        ..Device::default()
    };
    served.session(&device_key, &mut device).await;
    let [Verdict::Refused(refusal), Verdict::Taken { position }] = &device.verdicts[..] else {
        panic!("{:?}", device.verdicts)
    };
    assert_eq!(refusal.code(), "statement.not_your_unit");
    assert_eq!(position.0 + 1, device.cursor);
    let own = audiences_of(unit(1));
    let visible = |entry: &Entry| entry.audience.iter().any(|it| own.contains(it));
    assert!(device.facts().all(visible));
    assert_eq!(
        device.entries.len(),
        10,
        "6 for everyone, 2 of the unit, certificate, receipt"
    );
    assert!(matches!(
        device.entries.last().unwrap().1.fact(),
        Ok(Fact::Received { .. })
    ));
}

#[tokio::test]
async fn a_session_of_an_unknown_device_is_refused_by_name_and_others_go_on() {
    let served = serve(fixture::start().await).await;
    let employer = served.it.employer(1).await;
    let stranger = SigningKey::from_seed([77; 32]);
    let mut unknown = Device {
        until: u64::MAX,
        ..Device::default()
    };
    let end = served.session(&stranger, &mut unknown).await;
    assert_eq!(end.code(), "peers.unknown_device");
    assert!(unknown.entries.is_empty());
    let mut known = Device {
        until: served.it.length(),
        ..Device::default()
    };
    served.session(&employer.device_key, &mut known).await;
    assert!(!known.entries.is_empty());
}

#[tokio::test]
async fn a_unit_registered_during_a_session_is_seen_by_its_agency() {
    let served = serve(fixture::found()).await;
    let it = &served.it;
    it.centre
        .append_facts(vec![agency(DISTRICT), agency(DistrictId(3))], NOW)
        .await
        .unwrap();
    let clerk = it.clerk().await;
    let mut device = Device {
        until: it.length(),
        ..Device::default()
    };
    served.session(&clerk.device_key, &mut device).await;
    let before = device.scope_version;

    device.until = it.length() + 2;
    let (sender, settled) = oneshot::channel();
    device.when_settled = Some(sender);
    let session = served.session(&clerk.device_key, &mut device);
    let (_, ()) = tokio::join!(session, async {
        settled.await.unwrap();
        let facts = vec![registration(1), persons(1, &["1.00"])];
        it.centre.append_facts(facts, NOW).await.unwrap();
    });
    assert_ne!(device.scope_version, before, "told at once");
    let of_unit = [Audience::Unit(unit(1))];
    let seen = device.facts().filter(|it| it.audience == of_unit).count();
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn a_certificate_that_expires_during_a_session_ends_the_feed_at_once() {
    let it = fixture::start().await;
    let employer = it.employer(1).await;
    let mut session = session_of(&it, &employer);
    session.admit(&hello(&it)).await.unwrap().unwrap();
    let wanted = |from, max_bytes| FeedWanted {
        from,
        late_from: 0,
        max_bytes,
    };
    let (_, page) = session.read_feed(wanted(0, 1)).await.unwrap();
    assert_eq!((page.entries.len(), page.upto), (1, 1), "more would follow");
    session.clock = Arc::new(|| Timestamp(i64::MAX));
    let (_, page) = session.read_feed(wanted(1, usize::MAX)).await.unwrap();
    assert_eq!(page, nothing_more(1));
    let HubEvent::Refuse(refusal) = session.next_event().await else {
        panic!("the session goes on")
    };
    assert_eq!(refusal.code(), "peers.certificate_expired");
}

#[tokio::test]
async fn a_revocation_ends_a_live_session_at_once_by_name_and_the_next_one_at_its_begin() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    let employer = it.employer(1).await;
    let (sender, settled) = oneshot::channel();
    let mut device = Device {
        until: u64::MAX,
        when_settled: Some(sender),
        ..Device::default()
    };
    let session = served.session(&employer.device_key, &mut device);
    let (end, ()) = tokio::join!(session, async {
        settled.await.unwrap();
        revoke(it, &employer).await;
        let opened = Fact::SettlementOpened {
            month: month("2022-03"),
        };
        it.centre.append_facts(vec![opened], NOW).await.unwrap();
    });
    let SessionEnd::Closed(CloseReason::Refused(refusal)) = &end else {
        panic!("{end:?}")
    };
    assert_eq!(
        (refusal.code(), refusal.detail()),
        ("peers.certificate_revoked", "笔记本遗失")
    );
    let before = device.entries.len();
    let end = served.session(&employer.device_key, &mut device).await;
    assert_eq!(end.code(), "peers.certificate_revoked");
    assert_eq!(device.entries.len(), before, "nothing after the cut");
}

/// A shared PC: who goes on is told of who does not.
#[tokio::test]
async fn a_device_with_another_certificate_in_force_goes_on_and_sees_the_revocation() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    let one = it.employer(1).await;
    let code = it.code(Mandate::Employer(vec![unit(1)]), 40).await;
    let device_id = one.certificate.device;
    let request = Request::make(
        &code,
        OperatorId([40; 16]),
        &SigningKey::from_seed([40; 32]),
        device_id,
        &one.device_key,
    );
    it.centre.enrol(request, NOW).await.unwrap();
    revoke(it, &one).await;
    let mut device = Device {
        until: it.length(),
        ..Device::default()
    };
    served.session(&one.device_key, &mut device).await;
    let last = device.entries.last().unwrap().1.fact();
    assert!(
        matches!(last, Ok(Fact::CertificateRevoked { .. })),
        "{last:?}"
    );
}

async fn revoke(it: &Fixture, operator: &Operator) {
    let order = Revocation {
        serial: operator.certificate.serial,
        whole_device: false,
        reason: "笔记本遗失".to_owned(),
    };
    it.centre.revoke(order, NOW).await.unwrap();
}

fn hello(it: &Fixture) -> Hello {
    Hello {
        protocol: PROTOCOL,
        feed: it.centre.trust().feed,
        scope_version: 0,
        cursor: 0,
        offers: 0,
        late_from: 0,
    }
}

fn session_of(it: &Fixture, operator: &Operator) -> Session {
    Session {
        centre: it.centre.clone(),
        clock: Arc::new(|| NOW),
        device: operator.device_key.public(),
        scope: Scope::default(),
        heads: it.centre.growth(),
        metrics: Arc::default(),
        stopped: watch::channel(false).1,
        refusals: 0,
        displaced: None,
        questions: questions(),
        ending: None,
    }
}

#[tokio::test]
async fn a_centre_that_stops_ends_its_sessions() {
    let served = serve(fixture::start().await).await;
    let employer = served.it.employer(1).await;
    let mut device = Device {
        until: u64::MAX,
        ..Device::default()
    };
    let Connected { connection, .. } = served.connect(Some(&employer.device_key), Alpn::Sync).await;
    let feed = served.it.centre.trust().feed;
    let start = DeviceStart {
        feed,
        scope_version: 0,
        parts: Parts::new(),
        cursor: 0,
        offers: 0,
        late_from: Some(0),
        packed: false,
    };
    let Served {
        stop,
        running,
        it: _it,
        ..
    } = served;
    let session = drive_device(&connection, start, &mut device);
    let (end, ()) = tokio::join!(session, async {
        stop.send(()).unwrap();
        running.await.unwrap();
    });
    let code = end.unwrap().code().to_owned();
    assert!(
        ["transport.cut", "transport.closed"].contains(&code.as_str()),
        "{code}"
    );
}
