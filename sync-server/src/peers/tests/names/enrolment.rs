//! Requests that certify nothing.

use canbao_core::certificate::RootHash;
use canbao_core::enrolment::{Ask, Rekey};
use canbao_core::ids::{CertificateSerial, DeviceId};

use super::super::*;
use super::stage::{LONG_AGO, Stage};
use crate::centre::CodeOrder;

/// The keys of who asks.
const ASKING: u8 = 60;

async fn code(stage: &mut Stage) -> EnrolmentCode {
    let mandate = Mandate::Employer(vec![unit(1)]);
    let code = stage.it().code(mandate, ASKING).await;
    stage.is_set();
    code
}

pub(super) async fn other_centre(stage: &mut Stage) -> String {
    let mut code = code(stage).await;
    code.root.0[0] ^= 1;
    stage.ask(request(&code, ASKING).to_bytes()).await
}

pub(super) async fn unproven(stage: &mut Stage) -> String {
    let mut request = request(&code(stage).await, ASKING);
    request.claim.operator = OperatorId([9; 16]);
    stage.ask(request.to_bytes()).await
}

pub(super) async fn unknown_code(stage: &mut Stage) -> String {
    let mut code = code(stage).await;
    code.secret = [88; 16];
    stage.ask(request(&code, ASKING).to_bytes()).await
}

pub(super) async fn used_code(stage: &mut Stage) -> String {
    let code = code(stage).await;
    stage.served.enrol(&code, ASKING).await.unwrap();
    stage.is_set();
    stage.ask(request(&code, ASKING + 1).to_bytes()).await
}

pub(super) async fn expired_code(stage: &mut Stage) -> String {
    let order = CodeOrder {
        mandate: Mandate::Employer(vec![unit(1)]),
        operator_name: "同事".to_owned(),
        valid_seconds: 3600,
        secret: [ASKING; 16],
    };
    let code = stage.it().centre.issue_code(order, LONG_AGO).await.unwrap();
    stage.is_set();
    stage.ask(request(&code, ASKING).to_bytes()).await
}

/// The peer's device under the id of another.
pub(super) async fn other_device(stage: &mut Stage) -> String {
    let code = code(stage).await;
    let (operator, device) = (OperatorId([ASKING; 16]), DeviceId([99; 16]));
    let (key, device_key) = (keys_of(ASKING).0, &stage.peer.device_key);
    let request = Request::make(&code, operator, &key, device, device_key);
    stage.ask(request.to_bytes()).await
}

/// New keys for a certificate of so many units that no answer holds it.
pub(super) async fn too_large(stage: &mut Stage) -> String {
    let units = vec![unit(1); 2_000];
    let large = stage.it().enrol(Mandate::Employer(units), 40).await;
    stage.is_set();
    rekey(stage, &large, large.certificate.serial).await
}

pub(super) async fn unknown_certificate(stage: &mut Stage) -> String {
    rekey(stage, &stage.peer, CertificateSerial(999)).await
}

pub(super) async fn revoked(stage: &mut Stage) -> String {
    let ended = stage.colleague().await;
    stage.revoke(&ended).await;
    rekey(stage, &ended, ended.certificate.serial).await
}

pub(super) async fn expired(stage: &mut Stage) -> String {
    let ended = stage.expired_colleague().await;
    rekey(stage, &ended, ended.certificate.serial).await
}

async fn rekey(stage: &Stage, operator: &Operator, serial: CertificateSerial) -> String {
    let (key, device_key) = keys_of(ASKING);
    let rekey = Rekey::make(
        RootHash::of(&stage.it().centre.trust().root),
        operator.certificate.device,
        (&operator.device_key, &device_key),
        &[(serial, &operator.key, &key)],
    );
    stage.ask(Ask::Rekey(rekey).to_bytes()).await
}

/// Tries until another name comes than that of the malformed request.
pub(super) async fn too_many(stage: &Stage) -> String {
    for _ in 0..100 {
        let heard = stage.ask(vec![0xff]).await;
        if heard != "enrolment.malformed" {
            return heard;
        }
    }
    panic!("no bound")
}
