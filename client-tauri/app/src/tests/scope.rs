//! A scope that grows and shrinks: what joins is filled in, what left is gone from the store.

use std::ops::Bound;
use std::sync::{Arc, Mutex};

use canbao_core::facts::{Audience, Fact};
use canbao_core::ids::UnitId;
use canbao_core::signing::SigningKey;
use canbao_core::store::{Store, Stream, View};
use canbao_core::sync::Part;
use canbao_core::sync::device::{Advance, Backfilled, Coverage, Parts, Rescope};

use super::link::{Shared, enrolled, serve, sync};
use super::*;
use crate::door::Door;

/// Names, numbers and ids of the unit and its persons, as text and as an id's bytes.
fn secrets() -> Vec<Vec<u8>> {
    let texts = ["沈阳云杉", "0210300001", "张三", "赵四", "0001000001"];
    let mut secrets: Vec<Vec<u8>> = texts.map(|it| it.as_bytes().to_vec()).to_vec();
    secrets.push(UNIT.0.to_vec());
    // The wage of 6,000 yuan in fen, as CBOR has the number.
    secrets.push(600_000_u32.to_be_bytes().to_vec());
    secrets
}

/// What of the unit is in a store: in any value that can be read, or in any key.
fn found(store: &Store) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for stream in [Stream::Feed, Stream::Local, Stream::Proof] {
        let values = store.read(stream, 0, usize::MAX, usize::MAX).expect("read");
        all.extend(values.into_iter().map(|(_, value)| value));
    }
    for view in View::ALL {
        let (from, to) = (Bound::Unbounded, Bound::Unbounded);
        let entries = store.view_range(view, from, to, usize::MAX).expect("read");
        all.extend(
            entries
                .into_iter()
                .map(|(key, value)| [key, value].concat()),
        );
    }
    let holds = |secret: &Vec<u8>| {
        let within = |value: &Vec<u8>| value.windows(secret.len()).any(|it| it == secret);
        all.iter().any(within)
    };
    secrets().into_iter().filter(holds).collect()
}

fn with_unit(centre: &Shared, visible: bool) {
    let mut centre = centre.lock().expect("no panic before");
    for audience in [Audience::Unit(UNIT), Audience::Employer(UNIT)] {
        if visible {
            centre.scope.insert(audience);
        } else {
            centre.scope.remove(&audience);
        }
    }
}

fn units(door: &Door) -> u64 {
    match ask(&mut door.app(), Request::Status) {
        Response::Status(status) => status.units.len() as u64,
        other => panic!("a status, not {other:?}"),
    }
}

/// A unit with everything a device can hold of it: drafts, a snapshot, submissions answered and
/// waiting, an assessment, records and their proof.
async fn filled(centre: &Shared, directory: &Path) -> Door {
    let door = enrolled(centre, serve(centre), directory).await;
    sync(&door).await.expect("synced");
    for person in ["0001000001", "0001000002", "0001000003"] {
        declare(&mut door.app(), wage(person, "2022-01", "2022-12", "6000"));
    }
    submit_all(&mut door.app());
    sync(&door).await.expect("synced");
    centre.lock().expect("no panic before").approve_all();
    sync(&door).await.expect("synced");
    let settlement = "2022-01".to_owned();
    let insurance = 210;
    let apply = Request::AssessApply {
        settlement,
        insurance,
    };
    ask(&mut door.app(), apply);
    sync(&door).await.expect("synced");
    let post = || {
        centre
            .lock()
            .expect("no panic before")
            .post("2022-01", "S1")
    };
    post();
    let report = sync(&door).await.expect("synced");
    assert_eq!(report.proven, 3);
    declare(&mut door.app(), stop("0001000001", "2022-02"));
    submit_all(&mut door.app());
    door
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_the_scope_is_gone_from_the_store_and_comes_back_with_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let centre: Shared = Arc::new(Mutex::new(Centre::new(1)));
    let door = filled(&centre, directory.path()).await;
    assert_eq!(found(&door.app().store), secrets(), "the search finds all");
    let head = door.app().checkpoint();
    let records = |door: &Door| {
        let unit = &door.app().feed.projection.units[&UNIT];
        let recorded = unit.records.iter().filter(|it| it.is_recorded());
        (unit.clone(), recorded.count())
    };
    let before = records(&door);

    with_unit(&centre, false);
    let report = sync(&door).await.expect("synced");
    assert_eq!(found(&door.app().store), Vec::<Vec<u8>>::new());
    assert_eq!((units(&door), report.queued, report.sent), (0, 0, 0));
    assert_eq!(report.left.len(), 1);
    assert_eq!(report.left[0].unemployment_number, "0210300001");
    let dropped: Vec<&str> = report.refused.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(
        dropped, ["scope.item_dropped"; 2],
        "the draft's change, the submission"
    );
    assert!(report.refused[0].message.contains("沈阳云杉"), "{report:?}");
    assert_eq!(
        door.app().checkpoint(),
        head,
        "a shrunken log is still known"
    );
    let app = {
        drop(door);
        open(directory.path(), 9)
    };
    assert_eq!(found(&app.store), Vec::<Vec<u8>>::new());
    let door = Door::to(app);
    sync(&door).await.expect("goes on where the streams end");

    with_unit(&centre, true);
    let report = sync(&door).await.expect("synced");
    assert_eq!(report.proven, 3, "verified again");
    assert_eq!(records(&door), before);
    assert_eq!(units(&door), 1);
    let app = {
        drop(door);
        open(directory.path(), 10)
    };
    assert_eq!(records(&Door::to(app)), before, "and after a restart");
}

