//! Drafts that come from the rows of a file: the same file makes the same drafts on every device.

use minicbor::{Decode, Encode};
use ring::digest::{SHA256, digest};

use crate::declaration::{Draft, Kind};
use crate::ids::{DeclarationId, ImportId, UnitId};
use crate::signing::hash_parts;

use super::action::{Action, Change};
use super::field::Value;

/// The most drafts of one change: an import of more is several (architecture, section 2).
pub const MAX_IMPORTED: usize = 250;
/// The most bytes of text that they hold, so that their change stays within its bounds.
const MAX_IMPORTED_TEXT: usize = 64 * 1024;

/// A draft that a row of a file makes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ImportedDraft {
    /// Its id, which follows from the file and the row.
    #[n(0)]
    pub id: DeclarationId,
    /// The fields as filled in.
    #[n(1)]
    pub fields: Vec<Change>,
}

impl ImportId {
    /// The id of the import of a file.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, file).as_ref());
        Self(hash)
    }
}

impl Action {
    /// The action that makes a draft as it stands, with the import it came by.
    #[must_use]
    pub fn making(draft: &Draft, import: Option<ImportId>) -> Self {
        let (id, kind, fields) = (draft.id, draft.kind, Change::all_of(draft));
        match import {
            None => Self::Declare { id, kind, fields },
            Some(import) => Self::Import {
                import,
                kind,
                drafts: vec![ImportedDraft { id, fields }],
            },
        }
    }

    /// The actions that make the drafts of an import, in their order, as few as there can be.
    #[must_use]
    pub fn importing(import: ImportId, kind: Kind, drafts: &[Draft]) -> Vec<Self> {
        let mut actions = Vec::new();
        let mut room = Room::none();
        for draft in drafts {
            let (id, fields) = (draft.id, Change::all_of(draft));
            let fits = room.take(&fields);
            let imported = ImportedDraft { id, fields };
            match actions.last_mut() {
                Some(Self::Import { drafts, .. }) if fits => drafts.push(imported),
                Some(_) | None => {
                    room = Room::of_a_change(&imported.fields);
                    actions.push(Self::Import {
                        import,
                        kind,
                        drafts: vec![imported],
                    });
                }
            }
        }
        actions
    }
}

/// What is left in a change.
struct Room {
    drafts: usize,
    text: usize,
}

impl Room {
    fn none() -> Self {
        Self { drafts: 0, text: 0 }
    }

    /// That of a change with its first draft, whatever it holds.
    fn of_a_change(first: &[Change]) -> Self {
        Self {
            drafts: MAX_IMPORTED - 1,
            text: MAX_IMPORTED_TEXT.saturating_sub(text_of(first)),
        }
    }

    /// Takes the room of a further draft, where there is so much.
    fn take(&mut self, fields: &[Change]) -> bool {
        let (drafts, text) = (self.drafts.checked_sub(1), text_of(fields));
        let (Some(drafts), Some(text)) = (drafts, self.text.checked_sub(text)) else {
            return false;
        };
        *self = Self { drafts, text };
        true
    }
}

fn text_of(fields: &[Change]) -> usize {
    let text = |it: &Change| match it.value() {
        Value::Text(text) => text.len(),
        Value::Amount(_) => 0,
    };
    fields.iter().map(text).sum()
}

