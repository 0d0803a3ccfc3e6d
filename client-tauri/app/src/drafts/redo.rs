//! Refused changes: they stay in quarantine with their reason, and what the user did is done
//! again under a fresh actor, without anyone typing it twice (architecture, section 3).

use std::collections::BTreeSet;

use canbao_core::document::{
    Action, ActorId, Batch, Change, Chunk, DocumentError, DocumentId, Own, SignedBatch, Volume,
};
use canbao_core::structure::{ChangeHash, ChangeHead, CheckedBatch, check_batch};
use canbao_core::time::Timestamp;

use super::source::Source;
use crate::app::App;
use crate::fault::Fault;
use crate::identity::Operator;
use crate::outbox::{BatchState, Made};
use crate::succession::Ending;

/// A change is done again so many times; what is refused then waits for a person.
const TIMES: usize = 3;

/// A change made here that cannot stand as it is: refused, or built on a refused one.
struct Fallen {
    id: [u8; 32],
    /// Why the centre refused it; none where it was only built on a refused one.
    refusal: Option<String>,
    times: usize,
    action: Action,
    at: Timestamp,
    batch: CheckedBatch,
}

impl App {
    /// Does again what the centre refused and what was built on it, document by document. What
    /// cannot be done again yet, for want of an open volume or a certificate, waits.
    pub(crate) fn mend(&mut self) -> Result<(), Fault> {
        let refused = self.outbox.batches().filter(|(_, item)| {
            matches!(
                self.outbox.batch_state(item, &self.feed),
                BatchState::Refused(_)
            )
        });
        let documents: BTreeSet<DocumentId> = refused.map(|(document, _)| document).collect();
        documents
            .into_iter()
            .try_for_each(|it| self.mend_document(it))
    }

    fn mend_document(&mut self, document: DocumentId) -> Result<(), Fault> {
        let fallen = fallen(document, &self.source())?;
        let Some(first) = fallen.first() else {
            return Ok(());
        };
        let Some(target) = self.open_one(document) else {
            return Ok(());
        };
        let serial = match self.redoer(&target, first) {
            Some(operator) => operator.certificate.serial,
            None => return Ok(()),
        };
        // A fresh one: under the old, the numbers that the refused changes had are used up.
        self.drafts.actor = None;
        let actor = self.actor()?;
        let bench = Bench::of(document, &fallen, &self.source())?;
        let at = self.world.now();
        let remade = bench.remake(&fallen, target, &actor)?;
        let mut operators = self.identity.in_force();
        let operator = operators
            .find(|it| it.certificate.serial == serial)
            .expect("who signs again was found among them");
        let again = remade.into_iter().map(|it| it.into_made(operator, at));
        let made: Vec<Made> = again.collect();
        drop(operators);
        let count = made.len();
        self.keep(&made)?;
        tracing::info!(%document, %target, count, "refused changes are done again");
        self.reopen(document)?;
        self.reopen(target)
    }

    /// The document itself where it takes changes, else the one of the open volume.
    pub(crate) fn open_one(&self, document: DocumentId) -> Option<DocumentId> {
        let common = &self.feed.projection.common;
        match document.volume() {
            Some(volume) if !common.volume_is_open(volume) => common
                .newest_volume()
                .filter(|newest| common.volume_is_open(*newest))
                .map(|newest| document.in_volume(newest)),
            Some(_) | None => Some(document),
        }
    }

    /// Who signs again: the one who signed, by a certificate in force. What was refused for the
    /// sake of its certificate is not done again but signed anew, when there is another one.
    fn redoer(&self, target: &DocumentId, first: &Fallen) -> Option<&Operator> {
        let of_its_certificate = |code: &String| Ending::of_refusal(code).is_some();
        if first.refusal.as_ref().is_some_and(of_its_certificate) {
            return None;
        }
        let signer = first.batch.batch.signer;
        let known = self.identity.operators.iter();
        let name = known
            .map(|it| &it.certificate)
            .find(|it| it.serial == signer)
            .map(|it| &it.operator_name)?;
        self.identity.in_force().find(|it| {
            it.certificate.operator_name == *name && target.writable_by(&it.certificate.mandate)
        })
    }
}

/// The changes of a document made here from the first refused one on: all those after it were
/// built on it.
fn fallen(document: DocumentId, source: &Source<'_>) -> Result<Vec<Fallen>, Fault> {
    let mut fallen = Vec::new();
    for (item, state) in source.own(document) {
        let refusal = match state {
            BatchState::Refused(code) => Some(code.to_owned()),
            BatchState::Waiting if !fallen.is_empty() => None,
            BatchState::Waiting
            | BatchState::Admitted
            | BatchState::GivenUp(_)
            | BatchState::Redone => continue,
        };
        if let Made::Batch {
            action, batch, at, ..
        } = source.made(item.sequence)?
        {
            let batch = check_batch(&batch)
                .map_err(|error| Fault::store(error.code()).with("detail", error))?;
            fallen.push(Fallen {
                id: item.id,
                refusal,
                times: source.outbox.times_redone(&item.id),
                action,
                at,
                batch,
            });
        }
    }
    Ok(fallen)
}

