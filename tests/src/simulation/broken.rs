//! Faults put into one rule each by hand: the invariant that guards the rule must find them.

use super::invariants::Invariant;

/// A rule that does not hold in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The centre's disk forgets, in a crash, what it said was written.
    CentreForgets,
    /// A device's disk does.
    DeviceForgets,
    /// A decision that comes too late takes effect too.
    DecidesTwice,
    /// The feed steps over an entry.
    SkipsEntry,
    /// A device does not take what a decision changes.
    MisprojectsDecision,
    /// Records count as recorded when their posting is here.
    ShowsUnproven,
    /// A device leaves out a batch of another.
    LosesBatch,
    /// An old entry of the log reads otherwise than before.
    RewritesLog,
    /// A device never connects again after its first session.
    NeverRetries,
    /// A byte of a frame changes on its way.
    GarblesFrame,
    /// A purge leaves an entry behind.
    LeavesEntry,
    /// A backfill leaves out an entry.
    BackfillsLess,
    /// A device is not told that what it may see has changed.
    KeepsScope,
    /// A revocation is announced and not carried out.
    PassesOverRevocation,
    /// Whom another unit takes over goes on paying in the first.
    OwnsTwice,
}

impl Broken {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::CentreForgets,
        Self::DeviceForgets,
        Self::DecidesTwice,
        Self::SkipsEntry,
        Self::MisprojectsDecision,
        Self::ShowsUnproven,
        Self::LosesBatch,
        Self::RewritesLog,
        Self::NeverRetries,
        Self::GarblesFrame,
        Self::LeavesEntry,
        Self::BackfillsLess,
        Self::KeepsScope,
        Self::PassesOverRevocation,
        Self::OwnsTwice,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CentreForgets => "centre-forgets",
            Self::DeviceForgets => "device-forgets",
            Self::DecidesTwice => "decides-twice",
            Self::SkipsEntry => "skips-entry",
            Self::MisprojectsDecision => "misprojects-decision",
            Self::ShowsUnproven => "shows-unproven",
            Self::LosesBatch => "loses-batch",
            Self::RewritesLog => "rewrites-log",
            Self::NeverRetries => "never-retries",
            Self::GarblesFrame => "garbles-frame",
            Self::LeavesEntry => "leaves-entry",
            Self::BackfillsLess => "backfills-less",
            Self::KeepsScope => "keeps-scope",
            Self::PassesOverRevocation => "passes-over-revocation",
            Self::OwnsTwice => "owns-twice",
        }
    }

    /// The invariant that must find it; no other is looked at in such a run, so that it finds it
    /// by itself.
    #[must_use]
    pub fn guard(self) -> Invariant {
        match self {
            Self::CentreForgets | Self::DeviceForgets => Invariant::AcknowledgedIsDurable,
            Self::DecidesTwice => Invariant::OneSubmissionOneEffect,
            Self::SkipsEntry | Self::LeavesEntry | Self::BackfillsLess => Invariant::Prefix,
            Self::KeepsScope => Invariant::Scope,
            Self::PassesOverRevocation => Invariant::Admission,
            Self::OwnsTwice => Invariant::OneOwner,
            Self::MisprojectsDecision => Invariant::Projection,
            Self::ShowsUnproven => Invariant::RecordedNeedsProof,
            Self::LosesBatch => Invariant::SameBatchesSameDocument,
            Self::RewritesLog => Invariant::Log,
            Self::NeverRetries => Invariant::Liveness,
            Self::GarblesFrame => Invariant::NothingFailsUnprovoked,
        }
    }
}

impl std::str::FromStr for Broken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|it| it.name()).collect();
            format!("no such rule; there are {}", names.join(", "))
        })
    }
}
