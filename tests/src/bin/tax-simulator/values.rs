//! The values of the interface: parsed from its strings, and never wrong afterwards.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that the interface does not allow at its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {0} as the interface describes it")]
pub(crate) struct NotAllowed(&'static str);

/// Strings that a check admits, each a type of its own.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident if $allowed:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) struct $name(String);

        impl TryFrom<String> for $name {
            type Error = NotAllowed;
            fn try_from(text: String) -> Result<Self, NotAllowed> {
                let allowed: fn(&str) -> bool = $allowed;
                if allowed(&text) { Ok(Self(text)) } else { Err(NotAllowed(stringify!($name))) }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl FromStr for $name {
            type Err = NotAllowed;
            fn from_str(text: &str) -> Result<Self, NotAllowed> {
                text.to_owned().try_into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// The centre's id of a transaction.
    TransactionId if is_token;
    /// Tax's number of a posting.
    Serial if is_token;
    /// 统一社会信用代码.
    CreditCode if |text| text.len() == 18
        && text.bytes().all(|b| b.is_ascii_digit() || (b.is_ascii_uppercase() && !b"IOSVZ".contains(&b)));
    /// 失业单位编号.
    UnemploymentNumber if |text| has_length(text, 32);
    /// 个人编号.
    PersonNumber if |text| has_length(text, 32);
    /// 证件类型.
    IdKind if |text| ["01", "04", "06", "07", "08", "99"].contains(&text);
    /// 证件号码.
    IdNumber if |text| has_length(text, 32);
    /// A person's or a unit's name.
    Name if |text| has_length(text, 100);
    /// The kind of a receivable; see [`ReceivableKind::is_normal`].
    ReceivableKind if |text| ["10", "20", "23", "31", "32", "33", "34"].contains(&text);
    /// A moment, in UTC.
    Instant if is_utc_instant;
}

impl ReceivableKind {
    /// Whether the line is for the settlement month itself (kind 10).
    pub(crate) fn is_normal(&self) -> bool {
        self.0 == "10"
    }
}

/// An amount or a base: yuan with two places on the wire, fen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Money(u64);

impl Money {
    /// More than twelve digits of yuan have no form on the wire.
    const LIMIT: u64 = 100_000_000_000_000;

    /// So many fen, where the wire has a form for them.
    pub(crate) fn from_fen(fen: u64) -> Option<Self> {
        (fen < Self::LIMIT).then_some(Self(fen))
    }

    pub(crate) fn fen(self) -> u64 {
        self.0
    }

    /// The part of this base that one side pays, 0.5 %, rounded half-up to the fen.
    pub(crate) fn half_percent(self) -> Self {
        Self((self.0 * 5 + 500) / 1000)
    }

    /// The sum, where the wire has a form for it.
    pub(crate) fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts
            .into_iter()
            .try_fold(0_u64, |sum, amount| sum.checked_add(amount.0))
            .and_then(Self::from_fen)
    }
}

impl FromStr for Money {
    type Err = NotAllowed;
    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        let wrong = NotAllowed("Money");
        let (yuan, fen) = text.split_once('.').ok_or(wrong.clone())?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let canonical = yuan == "0" || (1..=12).contains(&yuan.len()) && !yuan.starts_with('0');
        if !canonical || fen.len() != 2 || !digits(yuan) || !digits(fen) {
            return Err(wrong);
        }
        format!("{yuan}{fen}").parse().map(Self).map_err(|_| wrong)
    }
}

impl TryFrom<String> for Money {
    type Error = NotAllowed;
    fn try_from(text: String) -> Result<Self, NotAllowed> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> String {
        money.to_string()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// A month, e.g. `2022-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Month {
    year: u16,
    month: u8,
}

impl FromStr for Month {
    type Err = NotAllowed;
    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 7
            && bytes.iter().enumerate().all(|(at, b)| {
                if at == 4 {
                    *b == b'-'
                } else {
                    b.is_ascii_digit()
                }
            });
        if !shaped {
            return Err(NotAllowed("Month"));
        }
        let number = |digits: &[u8]| {
            digits
                .iter()
                .fold(0_u16, |n, b| n * 10 + u16::from(b - b'0'))
        };
        match (number(&bytes[..4]), bytes[5] - b'0', bytes[6] - b'0') {
            (year, tens, ones) if (1..=12).contains(&(tens * 10 + ones)) => Ok(Self {
                year,
                month: tens * 10 + ones,
            }),
            _ => Err(NotAllowed("Month")),
        }
    }
}

impl TryFrom<String> for Month {
    type Error = NotAllowed;
    fn try_from(text: String) -> Result<Self, NotAllowed> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A line's number, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub(crate) struct LineNumber(u16);

impl LineNumber {
    /// The number of the line at this place, counted from 0.
    ///
    /// # Panics
    /// Beyond the most lines that a transaction or posting can have.
    pub(crate) fn at(index: usize) -> Self {
        Self::try_from(index as u64 + 1).expect("every list of lines is bounded when it is read")
    }

    pub(crate) fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl TryFrom<u64> for LineNumber {
    type Error = NotAllowed;
    fn try_from(number: u64) -> Result<Self, NotAllowed> {
        match u16::try_from(number) {
            Ok(number @ 1..=10_000) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(NotAllowed("LineNumber")),
        }
    }
}

impl From<LineNumber> for u64 {
    fn from(number: LineNumber) -> u64 {
        number.0.into()
    }
}

fn has_length(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most
}

fn is_token(text: &str) -> bool {
    has_length(text, 64)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// RFC 3339 with seconds and `Z`: narrower than what jiff reads.
fn is_utc_instant(text: &str) -> bool {
    let shaped = (20..=30).contains(&text.len())
        && text.is_ascii()
        && text.as_bytes()[10] == b'T'
        && text.as_bytes()[16] == b':'
        && text.ends_with('Z');
    shaped && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_only_its_one_form() {
        for text in ["0.00", "21.80", "999999999999.99"] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.5",
            "01.00",
            ".50",
            "-1.00",
            "+1.00",
            "1.000",
            "1e2.00",
            "1000000000000.00",
            "一.00",
        ] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn half_a_percent_is_rounded_half_up_to_the_fen() {
        for (base, part) in [
            ("4361.00", "21.81"),
            ("4359.00", "21.80"),
            ("22665.00", "113.33"),
            ("10233.40", "51.17"),
        ] {
            assert_eq!(
                base.parse::<Money>().unwrap().half_percent().to_string(),
                part,
                "{base}"
            );
        }
    }

    #[test]
    fn months_have_their_order_and_one_form() {
        assert!("2021-12".parse::<Month>().unwrap() < "2022-01".parse().unwrap());
        for text in [
            "2022-13",
            "2022-00",
            "2022-1",
            "202201",
            "２０２２-01",
            "2022-001",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_is_utc_with_seconds() {
        for text in ["2022-02-08T01:30:00Z", "2022-02-08T01:30:00.25Z"] {
            assert!(text.parse::<Instant>().is_ok(), "{text}");
        }
        for text in [
            "2022-02-08T01:30Z",
            "2022-02-08 01:30:00Z",
            "2022-02-08T01:30:00+08:00",
            "2022-02-30T01:30:00Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }
}
