//! Peers that send anything.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// No bytes at all make either side panic, and what a side holds stays bounded.
    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        welcomed in any::<bool>(),
    ) {
        let mut device = greeted_device(welcomed);
        device.handle(1, DeviceInput::Received(bytes.clone()));
        while let Some(output) = device.poll() {
            if is_durable(&output) {
                device.handle(1, DeviceInput::Persisted);
            }
        }
        let mut hub = greeted_hub(welcomed);
        hub.handle(1, HubInput::Received(bytes));
        while hub.poll().is_some() {}
    }

    /// The same for well-framed messages whose bodies are anything.
    #[test]
    fn any_message_is_survived(kind in 0_u8..24, body in prop::collection::vec(any::<u8>(), 0..200)) {
        let message = [&[0x82, kind][..], &body].concat();
        let frames = frame::encode(&message).unwrap().concat();
        let mut device = greeted_device(true);
        device.handle(1, DeviceInput::Received(frames.clone()));
        while device.poll().is_some() {}
        let mut hub = greeted_hub(true);
        hub.handle(1, HubInput::Received(frames));
        while hub.poll().is_some() {}
    }
}
