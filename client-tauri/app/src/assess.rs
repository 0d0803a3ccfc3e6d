//! 核定申请 and its answers (ASM-1, ASM-2).

use std::collections::BTreeSet;

use canbao_core::declaration::Field;
use canbao_core::facts::{FailedRequest, Matter, NORMAL, UNEMPLOYMENT, UnitView};
use canbao_core::ids::UnitId;
use canbao_core::message::Lang;
use canbao_core::month::Month;
use canbao_core::pension::PENSION;
use canbao_core::statement::Statement;

use crate::app::App;
use crate::captions::coded;
use crate::fault::{Fault, Trouble, problem_views};
use crate::request::Context;
use crate::response::{AssessmentRow, Coded};

impl App {
    /// Applies for the assessment of a settlement month.
    pub(crate) fn assess_apply(
        &mut self,
        context: &Context,
        settlement: &str,
        insurance: u16,
    ) -> Result<AssessmentRow, Fault> {
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let settlement = month(settlement, Field::Month)?;
        match insurance {
            PENSION => return Ok(at_pension(unit, settlement, context.lang)),
            UNEMPLOYMENT => {}
            other => {
                return Err(Fault::refused("assessment.insurance_unknown").with("insurance", other));
            }
        }
        if unit.assessments.contains_key(&settlement) {
            return Err(Fault::refused("assessment.already_assessed").with("month", settlement));
        }
        if self.request_waits(unit_id, settlement) {
            return Err(Fault::refused("assess.already_queued").with("month", settlement));
        }
        let attempt = unit.next_attempt(insurance, settlement);
        let request = Statement::AssessmentRequest {
            unit: unit_id,
            insurance,
            settlement,
            attempt,
        };
        self.state(context, |it| it.employs(unit_id), vec![request])?;
        let unit = self.unit(context)?;
        Ok(empty(unit, settlement, queued(context.lang), Some(attempt)))
    }

    fn request_waits(&self, unit: UnitId, settlement: Month) -> bool {
        self.outbox
            .requests(unit)
            .any(|(month, _, it)| month == settlement && self.outbox.waits(it.id, &self.feed))
    }

    /// What was assessed, what failed, what waits; and 养老, as its feed says.
    pub(crate) fn assessments(&self, context: &Context) -> Result<Vec<AssessmentRow>, Fault> {
        let unit = self.unit(context)?;
        let lang = context.lang;
        let mut rows: Vec<AssessmentRow> = Vec::new();
        for ((insurance, settlement), failures) in &unit.failures {
            for (FailedRequest { at, problems }, attempt) in failures.iter().zip(1..) {
                let status = coded("failed", lang, "核定失败", "failed");
                rows.push(AssessmentRow {
                    at: Some(at.to_string()),
                    problems: problem_views(problems, lang),
                    insurance: *insurance,
                    ..empty(unit, *settlement, status, Some(attempt))
                });
            }
        }
        rows.extend(unit.assessments.keys().map(|it| assessed(unit, *it, lang)));
        for (settlement, attempt, item) in self.outbox.requests(unit.record.id) {
            if let Some(end) = self.outbox.end(item) {
                let status = coded("refused", lang, "中心拒收", "refused by the centre");
                let trouble = Trouble::new(Field::Whole, &end.code).with("detail", &end.detail);
                rows.push(AssessmentRow {
                    problems: vec![trouble.in_words(lang)],
                    ..empty(unit, settlement, status, Some(attempt))
                });
            } else if self.outbox.waits(item.id, &self.feed) {
                rows.push(empty(unit, settlement, queued(lang), Some(attempt)));
            }
        }
        rows.sort_by(|a, b| (&a.settlement, a.attempt).cmp(&(&b.settlement, b.attempt)));
        let months = pension_months(unit);
        rows.extend(months.into_iter().map(|it| at_pension(unit, it, lang)));
        Ok(rows)
    }
}

