//! A scope that changes: what is asked for, in which order, and what peers may not do.

use super::link::Event;
use super::*;
use crate::sync::device::Coverage;
use crate::sync::hub::PartPage;

fn scope(version: u64, from: u64, parts: &[u8]) -> Message {
    let parts = parts.iter().copied().map(part).collect();
    Message::Scope(Scope {
        version,
        from,
        parts,
        late_from: 0,
        late: Vec::new(),
    })
}

fn backfill(number: u8, from: u64, positions: &[u64], next: u64) -> Message {
    Message::Backfill(Backfill {
        part: part(number),
        from,
        entries: positions.iter().copied().map(entry).collect(),
        next,
        pack: None,
    })
}

fn wanted(number: u8, from: u64, upto: u64) -> Message {
    Message::BackfillWanted(BackfillWanted {
        part: part(number),
        from,
        upto,
        packed: false,
    })
}

#[test]
fn a_first_session_takes_late_parts_packed_and_the_others_by_the_feed() {
    let mut centre = Centre {
        scope: 0b1111,
        ..Centre::default()
    };
    (0..400).for_each(|_| {
        centre.append(700);
    });
    let mut store = Store {
        packed: true,
        ..Store::default()
    };
    // Cut in the middle: what came is not carried again.
    Link::new(&mut store, &mut centre, 100_000).run(&[60_000]);
    assert!(store.cursor < 400 && store.late_from == Some(400));
    Link::new(&mut store, &mut centre, usize::MAX).run(&[60_000]);
    centre.append(10);
    let mut link = Link::new(&mut store, &mut centre, usize::MAX);
    link.run(&[60_000]);
    assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
    assert_eq!((store.backfilled, store.repeats), (200, 0));
    let held: Vec<Entry> = store.entries.values().cloned().collect();
    assert_eq!(held, centre.visible());
}

#[test]
fn a_late_part_is_missing_up_to_where_the_feed_brings_it() {
    let mut device = greeted_device(true);
    let late = |late_from, late: &[u8]| {
        let message = scope(1, 0, &[1, 2]);
        let Message::Scope(it) = message else {
            panic!("a scope")
        };
        let late = late.iter().copied().map(part).collect();
        bytes_of(&Message::Scope(Scope {
            late_from,
            late,
            ..it
        }))
    };
    device.handle(0, DeviceInput::Received(late(9, &[2])));
    let rescope = drain_device(&mut device)
        .into_iter()
        .find_map(|it| match it {
            DeviceOutput::Rescope(rescope) => Some(rescope),
            _ => None,
        });
    let rescope = rescope.expect("made durable");
    let (from, upto) = (0, 9);
    assert_eq!(rescope.late_from, 9);
    assert_eq!(rescope.parts[&part(1)], Coverage::Whole);
    assert_eq!(rescope.parts[&part(2)], Coverage::Missing { from, upto });
    // The feed is 10 long: nothing can be late beyond it.
    check_device(&[late(11, &[2])], Some("sync.positions"));
    check_device(&[late(9, &[3])], Some("sync.malformed"));
}

#[test]
fn a_pack_that_was_not_asked_for_ends_the_session() {
    let Message::Backfill(plain) = backfill(1, 0, &[1], 8) else {
        panic!("a backfill")
    };
    let packed = Message::Backfill(Backfill {
        pack: Some(vec![1]),
        ..plain
    });
    let received = [scope(1, 8, &[1]), packed];
    let code = Some("sync.unexpected_message");
    check_device(&received.each_ref().map(bytes_of), code);
}

#[test]
fn a_part_that_comes_back_is_filled_again_and_an_unchanged_scope_costs_nothing() {
    let mut centre = Centre::default();
    (0..1_000).for_each(|_| {
        centre.append(700);
    });
    let mut store = Store::default();
    let mut carried = Vec::new();
    for scope in [0b0001, 0b0011, 0b0001, 0b0011, 0b0011] {
        centre.scope = scope;
        let mut link = Link::new(&mut store, &mut centre, usize::MAX);
        link.run(&[60_000]);
        assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
        carried.push(link.carried);
        let held: Vec<Entry> = store.entries.values().cloned().collect();
        assert_eq!(held, centre.visible());
    }
    assert_eq!((store.rescopes, store.backfilled), (4, 500));
    assert!(carried[4] < 120, "{} bytes", carried[4]);
}

