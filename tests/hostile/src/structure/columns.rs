//! A change whose head is right, or nearly so, over columns as the input has them.

use std::collections::BTreeSet;

use canbao_core::document::{Chunk, genesis_hash};
use canbao_core::structure::{ACTOR_BYTES, ChangeHash, ChangeHead, check_chunk};

use crate::document::{CHANGE_CHUNK, DOCUMENT, body_of, honest, put_unsigned, sealed};
use crate::input::Input;

/// The genesis makes two operations.
const GENESIS_MAX_OP: u64 = 2;
/// The time of a change, in LEB128: 1970.
const TIME: u8 = 0;
/// No message.
const NO_MESSAGE: u8 = 0;
/// Bytes of a head's choices before the table of other actors.
const CHOICES: usize = 5;

/// The change of these choices: its dependencies by a mask over the honest changes before it and
/// the genesis, its actor, how far off its numbers are; then the bytes behind the message.
pub(super) fn change(place: usize, mut input: Input<'_>) -> Chunk {
    let heads = heads(place);
    let mask = input.short();
    let actor = actor(input.byte());
    let own: Vec<&ChangeHead> = heads.iter().filter(|head| head.actor == actor).collect();
    let mut depends: BTreeSet<ChangeHash> = own.last().iter().map(|head| head.hash).collect();
    if mask & 1 << 15 != 0 || (depends.is_empty() && mask == 0) {
        depends.insert(genesis_hash(&DOCUMENT));
    }
    let chosen = heads.iter().enumerate();
    depends.extend(chosen.filter_map(|(at, head)| (mask & 1 << at != 0).then_some(head.hash)));
    let of_dependencies = heads.iter().filter(|head| depends.contains(&head.hash));
    let max_op = of_dependencies.map(|head| head.start_op + head.operations - 1);
    let max_op = max_op.max().unwrap_or(GENESIS_MAX_OP);

    let mut body = Vec::new();
    put_unsigned(&mut body, depends.len() as u64);
    body.extend(depends.iter().flat_map(|hash| hash.0));
    put_unsigned(&mut body, actor.len() as u64);
    body.extend(&actor);
    put_unsigned(&mut body, off(own.len() as u64 + 1, input.byte()));
    put_unsigned(&mut body, off(max_op + 1, input.byte()));
    body.extend([TIME, NO_MESSAGE]);
    body.extend(input.rest());
    Chunk(sealed(CHANGE_CHUNK, &body))
}

/// What the honest change at this place has in place of choices.
pub(super) fn seed(place: usize) -> Vec<u8> {
    let Chunk(chunk) = &honest()[place];
    let head = check_chunk(chunk).expect("an honest change passes");
    let known = heads(place);
    let mut mask = 0_u16;
    for (at, known) in known.iter().enumerate() {
        mask |= u16::from(head.dependencies.contains(&known.hash)) << at;
    }
    if head.dependencies.contains(&genesis_hash(&DOCUMENT)) {
        mask |= 1 << 15;
    }
    let mut seed = mask.to_be_bytes().to_vec();
    seed.extend([head.actor[0], 0, 0]);
    assert_eq!(seed.len(), CHOICES);
    let body = body_of(chunk).expect("an honest chunk is whole");
    seed.extend(behind_message(body));
    seed
}

fn heads(place: usize) -> Vec<ChangeHead> {
    let before = honest()[..place].iter();
    before
        .map(|Chunk(chunk)| check_chunk(chunk).expect("an honest change passes"))
        .collect()
}

/// One of the honest actors, or a new one.
fn actor(number: u8) -> [u8; ACTOR_BYTES] {
    [number % 5; ACTOR_BYTES]
}

/// The number itself where the choice is 0.
fn off(number: u64, choice: u8) -> u64 {
    match choice {
        0..=250 => number.saturating_add(u64::from(choice)),
        251 => 0,
        252 => 1 << 31,
        253 => u64::MAX,
        254 => u64::MAX - number,
        255 => number - 1,
    }
}

/// What follows the message in the body of an honest change, whose counts are of one byte.
fn behind_message(body: &[u8]) -> &[u8] {
    let dependencies = usize::from(body[0]);
    let mut rest = &body[1 + 32 * dependencies + 1 + ACTOR_BYTES..];
    // Sequence number, first operation and time.
    for _ in 0..3 {
        let length = 1 + rest.iter().take_while(|byte| **byte & 0x80 != 0).count();
        rest = &rest[length..];
    }
    &rest[1..]
}
