//! Honest devices and hostile changes, made by automerge's own encoder or byte by byte.

mod differential;
mod forms;
mod hostile;
mod model;
mod mutation;
mod pack;

use std::sync::LazyLock;

use automerge::{Change as Encoded, ExpandedChange};

use super::reader::Reader;
use super::*;
use crate::declaration::Kind;
use crate::document::{Action, ActorId, Batch, Change, Chunk, DocumentId, SCHEMA_VERSION, Volume};
use crate::ids::{CertificateSerial, DeclarationId, DeviceId, UnitId, VolumeId};
use crate::money::Money;
use crate::signed::{Signed, encode};
use crate::signing::{Algorithm, Domain, Signature, SigningKey};
use crate::time::Timestamp;

const DOCUMENT: DocumentId = DocumentId::EmployerVolume(UnitId([1; 16]), VolumeId(1));
const SOMETIME: Timestamp = Timestamp(1_795_500_000);

/// A device's actor and its replica, which automerge alone keeps.
struct Device {
    actor: ActorId,
    volume: Volume,
}

impl Device {
    fn new(number: u8) -> Self {
        Self {
            actor: actor(number),
            volume: Volume::replay(DOCUMENT, []).unwrap(),
        }
    }

    fn act(&mut self, action: &Action) -> Chunk {
        self.volume
            .act(&self.actor, action, SOMETIME)
            .unwrap()
            .chunk
    }
}

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

fn amend(number: u8, fields: Vec<Change>) -> Action {
    Action::Amend {
        id: DeclarationId([number; 16]),
        fields,
    }
}

/// A batch of changes of one actor, whatever they are.
fn batch(chunks: Vec<Chunk>) -> Batch {
    let first = Parts::of(&chunks[0]);
    Batch {
        document: DOCUMENT,
        actor: first.actor.into(),
        from: first.seq,
        to: first.seq + chunks.len() as u64 - 1,
        signer: CertificateSerial(1),
        chunks,
        schema: SCHEMA_VERSION,
    }
}

/// The bytes of a batch under some signature: the form of a batch does not depend on whose.
fn signed(batch: &Batch) -> Vec<u8> {
    static SIGNATURE: LazyLock<Signature> =
        LazyLock::new(|| SigningKey::from_seed([1; 32]).sign(Domain::Batch, b""));
    Signed {
        algorithm: Algorithm::Ed25519,
        content: encode(batch),
        signature: *SIGNATURE,
    }
    .to_bytes()
}

/// The verdict of both checks on one change.
fn verdict(history: &mut History, chunk: &Chunk) -> Result<(), &'static str> {
    let checked = check_batch(&signed(&batch(vec![chunk.clone()]))).map_err(|it| it.code())?;
    history.check(&checked.run).map_err(|it| it.code())
}

/// A change with something else in it, encoded as automerge does.
fn altered(chunk: &Chunk, alter: impl FnOnce(&mut ExpandedChange)) -> Chunk {
    let mut expanded = Encoded::try_from(&chunk.0[..]).unwrap().decode();
    alter(&mut expanded);
    Chunk(Encoded::from(expanded).raw_bytes().to_vec())
}

/// A change byte by byte, with its checksum made right again.
struct Parts {
    dependencies: Vec<[u8; 32]>,
    actor: Vec<u8>,
    seq: u64,
    start_op: u64,
    time: Vec<u8>,
    message: Vec<u8>,
    others: Vec<Vec<u8>>,
    columns: Vec<(u64, Vec<u8>)>,
    extra: Vec<u8>,
}

impl Parts {
    /// Reads no more than where the parts of a change lie.
    fn of(Chunk(bytes): &Chunk) -> Self {
        let mut reader = Reader::new(&bytes[9..]);
        reader.number().unwrap();
        let dependencies = (0..reader.number().unwrap())
            .map(|_| reader.take(32).unwrap().try_into().unwrap())
            .collect();
        let actor = take_prefixed(&mut reader);
        let (seq, start_op) = (reader.number().unwrap(), reader.number().unwrap());
        let time = signed_leb(reader.signed().unwrap());
        let message = take_prefixed(&mut reader);
        let others = (0..reader.number().unwrap())
            .map(|_| take_prefixed(&mut reader))
            .collect();
        let table: Vec<_> = (0..reader.number().unwrap())
            .map(|_| (reader.number().unwrap(), reader.number().unwrap()))
            .collect();
        let columns = table
            .into_iter()
            .map(|(number, length)| (number, reader.take(length).unwrap().to_vec()))
            .collect();
        Self {
            dependencies,
            actor,
            seq,
            start_op,
            time,
            message,
            others,
            columns,
            extra: reader.rest.to_vec(),
        }
    }

    /// The bytes of a column.
    fn column(&mut self, number: u64) -> &mut Vec<u8> {
        let found = self.columns.iter_mut().find(|(it, _)| *it == number);
        &mut found.unwrap().1
    }

    fn chunk(&self) -> Chunk {
        let mut body = unsigned_leb(self.dependencies.len() as u64);
        body.extend(self.dependencies.concat());
        body.extend(prefixed(&self.actor));
        body.extend(unsigned_leb(self.seq));
        body.extend(unsigned_leb(self.start_op));
        body.extend(&self.time);
        body.extend(prefixed(&self.message));
        body.extend(unsigned_leb(self.others.len() as u64));
        body.extend(self.others.iter().flat_map(|it| prefixed(it)));
        body.extend(unsigned_leb(self.columns.len() as u64));
        for (number, bytes) in &self.columns {
            body.extend(unsigned_leb(*number));
            body.extend(unsigned_leb(bytes.len() as u64));
        }
        body.extend(self.columns.iter().flat_map(|(_, bytes)| bytes));
        body.extend(&self.extra);
        sealed(&body)
    }
}

/// A chunk around a change's body.
fn sealed(body: &[u8]) -> Chunk {
    let mut hashed = vec![1];
    hashed.extend(prefixed(body));
    let digest = ring::digest::digest(&ring::digest::SHA256, &hashed);
    let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83];
    bytes.extend(&digest.as_ref()[..4]);
    bytes.extend(hashed);
    Chunk(bytes)
}

fn take_prefixed(reader: &mut Reader<'_>) -> Vec<u8> {
    let length = reader.number().unwrap();
    reader.take(length).unwrap().to_vec()
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&unsigned_leb(bytes.len() as u64)[..], bytes].concat()
}

fn unsigned_leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

fn signed_leb(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// Numbers from a seed, the same on every machine (SplitMix64).
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
