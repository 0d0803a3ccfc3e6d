//! Drafts of declarations: made, changed, voided, listed (COM-5, COM-6, COM-7).

use std::collections::BTreeSet;

use canbao_core::declaration::{Declaration, Draft, Field, Ground, Kind, Pool};
use canbao_core::document::{Action, Change, DocumentId, FieldName, StoredDraft, Value};
use canbao_core::facts::UnitView;
use canbao_core::ids::{DeclarationId, ImportId, UnitId};
use canbao_core::message::Lang;
use canbao_core::money::Money;

use crate::app::App;
use crate::captions;
use crate::fault::{Fault, Trouble, troubles};
use crate::request::{Context, Form};
use crate::response::DeclarationRow;
use crate::world::random;

impl App {
    /// 确定: a declaration as typed is made, where nothing is wrong with it.
    pub(crate) fn declare(
        &mut self,
        context: &Context,
        kind: Kind,
        form: Form,
    ) -> Result<DeclarationRow, Fault> {
        let unit = self.unit(context)?.record.id;
        let empty = Draft::empty(self.new_declaration()?, kind);
        let (draft, wrong) = filled(&empty, form, context.lang)?;
        let draft = self.checked(context, &draft, wrong)?;
        let document = self.newest_volume(unit)?;
        let action = Action::Declare {
            id: draft.id,
            kind,
            fields: Change::all_of(&draft),
        };
        self.act(context, document, action)?;
        self.one(context, draft.id)
    }

    /// 修改: the draft with other values in some fields must be as right as a new one.
    pub(crate) fn edit(
        &mut self,
        context: &Context,
        id: DeclarationId,
        form: Form,
    ) -> Result<DeclarationRow, Fault> {
        let unit = self.unit(context)?.record.id;
        let (document, stored) = self.editable(unit, id, context.lang)?;
        let given: Vec<FieldName> = given(&form).map(|(field, _)| field).collect();
        if given.is_empty() {
            return Err(Fault::usage("declaration.nothing_to_change"));
        }
        let (draft, wrong) = filled(&stored.draft, form, context.lang)?;
        let draft = self.checked(context, &draft, wrong)?;
        self.check_all_chosen(document, &stored, &given)?;
        let before = Change::all_of(&stored.draft);
        let is_changed = |change: &Change| {
            let field = change.field();
            // A field in conflict is chosen by who gives it, and left open by who does not.
            match stored.conflicts.iter().any(|it| it.field == field) {
                true => given.contains(&field),
                false => !before.contains(change),
            }
        };
        let changed: Vec<Change> = Change::all_of(&draft)
            .into_iter()
            .filter(is_changed)
            .collect();
        if !changed.is_empty() {
            let (document, action) =
                self.in_open_volume(unit, document, &draft, stored.import, changed)?;
            self.act(context, document, action)?;
        }
        self.one(context, id)
    }

    /// 删除: voided, kept for the history.
    pub(crate) fn void(
        &mut self,
        context: &Context,
        id: DeclarationId,
    ) -> Result<DeclarationRow, Fault> {
        let unit = self.unit(context)?.record.id;
        let (document, stored) = self.editable(unit, id, context.lang)?;
        let (document, redone) =
            self.in_open_volume(unit, document, &stored.draft, stored.import, Vec::new())?;
        if !matches!(redone, Action::Amend { .. }) {
            self.act(context, document, redone)?;
        }
        self.act(context, document, Action::Void { id })?;
        self.one(context, id)
    }

    /// Every declaration of the unit: those with a draft here, then those from elsewhere.
    pub(crate) fn declarations(&self, context: &Context) -> Result<Vec<DeclarationRow>, Fault> {
        let unit = self.unit(context)?;
        Ok(self.rows_of(unit, context))
    }

    pub(crate) fn rows_of(&self, unit: &UnitView, context: &Context) -> Vec<DeclarationRow> {
        let drafts = self.drafts.of(unit.record.id);
        let here = drafts
            .values()
            .map(|(_, stored)| self.row(unit, stored, context.lang));
        let elsewhere: BTreeSet<DeclarationId> = unit
            .submissions
            .values()
            .map(|it| it.declaration.id)
            .chain(unit.refused.values().map(|it| it.declaration.id))
            .filter(|id| !drafts.contains_key(id))
            .collect();
        let elsewhere = elsewhere
            .iter()
            .filter_map(|id| self.row_from_elsewhere(unit, *id, context.lang));
        here.chain(elsewhere).collect()
    }

    fn row_from_elsewhere(
        &self,
        unit: &UnitView,
        id: DeclarationId,
        lang: Lang,
    ) -> Option<DeclarationRow> {
        let taken = unit.submission_of(id).map(|it| &it.declaration);
        let refused = unit.refused.values().map(|it| &it.declaration);
        let newest = taken.or_else(|| refused.into_iter().find(|it| it.id == id))?;
        Some(self.row_of_submission(unit, newest, lang))
    }

    /// One declaration, by its draft here or as another device submitted it.
    pub(crate) fn one(
        &self,
        context: &Context,
        id: DeclarationId,
    ) -> Result<DeclarationRow, Fault> {
        let unit = self.unit(context)?;
        match self.drafts.find(unit.record.id, id) {
            Some((_, stored)) => Ok(self.row(unit, &stored, context.lang)),
            None => self
                .row_from_elsewhere(unit, id, context.lang)
                .ok_or_else(|| no_such(id)),
        }
    }

