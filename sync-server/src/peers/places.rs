//! How many sessions one device has: few, so that none takes the places of the others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use canbao_core::signing::PublicKey;

/// The most sessions of one device: an old one that is not known dead yet, and a new one, and
/// the command line's beside the desktop's.
const EACH: u32 = 8;

/// The sessions of each device that has any.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<HashMap<PublicKey, u32>>,
}

/// A session's place, free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    device: PublicKey,
}

impl Places {
    /// A place for one more session of this device.
    pub(super) fn take(self: &Arc<Self>, device: PublicKey) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(device).or_insert(0);
        if *count >= EACH {
            return None;
        }
        *count += 1;
        Some(Place {
            places: Arc::clone(self),
            device,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self
            .places
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = taken.entry(self.device) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_so_many_sessions_and_another_has_its_own() {
        let places = Arc::new(Places::default());
        let (one, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let mut held: Vec<Place> = (0..EACH).map(|_| places.take(one).unwrap()).collect();
        assert!(places.take(one).is_none());
        assert!(places.take(other).is_some());
        held.pop();
        assert!(places.take(one).is_some());
        drop(held);
        assert!(
            places.taken.lock().unwrap().is_empty(),
            "nothing is kept of who is gone"
        );
    }
}
