//! Batches of good form that are not admitted.

use canbao_core::document::{ActorId, DocumentId, SignedBatch};
use canbao_core::facts::Fact;
use canbao_core::ids::{CertificateSerial, VolumeId};
use canbao_core::signing::SigningKey;
use canbao_core::structure::check_batch;
use canbao_core::sync::Item;

use super::change::RawChange;
use super::stage::Stage;
use super::structure::{batch, change};
use crate::centre::tests::fixture::*;

pub(super) fn unknown_signer(stage: &Stage) -> Item {
    batch(stage, |it| it.signer = CertificateSerial(999))
}

pub(super) fn forged(stage: &Stage) -> Item {
    let (Item::Batch(bytes) | Item::Statement(bytes)) = batch(stage, |_| {});
    let batch = check_batch(&bytes).unwrap().run.batch;
    Item::Batch(SignedBatch::make(&batch, &SigningKey::from_seed([99; 32])).0)
}

/// Another operator of the same device is in force, so that there is a session.
pub(super) async fn revoked(stage: &mut Stage) -> String {
    let ended = stage.colleague().await;
    stage.revoke(&ended).await;
    stage.offer(Item::Batch(ended.batch(1, 1))).await
}

pub(super) async fn expired(stage: &mut Stage) -> String {
    let ended = stage.expired_colleague().await;
    stage.offer(Item::Batch(ended.batch(1, 1))).await
}

pub(super) fn not_your_document(stage: &Stage) -> Item {
    Item::Batch(stage.peer.batch(2, 1))
}

pub(super) async fn volume_sealed(stage: &mut Stage) -> String {
    let volume = VolumeId(2023);
    let facts = vec![Fact::VolumeOpened { volume }, Fact::VolumeSealed { volume }];
    stage.state(facts).await;
    let document = DocumentId::EmployerVolume(unit(1), volume);
    let actor = ActorId::new(stage.peer.certificate.device, [1; 8]);
    let first = RawChange::first(&document, actor.0);
    let late = batch(stage, |it| {
        it.document = document;
        it.chunks = vec![first.chunk()];
    });
    stage.offer(late).await
}

pub(super) fn skipped(stage: &Stage) -> Item {
    let actor = ActorId::new(stage.peer.certificate.device, [1; 8]);
    let document = DocumentId::EmployerVolume(unit(1), VOLUME);
    let mut second = RawChange::first(&document, actor.0);
    second.seq = 2;
    batch(stage, |it| {
        it.chunks = vec![second.chunk()];
        (it.from, it.to) = (2, 2);
    })
}

pub(super) fn unknown_dependency(stage: &Stage) -> Item {
    change(stage, |it| it.dependencies = vec![[7; 32]])
}
