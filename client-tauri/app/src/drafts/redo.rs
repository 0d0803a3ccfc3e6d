//! Refused changes: they stay in quarantine with their reason, and what the user did is done
//! again under a fresh actor, without anyone typing it twice (architecture, section 3).

use std::collections::BTreeSet;

use canbao_core::document::{
    Action, ActorId, Batch, Chunk, DocumentError, DocumentId, Own, SignedBatch, Volume,
};
use canbao_core::ids::DeclarationId;
use canbao_core::structure::{ChangeHash, ChangeHead, CheckedRun, check_batch};
use canbao_core::time::Timestamp;

use super::source::{AdmittedBatch, Source};
use crate::app::App;
use crate::fault::Fault;
use crate::identity::{Operator, Signer};
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
    run: CheckedRun,
}

impl App {
    /// Does again what the centre refused and what was built on it, document by document. What
    /// cannot be done again yet, for want of an open volume, a certificate or an unlocked key,
    /// waits.
    pub(crate) fn mend(&mut self) -> Result<(), Fault> {
        self.with_refused()
            .into_iter()
            .try_for_each(|it| self.mend_document(it))
    }

    /// The operators who would sign again what can be done again.
    pub(crate) fn signers_again(&self) -> Result<Vec<&Operator>, Fault> {
        let mut signers = Vec::new();
        for document in self.with_refused() {
            let fallen = fallen(document, &self.source())?;
            signers.extend(self.redone_by(document, &fallen).map(|(_, it)| it));
        }
        Ok(signers)
    }

    /// The documents of which the centre refused a change that was made here.
    fn with_refused(&self) -> BTreeSet<DocumentId> {
        let refused = self.outbox.batches().filter(|(_, item)| {
            matches!(
                self.outbox.batch_state(item, &self.feed),
                BatchState::Refused(_)
            )
        });
        refused.map(|(document, _)| document).collect()
    }

    fn mend_document(&mut self, document: DocumentId) -> Result<(), Fault> {
        let fallen = fallen(document, &self.source())?;
        let Some((target, operator)) = self.redone_by(document, &fallen) else {
            return Ok(());
        };
        let (serial, public) = (operator.certificate.serial, *operator.key());
        if self.identity.keyring.key(&public).is_none() {
            return Ok(());
        }
        // A fresh one: under the old, the numbers that the refused changes had are used up.
        self.drafts.actor = None;
        let actor = self.actor()?;
        let bench = Bench::of(document, &fallen, &self.source())?;
        let at = self.world.now();
        let remade = bench.remake(&fallen, target, &actor)?;
        let key = self.identity.keyring.key(&public);
        let key = key.expect("nothing locked it since it was looked at");
        let signer = Signer { serial, key };
        let again = remade.into_iter().map(|it| it.into_made(&signer, at));
        let made: Vec<Made> = again.collect();
        let count = made.len();
        self.keep(&made)?;
        tracing::info!(%document, %target, count, "refused changes are done again");
        self.reopen(document)?;
        self.reopen(target)
    }

    /// Where the fallen changes of a document can be done again, and who signs.
    fn redone_by(
        &self,
        document: DocumentId,
        fallen: &[Fallen],
    ) -> Option<(DocumentId, &Operator)> {
        let first = fallen.first()?;
        let target = self.open_one(document)?;
        Some((target, self.redoer(&target, first)?))
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
        let signer = first.run.batch.signer;
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
            let checked = check_batch(&batch)
                .map_err(|error| Fault::store(error.code()).with("detail", error))?;
            fallen.push(Fallen {
                id: item.id,
                refusal,
                times: source.outbox.times_redone(&item.id),
                action,
                at,
                run: checked.run,
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
    fn into_made(self, signer: &Signer<'_>, now: Timestamp) -> Made {
        match self {
            Self::Again {
                of,
                document,
                action,
                at,
                own,
            } => {
                let batch = Batch::of(document, own, signer.serial);
                Made::Batch {
                    document,
                    action,
                    batch: SignedBatch::make(&batch, signer.key).0,
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
        let mut runs = Vec::new();
        for read in source.read(source.admitted(&document)) {
            runs.extend(read?.batch.map(AdmittedBatch::into_run));
        }
        for item in source.waiting(document).filter(|it| !is_fallen(&it.id)) {
            runs.push(source.own_batch(item.sequence)?.run);
        }
        let standing = runs
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
            self.see(&it.run)?;
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
    fn see(&mut self, run: &CheckedRun) -> Result<(), Fault> {
        let mut wanted: BTreeSet<ChangeHash> = run.outside_dependencies();
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
    let id = match action {
        Action::Declare { id, .. } | Action::Amend { id, .. } | Action::Void { id } => *id,
        Action::VoidAll { ids } => return carried_voids(ids, from, to),
        // Each brings its record along.
        Action::Import { .. }
        | Action::Annotate { .. }
        | Action::VoidNote { .. }
        | Action::Overlay { .. } => return Ok(vec![action.clone()]),
    };
    let known = to.draft(id).is_some();
    Ok(match (from.draft(id), action) {
        (None, _) => Vec::new(),
        (Some(_), Action::Amend { .. } | Action::Void { .. }) if known => vec![action.clone()],
        (Some(stored), _) if !stored.conflicts.is_empty() => return Err("conflict.choose_all"),
        (Some(stored), _) => {
            let whole = Action::making(&stored.draft, stored.import);
            let void = stored.voided.then_some(Action::Void { id });
            std::iter::once(whole).chain(void).collect()
        }
    })
}

/// The drafts of an import that were voided as one: those that do not stand in the other document
/// are brought along first, each as it was.
fn carried_voids(
    ids: &[DeclarationId],
    from: &Volume,
    to: &Volume,
) -> Result<Vec<Action>, &'static str> {
    let mut actions = Vec::new();
    for id in ids.iter().filter(|id| to.draft(**id).is_none()) {
        let stored = from.draft(*id).ok_or("document.no_such_draft")?;
        if !stored.conflicts.is_empty() {
            return Err("conflict.choose_all");
        }
        actions.push(Action::making(&stored.draft, stored.import));
    }
    actions.push(Action::VoidAll { ids: ids.to_vec() });
    Ok(actions)
}
