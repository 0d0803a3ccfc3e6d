//! The rates that amounts are multiplied by.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::message::Message;

/// The places a rate may have: `0.000001` is the smallest.
const RATE_PLACES: u32 = 6;

/// A part of an amount between none and all of it, exact to a millionth: `0.005` is 0.5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    millionths: u32,
}

/// A text or a number that is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a decimal from 0 to 1 with at most six places")]
pub struct NotARate;

impl NotARate {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "money.not_a_rate"
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::bare(self.code())
    }
}

impl Rate {
    /// Nothing of an amount, as where a part was waived.
    pub const ZERO: Self = Self { millionths: 0 };

    /// The whole amount.
    pub const ONE: Self = Self {
        millionths: 1_000_000,
    };

    /// This many millionths.
    ///
    /// # Errors
    /// [`NotARate`] above a million of them.
    pub fn from_millionths(millionths: u32) -> Result<Self, NotARate> {
        let rate = Self { millionths };
        if rate > Self::ONE {
            Err(NotARate)
        } else {
            Ok(rate)
        }
    }

    /// The rate in millionths.
    #[must_use]
    pub fn millionths(self) -> u32 {
        self.millionths
    }

    /// The rate as a decimal without trailing zeros.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(i64::from(self.millionths), RATE_PLACES).normalize()
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    /// Reads `0.005` or `0.5%`.
    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (number, shift) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), RATE_PLACES - 2),
            None => (text, RATE_PLACES),
        };
        // Decimal reads signs and underscores, which no rate has.
        if number.len() > 10 || !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(NotARate);
        }
        let millionths = Decimal::from_str_exact(number)
            .ok()
            .and_then(|number| number.checked_mul(Decimal::from(10_u32.pow(shift))))
            .filter(Decimal::is_integer)
            .and_then(|number| number.to_u32())
            .ok_or(NotARate)?;
        Self::from_millionths(millionths)
    }
}

/// Percent, as people say it: `0.5%`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}%",
            (self.decimal() * Decimal::ONE_HUNDRED).normalize()
        )
    }
}

impl<C> Encode<C> for Rate {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u32(self.millionths)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Rate {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Self::from_millionths(d.u32()?).map_err(decode::Error::message)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.decimal())
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_decimals_or_percent() {
        let check = |text: &str, millionths: Option<u32>| {
            assert_eq!(
                text.parse::<Rate>().ok().map(Rate::millionths),
                millionths,
                "{text}"
            );
        };
        check("0.005", Some(5_000));
        check("0.5%", Some(5_000));
        check("0.05 %", Some(500));
        check("1", Some(1_000_000));
        check("100%", Some(1_000_000));
        check("0.0000001", None);
        check("1.000001", None);
        check("-0.005", None);
        check("0_1", None);
        check("", None);
        check("%", None);
        assert_eq!("0.005".parse::<Rate>().unwrap().to_string(), "0.5%");
    }

    #[test]
    fn json_holds_rates_as_text() {
        let rate: Rate = "0.5%".parse().unwrap();
        assert_eq!(serde_json::to_string(&rate).unwrap(), "\"0.005\"");
        assert_eq!(serde_json::from_str::<Rate>("\"0.005\"").unwrap(), rate);
    }

    #[test]
    fn a_stored_rate_above_the_whole_is_refused() {
        let bytes = minicbor::to_vec(1_000_001_u32).unwrap();
        assert!(minicbor::decode::<Rate>(&bytes).is_err());
        let bytes = minicbor::to_vec(Rate::ONE).unwrap();
        assert_eq!(minicbor::decode::<Rate>(&bytes).unwrap(), Rate::ONE);
    }
}
