//! How many sessions one device has: few, so that none takes the places of the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use canbao_core::signing::PublicKey;
use tokio::sync::watch;

/// The most sessions of one device. A device that dies again and again leaves sessions that are
/// not known dead yet: its next one takes the place of the oldest, for it has proven its key.
const EACH: usize = 8;

/// How long a displaced session may take to tell its device why it ends.
const TO_LEAVE: Duration = Duration::from_secs(1);

/// The sessions of each device that has any, the oldest first.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<HashMap<PublicKey, VecDeque<watch::Sender<bool>>>>,
}

/// A session's place, free again when it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    device: PublicKey,
    displaced: watch::Receiver<bool>,
}

impl Places {
    /// A place for one more session of this device, if need be its oldest one's.
    pub(super) fn take(self: &Arc<Self>, device: PublicKey) -> Place {
        let mut taken = self.lock();
        let sessions = taken.entry(device).or_default();
        if sessions.len() == EACH
            && let Some(oldest) = sessions.pop_front()
        {
            // Nobody hears it where the session ends at this moment.
            let _ = oldest.send(true);
        }
        let (displace, displaced) = watch::channel(false);
        sessions.push_back(displace);
        Place {
            places: Arc::clone(self),
            device,
            displaced,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PublicKey, VecDeque<watch::Sender<bool>>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Turns true when a newer session of the device takes this place.
    pub(super) fn displaced(&self) -> watch::Receiver<bool> {
        self.displaced.clone()
    }

    /// Returns when the place was taken and the session has had the time to leave by itself.
    pub(super) async fn overstayed(&mut self) {
        turns_true(Some(&mut self.displaced)).await;
        tokio::time::sleep(TO_LEAVE).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(sessions) = taken.get_mut(&self.device) {
            let is_this = |it: &watch::Sender<bool>| it.subscribe().same_channel(&self.displaced);
            sessions.retain(|it| !is_this(it));
            if sessions.is_empty() {
                taken.remove(&self.device);
            }
        }
    }
}

/// Returns when the value turns true: never where there is none to do so.
pub(super) async fn turns_true(value: Option<&mut watch::Receiver<bool>>) {
    if let Some(value) = value
        && value.wait_for(|it| *it).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_so_many_sessions_of_which_the_oldest_gives_way_and_another_has_its_own() {
        let places = Arc::new(Places::default());
        let (one, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        let displaced = |held: &[Place]| -> Vec<bool> {
            let all = held.iter();
            all.map(|it| *it.displaced().borrow()).collect()
        };
        let mut held: Vec<Place> = (0..EACH).map(|_| places.take(one)).collect();
        let others = places.take(other);
        assert_eq!(displaced(&held), [false; EACH]);
        held.push(places.take(one));
        held.push(places.take(one));
        let mut expected = vec![true, true];
        expected.extend([false; EACH]);
        assert_eq!(displaced(&held), expected);
        assert!(!*others.displaced().borrow());
        // Who was displaced frees no place; who leaves does.
        drop(held.remove(0));
        drop(held.pop());
        held.push(places.take(one));
        assert_eq!(displaced(&held), expected[1..]);
        drop((held, others));
        assert!(places.lock().is_empty(), "nothing is kept of who is gone");
    }

    #[tokio::test]
    async fn a_displaced_session_has_some_time_to_leave() {
        let places = Arc::new(Places::default());
        let device = PublicKey([1; 32]);
        let mut oldest = places.take(device);
        let _later: Vec<Place> = (0..EACH).map(|_| places.take(device)).collect();
        let start = std::time::Instant::now();
        oldest.overstayed().await;
        assert!(start.elapsed() >= TO_LEAVE);
    }
}
