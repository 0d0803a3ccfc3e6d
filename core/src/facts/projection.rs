//! The fold over all facts a device or the centre holds.

use std::collections::BTreeMap;

use crate::ids::UnitId;

use super::common::CommonView;
use super::entry::Placed;
use super::fact::Fact;
use super::unit::UnitView;

/// Everything the facts seen so far say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    /// What everyone sees.
    pub common: CommonView,
    /// The units by id.
    pub units: BTreeMap<UnitId, UnitView>,
}

impl Projection {
    /// Takes in the next fact.
    pub fn apply(&mut self, placed: &Placed) {
        self.common.apply(&placed.fact);
        if let Some(unit) = placed.fact.unit() {
            match (self.units.get_mut(&unit), &placed.fact) {
                (Some(view), _) => view.apply(placed),
                (None, Fact::UnitRegistered(record)) => {
                    self.units.insert(unit, UnitView::new(record.clone()));
                }
                // Nothing about a unit precedes its registration in the log.
                (None, _) => {}
            }
        }
    }

    /// What a device of this unit would have from the facts it may see.
    #[must_use]
    pub fn restricted_to(&self, unit: UnitId) -> Self {
        let units = self
            .units
            .get(&unit)
            .map(|view| (unit, view.clone()))
            .into_iter()
            .collect();
        Self {
            common: self.common.clone(),
            units,
        }
    }
}
