//! Packs of batches: what unpacks is of good form, and is what was packed.

use canbao_core::ids::Position;
use canbao_core::structure::{
    History, MAX_CHANGE_BYTES, Packed, Packer, check_batch, check_chunk, contents, unpack,
};

use super::document::{DOCUMENT, batch, honest};

/// Unpacks what came; what comes out has the form of batches, packs again to the same, and is
/// judged by the structure check without harm.
pub fn packs(bytes: &[u8]) {
    let Ok(packed) = unpack(bytes) else { return };
    let places: Vec<Position> = packed.iter().map(|it| it.position).collect();
    let said = contents(bytes).expect("what unpacks can be looked into");
    assert!(said.iter().map(|(position, _)| *position).eq(places));
    let mut history = History::new(DOCUMENT);
    let mut packer = Packer::default();
    for it in &packed {
        assert_eq!(it.run.heads.len(), it.run.batch.chunks.len());
        for (chunk, head) in it.run.batch.chunks.iter().zip(&it.run.heads) {
            assert!(chunk.0.len() <= MAX_CHANGE_BYTES);
            assert_eq!(check_chunk(&chunk.0).as_ref(), Ok(head));
        }
        let _ = history.check(&it.run);
        let added = packer.add(it.position, &it.run);
        assert_eq!(added, Ok(()));
    }
    if let Some(again) = packer.finish() {
        assert_eq!(unpack(&again), Ok(packed));
    }
}

/// Packs of the first, of all, and of the last of the honest changes.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let runs = honest().iter().map(|chunk| {
        let bytes = batch(vec![chunk.clone()]).expect("honest changes say who they are");
        check_batch(&bytes).expect("honest changes pass").run
    });
    let packed = (3..).step_by(2).map(Position).zip(runs);
    let packed: Vec<Packed> = packed
        .map(|(position, run)| Packed { position, run })
        .collect();
    let parts = [&packed[..1], &packed[..], &packed[4..]];
    parts.into_iter().map(pack).collect()
}

fn pack(batches: &[Packed]) -> Vec<u8> {
    let mut packer = Packer::default();
    for it in batches {
        let added = packer.add(it.position, &it.run);
        added.expect("honest changes pack");
    }
    packer.finish().expect("something was packed")
}
