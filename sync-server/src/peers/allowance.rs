//! How often somebody may try something within a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long tries are counted.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Counts the tries of each, of so many at most; more are refused until some are forgotten.
pub(super) struct Allowance<K> {
    tries: HashMap<K, (Instant, u32)>,
    /// How many tries each has within [`WINDOW`].
    each: u32,
    /// How many are counted.
    most: usize,
}

impl<K: Hash + Eq> Allowance<K> {
    pub(super) fn new(each: u32, most: usize) -> Self {
        Self {
            tries: HashMap::new(),
            each,
            most,
        }
    }

    /// Whether this one may try once more.
    pub(super) fn take(&mut self, who: K, now: Instant) -> bool {
        if self.tries.len() >= self.most && !self.tries.contains_key(&who) {
            self.tries
                .retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
            if self.tries.len() >= self.most {
                return false;
            }
        }
        let (since, tries) = self.tries.entry(who).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *tries) = (now, 0);
        }
        *tries += 1;
        *tries <= self.each
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_many_tries_a_window_and_another_has_its_own() {
        let mut allowance = Allowance::new(3, 10);
        let start = Instant::now();
        for _ in 0..3 {
            assert!(allowance.take("one", start));
        }
        assert!(!allowance.take("one", start));
        assert!(allowance.take("two", start));
        assert!(allowance.take("one", start + WINDOW));
    }

    #[test]
    fn how_many_are_counted_is_bounded() {
        let mut allowance = Allowance::new(3, 10);
        let start = Instant::now();
        for number in 0..10 {
            assert!(allowance.take(number, start));
        }
        assert!(!allowance.take(10, start));
        assert!(allowance.take(10, start + WINDOW));
    }
}
