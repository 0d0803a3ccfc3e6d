//! One document on this device: opened by a snapshot or by all its changes, followed by the feed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use canbao_core::document::Action;
use canbao_core::document::{ActorId, Chunk, DocumentError, DocumentId, Own, Volume};
use canbao_core::ids::Position;
use canbao_core::store::Commit;
use canbao_core::structure::{BatchError, ChangeHash, CheckedRun, History, StructureError};
use canbao_core::time::Timestamp;

use super::snapshot::{Id, Snapshot, generations};
use super::source::{AdmittedBatch, Read, Source};
use crate::fault::Fault;
use crate::feed::Admitted;

/// So many changes are in a document before a snapshot of it is taken anew: opening replays no
/// more than these.
const SNAPSHOT_EVERY: usize = 64;

/// A document and how far the feed is in it.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(super) volume: Volume,
    /// What the structure check knows; built when the first batch of another device comes.
    history: Option<History>,
    /// Every admitted batch below this place of the feed's stream was looked at.
    seen: u64,
    /// Admitted batches that are not in the document: those that build on some that are not
    /// here and come by a backfill, and those of a newer schema.
    ahead: Vec<Admitted>,
    /// Changes taken in since the newest snapshot, and that one's generation.
    since: usize,
    generation: u64,
}

/// What became of the batches looked at.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Those that are left out, on every device alike.
    pub(super) left_out: Vec<(Position, &'static str)>,
    /// Those that a newer program has to read.
    pub(super) newer: Vec<Position>,
    /// Whether some came packed and no signed one leads to them.
    pub(super) unvouched: bool,
}

/// An admitted batch on its way into the document.
struct Incoming {
    position: Position,
    run: CheckedRun,
}

impl Replica {
    /// A document without a change.
    pub(super) fn empty(id: DocumentId) -> Result<Self, Fault> {
        Ok(Self {
            volume: Volume::replay(id, [])?,
            history: None,
            seen: 0,
            ahead: Vec::new(),
            since: 0,
            generation: 0,
        })
    }

    /// The document as of its newest snapshot that holds, else without a change.
    pub(super) fn open(id: DocumentId, source: &Source<'_>) -> Result<Self, Fault> {
        for (_, snapshot) in generations(source.store, id) {
            if !still_holds(&snapshot, id, source) {
                continue;
            }
            if let Some(volume) = snapshot.load(id) {
                return Ok(Self {
                    volume,
                    seen: snapshot.feed_through,
                    generation: snapshot.generation,
                    ..Self::empty(id)?
                });
            }
        }
        Self::empty(id)
    }

    /// Takes in what the feed admitted since.
    pub(super) fn catch_up(&mut self, source: &Source<'_>) -> Result<Outcome, Fault> {
        let id = self.volume.id();
        let mut outcome = Outcome::default();
        let mut new = std::mem::take(&mut self.ahead);
        let admitted = source.admitted(&id).iter();
        new.extend(admitted.filter(|it| it.place >= self.seen));
        new.sort_by_key(|it| it.position);
        self.seen = source.feed.length();
        if new.is_empty() {
            return Ok(outcome);
        }
        // The structure was checked when this device made them; anything else is checked now.
        let foreign = new.iter().any(|it| !source.is_own(it));
        if foreign && self.history.is_none() {
            self.history = Some(self.known(&new, source)?);
        }
        let read = source.read(&new).collect::<Result<Vec<Read>, Fault>>()?;
        let vouched_for = vouched_for(&read, source);
        let mut good = Vec::new();
        for Read { admitted, batch } in read {
            let position = admitted.position;
            match self.judge(&admitted, batch, &vouched_for, source) {
                Judged::Good(run) => good.push(Incoming { position, run }),
                Judged::Ahead => self.ahead.push(admitted),
                // It stays ahead, so that no snapshot passes it over before the update.
                Judged::Newer => {
                    outcome.newer.push(position);
                    self.ahead.push(admitted);
                }
                Judged::Unvouched => outcome.unvouched = true,
                Judged::LeftOut(code) => outcome.left_out.push((position, code)),
            }
        }
        self.apply(&good, &mut outcome);
        Ok(outcome)
    }

    /// Takes in what was made here and waits.
    pub(super) fn take_own(&mut self, source: &Source<'_>) -> Result<(), Fault> {
        let mut chunks = Vec::new();
        for item in source.waiting(self.volume.id()) {
            chunks.extend(source.own_batch(item.sequence)?.run.batch.chunks);
        }
        self.volume.extend(&chunks)?;
        self.since += chunks.len();
        Ok(())
    }

    /// Carries out actions on a copy: the document stays as it is until [`Self::acted`].
    pub(crate) fn act(
        &self,
        actor: &ActorId,
        actions: &[Action],
        at: Timestamp,
    ) -> Result<(Volume, Vec<Own>), DocumentError> {
        let mut volume = self.volume.clone();
        let acted = actions.iter().map(|it| volume.act(actor, it, at));
        let own = acted.collect::<Result<_, _>>()?;
        Ok((volume, own))
    }

    /// Takes the copy over, once its changes are durable.
    pub(crate) fn acted(&mut self, volume: Volume, changes: usize) {
        self.volume = volume;
        self.since += changes;
    }

