//! What a newer program makes is held, shown with since when, and taken in after the update.

use std::sync::{Arc, Mutex};

use canbao_core::document::{Batch, SignedBatch};
use canbao_core::facts::Fact;
use canbao_core::ids::Position;
use canbao_core::newest::Newest;
use canbao_core::structure::check_batch;
use canbao_core::sync::device::{DeviceInput, DeviceOutput, DeviceSession};
use canbao_core::sync::frame::{FRAME_VERSION, encode};
use canbao_core::sync::message::{CaughtUp, Message, Welcome};
use canbao_core::sync::{CloseReason, Entry, NeedsUpdate};
use canbao_transport::{DeviceBackend, Statistics, Transport};

use crate::door::Door;
use crate::feed::Feed;
use crate::outbox::Made;
use crate::response::StatusView;
use crate::session::Backend;

use super::link::{Shared, enrolled, serve, sync};
use super::*;

/// What the next program knows: another schema and nothing else.
const NEXT: Newest = Newest {
    schema: Newest::KNOWN.schema + 1,
    ..Newest::KNOWN
};

fn status(app: &mut App) -> StatusView {
    match ask(app, Request::Status) {
        Response::Status(status) => *status,
        other => panic!("a status, not {other:?}"),
    }
}

/// What waits, by code, and how much of it.
fn held(app: &mut App) -> Vec<(String, u64)> {
    let status = status(app);
    let here = |code: &str| code != "at_centre";
    let waits_here = status.held.iter().any(|it| here(&it.what.code));
    let warned = |code: &str| status.warnings.iter().any(|it| it.code == code);
    assert_eq!(warned("status.needs_update"), waits_here);
    assert_eq!(status.needs_update > 0, waits_here);
    let held = status.held.into_iter();
    held.map(|it| (it.what.code, it.count)).collect()
}

/// The newest batch made here, as the next program would have made it.
fn of_the_next_schema(app: &App) -> Fact {
    let made = app.made_here(0).expect("read");
    let mut batches = made
        .iter()
        .filter_map(|it| match Made::from_bytes(&it.bytes) {
            Ok(Made::Batch { batch, .. }) => Some(batch),
            _ => None,
        });
    let checked = check_batch(&batches.next_back().expect("one")).expect("good");
    let operator = app.identity.operators.first().expect("enrolled");
    let batch = Batch {
        schema: NEXT.schema,
        ..checked.run.batch
    };
    Fact::BatchAdmitted {
        document: batch.document,
        batch: SignedBatch::make(&batch, app.identity.key(operator).expect("open")).0,
    }
}

#[test]
fn a_change_of_a_newer_schema_is_held_over_any_snapshot_and_in_the_document_after_the_update() {
    let directories = [(); 3].map(|()| tempfile::tempdir().expect("a directory"));
    let mut centre = Centre::new(1);
    let mut one = employer(&mut centre, directories[0].path());
    let mut updated = open(directories[1].path(), 60);
    centre.enrol(&mut updated, Mandate::Employer(vec![UNIT]), "周经办");
    let mut reader = open(directories[2].path(), 70);
    centre.enrol(&mut reader, Mandate::Employer(vec![UNIT]), "郑经办");
    for app in [&mut one, &mut updated, &mut reader] {
        centre.deliver(app);
    }
    declare(
        &mut updated,
        wage("0001000003", "2022-01", "2022-12", "7000"),
    );
    centre.add(&of_the_next_schema(&updated));
    let id = declare(&mut one, wage("0001000002", "2022-01", "2022-12", "6000")).id;
    for amount in 6001..6100 {
        declare(&mut one, super::restart::raise(&id, amount));
    }
    centre.exchange(&mut one);
    for _ in 0..10 {
        centre.exchange(&mut one);
        centre.deliver(&mut reader);
    }

    assert_eq!(held(&mut reader), [("changes".to_owned(), 1)]);
    assert_eq!(
        declarations(&mut reader).len(),
        1,
        "the other device's go on"
    );
    assert_eq!(
        declarations(&mut reader)[0].wage.as_deref(),
        Some("6099.00")
    );
    drop(reader);
    let mut reader = open(directories[2].path(), 71);
    assert_eq!(held(&mut reader), [("changes".to_owned(), 1)]);
    drop(reader);
    let mut reader = open_knowing(directories[2].path(), 72, NEXT);
    assert_eq!(held(&mut reader), []);
    let mut wages: Vec<_> = declarations(&mut reader)
        .into_iter()
        .filter_map(|it| it.wage)
        .collect();
    wages.sort();
    assert_eq!(wages, ["6099.00", "7000.00"]);
}

#[test]
fn a_fact_of_a_newer_kind_is_held_and_folded_after_the_update() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop("0001000001", "2022-01"));
    submit_all(&mut app);
    drop(app);
    // The program of yesterday: receipts were the newest that it knew, not decisions.
    let yesterday = Newest {
        fact: 11,
        ..Newest::KNOWN
    };
    let mut app = open_knowing(directory.path(), 2, yesterday);
    centre.exchange(&mut app);
    centre.approve_all();
    centre.deliver(&mut app);
    let [(what, count)] = &held(&mut app)[..] else {
        panic!("facts alone")
    };
    assert_eq!(what, "facts");
    assert!(*count >= 2, "the batch's admission and the decision");
    let since = &status(&mut app).held[0].since;
    assert_eq!(*since, NOW.to_string());
    assert_eq!(declarations(&mut app)[0].status.code, "received");
    drop(app);
    let mut app = open(directory.path(), 3);
    assert_eq!(held(&mut app), []);
    assert_eq!(declarations(&mut app)[0].status.code, "approved");
}

