//! Rows that several answers share: persons, units, declarations.

use canbao_core::declaration::{
    Content, Declaration, Draft, Field, Kind, PersonNumber, Subject, outlook,
};
use canbao_core::document::StoredDraft;
use canbao_core::facts::{
    DeclarationStatus, MonthStage, PersonView, SubmissionState, UnitRecord, UnitView, WINDOW,
    declaration_status,
};
use canbao_core::identity::{IdDocument, IdKind, PersonalNumber};
use canbao_core::ids::{DeclarationId, PersonId};
use canbao_core::message::{self, Lang, Message};
use canbao_core::month::Month;

use crate::app::App;
use crate::captions;
use crate::fault::{Trouble, problem_views, troubles};
use crate::response::{DeclarationRow, PersonRef, ProblemView, StageCount, UnitRef};

/// The stages of a month in their order; a refusal by tax is a side track.
const STAGES: [MonthStage; 6] = [
    MonthStage::Approved,
    MonthStage::Assessed,
    MonthStage::SentToTax,
    MonthStage::TaxAccepted,
    MonthStage::InTreasury,
    MonthStage::Recorded,
];

pub(crate) fn person_ref(person: &PersonView) -> PersonRef {
    PersonRef {
        id: person.record.id.to_string(),
        name: person.record.name.clone(),
        personal_number: person.record.personal_number.as_str().to_owned(),
        masked_id: person.record.document.masked(),
    }
}

/// Whom a declaration is about: someone of the roster, be it by this declaration, or someone by
/// what is declared of them.
pub(crate) fn subject_of(unit: &UnitView, content: &Content) -> Option<PersonRef> {
    let subject = content.subject();
    let (name, document, number) = match subject {
        Subject::Known(person) => return person_of(unit, person),
        Subject::New(entrant) => (entrant.name.as_str(), Some(&entrant.document), None),
        Subject::Elsewhere(PersonNumber::Document(document), name) => (name, Some(document), None),
        Subject::Elsewhere(PersonNumber::Personal(number), name) => (name, None, Some(number)),
    };
    let joined = unit
        .person_meant(&subject)
        .filter(|it| it.record.name == name);
    Some(joined.map_or_else(|| stated(name, document, number), person_ref))
}

fn stated(name: &str, document: Option<&IdDocument>, number: Option<&PersonalNumber>) -> PersonRef {
    PersonRef {
        id: String::new(),
        name: name.to_owned(),
        personal_number: number.map_or_else(String::new, |it| it.as_str().to_owned()),
        masked_id: document.map_or_else(String::new, IdDocument::masked),
    }
}

/// The person of this id, where the roster has them.
pub(crate) fn person_of(unit: &UnitView, id: PersonId) -> Option<PersonRef> {
    unit.person(id).map(person_ref)
}

pub(crate) fn unit_ref(record: &UnitRecord) -> UnitRef {
    UnitRef {
        id: record.id.to_string(),
        name: record.name.clone(),
        credit_code: record.credit_code.as_str().to_owned(),
        unemployment_number: record.unemployment_number.as_str().to_owned(),
        pension_number: record.pension_number.as_str().to_owned(),
    }
}

impl App {
    /// The status of a declaration, and the newest submission of it that waits here.
    pub(crate) fn standing(
        &self,
        unit: &UnitView,
        id: DeclarationId,
        voided: bool,
    ) -> DeclarationStatus {
        let queued = match self.outbox.newest_submission(id) {
            Some((declaration, None)) => Some(declaration),
            Some((_, Some(_))) | None => None,
        };
        let status = declaration_status(id, voided, queued, unit);
        if voided && status.is_editable() {
            DeclarationStatus::Voided
        } else {
            status
        }
    }

    /// The row of a declaration that has a draft here.
    pub(crate) fn row(&self, unit: &UnitView, stored: &StoredDraft, lang: Lang) -> DeclarationRow {
        let status = self.standing(unit, stored.draft.id, stored.voided);
        // A frozen declaration is shown as it was frozen; an editable one as its draft is now.
        let frozen = if status.is_editable() {
            None
        } else {
            self.newest_revision(unit, stored.draft.id)
        };
        let draft = frozen.map_or_else(|| stored.draft.clone(), Draft::from);
        DeclarationRow {
            conflicts: self.conflicts_of(unit, stored, lang),
            ..self.fill(unit, &draft, &status, lang)
        }
    }

