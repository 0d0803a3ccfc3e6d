//! Links that are cut anywhere: nothing is lost, nothing is repeated.

use proptest::prelude::*;

use super::link::{Event, Link};
use super::world::{Centre, Store};
use crate::sync::device::{Coverage, SessionReport};
use crate::sync::{Entry, Item};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Whatever the cuts: every entry arrives once and in order, and every item is answered.
    #[test]
    fn cuts_anywhere_lose_nothing_and_repeat_nothing(
        log in prop::collection::vec(0_usize..9_000, 0..60),
        outbox in prop::collection::vec((any::<u8>(), 1_usize..90_000), 0..24),
        cuts in prop::collection::vec(0_usize..60_000, 0..8),
        pieces in prop::collection::vec(1_usize..20_000, 2..20),
    ) {
        let mut centre = Centre::default();
        for bytes in log {
            centre.append(bytes);
        }
        let mut store = Store::default();
        for (index, (fill, bytes)) in outbox.iter().enumerate() {
            let content = vec![*fill; *bytes];
            store.put(if index % 2 == 0 { Item::Batch(content) } else { Item::Statement(content) });
        }
        for cut in cuts {
            Link::new(&mut store, &mut centre, cut).run(&pieces);
        }
        let mut link = Link::new(&mut store, &mut centre, usize::MAX);
        link.run(&pieces);

        prop_assert_eq!(&link.closed, &None);
        prop_assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
        let held: Vec<Entry> = store.entries.values().cloned().collect();
        prop_assert_eq!(held, centre.visible());
        prop_assert_eq!(store.repeats, 0);
        prop_assert_eq!(store.backfilled, 0, "a new device has all by the feed");
        prop_assert_eq!(store.cursor, centre.log.len() as u64);
        prop_assert_eq!(store.scope_version, u64::from(centre.scope));
        prop_assert_eq!(store.outbox.len(), 0);
        prop_assert_eq!(store.answers.len(), outbox.len());
    }

    /// The same while the device's scope grows and shrinks, between the sessions and within:
    /// after every commit the facts of a part that is whole are a prefix of the log's, and in
    /// the end everything in the scope is held and nothing else.
    #[test]
    fn a_scope_that_changes_anywhere_loses_nothing_and_keeps_nothing_else(
        log in prop::collection::vec(0_usize..9_000, 0..60),
        offered in prop::collection::vec(1_usize..9_000, 0..4),
        sessions in prop::collection::vec(
            (0_usize..60_000, 0_u8..16, prop::collection::vec(events(), 0..12)),
            1..10,
        ),
        last in 0_u8..16,
        packed: bool,
        pieces in prop::collection::vec(1_usize..9_000, 2..20),
    ) {
        let mut centre = Centre::default();
        for bytes in log {
            centre.append(bytes);
        }
        let mut store = Store { packed, ..Store::default() };
        for bytes in offered {
            store.put(Item::Statement(vec![2; bytes]));
        }
        for (cut, scope, events) in sessions {
            centre.scope = scope;
            let mut link = Link::new(&mut store, &mut centre, cut).with(&events);
            link.run(&pieces);
            prop_assert_eq!(&link.closed, &None);
        }
        centre.scope = last;
        let mut link = Link::new(&mut store, &mut centre, usize::MAX);
        link.run(&pieces);

        prop_assert_eq!(&link.closed, &None);
        prop_assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
        let held: Vec<Entry> = store.entries.values().cloned().collect();
        prop_assert_eq!(held, centre.visible());
        prop_assert_eq!(store.cursor, centre.log.len() as u64);
        prop_assert!(store.parts.values().all(|it| *it == Coverage::Whole));
        prop_assert_eq!(store.outbox.len(), 0);
    }
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (1_usize..9_000).prop_map(Event::Append),
        1 => (0_u8..16).prop_map(Event::Scope),
    ]
}
