//! Sessions over real sockets on loopback, with a centre and a device in memory.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its parts outside test functions too"
)]

mod backends;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use backends::{Centre, Device, Revoked};
use canbao_core::declaration::PersonNumber;
use canbao_core::facts::Insured;
use canbao_core::ids::UnitId;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::sync::device::{Coverage, Parts, SessionReport};
use canbao_core::sync::message::StatusWanted;
use canbao_core::sync::{Item, Part, Refusal, Verdict};
use canbao_transport::{
    Accepted, Alpn, CONNECT_WITHIN, ClientEndpoint, ConnectError, Connected, Connection,
    EnrolError, Limits, ServerEndpoint, SessionEnd, ask_to_enrol, drive_device, drive_hub,
    offer_enrolment,
};

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn server_key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn device_key() -> SigningKey {
    SigningKey::from_seed([2; 32])
}

/// A server that serves `centre` to every device and refuses keys the centre does not know.
fn serve(centre: &Centre) -> SocketAddr {
    let endpoint = ServerEndpoint::bind(LOOPBACK, &server_key(), Limits::default()).unwrap();
    let addr = endpoint.local_addr().unwrap();
    let centre = centre.clone();
    tokio::spawn(async move {
        while let Some(handshake) = endpoint.accept().await {
            let centre = centre.clone();
            tokio::spawn(async move { serve_one(handshake.complete().await, &centre).await });
        }
    });
    addr
}

async fn serve_one(accepted: Result<Accepted, canbao_transport::AcceptError>, centre: &Centre) {
    match accepted {
        Ok(Accepted::Sync { connection, device }) => {
            let mut backend = centre.backend(device);
            let end = drive_hub(&connection, centre.feed(), &mut backend).await;
            centre.note_end(match end {
                Ok(end) => end.code().to_owned(),
                Err(error) => error.to_string(),
            });
        }
        Ok(Accepted::Enrol { connection }) => {
            let Ok(requested) = offer_enrolment(&connection, b"chain".to_vec()).await else {
                return centre.note_end("enrolment.not_asked".to_owned());
            };
            let answer = match requested.request() {
                b"good code" => Ok(b"certificate".to_vec()),
                _ => Err(Refusal::new(
                    RefusalName::EnrolmentCodeUnknown,
                    "no such code",
                )),
            };
            requested.answer(answer).await.unwrap();
        }
        Err(error) => centre.note_end(error.code().to_owned()),
    }
}

async fn connect(addr: SocketAddr) -> Connected {
    ClientEndpoint::new(Some(&device_key()))
        .connect(addr, Some(server_key().public()), Alpn::Sync)
        .await
        .unwrap()
}

async fn sync(addr: SocketAddr, device: &mut Device) -> (SessionEnd, Connection) {
    let Connected { connection, .. } = connect(addr).await;
    let end = drive_device(&connection, device.start(), device)
        .await
        .unwrap();
    (end, connection)
}

fn centre_of(device: PublicKey) -> Centre {
    Centre::new([device])
}

#[tokio::test]
async fn a_session_brings_the_feed_and_takes_the_outbox_in() {
    let centre = centre_of(device_key().public());
    centre.append(500, 3_000);
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    for number in 0..50_u8 {
        device.put(Item::Statement(vec![number; 20_000]));
    }
    device.put(Item::Batch(vec![9; 700_000]));

    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "sync.stopped");
    assert_eq!(centre.ends().await, ["sync.stopped"], "as the device said");
    assert_eq!(device.entries(), centre.entries_for(device_key().public()));
    assert_eq!(device.waiting(), 0);
    assert_eq!(centre.taken_in(), 51);
    assert_eq!(centre.peers(), [device_key().public()]);
    assert!(
        device
            .reports()
            .contains(&SessionReport::CaughtUp { cursor: 500 })
    );
}

#[tokio::test]
async fn the_second_session_continues_and_costs_less_than_200_bytes() {
    let centre = centre_of(device_key().public());
    centre.append(100, 100);
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    sync(addr, &mut device).await;

    let (_, connection) = sync(addr, &mut device).await;

    let statistics = connection.statistics();
    assert!(statistics.sent > 0 && statistics.received > 0);
    let both_ways = statistics.sent + statistics.received;
    assert!(both_ways < 200, "{both_ways} bytes");
}

