//! Both insurances' head counts and totals of the bases (WAGE-1).

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::contribution::contribution_base;
use crate::facts::{CommonView, NORMAL, PensionPerson, PersonView, UnitView, pays};
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

/// 养老总人数 beside 失业总人数.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadCounts<'a> {
    /// Pension insurance's; none where no feed came.
    pub pension: Option<PensionCount>,
    /// Ours; none before a settlement period opened.
    pub unemployment: Option<UnemploymentCount>,
    /// Who pays there and not here, by personal number; none where either side is unknown.
    pub only_pension: Option<Vec<&'a PensionPerson>>,
    /// Who pays here and not there, by personal number; none where either side is unknown.
    pub only_unemployment: Option<Vec<&'a PersonView>>,
}

/// What pension insurance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PensionCount {
    /// Its settlement period.
    pub settlement: Month,
    /// 养老总人数.
    pub persons: u32,
    /// The sum of the bases.
    pub total_base: Money,
    /// When it said so, by its clock.
    pub as_of: Timestamp,
}

/// What unemployment insurance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnemploymentCount {
    /// The current settlement period.
    pub settlement: Month,
    /// 失业总人数: the persons whose month this is (WAGE-3).
    pub persons: usize,
    /// How many of them have a wage for it.
    pub wages_declared: usize,
    /// The sum of the bases: as assessed, else as the wages make them; none where a parameter has
    /// no value for the month.
    pub total_base: Option<Money>,
}

impl HeadCounts<'_> {
    /// Whether both count as many persons; none where either count is unknown.
    #[must_use]
    pub fn agree(&self) -> Option<bool> {
        let (pension, ours) = (self.pension?, self.unemployment?);
        Some(u64::from(pension.persons) == ours.persons as u64)
    }
}

/// The counts of a unit; `known_on` decides which parameter values were known (SIL-23).
#[must_use]
pub fn head_counts<'a>(unit: &'a UnitView, common: &CommonView, known_on: Date) -> HeadCounts<'a> {
    let feed = unit.pension_feed().map(|it| &it.feed);
    let settlement = common.current_settlement();
    let there = feed.map(|it| it.persons.values().filter(|person| person.pays()));
    let here = settlement.map(|it| paying(unit, common, it, known_on));
    let (only_pension, only_unemployment) = match (there, here) {
        (Some(there), Some(here)) => {
            let (there, here): (Vec<_>, Vec<_>) = (there.collect(), here);
            let (pension, ours) = only(&there, &here);
            (Some(pension), Some(ours))
        }
        (None, _) | (_, None) => (None, None),
    };
    HeadCounts {
        pension: feed.map(|it| PensionCount {
            settlement: it.totals.settlement,
            persons: it.totals.head_count,
            total_base: it.totals.total_base,
            as_of: it.as_of,
        }),
        unemployment: settlement.map(|it| counted(unit, common, it, known_on)),
        only_pension,
        only_unemployment,
    }
}

/// Who pays in a month, by personal number.
fn paying<'a>(
    unit: &'a UnitView,
    common: &CommonView,
    month: Month,
    known_on: Date,
) -> Vec<&'a PersonView> {
    let parameters = common.parameters();
    let counts = |it: &&PersonView| match parameters {
        Some(parameters) => pays(it, month, parameters, known_on),
        None => it.payable(month),
    };
    let mut paying: Vec<&PersonView> = unit.persons.values().filter(counts).collect();
    paying.sort_by(|a, b| a.record.personal_number.cmp(&b.record.personal_number));
    paying
}

/// Who stands on one side alone; both sides by their documents.
fn only<'a>(
    there: &[&'a PensionPerson],
    here: &[&'a PersonView],
) -> (Vec<&'a PensionPerson>, Vec<&'a PersonView>) {
    let of_pension = |it: &&'a PensionPerson| (it.id_kind.as_str(), it.id_number.as_str());
    let of_ours = |it: &&'a PersonView| {
        let document = &it.record.document;
        (document.kind().code(), document.number())
    };
    let known_there: BTreeSet<_> = there.iter().map(of_pension).collect();
    let known_here: BTreeSet<_> = here.iter().map(of_ours).collect();
    let only_there = there
        .iter()
        .filter(|it| !known_here.contains(&of_pension(it)));
    let only_here = here.iter().filter(|it| !known_there.contains(&of_ours(it)));
    (only_there.copied().collect(), only_here.copied().collect())
}

fn counted(
    unit: &UnitView,
    common: &CommonView,
    month: Month,
    known_on: Date,
) -> UnemploymentCount {
    let persons = paying(unit, common, month, known_on);
    let wages: Vec<Money> = persons.iter().filter_map(|it| it.wage(month)).collect();
    let total_base = if unit.assessments.contains_key(&month) {
        let lines = unit.receivables(month).map(|it| &it.receivable);
        let normal = lines.filter(|it| it.kind == NORMAL);
        Some(normal.map(|it| it.base).sum())
    } else {
        common.parameters().and_then(|parameters| {
            let base = |it: &Money| contribution_base(*it, month, parameters, known_on).ok();
            wages.iter().map(base).sum()
        })
    };
    UnemploymentCount {
        settlement: month,
        persons: persons.len(),
        wages_declared: wages.len(),
        total_base,
    }
}
