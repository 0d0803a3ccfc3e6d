//! Messages in their order, and out of it.

use super::*;

#[test]
fn with_nothing_new_a_reconnect_is_one_round_trip_under_200_bytes() {
    let mut centre = Centre::default();
    for _ in 0..1_000 {
        centre.append(50);
    }
    let mut store = Store::default();
    Link::new(&mut store, &mut centre, usize::MAX).run(&[60_000]);
    assert_eq!(store.cursor, 1_000);

    // Large numbers, so that the count does not profit from a small feed.
    let mut link = Link::new(&mut store, &mut centre, usize::MAX);
    link.run(&[60_000]);
    assert_eq!(link.reports.last(), Some(&SessionReport::Settled));
    assert!(link.carried < 120, "{} bytes", link.carried);

    let most = Hello {
        scope_version: u64::MAX,
        cursor: u64::MAX,
        offers: u32::MAX,
        ..hello()
    };
    let answer = Welcome {
        feed: FEED,
        scope_version: u64::MAX,
        head: u64::MAX,
        upto: u64::MAX,
    };
    let both = bytes_of(&Message::Hello(most)).len() + bytes_of(&Message::Welcome(answer)).len();
    assert!(both < 200, "{both} bytes");
}

#[test]
fn a_device_takes_messages_in_their_order_only() {
    check_device(
        &[bytes_of(&entries(0, &[0, 4])), bytes_of(&entries(5, &[7]))],
        None,
    );
    check_device(
        &[bytes_of(&welcome(10, 0))],
        Some("sync.unexpected_message"),
    );
    check_device(&[bytes_of(&Message::Ping)], Some("sync.unexpected_message"));
    check_device(
        &[bytes_of(&Message::Hello(hello()))],
        Some("sync.unexpected_message"),
    );
    check_device(
        &[bytes_of(&entries(0, &[]))],
        Some("sync.unexpected_message"),
    );
    check_device(&[bytes_of(&entries(3, &[3]))], Some("sync.feed_gap"));
    check_device(&[bytes_of(&entries(0, &[4, 4]))], Some("sync.positions"));
    check_device(
        &[bytes_of(&entries(0, &[u64::MAX]))],
        Some("sync.positions"),
    );
    let back = Message::CaughtUp(CaughtUp { from: 9, cursor: 3 });
    check_device(
        &[bytes_of(&entries(0, &[8])), bytes_of(&back)],
        Some("sync.positions"),
    );
    check_device(
        &[bytes_of(&Message::Refuse(Refusal::new(
            RefusalName::PeersCertificateRevoked,
            "",
        )))],
        Some("peers.certificate_revoked"),
    );
    check_device(&[vec![0xff; 4]], Some("sync.frame_too_large"));
}

#[test]
fn a_hub_takes_messages_in_their_order_only() {
    check_hub(
        false,
        &[bytes_of(&Message::Ping)],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&Message::Hello(hello()))],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&Message::Pong)],
        Some("sync.unexpected_message"),
    );
    check_hub(
        true,
        &[bytes_of(&entries(0, &[0]))],
        Some("sync.unexpected_message"),
    );
    check_hub(true, &[bytes_of(&Message::Ping)], None);
    let other = Hello {
        feed: FeedId([8; 16]),
        ..hello()
    };
    check_hub(
        false,
        &[bytes_of(&Message::Hello(other))],
        Some("sync.other_feed"),
    );
    let newer = Hello {
        protocol: PROTOCOL + 1,
        ..hello()
    };
    check_hub(
        false,
        &[bytes_of(&Message::Hello(newer))],
        Some("sync.protocol_version"),
    );
    check_hub(false, &[newer_frame()], Some("sync.needs_update"));
    check_hub(true, &[newer_frame()], None);
    check_hub(true, &[vec![0xff; 4]], Some("sync.frame_too_large"));
    let wanted = Message::ProofWanted(ProofWanted {
        first: Position(0),
        count: 1,
    });
    check_hub(
        true,
        &vec![bytes_of(&wanted); 9],
        Some("sync.window_exceeded"),
    );
}

#[test]
fn a_device_ahead_of_the_feed_is_refused_by_name() {
    let mut hub = HubSession::new(FEED, 0);
    let ahead = Hello {
        cursor: 5,
        ..hello()
    };
    hub.handle(0, HubInput::Received(bytes_of(&Message::Hello(ahead))));
    while hub.poll().is_some() {}
    hub.handle(0, HubInput::Admitted(nothing_visible()));
    hub.handle(
        0,
        HubInput::Feed(FeedPage {
            entries: Vec::new(),
            upto: 4,
            head: 4,
        }),
    );
    let closed = std::iter::from_fn(|| hub.poll()).last();
    let Some(HubOutput::Close(reason)) = closed else {
        panic!("{closed:?}")
    };
    assert_eq!(reason.code(), "sync.cursor_ahead");
}

#[test]
fn what_a_newer_hub_sends_holds_the_feed_and_nothing_else() {
    for stepped_over in [
        newer_frame(),
        frame::encode(&[0x82, 0x18, 99, 0]).unwrap().concat(),
    ] {
        let mut device = greeted_device(true);
        device.handle(0, DeviceInput::Received(bytes_of(&entries(0, &[0]))));
        device.handle(0, DeviceInput::Received(stepped_over));
        device.handle(0, DeviceInput::Received(bytes_of(&entries(3, &[3]))));
        let outputs = drain_device(&mut device);
        assert_eq!(device.cursor(), 1);
        assert!(outputs.iter().any(|output| matches!(
            output,
            DeviceOutput::Report(SessionReport::NeedsUpdate(
                NeedsUpdate::Frame(2) | NeedsUpdate::Message(99)
            ))
        )));
        let held = DeviceOutput::Report(SessionReport::FeedHeld { cursor: 1 });
        assert!(outputs.contains(&held));

        device.handle(0, DeviceInput::OutboxGrew);
        let outputs = drain_device(&mut device);
        assert!(
            matches!(outputs[0], DeviceOutput::ReadOutbox { .. }),
            "{outputs:?}"
        );
    }
}

#[test]
fn nothing_is_read_before_what_was_read_is_persisted() {
    let mut device = greeted_device(true);
    device.handle(0, DeviceInput::Received(bytes_of(&entries(0, &[0]))));
    device.handle(0, DeviceInput::Received(bytes_of(&entries(1, &[1]))));
    assert!(matches!(device.poll(), Some(DeviceOutput::Persist(advance)) if advance.cursor == 1));
    assert_eq!(device.poll(), None);
    device.handle(0, DeviceInput::Persisted);
    assert!(matches!(device.poll(), Some(DeviceOutput::Persist(advance)) if advance.cursor == 2));
}
