//! An open document in automerge, a volume of drafts or the roster: act on it, read it, load and
//! save it.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use crate::declaration::{Draft, Kind};
use crate::ids::{DeclarationId, NoteId, PersonId};
use crate::money::Money;
use crate::structure::{self, ChangeHash, ChunkError};
use crate::time::Timestamp;

use super::action::{Action, Change};
use super::batch::Chunk;
use super::genesis::{RECORDS, SCHEMA, SCHEMA_VERSION, genesis};
use super::id::DocumentId;

const KIND: &str = "kind";
const PERSON: &str = "person";
const MONTH: &str = "month";
const REASON: &str = "reason";
const FROM: &str = "from";
const TO: &str = "to";
const WAGE: &str = "wage";
const NOTE: &str = "note";
const VOIDED: &str = "voided";

/// Who makes changes: the device and fresh randomness, chosen at the first edit after each
/// opening of the store, so that a restored backup never writes twice under one actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorId(pub Vec<u8>);

impl ActorId {
    /// The actor of a device with this randomness.
    #[must_use]
    pub fn new(device: crate::ids::DeviceId, random: [u8; 8]) -> Self {
        Self([&device.0[..], &random[..]].concat())
    }
}

/// A change just made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Its actor.
    pub actor: ActorId,
    /// Its sequence number.
    pub seq: u64,
    /// Its bytes.
    pub chunk: Chunk,
}

/// A draft as a volume holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// The form's fields.
    pub draft: Draft,
    /// 删除: voided, kept for the history.
    pub voided: bool,
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

/// Why a document cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are no document: the cache is damaged and is rebuilt from the changes.
    #[error("the snapshot is damaged: {0}")]
    Snapshot(String),
    /// A change is no canonical chunk.
    #[error("a change is malformed: {0}")]
    Chunk(#[from] ChunkError),
    /// A change that automerge does not take.
    #[error("a change does not apply: {0}")]
    Apply(String),
    /// A newer program wrote it (需要更新).
    #[error("the document's schema {0} is newer than this program knows")]
    NewerSchema(u64),
    /// The draft is not in this volume.
    #[error("no draft {0} in this volume")]
    NoSuchDraft(DeclarationId),
    /// The note is not in this document.
    #[error("no note {0} in this document")]
    NoSuchNote(NoteId),
}

impl DocumentError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "document.snapshot_damaged",
            Self::Chunk(error) => error.code(),
            Self::Apply(_) => "document.does_not_apply",
            Self::NewerSchema(_) => "document.newer_schema",
            Self::NoSuchDraft(_) => "document.no_such_draft",
            Self::NoSuchNote(_) => "document.no_such_note",
        }
    }
}

/// An open document: a volume of drafts, or the roster with its notes.
#[derive(Debug, Clone)]
pub struct Volume {
    id: DocumentId,
    document: Automerge,
}

