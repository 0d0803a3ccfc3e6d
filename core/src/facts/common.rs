//! What everyone sees: agencies, parameters, settlement periods, volumes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::civil::Date;
use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::ids::{DistrictId, VolumeId};
use crate::month::Month;
use crate::parameters::{Effect, ParameterSet, StopReasons};

use super::fact::Fact;

/// A district agency (DIST-1).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Agency {
    /// Its number in the table.
    #[n(0)]
    pub district: DistrictId,
    /// The district's name (参保区).
    #[n(1)]
    pub district_name: String,
    /// 单位名称.
    #[n(2)]
    pub name: String,
    /// 地址.
    #[n(3)]
    pub address: String,
    /// 办公电话.
    #[n(4)]
    pub phone: String,
}

/// The fold of the facts for everyone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommonView {
    /// The agencies by district.
    pub agencies: BTreeMap<DistrictId, Agency>,
    parameters: Option<ParameterSet>,
    settlements: BTreeSet<Month>,
    volumes: BTreeMap<VolumeId, VolumeState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum VolumeState {
    Open,
    Sealed,
}

impl CommonView {
    /// Takes in the next fact; those about a unit change nothing here.
    ///
    /// Parameters that do not parse are left out: the centre refuses them before they become a
    /// fact, and a set of a newer program must not stop an older one from showing the rest.
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::AgencyListed(agency) => {
                self.agencies.insert(agency.district, agency.clone());
            }
            Fact::ParametersAdopted { text } => {
                if let Ok(parameters) = ParameterSet::parse(text) {
                    self.parameters = Some(parameters);
                }
            }
            Fact::SettlementOpened { month } => {
                self.settlements.insert(*month);
            }
            Fact::VolumeOpened { volume } => {
                self.volumes.insert(*volume, VolumeState::Open);
            }
            Fact::VolumeSealed { volume } => {
                self.volumes.insert(*volume, VolumeState::Sealed);
            }
            _ => {}
        }
    }

    /// The parameters in force.
    #[must_use]
    pub fn parameters(&self) -> Option<&ParameterSet> {
        self.parameters.as_ref()
    }

    /// The reasons of an interruption in a month, and what each does to the insurance.
    #[must_use]
    pub fn stop_reasons(&self, month: Month, known_on: Date) -> Option<&StopReasons> {
        self.parameters()?.stop_reasons(month, known_on).ok()
    }

    /// What a reason of an interruption does to the insurance; none where it is no reason.
    #[must_use]
    pub fn stop_effect(&self, reason: &str, month: Month, known_on: Date) -> Option<Effect> {
        self.stop_reasons(month, known_on)?.effect(reason)
    }

    /// The current settlement period (结算期): the newest opened.
    #[must_use]
    pub fn current_settlement(&self) -> Option<Month> {
        self.settlements.last().copied()
    }

    /// Whether this settlement period was opened.
    #[must_use]
    pub fn settlement_is_open(&self, month: Month) -> bool {
        self.settlements.contains(&month)
    }

    /// The opened settlement periods before a month, in order.
    pub fn settlements_before(&self, month: Month) -> impl Iterator<Item = Month> + '_ {
        self.settlements.range(..month).copied()
    }

    /// The newest volume known, where new drafts go while it is open.
    #[must_use]
    pub fn newest_volume(&self) -> Option<VolumeId> {
        self.volumes.last_key_value().map(|(volume, _)| *volume)
    }

    /// Whether a volume takes changes.
    #[must_use]
    pub fn volume_is_open(&self, volume: VolumeId) -> bool {
        self.volumes.get(&volume) == Some(&VolumeState::Open)
    }

    /// The volumes, oldest first.
    pub fn volumes(&self) -> impl Iterator<Item = VolumeId> + '_ {
        self.volumes.keys().copied()
    }
}
