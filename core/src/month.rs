//! A month, the unit of payment, and spans of months with both ends included (MON-1, MON-2).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::message::Message;

const FIRST_YEAR: i16 = 1900;
const LAST_YEAR: i16 = 2999;
const LAST_INDEX: u16 = ((LAST_YEAR - FIRST_YEAR) * 12 + 11).cast_unsigned();

/// A calendar month from 1900-01 to 2999-12.
///
/// Shown as `2022-01`; tax writes `202201`, which is also the stored integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since 1900-01.
    index: u16,
}

/// Why a text is not a month, or two months are not a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MonthProblem {
    /// Neither `2022-01` nor `202201`.
    #[error("not a month: write 2022-01")]
    NotAMonth,
    /// A month of the year below 1 or above 12.
    #[error("there is no month {0} in a year")]
    NoSuchMonth(i8),
    /// A year before 1900 or after 2999.
    #[error("the year {0} is out of range")]
    YearOutOfRange(i16),
    /// The last month lies before the first.
    #[error("{last} lies before {first}")]
    EndsBeforeStart {
        /// The first month.
        first: Month,
        /// The last month.
        last: Month,
    },
}

impl MonthProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAMonth => "month.not_a_month",
            Self::NoSuchMonth(_) => "month.no_such_month",
            Self::YearOutOfRange(_) => "month.year_out_of_range",
            Self::EndsBeforeStart { .. } => "month.ends_before_start",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::NotAMonth => message,
            Self::NoSuchMonth(month) => message.with("month", month),
            Self::YearOutOfRange(year) => message.with("year", year),
            Self::EndsBeforeStart { first, last } => {
                message.with("first", first).with("last", last)
            }
        }
    }
}

impl Month {
    /// The first month there is, 1900-01.
    pub const MIN: Self = Self { index: 0 };

    /// The last month there is, 2999-12.
    pub const MAX: Self = Self { index: LAST_INDEX };

    /// The month of a year, 1 to 12.
    ///
    /// # Errors
    /// [`MonthProblem::NoSuchMonth`] or [`MonthProblem::YearOutOfRange`].
    pub const fn new(year: i16, month: i8) -> Result<Self, MonthProblem> {
        if year < FIRST_YEAR || year > LAST_YEAR {
            return Err(MonthProblem::YearOutOfRange(year));
        }
        if month < 1 || month > 12 {
            return Err(MonthProblem::NoSuchMonth(month));
        }
        let index = (year - FIRST_YEAR) * 12 + (month as i16 - 1);
        Ok(Self {
            index: index.cast_unsigned(),
        })
    }

    /// The month a day lies in.
    ///
    /// # Errors
    /// [`MonthProblem::YearOutOfRange`].
    pub fn of(date: Date) -> Result<Self, MonthProblem> {
        Self::new(date.year(), date.month())
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i16 {
        FIRST_YEAR + (self.index / 12).cast_signed()
    }

    /// The month of the year, 1 to 12.
    #[must_use]
    pub const fn month(self) -> i8 {
        (self.index % 12) as i8 + 1
    }

    /// The form that tax uses, as `202201`.
    #[must_use]
    pub fn compact(self) -> String {
        self.number().to_string()
    }

    /// The first day of the month.
    #[must_use]
    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year(), self.month(), 1)
    }

    /// The last day of the month.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// The following month; none after 2999-12.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.plus(1)
    }

    /// The month before; none before 1900-01.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.plus(-1)
    }

    /// The month so many months later, or earlier where negative; none outside the range.
    #[must_use]
    pub fn plus(self, months: i32) -> Option<Self> {
        let index = i32::from(self.index).checked_add(months)?;
        let index = u16::try_from(index).ok()?;
        (index <= LAST_INDEX).then_some(Self { index })
    }

    /// How many months `later` comes after this one; negative where it comes before.
    #[must_use]
    pub fn months_until(self, later: Self) -> i32 {
        i32::from(later.index) - i32::from(self.index)
    }

    /// Every month from this one to `last`, both included; nothing where `last` lies before.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (self.index..=last.index).map(|index| Self { index })
    }

    fn number(self) -> u32 {
        u32::from(self.year().unsigned_abs()) * 100 + u32::from(self.month().unsigned_abs())
    }

    fn from_number(number: u32) -> Result<Self, MonthProblem> {
        let year = i16::try_from(number / 100).map_err(|_| MonthProblem::NotAMonth)?;
        let month = i8::try_from(number % 100).expect("below a hundred");
        Self::new(year, month)
    }
}

