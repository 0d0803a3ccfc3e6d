//! Changes on top of honest ones: what the checks accept never harms the document.

mod columns;
mod edits;

use std::sync::LazyLock;

use canbao_core::document::{Chunk, Volume};
use canbao_core::structure::{CheckedBatch, History, check_batch};

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
    static KNOWN: LazyLock<Vec<CheckedBatch>> = LazyLock::new(|| {
        let alone = honest().iter().map(|chunk| check(vec![chunk.clone()]));
        alone.map(|it| it.expect("honest changes pass")).collect()
    });
    let (before, known) = (&honest()[..place], &*KNOWN);
    let mut history = History::new(DOCUMENT);
    for checked in &known[..place] {
        assert_eq!(history.check(&checked.run), Ok(()));
    }
    match verdict(&mut history, changes.clone()) {
        None => {}
        Some(Ok(())) => {
            let chunks: Vec<&Chunk> = before.iter().chain(&changes).collect();
            check_accepted(&chunks);
        }
        Some(Err(_)) => {
            for checked in &known[place..] {
                assert_eq!(history.check(&checked.run), Ok(()));
            }
        }
    }
}

/// What both checks say; `None` where already the batch's form is refused.
fn verdict(history: &mut History, changes: Vec<Chunk>) -> Option<Result<(), &'static str>> {
    let checked = check(changes)?;
    Some(
        history
            .check(&checked.run)
            .map_err(|refused| refused.code()),
    )
}

fn check(changes: Vec<Chunk>) -> Option<CheckedBatch> {
    check_batch(&batch(changes)?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_honest_change_is_accepted_in_each_form() {
        for (place, chunk) in honest().iter().enumerate() {
            let honest_alone = vec![chunk.clone()];
            let body = piece(body_of(&chunk.0).unwrap());
            assert_eq!(bodies(Input::new(&body)), honest_alone);
            let edited = edits::changes(place, Input::new(&[0, u8::MAX, 0]));
            assert_eq!(edited, honest_alone);
            let choices = columns::seed(place);
            let from_columns = vec![columns::change(place, Input::new(&choices))];
            for changes in [edited, from_columns] {
                let mut history = History::new(DOCUMENT);
                for before in &honest()[..place] {
                    let verdict = verdict(&mut history, vec![before.clone()]);
                    assert_eq!(verdict, Some(Ok(())));
                }
                assert_eq!(verdict(&mut history, changes), Some(Ok(())), "{place}");
            }
        }
    }
}