#[test]
fn a_backfill_does_not_hold_up_the_live_feed() {
    let mut centre = Centre {
        scope: 0b0001,
        ..Centre::default()
    };
    (0..4_000).for_each(|_| {
        centre.append(1_000);
    });
    let mut store = Store::default();
    Link::new(&mut store, &mut centre, usize::MAX).run(&[60_000]);
    let events = [&[Event::Scope(0b1111)][..], &[Event::Append(10); 8]].concat();
    // Cut long before the three megabytes of the new parts are through.
    let mut link = Link::new(&mut store, &mut centre, 600_000).with(&events);
    link.run(&[20_000]);
    assert!(store.backfilled > 0);
    assert!(store.cursor >= 4_008, "{}", store.cursor);
    let missing = |it: &&Coverage| **it != Coverage::Whole;
    assert!(store.parts.values().filter(missing).count() > 1);
}

#[test]
fn a_scope_comes_right_behind_the_welcome_and_nothing_is_durable_before_it() {
    let mut device = greeted_device(false);
    let welcome = Message::Welcome(Welcome {
        feed: FEED,
        scope_version: 3,
        head: 10,
        upto: 4,
    });
    device.handle(0, DeviceInput::Received(bytes_of(&welcome)));
    assert!(!drain_device(&mut device).iter().any(is_durable));
    device.handle(0, DeviceInput::Received(bytes_of(&scope(3, 0, &[1]))));
    let outputs = drain_device(&mut device);
    let rescope = outputs.iter().find_map(|output| match output {
        DeviceOutput::Rescope(rescope) => Some(rescope),
        _ => None,
    });
    let rescope = rescope.expect("made durable");
    assert_eq!((rescope.version, rescope.cursor), (3, 4));
    assert_eq!(rescope.parts[&part(1)], Coverage::Whole, "a new device");

    let mut device = greeted_device(false);
    device.handle(0, DeviceInput::Received(bytes_of(&welcome)));
    device.handle(0, DeviceInput::Received(bytes_of(&entries(4, &[4]))));
    let closed = drain_device(&mut device).pop();
    let Some(DeviceOutput::Close(reason)) = closed else {
        panic!("{closed:?}")
    };
    assert_eq!(reason.code(), "sync.unexpected_message");
}

#[test]
fn a_device_takes_what_it_asked_for_and_nothing_else() {
    let grown = bytes_of(&scope(1, 8, &[1, 2]));
    let first = bytes_of(&backfill(1, 0, &[1, 5], 6));
    check_device(&[grown.clone(), first.clone()], None);
    let check = |message: Message, code: &str| {
        let received = [grown.clone(), first.clone(), bytes_of(&message)];
        check_device(&received, Some(code));
    };
    check(backfill(1, 0, &[], 8), "sync.unexpected_message");
    check(backfill(2, 0, &[], 8), "sync.unexpected_message");
    check(backfill(1, 6, &[], 6), "sync.positions");
    check(backfill(1, 6, &[], 9), "sync.positions");
    check(backfill(1, 6, &[5], 8), "sync.positions");
    check(backfill(1, 6, &[8], 8), "sync.positions");
    check(backfill(1, 6, &[7, 7], 8), "sync.positions");
    check(wanted(1, 0, 8), "sync.unexpected_message");
    check_device(
        &[bytes_of(&backfill(1, 0, &[], 1))],
        Some("sync.unexpected_message"),
    );
    let behind = [bytes_of(&entries(0, &[5])), bytes_of(&scope(1, 3, &[1]))];
    check_device(&behind, Some("sync.positions"));
}

#[test]
fn an_answer_that_the_scope_overtook_is_skipped_once() {
    let received = [
        scope(1, 8, &[1, 2]),
        scope(2, 8, &[2]),
        backfill(1, 0, &[1], 6),
        backfill(2, 0, &[2], 8),
    ];
    check_device(&received.each_ref().map(bytes_of), None);
    let again = [&received[..], &[backfill(1, 0, &[1], 6)]].concat();
    let again: Vec<Vec<u8>> = again.iter().map(bytes_of).collect();
    check_device(&again, Some("sync.unexpected_message"));
}

