//! Closing and opening again at every step, with views and snapshots lost or damaged.

use canbao_core::store::{Commit, View};

use crate::app::App;
use crate::drafts::snapshot_key;
use crate::request::Request;

use super::*;

fn seen(app: &mut App) -> String {
    let list = ask(app, Request::DeclareList).body();
    let status = ask(app, Request::Status).body();
    format!("{list}\n{status}")
}

#[test]
fn every_step_is_there_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let mut seed = 2;
    let mut reopen = |app: App, expected: &str| {
        let mut before = app;
        let seen_before = seen(&mut before);
        drop(before);
        let mut after = open(directory.path(), seed);
        seed += 1;
        assert_eq!(seen(&mut after), seen_before);
        assert_eq!(
            declarations(&mut after).last().expect("one").status.code,
            expected
        );
        after
    };
    declare(&mut app, stop("0001000001", "2022-01"));
    app = reopen(app, "draft");
    submit_all(&mut app);
    app = reopen(app, "submitted");
    centre.exchange(&mut app);
    app = reopen(app, "received");
    declare(&mut app, wage("0001000002", "2022-01", "2022-12", "6000"));
    app = reopen(app, "draft");
    submit_all(&mut app);
    centre.exchange(&mut app);
    reopen(app, "received");
}

#[test]
fn without_snapshots_and_views_everything_comes_back_byte_identical() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    for person in ["0001000001", "0001000002", "0001000003"] {
        declare(&mut app, wage(person, "2022-01", "2022-12", "6000"));
    }
    submit_all(&mut app);
    centre.exchange(&mut app);
    declare(&mut app, stop("0001000001", "2022-01"));
    let before = seen(&mut app);
    app.store.clear_views().expect("cleared");
    drop(app);
    assert_eq!(seen(&mut open(directory.path(), 2)), before);
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_older_one_and_both_to_the_changes() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut app = employer(&mut Centre::new(1), directory.path());
    let id = declare(&mut app, wage("0001000002", "2022-01", "2022-12", "6000")).id;
    for amount in 6001..6140 {
        declare(&mut app, raise(&id, amount));
    }
    let before = seen(&mut app);
    let document = app.drafts.documents()[0];
    let kept = |app: &App, slot| {
        app.store
            .view(View::Snapshot, &snapshot_key(&document, slot))
    };
    let good = [0, 1].map(|slot| kept(&app, slot).expect("read").expect("two generations"));
    assert_ne!(good[0], good[1]);
    let mut cut = good[0].clone();
    cut.truncate(cut.len() / 2);
    for damaged in [b"no snapshot".to_vec(), cut, Vec::new()] {
        for (slots, seed) in [(vec![0], 3), (vec![1], 4), (vec![0, 1], 5)] {
            let commit = slots.iter().fold(Commit::new(), |commit, slot| {
                commit.put(
                    View::Snapshot,
                    snapshot_key(&document, *slot),
                    damaged.clone(),
                )
            });
            app.store.commit(commit).expect("stored");
            drop(app);
            app = open(directory.path(), seed);
            assert_eq!(seen(&mut app), before);
            for (slot, good) in good.iter().enumerate() {
                let key = snapshot_key(&document, slot as u8);
                let commit = Commit::new().put(View::Snapshot, key, good.clone());
                app.store.commit(commit).expect("stored");
            }
        }
    }
    let commit = Commit::new().put(View::Snapshot, snapshot_key(&document, 0), [7]);
    app.store.commit(commit).expect("stored");
    for amount in 6140..6210 {
        declare(&mut app, raise(&id, amount));
    }
    let anew = kept(&app, 0).expect("read").expect("there is one");
    assert!(
        anew.len() > 1,
        "the damaged one is made anew, not the good one"
    );
    assert_eq!(declarations(&mut app)[0].wage.as_deref(), Some("6209.00"));
}

pub(super) fn raise(id: &str, amount: u32) -> Request {
    amended(
        id,
        Form {
            wage: Some(amount.to_string()),
            ..Form::default()
        },
    )
}

#[test]
fn an_entry_of_a_newer_kind_is_held_and_counted() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    // An entry whose fact is of kind 999, for everyone.
    let newer: Vec<u8> = [
        &[0x83, 0x00, 0x81, 0x82, 0x01, 0x80, 0x45][..],
        &[0x82, 0x19, 0x03, 0xe7, 0x80],
    ]
    .concat();
    centre.entries.push((newer, [9; 16]));
    centre.deliver(&mut app);
    let crate::response::Response::Status(status) = ask(&mut app, Request::Status) else {
        panic!("status")
    };
    assert_eq!(status.needs_update, 1);
    assert!(
        status
            .warnings
            .iter()
            .any(|it| it.code == "status.needs_update")
    );
}

#[test]
fn without_a_cursor_the_feed_goes_on_behind_the_last_entry_and_repeats_change_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let before = (app.feed.length(), seen(&mut app));
    centre.deliver(&mut app);
    assert_eq!((app.feed.length(), seen(&mut app)), before);
}

#[test]
fn a_directory_that_another_process_has_open_or_without_its_key_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let app = open(directory.path(), 1);
    let again = App::open(directory.path(), canbao_core::message::Lang::En).err();
    assert_eq!(again.map(|it| it.code).as_deref(), Some("store.busy"));
    drop(app);
    std::fs::remove_file(directory.path().join("sealing.key")).expect("removed");
    let keyless = App::open(directory.path(), canbao_core::message::Lang::En).err();
    assert_eq!(
        keyless.map(|it| it.code).as_deref(),
        Some("store.key_missing")
    );
}