    /// The row of a declaration that was submitted from elsewhere. Its draft is there, and is
    /// changed there.
    pub(crate) fn row_of_submission(
        &self,
        unit: &UnitView,
        declaration: &Declaration,
        lang: Lang,
    ) -> DeclarationRow {
        let status = self.standing(unit, declaration.id, false);
        DeclarationRow {
            editable: false,
            ..self.fill(unit, &Draft::from(declaration), &status, lang)
        }
    }

    fn newest_revision<'a>(
        &'a self,
        unit: &'a UnitView,
        id: DeclarationId,
    ) -> Option<&'a Declaration> {
        let taken = unit.submission_of(id).map(|it| &it.declaration);
        let made = self
            .outbox
            .newest_submission(id)
            .map(|(declaration, _)| declaration);
        [taken, made]
            .into_iter()
            .flatten()
            .max_by_key(|it| it.revision)
    }

    fn fill(
        &self,
        unit: &UnitView,
        draft: &Draft,
        status: &DeclarationStatus,
        lang: Lang,
    ) -> DeclarationRow {
        let newest = self.newest_revision(unit, draft.id);
        // The receipt of an earlier revision is not that of what stands here now.
        let submission = unit
            .submission_of(draft.id)
            .filter(|it| newest.is_none_or(|newest| newest.revision == it.declaration.revision));
        let decided = submission.and_then(|it| match &it.state {
            SubmissionState::Decided(decided) => Some(decided.by.clone()),
            SubmissionState::Undecided | SubmissionState::Withdrawn => None,
        });
        let typed = |text: &String| (!text.is_empty()).then(|| text.clone());
        let months = months_of(draft);
        let stages = match status {
            DeclarationStatus::Months(months) => stage_counts(months, lang),
            _ => Vec::new(),
        };
        let recorded = stages.last().map(|it| it.months_done);
        DeclarationRow {
            id: draft.id.to_string(),
            kind: draft.kind.to_string(),
            kind_text: captions::kind(draft.kind, lang),
            unit: unit.record.id.to_string(),
            person: unit
                .find_person(&draft.person)
                .map(person_ref)
                .or_else(|| as_typed(draft)),
            redoes: typed(&draft.redo),
            month: typed(&draft.month),
            change_reason: typed(&draft.reason),
            from: typed(&draft.from),
            to: typed(&draft.to),
            wage: draft.wage.map(|it| it.to_string()),
            revision: newest.map_or(0, |it| it.revision),
            status: captions::status(status, lang),
            progress: progress(status).to_owned(),
            receipt: submission.map(|it| it.receipt.to_string()),
            settlement: submission.map(|it| it.settlement.to_string()),
            decided_by: decided,
            reason: reason(status),
            problems: self.problems_of(unit, draft.id, status, lang),
            outlook: self.outlook_of(unit, draft, status, lang),
            conflicts: Vec::new(),
            editable: status.is_editable(),
            withdrawal_queued: newest
                .is_some_and(|it| self.outbox.withdrawal_waits(&self.feed, it.submission_id())),
            stages,
            months_done: recorded,
            months_total: months,
        }
    }

    /// What will follow from it, while it is not decided (MON-4), and the window where that has
    /// to do with it.
    fn outlook_of(
        &self,
        unit: &UnitView,
        draft: &Draft,
        status: &DeclarationStatus,
        lang: Lang,
    ) -> Vec<String> {
        if progress(status) == "decided" && !status.is_editable() {
            return Vec::new();
        }
        let ground = self.ground(unit);
        // What waits or was received is its own rival no more than a draft is.
        let parsed = Declaration::parse(draft, 1, &ground);
        let said = parsed.map(|declaration| outlook(&declaration, &ground));
        let words = |it: &Message| {
            let text = it.text(lang);
            match message::asks_for(it.code, WINDOW) {
                true => format!("{}; {}", text.message, text.hint),
                false => text.message,
            }
        };
        said.unwrap_or_default().iter().map(words).collect()
    }

    /// Why it was not taken in, what came too late, and what the hub refused by name.
    fn problems_of(
        &self,
        unit: &UnitView,
        id: DeclarationId,
        status: &DeclarationStatus,
        lang: Lang,
    ) -> Vec<ProblemView> {
        let mut problems = match status {
            DeclarationStatus::NotReceived(problems) => problem_views(problems, lang),
            _ => Vec::new(),
        };
        let void = unit.submission_of(id).into_iter().flat_map(|it| &it.void);
        for (_, void) in void {
            problems.extend(troubles(&void.problems).iter().map(|it| it.in_words(lang)));
        }
        if let Some((_, Some(end))) = self.outbox.newest_submission(id) {
            let window = self.window_of(Some(unit.record.id));
            let trouble = Trouble::new(Field::Whole, &end.code)
                .with("detail", &end.detail)
                .at_window(window.as_deref());
            problems.push(trouble.in_words(lang));
        }
        problems
    }
}

