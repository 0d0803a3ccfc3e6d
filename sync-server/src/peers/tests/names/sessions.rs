//! Devices that get no session, or lose the one they have.

use std::collections::VecDeque;

use canbao_core::facts::UnitRecord;
use canbao_core::identity::CreditCode;
use canbao_core::ids::UnitId;
use canbao_core::sync::message::MAX_PARTS;

use super::super::*;
use super::stage::Stage;

/// How the session of the device with this key ends.
async fn end(stage: &Stage, key: &SigningKey, outbox: Vec<Item>) -> SessionEnd {
    let mut device = Device {
        outbox,
        ..Device::default()
    };
    stage.served.session(key, &mut device).await
}

pub(super) async fn unknown_device(stage: &Stage) -> String {
    let stranger = SigningKey::from_seed([77; 32]);
    end(stage, &stranger, Vec::new()).await.code().to_owned()
}

/// The device goes on with a certificate that came after.
pub(super) async fn revoked(stage: &mut Stage) -> String {
    let lost = stage.it().enrol(Mandate::Employer(vec![unit(1)]), 40).await;
    stage.revoke(&lost).await;
    let end = end(stage, &lost.device_key, Vec::new()).await;
    renew(stage, lost).await;
    end.code().to_owned()
}

pub(super) async fn expired(stage: &mut Stage) -> String {
    let late = stage.expired_stranger().await;
    let end = end(stage, &late.device_key, Vec::new()).await;
    renew(stage, late).await;
    end.code().to_owned()
}

/// The peer is from here on who has a new certificate on the refused device.
async fn renew(stage: &mut Stage, ended: Operator) {
    let mandate = Mandate::Employer(vec![unit(1)]);
    let code = stage.it().code(mandate, 42).await;
    let (operator, device) = (OperatorId([42; 16]), ended.certificate.device);
    let key = keys_of(42).0;
    let request = Request::make(&code, operator, &key, device, &ended.device_key);
    let answer = stage.it().centre.enrol(request.clone(), NOW).await.unwrap();
    let (certificate, _) = answer.open(&request.claim).unwrap();
    stage.is_set();
    stage.peer = Operator {
        key,
        device_key: ended.device_key,
        request,
        certificate,
    };
}

/// A labour agency of more units than a scope can tell: each is two parts.
pub(super) async fn scope_too_large(stage: &mut Stage) -> String {
    let numbers = 0..MAX_PARTS as u32 / 2;
    let units: Vec<Fact> = numbers.clone().map(registered).collect();
    for some in units.chunks(1_000) {
        stage.state(some.to_vec()).await;
    }
    let units = numbers.map(id_of).collect();
    let large = stage.it().enrol(Mandate::Employer(units), 40).await;
    stage.is_set();
    let end = end(stage, &large.device_key, Vec::new()).await;
    end.code().to_owned()
}

fn id_of(number: u32) -> UnitId {
    let mut id = [9; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    UnitId(id)
}

fn registered(number: u32) -> Fact {
    let code = |check| format!("91210102M{number:08}{check}").parse::<CreditCode>();
    let checks = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
    Fact::UnitRegistered(UnitRecord {
        id: id_of(number),
        name: "某户".to_owned(),
        district: DISTRICT,
        credit_code: checks.into_iter().find_map(|it| code(it).ok()).unwrap(),
        unemployment_number: format!("U{number:09}").parse().unwrap(),
        pension_number: format!("P{number:09}").parse().unwrap(),
    })
}

/// Sessions of one device until its oldest is ended, by name, for the sake of the newest.
pub(super) async fn too_many(stage: &Stage) -> String {
    let mut held = VecDeque::new();
    loop {
        assert!(held.len() < 100, "no bound");
        let newest = held_open(stage).await;
        held.push_back(newest.expect("a device that proves its key gets its session"));
        if held[0].is_finished() {
            break;
        }
    }
    let oldest = held.pop_front().unwrap().await.unwrap();
    assert!(!held.back().unwrap().is_finished(), "the newest goes on");
    held.iter().for_each(JoinHandle::abort);
    oldest.code().to_owned()
}

/// A session that has settled and goes on, or why there is none.
async fn held_open(stage: &Stage) -> Result<JoinHandle<SessionEnd>, String> {
    let key = &stage.peer.device_key;
    let Connected { connection, .. } = stage.served.connect(Some(key), Alpn::Sync).await;
    let start = DeviceStart {
        feed: stage.it().centre.trust().feed,
        scope_version: 0,
        parts: Parts::new(),
        cursor: 0,
        offers: 0,
        late_from: Some(0),
        packed: false,
    };
    let (sender, settled) = oneshot::channel();
    let mut device = Device {
        until: u64::MAX,
        when_settled: Some(sender),
        ..Device::default()
    };
    let session = tokio::spawn(async move {
        let end = drive_device(&connection, start, &mut device).await;
        end.unwrap_or_else(|never| match never {})
    });
    // The sender is gone where the session ended before.
    match settled.await {
        Ok(()) => Ok(session),
        Err(_) => Err(session.await.unwrap().code().to_owned()),
    }
}

pub(super) async fn too_many_refusals(stage: &Stage) -> String {
    let outbox = vec![Item::Batch(vec![0xff]); 250];
    let end = end(stage, &stage.peer.device_key, outbox).await;
    end.code().to_owned()
}

/// The reason of the closed connection is all that there is to hear it by.
pub(super) async fn no_device_key(stage: &Stage) -> String {
    let Connected { connection, .. } = stage.served.connect(None, Alpn::Sync).await;
    let start = DeviceStart {
        feed: stage.it().centre.trust().feed,
        scope_version: 0,
        parts: Parts::new(),
        cursor: 0,
        offers: 0,
        late_from: Some(0),
        packed: false,
    };
    let mut device = Device::default();
    let end = drive_device(&connection, start, &mut device).await.unwrap();
    let said = end.to_string();
    let name = said.split(' ').find(|it| it.starts_with("transport."));
    name.unwrap_or(&said).to_owned()
}

/// The centre stops under an enrolment, which hears nothing of how it failed.
pub(super) async fn hub_failed(stage: &mut Stage) -> String {
    let code = stage.it().code(Mandate::Employer(vec![unit(1)]), 60).await;
    stage.is_set();
    stage.stop_centre().await;
    let heard = stage.ask(request(&code, 60).to_bytes()).await;
    stage.reopen().await;
    stage.served.enrol(&code, 60).await.unwrap();
    stage.is_set();
    heard
}