impl Volume {
    /// The volume of these changes, from its genesis on.
    ///
    /// # Errors
    /// [`DocumentError`] where a change is malformed or does not apply.
    pub fn replay<'a>(
        id: DocumentId,
        chunks: impl IntoIterator<Item = &'a Chunk>,
    ) -> Result<Self, DocumentError> {
        let mut volume = Self {
            id,
            document: genesis(&id),
        };
        volume.extend(chunks)?;
        Ok(volume)
    }

    /// The volume of a snapshot made by [`Self::save`].
    ///
    /// # Errors
    /// [`DocumentError::Snapshot`]: the caller replays the changes instead;
    /// [`DocumentError::NewerSchema`].
    pub fn load(id: DocumentId, snapshot: &[u8]) -> Result<Self, DocumentError> {
        let document = Automerge::load(snapshot)
            .map_err(|error| DocumentError::Snapshot(error.to_string()))?;
        let schema = match document.get(ROOT, SCHEMA) {
            Ok(Some((value, _))) => value.as_u64().unwrap_or(0),
            Ok(None) | Err(_) => 0,
        };
        match schema {
            SCHEMA_VERSION => Ok(Self { id, document }),
            0 => Err(DocumentError::Snapshot("no schema version".to_owned())),
            newer => Err(DocumentError::NewerSchema(newer)),
        }
    }

    /// The bytes of a snapshot: a cache, never the truth.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.document.save()
    }

    /// Which document this is.
    #[must_use]
    pub fn id(&self) -> DocumentId {
        self.id
    }

    /// The newest changes, on which the next one builds.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<_> = self.document.get_heads().iter().map(|it| it.0).collect();
        heads.sort_unstable();
        heads.into_iter().map(ChangeHash).collect()
    }

    /// Applies further changes in one call.
    ///
    /// # Errors
    /// [`DocumentError`]; after one, the volume is to be dropped and replayed.
    pub fn extend<'a>(
        &mut self,
        chunks: impl IntoIterator<Item = &'a Chunk>,
    ) -> Result<(), DocumentError> {
        let changes = chunks
            .into_iter()
            .map(|chunk| {
                structure::check_chunk(&chunk.0)?;
                automerge::Change::try_from(&chunk.0[..])
                    .map_err(|error| DocumentError::Apply(error.to_string()))
            })
            .collect::<Result<Vec<_>, DocumentError>>()?;
        self.document
            .apply_changes(changes)
            .map_err(|error| DocumentError::Apply(error.to_string()))
    }

    /// Carries out one action as one change.
    ///
    /// # Errors
    /// [`DocumentError::NoSuchDraft`] when the action is about a draft of another volume.
    ///
    /// # Panics
    /// Never: a map of ours takes the keys of our schema.
    pub fn act(
        &mut self,
        actor: &ActorId,
        action: &Action,
        at: Timestamp,
    ) -> Result<Own, DocumentError> {
        let record = match action {
            Action::Declare { .. } | Action::Annotate { .. } => None,
            Action::Amend { id, .. } | Action::Void { id } => {
                let found = self.record(&id.to_string());
                Some(found.ok_or(DocumentError::NoSuchDraft(*id))?)
            }
            Action::VoidNote { id } => {
                let found = self.record(&id.to_string());
                Some(found.ok_or(DocumentError::NoSuchNote(*id))?)
            }
        };
        let records = self.records();
        self.document
            .set_actor(automerge::ActorId::from(&actor.0[..]));
        let mut transaction = self.document.transaction();
        write(&mut transaction, &records, record, action)
            .expect("a map of ours takes the keys of our schema");
        transaction.commit_with(CommitOptions::default().with_time(at.0));
        let change = self
            .document
            .get_last_local_change()
            .expect("one was just made");
        Ok(Own {
            actor: actor.clone(),
            seq: change.seq(),
            chunk: Chunk(change.raw_bytes().to_vec()),
        })
    }

    /// Every draft, by id, which is by the time of its creation.
    #[must_use]
    pub fn drafts(&self) -> Vec<StoredDraft> {
        let records = self.records();
        self.document
            .keys(&records)
            .filter_map(|key| key.parse().ok())
            .filter_map(|id| self.draft(id))
            .collect()
    }

    /// The notes that stand, oldest first.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let records = self.records();
        self.document
            .keys(&records)
            .filter_map(|key| {
                let record = self.record(&key)?;
                let person = self.text(&record, PERSON).parse().ok()?;
                let text = self.text(&record, NOTE);
                let id = key.parse().ok()?;
                (!text.is_empty() && !self.is_voided(&record)).then_some(Note { id, person, text })
            })
            .collect()
    }

    /// One draft.
    #[must_use]
    pub fn draft(&self, id: DeclarationId) -> Option<StoredDraft> {
        let record = self.record(&id.to_string())?;
        let kind: Kind = self.text(&record, KIND).parse().ok()?;
        let draft = Draft {
            id,
            kind,
            person: self.text(&record, PERSON),
            month: self.text(&record, MONTH),
            reason: self.text(&record, REASON),
            from: self.text(&record, FROM),
            to: self.text(&record, TO),
            wage: self.fen(&record, WAGE),
        };
        let voided = self.is_voided(&record);
        Some(StoredDraft { draft, voided })
    }

    fn records(&self) -> ObjId {
        match self.document.get(ROOT, RECORDS) {
            Ok(Some((Value::Object(_), id))) => id,
            other => unreachable!("the genesis made the map of records, found {other:?}"),
        }
    }

    fn record(&self, key: &str) -> Option<ObjId> {
        match self.document.get(self.records(), key) {
            Ok(Some((Value::Object(ObjType::Map), record))) => Some(record),
            Ok(_) | Err(_) => None,
        }
    }

    fn is_voided(&self, record: &ObjId) -> bool {
        matches!(
            self.document.get(record, VOIDED),
            Ok(Some((Value::Scalar(value), _))) if *value == ScalarValue::Boolean(true)
        )
    }

    fn text(&self, record: &ObjId, key: &str) -> String {
        match self.document.get(record, key) {
            Ok(Some((value, _))) => value.as_str().unwrap_or_default().to_owned(),
            Ok(None) | Err(_) => String::new(),
        }
    }

    fn fen(&self, record: &ObjId, key: &str) -> Option<Money> {
        match self.document.get(record, key) {
            Ok(Some((value, _))) => value.as_i64().and_then(|fen| Money::try_from(fen).ok()),
            Ok(None) | Err(_) => None,
        }
    }
}

fn write(
    transaction: &mut impl Transactable,
    records: &ObjId,
    record: Option<ObjId>,
    action: &Action,
) -> Result<(), automerge::AutomergeError> {
    match (action, record) {
        (Action::Declare { id, kind, fields }, _) => {
            let made = transaction.put_object(records, id.to_string(), ObjType::Map)?;
            transaction.put(&made, KIND, kind.to_string())?;
            put_fields(transaction, &made, fields)
        }
        (Action::Amend { fields, .. }, Some(record)) => put_fields(transaction, &record, fields),
        (Action::Annotate { id, person, text }, _) => {
            let made = transaction.put_object(records, id.to_string(), ObjType::Map)?;
            transaction.put(&made, PERSON, person.to_string())?;
            transaction.put(&made, NOTE, text.as_str())
        }
        (Action::Void { .. } | Action::VoidNote { .. }, Some(record)) => {
            transaction.put(&record, VOIDED, true)
        }
        (Action::Amend { .. } | Action::Void { .. } | Action::VoidNote { .. }, None) => Ok(()),
    }
}

