//! Batches that come packed: whether they are asked for, and what becomes of those that no signed
//! batch vouches for.

use std::collections::BTreeSet;

use canbao_core::ids::Position;
use canbao_core::store::{Commit, Stream, View};
use canbao_core::structure::{Packed, unpack};
use canbao_core::sync::Part;
use canbao_core::sync::device::{Backfilled, Coverage};

use crate::app::App;
use crate::drafts::without_snapshots;
use crate::fault::Fault;
use crate::feed::{HeldPack, Stored};
use crate::scope;

/// The key of the mark that packs are not asked for any more.
const OFF_KEY: &[u8] = b"packs-off";

/// The code of a session that ends because of its packs; the next one asks for entries instead.
pub(crate) const REFUSED: &str = "sync.packs_refused";

impl App {
    /// Whether backfills may be packed. Not after packs that could not be used; nor where batches
    /// were made here, since the centre's answer to one is its entry.
    pub(crate) fn takes_packs(&self) -> bool {
        !self.packs_are_off() && self.outbox.batches().next().is_none()
    }

    /// Whether packs could not be used once.
    pub(crate) fn packs_are_off(&self) -> bool {
        matches!(self.store.view(View::Cursor, OFF_KEY), Ok(Some(_)))
    }

    /// The pack of a backfill as it is kept; none where all of it is held already.
    ///
    /// # Errors
    /// [`REFUSED`] where it does not unpack to batches of the part; packs are off then.
    pub(crate) fn pack_of(&mut self, backfilled: &Backfilled) -> Result<Option<Stored>, Fault> {
        let Some(pack) = &backfilled.pack else {
            return Ok(None);
        };
        let unpacked = unpack(pack).map_err(|error| error.to_string());
        let is_of_part = |it: &Packed| it.run.batch.document.audience().key() == backfilled.part.0;
        let problem = match &unpacked {
            Ok(packed) if packed.iter().all(is_of_part) => None,
            Ok(_) => Some("batches of another part"),
            Err(problem) => Some(problem.as_str()),
        };
        if let Some(problem) = problem {
            tracing::warn!(problem, "a pack cannot be used");
            self.refuse_packs()?;
            return Err(Fault::network(REFUSED));
        }
        let mut positions = unpacked.iter().flatten().map(|it| it.position);
        Ok(positions.any(|it| !self.feed.holds(it)).then(|| {
            Stored::Pack(HeldPack {
                received_at: self.world.now(),
                pack: pack.clone(),
            })
        }))
    }

    /// Gives up what came packed: it is asked for again, entry by entry. Nothing made here is
    /// lost, since where something was made nothing is packed.
    pub(crate) fn refuse_packs(&mut self) -> Result<(), Fault> {
        let mut parts = scope::parts(&self.store);
        let mut commit = Commit::new()
            .expecting(Stream::Feed, self.feed.length())
            .put(View::Cursor, OFF_KEY, Vec::new());
        let mut documents = BTreeSet::new();
        let mut places = Vec::new();
        scope::each(&self.store, Stream::Feed, |place, bytes| {
            if let Stored::Pack(held) = Stored::from_bytes(bytes)? {
                places.push(place);
                for (position, document) in held.contents()? {
                    let part = Part(document.audience().key());
                    if let Some(coverage) = parts.get_mut(&part) {
                        *coverage = missing_again(*coverage, position);
                    }
                    documents.insert(document);
                }
            }
            Ok(())
        })?;
        tracing::warn!(packs = places.len(), "packs are given up");
        for place in places {
            commit = commit.erase(Stream::Feed, place);
        }
        for document in &documents {
            commit = without_snapshots(commit, document);
        }
        for (part, coverage) in &parts {
            commit = scope::put_part(commit, part, coverage);
        }
        self.store.commit(commit)?;
        self.read_streams()
    }
}

/// A part of which what lies at a position is missing, too, and all before it.
fn missing_again(coverage: Coverage, position: Position) -> Coverage {
    let behind = position.0.saturating_add(1);
    let upto = match coverage {
        Coverage::Whole => behind,
        Coverage::Missing { upto, .. } => upto.max(behind),
    };
    Coverage::Missing { from: 0, upto }
}