    /// The commit of a snapshot, where enough has changed since the last one.
    pub(crate) fn due_snapshot(&mut self, source: &Source<'_>) -> Option<Commit> {
        let id = self.volume.id();
        // Where a part of the feed is missing still, older batches may come.
        let whole = self.ahead.is_empty() && !source.feed.incomplete.contains(&id.audience());
        if self.since < SNAPSHOT_EVERY || !whole {
            return None;
        }
        self.since = 0;
        self.generation += 1;
        let waiting = source.waiting(id).map(|it| Id(it.id)).collect();
        let snapshot = Snapshot::of(&self.volume, self.generation, self.seen, waiting);
        Some(snapshot.put(source.store, id))
    }

    /// The structure check's knowledge of everything admitted before the `new` ones.
    fn known(&self, new: &[Admitted], source: &Source<'_>) -> Result<History, Fault> {
        let id = self.volume.id();
        let mut history = History::new(id);
        let new: BTreeSet<Position> = new.iter().map(|it| it.position).collect();
        let known = source.admitted(&id).iter();
        for read in source.read(known.filter(|it| !new.contains(&it.position))) {
            // What was left out then is left out now.
            if let Ok(batch) = read?.batch {
                let _ = history.check(&batch.into_run());
            }
        }
        Ok(history)
    }

    fn judge(
        &mut self,
        admitted: &Admitted,
        batch: Result<AdmittedBatch, BatchError>,
        vouched_for: &BTreeSet<ChangeHash>,
        source: &Source<'_>,
    ) -> Judged {
        let run = match batch {
            Ok(AdmittedBatch::Signed(batch)) => {
                if !source.is_own(admitted)
                    && let Err(code) = source.verify(&batch)
                {
                    return Judged::LeftOut(code);
                }
                batch.run
            }
            Ok(AdmittedBatch::Packed(run)) if vouched_for.contains(&run.tip()) => run,
            Ok(AdmittedBatch::Packed(_)) => return Judged::Unvouched,
            Err(BatchError::NewerSchema(_)) => return Judged::Newer,
            Err(error) => return Judged::LeftOut(error.code()),
        };
        match self.history.as_mut().map(|it| it.check(&run)) {
            None | Some(Ok(())) => Judged::Good(run),
            Some(Err(StructureError::UnknownDependency)) => Judged::Ahead,
            Some(Err(error)) => Judged::LeftOut(error.code()),
        }
    }

    /// Applies batches together; where that fails, by halves, until the one that does not apply
    /// stands alone.
    fn apply(&mut self, batches: &[Incoming], outcome: &mut Outcome) {
        if batches.is_empty() {
            return;
        }
        let mut volume = self.volume.clone();
        let chunks: Vec<&Chunk> = batches.iter().flat_map(|it| &it.run.batch.chunks).collect();
        let count = chunks.len();
        let applied = catch_unwind(AssertUnwindSafe(|| volume.extend(chunks)));
        match (applied, batches) {
            (Ok(Ok(())), _) => {
                self.volume = volume;
                self.since += count;
            }
            (Ok(Err(_)) | Err(_), [one]) => {
                outcome
                    .left_out
                    .push((one.position, "document.does_not_apply"));
            }
            (Ok(Err(_)) | Err(_), several) => {
                let (first, second) = several.split_at(several.len() / 2);
                self.apply(first, outcome);
                self.apply(second, outcome);
            }
        }
    }
}

/// What the checks say of an admitted batch.
enum Judged {
    Good(CheckedRun),
    Ahead,
    Newer,
    Unvouched,
    LeftOut(&'static str),
}

/// The changes that the signed batches among these lead to: whoever signed a change vouches for
/// all that it depends on. Nothing is asked where nothing came packed.
fn vouched_for(read: &[Read], source: &Source<'_>) -> BTreeSet<ChangeHash> {
    let mut vouched_for = BTreeSet::new();
    let is_packed = |it: &Read| matches!(it.batch, Ok(AdmittedBatch::Packed(_)));
    if !read.iter().any(is_packed) {
        return vouched_for;
    }
    // The centre admits a batch after those that it depends on.
    for it in read.iter().rev() {
        match &it.batch {
            Ok(AdmittedBatch::Signed(batch)) if source.verify(batch).is_ok() => {
                vouched_for.extend(batch.run.outside_dependencies());
            }
            Ok(AdmittedBatch::Packed(run)) if vouched_for.contains(&run.tip()) => {
                vouched_for.extend(run.outside_dependencies());
            }
            Ok(AdmittedBatch::Signed(_) | AdmittedBatch::Packed(_)) | Err(_) => {}
        }
    }
    vouched_for
}

/// Whether every change in a snapshot is in the document still: one made here may have been
/// refused since.
fn still_holds(snapshot: &Snapshot, id: DocumentId, source: &Source<'_>) -> bool {
    use crate::outbox::BatchState::{Admitted, Waiting};
    let waiting = &snapshot.waiting;
    let standing = source
        .own(id)
        .filter(|(item, state)| {
            matches!(state, Waiting | Admitted) && waiting.contains(&Id(item.id))
        })
        .count();
    snapshot.feed_through <= source.feed.length() && standing == waiting.len()
}
