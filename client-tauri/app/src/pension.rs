//! What the pension feed says beside unemployment insurance: 养老花名册查询 (QRY-6), the head counts
//! (WAGE-1) and 审核结果查询 (QRY-8).

use canbao_core::declaration::Field;
use canbao_core::facts::{
    PensionPerson, PersonState, PersonView, SubmissionState, SubmissionView, UNEMPLOYMENT, UnitView,
};
use canbao_core::message::{Lang, Message};
use canbao_core::parameters::ParameterSet;
use canbao_core::pension::{
    HeadCounts, Linked, PENSION, ResultFilter, ResultItem, RosterFilter, RosterRow, head_counts,
    results, roster, usable_feed,
};
use canbao_core::statement::Verdict;

use crate::app::App;
use crate::assess::month;
use crate::captions::{self, coded};
use crate::fault::{Fault, problem_views};
use crate::request::Context;
use crate::response::{
    AtPension, AtUnemployment, Coded, CountedPerson, FeedView, LinkedView, PensionCountsView,
    PensionRosterRow, PensionRosterView, ResultRow, ResultsView,
};
use crate::rows::{person_ref, subject_of};

impl App {
    /// Pension insurance's roster beside ours, those that the filters let through.
    pub(crate) fn pension_roster(
        &self,
        context: &Context,
        id_number: Option<String>,
        personal_number: Option<String>,
        status: Option<&str>,
    ) -> Result<PensionRosterView, Fault> {
        let unit = self.unit(context)?;
        let lang = context.lang;
        let filter = RosterFilter {
            id_number,
            personal_number,
            person_state: status.map(person_state_of).transpose()?,
        };
        let rows = roster(unit, &filter);
        let is_filtered = filter != RosterFilter::default();
        if rows.is_empty() && is_filtered && unit.pension_feed().is_some() {
            return Err(Fault::refused("pension.nobody"));
        }
        let knows = unit.pension_feed().is_some();
        Ok(PensionRosterView {
            unit: unit.record.id.to_string(),
            feed: self.feed_view(unit, lang),
            rows: rows.iter().map(|it| row(it, knows, lang)).collect(),
        })
    }

    /// 养老总人数 and 失业总人数, and who stands on one side alone.
    pub(crate) fn pension_counts(&self, context: &Context) -> Result<PensionCountsView, Fault> {
        let unit = self.unit(context)?;
        let lang = context.lang;
        let common = &self.feed.projection.common;
        let counts = head_counts(unit, common, self.world.now().date());
        let (pension, ours) = (counts.pension, counts.unemployment);
        Ok(PensionCountsView {
            unit: unit.record.id.to_string(),
            feed: self.feed_view(unit, lang),
            pension_settlement: pension.map(|it| it.settlement.to_string()),
            pension_persons: pension.map(|it| it.persons),
            pension_total_base: pension.map(|it| it.total_base.to_string()),
            settlement: ours.map(|it| it.settlement.to_string()),
            unemployment_persons: ours.map(|it| it.persons as u64),
            wages_declared: ours.map(|it| it.wages_declared as u64),
            unemployment_total_base: ours.and_then(|it| it.total_base).map(|it| it.to_string()),
            agreement: agreement(&counts, lang),
            only_pension: counts
                .only_pension
                .map(|all| all.into_iter().map(counted_there).collect()),
            only_unemployment: counts
                .only_unemployment
                .map(|all| all.into_iter().map(counted_here).collect()),
        })
    }

