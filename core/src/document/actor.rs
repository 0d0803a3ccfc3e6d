//! Who makes changes, and a change just made.

use crate::ids::DeviceId;

use super::batch::Chunk;

/// Who makes changes: the device and fresh randomness, chosen at the first edit after each
/// opening of the store, so that a restored backup never writes twice under one actor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActorId(pub Vec<u8>);

impl ActorId {
    /// The actor of a device with this randomness.
    #[must_use]
    pub fn new(device: DeviceId, random: [u8; 8]) -> Self {
        Self([&device.0[..], &random[..]].concat())
    }

    /// The device that it names; `None` where it does not have the form of an actor.
    #[must_use]
    pub fn device(&self) -> Option<DeviceId> {
        let (device, random) = self.0.split_at_checked(16)?;
        (random.len() == 8).then_some(())?;
        device.try_into().ok().map(DeviceId)
    }
}

/// A change just made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Its actor.
    pub actor: ActorId,
    /// Its sequence number.
    pub seq: u64,
    /// Its bytes.
    pub chunk: Chunk,
}
