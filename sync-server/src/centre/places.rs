//! Where each thing stands in the views over the log, and how what stands there is read.

use canbao_core::document::DocumentId;
use canbao_core::facts::{Audience, IncidentKind, TransactionId};
use canbao_core::ids::{CertificateSerial, DistrictId, PersonId, StatementId, UnitId};
use canbao_core::ledger::tile::{Row, TileId};
use canbao_core::signed::encode;
use canbao_core::signing::{PublicKey, hash_parts};
use canbao_core::store::{Store, View};
use canbao_core::structure::ChangeHash;

/// A view and a key in it.
pub(super) type Place = (View, Vec<u8>);

/// How far the views cover the log.
pub(super) fn covered() -> Place {
    (View::Log, b"covered".to_vec())
}

/// The newest signed checkpoint.
pub(super) fn checkpoint() -> Place {
    (View::Log, b"checkpoint".to_vec())
}

/// How many log keys the log itself tells of; none before the first was replaced.
pub(super) fn log_keys() -> Place {
    (View::Log, b"keys".to_vec())
}

/// A tile at its place, as wide as it is by now.
pub(super) fn tile(id: &TileId) -> Place {
    let row = match id.row() {
        Row::Hashes(level) => level,
        Row::Entries => u8::MAX,
    };
    (View::Tile, [&[row][..], &id.index().to_be_bytes()].concat())
}

/// The place of the entries that an audience sees: each under its position, a run of them under
/// its last.
pub(super) fn audience(audience: &Audience, position: u64) -> Place {
    (
        View::Audience,
        [audience.key(), position.to_be_bytes().to_vec()].concat(),
    )
}

/// Lists an entry for an audience, and as many right before it.
pub(super) fn listing(audience: &Audience, last: u64, before: u64) -> (Place, Vec<u8>) {
    let before = match before {
        0 => Vec::new(),
        before => before.to_be_bytes().to_vec(),
    };
    (self::audience(audience, last), before)
}

/// The fact that answers a statement.
pub(super) fn answered(statement: &StatementId) -> Place {
    (View::Statement, [b"a", &statement.0[..]].concat())
}

/// A statement refused to this signer. Another may make the same one, so it is theirs alone.
pub(super) fn refused(signer: CertificateSerial, statement: &StatementId) -> Place {
    (
        View::Statement,
        [b"r", &signer.0.to_be_bytes()[..], &statement.0].concat(),
    )
}

/// The newest sequence number of an actor in a document.
pub(super) fn actor(document: &DocumentId, actor: &[u8]) -> Place {
    (
        View::Document,
        [b"a", &encode(document)[..], actor].concat(),
    )
}

/// A change admitted to a document.
pub(super) fn change(document: &DocumentId, hash: &ChangeHash) -> Place {
    (
        View::Document,
        [b"c", &encode(document)[..], &hash.0].concat(),
    )
}

/// Where a change was built upon in its document, by the newest batch that did.
pub(super) fn followed(document: &DocumentId, hash: &ChangeHash) -> Place {
    (
        View::Document,
        [b"f", &encode(document)[..], &hash.0].concat(),
    )
}

/// A batch admitted.
pub(super) fn batch(id: &[u8; 32]) -> Place {
    (View::Document, [b"b", &id[..]].concat())
}

/// A batch refused.
pub(super) fn batch_refused(id: &[u8; 32]) -> Place {
    (View::Document, [b"r", &id[..]].concat())
}

/// An enrolment code issued.
pub(super) fn code_issued(hash: &[u8; 32]) -> Place {
    (View::Code, [b"i", &hash[..]].concat())
}

/// An enrolment code used up.
pub(super) fn code_used(hash: &[u8; 32]) -> Place {
    (View::Code, [b"u", &hash[..]].concat())
}

/// A certificate by its serial.
pub(super) fn certificate(serial: CertificateSerial) -> Place {
    (
        View::Certificate,
        [b"s", &serial.0.to_be_bytes()[..]].concat(),
    )
}

/// A certificate revoked.
pub(super) fn revoked(serial: CertificateSerial) -> Place {
    (
        View::Certificate,
        [b"r", &serial.0.to_be_bytes()[..]].concat(),
    )
}

/// The certificates of a device, by serial.
pub(super) fn device(key: &PublicKey) -> Place {
    (View::Certificate, [b"d", &key.0[..]].concat())
}

/// A unit's registration.
pub(super) fn unit(unit: UnitId) -> Place {
    (View::Unit, [b"i", &unit.0[..]].concat())
}

/// The district a unit belongs to.
pub(super) fn home(unit: UnitId) -> Place {
    (View::Unit, [b"h", &unit.0[..]].concat())
}

/// The units of a district.
pub(super) fn district(district: DistrictId) -> Place {
    (View::Unit, [b"d", &district.0.to_be_bytes()[..]].concat())
}