/// What an item meets that the centre cannot read yet.
#[tokio::test]
async fn an_item_that_the_centre_cannot_read_yet_waits_and_is_shown_until_it_is_answered() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop("0001000001", "2022-01"));
    let item = app
        .outbox
        .next(&app.feed, &app.store, None, 1, usize::MAX)
        .expect("read")
        .remove(0)
        .item;
    let door = Door::to(app);
    for _ in 0..2 {
        let mut backend = Backend::new(&door, Lang::En, false);
        let answered = backend.answered(item, canbao_core::sync::Verdict::Held);
        answered.await.expect("noted");
    }
    drop(door);
    let mut app = open(directory.path(), 2);
    assert_eq!(held(&mut app), [("at_centre".to_owned(), 1)]);
    let shown = status(&mut app);
    assert_eq!((shown.queued, shown.needs_update), (1, 0));
    let warnings = shown.warnings.iter();
    assert!(
        warnings
            .clone()
            .any(|it| it.code == "status.centre_needs_update")
    );
    centre.exchange(&mut app);
    assert_eq!(held(&mut app), []);
    assert_eq!(status(&mut app).queued, 0);
}

/// A session in which the hub says this, as bytes; how it ends where it does.
async fn hears(door: &Door, said: &[Vec<u8>]) -> Option<CloseReason> {
    let mut backend = Backend::new(door, Lang::En, false);
    backend.begin();
    let start = door.session_start().expect("enrolled");
    let mut session = DeviceSession::new(start, 0);
    for bytes in said {
        session.handle(0, DeviceInput::Received(bytes.clone()));
        while let Some(output) = session.poll() {
            let done = match output {
                DeviceOutput::Persist(advance) => {
                    backend.persist(advance).await.expect("stored");
                    DeviceInput::Persisted
                }
                DeviceOutput::ReadOutbox { .. } => DeviceInput::Outbox(Vec::new()),
                DeviceOutput::Report(report) => {
                    backend.report(report, NOTHING_CARRIED);
                    continue;
                }
                DeviceOutput::Close(reason) => return Some(reason),
                DeviceOutput::Send(_) | DeviceOutput::WakeAt(_) => continue,
                other => panic!("not in this session: {other:?}"),
            };
            session.handle(0, done);
        }
    }
    None
}

const NOTHING_CARRIED: Statistics = Statistics {
    transport: Transport::Quic,
    sent: 0,
    received: 0,
    datagram_bytes_sent: 0,
    datagram_bytes_received: 0,
};

fn bytes_of(message: &Message) -> Vec<u8> {
    encode(&message.encode()).expect("short").concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_newer_centre_says_holds_the_feed_and_is_read_after_the_update() {
    let frame = vec![0, 0, 0, 3, FRAME_VERSION + 1, 0, 1];
    let message = encode(&[0x82, 0x18, 99, 0x80]).expect("short").concat();
    for (newer, code, what) in [
        (frame, "frames", NeedsUpdate::Frame(FRAME_VERSION + 1)),
        (message, "messages", NeedsUpdate::Message(99)),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
        let door = enrolled(&centre, serve(&centre), directory.path()).await;
        sync(&door).await.expect("synced");
        let at = door.session_start().expect("enrolled");
        let kept = door.look(|app| app.feed.count());

        // Before the welcome there is no going on; it is shown all the same.
        let ended = hears(&door, std::slice::from_ref(&newer)).await;
        assert_eq!(ended, Some(CloseReason::NeedsUpdate(what)));
        assert_eq!(held(&mut door.app()), [(code.to_owned(), 1)]);

        // In the place of an entry it holds the feed there, and nothing behind it is taken.
        centre
            .lock()
            .expect("no panic before")
            .add(&Fact::VolumeOpened {
                volume: canbao_core::ids::VolumeId(2023),
            });
        let welcome = Welcome {
            feed: at.feed,
            scope_version: at.scope_version,
            head: at.cursor + 2,
            upto: at.cursor,
        };
        let behind = CaughtUp {
            from: at.cursor + 1,
            cursor: at.cursor + 2,
        };
        let said = [
            bytes_of(&Message::Welcome(welcome)),
            newer,
            bytes_of(&Message::CaughtUp(behind)),
        ];
        assert_eq!(hears(&door, &said).await, None, "the session goes on");
        let expected = [(code.to_owned(), 1), ("feed".to_owned(), 1)];
        assert_eq!(held(&mut door.app()), expected);
        assert_eq!(door.session_start().expect("enrolled").cursor, at.cursor);
        assert_eq!(door.look(|app| app.feed.count()), kept);
        drop(door);

        // It is shown by any later command too, and until a session comes to its end without.
        let mut app = open(directory.path(), 5);
        assert_eq!(held(&mut app), expected);
        let door = Door::to(app);
        sync(&door).await.expect("synced");
        assert_eq!(held(&mut door.app()), []);
        assert_eq!(
            door.look(|app| app.feed.count()),
            kept + 1,
            "nothing is lost"
        );
    }
}

#[test]
fn a_fact_around_a_statement_of_a_newer_kind_is_counted_and_what_follows_from_it_is_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let fact = Fact::Audited {
        unit: UNIT,
        statement: vec![0xff],
        by: "李窗口".to_owned(),
        agency: None,
    };
    let entry = canbao_core::facts::Entry::new(NOW, &fact).to_bytes();
    let mut feed = Feed::open(&app.store, Default::default(), Newest::KNOWN).expect("opens");
    let position = Position(feed.end());
    let salt = [0; 16];
    let bytes = entry;
    let held_now = feed.unknown(
        vec![Entry {
            position,
            salt,
            bytes,
        }],
        NOW,
    );
    feed.extend(&held_now, &app.store).expect("folded");
    assert_eq!((feed.newer.count, feed.newer.since), (1, Some(NOW)));
    assert_eq!(held(&mut app), []);
}