/// What stands in the place of a fallen change.
enum Remade {
    Again {
        of: [u8; 32],
        document: DocumentId,
        action: Action,
        at: Timestamp,
        own: Own,
    },
    GivenUp {
        of: [u8; 32],
        code: String,
    },
}

impl Remade {
    fn into_made(self, operator: &Operator, now: Timestamp) -> Made {
        match self {
            Self::Again {
                of,
                document,
                action,
                at,
                own,
            } => {
                let batch = Batch::of(document, own, operator.certificate.serial);
                Made::Batch {
                    document,
                    action,
                    batch: SignedBatch::make(&batch, &operator.key).0,
                    at,
                    redoes: Some(of),
                }
            }
            Self::GivenUp { of, code } => Made::GivenUp {
                batch: of,
                code,
                at: now,
            },
        }
    }
}

/// The document as each fallen change saw it when it was made, so that what was concurrent then
/// stays concurrent: a value that another device wrote meanwhile is not written over.
struct Bench {
    volume: Volume,
    /// The changes that stand, in an order in which they apply.
    standing: Vec<(ChangeHead, Chunk)>,
}

impl Bench {
    fn of(document: DocumentId, fallen: &[Fallen], source: &Source<'_>) -> Result<Self, Fault> {
        let is_fallen = |id: &[u8; 32]| fallen.iter().any(|it| it.id == *id);
        let mut batches = Vec::new();
        for admitted in source.admitted(&document) {
            batches.extend(source.check(admitted)?);
        }
        for item in source.waiting(document).filter(|it| !is_fallen(&it.id)) {
            batches.push(source.own_batch(item.sequence)?);
        }
        let standing = batches
            .into_iter()
            .flat_map(|it| it.heads.into_iter().zip(it.batch.chunks))
            .collect();
        Ok(Self {
            volume: Volume::replay(document, [])?,
            standing,
        })
    }

    /// Does every fallen change again for `target`, which is the document or the one of the
    /// open volume.
    fn remake(
        mut self,
        fallen: &[Fallen],
        target: DocumentId,
        actor: &ActorId,
    ) -> Result<Vec<Remade>, Fault> {
        let mut remade = Vec::new();
        let mut elsewhere = (target != self.volume.id())
            .then(|| Volume::replay(target, []))
            .transpose()?;
        for it in fallen {
            self.see(&it.batch)?;
            let again = if it.refusal.is_some() && it.times >= TIMES {
                Err("redo.too_often")
            } else {
                self.again(it, elsewhere.as_mut(), actor)
            };
            match again {
                Ok(changes) => {
                    remade.extend(changes.into_iter().map(|(action, own)| Remade::Again {
                        of: it.id,
                        document: target,
                        action,
                        at: it.at,
                        own,
                    }))
                }
                Err(code) => remade.push(Remade::GivenUp {
                    of: it.id,
                    code: code.to_owned(),
                }),
            }
        }
        Ok(remade)
    }

    /// Brings the document to what the change was built on.
    fn see(&mut self, batch: &CheckedBatch) -> Result<(), Fault> {
        let mut wanted: BTreeSet<ChangeHash> = batch.outside_dependencies();
        let mut seen = Vec::new();
        for (head, chunk) in self.standing.iter().rev() {
            if wanted.remove(&head.hash) {
                wanted.extend(head.dependencies.iter().copied());
                seen.push(chunk);
            }
        }
        Ok(self.volume.extend(seen.into_iter().rev())?)
    }

    fn again(
        &mut self,
        it: &Fallen,
        elsewhere: Option<&mut Volume>,
        actor: &ActorId,
    ) -> Result<Vec<(Action, Own)>, &'static str> {
        let refused = |error: DocumentError| error.code();
        let own = self.volume.act(actor, &it.action, it.at).map_err(refused)?;
        let Some(elsewhere) = elsewhere else {
            return Ok(vec![(it.action.clone(), own)]);
        };
        carried(&it.action, &self.volume, elsewhere)?
            .into_iter()
            .map(|action| {
                let own = elsewhere.act(actor, &action, it.at).map_err(refused)?;
                Ok((action, own))
            })
            .collect()
    }
}

/// What has to be done in the document of the open volume for an action that was done in a
/// sealed one: the whole draft the first time, then what changes.
///
/// # Errors
/// `conflict.choose_all` where fields of the draft wait for a person's choice: carried over as
/// one value, the others would be given up silently.
fn carried(action: &Action, from: &Volume, to: &Volume) -> Result<Vec<Action>, &'static str> {
    let Some(id) = action.declaration() else {
        return Ok(vec![action.clone()]);
    };
    let known = to.draft(id).is_some();
    Ok(match (from.draft(id), action) {
        (None, _) => Vec::new(),
        (Some(_), Action::Amend { .. } | Action::Void { .. }) if known => vec![action.clone()],
        (Some(stored), _) if !stored.conflicts.is_empty() => return Err("conflict.choose_all"),
        (Some(stored), _) => {
            let whole = Action::Declare {
                id,
                kind: stored.draft.kind,
                fields: Change::all_of(&stored.draft),
            };
            let void = stored.voided.then_some(Action::Void { id });
            std::iter::once(whole).chain(void).collect()
        }
    })
}
