//! The centre's log as it was seen to grow, and what it says.

use canbao_core::facts::{Answered, Audience, Effect, Entry, Fact, Placed, Projection, Revoker};
use canbao_core::identity::IdKind;
use canbao_core::ids::Position;
use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::commitment;
use canbao_core::ledger::consistency::{prove_consistency, verify_consistency};
use canbao_core::ledger::merkle::{Hash, TreeHead, empty_root, tree_root};
use canbao_core::ledger::nodes::TileNodes;
use canbao_core::ledger::note::{SignedNote, VerifierKey};
use canbao_core::sync;
use canbao_core::time::Timestamp;
use canbao_server::centre::{Centre, Unavailable};

use super::cast::Cast;
use super::invariants::Effects;
use super::journal::Met;
use super::scopes::Scopes;
use super::sight::Sight;

/// So many entries lie between two marks.
const MARK_EVERY: usize = 16;

/// An entry of the log.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) entry: sync::Entry,
    pub(super) at: Timestamp,
    pub(super) audience: Vec<Audience>,
    pub(super) fact: Fact,
}

/// The log, as far as it was seen durable.
pub(super) struct Truth {
    pub(super) entries: Vec<Seen>,
    /// What all facts say.
    pub(super) projection: Projection,
    /// Who may see and sign what.
    pub(super) scopes: Scopes,
    pub(super) effects: Effects,
    pub(super) key: VerifierKey,
    /// What the facts below some positions say: folding them all again takes long.
    marks: Vec<(usize, Projection)>,
    every_audience: Vec<Audience>,
    leaves: Vec<Hash>,
    head: TreeHead,
}

impl Truth {
    pub(super) fn new(cast: &Cast, key: VerifierKey) -> Self {
        Self {
            entries: Vec::new(),
            projection: Projection::default(),
            scopes: Scopes::default(),
            effects: Effects::default(),
            marks: Vec::new(),
            key,
            every_audience: cast.every_audience(),
            leaves: Vec::new(),
            head: TreeHead {
                size: 0,
                root: empty_root(),
            },
        }
    }

    /// The entries that the centre's log holds from a position on.
    pub(super) fn read(&self, centre: &Centre, from: u64) -> Result<Vec<sync::Entry>, Unavailable> {
        let page = centre.feed(&self.every_audience, from..u64::MAX, usize::MAX, usize::MAX)?;
        Ok(page.entries)
    }

    /// What those from a place on are that a simulation must meet.
    pub(super) fn met_from(&self, place: usize) -> Vec<Met> {
        let facts = self.entries.iter().skip(place).map(|it| &it.fact);
        let mut met = Vec::new();
        for fact in facts {
            if matches!(fact, Fact::DecisionTaken { void: Some(_), .. }) {
                met.push(Met::VoidDecision);
            } else if let Fact::DecisionTaken { effect, .. } = fact {
                met.extend(effect.as_ref().and_then(moved));
            } else if matches!(fact, Fact::WithdrawalTaken { void: Some(_), .. }) {
                met.push(Met::VoidWithdrawal);
            } else if matches!(fact, Fact::BatchRefused { .. }) {
                met.push(Met::BatchRefused);
            } else if matches!(fact, Fact::UnitMoved { .. }) {
                met.push(Met::UnitMoved);
            } else if let Fact::CertificateRevoked { by, .. } = fact {
                met.push(match by {
                    Revoker::Administration => Met::Revoked,
                    Revoker::Holder(_) => Met::Rekeyed,
                });
            }
        }
        met
    }

    /// Takes in entries that follow on those seen.
    pub(super) fn grow(&mut self, entries: Vec<sync::Entry>) -> Result<(), String> {
        for entry in entries {
            let position = Position(self.entries.len() as u64);
            if entry.position != position {
                return Err(format!("{position:?} is missing from the log"));
            }
            let read = Entry::from_bytes(&entry.bytes).map_err(|error| error.to_string())?;
            let fact = read.fact().map_err(|error| error.to_string())?;
            if self.entries.len().is_multiple_of(MARK_EVERY) {
                self.marks
                    .push((self.entries.len(), self.projection.clone()));
            }
            self.scopes.take(position.0, &fact);
            self.projection.apply(&Placed {
                position,
                at: read.at,
                fact: fact.clone(),
            });
            let leaf = commitment(&entry.salt, &entry.bytes).leaf_hash();
            self.leaves.push(leaf);
            self.entries.push(Seen {
                entry,
                at: read.at,
                audience: read.audience,
                fact,
            });
        }
        Ok(())
    }

