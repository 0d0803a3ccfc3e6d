//! Packs: what was packed comes out byte for byte, and nothing else is let through.

use super::model::World;
use super::*;
use crate::document::SignedBatch;
use crate::facts::{self, Fact};
use crate::ids::Position;
use crate::signing::hash_parts;
use crate::sync::message::{Backfill, Message};
use crate::sync::{Entry, Part, frame};

/// Batches of one change each, as a hub has admitted them.
fn admitted(chunks: &[Chunk]) -> Vec<Packed> {
    let runs = chunks.iter().map(|it| {
        let bytes = signed(&batch(vec![it.clone()]));
        check_batch(&bytes).unwrap().run
    });
    let places = (5..).step_by(3).map(Position);
    let packed = places.zip(runs);
    packed
        .map(|(position, run)| Packed { position, run })
        .collect()
}

fn pack(batches: &[Packed]) -> Vec<u8> {
    let mut packer = Packer::default();
    for it in batches {
        packer.add(it.position, &it.run).unwrap();
    }
    packer.finish().unwrap()
}

/// What so many devices wrote together.
fn edited(changes: usize, devices: u8) -> Vec<Chunk> {
    let mut world = World::new(7, devices);
    while world.changes.len() < changes {
        world.step();
    }
    world.changes
}

#[test]
fn a_pack_gives_the_same_bytes_again() {
    let all = admitted(&edited(300, 3));
    assert_eq!(unpack(&pack(&all)).unwrap(), all);
    // A later page, whose first changes depend on what is not in it.
    assert_eq!(unpack(&pack(&all[150..])).unwrap(), all[150..]);
    assert!(Packer::default().finish().is_none());
}

#[test]
fn a_change_that_stands_twice_does_not_shift_what_others_build_on() {
    let mut twice = admitted(&edited(4, 1));
    let first = twice[0].run.clone();
    twice.insert(
        1,
        Packed {
            position: Position(twice[0].position.0 + 1),
            run: first,
        },
    );
    assert_eq!(unpack(&pack(&twice)).unwrap(), twice);
}

#[test]
fn a_batch_of_several_changes_stays_one() {
    let mut device = Device::new(1);
    let chunks: Vec<Chunk> = (1..4).map(|it| device.act(&declare(it))).collect();
    let run = check_batch(&signed(&batch(chunks))).unwrap().run;
    let position = Position(9);
    let packed = vec![Packed { position, run }];
    assert_eq!(unpack(&pack(&packed)).unwrap(), packed);
}

/// What a page of a backfill takes on the wire, compressed as frames are.
fn on_the_wire(entries: Vec<Entry>, pack: Option<Vec<u8>>) -> usize {
    let message = Message::Backfill(Backfill {
        part: Part(DOCUMENT.audience().key()),
        from: 0,
        entries,
        next: 10_000,
        pack,
    });
    frame::encode(&message.encode()).unwrap().concat().len()
}

#[test]
fn a_pack_is_a_fraction_of_the_entries_it_stands_for() {
    let chunks = edited(600, 3);
    let packed = admitted(&chunks);
    let entries = packed.iter().zip(&chunks).map(|(it, chunk)| {
        let id = encode(&it.position);
        let key = SigningKey::from_seed(hash_parts("test", &[&id]));
        let fact = Fact::BatchAdmitted {
            document: DOCUMENT,
            batch: SignedBatch::make(&batch(vec![chunk.clone()]), &key).0,
        };
        let salt = hash_parts("salt", &[&id]);
        Entry {
            position: it.position,
            salt: *salt.first_chunk().unwrap(),
            bytes: facts::Entry::new(Timestamp(1_795_500_000), &fact).to_bytes(),
        }
    });
    let plain = on_the_wire(entries.collect(), None);
    let pack = on_the_wire(Vec::new(), Some(pack(&packed)));
    assert!(3 * pack < plain, "{pack} of {plain}");
}

#[test]
fn whatever_else_a_pack_says_is_refused() {
    let all = admitted(&edited(20, 1));
    let bytes = pack(&all);
    for length in 0..bytes.len() {
        assert!(unpack(&bytes[..length]).is_err());
    }
    let mut disordered = all.clone();
    disordered.swap(3, 4);
    assert_eq!(unpack(&pack(&disordered)), Err(PackError::Order));
    // A flipped bit changes the hash of its change and of all that follow: what comes out, if
    // anything does, is not what a signed batch leads to.
    let tip = all.last().unwrap().run.tip();
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        if let Ok(other) = unpack(&bytes)
            && other.last().is_some_and(|it| it.run.tip() == tip)
        {
            let chunks = |packed: &[Packed]| -> Vec<Vec<Chunk>> {
                packed
                    .iter()
                    .map(|it| it.run.batch.chunks.clone())
                    .collect()
            };
            assert!(chunks(&other) == chunks(&all), "at {place}");
        }
    }
}
