//! 申请提交: frozen, signed, waiting in the outbox; and 撤回 (SUB-2, SUB-3).

use canbao_core::declaration::{Declaration, Draft, Field, next_revision};
use canbao_core::document::StoredDraft;
use canbao_core::facts::{DeclarationStatus, UnitView};
use canbao_core::ids::DeclarationId;
use canbao_core::message::Lang;
use canbao_core::statement::Statement;

use crate::app::App;
use crate::captions;
use crate::declare::no_such;
use crate::fault::{Fault, Trouble, troubles};
use crate::request::Context;
use crate::response::{DeclarationRow, SubmitReport};

impl App {
    /// Submits the items named, or all that are ready. Each succeeds or fails by itself; where
    /// none succeeds the request failed.
    pub(crate) fn submit(
        &mut self,
        context: &Context,
        ids: Vec<DeclarationId>,
        all: bool,
    ) -> Result<SubmitReport, Fault> {
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let named = match (ids.is_empty(), all) {
            (true, false) => return Err(Fault::usage("submit.nothing_named")),
            (_, true) => self.ready(unit),
            (false, false) => ids,
        };
        let mut failed = Vec::new();
        let mut frozen: Vec<Declaration> = Vec::new();
        for id in named {
            if frozen.iter().any(|it| it.id == id) {
                continue;
            }
            match self.freeze(unit, id, context.lang) {
                Ok(declaration) => frozen.push(declaration),
                Err(problems) => failed.extend(problems.into_iter().map(|it| it.at(id))),
            }
        }
        if frozen.is_empty() && !failed.is_empty() {
            return Err(Fault::problems("submit.none", failed));
        }
        let ids: Vec<DeclarationId> = frozen.iter().map(|it| it.id).collect();
        if !frozen.is_empty() {
            let statements = frozen.into_iter().map(Statement::Submission).collect();
            self.state(context, |it| it.employs(unit_id), statements)?;
        }
        let submitted = ids
            .into_iter()
            .map(|id| self.one(context, id))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(SubmitReport {
            submitted,
            failed: failed.iter().map(|it| it.in_words(context.lang)).collect(),
            warnings: self.time_warnings(context.lang),
        })
    }

    /// Withdraws the newest submission of a declaration while it is undecided, whichever device
    /// of the unit submitted it.
    pub(crate) fn withdraw(
        &mut self,
        context: &Context,
        id: DeclarationId,
    ) -> Result<DeclarationRow, Fault> {
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let draft = self.drafts.find(unit_id, id);
        if draft.is_none() && unit.submission_of(id).is_none() {
            return Err(no_such(id));
        }
        let voided = draft.is_some_and(|(_, stored)| stored.voided);
        let submission = match self.standing(unit, id, voided) {
            DeclarationStatus::Submitted => self
                .outbox
                .newest_submission(id)
                .map(|(declaration, _)| declaration),
            DeclarationStatus::Received(_) => unit.submission_of(id).map(|it| &it.declaration),
            _ => None,
        };
        let submission = submission
            .map(Declaration::submission_id)
            .ok_or_else(|| Fault::refused("withdraw.not_undecided"))?;
        let statement = Statement::Withdrawal {
            unit: unit_id,
            submission,
        };
        if self.outbox.waits(statement.id().0, &self.feed) {
            return Err(Fault::refused("withdraw.already"));
        }
        self.state(context, |it| it.employs(unit_id), vec![statement])?;
        self.one(context, id)
    }

    /// What `--all` submits: new drafts, and what came back and was changed since.
    fn ready(&self, unit: &UnitView) -> Vec<DeclarationId> {
        let drafts = self.drafts.of(unit.record.id);
        drafts
            .into_values()
            .filter(|(_, stored)| self.is_ready(unit, stored))
            .map(|(_, stored)| stored.draft.id)
            .collect()
    }

    fn is_ready(&self, unit: &UnitView, stored: &StoredDraft) -> bool {
        if stored.voided {
            return false;
        }
        let id = stored.draft.id;
        match self.standing(unit, id, false) {
            DeclarationStatus::Draft => true,
            DeclarationStatus::NotReceived(_)
            | DeclarationStatus::Returned(_)
            | DeclarationStatus::Withdrawn => {
                // Somebody went on writing: a choice is missing, which is to be said.
                if !stored.conflicts.is_empty() {
                    return true;
                }
                let newest = self
                    .outbox
                    .newest_submission(id)
                    .map(|(declaration, _)| declaration);
                newest.is_none_or(|it| Draft::from(it) != stored.draft)
            }
            DeclarationStatus::Voided
            | DeclarationStatus::Annulled
            | DeclarationStatus::Submitted
            | DeclarationStatus::Received(_)
            | DeclarationStatus::Rejected(_)
            | DeclarationStatus::Approved
            | DeclarationStatus::TaxAccepted
            | DeclarationStatus::TaxRefused(_)
            | DeclarationStatus::Months(_) => false,
        }
    }

    /// The declaration of a draft with its next revision, or why not.
    fn freeze(
        &self,
        unit: &UnitView,
        id: DeclarationId,
        lang: Lang,
    ) -> Result<Declaration, Vec<Trouble>> {
        let Some((_, stored)) = self.drafts.find(unit.record.id, id) else {
            return Err(vec![
                Trouble::new(Field::Whole, "declaration.no_such").with("id", id),
            ]);
        };
        let status = self.standing(unit, id, stored.voided);
        if stored.voided || !status.is_editable() {
            let words = captions::status(&status, lang).text;
            return Err(vec![
                Trouble::new(Field::Whole, "submit.not_a_draft").with("status", words),
            ]);
        }
        if !stored.conflicts.is_empty() {
            return Err(self.conflict_troubles(unit, &stored, lang));
        }
        let queued = self.outbox.newest_submission(id).map(|(it, _)| it.revision);
        let revision = next_revision(id, queued, unit);
        Declaration::parse(&stored.draft, revision, &self.ground(unit))
            .map_err(|problems| troubles(&problems))
    }
}
