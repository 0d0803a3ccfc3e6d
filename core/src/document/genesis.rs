//! The first change of every document, byte-identical on every replica.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ObjType, ROOT};

use crate::signing::hash_parts;
use crate::structure::ChangeHash;

use super::id::DocumentId;

/// The schema this program writes; a document of a newer one is held, not read.
pub const SCHEMA_VERSION: u64 = 1;

/// The root key of the schema version.
pub(super) const SCHEMA: &str = "schema";
/// The root key of the map of records: declarations, overlays or cases by their ULID.
pub(super) const RECORDS: &str = "records";

/// How many operations the genesis has.
pub(crate) const GENESIS_OPERATIONS: u64 = 2;
/// The counter of the genesis' operation that makes the map of records.
pub(crate) const RECORDS_OPERATION: u64 = 2;

/// A document that holds its genesis alone.
///
/// The actor is derived from the document's id and schema and the time is zero, so that two
/// replicas that never met start alike and merge.
pub(super) fn genesis(id: &DocumentId) -> Automerge {
    let actor = genesis_actor(id);
    let mut document = Automerge::new().with_actor(automerge::ActorId::from(&actor[..]));
    let mut transaction = document.transaction();
    transaction
        .put(ROOT, SCHEMA, SCHEMA_VERSION)
        .and_then(|()| transaction.put_object(ROOT, RECORDS, ObjType::Map))
        .expect("an empty document takes its first keys");
    transaction.commit_with(CommitOptions::default().with_time(0));
    document
}

/// The hash of a document's genesis, on which its first changes depend and which no batch carries.
///
/// # Panics
/// Never: a document just begun has its genesis as its head.
#[must_use]
pub fn genesis_hash(id: &DocumentId) -> ChangeHash {
    let heads = genesis(id).get_heads();
    ChangeHash(heads.first().expect("one change, one head").0)
}

/// The actor of a document's genesis, shorter than any other.
pub(crate) fn genesis_actor(id: &DocumentId) -> [u8; 16] {
    let label = format!("{id}/{SCHEMA_VERSION}");
    let hash = hash_parts("canbao/genesis/1", &[label.as_bytes()]);
    let mut actor = [0; 16];
    actor.copy_from_slice(&hash[..16]);
    actor
}

#[cfg(test)]
mod tests {
    use automerge::ReadDoc;

    use super::*;
    use crate::ids::UnitId;

    #[test]
    fn every_replica_starts_from_the_same_bytes_and_each_document_from_its_own() {
        let roster = DocumentId::EmployerRoster(UnitId([1; 16]));
        let other = DocumentId::EmployerRoster(UnitId([2; 16]));
        assert_eq!(genesis(&roster).save(), genesis(&roster).save());
        assert_ne!(genesis(&roster).get_heads(), genesis(&other).get_heads());
    }

    #[test]
    fn the_genesis_is_what_its_constants_say() {
        let id = DocumentId::EmployerRoster(UnitId([1; 16]));
        let document = genesis(&id);
        let change = document.get_changes(&[]).remove(0);
        assert_eq!(change.actor_id().to_bytes(), genesis_actor(&id));
        assert_eq!(change.max_op(), GENESIS_OPERATIONS);
        let (_, records) = document.get(ROOT, RECORDS).unwrap().unwrap();
        let made_by = format!("{RECORDS_OPERATION}@{}", change.actor_id());
        assert_eq!(records.to_string(), made_by);
    }
}
