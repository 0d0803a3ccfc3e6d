//! 人员增减: what opened and closed a person's payable months in a unit, and the intervals that
//! follow (section 3 of the requirements).

use crate::ids::{Position, StatementId};
use crate::month::{Interval, Month};

/// One movement of a person into or out of a unit's payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// The approved submission; none for what the centre loaded.
    pub submission: Option<StatementId>,
    /// Where it took effect.
    pub position: Position,
    /// What it did.
    pub turn: Turn,
    /// The submission that did it again with other months (MON-3): both stay in the history,
    /// the other one counts.
    pub redone_by: Option<StatementId>,
}

/// What a movement does to the payable months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// 增员: an interval opens at this month, the first payable one (MON-2).
    In(Month),
    /// 减员: the open interval closes at this month, the last payable one (MON-1).
    Out {
        /// The last payable month.
        month: Month,
        /// 终止 rather than 暂停 (STA-3).
        terminated: bool,
    },
    /// 作废: the enrolment whose place it takes never led to a payment, and opens no month
    /// (SIL-2). The month is the enrolment's own.
    Void(Month),
}

/// Why a movement does not fit those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// An interval is open already, since this month.
    Open(Month),
    /// No interval is open that could close.
    NotOpen,
    /// The interval would close before it opens.
    BeforeStart(Month),
    /// The interval would open at or before the last payable month of the one before (MON-5).
    Double {
        /// The first payable month of the later one.
        start: Month,
        /// The last payable month of the earlier one.
        stop: Month,
    },
    /// The movement to be redone is not there, or was redone before.
    NothingToRedo,
}

/// The intervals of movements in their order; those that were redone do not count.
///
/// # Errors
/// The first [`Clash`].
pub(super) fn intervals<'a>(
    movements: impl IntoIterator<Item = &'a Movement>,
) -> Result<Vec<Interval>, Clash> {
    let mut intervals = Vec::new();
    let counting = movements.into_iter().filter(|it| it.redone_by.is_none());
    for movement in counting {
        take(&mut intervals, movement.turn)?;
    }
    Ok(intervals)
}

/// The movements after one more, which stands at the end or in the place of the one it redoes:
/// it is judged as if that one had not happened (MON-3).
///
/// # Errors
/// The [`Clash`] with another movement.
pub fn with_movement(
    movements: &[Movement],
    movement: Movement,
    redoes: Option<StatementId>,
) -> Result<(Vec<Movement>, Vec<Interval>), Clash> {
    let mut after = movements.to_vec();
    match redoes {
        None => after.push(movement),
        Some(redone) => {
            let place = after
                .iter()
                .position(|it| it.submission == Some(redone) && it.redone_by.is_none())
                .filter(|place| movement.turn.may_redo(after[*place].turn))
                .ok_or(Clash::NothingToRedo)?;
            after[place].redone_by = movement.submission;
            after.insert(place + 1, movement);
        }
    }
    let intervals = intervals(&after)?;
    Ok((after, intervals))
}

fn take(intervals: &mut Vec<Interval>, turn: Turn) -> Result<(), Clash> {
    let last = intervals.last_mut();
    match (turn, last) {
        (Turn::In(start), None) => intervals.push(Interval::opening(start)),
        (Turn::In(start), Some(last)) => match last.stop {
            None => return Err(Clash::Open(last.start)),
            Some(stop) if start <= stop => return Err(Clash::Double { start, stop }),
            Some(_) => intervals.push(Interval::opening(start)),
        },
        (Turn::Out { month, .. }, Some(last)) if last.stop.is_none() => {
            *last = last
                .closing(month)
                .map_err(|_| Clash::BeforeStart(last.start))?;
        }
        (Turn::Out { .. }, _) => return Err(Clash::NotOpen),
        (Turn::Void(_), _) => {}
    }
    Ok(())
}

impl Turn {
    /// The change month (变更时间).
    #[must_use]
    pub fn month(self) -> Month {
        match self {
            Self::In(month) | Self::Out { month, .. } | Self::Void(month) => month,
        }
    }

    /// Whether it ends the insurance for good (STA-3).
    #[must_use]
    pub fn terminates(self) -> bool {
        matches!(
            self,
            Self::Out {
                terminated: true,
                ..
            }
        )
    }

