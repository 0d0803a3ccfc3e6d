//! Snapshots of documents: what loads is a document, whatever was in the bytes.

mod claims;

use std::panic::catch_unwind;

use canbao_core::document::Volume;

use super::document::{DOCUMENT, DOCUMENT_CHUNK, body_of, honest, sealed};

/// Loads a snapshot as it came, and with its checksum made right.
///
/// The client catches what automerge panics at (`client-tauri/app/src/drafts/snapshot.rs`), and so
/// does this: what is left to hold is that it neither ends the process nor takes more memory or
/// time than it may. Damage does not come with a right checksum; whoever makes one can claim rows
/// without end, and those are left out here.
pub fn snapshots(bytes: &[u8]) {
    load(bytes);
    if let Some(body) = body_of(bytes)
        && claims::are_few(body)
    {
        load(&sealed(DOCUMENT_CHUNK, body));
    }
}

fn load(bytes: &[u8]) {
    let loaded = catch_unwind(|| Volume::load(DOCUMENT, bytes).map(|volume| volume.heads()));
    let Ok(Ok(heads)) = loaded else { return };
    assert!(heads.is_sorted());
}

/// The documents after each of the honest changes.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    (0..=honest().len())
        .map(|place| {
            let volume = Volume::replay(DOCUMENT, &honest()[..place]);
            volume.expect("honest changes apply").save()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_snapshot_is_loaded_with_its_checksum_made_right() {
        for seed in seeds() {
            let body = body_of(&seed).unwrap();
            assert!(claims::are_few(body));
            assert_eq!(sealed(DOCUMENT_CHUNK, body), seed);
        }
    }
}
