//! What must hold: each invariant a function over what is seen from outside.

mod admission;
mod devices;
mod documents;
mod effects;
mod log;

pub(super) use admission::admitted_by_certificates_in_force;
pub(super) use devices::{
    facts_are_a_prefix, kept_is_durable, nothing_is_left_behind, projection_agrees,
    records_are_proven, scope_was_told,
};
pub(super) use documents::same_batches_same_document;
pub(super) use effects::{
    Effects, no_month_has_two_owners, one_submission_one_effect, totals_agree,
};
pub(super) use log::{acknowledged_is_durable, log_is_append_only};

use canbao_client::App;

use super::broken::Broken;
use super::sight::Sight;
use super::world::World;

/// Goes on, or ends the run.
pub(super) type Step = Result<(), Violation>;

/// The invariants by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invariant {
    /// What a device was told was taken is at its place in the centre's log for ever, and what
    /// was done on a device is in its store, whatever crashes.
    AcknowledgedIsDurable,
    /// A submission is received once and decided or withdrawn once with effect, and the centre's
    /// figures are those of the log.
    OneSubmissionOneEffect,
    /// No month of a person is payable in two units (SIL-3).
    OneOwner,
    /// The facts on a device are those of the log for the parts of its scope up to its cursor,
    /// but for some of the range that a part still misses; nothing that left its scope is on it.
    Prefix,
    /// The parts of a device's scope are what its certificates covered at some length of the log
    /// from its cursor on.
    Scope,
    /// What was taken in was signed under a certificate that was in force at its place and covers
    /// it, with the unit's district as of there.
    Admission,
    /// What they say is what all facts say, restricted to what the device may see.
    Projection,
    /// No record shows 已记账 without a proof that verifies.
    RecordedNeedsProof,
    /// Devices of one owner with the same admitted batches and nothing of their own show the
    /// same documents.
    SameBatchesSameDocument,
    /// The log grows at its end alone, and its signed heads are consistent.
    Log,
    /// On a whole network everything comes to rest within a bounded time.
    Liveness,
    /// Nothing fails, no protocol is broken and nothing panics, but for what was done to it.
    NothingFailsUnprovoked,
}

impl Invariant {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgedIsDurable => "acknowledged-is-durable",
            Self::OneSubmissionOneEffect => "one-submission-one-effect",
            Self::OneOwner => "one-owner",
            Self::Prefix => "prefix",
            Self::Scope => "scope",
            Self::Admission => "admission",
            Self::Projection => "projection",
            Self::RecordedNeedsProof => "recorded-needs-proof",
            Self::SameBatchesSameDocument => "same-batches-same-document",
            Self::Log => "log",
            Self::Liveness => "liveness",
            Self::NothingFailsUnprovoked => "nothing-fails-unprovoked",
        }
    }
}

/// An invariant that did not hold, and how that showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// How.
    pub detail: String,
}

impl Violation {
    pub(super) fn panicked() -> Self {
        Self {
            invariant: Invariant::NothingFailsUnprovoked,
            detail: "a panic".to_owned(),
        }
    }
}