impl DeclarationId {
    /// The draft of a row of an imported file.
    ///
    /// Two devices that import the same file without knowing of each other make the same drafts,
    /// so that nothing stands twice when they meet. What was voided stays voided: a file that is
    /// imported again after its import was undone makes drafts of the next `attempt`, from 0.
    ///
    /// The drafts of one import follow each other in the order of the rows, behind all that were
    /// typed: an id begins with the time of its making, and this one with a time that never comes.
    #[must_use]
    pub fn of_row(unit: UnitId, import: ImportId, kind: Kind, row: u32, attempt: u32) -> Self {
        let of_import = hash_parts("canbao/import/1", &[&unit.0, &import.0]);
        let of_draft = hash_parts(
            "canbao/imported-draft/1",
            &[
                &of_import,
                kind.to_string().as_bytes(),
                &row.to_be_bytes(),
                &attempt.to_be_bytes(),
            ],
        );
        let mut id = [0; 16];
        id[..6].copy_from_slice(&of_import[..6]);
        id[0] |= 0x80;
        id[6..10].copy_from_slice(&row.to_be_bytes());
        id[10..].copy_from_slice(&of_draft[..6]);
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{ActorId, Batch, DocumentId, SignedBatch, Volume};
    use super::*;
    use crate::ids::{CertificateSerial, DeviceId, PersonId, VolumeId};
    use crate::money::Money;
    use crate::signing::SigningKey;
    use crate::structure::check_batch;
    use crate::time::Timestamp;

    const UNIT: UnitId = UnitId([1; 16]);

    #[test]
    fn an_import_is_known_by_the_digest_that_every_program_computes() {
        let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(ImportId::of(b"").to_string(), of_nothing);
    }

    #[test]
    fn a_row_has_one_id_of_its_own_and_the_rows_of_an_import_their_order() {
        let import = ImportId::of(b"a file");
        let id = |row, attempt| DeclarationId::of_row(UNIT, import, Kind::Wage, row, attempt);
        assert_eq!(id(2, 0), id(2, 0));
        let other_unit = DeclarationId::of_row(UnitId([2; 16]), import, Kind::Wage, 2, 0);
        let other_kind = DeclarationId::of_row(UNIT, import, Kind::Interruption, 2, 0);
        let other_file = DeclarationId::of_row(UNIT, ImportId::of(b"b"), Kind::Wage, 2, 0);
        let all = BTreeSet::from([
            id(2, 0),
            id(2, 1),
            id(3, 0),
            other_unit,
            other_kind,
            other_file,
        ]);
        assert_eq!(all.len(), 6);
        let ids: Vec<DeclarationId> = (1..600).map(|row| id(row, 0)).collect();
        assert!(ids.is_sorted());
        let typed = DeclarationId::from_parts(4_102_444_800_000, [0xff; 10]);
        assert!(typed < ids[0], "of the year 2100");
        assert_eq!(id(2, 0).to_string().parse(), Ok(id(2, 0)));
    }

    /// The drafts of rows, each with a reason of so many bytes.
    fn drafts(rows: u32, reason: usize) -> Vec<Draft> {
        let import = ImportId::of(b"a file");
        let person = PersonId([7; 16]).to_string();
        let draft = |row| Draft {
            person: person.clone(),
            month: "2022-01".to_owned(),
            reason: "x".repeat(reason),
            from: "2022-01".to_owned(),
            to: "2022-12".to_owned(),
            wage: Some(Money::from_fen(i64::from(row) * 1_000_003)),
            ..Draft::empty(
                DeclarationId::of_row(UNIT, import, Kind::Wage, row, 0),
                Kind::Wage,
            )
        };
        (2..rows + 2).map(draft).collect()
    }

    #[test]
    fn an_import_is_as_many_changes_as_it_takes_and_each_is_within_the_bounds_of_one() {
        let document = DocumentId::EmployerVolume(UNIT, VolumeId(1));
        let key = SigningKey::from_seed([3; 32]);
        let check = |rows: u32, reason: usize, expected: &[usize]| {
            let drafts = drafts(rows, reason);
            let actions = Action::importing(ImportId([9; 32]), Kind::Wage, &drafts);
            let mut volume = Volume::replay(document, []).unwrap();
            let mut counts = Vec::new();
            for action in &actions {
                let Action::Import { drafts, .. } = action else {
                    panic!("an import");
                };
                counts.push(drafts.len());
                let actor = ActorId::new(DeviceId([1; 16]), [1; 8]);
                let own = volume.act(&actor, action, Timestamp(1)).unwrap();
                let batch = Batch::of(document, own, CertificateSerial(1));
                let checked = check_batch(&SignedBatch::make(&batch, &key).0);
                assert_eq!(checked.map(drop), Ok(()), "{rows} {reason}");
            }
            assert_eq!(counts, expected);
            let kept: Vec<Draft> = volume.drafts().into_iter().map(|it| it.draft).collect();
            assert_eq!(kept, drafts);
        };
        check(0, 0, &[]);
        check(250, 30, &[250]);
        check(600, 30, &[250, 250, 100]);
        check(100, 1000, &[62, 38]);
        check(20, 4096, &[15, 5]);
    }
}