fn parts_of(audiences: &[Audience], coverage: Coverage) -> Parts {
    let parts = audiences.iter().map(|it| (Part(it.key()), coverage));
    parts.collect()
}

#[test]
fn a_part_is_shown_once_it_is_whole_however_often_the_backfill_is_cut() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = open(directory.path(), 1);
    centre.enrol(&mut app, Mandate::Agency(DISTRICT), "李窗口");
    let everyone = [Audience::Everyone];
    let common = |it: &canbao_core::sync::Entry| it.position.0 < 4;
    let upto = centre.entries.len() as u64;
    let rescope = Rescope {
        version: 5,
        cursor: 0,
        late_from: 0,
        parts: parts_of(&everyone, Coverage::Whole),
    };
    app.rescope(rescope).expect("made durable");
    let mut entries = centre.feed_from(0);
    entries.retain(common);
    let (cursor, scope_version) = (upto, 5);
    let advance = Advance {
        entries,
        cursor,
        scope_version,
    };
    app.advance(advance).expect("made durable");

    let unit = Audience::Unit(UNIT);
    let from = 0;
    let mut parts = parts_of(&everyone, Coverage::Whole);
    parts.extend(parts_of(&[unit], Coverage::Missing { from, upto }));
    let rescope = Rescope {
        version: 6,
        cursor,
        late_from: 0,
        parts,
    };
    app.rescope(rescope).expect("made durable");
    let late: Vec<_> = centre.feed_from(0).into_iter().skip(4).collect();
    let last = late.len() - 1;
    for (number, entry) in late.into_iter().enumerate() {
        assert!(app.feed.projection.units.is_empty(), "not whole yet");
        let next = entry.position.0 + 1;
        let is_last = number == last;
        let coverage = match is_last {
            true => Coverage::Whole,
            false => Coverage::Missing { from: next, upto },
        };
        let page = Backfilled {
            part: Part(unit.key()),
            entries: vec![entry],
            pack: None,
            coverage,
            is_last,
        };
        assert_eq!(app.backfill(page.clone()).expect("made durable"), 1);
        assert_eq!(app.backfill(page).expect("once more"), 0, "held already");
        drop(app);
        app = open(directory.path(), 2 + number as u8);
        let start = app.session_start().expect("enrolled");
        assert_eq!(start.parts[&Part(unit.key())], coverage);
        assert_eq!((start.cursor, start.scope_version), (upto, 6));
    }
    assert_eq!(app.feed.projection, centre.projection);
}

#[test]
fn a_device_that_lost_its_views_hears_of_its_scope_anew_and_purges_what_left_meanwhile() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    declare(&mut app, stop("0001000001", "2022-01"));
    app.store.clear_views().expect("cleared");
    drop(app);
    let mut app = open(directory.path(), 2);
    let start = app.session_start().expect("enrolled");
    let end = centre.entries.len() as u64;
    assert_eq!((start.scope_version, start.cursor), (0, end));
    assert_eq!(start.parts, Parts::new());

    let scope = [Audience::Everyone];
    let (from, upto) = (0, end);
    let rescope = Rescope {
        version: 7,
        cursor: end,
        late_from: 0,
        parts: parts_of(&scope, Coverage::Missing { from, upto }),
    };
    let left = app.rescope(rescope).expect("made durable");
    assert_eq!((left.units.len(), left.dropped.len()), (1, 1));
    assert_eq!(found(&app.store), Vec::<Vec<u8>>::new());
    let page = Backfilled {
        part: Part(Audience::Everyone.key()),
        entries: centre.feed_from(0).into_iter().take(4).collect(),
        pack: None,
        coverage: Coverage::Whole,
        is_last: true,
    };
    assert_eq!(app.backfill(page).expect("made durable"), 0, "all held");
    let common = centre.projection.common.clone();
    assert_eq!(app.feed.projection.common, common, "and shown as before");
}

#[test]
fn an_entry_for_two_units_stays_while_one_of_them_does() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let other = UnitId([2; 16]);
    let mut certificate = app.identity.operators[0].certificate.clone();
    certificate.mandate = Mandate::Employer(vec![UNIT, other]);
    let fact = Fact::DeviceEnrolled {
        certificate: certificate.issue(&SigningKey::from_seed([9; 32])),
        code_hash: Some([0; 32]),
    };
    centre.add(&fact);
    centre.deliver(&mut app);
    let held = app.feed.count();
    let mut scope = vec![Audience::Everyone, Audience::Employer(other)];
    for (version, expected) in [(2, held - 3), (3, held - 4)] {
        let rescope = Rescope {
            version,
            cursor: 0,
            late_from: 0,
            parts: parts_of(&scope, Coverage::Whole),
        };
        app.rescope(rescope).expect("made durable");
        assert_eq!(app.feed.count(), expected);
        scope.pop();
    }
}