fn put_fields(
    transaction: &mut impl Transactable,
    record: &ObjId,
    fields: &[Change],
) -> Result<(), automerge::AutomergeError> {
    for field in fields {
        match field {
            Change::Person(text) => transaction.put(record, PERSON, text.as_str()),
            Change::Month(text) => transaction.put(record, MONTH, text.as_str()),
            Change::Reason(text) => transaction.put(record, REASON, text.as_str()),
            Change::From(text) => transaction.put(record, FROM, text.as_str()),
            Change::To(text) => transaction.put(record, TO, text.as_str()),
            Change::Wage(wage) => transaction.put(record, WAGE, wage.fen()),
        }?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DeviceId, UnitId, VolumeId};

    const UNIT: UnitId = UnitId([1; 16]);
    const SOMETIME: Timestamp = Timestamp(1_795_500_000);

    fn actor(number: u8) -> ActorId {
        ActorId::new(DeviceId([number; 16]), [number; 8])
    }

    fn declare(number: u8) -> Action {
        Action::Declare {
            id: DeclarationId([number; 16]),
            kind: Kind::Wage,
            fields: vec![
                Change::Person("P".to_owned()),
                Change::From("2022-01".to_owned()),
                Change::Wage(Money::from_fen(500_050)),
            ],
        }
    }

    #[test]
    fn a_draft_is_kept_amended_and_voided_and_its_changes_give_it_again() {
        let document = DocumentId::EmployerVolume(UNIT, VolumeId(1));
        let id = DeclarationId([1; 16]);
        let mut volume = Volume::replay(document, []).unwrap();
        let amend = Action::Amend {
            id,
            fields: vec![Change::From("2022-02".to_owned())],
        };
        let chunks: Vec<Chunk> = [declare(1), declare(2), amend, Action::Void { id }]
            .iter()
            .zip(1..)
            .map(|(action, seq)| {
                let own = volume.act(&actor(1), action, SOMETIME).unwrap();
                assert_eq!(own.seq, seq);
                own.chunk
            })
            .collect();
        let stored = volume.draft(id).unwrap();
        assert!(stored.voided);
        assert_eq!(stored.draft.from, "2022-02");
        assert_eq!(stored.draft.wage, Some(Money::from_fen(500_050)));
        assert_eq!(volume.drafts().len(), 2);

        let replayed = Volume::replay(document, &chunks).unwrap();
        let loaded = Volume::load(document, &volume.save()).unwrap();
        assert_eq!(replayed.drafts(), volume.drafts());
        assert_eq!(loaded.drafts(), volume.drafts());
        let missing = Action::Void {
            id: DeclarationId([9; 16]),
        };
        let refused = volume.act(&actor(1), &missing, SOMETIME).unwrap_err();
        assert_eq!(refused.code(), "document.no_such_draft");
    }

    #[test]
    fn notes_of_two_devices_stand_beside_each_other() {
        let document = DocumentId::EmployerRoster(UNIT);
        let person = PersonId([3; 16]);
        let note = |number: u8, text: &str| Action::Annotate {
            id: NoteId([number; 16]),
            person,
            text: text.to_owned(),
        };
        let (mut one, mut two) = (
            Volume::replay(document, []).unwrap(),
            Volume::replay(document, []).unwrap(),
        );
        let first = one
            .act(&actor(1), &note(1, "产假至五月"), SOMETIME)
            .unwrap();
        let second = two.act(&actor(2), &note(2, "借调"), SOMETIME).unwrap();
        one.extend([&second.chunk]).unwrap();
        two.extend([&first.chunk]).unwrap();
        assert_eq!(one.notes(), two.notes());
        assert_eq!(one.notes().len(), 2);
        let _ = one
            .act(
                &actor(1),
                &Action::VoidNote {
                    id: NoteId([1; 16]),
                },
                SOMETIME,
            )
            .unwrap();
        assert_eq!(
            one.notes()
                .iter()
                .map(|it| it.text.as_str())
                .collect::<Vec<_>>(),
            ["借调"]
        );
    }

    #[test]
    fn a_damaged_snapshot_is_refused_and_a_newer_schema_is_named() {
        let document = DocumentId::EmployerVolume(UNIT, VolumeId(1));
        let mut volume = Volume::replay(document, []).unwrap();
        let _ = volume.act(&actor(1), &declare(1), SOMETIME).unwrap();
        let mut bytes = volume.save();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        assert!(Volume::load(document, &bytes).is_err());
        let mut newer = Automerge::new();
        let mut transaction = newer.transaction();
        transaction.put(ROOT, SCHEMA, SCHEMA_VERSION + 1).unwrap();
        transaction.commit();
        let refused = Volume::load(document, &newer.save()).unwrap_err();
        assert_eq!(refused.code(), "document.newer_schema");
    }
}
