//! 养老花名册查询 (QRY-6): pension insurance's roster beside ours.

use std::collections::BTreeMap;

use crate::facts::{PensionPerson, PersonState, PersonView, UnitView};

/// Which persons are wanted; nothing given means everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterFilter {
    /// 身份证号.
    pub id_number: Option<String>,
    /// 个人编号, of either insurance.
    pub personal_number: Option<String>,
    /// 人员状态.
    pub person_state: Option<PersonState>,
}

/// A person as both insurances have them; one of the two at least is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterRow<'a> {
    /// At pension insurance.
    pub pension: Option<&'a PensionPerson>,
    /// At unemployment insurance.
    pub ours: Option<&'a PersonView>,
}

/// The rows that are wanted: pension insurance's persons by their numbers there, then those who
/// are known here alone. Where no feed came, these are all; [`UnitView::pension_feed`] tells the
/// two cases apart.
#[must_use]
pub fn roster<'a>(unit: &'a UnitView, filter: &RosterFilter) -> Vec<RosterRow<'a>> {
    let mut here: BTreeMap<(&str, &str), &PersonView> = unit
        .persons
        .values()
        .map(|it| {
            let document = &it.record.document;
            ((document.kind().code(), document.number()), it)
        })
        .collect();
    let feed = unit.pension_feed().map(|it| &it.feed);
    let there = feed.into_iter().flat_map(|it| it.persons.values());
    let mut rows: Vec<RosterRow<'a>> = there
        .map(|it| RosterRow {
            pension: Some(it),
            ours: here.remove(&(it.id_kind.as_str(), it.id_number.as_str())),
        })
        .collect();
    let mut left: Vec<&PersonView> = here.into_values().collect();
    left.sort_by_key(|it| it.record.personal_number.clone());
    rows.extend(left.into_iter().map(|it| RosterRow {
        pension: None,
        ours: Some(it),
    }));
    rows.retain(|it| filter.lets(it));
    rows
}

impl RosterFilter {
    fn lets(&self, row: &RosterRow<'_>) -> bool {
        let number = |it: &String| row.has_id_number(it);
        let personal = |it: &String| row.has_personal_number(it);
        self.id_number.as_ref().is_none_or(number)
            && self.personal_number.as_ref().is_none_or(personal)
            && self
                .person_state
                .is_none_or(|it| row.pension.is_some_and(|person| person.person_state == it))
    }
}

impl RosterRow<'_> {
    fn has_id_number(&self, typed: &str) -> bool {
        let typed = typed.trim().to_uppercase();
        let there = self.pension.is_some_and(|it| it.id_number == typed);
        let ours = self.ours.map(|it| it.record.document.number());
        there || ours == Some(typed.as_str())
    }

    fn has_personal_number(&self, typed: &str) -> bool {
        let typed = typed.trim();
        let there = self.pension.is_some_and(|it| it.personal_number == typed);
        let ours = self.ours.map(|it| it.record.personal_number.as_str());
        there || ours == Some(typed)
    }
}
