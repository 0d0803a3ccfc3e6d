//! What a commit does and refuses, and what is read meanwhile.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Place;
use crate::store::{Commit, CommitError, MAX_KEY_BYTES, MAX_VALUE_BYTES, Store, Stream, View};

fn feed(expected: u64, value: &[u8]) -> Commit {
    Commit::new()
        .expecting(Stream::Feed, expected)
        .append(Stream::Feed, value)
}

#[test]
fn appended_values_have_dense_positions_from_zero_in_each_stream() {
    let place = Place::new();
    let store = place.create();
    let commit = feed(0, b"a")
        .append(Stream::Feed, b"b")
        .expecting(Stream::Local, 0)
        .append(Stream::Local, b"c");
    store.commit(commit).unwrap();
    store.commit(feed(2, b"d")).unwrap();
    assert_eq!(store.length(Stream::Feed).unwrap(), 3);
    assert_eq!(store.length(Stream::Local).unwrap(), 1);
    assert_eq!(store.length(Stream::Identity).unwrap(), 0);
    assert_eq!(
        store.get(Stream::Feed, 2).unwrap().as_deref(),
        Some(&b"d"[..])
    );
    assert_eq!(store.get(Stream::Feed, 3).unwrap(), None);
    assert_eq!(store.get(Stream::Feed, u64::MAX).unwrap(), None);
}

#[test]
fn reading_a_stream_stops_at_items_and_bytes_but_always_gets_on() {
    let place = Place::new();
    let store = place.create();
    store
        .commit(
            feed(0, &[0; 100])
                .append(Stream::Feed, [1; 100])
                .append(Stream::Feed, [2; 100]),
        )
        .unwrap();
    let positions = |from, items, bytes| -> Vec<u64> {
        let read = store.read(Stream::Feed, from, items, bytes).unwrap();
        read.into_iter().map(|(position, _)| position).collect()
    };
    assert_eq!(positions(0, 10, usize::MAX), [0, 1, 2]);
    assert_eq!(positions(1, 1, usize::MAX), [1]);
    assert_eq!(positions(0, 10, 290), [0, 1]);
    assert_eq!(positions(0, 10, 1), [0]);
    assert_eq!(positions(0, 0, 1), [0_u64; 0]);
    assert_eq!(positions(3, 10, usize::MAX), [0_u64; 0]);
}

#[test]
fn a_commit_for_another_length_is_refused_and_changes_nothing() {
    let place = Place::new();
    let store = place.create();
    store.commit(feed(0, b"a")).unwrap();
    for expected in [0, 2, u64::MAX] {
        let commit = feed(expected, b"b").put(View::Cursor, b"k", b"v");
        let refused = store.commit(commit).unwrap_err();
        assert_eq!(refused.code(), "store.moved");
        assert!(
            matches!(refused, CommitError::Moved { stream: Stream::Feed, expected: e, actual: 1 } if e == expected)
        );
    }
    assert_eq!(store.length(Stream::Feed).unwrap(), 1);
    assert_eq!(store.view(View::Cursor, b"k").unwrap(), None);
}

#[test]
fn an_expectation_guards_a_change_of_views_alone() {
    let place = Place::new();
    let store = place.create();
    let put = Commit::new()
        .expecting(Stream::Feed, 0)
        .put(View::Cursor, b"k", b"v");
    store.commit(feed(0, b"a")).unwrap();
    assert_eq!(store.commit(put).unwrap_err().code(), "store.moved");
    assert_eq!(store.view(View::Cursor, b"k").unwrap(), None);
}

#[test]
fn what_can_not_be_stored_is_refused_by_name() {
    let place = Place::new();
    let store = place.create();
    let check = |commit: Commit, code: &str| {
        assert_eq!(store.commit(commit).unwrap_err().code(), code);
    };
    check(Commit::new().append(Stream::Feed, b"a"), "store.unguarded");
    check(
        Commit::new()
            .expecting(Stream::Local, 0)
            .append(Stream::Feed, b"a"),
        "store.unguarded",
    );
    check(feed(0, b"a").expecting(Stream::Feed, 1), "store.moved");
    check(feed(0, &vec![0; MAX_VALUE_BYTES + 1]), "store.too_large");
    check(
        Commit::new().put(View::Tile, vec![0; MAX_KEY_BYTES + 1], b""),
        "store.too_large",
    );
    check(
        Commit::new().remove(View::Tile, vec![0; MAX_KEY_BYTES + 1]),
        "store.too_large",
    );
    assert_eq!(store.length(Stream::Feed).unwrap(), 0);
}

#[test]
fn a_group_is_taken_in_whole_in_order_or_not_at_all() {
    let place = Place::new();
    let store = place.create();
    store.commit_group(&[feed(0, b"a"), feed(1, b"b")]).unwrap();
    let refused = store
        .commit_group(&[feed(2, b"c"), feed(2, b"d")])
        .unwrap_err();
    assert!(matches!(
        refused,
        CommitError::Moved {
            expected: 2,
            actual: 3,
            ..
        }
    ));
    assert_eq!(store.length(Stream::Feed).unwrap(), 2);
    store.commit_group(&[feed(2, b"c"), feed(3, b"d")]).unwrap();
    let read = store.read(Stream::Feed, 0, 10, usize::MAX).unwrap();
    let values: Vec<&[u8]> = read.iter().map(|(_, value)| &value[..]).collect();
    assert_eq!(values, [b"a", b"b", b"c", b"d"]);
    store.commit_group(&[]).unwrap();
}