impl FromStr for Month {
    type Err = MonthProblem;

    /// Reads `2022-01`, or `202201` as tax writes it.
    fn from_str(text: &str) -> Result<Self, MonthProblem> {
        let (year, month) = match text.len() {
            7 => text.split_once('-').ok_or(MonthProblem::NotAMonth)?,
            6 => text.split_at_checked(4).ok_or(MonthProblem::NotAMonth)?,
            _ => return Err(MonthProblem::NotAMonth),
        };
        let digits = |part: &str, count| {
            part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(year, 4) || !digits(month, 2) {
            return Err(MonthProblem::NotAMonth);
        }
        let year = year.parse().map_err(|_| MonthProblem::NotAMonth)?;
        let month = month.parse().map_err(|_| MonthProblem::NotAMonth)?;
        Self::new(year, month)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year(), self.month()))
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<C> Encode<C> for Month {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u32(self.number())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Month {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::from_number(d.u32()?).map_err(decode::Error::message)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

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
    fn months_are_read_in_both_forms_and_shown_in_one() {
        let january = month("2022-01");
        assert_eq!(month("202201"), january);
        assert_eq!((january.year(), january.month()), (2022, 1));
        assert_eq!(
            (january.to_string(), january.compact()),
            ("2022-01".into(), "202201".into())
        );
        assert_eq!(january.previous(), Some(month("2021-12")));
        assert_eq!(month("2021-12").next(), Some(january));
        assert_eq!(january.plus(-13), Some(month("2020-12")));
        assert_eq!(month("2020-12").months_until(january), 13);
        assert_eq!(month("2024-02").last_day(), jiff::civil::date(2024, 2, 29));
        assert_eq!(Month::of(jiff::civil::date(2022, 1, 31)), Ok(january));
        assert_eq!((Month::MIN.previous(), Month::MAX.next()), (None, None));
        assert_eq!(
            (Month::MIN, Month::MAX),
            (month("1900-01"), month("2999-12"))
        );
    }

    #[test]
    fn what_is_no_month_is_refused_by_name() {
        let check = |text: &str, problem| assert_eq!(text.parse::<Month>(), Err(problem), "{text}");
        check("", MonthProblem::NotAMonth);
        check("2022-1", MonthProblem::NotAMonth);
        check("2022/01", MonthProblem::NotAMonth);
        check("20-2201", MonthProblem::NotAMonth);
        check("+22201", MonthProblem::NotAMonth);
        check("二零", MonthProblem::NotAMonth);
        check("2022-13", MonthProblem::NoSuchMonth(13));
        check("202200", MonthProblem::NoSuchMonth(0));
        check("1899-12", MonthProblem::YearOutOfRange(1899));
        check("300001", MonthProblem::YearOutOfRange(3000));
    }

    #[test]
    fn stored_spans_that_end_before_they_start_are_refused() {
        let january = month("2022-01");
        let bytes = minicbor::to_vec(january).unwrap();
        assert_eq!(minicbor::decode::<u32>(&bytes).unwrap(), 202_201);
        assert_eq!(minicbor::decode::<Month>(&bytes).unwrap(), january);
        assert!(minicbor::decode::<Month>(&minicbor::to_vec(202_213_u32).unwrap()).is_err());
        assert!(minicbor::decode::<Month>(&minicbor::to_vec(u32::MAX).unwrap()).is_err());

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
        let cases: Cases = toml::from_str(include_str!("../cases/months.toml")).unwrap();
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
