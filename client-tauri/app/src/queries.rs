//! The roster (QRY-2, QRY-7).

use canbao_core::declaration::Field;
use canbao_core::document::Overlay;
use canbao_core::facts::{PaymentStatus, PeopleQuery, PersonView, UnitView, month_stage};
use canbao_core::message::Lang;
use canbao_core::month::Month;

use crate::app::App;
use crate::captions;
use crate::conflicts::fields_of;
use crate::fault::{Fault, Trouble};
use crate::request::Context;
use crate::response::{IntervalView, MonthView, PersonDetail, PersonRow, WageSpanView};
use crate::rows::person_ref;

impl App {
    /// Those of the unit who are asked for, by personal number.
    pub(crate) fn roster(
        &self,
        context: &Context,
        person: Option<&str>,
        status: Option<&str>,
    ) -> Result<Vec<PersonRow>, Fault> {
        let unit = self.unit(context)?;
        let person = person.map(|it| find_person(unit, it)).transpose()?;
        let query = PeopleQuery {
            person: person.map(|it| it.record.id),
            status: status.map(status_of).transpose()?,
        };
        let settlement = self.feed.projection.common.current_settlement();
        let overlays = self.overlays_of(unit.record.id);
        let rows = query.of(unit).into_iter().map(|it| {
            let overlay = overlays.get(&it.record.id);
            person_row(it, overlay, settlement, context.lang)
        });
        Ok(rows.collect())
    }

    /// One person with intervals, wages, months and declarations.
    pub(crate) fn roster_person(
        &self,
        context: &Context,
        typed: &str,
    ) -> Result<PersonDetail, Fault> {
        let unit = self.unit(context)?;
        let person = find_person(unit, typed)?;
        let common = &self.feed.projection.common;
        let settlement = common.current_settlement();
        let id = person.record.id.to_string();
        let mut declarations = self.rows_of(unit, context);
        declarations.retain(|it| it.person.as_ref().is_some_and(|person| person.id == id));
        let months = common
            .settlements_before(Month::MAX)
            .map(|month| month_view(unit, person, month, context.lang))
            .collect();
        let overlay = self.overlay_on(unit.record.id, person.record.id);
        Ok(PersonDetail {
            row: person_row(person, overlay.as_ref(), settlement, context.lang),
            document_kind: person.record.document.kind().code().to_owned(),
            intervals: person
                .intervals
                .iter()
                .map(|it| IntervalView {
                    from: it.start.to_string(),
                    to: it.stop.map(|stop| stop.to_string()),
                })
                .collect(),
            wages: wages(person),
            months,
            declarations,
            notes: self.notes_on(unit.record.id, person.record.id),
        })
    }
}

/// The person of a number as typed (COM-1, COM-3).
pub(crate) fn find_person<'a>(unit: &'a UnitView, typed: &str) -> Result<&'a PersonView, Fault> {
    unit.find_person(typed.trim()).ok_or_else(|| {
        let trouble = Trouble::new(Field::Person, "declaration.person_unknown");
        Fault::problems("request.problems", vec![trouble])
    })
}

/// 缴费状态 by its code or by its caption in either language, what stands in brackets left out or
/// not.
fn status_of(typed: &str) -> Result<PaymentStatus, Fault> {
    let typed = typed.trim();
    let is_meant = |status: &PaymentStatus| {
        [Lang::Zh, Lang::En].into_iter().any(|lang| {
            let known = captions::payment_status(*status, lang);
            let short = known.text.split('(').next().unwrap_or_default();
            known.code == typed || known.text == typed || short == typed
        })
    };
    PaymentStatus::ALL
        .into_iter()
        .find(is_meant)
        .ok_or_else(|| {
            let shown: String = typed.chars().take(20).collect();
            Fault::usage("roster.no_such_status").with("status", shown)
        })
}

fn person_row(
    person: &PersonView,
    overlay: Option<&Overlay>,
    settlement: Option<Month>,
    lang: Lang,
) -> PersonRow {
    let last = person.intervals.last();
    let kept = |text: &String| (!text.is_empty()).then(|| text.clone());
    PersonRow {
        person: person_ref(person),
        status: captions::payment_status(person.status(), lang),
        paying_since: last.map(|it| it.start.to_string()),
        last_paid_month: last.and_then(|it| it.stop).map(|it| it.to_string()),
        wage: settlement
            .and_then(|it| person.wage(it))
            .map(|it| it.to_string()),
        department: overlay.and_then(|it| kept(&it.department)),
        phone: overlay.and_then(|it| kept(&it.phone)),
        conflicts: overlay.map_or_else(Vec::new, |it| fields_of(&it.conflicts, lang)),
    }
}

fn wages(person: &PersonView) -> Vec<WageSpanView> {
    let loaded = person.baseline.iter().map(|span| (span, "loaded"));
    let declared = person.declared.iter().map(|span| (span, "declared"));
    loaded
        .chain(declared)
        .map(|(span, source)| WageSpanView {
            from: span.from.to_string(),
            to: span.to.to_string(),
            wage: span.wage.to_string(),
            source: source.to_owned(),
        })
        .collect()
}

fn month_view(unit: &UnitView, person: &PersonView, month: Month, lang: Lang) -> MonthView {
    let due = unit
        .receivables_for(person.record.id, month)
        .last()
        .map(|it| &it.receivable);
    MonthView {
        month: month.to_string(),
        payable: person.payable(month),
        settlement: due.map(|it| it.settlement.to_string()),
        base: due.map(|it| it.base.to_string()),
        unit_amount: due.map(|it| it.unit_amount.to_string()),
        personal_amount: due.map(|it| it.person_amount.to_string()),
        stage: due.map(|_| captions::stage(month_stage(person.record.id, month, unit), lang)),
    }
}
