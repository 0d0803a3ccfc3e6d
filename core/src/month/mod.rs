//! A month, the unit of payment, and spans of months (requirements, section 3).

mod span;

pub use span::{Interval, MonthRange, Resumption};

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

    /// December of its year.
    #[must_use]
    pub fn last_of_year(self) -> Self {
        let index = self.index - self.index % 12 + 11;
        Self { index }
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

#[cfg(test)]
mod tests {
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
    fn a_stored_month_is_checked_again() {
        let january = month("2022-01");
        let bytes = minicbor::to_vec(january).unwrap();
        assert_eq!(minicbor::decode::<u32>(&bytes).unwrap(), 202_201);
        assert_eq!(minicbor::decode::<Month>(&bytes).unwrap(), january);
        assert!(minicbor::decode::<Month>(&minicbor::to_vec(202_213_u32).unwrap()).is_err());
        assert!(minicbor::decode::<Month>(&minicbor::to_vec(u32::MAX).unwrap()).is_err());
    }
}