/// Someone whom the roster does not have, as the form says.
fn as_typed(draft: &Draft) -> Option<PersonRef> {
    let kind = match draft.id_kind.as_str() {
        "" => Some(IdKind::ResidentId),
        code => code.parse().ok(),
    };
    let document = kind.and_then(|kind| IdDocument::parse(kind, &draft.person).ok());
    let number = match document {
        Some(_) => None,
        None => draft.person.parse().ok(),
    };
    (!draft.name.is_empty()).then(|| stated(&draft.name, document.as_ref(), number.as_ref()))
}

fn progress(status: &DeclarationStatus) -> &'static str {
    match status {
        DeclarationStatus::Draft | DeclarationStatus::Voided => "local",
        DeclarationStatus::Submitted => "queued",
        DeclarationStatus::Received(_) => "received",
        DeclarationStatus::NotReceived(_)
        | DeclarationStatus::Returned(_)
        | DeclarationStatus::Rejected(_)
        | DeclarationStatus::Withdrawn
        | DeclarationStatus::Approved
        | DeclarationStatus::TaxAccepted
        | DeclarationStatus::TaxRefused(_)
        | DeclarationStatus::Annulled
        | DeclarationStatus::Months(_) => "decided",
    }
}

fn reason(status: &DeclarationStatus) -> Option<String> {
    match status {
        DeclarationStatus::Returned(reason)
        | DeclarationStatus::Rejected(reason)
        | DeclarationStatus::TaxRefused(reason) => Some(reason.clone()),
        DeclarationStatus::Draft
        | DeclarationStatus::Voided
        | DeclarationStatus::Submitted
        | DeclarationStatus::Received(_)
        | DeclarationStatus::NotReceived(_)
        | DeclarationStatus::Withdrawn
        | DeclarationStatus::Approved
        | DeclarationStatus::TaxAccepted
        | DeclarationStatus::Annulled
        | DeclarationStatus::Months(_) => None,
    }
}

fn months_of(draft: &Draft) -> Option<u32> {
    match draft.kind {
        Kind::Interruption | Kind::Registration | Kind::Resumption => None,
        Kind::Wage => {
            let (from, to) = (
                draft.from.parse::<Month>().ok()?,
                draft.to.parse::<Month>().ok()?,
            );
            u32::try_from(from.months_until(to).checked_add(1)?).ok()
        }
    }
}

/// n of m months, stage by stage: a month counts for every stage it reached.
fn stage_counts(months: &[(Month, MonthStage)], lang: Lang) -> Vec<StageCount> {
    let total = months.len() as u32;
    let reached = |stage: MonthStage| {
        months
            .iter()
            .filter(|(_, at)| has_reached(*at, stage))
            .count() as u32
    };
    STAGES
        .into_iter()
        .map(|stage| StageCount {
            stage: captions::stage(stage, lang),
            months_done: reached(stage),
            months_total: total,
        })
        .collect()
}

fn has_reached(at: MonthStage, stage: MonthStage) -> bool {
    match at {
        // Tax refused what was sent; it was not accepted.
        MonthStage::TaxRefused => stage <= MonthStage::SentToTax,
        MonthStage::Approved
        | MonthStage::Assessed
        | MonthStage::SentToTax
        | MonthStage::TaxAccepted
        | MonthStage::InTreasury
        | MonthStage::Recorded => stage <= at,
    }
}

/// The fields of a declaration's content for a row: month, reason, from, to, wage.
pub(crate) fn content_fields(content: &Content) -> ContentFields {
    match content {
        Content::Interruption { month, reason, .. } => ContentFields {
            month: Some(month.to_string()),
            change_reason: Some(reason.clone()),
            ..ContentFields::default()
        },
        Content::Registration {
            month,
            reason,
            wage,
            ..
        }
        | Content::Resumption {
            month,
            reason,
            wage,
            ..
        } => ContentFields {
            month: Some(month.to_string()),
            change_reason: Some(reason.clone()),
            wage: Some(wage.to_string()),
            ..ContentFields::default()
        },
        Content::Wage { from, to, wage, .. } => ContentFields {
            from: Some(from.to_string()),
            to: Some(to.to_string()),
            wage: Some(wage.to_string()),
            ..ContentFields::default()
        },
    }
}

/// See [`content_fields`].
#[derive(Debug, Default)]
pub(crate) struct ContentFields {
    pub(crate) month: Option<String>,
    pub(crate) change_reason: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) wage: Option<String>,
}
