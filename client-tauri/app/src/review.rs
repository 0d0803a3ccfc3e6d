//! 审核 at the district agency (SIL-11, SIL-13): the queue and the signed decisions.

use canbao_core::certificate::Mandate;
use canbao_core::contribution::{contribution_base, differs_markedly};
use canbao_core::declaration::{Content, Field, Who};
use canbao_core::facts::{DeclarationStatus, SubmissionState, SubmissionView, UnitView};
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::refusal::RefusalName;
use canbao_core::statement::{MAX_REASON_BYTES, Statement, Verdict};

use crate::app::App;
use crate::captions;
use crate::fault::{Fault, Trouble};
use crate::request::Context;
use crate::response::{Coded, DecideReport, ReviewRow};
use crate::rows::{content_fields, subject_of, unit_ref};

/// A void decision is shown to who made it for so many seconds: thirty days.
const VOID_SHOWN: i64 = 30 * 24 * 60 * 60;

/// A decision asked for; a reason where one is needed.
#[derive(Debug, Clone)]
pub(crate) enum Ruling {
    Approve,
    Return(String),
    Reject(String),
}

impl Ruling {
    fn verdict(self) -> Result<Verdict, Fault> {
        match self {
            Self::Approve => Ok(Verdict::Approve),
            Self::Return(reason) => given(&reason).map(Verdict::Return),
            Self::Reject(reason) => given(&reason).map(Verdict::Reject),
        }
    }
}

impl App {
    /// The undecided submissions of the operator's district, or of one unit of it, in the order
    /// they were taken in.
    pub(crate) fn review_queue(&self, context: &Context) -> Result<Vec<ReviewRow>, Fault> {
        let mut undecided = self.undecided(context)?;
        undecided.sort_by(|(_, a), (_, b)| a.receipt.0.cmp(&b.receipt.0));
        Ok(undecided
            .into_iter()
            .map(|(unit, it)| self.review_row(unit, it, context.lang))
            .collect())
    }

    /// Signs a decision on each submission named, by declaration id or receipt number.
    pub(crate) fn review(
        &mut self,
        context: &Context,
        ids: &[String],
        ruling: Ruling,
    ) -> Result<DecideReport, Fault> {
        if ids.is_empty() {
            return Err(Fault::usage("review.nothing_named"));
        }
        let verdict = ruling.verdict()?;
        let undecided = self.undecided(context)?;
        let district = undecided.first().map(|(unit, _)| unit.record.district);
        let mut failed = Vec::new();
        let mut decided: Vec<(&UnitView, &SubmissionView)> = Vec::new();
        for id in ids {
            let named = |it: &&(&UnitView, &SubmissionView)| {
                it.1.receipt.0 == *id || it.1.declaration.id.to_string() == *id
            };
            match undecided.iter().find(named) {
                None => {
                    failed.push(Trouble::new(Field::Whole, "decision.not_undecided").at(id));
                }
                Some((_, it)) if self.decision_waits(it) => {
                    failed.push(Trouble::new(Field::Whole, "review.already_decided").at(id));
                }
                Some((_, it)) if decided.iter().any(|(_, known)| known == it) => {}
                Some(found) => decided.push(*found),
            }
        }
        if decided.is_empty() {
            return Err(Fault::problems("review.none", failed));
        }
        let statements = decided
            .iter()
            .map(|(unit, it)| Statement::Decision {
                unit: unit.record.id,
                submission: it.declaration.submission_id(),
                verdict: verdict.clone(),
                attempt: it.next_attempt(),
            })
            .collect();
        let receipts: Vec<String> = decided.iter().map(|(_, it)| it.receipt.0.clone()).collect();
        let reviews = |it: &Mandate| district.is_some_and(|district| it.reviews(district));
        self.state(context, reviews, statements)?;
        let mut decided = self.review_queue(context)?;
        decided.retain(|it| receipts.contains(&it.receipt));
        let failed = failed.iter().map(|it| it.in_words(context.lang)).collect();
        Ok(DecideReport { decided, failed })
    }

    /// The undecided submissions an agency's operator of this device may decide on.
    fn undecided(&self, context: &Context) -> Result<Vec<(&UnitView, &SubmissionView)>, Fault> {
        let operator = self
            .identity
            .operator(context, |it| matches!(it, Mandate::Agency(_)))?;
        let mandate = &operator.certificate.mandate;
        let one = match &context.unit {
            Some(_) => Some(self.unit(context)?.record.id),
            None => None,
        };
        let units = self.feed.projection.units.values();
        Ok(units
            .filter(|unit| mandate.reviews(unit.record.district))
            .filter(|unit| one.is_none_or(|one| unit.record.id == one))
            .flat_map(|unit| unit.submissions.values().map(move |it| (unit, it)))
            .filter(|(_, it)| it.state == SubmissionState::Undecided)
            .collect())
    }

