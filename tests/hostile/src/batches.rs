//! Signed batches: what passes is the one spelling of what it says.

use canbao_core::document::{Batch, Chunk};
use canbao_core::signed::{Signed, decode_canonical, encode};
use canbao_core::structure::{
    ACTOR_BYTES, ChunkError, MAX_BATCH_BYTES, MAX_BATCH_CHANGES, MAX_CHANGE_BYTES, check_batch,
    check_chunk,
};

use super::document::{CHANGE_CHUNK, batch, body_of, honest, sealed};

/// Checks a batch as it came, and with the checksums of its changes made right.
///
/// # Panics
/// Where a batch passes that is larger than any, or that has a second spelling.
pub fn batches(bytes: &[u8]) {
    check(bytes);
    if let Some(repaired) = repaired(bytes) {
        check(&repaired);
    }
}

fn check(bytes: &[u8]) {
    let Ok(checked) = check_batch(bytes) else {
        return;
    };
    assert!(bytes.len() <= MAX_BATCH_BYTES);
    assert_eq!(checked.signed.to_bytes(), bytes);
    assert_eq!(encode(&checked.run.batch), checked.signed.content);
    assert!((1..=MAX_BATCH_CHANGES).contains(&checked.run.heads.len()));
    assert_eq!(checked.run.heads.len(), checked.run.batch.chunks.len());
    for (Chunk(chunk), head) in checked.run.batch.chunks.iter().zip(&checked.run.heads) {
        assert!(chunk.len() <= MAX_CHANGE_BYTES);
        assert_eq!(head.actor.len(), ACTOR_BYTES);
        assert_eq!(head.actor, **checked.run.batch.actor);
        // The bytes of one change have one spelling, under which it has its hash.
        let body = body_of(chunk).expect("a chunk that passed has a header");
        assert_eq!(sealed(CHANGE_CHUNK, body), *chunk);
        check_one_bit(chunk);
    }
}

/// The checksum covers every bit of a change behind it.
fn check_one_bit(chunk: &[u8]) {
    let mut other = chunk.to_vec();
    if let Some(last) = other.last_mut() {
        *last ^= 1;
    }
    assert_eq!(check_chunk(&other), Err(ChunkError::Checksum));
}

fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    let signed = Signed::from_bytes(bytes).ok()?;
    let mut batch: Batch = decode_canonical(&signed.content).ok()?;
    for Chunk(chunk) in &mut batch.chunks {
        *chunk = sealed(CHANGE_CHUNK, body_of(chunk)?);
    }
    let content = encode(&batch);
    Some(Signed { content, ..signed }.to_bytes())
}

/// Every honest change alone, and those of one device together.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let alone = honest().iter().map(|chunk| vec![chunk.clone()]);
    let together = [&honest()[..3], &honest()[..2]].map(<[Chunk]>::to_vec);
    alone.chain(together).filter_map(batch).collect()
}
