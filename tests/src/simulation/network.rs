//! The network: links of two byte streams, on which bytes are late, cut and held up, in order.

use std::collections::VecDeque;

use canbao_core::sync::device::DeviceSession;

use super::dice::Dice;
use super::hub_session::HubEnd;

/// The number of a link; never used twice.
pub(crate) type LinkId = u64;

/// One end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Device,
    Hub,
}

/// What is on its way to an end.
#[derive(Debug)]
pub(crate) enum Parcel {
    Bytes(Vec<u8>),
    /// The other end is gone.
    Gone,
}

/// A connection of a device with the centre.
pub(crate) struct Link {
    /// The place of the device among all.
    pub(crate) device: usize,
    /// None once the device's process or session has ended.
    pub(crate) device_end: Option<DeviceSession>,
    /// None once the centre's process or session has ended.
    pub(crate) hub_end: Option<HubEnd>,
    pub(crate) to_device: Lane,
    pub(crate) to_hub: Lane,
    pub(crate) welcomed: bool,
    /// Nothing travels any more.
    pub(crate) cut: bool,
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// What is under way; it arrives in this order.
    pub(crate) parcels: VecDeque<Parcel>,
    /// When the last of it arrives.
    pub(crate) last_arrival: u64,
}

impl Link {
    pub(crate) fn lane(&mut self, to: End) -> &mut Lane {
        match to {
            End::Device => &mut self.to_device,
            End::Hub => &mut self.to_hub,
        }
    }
}

impl Lane {
    /// Puts a parcel on its way; gives the time of its arrival.
    pub(crate) fn send(&mut self, parcel: Parcel, not_before: u64, dice: &mut Dice) -> u64 {
        let delay = match dice.below(20) {
            0 => dice.between(500, 6_000),
            1..=4 => dice.between(50, 500),
            _ => dice.between(2, 50),
        };
        self.last_arrival = self.last_arrival.max(not_before + delay);
        self.parcels.push_back(parcel);
        self.last_arrival
    }

    /// Loses what is under way, but for some bytes of the first parcel.
    pub(crate) fn tear(&mut self, dice: &mut Dice) {
        let first = self.parcels.pop_front();
        self.parcels.clear();
        if let Some(Parcel::Bytes(mut bytes)) = first {
            let kept = dice.place(bytes.len() + 1).unwrap_or(0);
            bytes.truncate(kept);
            if !bytes.is_empty() {
                self.parcels.push_back(Parcel::Bytes(bytes));
            }
        }
    }
}

/// A frame as it may fall into pieces.
pub(crate) fn pieces(frame: &[u8], dice: &mut Dice) -> Vec<Vec<u8>> {
    if frame.len() < 2 || !dice.percent(15) {
        return vec![frame.to_vec()];
    }
    let at = dice.place(frame.len() - 1).unwrap_or(0) + 1;
    let (first, second) = frame.split_at(at);
    vec![first.to_vec(), second.to_vec()]
}
