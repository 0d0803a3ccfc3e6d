//! Silence, offers that wait, and devices that do not.

use super::*;

#[test]
fn a_silent_peer_is_asked_and_then_left() {
    let mut device = greeted_device(true);
    device.handle(PING_AFTER, DeviceInput::Tick);
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::Send(bytes_of(&Message::Ping)))
    );
    assert_eq!(device.poll(), Some(DeviceOutput::WakeAt(DEVICE_SILENCE)));
    device.handle(
        PING_AFTER + 5,
        DeviceInput::Received(bytes_of(&Message::Pong)),
    );
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::WakeAt(2 * PING_AFTER + 5))
    );
    device.handle(PING_AFTER + 5 + DEVICE_SILENCE, DeviceInput::Tick);
    assert_eq!(
        device.poll(),
        Some(DeviceOutput::Close(CloseReason::Silent))
    );

    for (welcomed, limit) in [(false, HELLO_WITHIN), (true, HUB_SILENCE)] {
        let mut hub = greeted_hub(welcomed);
        hub.handle(limit - 1, HubInput::Tick);
        assert_eq!(hub.poll(), None);
        hub.handle(limit, HubInput::Tick);
        assert_eq!(hub.poll(), Some(HubOutput::Close(CloseReason::Silent)));
    }
}

#[test]
fn an_unanswered_offer_is_made_again_later_and_later() {
    let mut device = greeted_device(true);
    device.handle(0, DeviceInput::OutboxGrew);
    drain_device(&mut device);
    let content = Item::Statement(vec![2]);
    let outgoing = Outgoing {
        sequence: 0,
        item: ItemId([1; 32]),
        content,
    };
    device.handle(0, DeviceInput::Outbox(vec![outgoing]));
    drain_device(&mut device);
    let mut offered_at = Vec::new();
    for second in 0..300 {
        let now = second * 1_000;
        device.handle(now, DeviceInput::Received(bytes_of(&Message::Pong)));
        device.handle(now, DeviceInput::Tick);
        let outputs = drain_device(&mut device);
        if outputs
            .iter()
            .any(|output| matches!(output, DeviceOutput::Send(_)))
        {
            offered_at.push(second);
        }
    }
    assert_eq!(offered_at, [30, 90, 210]);
}

#[test]
fn a_device_that_ignores_the_window_is_closed() {
    let mut hub = greeted_hub(true);
    for number in 0..=WINDOW_ITEMS {
        let item = ItemId([u8::try_from(number).unwrap(); 32]);
        let offer = Offer {
            item,
            content: Item::Statement(vec![2]),
        };
        hub.handle(0, HubInput::Received(bytes_of(&Message::Offer(offer))));
        let outputs: Vec<_> = std::iter::from_fn(|| hub.poll()).collect();
        let close = HubOutput::Close(CloseReason::Violation(Violation::WindowExceeded));
        assert_eq!(outputs.contains(&close), number == WINDOW_ITEMS);
    }
}

#[test]
fn a_repeated_offer_in_hand_is_taken_in_once() {
    let mut centre = Centre::default();
    let mut hub = greeted_hub(true);
    let offer = Offer {
        item: ItemId([1; 32]),
        content: Item::Statement(vec![2]),
    };
    for _ in 0..3 {
        hub.handle(
            0,
            HubInput::Received(bytes_of(&Message::Offer(offer.clone()))),
        );
        while let Some(output) = hub.poll() {
            if let HubOutput::TakeIn { item, content } = output {
                centre.take_in(item, &content);
            }
        }
    }
    assert_eq!(centre.takes, 1);
}