impl World<'_> {
    /// What is cheap to look at whenever a device took something in.
    pub(super) fn check_device(&mut self, device: usize) -> Step {
        // What is wrong stays wrong: it need not be found at once.
        if self.dice.percent(25) {
            self.check_held(device)?;
        }
        if self.dice.percent(10) {
            self.check_projection(device)?;
        }
        Ok(())
    }

    /// What a device holds is what its scope says, and its scope is what it may see.
    pub(super) fn check_held(&mut self, device: usize) -> Step {
        let Some(sight) = self.sight_of(device) else {
            return Ok(());
        };
        let it = &self.devices[device];
        let told = scope_was_told(&self.truth.scopes, &it.keys, &sight);
        self.hold(Invariant::Scope, named(&it.name, told))?;
        let seen = self.truth.seen_by(&sight);
        let prefix = facts_are_a_prefix(&it.kept, seen, &sight);
        self.hold(Invariant::Prefix, named(&it.name, prefix))?;
        let left = nothing_is_left_behind(&it.kept.made, &sight);
        self.hold(Invariant::Prefix, named(&it.name, left))
    }

    /// The entries from a position on have effects at most once, and who stated them may.
    pub(super) fn check_effects(&mut self, from: usize) -> Step {
        let seen = self.truth.entries.iter().skip(from);
        let admitted = admitted_by_certificates_in_force(&self.truth.scopes, seen);
        self.hold(Invariant::Admission, admitted)?;
        let twice = self.is_broken(Broken::DecidesTwice);
        let facts = self.truth.entries.iter().skip(from).map(|it| &it.fact);
        let once = one_submission_one_effect(&mut self.truth.effects, facts, twice);
        self.hold(Invariant::OneSubmissionOneEffect, once)?;
        let stays = self.is_broken(Broken::OwnsTwice);
        let owned = no_month_has_two_owners(&self.truth.projection, stays);
        self.hold(Invariant::OneOwner, owned)
    }

    /// The new records that a device shows as recorded verify.
    pub(super) fn check_proofs(&mut self, device: usize) -> Step {
        let unproven = self.is_broken(Broken::ShowsUnproven);
        let it = &mut self.devices[device];
        let Some(process) = &it.process else {
            return Ok(());
        };
        let proven = records_are_proven(&process.door, &self.truth, &mut it.kept.proven, unproven);
        let proven = named(&it.name, proven);
        self.hold(Invariant::RecordedNeedsProof, proven)
    }

    /// Everything, however long it takes.
    pub(super) fn check_everything(&mut self) -> Step {
        self.compare_log()?;
        if let Some(process) = &self.centre.process
            && !self.centre.failing
        {
            let agree = totals_agree(&process.centre, &self.truth.projection);
            self.hold(Invariant::OneSubmissionOneEffect, agree)?;
        }
        for device in 0..self.devices.len() {
            if self.devices[device].process.is_some() && !self.devices[device].failing {
                self.check_held(device)?;
                self.check_projection(device)?;
                self.check_proofs(device)?;
                self.check_documents(device)?;
            }
        }
        Ok(())
    }

    /// Why not everything has come to rest.
    pub(super) fn unrest(&mut self) -> Option<String> {
        if self.centre.process.is_none() {
            return Some("the centre is down".to_owned());
        }
        if self.tax_has_work() {
            return Some("tax has work".to_owned());
        }
        if self.is_asked() {
            return Some("the centre has requests to decide".to_owned());
        }
        (0..self.devices.len()).find_map(|device| self.unrest_of(device))
    }

    fn unrest_of(&self, device: usize) -> Option<String> {
        let it = &self.devices[device];
        let name = &it.name;
        let Some(process) = &it.process else {
            return Some(format!("{name} is down"));
        };
        let needs = self.needs(device);
        let Some(seen) = self.truth.scopes.seen_by(it.key, u64::MAX) else {
            // Who lost a device is not given another certificate for it, and it is told so.
            let rests = it.lost && needs.is_some();
            return (!rests).then(|| format!("{name} has no certificate in force: {needs:?}"));
        };
        if let Some(needs) = needs.filter(|_| !it.lost) {
            return Some(format!("{name}: {needs:?}"));
        }
        let waiting = process.door.look(canbao_client::App::waiting);
        if waiting > 0 {
            return Some(format!("{name} has {waiting} items waiting"));
        }
        let sight = self.sight_of(device)?;
        if sight.audiences() != seen || sight.misses_something() {
            return Some(format!("{name} has not all of its scope"));
        }
        let mut pieces = it.kept.pieces();
        pieces.dedup_by_key(|it| it.position());
        let (held, all) = (pieces.len(), self.truth.visible(&sight));
        (held < all).then(|| format!("{name} has {held} of {all} entries"))
    }

    fn check_projection(&mut self, device: usize) -> Step {
        let Some(sight) = self.sight_of(device) else {
            return Ok(());
        };
        let it = &self.devices[device];
        let Some(process) = &it.process else {
            return Ok(());
        };
        let expected = self.truth.projection_for(&sight);
        let misprojects = self.is_broken(Broken::MisprojectsDecision);
        let agrees = process
            .door
            .look(|app| projection_agrees(app, expected, &sight, misprojects));
        self.hold(Invariant::Projection, named(&it.name, agrees))
    }

    fn check_documents(&mut self, device: usize) -> Step {
        let it = &self.devices[device];
        let Some(process) = &it.process else {
            return Ok(());
        };
        let on_the_way = |app: &App| app.waiting() + app.to_redo();
        let waits = process.door.look(on_the_way) > 0;
        let Some(sight) = self.sight_of(device).filter(|_| !waits) else {
            return Ok(());
        };
        // A document is shown once its part is whole.
        let seen = self.truth.seen_by(&sight);
        let seen = seen.filter(|it| it.audience.iter().all(|it| sight.holds_whole(it)));
        let same = process
            .door
            .look(|app| same_batches_same_document(app, seen));
        self.hold(Invariant::SameBatchesSameDocument, named(&it.name, same))
    }

    /// What a device was told that it may see, as it keeps it.
    pub(super) fn sight_of(&self, device: usize) -> Option<Sight> {
        let process = self.devices[device].process.as_ref()?;
        let start = process.door.session_start().ok()?;
        Some(Sight::of(&start))
    }
}

/// What was found, with the device it was found on.
fn named(name: &str, found: Result<(), String>) -> Result<(), String> {
    found.map_err(|detail| format!("{name}: {detail}"))
}