    /// What was decided of each item, at either insurance.
    pub(crate) fn results(
        &self,
        context: &Context,
        settlement: Option<&str>,
        insurance: Option<u16>,
    ) -> Result<ResultsView, Fault> {
        if let Some(other) = insurance.filter(|it| ![PENSION, UNEMPLOYMENT].contains(it)) {
            return Err(Fault::usage("results.no_such_insurance").with("insurance", other));
        }
        let filter = ResultFilter {
            settlement: settlement.map(|it| month(it, Field::Month)).transpose()?,
            insurance,
        };
        let unit = self.unit(context)?;
        let lang = context.lang;
        let common = &self.feed.projection.common;
        let found = results(unit, common, filter, self.world.now());
        Ok(ResultsView {
            unit: unit.record.id.to_string(),
            feed: self.feed_view(unit, lang),
            pension_settlement: found.pension_settlement.map(|it| it.to_string()),
            unemployment_settlement: found.unemployment_settlement.map(|it| it.to_string()),
            rows: found
                .items
                .iter()
                .map(|it| result_row(unit, it, lang))
                .collect(),
        })
    }

    /// How old the unit's feed is, and whether it is still believed.
    fn feed_view(&self, unit: &UnitView, lang: Lang) -> FeedView {
        let now = self.world.now();
        let as_of = unit.pension_feed().map(|it| it.feed.as_of);
        let parameters: Option<&ParameterSet> = self.feed.projection.common.parameters();
        let unknown = usable_feed(unit, parameters, now).err();
        FeedView {
            as_of: as_of.map(|it| it.to_string()),
            age_seconds: as_of.map(|it| now.0.saturating_sub(it.0).max(0)),
            unknown: unknown.map(|it| Coded {
                code: it.code().to_owned(),
                text: Message::bare(it.code()).text(lang).message,
            }),
        }
    }
}

fn row(row: &RosterRow<'_>, knows: bool, lang: Lang) -> PensionRosterRow {
    let pension = row.pension.map(|it| at_pension(it, lang));
    PensionRosterRow {
        person: row.ours.map(|it| it.record.id.to_string()),
        name: match (row.pension, row.ours) {
            (Some(it), _) => it.name.clone(),
            (None, ours) => ours.map_or_else(String::new, |it| it.record.name.clone()),
        },
        masked_id: match (row.pension, row.ours) {
            (Some(it), _) => it.masked_id(),
            (None, ours) => ours.map_or_else(String::new, |it| it.record.document.masked()),
        },
        known: match (&pension, knows) {
            (Some(_), _) => coded("known", lang, "有", "there"),
            (None, true) => coded("absent", lang, "养老无此人员", "not at pension"),
            (None, false) => coded("unknown", lang, "未知", "unknown"),
        },
        pension,
        ours: row.ours.map(|it| AtUnemployment {
            personal_number: it.record.personal_number.to_string(),
            status: captions::payment_status(it.status(), lang),
        }),
    }
}

fn at_pension(person: &PensionPerson, lang: Lang) -> AtPension {
    AtPension {
        personal_number: person.personal_number.clone(),
        person_state: captions::person_state(person.person_state, lang),
        registration_state: captions::registration_state(person.registration_state, lang),
        payment: captions::payment_status(person.payment, lang),
        base: person.base.map(|it| it.to_string()),
    }
}

/// 人员状态 by its code or by its caption in either language.
fn person_state_of(typed: &str) -> Result<PersonState, Fault> {
    let typed = typed.trim();
    let is_meant = |it: &PersonState| {
        let captions = [Lang::Zh, Lang::En].map(|lang| captions::person_state(*it, lang).text);
        it.code() == typed || captions.iter().any(|it| it == typed)
    };
    PersonState::ALL.into_iter().find(is_meant).ok_or_else(|| {
        let shown: String = typed.chars().take(20).collect();
        Fault::usage("pension.no_such_person_state").with("status", shown)
    })
}

fn agreement(counts: &HeadCounts<'_>, lang: Lang) -> Coded {
    match counts.agree() {
        Some(true) => coded("agree", lang, "人数一致", "the head counts agree"),
        Some(false) => coded("differ", lang, "人数不一致", "the head counts differ"),
        None => coded("unknown", lang, "未知", "unknown"),
    }
}