/// A unit among those of its district.
pub(super) fn unit_in(district: DistrictId, unit: UnitId) -> Place {
    let (view, prefix) = self::district(district);
    (view, [prefix, unit.0.to_vec()].concat())
}

/// A unit by credit code.
pub(super) fn credit_code(store: &Store, code: &str) -> Place {
    (
        View::Unit,
        [
            b"c",
            &store.keyed_hash("canbao/credit-code", code.as_bytes())[..],
        ]
        .concat(),
    )
}

/// A unit by unemployment number.
pub(super) fn unemployment_number(store: &Store, number: &str) -> Place {
    let hash = store.keyed_hash("canbao/unemployment-number", number.as_bytes());
    (View::Unit, [b"u", &hash[..]].concat())
}

/// A person by personal number.
pub(super) fn personal_number(store: &Store, number: &str) -> Place {
    let hash = store.keyed_hash("canbao/personal-number", number.as_bytes());
    (View::Person, [b"p", &hash[..]].concat())
}

/// A person by the number of the identity document.
pub(super) fn identity_document(store: &Store, number: &str) -> Place {
    let hash = store.keyed_hash("canbao/identity-document", number.as_bytes());
    (View::Person, [b"d", &hash[..]].concat())
}

/// The units that a person is or was insured in.
pub(super) fn units_of(person: PersonId) -> Place {
    (View::Person, [b"u", &person.0[..]].concat())
}

/// A unit among those of a person.
pub(super) fn unit_of(person: PersonId, unit: UnitId) -> Place {
    let (view, prefix) = units_of(person);
    (view, [prefix, unit.0.to_vec()].concat())
}

/// The unit of a transaction.
pub(super) fn transaction(id: &TransactionId) -> Place {
    (View::Transaction, [b"t", id.0.as_bytes()].concat())
}

/// A transaction that is still to be sent.
pub(super) fn to_send(id: &TransactionId) -> Place {
    (View::Transaction, [b"w", id.0.as_bytes()].concat())
}

/// The newest of tax's events taken in.
pub(super) fn tax_events() -> Place {
    (View::Transaction, b"b".to_vec())
}

/// A unit about which tax answered since its roster was taken in; leads to that answer.
pub(super) fn roster_due(unit: UnitId) -> Place {
    (View::Transaction, [b"d", &unit.0[..]].concat())
}

/// When tax's roster of a unit was last taken in, by the centre's clock in seconds.
pub(super) fn roster_taken(unit: UnitId) -> Place {
    (View::Transaction, [b"r", &unit.0[..]].concat())
}

/// The units with this number at pension insurance.
pub(super) fn pension_number(store: &Store, number: &str) -> Place {
    let hash = store.keyed_hash("canbao/pension-number", number.as_bytes());
    (View::Unit, [b"p", &hash[..]].concat())
}

/// A unit among those with a number at pension insurance.
pub(super) fn unit_at_pension(store: &Store, number: &str, unit: UnitId) -> Place {
    let (view, prefix) = pension_number(store, number);
    (view, [prefix, unit.0.to_vec()].concat())
}

/// When a unit's pension feed was last taken in, by the centre's clock in seconds.
pub(super) fn pension_taken(unit: UnitId) -> Place {
    (View::Unit, [b"f", &unit.0[..]].concat())
}

/// The unit whose posting has this serial.
pub(super) fn serial(serial: &str) -> Place {
    (View::Serial, [b"p", &serial_hash(serial)[..]].concat())
}

/// An incident of this serial and content.
pub(super) fn incident(serial: &str, content: &[u8; 32]) -> Place {
    (
        View::Serial,
        [b"i", &serial_hash(serial)[..], content].concat(),
    )
}

/// Tax's serials have any length; the key has not.
fn serial_hash(serial: &str) -> [u8; 32] {
    hash_parts("canbao/serial/1", &[serial.as_bytes()])
}

/// A number as a view holds it.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// A person as a view holds them, behind the unit where the number was last taken in.
pub(super) fn person_id(bytes: &[u8]) -> Option<PersonId> {
    let (_, person) = bytes.split_at_checked(16)?;
    person.try_into().ok().map(PersonId)
}

/// A unit as a view holds it.
pub(super) fn unit_id(bytes: &[u8]) -> Option<UnitId> {
    bytes.try_into().ok().map(UnitId)
}

/// A district as a view holds it.
pub(super) fn district_id(bytes: &[u8]) -> Option<DistrictId> {
    let number = bytes.try_into().ok().map(u16::from_be_bytes)?;
    Some(DistrictId(number))
}

/// A kind of incident as a view holds it.
pub(super) fn incident_kind(bytes: &[u8]) -> Option<IncidentKind> {
    minicbor::decode(bytes).ok()
}
