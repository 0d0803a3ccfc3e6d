//! An open document in automerge, a volume of drafts or the roster: load it, save it, act on it.

use automerge::transaction::CommitOptions;
use automerge::{Automerge, ROOT, ReadDoc};

use crate::ids::{DeclarationId, NoteId};
use crate::structure::{self, ChangeHash, ChunkError};
use crate::time::Timestamp;

use super::action::Action;
use super::actor::{ActorId, Own};
use super::batch::Chunk;
use super::genesis::{SCHEMA, SCHEMA_VERSION, genesis};
use super::id::DocumentId;
use super::writing::Writing;

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
    /// The document says all of it already, so that there is no change to make or to sign: an
    /// action that was refused is made again, and meanwhile another device did the same.
    #[error("the action changes nothing")]
    NothingChanges,
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
            Self::NothingChanges => "document.nothing_changes",
        }
    }
}

/// An open document: a volume of drafts, or the roster with its notes.
#[derive(Debug, Clone)]
pub struct Volume {
    id: DocumentId,
    pub(super) document: Automerge,
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
        structure::check_document(snapshot)
            .map_err(|error| DocumentError::Snapshot(error.to_string()))?;
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

    /// Carries out one action as one change. It writes into every map object that stands under
    /// a record's key, so that its fields have one value afterwards, whatever they said before.
    ///
    /// # Errors
    /// [`DocumentError::NoSuchDraft`] and [`DocumentError::NoSuchNote`] when the action is about
    /// a record of another volume; [`DocumentError::NothingChanges`].
    ///
    /// # Panics
    /// Never: a map of ours takes the keys of our schema.
    pub fn act(
        &mut self,
        actor: &ActorId,
        action: &Action,
        at: Timestamp,
    ) -> Result<Own, DocumentError> {
        let writings = Writing::all_of(action);
        let mut standing = Vec::new();
        for writing in &writings {
            let objects = self.objects(writing.key());
            match writing.missing() {
                Some(missing) if objects.is_empty() => return Err(missing),
                Some(_) | None => standing.push(objects),
            }
        }
        let records = self.records();
        self.document
            .set_actor(automerge::ActorId::from(&actor.0[..]));
        let mut transaction = self.document.transaction();
        for (writing, objects) in writings.iter().zip(&standing) {
            writing
                .put_into(&mut transaction, &records, objects)
                .expect("a map of ours takes the keys of our schema");
        }
        let (made, _) = transaction.commit_with(CommitOptions::default().with_time(at.0));
        let change = made
            .map(|hash| self.document.get_change_by_hash(&hash))
            .ok_or(DocumentError::NothingChanges)?
            .expect("it was just made");
        Ok(Own {
            actor: actor.clone(),
            seq: change.seq(),
            chunk: Chunk(change.raw_bytes().to_vec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::Transactable;

    use super::super::action::Change;
    use super::super::import::ImportedDraft;
    use super::*;
    use crate::declaration::Kind;
    use crate::ids::{DeviceId, ImportId, PersonId, UnitId, VolumeId};
    use crate::money::Money;

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
    fn two_devices_that_import_the_same_file_make_the_same_drafts() {
        let document = DocumentId::EmployerVolume(UNIT, VolumeId(1));
        let import = ImportId::of(b"a file");
        let id = |row| DeclarationId::of_row(UNIT, import, Kind::Wage, row, 0);
        let imported = |rows: &[u32]| {
            let draft = |row: &u32| ImportedDraft {
                id: id(*row),
                fields: vec![Change::Wage(Money::from_fen(i64::from(*row)))],
            };
            Action::Import {
                import,
                kind: Kind::Wage,
                drafts: rows.iter().map(draft).collect(),
            }
        };
        let fresh = || Volume::replay(document, []).unwrap();
        let (mut one, mut two) = (fresh(), fresh());
        let first = one.act(&actor(1), &imported(&[2, 3]), SOMETIME).unwrap();
        let second = two.act(&actor(2), &imported(&[3, 4]), SOMETIME).unwrap();
        one.extend([&second.chunk]).unwrap();
        two.extend([&first.chunk]).unwrap();
        assert_eq!(one.drafts(), two.drafts());
        let drafts = one.drafts();
        let ids: Vec<_> = drafts.iter().map(|it| it.draft.id).collect();
        assert_eq!(ids, [id(2), id(3), id(4)]);
        for it in &drafts {
            assert_eq!((it.import, &it.conflicts), (Some(import), &Vec::new()));
        }
        let undo = Action::VoidAll {
            ids: vec![id(2), id(3)],
        };
        let undone = one.act(&actor(1), &undo, SOMETIME).unwrap();
        two.extend([&undone.chunk]).unwrap();
        let voided: Vec<_> = two.drafts().iter().map(|it| it.voided).collect();
        assert_eq!(voided, [true, true, false]);
        let elsewhere = Action::VoidAll {
            ids: vec![id(4), id(9)],
        };
        let refused = two.act(&actor(2), &elsewhere, SOMETIME).unwrap_err();
        assert_eq!(refused.code(), "document.no_such_draft");
        assert!(!two.draft(id(4)).unwrap().voided, "all or none");
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
        let saved = volume.save();
        for place in 0..saved.len() {
            for damage in [0x01, 0x02, 0x03, 0x80, 0xff] {
                let mut bytes = saved.clone();
                bytes[place] ^= damage;
                let refused = Volume::load(document, &bytes).unwrap_err();
                assert_eq!(refused.code(), "document.snapshot_damaged", "at {place}");
            }
            assert!(Volume::load(document, &saved[..place]).is_err());
        }
        let longer = [&saved[..], &saved].concat();
        assert!(Volume::load(document, &longer).is_err());
        let mut newer = Automerge::new();
        let mut transaction = newer.transaction();
        transaction.put(ROOT, SCHEMA, SCHEMA_VERSION + 1).unwrap();
        transaction.commit();
        let refused = Volume::load(document, &newer.save()).unwrap_err();
        assert_eq!(refused.code(), "document.newer_schema");
    }
}
