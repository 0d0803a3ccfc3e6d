//! When to try again after a failed or cut session.

const FIRST: u64 = 500;
const LONGEST: u64 = 60_000;

/// Milliseconds to wait before attempt number `attempt` (0 is the first one after a failure).
///
/// The wait doubles from half a second to a minute. `seed` (anything that differs between
/// devices) takes up to half of it away, so that an office whose uplink returns does not knock
/// with all its devices at once. Whoever drives a session starts again from 0 when the network
/// came back or a session was welcomed; no local write ever changes the wait.
#[must_use]
pub fn retry_after(attempt: u32, seed: u64) -> u64 {
    let full = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    full - spread(seed.wrapping_add(u64::from(attempt))) % (full / 2 + 1)
}

/// The finaliser of SplitMix64: neighbouring seeds give unrelated numbers.
fn spread(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_half_a_second_to_a_minute_and_differ_between_devices() {
        for seed in 0..200 {
            for attempt in [0, 1, 5, 7, 30, u32::MAX] {
                let full = (500_u64 << attempt.min(16)).min(60_000);
                let wait = retry_after(attempt, seed);
                assert!(
                    wait >= full / 2 && wait <= full,
                    "attempt {attempt}: {wait}"
                );
            }
        }
        assert_ne!(retry_after(7, 1), retry_after(7, 2));
    }
}
