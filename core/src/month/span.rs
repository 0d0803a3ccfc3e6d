//! Spans of months, both ends included: ranges, payable intervals, gaps (MON-1, MON-2, MON-5).

use std::fmt;

use minicbor::{Decode, Decoder, Encode, decode};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Month, MonthProblem};

/// Months from `first` to `last`, both included, never empty: the months of a wage, for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Serialize)]
pub struct MonthRange {
    #[n(0)]
    first: Month,
    #[n(1)]
    last: Month,
}

impl MonthRange {
    /// The months from `first` to `last`.
    ///
    /// # Errors
    /// [`MonthProblem::EndsBeforeStart`].
    pub fn new(first: Month, last: Month) -> Result<Self, MonthProblem> {
        if last < first {
            return Err(MonthProblem::EndsBeforeStart { first, last });
        }
        Ok(Self { first, last })
    }

    /// The first month of it.
    #[must_use]
    pub fn first(self) -> Month {
        self.first
    }

    /// The last month of it.
    #[must_use]
    pub fn last(self) -> Month {
        self.last
    }

    /// How many months it has, at least one.
    #[must_use]
    pub fn count(self) -> u32 {
        self.first.months_until(self.last).unsigned_abs() + 1
    }

    /// Whether the month lies in it.
    #[must_use]
    pub fn contains(self, month: Month) -> bool {
        self.first <= month && month <= self.last
    }

    /// Whether the two share a month.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Its months in order.
    pub fn months(self) -> impl DoubleEndedIterator<Item = Month> + Clone {
        self.first.through(self.last)
    }
}

impl fmt::Display for MonthRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.first, self.last)
    }
}

#[derive(Decode, Deserialize)]
struct UncheckedRange {
    #[n(0)]
    first: Month,
    #[n(1)]
    last: Month,
}

impl<'b, C> Decode<'b, C> for MonthRange {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let range = UncheckedRange::decode(d, context)?;
        Self::new(range.first, range.last).map_err(decode::Error::message)
    }
}

impl<'de> Deserialize<'de> for MonthRange {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let range = UncheckedRange::deserialize(d)?;
        Self::new(range.first, range.last).map_err(de::Error::custom)
    }
}

/// Months a person is payable in one unit, both ends included. One that stops before it starts
/// holds no month; [`Interval::new`] and the store refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Serialize)]
pub struct Interval {
    /// The first payable month.
    #[n(0)]
    pub start: Month,
    /// The last payable month; none while the person is still paying.
    #[n(1)]
    pub stop: Option<Month>,
}

impl Interval {
    /// The interval that an enrolment or a resumption opens at its first payable month (MON-2).
    #[must_use]
    pub fn opening(start: Month) -> Self {
        Self { start, stop: None }
    }

    /// The interval from its first payable month to its last.
    ///
    /// # Errors
    /// [`MonthProblem::EndsBeforeStart`].
    pub fn new(start: Month, stop: Option<Month>) -> Result<Self, MonthProblem> {
        match stop {
            Some(last) if last < start => Err(MonthProblem::EndsBeforeStart { first: start, last }),
            Some(_) | None => Ok(Self { start, stop }),
        }
    }

    /// This interval with an interruption's month as its last payable one (MON-1).
    ///
    /// # Errors
    /// [`MonthProblem::EndsBeforeStart`]: what never led to a payment is voided (SIL-2).
    pub fn closing(self, stop: Month) -> Result<Self, MonthProblem> {
        Self::new(self.start, Some(stop))
    }

    /// Whether the month is payable by this interval.
    #[must_use]
    pub fn contains(self, month: Month) -> bool {
        self.start <= month && month <= self.end()
    }

    /// Whether the two share a payable month.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end() && other.start <= self.end()
    }

    /// Its payable months up to `last`.
    pub fn months_up_to(self, last: Month) -> impl DoubleEndedIterator<Item = Month> + Clone {
        self.start.through(last.min(self.end()))
    }

    fn end(self) -> Month {
        self.stop.unwrap_or(Month::MAX)
    }
}

#[derive(Decode, Deserialize)]
struct UncheckedInterval {
    #[n(0)]
    start: Month,
    #[n(1)]
    stop: Option<Month>,
}

impl<'b, C> Decode<'b, C> for Interval {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        let interval = UncheckedInterval::decode(d, context)?;
        Self::new(interval.start, interval.stop).map_err(decode::Error::message)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let interval = UncheckedInterval::deserialize(d)?;
        Self::new(interval.start, interval.stop).map_err(de::Error::custom)
    }
}