    /// Begins anew with other entries.
    pub(super) fn replace(&mut self, entries: Vec<sync::Entry>) -> Result<(), String> {
        self.entries.clear();
        self.leaves.clear();
        self.marks.clear();
        self.effects = Effects::default();
        self.projection = Projection::default();
        self.scopes = Scopes::default();
        self.head = TreeHead {
            size: 0,
            root: empty_root(),
        };
        self.grow(entries)
    }

    /// Checks the head that the centre signs against the entries and the head before.
    pub(super) fn follow_head(&mut self, centre: &Centre) -> Result<(), String> {
        let note = SignedNote::parse(centre.head().note.as_bytes()).map_err(|it| it.to_string())?;
        let head = Checkpoint::open(&note, &self.key)
            .map_err(|it| it.to_string())?
            .head();
        if head.size != self.entries.len() as u64 || head.root != tree_root(&self.leaves) {
            return Err(format!("the head of {} is not the log's", head.size));
        }
        let load =
            |id: canbao_core::ledger::tile::TileId| centre.tile(&id.to_string()).ok().flatten();
        let nodes = TileNodes::new(head.size, &load);
        let node = |level, at| nodes.node(level, at);
        let proof = prove_consistency(&node, self.head.size, head.size)
            .map_err(|it| format!("no proof of consistency: {it}"))?;
        verify_consistency(&self.head, &head, &proof)
            .map_err(|it| format!("{} does not continue {}: {it}", head.size, self.head.size))?;
        self.head = head;
        Ok(())
    }

    /// The entries that a device may hold by now.
    pub(super) fn seen_by<'a>(&'a self, sight: &'a Sight) -> impl Iterator<Item = &'a Seen> {
        self.entries.iter().filter(|it| sight.may_hold(it))
    }

    /// How many entries of the whole log are for one of the parts that a device may see.
    pub(super) fn visible(&self, sight: &Sight) -> usize {
        let visible = |it: &&Seen| it.audience.iter().any(|it| sight.includes(it));
        self.entries.iter().filter(visible).count()
    }

    /// What the facts below a device's cursor say of the units that it holds whole.
    pub(super) fn projection_for(&self, sight: &Sight) -> Projection {
        let mut all = if sight.cursor >= self.entries.len() as u64 {
            self.projection.clone()
        } else {
            self.fold_below(usize::try_from(sight.cursor).unwrap_or(usize::MAX))
        };
        all.units.retain(|unit, _| sight.is_whole(*unit));
        all
    }

    fn fold_below(&self, below: usize) -> Projection {
        let marked = self.marks.iter().rev().find(|(at, _)| *at <= below);
        let (from, mut projection) = marked.cloned().unwrap_or_default();
        for it in &self.entries[from..below] {
            projection.apply(&Placed {
                position: it.entry.position,
                at: it.at,
                fact: it.fact.clone(),
            });
        }
        projection
    }
}

/// What an approval did that a simulation must meet.
fn moved(effect: &Effect) -> Option<Met> {
    match effect {
        Effect::Entered(joining) if joining.redoes.is_some() => Some(Met::Redone),
        Effect::Stopped {
            redoes: Some(_), ..
        } => Some(Met::Redone),
        Effect::Entered(joining) if joining.left_elsewhere.is_some() => Some(Met::TakenOver),
        // A document of the cast's own persons is a passport.
        Effect::Entered(joining) if joining.person.document.kind() == IdKind::ResidentId => {
            Some(Met::Enrolled)
        }
        Effect::Entered(_)
        | Effect::Stopped { .. }
        | Effect::WageSet { .. }
        | Effect::Voided { .. } => None,
    }
}

/// The id of the item that a fact answers.
pub(super) fn answered_item(fact: &Fact) -> Option<[u8; 32]> {
    fact.answers().ok().flatten().map(Answered::id)
}