    /// Whether it may take the place of the other: an interruption redoes an interruption, and
    /// what is void takes the place of an entry.
    fn may_redo(self, other: Self) -> bool {
        match (self, other) {
            (Self::In(_) | Self::Void(_), Self::In(_)) | (Self::Out { .. }, Self::Out { .. }) => {
                true
            }
            (Self::In(_) | Self::Void(_) | Self::Out { .. }, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn submission(number: u8) -> StatementId {
        StatementId([number; 32])
    }

    fn movement(number: u8, turn: Turn) -> Movement {
        Movement {
            submission: Some(submission(number)),
            position: Position(u64::from(number)),
            turn,
            redone_by: None,
        }
    }

    fn enters(text: &str) -> Turn {
        Turn::In(month(text))
    }

    fn leaves(text: &str) -> Turn {
        Turn::Out {
            month: month(text),
            terminated: false,
        }
    }

    /// Carries out the turns in order, each redoing the one numbered, from 1.
    fn run(turns: &[(Turn, Option<u8>)]) -> Result<String, Clash> {
        let mut movements = Vec::new();
        let mut shown = String::new();
        for ((turn, redoes), number) in turns.iter().zip(1..) {
            let redoes = redoes.map(submission);
            let (after, intervals) = with_movement(&movements, movement(number, *turn), redoes)?;
            movements = after;
            let texts: Vec<String> = intervals
                .iter()
                .map(|it| {
                    format!(
                        "{}..{}",
                        it.start,
                        it.stop.map_or_else(String::new, |it| it.to_string())
                    )
                })
                .collect();
            shown = texts.join(" ");
        }
        Ok(shown)
    }

    #[test]
    fn movements_make_intervals_or_clash_by_name() {
        let check = |turns: &[Turn], expected: Result<&str, Clash>| {
            let turns: Vec<_> = turns.iter().map(|it| (*it, None)).collect();
            assert_eq!(run(&turns), expected.map(str::to_owned), "{turns:?}");
        };
        let (start, stop) = (month("2021-07"), month("2022-01"));
        check(&[enters("2021-07")], Ok("2021-07.."));
        check(
            &[enters("2021-07"), leaves("2022-01")],
            Ok("2021-07..2022-01"),
        );
        check(
            &[enters("2021-07"), leaves("2022-01"), enters("2022-03")],
            Ok("2021-07..2022-01 2022-03.."),
        );
        check(
            &[enters("2021-07"), leaves("2022-01"), enters("2022-01")],
            Err(Clash::Double { start: stop, stop }),
        );
        check(
            &[enters("2021-07"), enters("2022-03")],
            Err(Clash::Open(start)),
        );
        check(
            &[enters("2021-07"), leaves("2021-06")],
            Err(Clash::BeforeStart(start)),
        );
        check(&[leaves("2021-06")], Err(Clash::NotOpen));
        check(
            &[enters("2021-07"), leaves("2022-01"), leaves("2022-02")],
            Err(Clash::NotOpen),
        );
    }

    #[test]
    fn a_redo_is_judged_as_if_what_it_redoes_had_not_happened() {
        let check = |turns: &[(Turn, Option<u8>)], expected: Result<&str, Clash>| {
            assert_eq!(run(turns), expected.map(str::to_owned), "{turns:?}");
        };
        let stopped = [(enters("2021-07"), None), (leaves("2022-02"), None)];
        let then = |turn, redoes| [&stopped[..], &[(turn, Some(redoes))]].concat();
        check(&then(leaves("2022-01"), 2), Ok("2021-07..2022-01"));
        check(&then(leaves("2022-05"), 2), Ok("2021-07..2022-05"));
        check(&then(enters("2021-08"), 1), Ok("2021-08..2022-02"));
        check(
            &then(enters("2022-03"), 1),
            Err(Clash::BeforeStart(month("2022-03"))),
        );
        // An interruption redoes an interruption, and what is there, and once.
        check(&then(enters("2022-03"), 2), Err(Clash::NothingToRedo));
        check(&then(leaves("2022-01"), 9), Err(Clash::NothingToRedo));
        let twice = [
            &then(leaves("2022-01"), 2)[..],
            &[(leaves("2021-12"), Some(2))],
        ]
        .concat();
        check(&twice, Err(Clash::NothingToRedo));
        let chained = [
            &then(leaves("2022-01"), 2)[..],
            &[(leaves("2021-12"), Some(3))],
        ]
        .concat();
        check(&chained, Ok("2021-07..2021-12"));
        // What came after stays, and must still fit.
        let resumed = [&stopped[..], &[(enters("2022-04"), None)]].concat();
        let redone = |text| [&resumed[..], &[(leaves(text), Some(2))]].concat();
        check(&redone("2022-01"), Ok("2021-07..2022-01 2022-04.."));
        check(
            &redone("2022-04"),
            Err(Clash::Double {
                start: month("2022-04"),
                stop: month("2022-04"),
            }),
        );
    }

    proptest! {
        #[test]
        fn intervals_are_closed_in_order_and_share_no_month(
            turns in prop::collection::vec((any::<bool>(), 0..24_i32, prop::option::of(1..12_u8)), 0..12),
        ) {
            let mut movements = Vec::new();
            for ((enters, months, redoes), number) in turns.into_iter().zip(1..) {
                let month = month("2021-01").plus(months).unwrap();
                let turn = if enters { Turn::In(month) } else { Turn::Out { month, terminated: false } };
                if let Ok((after, _)) = with_movement(&movements, movement(number, turn), redoes.map(submission)) {
                    prop_assert_eq!(after.len(), movements.len() + 1, "both stay in the history");
                    movements = after;
                }
            }
            let intervals = intervals(&movements).unwrap();
            for pair in intervals.windows(2) {
                prop_assert!(!pair[0].overlaps(pair[1]));
                prop_assert!(pair[0].stop.is_some_and(|stop| stop < pair[1].start));
            }
            for interval in intervals {
                prop_assert!(interval.stop.is_none_or(|stop| interval.start <= stop));
            }
        }
    }
}
