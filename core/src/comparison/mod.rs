//! Our roster beside tax's, person by person: what differs, and which declaration mends it
//! (QRY-3, MON-3, FAQ-2).
//!
//! Where tax's roster was never fetched everything is 未知; a difference is only ever one between
//! two things that are known.

mod mending;
mod months;
mod repair;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::{
    PersonView, Receiving, TaxPerson, TaxRoster, TransactionId, TransactionKind, TransactionView,
    UnitView,
};
use crate::ids::PersonId;
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

pub use repair::{ChangeKind, Repair};

/// How a person compares (QRY-3). In the order of precedence: where several hold, the first is
/// the person's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 未知: tax's roster was never fetched.
    Unknown,
    /// 仅社保有.
    OnlyOurs,
    /// 仅税务有.
    OnlyTax,
    /// 状态不一致: one has the person paying, the other stopped.
    StateDiffers,
    /// 起止月不一致.
    MonthsDiffer,
    /// 基数不一致 (FAQ-2).
    BaseDiffers,
    /// 姓名不一致: the name, the document or the personal number.
    NameDiffers,
    /// 一致.
    Consistent,
}

/// One thing that differs, and what mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub class: Class,
    /// What to do; none where nothing has to be done.
    pub repair: Option<Repair>,
}

/// A person as the two sides have them; at least one side has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared<'a> {
    /// Ours.
    pub ours: Option<&'a PersonView>,
    /// Tax's.
    pub tax: Option<&'a TaxPerson>,
    /// The base of the newest month that tax knows from us, as assessed.
    pub base: Option<Money>,
    /// Tax's base: the posted one where it is another than ours, else the one of the roster.
    pub tax_base: Option<Money>,
    /// What differs, in the order of precedence.
    pub findings: Vec<Finding>,
    class: Class,
}

impl Compared<'_> {
    /// The person's class.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// Whether this class holds, be it the first or one of the others.
    #[must_use]
    pub fn is(&self, class: Class) -> bool {
        self.class == class || self.findings.iter().any(|it| it.class == class)
    }
}

/// A unit's roster beside tax's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// When tax made its answer, by tax's clock; none where there never was one.
    pub as_of: Option<Timestamp>,
    /// Whether tax has the unit at all; unknown where there never was an answer.
    pub unit_known: Option<bool>,
    /// Everyone, by personal number.
    pub rows: Vec<Compared<'a>>,
}

impl Class {
    /// Every class there is, in the order of precedence.
    pub const ALL: [Self; 8] = [
        Self::Unknown,
        Self::OnlyOurs,
        Self::OnlyTax,
        Self::StateDiffers,
        Self::MonthsDiffer,
        Self::BaseDiffers,
        Self::NameDiffers,
        Self::Consistent,
    ];

    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::OnlyOurs => "only_ours",
            Self::OnlyTax => "only_tax",
            Self::StateDiffers => "state_differs",
            Self::MonthsDiffer => "months_differ",
            Self::BaseDiffers => "base_differs",
            Self::NameDiffers => "name_differs",
            Self::Consistent => "consistent",
        }
    }
}

/// Compares a unit's roster with the newest of tax's that is known.
#[must_use]
pub fn compare(unit: &UnitView) -> Comparison<'_> {
    let Some(roster) = unit.tax_roster() else {
        return unknown(unit);
    };
    let sent = newest_changes(unit);
    let mut rest: BTreeMap<&str, &TaxPerson> = roster
        .persons
        .iter()
        .map(|(number, person)| (number.as_str(), person))
        .collect();
    let pairs = pair(unit, &mut rest);
    let mut rows: Vec<Compared<'_>> = pairs
        .into_iter()
        .map(|(ours, tax)| {
            let newest = sent.get(&ours.record.id).copied();
            Beside {
                unit,
                roster,
                ours,
                sent: newest,
            }
            .compared(tax)
        })
        .collect();
    rows.extend(rest.into_values().map(only_tax));
    rows.sort_by(|a, b| number(a).cmp(number(b)));
    Comparison {
        as_of: Some(roster.as_of),
        unit_known: Some(roster.version.is_some()),
        rows,
    }
}

/// A change of tax's roster and where it stands.
#[derive(Debug, Clone, Copy)]
struct Sent<'a> {
    id: &'a TransactionId,
    view: &'a TransactionView,
}

/// A person of ours, and what there is to judge them by.
struct Beside<'a> {
    unit: &'a UnitView,
    roster: &'a TaxRoster,
    ours: &'a PersonView,
    /// The newest change that was to go to tax.
    sent: Option<Sent<'a>>,
}

