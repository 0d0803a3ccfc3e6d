//! Batches whose form is at fault; signed well, so that nothing else is.

use canbao_core::document::{ActorId, Batch, DocumentId, SCHEMA_VERSION, SignedBatch};
use canbao_core::sync::Item;

use super::change::RawChange;
use super::stage::Stage;
use crate::centre::tests::fixture::*;

/// Of the peer, with this change made to it.
pub(super) fn batch(stage: &Stage, alter: impl FnOnce(&mut Batch)) -> Item {
    let first = first(stage);
    let mut batch = Batch {
        document: document(),
        actor: first.actor.clone().into(),
        from: 1,
        to: 1,
        signer: stage.peer.certificate.serial,
        chunks: vec![first.chunk()],
        schema: SCHEMA_VERSION,
    };
    alter(&mut batch);
    Item::Batch(SignedBatch::make(&batch, &stage.peer.key).0)
}

/// A batch with this done to the bytes of its change.
pub(super) fn chunk(stage: &Stage, alter: impl FnOnce(&mut Vec<u8>)) -> Item {
    batch(stage, |it| alter(&mut it.chunks[0].0))
}

/// A batch whose change has another part, and its right checksum.
pub(super) fn change(stage: &Stage, alter: impl FnOnce(&mut RawChange)) -> Item {
    let mut change = first(stage);
    alter(&mut change);
    batch(stage, |it| it.chunks = vec![change.chunk()])
}

/// Two changes of which the second builds on the genesis alone.
pub(super) fn two_apart(stage: &Stage) -> Item {
    let mut second = first(stage);
    second.seq = 2;
    batch(stage, |it| {
        it.chunks.push(second.chunk());
        it.to = 2;
    })
}

pub(super) fn batch_too_large() -> Item {
    Item::Batch(vec![0; 192 * 1024 + 1])
}

pub(super) fn not_signed(stage: &Stage) -> Item {
    let (Item::Batch(bytes) | Item::Statement(bytes)) = batch(stage, |_| {});
    Item::Batch(bytes[1..].to_vec())
}

/// The array of the signed value with its length in two bytes.
pub(super) fn signed_otherwise(stage: &Stage) -> Item {
    let (Item::Batch(bytes) | Item::Statement(bytes)) = batch(stage, |_| {});
    assert_eq!(bytes[0], 0x83);
    Item::Batch([&[0x98, 3], &bytes[1..]].concat())
}

fn document() -> DocumentId {
    DocumentId::EmployerVolume(unit(1), VOLUME)
}

fn first(stage: &Stage) -> RawChange {
    let actor = ActorId::new(stage.peer.certificate.device, [1; 8]);
    RawChange::first(&document(), actor.0)
}