#[test]
fn a_device_asks_for_one_backfill_at_a_time() {
    let mut device = greeted_device(true);
    device.handle(0, DeviceInput::Received(bytes_of(&scope(1, 8, &[1, 2]))));
    let asked = |outputs: &[DeviceOutput], message: &Message| {
        outputs.contains(&DeviceOutput::Send(bytes_of(message)))
    };
    let outputs = drain_device(&mut device);
    assert!(asked(&outputs, &wanted(1, 0, 8)) && !asked(&outputs, &wanted(2, 0, 8)));
    for (answer, next) in [
        (backfill(1, 0, &[], 5), wanted(1, 5, 8)),
        (backfill(1, 5, &[5], 8), wanted(2, 0, 8)),
    ] {
        device.handle(0, DeviceInput::Received(bytes_of(&answer)));
        assert!(asked(&drain_device(&mut device), &next));
    }
}

#[test]
fn a_hub_bounds_what_is_asked_of_it() {
    check_hub(true, &[bytes_of(&wanted(1, 0, 1))], Some("sync.positions"));
    check_hub(
        false,
        &[bytes_of(&wanted(1, 0, 1))],
        Some("sync.unexpected_message"),
    );
    let mut hub = greeted_hub(true);
    hub.handle(0, HubInput::LogGrew);
    while hub.poll().is_some() {}
    let page = FeedPage {
        entries: Vec::new(),
        upto: 9,
        head: 9,
    };
    hub.handle(0, HubInput::Feed(page));
    let mut reads = 0;
    for _ in 0..5 {
        hub.handle(0, HubInput::Received(bytes_of(&wanted(1, 0, 9))));
        while let Some(output) = hub.poll() {
            reads += usize::from(matches!(output, HubOutput::ReadBackfill { .. }));
            if let HubOutput::Close(reason) = output {
                assert_eq!((reads, reason.code()), (4, "sync.window_exceeded"));
                return;
            }
        }
    }
    panic!("{reads} backfills in hand");
}

#[test]
fn a_part_that_is_no_longer_visible_is_not_answered_and_the_next_is() {
    let mut hub = greeted_hub(true);
    hub.handle(0, HubInput::LogGrew);
    let (upto, head) = (9, 9);
    let page = || PartPage {
        entries: vec![entry(3)],
        pack: None,
        upto,
    };
    let seen = FeedPage {
        entries: Vec::new(),
        upto,
        head,
    };
    hub.handle(0, HubInput::Feed(seen));
    while hub.poll().is_some() {}
    for (number, page) in [(1, None), (2, Some(page()))] {
        hub.handle(0, HubInput::Received(bytes_of(&wanted(number, 0, 9))));
        let mut sent = Vec::new();
        while let Some(output) = hub.poll() {
            match output {
                HubOutput::ReadBackfill { wanted, .. } => {
                    let page = page.clone();
                    hub.handle(0, HubInput::Backfilled { wanted, page });
                }
                HubOutput::Send(frame) => sent.push(frame),
                other => assert!(matches!(other, HubOutput::WakeAt(_)), "{other:?}"),
            }
        }
        let answer = page.map(|_| bytes_of(&backfill(number, 0, &[3], 9)));
        assert_eq!(sent, Vec::from_iter(answer));
    }
}

#[test]
fn a_scope_as_large_as_may_be_travels() {
    let parts = (0..20_000_u32).map(|number| {
        let mut key = vec![u8::MAX; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        Part(key)
    });
    let parts: Vec<Part> = parts.collect();
    let mut hub = greeted_hub(true);
    let version = 1;
    hub.handle(
        0,
        HubInput::Rescoped(Visible {
            version,
            parts,
            late: Vec::new(),
        }),
    );
    let mut device = greeted_device(true);
    while let Some(output) = hub.poll() {
        if let HubOutput::Send(frame) = output {
            device.handle(0, DeviceInput::Received(frame));
        }
    }
    let held = drain_device(&mut device)
        .into_iter()
        .find_map(|it| match it {
            DeviceOutput::Rescope(rescope) => Some(rescope.parts.len()),
            _ => None,
        });
    assert_eq!(held, Some(20_000));
}
