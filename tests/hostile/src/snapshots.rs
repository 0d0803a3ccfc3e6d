//! Snapshots of documents: what loads is a document, whatever was in the bytes.

use std::panic::catch_unwind;

use canbao_core::document::Volume;

use super::document::{DOCUMENT, DOCUMENT_CHUNK, body_of, honest, sealed};

/// Loads a snapshot as it came, and with its checksum made right.
///
/// The client catches what automerge panics at (`client-tauri/app/src/drafts/snapshot.rs`), and so
/// does this: what is left to hold is that it neither ends the process nor takes more memory or
/// time than it may.
pub fn snapshots(bytes: &[u8]) {
    load(bytes);
    if let Some(body) = body_of(bytes) {
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