    /// The decisions made here that came void: another one, or a withdrawal, was first in the
    /// log. Whoever decided hears what stands instead.
    pub(crate) fn void_decisions(&self, lang: Lang) -> Vec<Coded> {
        let since = self.world.now().0.saturating_sub(VOID_SHOWN);
        let void = self
            .outbox
            .decisions()
            .filter_map(|(item, unit, submission)| {
                let unit = self.feed.projection.units.get(&unit)?;
                let view = unit.submissions.get(&submission)?;
                let is_void = view.void.iter().any(|(id, _)| id.0 == item.id);
                (is_void && item.at.0 >= since).then_some(view)
            });
        void.map(|view| {
            let stands = match &view.state {
                SubmissionState::Decided(it) => {
                    let how = captions::verdict(&it.verdict, lang).text;
                    format!("{how} ({})", it.by)
                }
                SubmissionState::Withdrawn => {
                    captions::status(&DeclarationStatus::Withdrawn, lang).text
                }
                SubmissionState::Undecided => captions::coded("", lang, "未审核", "undecided").text,
            };
            let receipt = &view.receipt.0;
            let zh = format!("您对 {receipt} 的审核未生效;现为:{stands}");
            let en = format!("your decision on {receipt} came void; it stands: {stands}");
            captions::coded("review.void", lang, &zh, &en)
        })
        .collect()
    }

    /// How many submissions this device's agency operators have to decide.
    pub(crate) fn to_review(&self) -> u64 {
        let reviewable = self.feed.projection.units.values().filter(|unit| {
            let district = unit.record.district;
            self.identity
                .operators
                .iter()
                .any(|it| it.certificate.mandate.reviews(district))
        });
        reviewable
            .flat_map(|unit| unit.submissions.values())
            .filter(|it| it.state == SubmissionState::Undecided && !self.decision_waits(it))
            .count() as u64
    }

    fn decision_waits(&self, submission: &SubmissionView) -> bool {
        let id = submission.declaration.submission_id();
        self.outbox.waiting_decision(&self.feed, id).is_some()
    }

    fn review_row(&self, unit: &UnitView, submission: &SubmissionView, lang: Lang) -> ReviewRow {
        let declaration = &submission.declaration;
        let fields = content_fields(&declaration.content);
        let bases = self.bases(unit, submission);
        let queued = self
            .outbox
            .waiting_decision(&self.feed, declaration.submission_id());
        let kind = declaration.content.kind();
        ReviewRow {
            id: declaration.id.to_string(),
            receipt: submission.receipt.to_string(),
            unit: unit_ref(&unit.record),
            kind: kind.to_string(),
            kind_text: captions::kind(kind, lang),
            person: subject_of(unit, &declaration.content),
            month: fields.month,
            change_reason: fields.change_reason,
            from: fields.from,
            to: fields.to,
            wage: fields.wage,
            base: bases.new.map(|it| it.to_string()),
            base_before: bases.old.map(|it| it.to_string()),
            marked: bases.marked,
            revision: declaration.revision,
            settlement: submission.settlement.to_string(),
            received_at: submission.received_at.to_string(),
            queued_decision: queued.map(|it| captions::verdict(it, lang)),
        }
    }

    /// The base that follows from a declared wage and the one of the month before it, by the
    /// parameters known when it was taken in.
    fn bases(&self, unit: &UnitView, submission: &SubmissionView) -> Bases {
        let (person, from, wage) = match &submission.declaration.content {
            Content::Wage {
                person, from, wage, ..
            } => (Some(person), from, wage),
            Content::Resumption {
                who: Who::Known(person),
                month,
                wage,
                ..
            } => (Some(person), month, wage),
            Content::Registration { month, wage, .. } | Content::Resumption { month, wage, .. } => {
                (None, month, wage)
            }
            Content::Interruption { .. } => return Bases::default(),
        };
        let Some(parameters) = self.feed.projection.common.parameters() else {
            return Bases::default();
        };
        let known_on = submission.received_at.date();
        let base = |wage, month| contribution_base(wage, month, parameters, known_on).ok();
        let new = base(*wage, *from);
        let before = from.previous();
        let person = person.and_then(|it| unit.person(*it));
        let old = before.and_then(|month| base(person?.wage(month)?, month));
        let marked = match (new, parameters.base_change_mark(*from, known_on)) {
            (Some(new), Ok(mark)) => differs_markedly(old.unwrap_or(Money::ZERO), new, mark),
            (None, _) | (_, Err(_)) => false,
        };
        Bases { new, old, marked }
    }
}

#[derive(Debug, Default)]
struct Bases {
    new: Option<Money>,
    old: Option<Money>,
    marked: bool,
}

fn given(reason: &str) -> Result<String, Fault> {
    let reason = reason.trim();
    let problem = |code| {
        Err(Fault::problems(
            "request.problems",
            vec![Trouble::new(Field::Reason, code)],
        ))
    };
    match reason.len() {
        0 => problem("decision.reason_missing"),
        length if length > MAX_REASON_BYTES => problem(RefusalName::StatementTextTooLong.as_str()),
        _ => Ok(reason.to_owned()),
    }
}
