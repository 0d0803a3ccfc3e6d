//! Views follow from the log alone, and a unit's feed is all that its view needs.

use std::ops::Bound;
use std::path::Path;

use canbao_core::facts::{Audience, Entry, Fact, Placed, Projection, Sending};
use canbao_core::ids::{DistrictId, UnitId};
use canbao_core::statement::Statement;
use canbao_core::store::{View, ViewUpdate};

use super::fixture::*;
use crate::centre::{Answer, TaxEvent};
use crate::keys;

/// A centre where a bit of everything has happened, and far more entries than one page's tail.
async fn busy() -> (Fixture, Answer) {
    let it = start().await;
    let (ours, theirs, clerk) = (it.employer(1).await, it.employer(2).await, it.clerk().await);
    let agencies = (10..110).map(|number| agency(DistrictId(number)));
    it.centre
        .append_facts(agencies.collect(), NOW)
        .await
        .unwrap();
    it.approve(&ours, &clerk, &interruption(1, 1, "2022-01"))
        .await;
    it.approve(
        &theirs,
        &clerk,
        &wage(2, 1, "2022-02", "2022-03", "5000.00"),
    )
    .await;
    let refused = Statement::Submission(interruption(1, 2, "2022-01"));
    it.state(&theirs, &refused).await;
    it.centre.take_batch(ours.batch(1, 1), NOW).await.unwrap();
    it.centre.take_batch(theirs.batch(1, 2), NOW).await.unwrap();
    let agencies = (110..310).map(|number| agency(DistrictId(number)));
    it.centre
        .append_facts(agencies.collect(), NOW)
        .await
        .unwrap();
    it.taken(&ours, &assessment(1, "2022-01", 1)).await;
    it.taken(&theirs, &assessment(2, "2022-01", 1)).await;
    let posting = it.posting(1, "2022-01", "S1");
    let mut altered = posting.clone();
    altered.total = yuan("1.00");
    it.centre
        .set_sending(posting.transaction.clone(), Sending::Sent, NOW)
        .await
        .unwrap();
    it.centre
        .take_tax_event(1, TaxEvent::Posted(posting), NOW)
        .await
        .unwrap();
    it.centre
        .take_tax_event(2, TaxEvent::Posted(altered), NOW)
        .await
        .unwrap();
    let (unit, from, to) = (unit(2), DISTRICT, DistrictId(3));
    let moved = vec![Fact::UnitMoved { unit, from, to }];
    it.centre.append_facts(moved, NOW).await.unwrap();
    let last = it.state(&ours, &refused).await;
    (it, last)
}

fn everything(dir: &Path) -> Vec<ViewUpdate> {
    let (store, _) = keys::open(dir).unwrap();
    View::ALL
        .into_iter()
        .flat_map(|view| {
            store
                .view_range(view, Bound::Unbounded, Bound::Unbounded, usize::MAX)
                .unwrap()
                .into_iter()
                .map(move |(key, value)| ViewUpdate::Put { view, key, value })
        })
        .collect()
}

#[tokio::test]
async fn views_derived_again_are_the_same_to_the_byte() {
    let (it, last) = busy().await;
    let note = it.centre.head().note;
    let Fixture { dir, centre } = it;
    centre.stop().await;
    drop(centre);
    let path = dir.path().join("centre");
    let before = everything(&path);
    keys::open(&path).unwrap().0.clear_views().unwrap();
    assert!(everything(&path).is_empty());

    let centre = crate::centre::Centre::open(&path).unwrap();
    let it = Fixture { dir, centre };
    assert_eq!(it.centre.head().note, note);
    let (key, _) = keys_of(11);
    let statement = Statement::Submission(interruption(1, 2, "2022-01"));
    let serial = canbao_core::ids::CertificateSerial(1);
    let again = statement.sign(&key, serial, NOW).to_bytes();
    assert_eq!(it.centre.take_statement(again, NOW).await, Ok(last));
    it.centre.stop().await;
    let Fixture { dir, centre } = it;
    drop(centre);
    assert!(everything(&dir.path().join("centre")) == before);
}

/// What these audiences make of the feed, read in small pages.
fn project(it: &Fixture, audiences: &[Audience], items: usize) -> Projection {
    let mut projection = Projection::default();
    let mut from = 0;
    loop {
        let page = it
            .centre
            .feed(audiences, from..u64::MAX, items, 4096)
            .unwrap();
        assert!(page.upto > from || page.upto == page.head);
        for entry in page.entries {
            assert!((from..page.upto).contains(&entry.position.0));
            let read = Entry::from_bytes(&entry.bytes).unwrap();
            assert!(read.audience.iter().any(|it| audiences.contains(it)));
            let (at, fact) = (read.at, read.fact().unwrap());
            projection.apply(&Placed {
                position: entry.position,
                at,
                fact,
            });
        }
        if page.upto == page.head {
            return projection;
        }
        from = page.upto;
    }
}

#[tokio::test]
async fn a_units_feed_makes_the_view_that_all_facts_make_of_it() {
    let (it, _) = busy().await;
    let mut whole = Projection::default();
    for position in 0..it.length() {
        let read = it.read(position);
        let placed = Placed {
            position: read.position,
            at: read.entry.at,
            fact: read.fact.unwrap(),
        };
        whole.apply(&placed);
    }
    for number in [1, 2] {
        let of: UnitId = unit(number);
        for items in [1, 3, 64, 1024] {
            let part = project(&it, &audiences_of(of), items);
            assert!(part == whole.restricted_to(of), "{items} items a page");
        }
        let kept = it.centre.with_unit(of, Clone::clone).unwrap();
        assert!(kept.as_ref() == whole.units.get(&of));
    }
    let agency = [
        Audience::Everyone,
        Audience::Unit(unit(1)),
        Audience::Unit(unit(2)),
    ];
    assert!(project(&it, &agency, 7) == whole);
    assert_eq!(it.centre.units_of(DISTRICT), Ok(vec![unit(1)]));
    let moved = it.centre.units_of(DistrictId(3));
    assert_eq!(moved, Ok(vec![unit(2)]));
    assert_eq!(it.centre.find_unit("0210300002"), Ok(Some(unit(2))));
    assert_eq!(it.centre.find_unit("91350100M000100Y43"), Ok(Some(unit(1))));
}

#[tokio::test]
async fn every_tile_of_the_tree_is_served_and_no_other() {
    let (it, _) = busy().await;
    let size = it.length();
    for id in canbao_core::ledger::tile::TileId::all_in_tree(size) {
        let bytes = it.centre.tile(&id.to_string()).unwrap().unwrap();
        assert_eq!(bytes.len(), id.byte_len());
    }
    for path in [
        "tile/0/999",
        "tile/0/001.p/255",
        "tile/9/000",
        "tile/entries/0",
        "checkpoint",
    ] {
        assert_eq!(it.centre.tile(path), Ok(None), "{path}");
    }
    assert!(
        it.centre.tile("tile/0/000.p/7").unwrap().is_some(),
        "an earlier tree's tile"
    );
}
