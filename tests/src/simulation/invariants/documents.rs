//! Documents: the same admitted batches give the same document on every device.

use std::collections::BTreeMap;

use canbao_client::App;
use canbao_core::document::{Chunk, DocumentId, Note, Overlay, StoredDraft, Volume};
use canbao_core::facts::Fact;
use canbao_core::structure::check_batch;

use super::super::truth::Seen;

/// A device with nothing of its own on the way shows, of each document, what the batches
/// admitted to it make, and no other document.
///
/// Any two devices of an owner with the same batches then show the same.
pub(in crate::simulation) fn same_batches_same_document<'a>(
    app: &App,
    visible: impl Iterator<Item = &'a Seen>,
) -> Result<(), String> {
    let mut admitted: BTreeMap<DocumentId, Vec<Chunk>> = BTreeMap::new();
    for seen in visible {
        if let Fact::BatchAdmitted { document, batch } = &seen.fact {
            let checked = check_batch(batch).map_err(|error| error.to_string())?;
            let chunks = admitted.entry(*document).or_default();
            chunks.extend(checked.run.batch.chunks);
        }
    }
    for (document, chunks) in &admitted {
        let expected = Volume::replay(*document, chunks).map_err(|error| error.to_string())?;
        let shown = app
            .document(document)
            .ok_or_else(|| format!("{document:?} is not shown"))?;
        if contents(shown) != contents(&expected) {
            return Err(format!(
                "{document:?} is shown otherwise than its batches make it"
            ));
        }
    }
    let other = app
        .documents()
        .into_iter()
        .find(|it| !admitted.contains_key(it));
    match other.and_then(|it| app.document(&it)) {
        Some(volume) if contents(volume) != (Vec::new(), Vec::new(), Vec::new()) => Err(format!(
            "{:?} is shown, to which nothing was admitted",
            volume.id()
        )),
        Some(_) | None => Ok(()),
    }
}

/// Everything that a document shows, with its conflicts.
fn contents(volume: &Volume) -> (Vec<StoredDraft>, Vec<Note>, Vec<Overlay>) {
    (volume.drafts(), volume.notes(), volume.overlays())
}