#[test]
fn the_last_update_of_a_key_holds() {
    let place = Place::new();
    let store = place.create();
    let commit = Commit::new()
        .put(View::Person, b"a", b"1")
        .put(View::Person, b"a", b"2")
        .put(View::Person, b"b", b"1")
        .remove(View::Person, b"b")
        .remove(View::Person, b"never there");
    store.commit(commit).unwrap();
    assert_eq!(
        store.view(View::Person, b"a").unwrap().as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(store.view(View::Person, b"b").unwrap(), None);
    assert_eq!(store.view(View::Serial, b"a").unwrap(), None);
}

#[test]
fn views_are_read_by_range_and_by_prefix_within_their_border() {
    let place = Place::new();
    let store = place.create();
    let keys: [&[u8]; 6] = [b"", b"a", b"ab", b"b", &[0xff], &[0xff, 0xff]];
    let fill = |commit: Commit, view| {
        keys.iter()
            .fold(commit, |commit, &key| commit.put(view, key, key))
    };
    let commit = fill(
        fill(fill(Commit::new(), View::Tile), View::Snapshot),
        View::Document,
    );
    store.commit(commit).unwrap();
    let range = |from, to, limit| -> Vec<Vec<u8>> {
        let read = store.view_range(View::Snapshot, from, to, limit).unwrap();
        read.into_iter()
            .inspect(|(key, value)| assert_eq!(key, value))
            .map(|(key, _)| key)
            .collect()
    };
    let prefix = |prefix: &[u8], limit| -> Vec<Vec<u8>> {
        let read = store.view_prefix(View::Snapshot, prefix, limit).unwrap();
        read.into_iter().map(|(key, _)| key).collect()
    };
    let last = |prefix: &[u8]| {
        store
            .view_last(View::Snapshot, prefix)
            .unwrap()
            .map(|(key, _)| key)
    };
    use Bound::{Excluded, Included, Unbounded};
    assert_eq!(range(Unbounded, Unbounded, 99), keys);
    assert_eq!(range(Unbounded, Unbounded, 2), keys[..2]);
    assert_eq!(range(Excluded(b"a"), Included(b"b"), 99), keys[2..4]);
    assert_eq!(range(Included(b"a"), Excluded(b"b"), 99), keys[1..3]);
    for crossed in [
        range(Included(b"b"), Included(b"a"), 99),
        range(Included(b"b"), Excluded(b"b"), 99),
        range(Excluded(b"b"), Excluded(b"b"), 99),
        range(Excluded(b"b"), Included(b"b"), 99),
    ] {
        assert!(crossed.is_empty());
    }
    assert_eq!(prefix(b"", 99), keys);
    assert_eq!(prefix(b"a", 99), keys[1..3]);
    assert_eq!(prefix(b"a", 1), keys[1..2]);
    assert_eq!(prefix(&[0xff], 99), keys[4..]);
    assert_eq!(prefix(b"c", 99), keys[..0]);
    assert_eq!(last(b"a").as_deref(), Some(&b"ab"[..]));
    assert_eq!(last(b"").as_deref(), Some(&[0xff, 0xff][..]));
    assert_eq!(last(b"c"), None);
}

#[test]
fn clearing_the_views_leaves_the_streams() {
    let place = Place::new();
    let store = place.create();
    let commit = View::ALL
        .iter()
        .fold(feed(0, b"a"), |commit, &view| commit.put(view, b"k", b"v"));
    store.commit(commit).unwrap();
    store.clear_views().unwrap();
    for view in View::ALL {
        assert_eq!(store.view(view, b"k").unwrap(), None);
    }
    assert_eq!(store.length(Stream::Feed).unwrap(), 1);
    store
        .commit(Commit::new().put(View::Tile, b"k", b"again"))
        .unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(
        store.view(View::Tile, b"k").unwrap().as_deref(),
        Some(&b"again"[..])
    );
}

#[test]
fn of_many_writers_at_one_length_exactly_one_goes_on() {
    let place = Place::new();
    let store = Arc::new(place.create());
    for round in 0..10 {
        let taken_in = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let store = Arc::clone(&store);
                    scope.spawn(move || store.commit(feed(round, &[writer])).is_ok())
                })
                .collect();
            writers
                .into_iter()
                .map(|writer| writer.join().unwrap())
                .filter(|&ok| ok)
                .count()
        });
        assert_eq!(taken_in, 1);
        assert_eq!(store.length(Stream::Feed).unwrap(), round + 1);
    }
}

#[test]
fn readers_see_whole_commits_while_a_writer_goes_on() {
    let place = Place::new();
    let store = Arc::new(place.create());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    assert_whole_pairs(&store);
                }
                assert_whole_pairs(&store);
            });
        }
        for pair in 0..40_u64 {
            let value = pair.to_be_bytes();
            store
                .commit(feed(2 * pair, &value).append(Stream::Feed, value))
                .unwrap();
        }
        done.store(true, Ordering::Release);
    });
    assert_eq!(store.length(Stream::Feed).unwrap(), 80);
}

/// Every commit appended a pair of equal values, so no read may end within one.
fn assert_whole_pairs(store: &Store) {
    let read = store.read(Stream::Feed, 0, usize::MAX, usize::MAX).unwrap();
    assert_eq!(read.len() % 2, 0);
    for pair in read.chunks_exact(2) {
        assert_eq!(pair[0].1, pair[1].1);
    }
}
