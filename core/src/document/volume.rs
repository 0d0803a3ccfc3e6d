//! A volume of drafts in automerge: act on it, read it, load and save it.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use crate::declaration::{Draft, Kind};
use crate::ids::DeclarationId;
use crate::money::Money;
use crate::structure::{self, ChunkError};
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
        }
    }
}

/// An open volume.
#[derive(Debug)]
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
            Action::Declare { .. } => None,
            Action::Amend { id, .. } | Action::Void { id } => {
                Some(self.record(*id).ok_or(DocumentError::NoSuchDraft(*id))?)
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

    /// One draft.
    #[must_use]
    pub fn draft(&self, id: DeclarationId) -> Option<StoredDraft> {
        let record = self.record(id)?;
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
        let voided = matches!(
            self.document.get(&record, VOIDED),
            Ok(Some((Value::Scalar(value), _))) if *value == ScalarValue::Boolean(true)
        );
        Some(StoredDraft { draft, voided })
    }

    fn records(&self) -> ObjId {
        match self.document.get(ROOT, RECORDS) {
            Ok(Some((Value::Object(_), id))) => id,
            other => unreachable!("the genesis made the map of records, found {other:?}"),
        }
    }

    fn record(&self, id: DeclarationId) -> Option<ObjId> {
        match self.document.get(self.records(), id.to_string()) {
            Ok(Some((Value::Object(ObjType::Map), record))) => Some(record),
            Ok(_) | Err(_) => None,
        }
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
        (Action::Void { .. }, Some(record)) => transaction.put(&record, VOIDED, true),
        (Action::Amend { .. } | Action::Void { .. }, None) => Ok(()),
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
