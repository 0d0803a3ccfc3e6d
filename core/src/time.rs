//! A moment as the centre or a device's clock gave it; always an argument, never asked for.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use minicbor::{Decode, Encode};

use crate::month::Month;

/// The pool's civil time: UTC+8 all year.
const SHENYANG: Offset = jiff::tz::offset(8);

/// Seconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The civil date in Shenyang at this moment.
    #[must_use]
    pub fn date(self) -> Date {
        self.civil().date()
    }

    /// The civil month in Shenyang at this moment.
    ///
    /// # Panics
    /// Never: a clamped moment has a month.
    #[must_use]
    pub fn month(self) -> Month {
        Month::of(self.date()).expect("a clamped moment has a month")
    }

    fn civil(self) -> DateTime {
        // Clamped to the years a Month knows: a peer's clock may say anything.
        let seconds = self.0.clamp(0, 32_503_600_000);
        SHENYANG.to_datetime(jiff::Timestamp::from_second(seconds).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    /// `2022-03-18 09:30:00`, in Shenyang's time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        write!(f, "{} {}", civil.date(), civil.time())
    }
}

impl serde::Serialize for Timestamp {
    /// RFC 3339 with the pool's offset.
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let civil = self.civil();
        s.collect_str(&format_args!("{}T{}+08:00", civil.date(), civil.time()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_shenyangs() {
        // 2021-12-31 16:00 UTC is midnight of the new year in Shenyang.
        let moment = Timestamp(1_640_966_400);
        assert_eq!(moment.to_string(), "2022-01-01 00:00:00");
        assert_eq!(moment.month().to_string(), "2022-01");
        assert_eq!(serde_json::json!(moment), "2022-01-01T00:00:00+08:00");
    }

    #[test]
    fn no_clock_can_break_it() {
        for second in [i64::MIN, -1, i64::MAX] {
            let _ = Timestamp(second).month();
        }
    }
}