fn counted_there(person: &PensionPerson) -> CountedPerson {
    CountedPerson {
        name: person.name.clone(),
        personal_number: person.personal_number.clone(),
        masked_id: person.masked_id(),
    }
}

fn counted_here(person: &PersonView) -> CountedPerson {
    let person = person_ref(person);
    CountedPerson {
        name: person.name,
        personal_number: person.personal_number,
        masked_id: person.masked_id,
    }
}

fn result_row(unit: &UnitView, item: &ResultItem<'_>, lang: Lang) -> ResultRow {
    let assessment = || coded("assessment", lang, "应收核定", "assessment");
    let unknown = || coded("unknown", lang, "未知", "unknown");
    let empty = |what: Coded, result: Coded| ResultRow {
        insurance: item.insurance(),
        settlement: item.settlement().to_string(),
        item: what,
        declaration: None,
        receipt: None,
        person: None,
        result,
        reason: None,
        at: None,
        problems: Vec::new(),
        linked: None,
    };
    match item {
        ResultItem::Reviewed { submission, linked } => {
            let kind = submission.declaration.content.kind();
            let what = Coded {
                code: kind.to_string(),
                text: captions::kind(kind, lang),
            };
            let (result, reason, at) = reviewed(submission, lang);
            ResultRow {
                declaration: Some(submission.declaration.id.to_string()),
                receipt: Some(submission.receipt.to_string()),
                person: subject_of(unit, &submission.declaration.content),
                reason,
                at: Some(at),
                linked: linked.as_ref().map(|it| linked_view(it, lang)),
                ..empty(what, result)
            }
        }
        ResultItem::Assessed(view) => ResultRow {
            at: Some(view.at.to_string()),
            ..empty(assessment(), coded("assessed", lang, "已核定", "assessed"))
        },
        ResultItem::NotAssessed { failure, .. } => ResultRow {
            at: Some(failure.at.to_string()),
            problems: problem_views(&failure.problems, lang),
            ..empty(assessment(), coded("failed", lang, "核定失败", "failed"))
        },
        ResultItem::OfPension(result) => ResultRow {
            reason: result.failure.clone(),
            ..empty(
                captions::matter(result.matter, lang),
                match result.failure {
                    None => coded("succeeded", lang, "成功", "succeeded"),
                    Some(_) => coded("failed", lang, "失败", "failed"),
                },
            )
        },
        ResultItem::PensionUnknown(_) => empty(assessment(), unknown()),
    }
}

/// What was decided, why, and when.
fn reviewed(submission: &SubmissionView, lang: Lang) -> (Coded, Option<String>, String) {
    match &submission.state {
        SubmissionState::Undecided => (
            coded(
                "received",
                lang,
                "已受理,待审核",
                "received, not decided yet",
            ),
            None,
            submission.received_at.to_string(),
        ),
        SubmissionState::Withdrawn => (
            coded("withdrawn", lang, "已撤回", "withdrawn"),
            None,
            submission.received_at.to_string(),
        ),
        SubmissionState::Decided(decided) => {
            let reason = match &decided.verdict {
                Verdict::Approve => None,
                Verdict::Return(reason) | Verdict::Reject(reason) => Some(reason.clone()),
            };
            let result = captions::verdict(&decided.verdict, lang);
            (result, reason, decided.at.to_string())
        }
    }
}

/// 失业协同标志.
fn linked_view(linked: &Linked<'_>, lang: Lang) -> LinkedView {
    let (operation, reason) = match linked {
        Linked::Succeeded { operation } | Linked::NotApplicable { operation } => {
            (Some(*operation), None)
        }
        Linked::Failed { operation, reason } => (Some(*operation), Some((*reason).to_owned())),
        Linked::Unknown(why) => (None, Some(Message::bare(why.code()).text(lang).message)),
    };
    LinkedView {
        flag: captions::linked(linked, lang),
        operation: operation.map(str::to_owned),
        reason,
    }
}