/// What a resumption's first payable month means after the last one paid (MON-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// The month is already payable: the resumption would make it double.
    DoubleMonth,
    /// Nothing lies between.
    Adjoining,
    /// These months stay unpaid; back-payment is offered for them.
    Gap(MonthRange),
}

impl Resumption {
    /// Judges a resumption at `start` after an interval whose last payable month is `last_stop`.
    #[must_use]
    pub fn judge(last_stop: Month, start: Month) -> Self {
        if start <= last_stop {
            return Self::DoubleMonth;
        }
        match (last_stop.next(), start.previous()) {
            (Some(first), Some(last)) if first <= last => Self::Gap(MonthRange { first, last }),
            _ => Self::Adjoining,
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

    #[test]
    fn a_resumption_is_double_adjoining_or_leaves_a_gap() {
        let check = |start: &str, expected| {
            assert_eq!(
                Resumption::judge(month("2022-01"), month(start)),
                expected,
                "{start}"
            );
        };
        check("2021-12", Resumption::DoubleMonth);
        check("2022-01", Resumption::DoubleMonth);
        check("2022-02", Resumption::Adjoining);
        let gap =
            |first, last| Resumption::Gap(MonthRange::new(month(first), month(last)).unwrap());
        check("2022-03", gap("2022-02", "2022-02"));
        check("2022-06", gap("2022-02", "2022-05"));
    }

    #[test]
    fn stored_spans_that_end_before_they_start_are_refused() {
        let january = month("2022-01");
        let range = MonthRange::new(january, month("2022-12")).unwrap();
        let bytes = minicbor::to_vec(range).unwrap();
        assert_eq!(minicbor::decode::<MonthRange>(&bytes).unwrap(), range);
        let backwards = minicbor::to_vec((202_212_u32, 202_201_u32)).unwrap();
        assert!(minicbor::decode::<MonthRange>(&backwards).is_err());
        assert!(minicbor::decode::<Interval>(&backwards).is_err());
        let open = Interval::opening(january);
        let bytes = minicbor::to_vec(open).unwrap();
        assert_eq!(minicbor::decode::<Interval>(&bytes).unwrap(), open);
    }

    #[derive(Deserialize)]
    struct Case {
        person: String,
        start: Month,
        stop: Option<Month>,
        payable: Vec<Month>,
        not_payable: Vec<Month>,
    }

    #[test]
    fn an_interval_holds_its_first_and_its_last_month() {
        #[derive(Deserialize)]
        struct Cases {
            interval: Vec<Case>,
        }
        let cases: Cases = toml::from_str(include_str!("../../cases/months.toml")).unwrap();
        for case in cases.interval {
            let opened = Interval::opening(case.start);
            let interval = case
                .stop
                .map_or(Ok(opened), |stop| opened.closing(stop))
                .unwrap();
            for month in case.payable {
                assert!(interval.contains(month), "{} pays {month}", case.person);
            }
            for month in case.not_payable {
                assert!(
                    !interval.contains(month),
                    "{} does not pay {month}",
                    case.person
                );
            }
        }
    }

    fn any_month() -> impl Strategy<Value = Month> {
        (2020_i16..2024, 1_i8..=12).prop_map(|(year, month)| Month::new(year, month).unwrap())
    }

    fn any_interval() -> impl Strategy<Value = Interval> {
        (any_month(), prop::option::of(0..20_i32)).prop_map(|(start, length)| {
            let stop = length.map(|length| start.plus(length).unwrap());
            Interval::new(start, stop).unwrap()
        })
    }

    proptest! {
        #[test]
        fn payable_months_are_the_union_of_closed_intervals(
            intervals in prop::collection::vec(any_interval(), 0..5),
        ) {
            let last = month("2026-12");
            let union: std::collections::BTreeSet<Month> =
                intervals.iter().flat_map(|interval| interval.months_up_to(last)).collect();
            for asked in month("2019-01").through(last) {
                let payable = intervals.iter().any(|interval| {
                    interval.start <= asked && interval.stop.is_none_or(|stop| asked <= stop)
                });
                prop_assert_eq!(union.contains(&asked), payable);
                prop_assert_eq!(intervals.iter().any(|i| i.contains(asked)), payable);
            }
        }

        #[test]
        fn intervals_overlap_where_they_share_a_month(a in any_interval(), b in any_interval()) {
            let shared = a.months_up_to(month("2030-12")).any(|asked| b.contains(asked));
            prop_assert_eq!(a.overlaps(b), shared);
            prop_assert_eq!(b.overlaps(a), shared);
        }
    }
}
