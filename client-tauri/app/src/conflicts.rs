//! Fields that two of the owner's devices filled in differently: shown with who, when and where,
//! until a person chooses.

mod values;

use canbao_core::document::{
    Action, Change, Conflict, DocumentId, FieldName, OverlayField, Standing, StoredDraft, Value,
};
use canbao_core::facts::UnitView;
use canbao_core::ids::{DeclarationId, DeviceId, PersonId, UnitId};
use canbao_core::message::Lang;

use crate::app::App;
use crate::captions;
use crate::fault::{Fault, Trouble, some_of};
use crate::request::{Choice, Context};
use crate::response::{Coded, ConflictRow, Resolved, StandingView};
use crate::rows::person_ref;

use values::{chosen, field_named, field_of_form, text_of, value_of};

/// Who wrote a value, as far as this device knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Author {
    /// The operator's name.
    pub(crate) operator: Option<String>,
    pub(crate) device: Option<DeviceId>,
}

/// A record that conflicts are in.
enum Record {
    Draft(DocumentId, Box<StoredDraft>),
    Overlay(PersonId, Vec<Conflict>),
}

impl App {
    /// Every conflict of the unit that a choice would have an effect on: in its drafts, in order
    /// of their creation, then in its roster, by personal number.
    ///
    /// What stands in a declaration that was submitted is frozen; where it comes back, its
    /// conflicts come with it.
    pub(crate) fn conflicts(&self, context: &Context) -> Result<Vec<ConflictRow>, Fault> {
        let unit = self.unit(context)?;
        let drafts = self.drafts.of(unit.record.id);
        let of_drafts = drafts
            .into_values()
            .filter(|(_, stored)| self.is_changeable(unit, stored))
            .map(|(document, stored)| Record::Draft(document, Box::new(stored)));
        let mut persons: Vec<_> = unit.persons.values().collect();
        persons.sort_by_key(|it| it.record.personal_number.as_str());
        let mut overlays = self.overlays_of(unit.record.id);
        let of_roster = persons
            .into_iter()
            .filter_map(|it| overlays.remove(&it.record.id))
            .map(|it| Record::Overlay(it.person, it.conflicts));
        let rows = of_drafts
            .chain(of_roster)
            .flat_map(|record| self.rows_of_record(unit, &record, context.lang));
        Ok(rows.collect())
    }

    /// How many fields of a unit wait for a choice.
    pub(crate) fn count_conflicts(&self, unit: &UnitView) -> u64 {
        let drafts = self.drafts.of(unit.record.id).into_values();
        let of_drafts = drafts
            .filter(|(_, stored)| self.is_changeable(unit, stored))
            .map(|(_, stored)| stored.conflicts.len());
        let overlays = self.overlays_of(unit.record.id).into_values();
        let of_roster = overlays
            .filter(|it| unit.persons.contains_key(&it.person))
            .map(|it| it.conflicts.len());
        of_drafts.chain(of_roster).sum::<usize>() as u64
    }

    /// The fields of a draft that wait for a choice; none where the draft cannot be changed.
    pub(crate) fn conflicts_of(
        &self,
        unit: &UnitView,
        stored: &StoredDraft,
        lang: Lang,
    ) -> Vec<Coded> {
        if self.is_changeable(unit, stored) {
            fields_of(&stored.conflicts, lang)
        } else {
            Vec::new()
        }
    }

    /// Why a draft with conflicts is not submitted: each field with its values.
    pub(crate) fn conflict_troubles(
        &self,
        unit: &UnitView,
        stored: &StoredDraft,
        lang: Lang,
    ) -> Vec<Trouble> {
        let trouble = |conflict: &Conflict| {
            let values = conflict.values.iter();
            Trouble::new(field_of_form(conflict.field), "submit.conflict")
                .with("field", captions::field(conflict.field, lang).text)
                .with(
                    "values",
                    some_of(values.map(|it| text_of(unit, conflict.field, &it.value))),
                )
                .with("record", stored.draft.id)
                .with("name", conflict.field)
        };
        stored.conflicts.iter().map(trouble).collect()
    }

    /// A person chooses one of the values; the others are overwritten, and stay in the history.
    pub(crate) fn resolve(
        &mut self,
        context: &Context,
        record: &str,
        field: &str,
        choice: &Choice,
    ) -> Result<Resolved, Fault> {
        let field = field_named(field)?;
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let found = self.record(unit, record.trim(), context.lang)?;
        let open = self.rows_of_record(unit, &found, context.lang);
        let row = open.into_iter().find(|it| it.field.code == field.name());
        let conflict = found.conflicts().iter().find(|it| it.field == field);
        let (Some(row), Some(conflict)) = (row, conflict) else {
            let words = captions::field(field, context.lang).text;
            return Err(Fault::refused("conflict.none").with("field", words));
        };
        let chosen = chosen(unit, conflict, choice)?;
        let (value, text) = (chosen.value.clone(), text_of(unit, field, &chosen.value));
        let (document, action) = self.choosing(unit_id, &found, field, value)?;
        self.act(context, document, action)?;
        Ok(Resolved {
            record: row.record,
            kind: row.kind,
            kind_text: row.kind_text,
            person: row.person,
            field: row.field,
            text,
            left: self.conflicts(context)?,
        })
    }