/// A month as typed.
pub(crate) fn month(typed: &str, field: Field) -> Result<Month, Fault> {
    typed.trim().parse::<Month>().map_err(|_| {
        let shown: String = typed.trim().chars().take(20).collect();
        let trouble = Trouble::new(field, "declaration.not_a_month").with("text", shown);
        Fault::problems("request.problems", vec![trouble])
    })
}

fn assessed(unit: &UnitView, settlement: Month, lang: Lang) -> AssessmentRow {
    let view = &unit.assessments[&settlement];
    let totals = &view.assessment.totals;
    let attempt = unit.next_attempt(UNEMPLOYMENT, settlement);
    let status = coded("assessed", lang, "已核定", "assessed");
    AssessmentRow {
        persons: Some(view.assessment.persons),
        late_lines: Some(late_lines(unit, settlement)),
        refunded: Some((view.assessment.refunds.unit + view.assessment.refunds.person).to_string()),
        base: Some(totals.base.to_string()),
        unit_amount: Some(totals.unit.to_string()),
        personal_amount: Some(totals.person.to_string()),
        total: Some((totals.unit + totals.person).to_string()),
        total_rule: Some(view.assessment.total_rule.to_string()),
        parameters: Some(view.assessment.parameters.to_string()),
        at: Some(view.at.to_string()),
        ..empty(unit, settlement, status, Some(attempt))
    }
}

/// How many lines are for months before: back-payments, adjustments, refunds (SIL-20).
fn late_lines(unit: &UnitView, settlement: Month) -> u32 {
    let late = unit
        .receivables(settlement)
        .filter(|it| it.receivable.kind != NORMAL);
    late.map(|_| 1).sum()
}

/// The months of which pension insurance's assessment is shown: those assessed here, and those
/// its feed tells.
fn pension_months(unit: &UnitView) -> BTreeSet<Month> {
    let feed = unit.pension_feed().into_iter();
    let told = feed.flat_map(|it| it.feed.results.keys());
    let told = told.filter(|(_, matter)| *matter == Matter::Assessment);
    let ours = unit.assessments.keys().copied();
    ours.chain(told.map(|(month, _)| *month)).collect()
}

/// 养老's assessment of a month as its feed says; 未知 where it says nothing (ASM-1, PEN-1).
fn at_pension(unit: &UnitView, settlement: Month, lang: Lang) -> AssessmentRow {
    let taken = unit.pension_feed();
    let key = (settlement, Matter::Assessment);
    let result = taken.and_then(|it| it.feed.results.get(&key));
    let (status, problems) = match result.map(|it| &it.failure) {
        None => (coded("unknown", lang, "未知", "unknown"), Vec::new()),
        Some(None) => (coded("assessed", lang, "已核定", "assessed"), Vec::new()),
        Some(Some(reason)) => {
            let trouble = Trouble::new(Field::Whole, "pension.assessment_failed");
            let problem = trouble.with("reason", reason).in_words(lang);
            (coded("failed", lang, "核定失败", "failed"), vec![problem])
        }
    };
    AssessmentRow {
        insurance: PENSION,
        told_at: result.and(taken).map(|it| it.feed.as_of.to_string()),
        problems,
        ..empty(unit, settlement, status, None)
    }
}

fn queued(lang: Lang) -> Coded {
    coded(
        "queued",
        lang,
        "已申请,等待中心",
        "applied for, waiting for the centre",
    )
}

fn empty(unit: &UnitView, settlement: Month, status: Coded, attempt: Option<u32>) -> AssessmentRow {
    AssessmentRow {
        unit: unit.record.id.to_string(),
        settlement: settlement.to_string(),
        insurance: UNEMPLOYMENT,
        status,
        attempt,
        persons: None,
        late_lines: None,
        refunded: None,
        base: None,
        unit_amount: None,
        personal_amount: None,
        total: None,
        total_rule: None,
        parameters: None,
        at: None,
        told_at: None,
        problems: Vec::new(),
    }
}
