//! Which entries an audience sees, by the index that lists them.
//!
//! A posting's records stand in one run behind the fact that they were taken, and the index lists
//! the run once: a key for each of a million records would be half of the work of recording them.

use std::ops::{Bound, Range};

use canbao_core::facts::{Audience, MAX_POSTING_LINES};
use canbao_core::store::Store;

use super::answer::Unavailable;
use super::places;

/// The next positions of a range that an audience sees, in order, at most `limit`.
pub(super) fn positions(
    store: &Store,
    audience: &Audience,
    range: Range<u64>,
    limit: usize,
) -> Result<Vec<u64>, Unavailable> {
    // A run is listed under its last position, which may lie behind the range.
    let longest = MAX_POSTING_LINES as u64;
    let (view, from) = places::audience(audience, range.start);
    let (_, to) = places::audience(audience, range.end.saturating_add(longest));
    let listed = store.view_range(view, Bound::Included(&from), Bound::Included(&to), limit)?;
    let mut found = Vec::new();
    for (key, before) in listed {
        let Some(last) = key.last_chunk().map(|it| u64::from_be_bytes(*it)) else {
            continue;
        };
        let first = last.saturating_sub(places::number(&before).unwrap_or(0));
        let within = first.max(range.start)..range.end.min(last.saturating_add(1));
        found.extend(within.take(limit - found.len()));
        if found.len() == limit || last >= range.end {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use canbao_core::ids::UnitId;
    use canbao_core::store::{Commit, SealingKey};

    use super::*;

    const OURS: Audience = Audience::Unit(UnitId([7; 16]));
    const THEIRS: Audience = Audience::Unit(UnitId([8; 16]));

    /// A store that lists 3, the run 10 to 14, and 20 for us, and 15 for somebody else.
    fn check(range: Range<u64>, limit: usize, expected: &[u64]) {
        let directory = tempfile::tempdir().unwrap();
        let key = SealingKey::from_bytes([1; 32]);
        let store = Store::create(&directory.path().join("store"), &key).unwrap();
        let listed = [(OURS, 3, 0), (OURS, 14, 4), (THEIRS, 15, 0), (OURS, 20, 0)];
        let commit = listed
            .into_iter()
            .fold(Commit::new(), |commit, (audience, last, before)| {
                let ((view, key), value) = places::listing(&audience, last, before);
                commit.put(view, key, value)
            });
        store.commit(commit).unwrap();
        let found = positions(&store, &OURS, range.clone(), limit).unwrap();
        assert_eq!(found, expected, "{range:?}, at most {limit}");
    }

    #[test]
    fn a_run_is_seen_from_wherever_one_looks_and_no_further() {
        check(0..100, 100, &[3, 10, 11, 12, 13, 14, 20]);
        check(4..10, 100, &[]);
        check(4..11, 100, &[10]);
        check(12..14, 100, &[12, 13]);
        check(14..20, 100, &[14]);
        check(15..21, 100, &[20]);
    }

    #[test]
    fn no_more_is_found_than_is_asked_for_and_the_rest_from_there_on() {
        check(0..100, 1, &[3]);
        check(4..100, 3, &[10, 11, 12]);
        check(13..100, 3, &[13, 14, 20]);
    }
}
