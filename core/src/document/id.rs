//! A document's id says who may write it.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::certificate::Mandate;
use crate::facts::Audience;
use crate::ids::{DistrictId, UnitId, VolumeId};

/// The documents there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum DocumentId {
    /// What the employer adds to its roster or sees differently.
    #[n(1)]
    EmployerRoster(#[n(0)] UnitId),
    /// The employer's drafts of declarations.
    #[n(2)]
    EmployerVolume(#[n(0)] UnitId, #[n(1)] VolumeId),
    /// The agency's drafts and remarks on a unit.
    #[n(3)]
    AgencyVolume(#[n(0)] DistrictId, #[n(1)] UnitId, #[n(2)] VolumeId),
}

impl DocumentId {
    /// Whether an operator of this mandate may write it: write authority is a property of the
    /// document.
    #[must_use]
    pub fn writable_by(&self, mandate: &Mandate) -> bool {
        match self {
            Self::EmployerRoster(unit) | Self::EmployerVolume(unit, _) => mandate.employs(*unit),
            Self::AgencyVolume(district, _, _) => mandate.reviews(*district),
        }
    }

    /// Whose devices read it: the owner's alone.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::EmployerRoster(unit) | Self::EmployerVolume(unit, _) => Audience::Employer(*unit),
            Self::AgencyVolume(district, _, _) => Audience::Agency(*district),
        }
    }

    /// The same owner's document of another volume; one without volumes is itself.
    #[must_use]
    pub fn in_volume(self, volume: VolumeId) -> Self {
        match self {
            Self::EmployerRoster(_) => self,
            Self::EmployerVolume(unit, _) => Self::EmployerVolume(unit, volume),
            Self::AgencyVolume(district, unit, _) => Self::AgencyVolume(district, unit, volume),
        }
    }

    /// The unit it is about.
    #[must_use]
    pub fn unit(&self) -> UnitId {
        match self {
            Self::EmployerRoster(unit)
            | Self::EmployerVolume(unit, _)
            | Self::AgencyVolume(_, unit, _) => *unit,
        }
    }

    /// The volume whose opening and sealing governs it.
    #[must_use]
    pub fn volume(&self) -> Option<VolumeId> {
        match self {
            Self::EmployerRoster(_) => None,
            Self::EmployerVolume(_, volume) | Self::AgencyVolume(_, _, volume) => Some(*volume),
        }
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmployerRoster(unit) => write!(f, "employer/{unit}/roster"),
            Self::EmployerVolume(unit, volume) => write!(f, "employer/{unit}/{volume}"),
            Self::AgencyVolume(district, unit, volume) => {
                write!(f, "agency/{district}/{unit}/{volume}")
            }
        }
    }
}
