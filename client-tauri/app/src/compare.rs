//! 税务数据对比查询 (QRY-3): our roster beside tax's, with the class of each person and what
//! mends a difference.

use canbao_core::comparison::{Class, Compared, Comparison, Finding, Repair, compare};
use canbao_core::facts::{PersonView, TaxPerson, UnitView};
use canbao_core::message::{Lang, Message};
use canbao_core::money::Money;
use canbao_core::month::Month;

use crate::app::App;
use crate::captions::{self, coded};
use crate::fault::Fault;
use crate::request::Context;
use crate::response::{
    ClassCount, Coded, ComparedRow, ComparisonView, FindingView, RepairView, SideView,
};

impl App {
    /// Everyone, or those that a number or a class names.
    pub(crate) fn compare(
        &self,
        context: &Context,
        person: Option<&str>,
        class: Option<&str>,
    ) -> Result<ComparisonView, Fault> {
        let unit = self.unit(context)?;
        let lang = context.lang;
        let class = class.map(class_of).transpose()?;
        let comparison = compare(unit);
        let common = &self.feed.projection.common;
        let at_window = |it: &Repair| common.at_window(it.message(), unit.record.district);
        let wanted = |row: &&Compared<'_>| {
            class.is_none_or(|it| row.is(it))
                && person.is_none_or(|it| is_named(unit, row, it.trim()))
        };
        let rows: Vec<&Compared<'_>> = comparison.rows.iter().filter(wanted).collect();
        if person.is_some() && rows.is_empty() && class.is_none() {
            return Err(Fault::refused("compare.nobody"));
        }
        let now = self.world.now();
        Ok(ComparisonView {
            unit: unit.record.id.to_string(),
            as_of: comparison.as_of.map(|it| it.to_string()),
            age_seconds: comparison.as_of.map(|it| now.0.saturating_sub(it.0).max(0)),
            unit_known: comparison.unit_known,
            counts: counts(&comparison, lang),
            rows: rows
                .into_iter()
                .map(|it| shown(it, at_window, lang))
                .collect(),
        })
    }
}

/// How many persons have each class; those without any are left out.
fn counts(comparison: &Comparison<'_>, lang: Lang) -> Vec<ClassCount> {
    let count = |class| {
        comparison
            .rows
            .iter()
            .filter(|it| it.class() == class)
            .count()
    };
    let counted = Class::ALL.into_iter().map(|it| (it, count(it)));
    counted
        .filter(|(_, persons)| *persons > 0)
        .map(|(class, persons)| ClassCount {
            class: captions::class(class, lang),
            persons: persons as u64,
        })
        .collect()
}

fn shown(row: &Compared<'_>, said: impl Fn(&Repair) -> Message, lang: Lang) -> ComparedRow {
    let mut also = row.findings.iter().skip(1).map(|it| it.class);
    ComparedRow {
        person: row.ours.map(|it| it.record.id.to_string()),
        class: captions::class(row.class(), lang),
        also: also.by_ref().map(|it| captions::class(it, lang)).collect(),
        ours: row.ours.map(|it| ours(it, row.base, lang)),
        tax: row.tax.map(|it| at_tax(it, row.tax_base, lang)),
        findings: row
            .findings
            .iter()
            .map(|it| finding(it, &said, lang))
            .collect(),
    }
}

fn finding(finding: &Finding, said: impl Fn(&Repair) -> Message, lang: Lang) -> FindingView {
    let repair = finding.repair.as_ref();
    FindingView {
        class: captions::class(finding.class, lang),
        repair: repair.map(|it| repair_view(it, &said(it), lang)),
    }
}

/// What mends a difference, with its sentence.
pub(crate) fn repair_view(repair: &Repair, said: &Message, lang: Lang) -> RepairView {
    let text = said.text(lang);
    RepairView {
        code: repair.code().to_owned(),
        message: text.message,
        hint: text.hint,
        month: repair.month().map(|it| it.to_string()),
    }
}

fn ours(person: &PersonView, base: Option<Money>, lang: Lang) -> SideView {
    let record = &person.record;
    let newest = person.intervals.last();
    SideView {
        personal_number: record.personal_number.to_string(),
        name: record.name.clone(),
        masked_id: record.document.masked(),
        status: captions::payment_status(person.status(), lang),
        first_month: newest.map(|it| it.start.to_string()),
        stop_month: newest.and_then(|it| it.stop).map(|it| it.to_string()),
        base: base.map(|it| it.to_string()),
    }
}

fn at_tax(person: &TaxPerson, base: Option<Money>, lang: Lang) -> SideView {
    SideView {
        personal_number: person.personal_number.clone(),
        name: person.name.clone(),
        masked_id: person.masked_id(),
        status: at_tax_status(person.stop, lang),
        first_month: Some(person.first.to_string()),
        stop_month: person.stop.map(|it| it.to_string()),
        base: base.map(|it| it.to_string()),
    }
}

fn at_tax_status(stop: Option<Month>, lang: Lang) -> Coded {
    match stop {
        None => coded("paying", lang, "在缴", "paying"),
        Some(_) => coded("stopped", lang, "停保", "stopped"),
    }
}

/// By any number of ours, or by the number or the document that tax has.
pub(crate) fn is_named(unit: &UnitView, row: &Compared<'_>, typed: &str) -> bool {
    let ours = row.ours.is_some_and(|it| {
        let found = unit.find_person(typed);
        found.is_some_and(|found| found.record.id == it.record.id)
    });
    let tax = row
        .tax
        .is_some_and(|it| it.personal_number == typed || it.id_number == typed.to_uppercase());
    ours || tax
}

/// A class by its code or by its caption in either language.
fn class_of(typed: &str) -> Result<Class, Fault> {
    let typed = typed.trim();
    let is_meant = |class: &Class| {
        class.code() == typed
            || [Lang::Zh, Lang::En]
                .into_iter()
                .any(|lang| captions::class(*class, lang).text == typed)
    };
    Class::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let shown: String = typed.chars().take(20).collect();
        Fault::usage("compare.no_such_class").with("class", shown)
    })
}
