//! Views derived again from the log where they are missing, behind or of another version.

use canbao_core::ledger::frontier::Frontier;
use canbao_core::store::{Commit, Store, Stream};

use super::answer::Unavailable;
use super::desk::note;
use super::index::{self, VIEWS_VERSION};
use super::places;
use super::stored::Stored;
use crate::keys::Keys;

/// How many entries are read for one commit of views.
const PAGE: usize = 512;
/// How many bytes of entries.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Brings the views up to the durable log and gives the tree's edge there.
pub(super) fn bring_up(store: &Store, keys: &Keys) -> Result<Frontier, Unavailable> {
    let length = store.length(Stream::Feed)?;
    let mut frontier = match usable(store, length)? {
        Some(frontier) => frontier,
        None => {
            store.clear_views()?;
            Frontier::empty()
        }
    };
    if frontier.size() == length && length > 0 {
        return Ok(frontier);
    }
    tracing::info!(
        from = frontier.size(),
        to = length,
        "deriving the views from the log"
    );
    loop {
        frontier = cover_page(store, keys, &frontier)?;
        if frontier.size() == length {
            return Ok(frontier);
        }
    }
}

/// Adds to a commit how far the views cover the log after it, and the signed head there.
pub(super) fn with_head(commit: Commit, frontier: &Frontier, keys: &Keys) -> Commit {
    let marker = [
        &VIEWS_VERSION.to_be_bytes()[..],
        &frontier.size().to_be_bytes(),
    ]
    .concat();
    let (view, covered) = places::covered();
    let (_, checkpoint) = places::checkpoint();
    commit
        .put(view, covered, marker)
        .put(view, checkpoint, note(frontier, keys))
}

/// The edge of the tree that the views cover, unless they have to be derived from the start.
fn usable(store: &Store, length: u64) -> Result<Option<Frontier>, Unavailable> {
    let (view, key) = places::covered();
    let Ok(Some(marker)) = store.view(view, &key) else {
        return Ok(None);
    };
    let Some((version, covered)) = marker.split_first_chunk() else {
        return Ok(None);
    };
    let covered = places::number(covered).filter(|it| *it <= length);
    let (true, Some(covered)) = (u32::from_be_bytes(*version) == VIEWS_VERSION, covered) else {
        return Ok(None);
    };
    let restored = Frontier::restore(covered, |id| {
        let (view, key) = places::tile(&id);
        store.view(view, &key).ok().flatten()
    });
    match restored {
        Ok(frontier) => Ok(Some(frontier)),
        Err(error) => {
            tracing::warn!(code = error.code(), "the tiles do not fit the log");
            Ok(None)
        }
    }
}

fn cover_page(store: &Store, keys: &Keys, frontier: &Frontier) -> Result<Frontier, Unavailable> {
    let page = store.read(Stream::Feed, frontier.size(), PAGE, PAGE_BYTES)?;
    let mut commit = Commit::new();
    let mut leaves = Vec::with_capacity(page.len());
    for (position, bytes) in page {
        let stored = Stored::from_bytes(position, &bytes)?;
        leaves.push(stored.commitment());
        for ((view, key), value) in index::changes(store, &stored.read(position)?) {
            commit = match value {
                Some(value) => commit.put(view, key, value),
                None => commit.remove(view, key),
            };
        }
    }
    let growth = frontier.append(&leaves);
    for tile in growth.tiles {
        let (view, key) = places::tile(&tile.id);
        commit = commit.put(view, key, tile.bytes);
    }
    store.commit(with_head(commit, &growth.frontier, keys))?;
    Ok(growth.frontier)
}
