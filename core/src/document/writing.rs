//! What an action writes: into which record, which values, by which operations.

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ReadDoc, ScalarValue};

use crate::declaration::Kind;
use crate::ids::{DeclarationId, ImportId, NoteId};

use super::action::{Action, Change};
use super::field::FieldName;
use super::import::ImportedDraft;
use super::overlay::OverlayField;
use super::schema::{IMPORT, KIND, NOTE, VOIDED};
use super::volume::DocumentError;

/// What an action writes into which record.
pub(super) struct Writing {
    key: String,
    absent: Absent,
    values: Vec<(&'static str, ScalarValue)>,
}

/// What follows where the record is not there.
enum Absent {
    /// It is created, a declaration with its form.
    Created(Option<Kind>),
    /// There is no draft to act on.
    NoDraft(DeclarationId),
    /// There is no note to act on.
    NoNote(NoteId),
}

impl Writing {
    /// One for each record that the action is about.
    pub(super) fn all_of(action: &Action) -> Vec<Self> {
        match action {
            Action::Declare { id, kind, fields } => vec![Self {
                key: id.to_string(),
                absent: Absent::Created(Some(*kind)),
                values: fields.iter().map(of_draft).collect(),
            }],
            Action::Amend { id, fields } => vec![Self {
                key: id.to_string(),
                absent: Absent::NoDraft(*id),
                values: fields.iter().map(of_draft).collect(),
            }],
            Action::Void { id } => vec![Self::void(*id)],
            Action::Annotate { id, person, text } => vec![Self {
                key: id.to_string(),
                absent: Absent::Created(None),
                values: vec![
                    (FieldName::Person.name(), person.to_string().into()),
                    (NOTE, text.as_str().into()),
                ],
            }],
            Action::VoidNote { id } => vec![Self {
                key: id.to_string(),
                absent: Absent::NoNote(*id),
                values: vec![(VOIDED, true.into())],
            }],
            Action::Overlay { person, fields } => vec![Self {
                key: person.to_string(),
                absent: Absent::Created(None),
                values: fields.iter().map(of_overlay).collect(),
            }],
            Action::Import {
                import,
                kind,
                drafts,
            } => drafts
                .iter()
                .map(|draft| Self::imported(*import, *kind, draft))
                .collect(),
            Action::VoidAll { ids } => ids.iter().map(|id| Self::void(*id)).collect(),
        }
    }

    fn imported(import: ImportId, kind: Kind, draft: &ImportedDraft) -> Self {
        let fields = draft.fields.iter().map(of_draft);
        Self {
            key: draft.id.to_string(),
            absent: Absent::Created(Some(kind)),
            values: fields
                .chain([(IMPORT, import.to_string().into())])
                .collect(),
        }
    }

    fn void(id: DeclarationId) -> Self {
        Self {
            key: id.to_string(),
            absent: Absent::NoDraft(id),
            values: vec![(VOIDED, true.into())],
        }
    }

    /// The record's key in the map of records.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Why it cannot be done where the record is not there.
    pub(super) fn missing(&self) -> Option<DocumentError> {
        match self.absent {
            Absent::Created(_) => None,
            Absent::NoDraft(id) => Some(DocumentError::NoSuchDraft(id)),
            Absent::NoNote(id) => Some(DocumentError::NoSuchNote(id)),
        }
    }

    /// Puts the values into every map object that stands under the key, or into a new one.
    pub(super) fn put_into(
        &self,
        transaction: &mut Transaction<'_>,
        records: &ObjId,
        standing: &[ObjId],
    ) -> Result<(), AutomergeError> {
        if standing.is_empty() {
            return self.create(transaction, records);
        }
        for (key, value) in &self.values {
            if !says_only(transaction, standing, key, value)? {
                for object in standing {
                    put(transaction, object, key, value)?;
                }
            }
        }
        Ok(())
    }

    fn create(
        &self,
        transaction: &mut Transaction<'_>,
        records: &ObjId,
    ) -> Result<(), AutomergeError> {
        let made = transaction.put_object(records, &self.key, ObjType::Map)?;
        if let Absent::Created(Some(kind)) = self.absent {
            transaction.put(&made, KIND, kind.to_string())?;
        }
        for (key, value) in &self.values {
            transaction.put(&made, *key, value.clone())?;
        }
        Ok(())
    }
}

fn of_draft(change: &Change) -> (&'static str, ScalarValue) {
    (change.field().name(), (&change.value()).into())
}

fn of_overlay(change: &OverlayField) -> (&'static str, ScalarValue) {
    (change.field().name(), (&change.value()).into())
}

/// Whether a record says this under the key, and nothing else.
fn says_only(
    transaction: &Transaction<'_>,
    objects: &[ObjId],
    key: &str,
    value: &ScalarValue,
) -> Result<bool, AutomergeError> {
    let mut said = Vec::new();
    for object in objects {
        said.extend(scalars(transaction, object, key)?);
    }
    Ok(!said.is_empty() && said.iter().all(|it| it == value))
}

/// Writes a value over everything that stands under a key of one map object.
///
/// Where the value stands and wins already, automerge would delete what stands beside it instead
/// of writing. A delete is no operation of ours ([`crate::structure`] refuses it), so one of the
/// other values is written first, and the value over it.
fn put(
    transaction: &mut Transaction<'_>,
    object: &ObjId,
    key: &str,
    value: &ScalarValue,
) -> Result<(), AutomergeError> {
    let standing = scalars(transaction, object, key)?;
    let other = standing.iter().find(|it| *it != value);
    match (standing.last(), other) {
        // Once or several times, and nothing beside it.
        (Some(_), None) => return Ok(()),
        (Some(winner), Some(other)) if winner == value => {
            transaction.put(object, key, other.clone())?;
        }
        (Some(_), Some(_)) | (None, _) => {}
    }
    transaction.put(object, key, value.clone())
}

fn scalars(
    transaction: &Transaction<'_>,
    object: &ObjId,
    key: &str,
) -> Result<Vec<ScalarValue>, AutomergeError> {
    let standing = transaction.get_all(object, key)?;
    Ok(standing
        .into_iter()
        .filter_map(|(value, _)| value.into_scalar().ok())
        .collect())
}
