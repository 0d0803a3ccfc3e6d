//! What an open document says: drafts, notes, what the employer keeps on a person.

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};

use crate::declaration::{Draft, Kind};
use crate::ids::{DeclarationId, ImportId, NoteId, PersonId};

use super::action::Change;
use super::conflict::{self, Conflict};
use super::field::{FieldName, Value};
use super::genesis::RECORDS;
use super::overlay::OverlayField;
use super::schema::{IMPORT, KIND, NOTE, VOIDED};
use super::volume::Volume;

/// A draft as a volume holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// The form's fields; of one in conflict, one of its values.
    pub draft: Draft,
    /// 删除: voided, kept for the history.
    pub voided: bool,
    /// The fields that say several things at once, in the order of the form.
    pub conflicts: Vec<Conflict>,
    /// The import that made it; none where it was typed.
    pub import: Option<ImportId>,
}

/// A note on a person, as the roster document holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id, which is by the time it was made.
    pub id: NoteId,
    /// On whom.
    pub person: PersonId,
    /// What.
    pub text: String,
}

/// What the employer keeps on a person beside the facts, as the roster document holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// On whom.
    pub person: PersonId,
    /// 部门; empty where there is none.
    pub department: String,
    /// 联系电话; empty where there is none.
    pub phone: String,
    /// The fields that say several things at once.
    pub conflicts: Vec<Conflict>,
}

impl Volume {
    /// Every draft, by id, which is by the time of its creation.
    #[must_use]
    pub fn drafts(&self) -> Vec<StoredDraft> {
        self.keys()
            .filter_map(|key| key.parse().ok())
            .filter_map(|id| self.draft(id))
            .collect()
    }

    /// One draft.
    #[must_use]
    pub fn draft(&self, id: DeclarationId) -> Option<StoredDraft> {
        let record = self.record(&id.to_string());
        let mut draft = Draft::empty(id, record.kind()?);
        let mut conflicts = Vec::new();
        for field in FieldName::OF_DRAFT {
            let said = record.read(field);
            if let Some(change) = said.shown.and_then(|value| Change::of(field, value)) {
                change.apply_to(&mut draft);
            }
            conflicts.extend(said.conflict);
        }
        Some(StoredDraft {
            draft,
            voided: record.is_voided(),
            conflicts,
            import: record.texts(IMPORT).find_map(|text| text.parse().ok()),
        })
    }

    /// The notes that stand, oldest first.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.keys()
            .filter_map(|key| {
                let record = self.record(&key);
                let (id, person) = (key.parse().ok()?, record.person()?);
                let text = record.note()?;
                (!record.is_voided()).then_some(Note { id, person, text })
            })
            .collect()
    }

    /// What is kept on every person, by the person's id.
    #[must_use]
    pub fn overlays(&self) -> Vec<Overlay> {
        self.keys()
            .filter_map(|key| key.parse().ok())
            .filter_map(|person| self.overlay(person))
            .collect()
    }

    /// What is kept on one person; `None` where nothing is.
    #[must_use]
    pub fn overlay(&self, person: PersonId) -> Option<Overlay> {
        let record = self.record(&person.to_string());
        let mut overlay = Overlay {
            person,
            department: String::new(),
            phone: String::new(),
            conflicts: Vec::new(),
        };
        for field in FieldName::OF_OVERLAY {
            let said = record.read(field);
            match said.shown.and_then(|value| OverlayField::of(field, value)) {
                Some(OverlayField::Department(text)) => overlay.department = text,
                Some(OverlayField::Phone(text)) => overlay.phone = text,
                None => {}
            }
            overlay.conflicts.extend(said.conflict);
        }
        let says_nothing = overlay.department.is_empty() && overlay.phone.is_empty();
        (!says_nothing || !overlay.conflicts.is_empty()).then_some(overlay)
    }

    fn keys(&self) -> impl Iterator<Item = String> {
        self.document.keys(self.records())
    }

    fn record(&self, key: &str) -> Record<'_> {
        Record {
            document: &self.document,
            objects: self.objects(key),
        }
    }

    /// The map of records.
    pub(super) fn records(&self) -> ObjId {
        match self.document.get(ROOT, RECORDS) {
            Ok(Some((automerge::Value::Object(_), id))) => id,
            other => unreachable!("the genesis made the map of records, found {other:?}"),
        }
    }

    /// The map objects that stand under a key of the map of records, in the order of their ids.
    pub(super) fn objects(&self, key: &str) -> Vec<ObjId> {
        let standing = self.document.get_all(self.records(), key);
        standing
            .unwrap_or_default()
            .into_iter()
            .filter(|(value, _)| matches!(value, automerge::Value::Object(ObjType::Map)))
            .map(|(_, object)| object)
            .collect()
    }
}

/// A record: everything that stands under its key.
struct Record<'a> {
    document: &'a Automerge,
    objects: Vec<ObjId>,
}

impl Record<'_> {
    fn read(&self, field: FieldName) -> conflict::Said {
        conflict::read(self.document, &self.objects, field)
    }

    /// The form. An id is made once, with its form, and whoever redoes the draft copies both;
    /// where a faulty program gave two forms, the one created first is taken, so that every
    /// device takes the same.
    fn kind(&self) -> Option<Kind> {
        self.texts(KIND).find_map(|text| text.parse().ok())
    }

    /// Whom a note is on: written once, with the note.
    fn person(&self) -> Option<PersonId> {
        match self.read(FieldName::Person).shown? {
            Value::Text(text) => text.parse().ok(),
            Value::Amount(_) => None,
        }
    }

    fn note(&self) -> Option<String> {
        self.texts(NOTE).find(|text| !text.is_empty())
    }

    /// Voided by anyone is voided: what somebody took out of use does not come back because
    /// another device had not heard of it.
    fn is_voided(&self) -> bool {
        self.all(VOIDED).any(
            |value| matches!(value, automerge::Value::Scalar(it) if *it == ScalarValue::Boolean(true)),
        )
    }

    fn texts(&self, key: &'static str) -> impl Iterator<Item = String> {
        self.all(key)
            .filter_map(|value| value.as_str().map(str::to_owned))
    }

    fn all(&self, key: &'static str) -> impl Iterator<Item = automerge::Value<'_>> {
        self.objects
            .iter()
            .flat_map(move |object| self.document.get_all(object, key).unwrap_or_default())
            .map(|(value, _)| value)
    }
}
