//! The event log of a run: what happened when to whom, in codes, positions and counts.
//!
//! It holds no number of a person and no wage, and nothing that differs between two runs of one
//! seed.

use std::collections::BTreeMap;
use std::fmt::Display;

/// What many runs together must meet: a simulation in which it never happens shows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// A decision came too late.
    VoidDecision,
    /// A withdrawal came too late.
    VoidWithdrawal,
    /// A person was enrolled for the first time.
    Enrolled,
    /// A person of one unit was taken over by another.
    TakenOver,
    /// A movement was done again with another month.
    Redone,
    /// An item of one device was taken already from another one.
    SameItemTwice,
    /// A field had two values.
    Conflict,
    /// One of them was chosen.
    ConflictResolved,
    /// A batch was refused.
    BatchRefused,
    /// A payment record was proven on a device.
    RecordProven,
    /// A device's disk was set back to a backup.
    Restored,
    /// A second device went on from a copy of a disk.
    Cloned,
    /// A disk's power failed within a write of a device.
    DeviceDiskFailed,
    /// A disk's power failed within a write of the centre.
    CentreDiskFailed,
    /// The power failed while a device started.
    CutAtStart,
    /// A device could not reach the centre for a while.
    HeldUp,
    /// A connection was cut.
    LinkCut,
    /// A unit moved to another district.
    UnitMoved,
    /// A device was brought older entries of what it came to see.
    Backfilled,
    /// A device joined the others of an employer.
    Joined,
    /// Some of its documents came packed.
    Packed,
    /// A device purged what it had held of what it may not see any more.
    Purged,
    /// The administration revoked a certificate.
    Revoked,
    /// A device has other keys in the place of its own.
    Rekeyed,
    /// A device was told that none of its certificates counts.
    LockedOut,
    /// A device whose certificate had ended was given another one.
    EnrolledAgain,
    /// New keys were refused, since the certificate in use ended before they reached the centre.
    RekeyRefused,
    /// Several requests were decided as one group.
    DecidedTogether,
    /// The centre died after a commit and before the answers.
    DiedBeforeAnswer,
}

impl Met {
    /// Every one.
    pub const ALL: [Self; 29] = [
        Self::VoidDecision,
        Self::VoidWithdrawal,
        Self::Enrolled,
        Self::TakenOver,
        Self::Redone,
        Self::SameItemTwice,
        Self::Conflict,
        Self::ConflictResolved,
        Self::BatchRefused,
        Self::RecordProven,
        Self::Restored,
        Self::Cloned,
        Self::DeviceDiskFailed,
        Self::CentreDiskFailed,
        Self::CutAtStart,
        Self::HeldUp,
        Self::LinkCut,
        Self::UnitMoved,
        Self::Backfilled,
        Self::Joined,
        Self::Packed,
        Self::Purged,
        Self::Revoked,
        Self::Rekeyed,
        Self::LockedOut,
        Self::EnrolledAgain,
        Self::RekeyRefused,
        Self::DecidedTogether,
        Self::DiedBeforeAnswer,
    ];
}

/// The lines so far, and what was met.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Vec<String>,
    met: BTreeMap<Met, u64>,
}

impl Journal {
    /// Every line, in order.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The last so many lines.
    #[must_use]
    pub fn last(&self, count: usize) -> &[String] {
        &self.lines[self.lines.len().saturating_sub(count)..]
    }

    /// How often something was met.
    #[must_use]
    pub fn times(&self, met: Met) -> u64 {
        self.met.get(&met).copied().unwrap_or(0)
    }

    /// Counts what was met.
    pub(crate) fn meet(&mut self, met: Met) {
        *self.met.entry(met).or_default() += 1;
    }

    /// Writes a line; the time is in milliseconds.
    pub(crate) fn write(&mut self, now: u64, who: impl Display, what: impl Display) {
        self.lines.push(format!("{now:>8} {who:<4} {what}"));
    }
}
