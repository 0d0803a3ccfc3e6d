//! What a document does not always state of its holder: the birth date and the sex.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};

use super::{IdDocument, Sex, parsed_text};

/// A birth date, written `1990-01-31`, from 1900 on. `Debug` shows its year alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BirthDate {
    date: Date,
    text: String,
}

/// When the holder of a document was born, and of which sex: what the retirement age asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The birth date.
    pub born: BirthDate,
    /// The sex.
    pub sex: Sex,
}

/// Text that is no birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a birth date written YYYY-MM-DD")]
pub struct NotABirthDate;

impl BirthDate {
    /// The date.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Full years lived on a day; none before the birth.
    #[must_use]
    pub fn age_on(&self, day: Date) -> u16 {
        let birthday_to_come = (day.month(), day.day()) < (self.date.month(), self.date.day());
        let years = day.year() - self.date.year() - i16::from(birthday_to_come);
        u16::try_from(years).unwrap_or(0)
    }
}

impl Holder {
    /// By the document, else as declared beside it (SIL-14); none where either is unknown.
    #[must_use]
    pub fn of(document: &IdDocument, born: Option<&BirthDate>, sex: Option<Sex>) -> Option<Self> {
        match document.resident_id() {
            Some(id) => Some(Self {
                born: id.birth_date().into(),
                sex: id.sex(),
            }),
            None => Some(Self {
                born: born?.clone(),
                sex: sex?,
            }),
        }
    }
}

impl From<Date> for BirthDate {
    fn from(date: Date) -> Self {
        let text = date.to_string();
        Self { date, text }
    }
}

impl FromStr for BirthDate {
    type Err = NotABirthDate;

    fn from_str(text: &str) -> Result<Self, NotABirthDate> {
        let parsed: Date = text.trim().parse().map_err(|_| NotABirthDate)?;
        let written_so = parsed.to_string() == text.trim();
        let possible = parsed >= date(1900, 1, 1) && parsed.year() <= 2100;
        (written_so && possible)
            .then(|| parsed.into())
            .ok_or(NotABirthDate)
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BirthDate({})", self.date.year())
    }
}

parsed_text!(BirthDate);

impl Sex {
    /// 男 or 女.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
        }
    }
}

/// Text that is neither 男 nor 女.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither 男 nor 女")]
pub struct NoSuchSex;

impl FromStr for Sex {
    type Err = NoSuchSex;

    fn from_str(text: &str) -> Result<Self, NoSuchSex> {
        [Self::Male, Self::Female]
            .into_iter()
            .find(|it| it.caption() == text.trim())
            .ok_or(NoSuchSex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_date_is_read_in_one_spelling() {
        let check = |text: &str, expected: Option<Date>| {
            let read = text.parse::<BirthDate>().ok().map(|it| it.date());
            assert_eq!(read, expected, "{text}");
        };
        check("1990-01-31", Some(date(1990, 1, 31)));
        check(" 1990-01-31 ", Some(date(1990, 1, 31)));
        for wrong in [
            "",
            "1990-02-30",
            "1990-1-31",
            "19900131",
            "1899-12-31",
            "2101-01-01",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn an_age_is_full_years() {
        let born: BirthDate = "2006-03-15".parse().unwrap();
        let check = |day, age| assert_eq!(born.age_on(day), age, "{day}");
        check(date(2022, 3, 14), 15);
        check(date(2022, 3, 15), 16);
        check(date(2005, 1, 1), 0);
        let leap: BirthDate = "2004-02-29".parse().unwrap();
        assert_eq!(leap.age_on(date(2020, 2, 29)), 16);
        assert_eq!(leap.age_on(date(2021, 2, 28)), 16);
    }
}