    /// The draft with the person found and the months in one spelling, or every problem.
    fn checked(
        &self,
        context: &Context,
        draft: &Draft,
        wrong: Vec<Trouble>,
    ) -> Result<Draft, Fault> {
        let parsed = Declaration::parse(draft, 1, &self.ground(self.unit(context)?));
        let mut problems = match &parsed {
            Ok(_) => Vec::new(),
            Err(problems) => troubles(problems),
        };
        if !wrong.is_empty() {
            // The amount is there, but is none: say what is wrong with it instead.
            problems.retain(|it| it.field != Field::Wage);
            problems.extend(wrong);
        }
        match parsed {
            Ok(declaration) if problems.is_empty() => Ok(Draft::from(&declaration)),
            Ok(_) | Err(_) => Err(Fault::problems("declaration.problems", problems)),
        }
    }

    /// What a draft is judged against here: of other units a device knows nothing (REG-1).
    pub(crate) fn ground<'a>(&'a self, unit: &'a UnitView) -> Ground<'a> {
        Ground {
            unit,
            common: &self.feed.projection.common,
            pool: &Pool::Unknown,
            known_on: self.presumed_now().date(),
        }
    }

    /// The draft, where it may be changed.
    pub(crate) fn editable(
        &self,
        unit: UnitId,
        id: DeclarationId,
        lang: Lang,
    ) -> Result<(DocumentId, StoredDraft), Fault> {
        let found = self.drafts.find(unit, id).ok_or_else(|| no_such(id))?;
        let view = &self.feed.projection.units[&unit];
        let status = self.standing(view, id, found.1.voided);
        if status.is_editable() {
            Ok(found)
        } else {
            let words = captions::status(&status, lang).text;
            Err(Fault::refused("declaration.not_editable").with("status", words))
        }
    }

    /// The change in the draft's own volume, or the whole draft redone in the open one where
    /// its own is sealed (architecture, section 2).
    pub(crate) fn in_open_volume(
        &self,
        unit: UnitId,
        document: DocumentId,
        draft: &Draft,
        import: Option<ImportId>,
        changed: Vec<Change>,
    ) -> Result<(DocumentId, Action), Fault> {
        let common = &self.feed.projection.common;
        if document
            .volume()
            .is_some_and(|volume| common.volume_is_open(volume))
        {
            return Ok((
                document,
                Action::Amend {
                    id: draft.id,
                    fields: changed,
                },
            ));
        }
        Ok((self.newest_volume(unit)?, Action::making(draft, import)))
    }

    pub(crate) fn newest_volume(&self, unit: UnitId) -> Result<DocumentId, Fault> {
        let common = &self.feed.projection.common;
        common
            .newest_volume()
            .filter(|volume| common.volume_is_open(*volume))
            .map(|volume| DocumentId::EmployerVolume(unit, volume))
            .ok_or_else(|| Fault::refused("declaration.no_open_volume"))
    }

    /// The id of a declaration that is not made yet.
    pub(crate) fn new_declaration(&mut self) -> Result<DeclarationId, Fault> {
        let seconds = u64::try_from(self.world.now().0).unwrap_or(0);
        let random = random(self.world.as_mut())?;
        Ok(DeclarationId::from_parts(
            seconds.saturating_mul(1000),
            random,
        ))
    }
}

/// The fields that are given a value.
fn given(form: &Form) -> impl Iterator<Item = (FieldName, &String)> {
    let fields = [
        (FieldName::Person, &form.person),
        (FieldName::IdKind, &form.id_kind),
        (FieldName::Name, &form.name),
        (FieldName::Born, &form.born),
        (FieldName::Sex, &form.sex),
        (FieldName::Insurance, &form.insurance),
        (FieldName::Month, &form.month),
        (FieldName::Reason, &form.reason),
        (FieldName::From, &form.from),
        (FieldName::To, &form.to),
        (FieldName::Wage, &form.wage),
        (FieldName::Redo, &form.redo),
    ];
    fields
        .into_iter()
        .filter_map(|(field, value)| Some((field, value.as_ref()?)))
}

/// The draft with the given fields filled in, and what is wrong with the amount.
pub(crate) fn filled(
    draft: &Draft,
    form: Form,
    lang: Lang,
) -> Result<(Draft, Vec<Trouble>), Fault> {
    let of_form = FieldName::of_form(draft.kind);
    if given(&form).any(|(field, _)| !of_form.contains(&field)) {
        let form = captions::kind(draft.kind, lang);
        return Err(Fault::usage("declaration.other_form").with("kind", form));
    }
    let mut filled = draft.clone();
    let mut wrong = Vec::new();
    for (field, typed) in given(&form) {
        if field == FieldName::Wage {
            (filled.wage, wrong) = amount(typed);
        } else if let Some(change) = Change::of(field, Value::Text(typed.clone())) {
            change.apply_to(&mut filled);
        }
    }
    Ok((filled, wrong))
}

/// No declaration of this id has a draft on this device.
pub(crate) fn no_such(id: DeclarationId) -> Fault {
    Fault::usage("declaration.no_such").with("id", id)
}

/// The amount typed, or what is wrong with it; none at all is the parser's to report.
fn amount(typed: &str) -> (Option<Money>, Vec<Trouble>) {
    if typed.trim().is_empty() {
        return (None, Vec::new());
    }
    match typed.parse::<Money>() {
        Ok(amount) => (Some(amount), Vec::new()),
        Err(problem) => (None, vec![Trouble::of(Field::Wage, problem.message())]),
    }
}
