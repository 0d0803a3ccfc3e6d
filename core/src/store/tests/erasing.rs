//! Erasing: the value goes, its place and its neighbours stay.

use redb::ReadableTable;

use super::Place;
use super::damage::tamper;
use crate::store::format::STREAMS;
use crate::store::{Commit, Store, Stream};

fn three(place: &Place) -> Store {
    let store = place.create();
    let commit = ["one", "two", "three"].into_iter().fold(
        Commit::new().expecting(Stream::Local, 0),
        |commit, value| commit.append(Stream::Local, value),
    );
    store.commit(commit).unwrap();
    store
}

#[test]
fn an_erased_value_is_said_to_be_erased_and_its_neighbours_stay() {
    let place = Place::new();
    let store = three(&place);
    let erase = || Commit::new().erase(Stream::Local, 1);
    store.commit(erase()).unwrap();
    store.commit(erase()).unwrap();
    drop(store);
    let store = place.open();
    let erased = store.get(Stream::Local, 1).unwrap_err();
    assert_eq!(erased.code(), "store.erased_record");
    let kept = [(0, b"one".to_vec()), (2, b"three".to_vec())];
    assert_eq!(store.read(Stream::Local, 0, 10, 1_000).unwrap(), kept);
    let after = store.read(Stream::Local, 1, 1, 1_000).unwrap();
    assert_eq!(after, kept[1..], "stepped over");
    assert_eq!(store.length(Stream::Local).unwrap(), 3);
}

#[test]
fn only_what_is_there_can_be_erased_and_then_nothing_else_happens_either() {
    let place = Place::new();
    let store = three(&place);
    let beyond = Commit::new()
        .expecting(Stream::Local, 3)
        .append(Stream::Local, "four")
        .erase(Stream::Local, 3);
    let refused = store.commit(beyond).unwrap_err();
    assert_eq!(refused.code(), "store.nothing_to_erase");
    assert_eq!(store.length(Stream::Local).unwrap(), 3);
}

#[test]
fn a_tombstone_fits_its_own_place_alone() {
    let place = Place::new();
    let store = three(&place);
    store.commit(Commit::new().erase(Stream::Local, 1)).unwrap();
    drop(store);
    tamper(&place, |transaction| {
        let mut streams = transaction.open_table(STREAMS).unwrap();
        let local = Stream::Local as u8;
        let tombstone = streams.get((local, 1)).unwrap().unwrap().value().to_vec();
        streams.insert((local, 2), &tombstone[..]).unwrap();
    });
    let store = place.open();
    let damaged = store.get(Stream::Local, 2).unwrap_err();
    assert_eq!(damaged.code(), "store.damaged_record");
}

#[test]
fn a_stream_that_ends_in_erased_values_has_its_end_still() {
    let place = Place::new();
    let store = three(&place);
    let commit = (0..3).fold(Commit::new(), |commit, position| {
        commit.erase(Stream::Local, position)
    });
    store.commit(commit).unwrap();
    assert_eq!(store.read(Stream::Local, 0, 1, 1_000).unwrap(), []);
    let next = Commit::new()
        .expecting(Stream::Local, 3)
        .append(Stream::Local, "four");
    store.commit(next).unwrap();
    let kept = store.read(Stream::Local, 0, 1, 1_000).unwrap();
    assert_eq!(kept, [(3, b"four".to_vec())]);
}