#[tokio::test]
async fn growth_of_the_log_reaches_a_device_that_stays_connected() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    device.stop_at_cursor(30);
    let grower = centre.clone();
    device.when_welcomed(move || grower.append(30, 50));

    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "sync.stopped");
    assert_eq!(device.entries(), centre.entries_for(device_key().public()));
}

#[tokio::test]
async fn a_cut_in_the_middle_loses_nothing_and_repeats_nothing() {
    let centre = centre_of(device_key().public());
    centre.append(2_000, 2_000);
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    for number in 0..40_u8 {
        device.put(Item::Statement(vec![number; 10_000]));
    }
    for cut_after in [100, 700, 1_500] {
        device.cut_after(cut_after);
        let Connected { connection, .. } = connect(addr).await;
        let cut = drive_device(&connection, device.start(), &mut device).await;
        assert!(cut.is_err(), "the backend was to fail");
        drop(connection);
    }

    device.cut_after(usize::MAX);
    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "sync.stopped");
    assert_eq!(device.entries(), centre.entries_for(device_key().public()));
    assert_eq!(device.waiting(), 0);
    assert_eq!(centre.taken_in(), 40, "repeats are known by their id");
}

#[tokio::test]
async fn a_refused_item_is_named_and_the_next_is_taken() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    let bad = device.put(Item::Statement(b"bad".to_vec()));
    let good = device.put(Item::Statement(b"good".to_vec()));

    sync(addr, &mut device).await;

    let refusal = Refusal::new(RefusalName::AdmissionSequence, "bad");
    assert_eq!(device.verdict(bad), Some(&Verdict::Refused(refusal)));
    assert!(matches!(device.verdict(good), Some(Verdict::Taken { .. })));
}

#[tokio::test]
async fn a_device_the_centre_does_not_know_is_refused_by_name() {
    let centre = centre_of(SigningKey::from_seed([77; 32]).public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());

    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "peers.unknown_device");
}

#[tokio::test]
async fn a_device_revoked_in_the_middle_is_refused_by_name() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    device.stop_at_cursor(u64::MAX);
    let revoker = centre.clone();
    device.when_welcomed(move || revoker.revoke(Revoked));

    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "peers.certificate_revoked");
}

#[tokio::test]
async fn a_centre_that_cannot_write_says_so() {
    let centre = centre_of(device_key().public());
    centre.fill_disk();
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    device.put(Item::Statement(b"good".to_vec()));

    let (end, _connection) = sync(addr, &mut device).await;

    assert_eq!(end.code(), "sync.hub_failed");
    assert_eq!(device.waiting(), 1);
}

#[tokio::test]
async fn a_question_is_answered_before_the_session_settles() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    for number in 0..6 {
        device.want_status(StatusWanted {
            number,
            unit: UnitId([1; 16]),
            person: PersonNumber::Personal("2100000001".parse().unwrap()),
        });
    }

    sync(addr, &mut device).await;

    let told: Vec<_> = device.told().values().cloned().collect();
    assert_eq!(
        told,
        vec![Ok(Insured::Elsewhere); 6],
        "more than may be open at once"
    );
}

#[tokio::test]
async fn proofs_come_on_demand() {
    let centre = centre_of(device_key().public());
    centre.append(10, 10);
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    device.want_proof(3, 4);
    device.want_proof(8, 40);

    sync(addr, &mut device).await;

    let proofs = device.proofs();
    assert_eq!(
        proofs[0].as_ref().map(|proof| (proof.first.0, proof.count)),
        Ok((3, 4))
    );
    assert_eq!(
        proofs[1].as_ref().map_err(|no| no.refusal.code()),
        Err("log.out_of_range")
    );
}

#[tokio::test]
async fn another_server_than_expected_is_refused_by_name() {
    let addr = serve(&centre_of(device_key().public()));
    let expected = SigningKey::from_seed([99; 32]).public();
    let client = ClientEndpoint::new(Some(&device_key()));
    let error = client
        .connect(addr, Some(expected), Alpn::Sync)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "transport.wrong_server");
    let ConnectError::WrongServer { found, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(found, server_key().public());
}