    /// Who wrote a value: the operator whose certificate signed the change, and the device.
    pub(crate) fn author_of(&self, document: DocumentId, standing: &Standing) -> Author {
        let signer = self
            .source()
            .signer_of(document, &standing.actor, standing.seq);
        let own = || {
            self.identity
                .operators
                .iter()
                .map(|it| it.certificate.clone())
        };
        let certificate = signer.and_then(|serial| {
            let authorities = &self.identity.centre.as_ref()?.trust.authorities;
            own()
                .find(|it| it.serial == serial)
                .or_else(|| self.feed.certificate(serial, authorities))
        });
        Author {
            operator: certificate.map(|it| it.operator_name),
            device: standing.actor.device(),
        }
    }

    /// Where a draft's own volume is sealed it is redone as a whole, with one value a field: the
    /// fields in conflict must be chosen together, so that none of them is chosen silently.
    pub(crate) fn check_all_chosen(
        &self,
        document: DocumentId,
        stored: &StoredDraft,
        chosen: &[FieldName],
    ) -> Result<(), Fault> {
        let common = &self.feed.projection.common;
        let is_open = |volume| common.volume_is_open(volume);
        let all = stored.conflicts.iter().all(|it| chosen.contains(&it.field));
        if all || document.volume().is_none_or(is_open) {
            return Ok(());
        }
        let names = stored.conflicts.iter().map(|it| format!("--{}", it.field));
        Err(Fault::refused("conflict.choose_all")
            .with("record", stored.draft.id)
            .with("fields", names.collect::<Vec<_>>().join(" ")))
    }

    fn is_changeable(&self, unit: &UnitView, stored: &StoredDraft) -> bool {
        let status = self.standing(unit, stored.draft.id, stored.voided);
        !stored.voided && status.is_editable()
    }

    /// The record that is named: a declaration by its id, else a person of the roster.
    fn record(&self, unit: &UnitView, named: &str, lang: Lang) -> Result<Record, Fault> {
        let unit_id = unit.record.id;
        if let Ok(id) = named.parse::<DeclarationId>()
            && self.drafts.find(unit_id, id).is_some()
        {
            let (document, stored) = self.editable(unit_id, id, lang)?;
            return Ok(Record::Draft(document, Box::new(stored)));
        }
        let person = unit
            .find_person(named)
            .ok_or_else(|| Fault::usage("conflict.no_such_record"))?
            .record
            .id;
        let kept = self.overlay_on(unit_id, person);
        let conflicts = kept.map(|it| it.conflicts).unwrap_or_default();
        Ok(Record::Overlay(person, conflicts))
    }

    /// The action that writes the chosen value, and where.
    fn choosing(
        &self,
        unit: UnitId,
        record: &Record,
        field: FieldName,
        value: Value,
    ) -> Result<(DocumentId, Action), Fault> {
        const OWN: &str = "a value in conflict is one of its field";
        match record {
            Record::Draft(document, stored) => {
                self.check_all_chosen(*document, stored, &[field])?;
                let change = Change::of(field, value).expect(OWN);
                let mut draft = stored.draft.clone();
                change.apply_to(&mut draft);
                self.in_open_volume(unit, *document, &draft, stored.import, vec![change])
            }
            Record::Overlay(person, _) => {
                let change = OverlayField::of(field, value).expect(OWN);
                let action = Action::Overlay {
                    person: *person,
                    fields: vec![change],
                };
                Ok((DocumentId::EmployerRoster(unit), action))
            }
        }
    }

    fn rows_of_record(&self, unit: &UnitView, record: &Record, lang: Lang) -> Vec<ConflictRow> {
        let (document, id, kind, person) = match record {
            Record::Draft(document, stored) => {
                let draft = &stored.draft;
                let kind = Coded {
                    code: draft.kind.to_string(),
                    text: captions::kind(draft.kind, lang),
                };
                let person = unit.find_person(&draft.person);
                (*document, draft.id.to_string(), kind, person)
            }
            Record::Overlay(person, _) => (
                DocumentId::EmployerRoster(unit.record.id),
                person.to_string(),
                captions::roster(lang),
                unit.person(*person),
            ),
        };
        let row = |conflict: &Conflict| ConflictRow {
            record: id.clone(),
            kind: kind.code.clone(),
            kind_text: kind.text.clone(),
            person: person.map(person_ref),
            field: captions::field(conflict.field, lang),
            values: conflict
                .values
                .iter()
                .zip(1..)
                .map(|(standing, number)| StandingView {
                    number,
                    ..self.standing_view(unit, document, conflict.field, standing)
                })
                .collect(),
        };
        record.conflicts().iter().map(row).collect()
    }

    fn standing_view(
        &self,
        unit: &UnitView,
        document: DocumentId,
        field: FieldName,
        standing: &Standing,
    ) -> StandingView {
        let Author { operator, device } = self.author_of(document, standing);
        StandingView {
            number: 0,
            value: value_of(unit, field, &standing.value),
            text: text_of(unit, field, &standing.value),
            operator,
            device: device.map(|it| it.to_string()),
            here: device.is_some() && device == self.identity.device_id(),
            at: standing.at.to_string(),
        }
    }
}

impl Record {
    fn conflicts(&self) -> &[Conflict] {
        match self {
            Self::Draft(_, stored) => &stored.conflicts,
            Self::Overlay(_, conflicts) => conflicts,
        }
    }
}

/// The fields in conflict, with their words.
pub(crate) fn fields_of(conflicts: &[Conflict], lang: Lang) -> Vec<Coded> {
    conflicts
        .iter()
        .map(|it| captions::field(it.field, lang))
        .collect()
}
