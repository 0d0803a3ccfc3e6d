//! 区县经办机构 (DIST-1): the table, searched.

use canbao_core::facts::Agency;
use canbao_core::ids::UnitId;

use crate::app::App;
use crate::request::Context;
use crate::response::AgencyRow;

impl App {
    /// The place of the window of a unit, or all of them where its district is not known
    /// (ACC-4); none before the table is here.
    pub(crate) fn window_of(&self, unit: Option<UnitId>) -> Option<String> {
        let projection = &self.feed.projection;
        let unit = unit.and_then(|it| projection.units.get(&it));
        projection.common.window(unit.map(|it| it.record.district))
    }

    /// The agencies in which the words occur, by district; the one of the unit is marked.
    pub(crate) fn find_agencies(&self, context: &Context, words: &str) -> Vec<AgencyRow> {
        let own = self.unit(context).ok().map(|it| it.record.district);
        let row = |agency: &Agency| AgencyRow {
            district: agency.district.0,
            district_name: agency.district_name.clone(),
            name: agency.name.clone(),
            address: agency.address.clone(),
            phone: agency.phone.clone(),
            own: own == Some(agency.district),
        };
        let found = self.feed.projection.common.agencies_of(words);
        found.map(row).collect()
    }
}
