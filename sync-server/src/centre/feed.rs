//! What is read without the writer: the feed of some audiences, proofs and tiles.

use std::collections::BTreeSet;
use std::ops::Range;

use canbao_core::facts::{Audience, Fact};
use canbao_core::ids::Position;
use canbao_core::ledger::merkle::{Hash, TreeHead};
use canbao_core::ledger::nodes::TileNodes;
use canbao_core::ledger::range;
use canbao_core::ledger::tile::TileId;
use canbao_core::store::{Store, Stream};
use canbao_core::structure::{CheckedRun, Packer, check_batch};
use canbao_core::sync::hub::{FeedPage, PartPage};
use canbao_core::sync::message::{ProofHash, ProofWanted};
use canbao_core::sync::{MAX_ENTRY, RangeProof, Refusal};

use super::answer::Unavailable;
use super::recent::Recent;
use super::stored::{Stored, unreadable};
use super::{listed, places};

/// A page of the entries of these audiences, none behind the range.
pub(super) fn page(
    store: &Store,
    recent: &Recent,
    audiences: &[Audience],
    range: Range<u64>,
    max_items: usize,
    max_bytes: usize,
) -> Result<FeedPage, Unavailable> {
    let head = range.end;
    if range.is_empty() || max_items == 0 {
        return Ok(FeedPage {
            entries: Vec::new(),
            upto: range.start.min(head),
            head,
        });
    }
    let (positions, mut upto) = match recent.positions(audiences, &range) {
        Some(positions) => (positions, head),
        None => positions(store, audiences, range, max_items)?,
    };
    let mut entries = Vec::new();
    let mut bytes = 0;
    for position in positions {
        let stored = stored_at(store, position)?;
        bytes += stored.entry.len();
        if entries.len() == max_items || (bytes > max_bytes && !entries.is_empty()) {
            upto = position;
            break;
        }
        entries.push(stored.into_entry(position));
    }
    Ok(FeedPage {
        entries,
        upto,
        head,
    })
}

/// A page of one audience's entries for a backfill, none at or above `upto`. Where it may be
/// packed, batches that are built upon below `upto` go into the pack: the batch that was built
/// on them, or one after it, stands among the entries with its signature.
pub(super) fn part(
    store: &Store,
    audience: Audience,
    (from, upto): (u64, u64),
    packed: bool,
    max_items: usize,
    max_bytes: usize,
) -> Result<PartPage, Unavailable> {
    if !packed {
        let old = Recent::at(upto);
        let page = page(store, &old, &[audience], from..upto, max_items, max_bytes)?;
        return Ok(PartPage {
            entries: page.entries,
            pack: None,
            upto: page.upto,
        });
    }
    let (positions, mut seen) = positions(store, &[audience], from..upto, max_items)?;
    let (mut entries, mut packer, mut bytes) = (Vec::new(), Packer::default(), 0);
    for position in positions {
        let stored = stored_at(store, position)?;
        let in_all = bytes + packer.bytes();
        if in_all + stored.entry.len() > max_bytes && in_all > 0 {
            seen = position;
            break;
        }
        match packable(store, &stored, position, upto)? {
            Some(run) => packer
                .add(Position(position), &run)
                .map_err(|error| unreadable(position, &error))?,
            None => {
                bytes += stored.entry.len();
                entries.push(stored.into_entry(position));
            }
        }
    }
    let pack = packer.finish();
    assert!(
        pack.as_ref().is_none_or(|it| it.len() <= MAX_ENTRY),
        "a page is smaller than what a message carries"
    );
    Ok(PartPage {
        entries,
        pack,
        upto: seen,
    })
}

/// The batch of an entry, where another one below `upto` was built on it.
fn packable(
    store: &Store,
    stored: &Stored,
    position: u64,
    upto: u64,
) -> Result<Option<CheckedRun>, Unavailable> {
    let Some(Fact::BatchAdmitted { document, batch }) = stored.read(position)?.fact else {
        return Ok(None);
    };
    // One that a newer program admitted travels as it is.
    let Ok(checked) = check_batch(&batch) else {
        return Ok(None);
    };
    let (view, key) = places::followed(&document, &checked.run.tip());
    let follower = store.view(view, &key)?.as_deref().and_then(places::number);
    Ok(follower.is_some_and(|it| it < upto).then_some(checked.run))
}

/// The next positions of any of these audiences, merged, and the position up to which the merge
/// is whole.
fn positions(
    store: &Store,
    audiences: &[Audience],
    range: Range<u64>,
    max_items: usize,
) -> Result<(BTreeSet<u64>, u64), Unavailable> {
    let mut found = BTreeSet::new();
    let mut whole = range.end;
    for audience in audiences {
        // No audience needs to be asked beyond what another one left unread.
        let own = listed::positions(store, audience, range.start..whole, max_items)?;
        if let Some(last) = own.last().filter(|_| own.len() == max_items) {
            whole = last + 1;
        }
        found.extend(own);
        // An agency has thousands of audiences: no more is held than a page takes.
        while found.len() > max_items
            && let Some(last) = found.pop_last()
        {
            whole = whole.min(last);
        }
    }
    found.split_off(&whole);
    Ok((found, whole))
}

fn stored_at(store: &Store, position: u64) -> Result<Stored, Unavailable> {
    let bytes = store
        .get(Stream::Feed, position)?
        .ok_or_else(|| unreadable(position, &"it is not there"))?;
    Stored::from_bytes(position, &bytes)
}

/// Proves a run of entries against a signed head.
pub(super) fn prove(
    store: &Store,
    wanted: ProofWanted,
    tree: TreeHead,
    note: &str,
) -> Result<RangeProof, Refusal> {
    let load = |id: TileId| {
        let (view, key) = places::tile(&id);
        store.view(view, &key).ok().flatten()
    };
    let nodes = TileNodes::new(tree.size, &load);
    let node = |level, at| nodes.node(level, at);
    let (first, count) = (wanted.first, wanted.count);
    let made = range::RangeProof::make(&node, first.0, u64::from(count), tree.size)
        .map_err(|error| Refusal::new((&error).into(), &error.to_string()))?;
    let hashes = made
        .hashes
        .into_iter()
        .map(|Hash(hash)| ProofHash(hash))
        .collect();
    Ok(RangeProof {
        first,
        count,
        checkpoint: note.to_owned(),
        hashes,
    })
}

/// The bytes of a tile by its path, where a tree of this size has it.
pub(super) fn tile(store: &Store, path: &str, size: u64) -> Result<Option<Vec<u8>>, Unavailable> {
    let Ok(id) = path.parse::<TileId>() else {
        return Ok(None);
    };
    let widest = TileId::in_tree(id.row(), id.index(), size);
    if widest.is_none_or(|it| it.width() < id.width()) {
        return Ok(None);
    }
    let (view, key) = places::tile(&id);
    let stored = store.view(view, &key)?;
    Ok(stored.and_then(|bytes| id.take(&bytes).map(<[u8]>::to_vec)))
}
