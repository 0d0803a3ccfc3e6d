//! A document that several devices edited honestly, and changes in the form of a chunk.

use std::sync::LazyLock;

use canbao_core::declaration::Kind;
use canbao_core::document::{
    Action, ActorId, Batch, Change, Chunk, DocumentId, OverlayField, SCHEMA_VERSION, Volume,
};
use canbao_core::ids::{
    CertificateSerial, DeclarationId, DeviceId, NoteId, PersonId, UnitId, VolumeId,
};
use canbao_core::money::Money;
use canbao_core::signed::{Signed, encode};
use canbao_core::signing::{Domain, SigningKey};
use canbao_core::structure::check_chunk;
use canbao_core::time::Timestamp;
use ring::digest::{SHA256, digest};

/// The document of all these targets.
pub(super) const DOCUMENT: DocumentId = DocumentId::EmployerVolume(UnitId([1; 16]), VolumeId(1));

const SOMETIME: Timestamp = Timestamp(1_795_500_000);
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

/// The kinds of chunk, as automerge numbers them.
pub(super) const DOCUMENT_CHUNK: u8 = 0;
pub(super) const CHANGE_CHUNK: u8 = 1;

/// Honest changes, each after what it builds on: two devices on the same records, a field with
/// two values, and a later opening of the first device's store.
pub(super) fn honest() -> &'static [Chunk] {
    static HONEST: LazyLock<Vec<Chunk>> = LazyLock::new(edit);
    &HONEST
}

fn edit() -> Vec<Chunk> {
    let volume = || Volume::replay(DOCUMENT, []).expect("nothing to replay");
    let (mut one, mut two) = (volume(), volume());
    let mut chunks: Vec<Chunk> = [declare(1), declare(2), note(3)]
        .iter()
        .map(|action| act(&mut one, 1, action))
        .collect();
    two.extend(&chunks).expect("honest changes apply");
    // Neither knows of the other's: the wage of the first record is in conflict.
    let of_one = [amend(1, 410_000), overlay(5)].map(|action| act(&mut one, 1, &action));
    let of_two = [amend(1, 420_000), declare(4)].map(|action| act(&mut two, 2, &action));
    one.extend(&of_two).expect("honest changes apply");
    chunks.extend(of_one);
    chunks.extend(of_two);
    let last = [amend(4, 430_000), Action::Void { id: declaration(2) }];
    chunks.extend(last.map(|action| act(&mut one, 3, &action)));
    chunks
}

fn act(volume: &mut Volume, opening: u8, action: &Action) -> Chunk {
    let actor = ActorId::new(DeviceId([opening; 16]), [opening; 8]);
    let own = volume.act(&actor, action, SOMETIME);
    own.expect("an honest action").chunk
}

fn declaration(number: u8) -> DeclarationId {
    DeclarationId([number; 16])
}

fn declare(number: u8) -> Action {
    Action::Declare {
        id: declaration(number),
        kind: Kind::Wage,
        fields: vec![
            Change::Person("P".to_owned()),
            Change::From("2022-01".to_owned()),
            Change::Wage(Money::from_fen(500_050)),
        ],
    }
}

fn amend(number: u8, fen: i64) -> Action {
    let fields = vec![
        Change::Wage(Money::from_fen(fen)),
        Change::From("2022-02".to_owned()),
    ];
    let id = declaration(number);
    Action::Amend { id, fields }
}

fn note(number: u8) -> Action {
    Action::Annotate {
        id: NoteId([number; 16]),
        person: PersonId([9; 16]),
        text: "产假至五月".to_owned(),
    }
}

fn overlay(number: u8) -> Action {
    Action::Overlay {
        person: PersonId([number; 16]),
        fields: vec![OverlayField::Department("车间".to_owned())],
    }
}

/// A signed batch of these changes, which says of itself what the first of them says. The form
/// of a batch does not depend on its signature, so that one serves for all.
///
/// `None` where the first is no change, since then there is nothing to say.
pub(super) fn batch(chunks: Vec<Chunk>) -> Option<Vec<u8>> {
    static SIGNED: LazyLock<Signed> =
        LazyLock::new(|| Signed::make(&SigningKey::from_seed([1; 32]), Domain::Batch, &0_u8));
    let first = check_chunk(&chunks.first()?.0).ok()?;
    let batch = Batch {
        document: DOCUMENT,
        actor: first.actor.into(),
        from: first.seq,
        to: first.seq.saturating_add(chunks.len() as u64 - 1),
        signer: CertificateSerial(1),
        chunks,
        schema: SCHEMA_VERSION,
    };
    let signed = Signed {
        content: encode(&batch),
        ..SIGNED.clone()
    };
    Some(signed.to_bytes())
}

/// A chunk around this body, with its checksum right.
pub(super) fn sealed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    put_unsigned(&mut hashed, body.len() as u64);
    hashed.extend(body);
    let checksum = digest(&SHA256, &hashed);
    [&MAGIC, &checksum.as_ref()[..4], &hashed].concat()
}

/// The body of a chunk that is whole.
pub(super) fn body_of(chunk: &[u8]) -> Option<&[u8]> {
    let mut rest = chunk.get(9..)?;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if byte & 0x80 == 0 {
            return Some(rest);
        }
    }
    None
}

/// A number as a chunk holds it, in LEB128.
pub(super) fn put_unsigned(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}
