//! A file that was changed or cut short: named errors, never a wrong value, never a panic.

use std::fs;

use redb::ReadableTable;

use super::{Place, Seeded, key};
use crate::store::format::{STREAMS, VIEWS};
use crate::store::{Commit, ReadError, Store, Stream, View};

const VALUES: u64 = 20;

fn value(number: u64) -> Vec<u8> {
    vec![u8::try_from(number).unwrap(); 300]
}

fn fill(store: &Store) {
    for number in 0..VALUES {
        let commit = Commit::new()
            .expecting(Stream::Feed, number)
            .append(Stream::Feed, value(number))
            .put(View::Audience, number.to_be_bytes(), value(number));
        store.commit(commit).unwrap();
    }
}

/// Changes the tables behind the store's back.
pub(super) fn tamper(place: &Place, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = redb::Database::open(place.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    change(&transaction);
    transaction.commit().unwrap();
}

#[test]
fn a_value_moved_to_another_position_is_damage() {
    let place = Place::new();
    fill(&place.create());
    tamper(&place, |transaction| {
        let mut streams = transaction.open_table(STREAMS).unwrap();
        let sealed = streams.get((1, 3)).unwrap().unwrap().value().to_vec();
        streams.insert((1, 4), &sealed[..]).unwrap();
    });
    let store = place.open();
    assert_eq!(store.get(Stream::Feed, 3).unwrap(), Some(value(3)));
    let error = store.get(Stream::Feed, 4).unwrap_err();
    assert_eq!(error.code(), "store.damaged_record");
    let error = store.read(Stream::Feed, 0, 99, usize::MAX).unwrap_err();
    assert!(matches!(
        error,
        ReadError::DamagedRecord {
            stream: Stream::Feed,
            position: 4
        }
    ));
}

#[test]
fn a_lost_value_is_damage_in_the_middle_and_at_the_end() {
    for lost in [0, 7, VALUES - 1] {
        let place = Place::new();
        fill(&place.create());
        tamper(&place, |transaction| {
            transaction
                .open_table(STREAMS)
                .unwrap()
                .remove((1, lost))
                .unwrap();
        });
        let store = place.open();
        assert_eq!(store.length(Stream::Feed).unwrap(), VALUES);
        let error = store.get(Stream::Feed, lost).unwrap_err();
        assert!(matches!(error, ReadError::DamagedRecord { position, .. } if position == lost));
        let error = store.read(Stream::Feed, 0, 99, usize::MAX).unwrap_err();
        assert!(matches!(error, ReadError::DamagedRecord { position, .. } if position == lost));
    }
}

#[test]
fn a_value_after_the_end_is_damage_and_not_overwritten() {
    let place = Place::new();
    fill(&place.create());
    tamper(&place, |transaction| {
        let mut streams = transaction.open_table(STREAMS).unwrap();
        streams.insert((1, VALUES), &[0; 60][..]).unwrap();
    });
    let store = place.open();
    assert_eq!(
        store.get(Stream::Feed, VALUES).unwrap_err().code(),
        "store.damaged_record"
    );
    let commit = Commit::new()
        .expecting(Stream::Feed, VALUES)
        .append(Stream::Feed, b"next");
    assert_eq!(store.commit(commit).unwrap_err().code(), "store.damaged");
}

#[test]
fn a_damaged_view_is_healed_by_clearing_the_views() {
    let place = Place::new();
    fill(&place.create());
    tamper(&place, |transaction| {
        let mut views = transaction.open_table(VIEWS).unwrap();
        views
            .insert((1, &5_u64.to_be_bytes()[..]), &[0; 60][..])
            .unwrap();
    });
    let store = place.open();
    let error = store
        .view(View::Audience, &5_u64.to_be_bytes())
        .unwrap_err();
    assert_eq!(error.code(), "store.damaged_view");
    assert_eq!(
        store
            .view_prefix(View::Audience, b"", 99)
            .unwrap_err()
            .code(),
        error.code()
    );
    assert_eq!(
        store.view(View::Audience, &4_u64.to_be_bytes()).unwrap(),
        Some(value(4))
    );
    store.clear_views().unwrap();
    assert_eq!(
        store.view(View::Audience, &5_u64.to_be_bytes()).unwrap(),
        None
    );
}

#[test]
fn a_file_cut_short_is_refused_or_read_right() {
    let place = Place::new();
    fill(&place.create());
    let whole = fs::read(place.file()).unwrap();
    let pages = (0..whole.len()).step_by(whole.len() / 40);
    for length in (0..20).chain([319, 320, 4095, 4096, 4097]).chain(pages) {
        fs::write(place.file(), &whole[..length]).unwrap();
        match Store::open(&place.file(), &key()) {
            Ok(store) => assert_right_or_refused(&store, length),
            Err(error) => assert!(
                ["store.not_a_store", "store.damaged"].contains(&error.code()),
                "{length}: {error}"
            ),
        }
    }
}

#[test]
fn a_changed_byte_never_gives_a_wrong_value() {
    let place = Place::new();
    fill(&place.create());
    let whole = fs::read(place.file()).unwrap();
    let written: Vec<usize> = (0..whole.len()).filter(|&at| whole[at] != 0).collect();
    let mut random = Seeded::new(1);
    for _ in 0..100 {
        let at = written[usize::try_from(random.below(written.len() as u64)).unwrap()];
        let mut changed = whole.clone();
        changed[at] ^= 1 << random.below(8);
        fs::write(place.file(), &changed).unwrap();
        if let Ok(store) = Store::open(&place.file(), &key()) {
            assert_right_or_refused(&store, at);
        }
    }
}

/// Whatever the store says is what was written; where it can not say it, it says so.
fn assert_right_or_refused(store: &Store, at: usize) {
    if let Ok(length) = store.length(Stream::Feed) {
        assert_eq!(length, VALUES, "{at}");
    }
    for number in 0..VALUES {
        if let Ok(read) = store.get(Stream::Feed, number) {
            assert_eq!(read, Some(value(number)), "{at}");
        }
        if let Ok(Some(read)) = store.view(View::Audience, &number.to_be_bytes()) {
            assert_eq!(read, value(number), "{at}");
        }
    }
    if let Ok(read) = store.read(Stream::Feed, 0, usize::MAX, usize::MAX) {
        assert_eq!(read.len() as u64, VALUES, "{at}");
    }
}
