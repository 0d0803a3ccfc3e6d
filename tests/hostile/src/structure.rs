//! Changes on top of honest ones: what the checks accept never harms the document.

mod columns;
mod edits;

use canbao_core::document::{Chunk, Volume};
use canbao_core::structure::{History, check_batch};

use super::document::{CHANGE_CHUNK, DOCUMENT, batch, body_of, honest, sealed};
use super::input::{Input, piece};

/// Judges changes that build on some of the honest ones.
///
/// The first byte says how the input gives them: as bodies of chunks, as columns under a head
/// that is right or nearly so, or as edits of honest changes.
///
/// # Panics
/// Where a change is accepted with which the document does not apply, save or load, or does not
/// come out the same; or where one that is refused leaves a trace.
pub fn structure(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() % 3 {
        0 => judge(input.below(honest().len() + 1), bodies(input)),
        1 => {
            let place = input.below(honest().len() + 1);
            judge(place, vec![columns::change(place, input)]);
        }
        _ => {
            let place = input.below(honest().len() + 1);
            judge(place, edits::changes(place, input));
        }
    }
}

fn bodies(mut input: Input<'_>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    while !input.is_empty() {
        chunks.push(Chunk(sealed(CHANGE_CHUNK, input.piece())));
    }
    chunks
}

/// Judges changes of one batch where the first so many honest ones are known.
fn judge(place: usize, changes: Vec<Chunk>) {
    let (before, after) = honest().split_at(place);
    let mut history = History::new(DOCUMENT);
    for chunk in before {
        assert_eq!(verdict(&mut history, vec![chunk.clone()]), Some(Ok(())));
    }
    match verdict(&mut history, changes.clone()) {
        None => {}
        Some(Ok(())) => {
            let chunks: Vec<&Chunk> = before.iter().chain(&changes).collect();
            check_accepted(&chunks);
        }
        Some(Err(_)) => {
            for chunk in after {
                assert_eq!(verdict(&mut history, vec![chunk.clone()]), Some(Ok(())));
            }
        }
    }
}

/// What both checks say; `None` where already the batch's form is refused.
fn verdict(history: &mut History, changes: Vec<Chunk>) -> Option<Result<(), &'static str>> {
    let checked = check_batch(&batch(changes)?.0).ok()?;
    Some(history.check(&checked).map_err(|refused| refused.code()))
}

fn check_accepted(chunks: &[&Chunk]) {
    let replay = |chunks: &mut dyn Iterator<Item = &Chunk>| {
        Volume::replay(DOCUMENT, chunks).expect("what was accepted applies")
    };
    let volume = replay(&mut chunks.iter().copied());
    let saved = volume.save();
    let loaded = Volume::load(DOCUMENT, &saved).expect("what was accepted loads");
    let backwards = replay(&mut chunks.iter().rev().copied());
    for other in [&loaded, &backwards] {
        assert_eq!(other.heads(), volume.heads());
        assert_eq!(other.drafts(), volume.drafts());
        assert_eq!(other.notes(), volume.notes());
        assert_eq!(other.overlays(), volume.overlays());
    }
    assert_eq!(loaded.save(), saved);
}

/// Every honest change at its place and in each of the three forms.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let each = honest().iter().enumerate();
    each.flat_map(|(place, Chunk(chunk))| {
        let at = u8::try_from(place).expect("the honest changes are few");
        let body = piece(body_of(chunk).expect("an honest chunk is whole"));
        [
            [&[0, at], &body[..]].concat(),
            [&[1, at], &columns::seed(place)[..]].concat(),
            vec![2, at, 0, at, 0],
            [[2, at, 0, at].as_slice(), &edits::SEED].concat(),
            [[2, at, 1, at].as_slice(), &edits::SEED].concat(),
        ]
    })
    .collect()
}