#[tokio::test]
async fn an_unreachable_server_is_named_within_the_deadline() {
    let closed = UdpSocket::bind(LOOPBACK).unwrap().local_addr().unwrap();
    let began = Instant::now();
    let client = ClientEndpoint::new(Some(&device_key()));
    let error = client.connect(closed, None, Alpn::Sync).await.unwrap_err();
    assert_eq!(error.code(), "transport.unreachable");
    assert!(began.elapsed() < CONNECT_WITHIN + Duration::from_secs(2));
}

#[tokio::test]
async fn a_client_without_a_key_gets_no_session() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    let client = ClientEndpoint::new(None);
    let Connected { connection, .. } = client.connect(addr, None, Alpn::Sync).await.unwrap();

    let end = drive_device(&connection, device.start(), &mut device)
        .await
        .unwrap();

    assert_eq!(end.code(), "transport.cut");
    assert!(end.to_string().contains("transport.no_device_key"), "{end}");
    assert_eq!(centre.ends().await, ["transport.no_device_key"]);
}

#[tokio::test]
async fn a_full_server_says_so() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let endpoint = ServerEndpoint::bind(LOOPBACK, &server_key(), limits).unwrap();
    let addr = endpoint.local_addr().unwrap();
    let (accepted, mut first) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(handshake) = endpoint.accept().await {
            accepted.send(handshake.complete().await).unwrap();
        }
    });
    let client = ClientEndpoint::new(None);
    let one = client.connect(addr, None, Alpn::Enrol).await.unwrap();
    let served = first.recv().await.unwrap();
    let other = client.connect(addr, None, Alpn::Enrol).await.unwrap_err();
    assert_eq!(other.code(), "transport.server_full");
    drop((one, served));
    client.connect(addr, None, Alpn::Enrol).await.unwrap();
}

#[tokio::test]
async fn enrolment_checks_the_chain_before_it_asks() {
    let centre = centre_of(device_key().public());
    let addr = serve(&centre);
    let client = ClientEndpoint::new(None);
    let enrol = async |request: Result<&'static str, &'static str>| {
        let Connected { connection, server } =
            client.connect(addr, None, Alpn::Enrol).await.unwrap();
        assert_eq!(server, server_key().public());
        ask_to_enrol(&connection, |chain| {
            assert_eq!(chain, b"chain");
            request.map(|code| code.as_bytes().to_vec())
        })
        .await
    };

    assert_eq!(enrol(Ok("good code")).await, Ok(b"certificate".to_vec()));
    let used = enrol(Ok("other code")).await.unwrap_err();
    assert_eq!(used.code(), "enrolment.code_unknown");
    assert_eq!(
        enrol(Err("wrong root")).await,
        Err(EnrolError::Chain("wrong root"))
    );
    assert_eq!(centre.ends().await, ["enrolment.not_asked"]);
}

#[tokio::test]
async fn garbage_from_one_client_does_not_disturb_the_next() {
    let centre = centre_of(device_key().public());
    centre.append(20, 100);
    let addr = serve(&centre);

    // Not QUIC at all.
    let socket = UdpSocket::bind(LOOPBACK).unwrap();
    for length in [0, 1, 40, 1_200] {
        socket.send_to(&vec![0xc3; length], addr).unwrap();
    }
    // QUIC, but no session: clients that leave as soon as they are in.
    let client = ClientEndpoint::new(Some(&device_key()));
    for alpn in [Alpn::Sync, Alpn::Enrol] {
        drop(client.connect(addr, None, alpn).await.unwrap());
    }

    let mut device = Device::new(centre.feed());
    let (end, _connection) = sync(addr, &mut device).await;
    assert_eq!(end.code(), "sync.stopped");
    assert_eq!(device.entries(), centre.entries_for(device_key().public()));
}

#[tokio::test]
async fn a_scope_that_grew_is_told_and_what_was_missed_is_filled_in() {
    let centre = centre_of(device_key().public());
    centre.append(8, 3_000);
    let addr = serve(&centre);
    let mut device = Device::new(centre.feed());
    sync(addr, &mut device).await;
    assert_eq!(device.backfilled(), (0, &Parts::new()));

    centre.rescope(2, 7);
    let (end, _connection) = sync(addr, &mut device).await;
    assert_eq!(end.code(), "sync.stopped");
    let whole = Parts::from([(Part(vec![7]), Coverage::Whole)]);
    assert_eq!(device.backfilled(), (6, &whole));
    let changed = SessionReport::ScopeChanged { from: 1, to: 2 };
    assert!(device.reports().contains(&changed));
}
