//! Whom the newest entries are for, kept in memory: every session asks after every commit, and a
//! busy centre has many of both.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use canbao_core::facts::Audience;

/// The most runs that are kept, but for those of the newest commit.
const KEPT: usize = 2_048;

/// Entries that follow each other and are for one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    audience: Audience,
    positions: Range<u64>,
}

/// Whom the entries of a commit are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group(Vec<Run>);

/// Whom the newest entries of the log are for, up to its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recent {
    /// Everything from here on is known.
    from: u64,
    groups: VecDeque<Arc<[Run]>>,
}

impl Group {
    /// The group's next entry.
    pub(super) fn push(&mut self, position: u64, audiences: &[Audience]) {
        for audience in audiences {
            match self.0.last_mut() {
                Some(run) if run.audience == *audience && run.positions.end == position => {
                    run.positions.end += 1;
                }
                Some(_) | None => self.0.push(Run {
                    audience: *audience,
                    positions: position..position + 1,
                }),
            }
        }
    }
}

impl Recent {
    /// At a head before which nothing is known.
    pub(super) fn at(head: u64) -> Self {
        Self {
            from: head,
            groups: VecDeque::new(),
        }
    }

    /// With the entries of one more commit, which brought the head to `head`; the oldest are
    /// forgotten.
    pub(super) fn and(&self, group: Group, head: u64) -> Self {
        let mut after = self.clone();
        let mut runs: usize = after.groups.iter().map(|it| it.len()).sum();
        while runs > KEPT
            && let Some(oldest) = after.groups.pop_front()
        {
            runs -= oldest.len();
            let first = after.groups.front().and_then(|it| it.first());
            after.from = first.map_or(head, |it| it.positions.start);
        }
        if after.groups.is_empty() {
            let first = group.0.first().map(|it| it.positions.start);
            after.from = after.from.min(first.unwrap_or(head));
        }
        after.groups.push_back(group.0.into());
        after
    }

    /// The positions of a range that any of these audiences sees, in order; none where it begins
    /// before what is known.
    pub(super) fn positions(
        &self,
        audiences: &[Audience],
        range: &Range<u64>,
    ) -> Option<BTreeSet<u64>> {
        if range.start < self.from {
            return None;
        }
        // A scope lists its audiences in order; an agency has thousands.
        let in_order = audiences.is_sorted();
        let sees = |audience: &Audience| match in_order {
            true => audiences.binary_search(audience).is_ok(),
            false => audiences.contains(audience),
        };
        let runs = self.groups.iter().rev().take_while(|group| {
            let last = group.last();
            last.is_some_and(|it| it.positions.end > range.start)
        });
        let runs = runs.flat_map(|group| group.iter());
        let within = runs
            .filter(|run| run.positions.end > range.start && run.positions.start < range.end)
            .filter(|run| sees(&run.audience))
            .flat_map(|run| run.positions.start.max(range.start)..run.positions.end.min(range.end));
        Some(within.collect())
    }
}

#[cfg(test)]
mod tests {
    use canbao_core::ids::UnitId;

    use super::*;

    fn unit(number: u8) -> Audience {
        Audience::Unit(UnitId([number; 16]))
    }

    /// Commits of so many entries each, for the units 0, 1, 2 in turn, from position 100 on.
    fn committed(commits: &[u64]) -> (Recent, u64) {
        commits
            .iter()
            .fold((Recent::at(100), 100), |(recent, start), entries| {
                let mut group = Group::default();
                let head = start + entries;
                for position in start..head {
                    group.push(position, &[unit((position % 3) as u8), Audience::Centre]);
                }
                (recent.and(group, head), head)
            })
    }

    fn check(recent: &Recent, audiences: &[Audience], range: Range<u64>, expected: Option<&[u64]>) {
        let found = recent.positions(audiences, &range);
        let found = found.map(|it| it.into_iter().collect::<Vec<u64>>());
        assert_eq!(found.as_deref(), expected, "{range:?}");
    }

    #[test]
    fn what_is_known_is_found_by_its_audience_within_the_range() {
        let (recent, head) = committed(&[4, 1, 4]);
        assert_eq!(head, 109);
        check(&recent, &[unit(0)], 100..109, Some(&[102, 105, 108]));
        check(&recent, &[unit(0)], 103..108, Some(&[105]));
        check(&recent, &[unit(2), unit(0)], 104..107, Some(&[104, 105]));
        check(&recent, &[unit(7)], 100..109, Some(&[]));
        check(&recent, &[unit(0)], 99..109, None);
    }

    #[test]
    fn an_entry_for_two_audiences_is_found_once() {
        let (recent, _) = committed(&[3]);
        let both = [unit(0), Audience::Centre];
        check(&recent, &both, 100..103, Some(&[100, 101, 102]));
    }

    #[test]
    fn the_oldest_commits_are_forgotten_whole_and_never_the_newest() {
        let (recent, _) = committed(&[3_000]);
        check(&recent, &[unit(0)], 3_098..3_100, Some(&[3_099]));
        let (recent, _) = committed(&[3_000, 3]);
        check(&recent, &[unit(0)], 3_099..3_103, None);
        check(&recent, &[unit(0)], 3_100..3_103, Some(&[3_102]));
    }

    #[test]
    fn entries_in_a_row_for_one_audience_are_one_run() {
        let mut group = Group::default();
        for position in 0..10_000 {
            group.push(position, &[unit(1)]);
        }
        assert_eq!(group.0.len(), 1);
    }
}