impl<'a> Beside<'a> {
    fn compared(&self, tax: Option<&'a TaxPerson>) -> Compared<'a> {
        let mut findings = Vec::new();
        findings.extend(self.months(tax));
        let bases = self.bases(tax);
        let (base, tax_base) = (bases.map(|it| it.ours), bases.and_then(|it| it.tax));
        findings.extend(bases.and_then(|it| it.finding(self.ours.record.id)));
        if tax.is_some_and(|it| !self.is_named_alike(it)) {
            findings.push(Finding {
                class: Class::NameDiffers,
                repair: Some(Repair::Window),
            });
        }
        let class = findings.first().map_or(Class::Consistent, |it| it.class);
        Compared {
            ours: Some(self.ours),
            tax,
            base,
            tax_base: tax_base.or_else(|| tax.and_then(|it| it.base)),
            findings,
            class,
        }
    }

    fn is_named_alike(&self, tax: &TaxPerson) -> bool {
        let record = &self.ours.record;
        tax.is_named_as(record) && tax.personal_number == record.personal_number.as_str()
    }

    /// The bases of the newest month that tax knows from us: one that it accepted before the
    /// roster was fetched, or posted.
    fn bases(&self, tax: Option<&TaxPerson>) -> Option<Bases> {
        let tax = tax?;
        let accepted = |settlement| {
            let kind = TransactionKind::Assessment { settlement };
            let first = kind.id(self.unit.record.id, 1);
            let view = self.unit.newest_sending(&first);
            view.is_some_and(|it| it.receiving == Receiving::Accepted && !self.is_newer(it))
        };
        let mut normal = self.unit.normal_receivables(self.ours.record.id).rev();
        let due = normal.find(|it| it.record.is_some() || accepted(it.receivable.settlement))?;
        let ours = due.receivable.base;
        let posted = self.unit.record_of(due).map(|it| it.record.base);
        let said = posted.filter(|it| *it != ours).or(tax.base);
        let assessed = self.unit.assessments.keys().next_back().copied();
        Some(Bases {
            settled: assessed.max(Some(due.receivable.month)),
            ours,
            tax: said,
        })
    }

    /// Whether tax answered to a transaction after its roster was fetched.
    fn is_newer(&self, sent: &TransactionView) -> bool {
        sent.answered.is_none_or(|it| it > self.roster.position)
    }

    /// The newest month of the person with a payment record.
    fn last_recorded(&self) -> Option<Month> {
        let mut due = self.unit.normal_receivables(self.ours.record.id).rev();
        let paid = due.find(|it| it.record.is_some())?;
        Some(paid.receivable.month)
    }
}

/// A month's base as assessed, and what tax says.
#[derive(Debug, Clone, Copy)]
struct Bases {
    /// The newest month that no wage changes any more.
    settled: Option<Month>,
    ours: Money,
    tax: Option<Money>,
}

impl Bases {
    /// FAQ-2: the declared wage's base against the one declared at tax. What was assessed stays as
    /// it is (SIL-20), so that a wage mends the months behind it.
    fn finding(self, person: PersonId) -> Option<Finding> {
        let base = self.tax.filter(|it| *it != self.ours)?;
        let next = self.settled.and_then(Month::next);
        let repair = next.map(|from| Repair::Wage { person, from, base });
        Some(Finding {
            class: Class::BaseDiffers,
            repair,
        })
    }
}

/// Each of our persons with the one tax has under the same personal number, or else under the
/// same document; `rest` keeps whom only tax has.
fn pair<'a>(
    unit: &'a UnitView,
    rest: &mut BTreeMap<&str, &'a TaxPerson>,
) -> Vec<(&'a PersonView, Option<&'a TaxPerson>)> {
    let mut pairs: Vec<_> = unit
        .persons
        .values()
        .map(|it| (it, rest.remove(it.record.personal_number.as_str())))
        .collect();
    let by_document: BTreeMap<(&str, &str), &'a TaxPerson> = rest
        .values()
        .map(|it| ((it.id_kind.as_str(), it.id_number.as_str()), *it))
        .collect();
    for (ours, tax) in pairs.iter_mut().filter(|(_, tax)| tax.is_none()) {
        let document = &ours.record.document;
        let key = (document.kind().code(), document.number());
        if let Some(found) = by_document.get(&key)
            && let Some(found) = rest.remove(found.personal_number.as_str())
        {
            *tax = Some(found);
        }
    }
    pairs
}

/// The newest change of each person that was to go to tax.
fn newest_changes(unit: &UnitView) -> BTreeMap<PersonId, Sent<'_>> {
    let mut newest: BTreeMap<PersonId, Sent<'_>> = BTreeMap::new();
    for (id, view) in &unit.transactions {
        if let TransactionKind::RosterChange { change, .. } = &view.kind {
            let sent = newest.entry(change.person()).or_insert(Sent { id, view });
            if sent.view.position < view.position {
                *sent = Sent { id, view };
            }
        }
    }
    newest
}

fn only_tax(tax: &TaxPerson) -> Compared<'_> {
    let repair = match tax.stop {
        None => Some(Repair::Enrol { month: tax.first }),
        Some(_) => None,
    };
    Compared {
        ours: None,
        tax: Some(tax),
        base: None,
        tax_base: tax.base,
        findings: vec![Finding {
            class: Class::OnlyTax,
            repair,
        }],
        class: Class::OnlyTax,
    }
}

fn unknown(unit: &UnitView) -> Comparison<'_> {
    let mut rows: Vec<_> = unit
        .persons
        .values()
        .map(|ours| Compared {
            ours: Some(ours),
            tax: None,
            base: None,
            tax_base: None,
            findings: Vec::new(),
            class: Class::Unknown,
        })
        .collect();
    rows.sort_by(|a, b| number(a).cmp(number(b)));
    Comparison {
        as_of: None,
        unit_known: None,
        rows,
    }
}

fn number<'a>(row: &Compared<'a>) -> &'a str {
    let ours = row.ours.map(|it| it.record.personal_number.as_str());
    let tax = row.tax.map(|it| it.personal_number.as_str());
    ours.or(tax).unwrap_or_default()
}

#[cfg(test)]
mod tests;
