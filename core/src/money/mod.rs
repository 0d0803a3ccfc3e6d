//! Yuan with exactly two places, and the rates they are multiplied by.
//!
//! Held as whole fen, computed by decimal arithmetic, rounded half-up by name. No float ever.

mod rate;

pub use rate::{NotARate, Rate};

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::message::Message;

/// Nothing of one unit comes near it: twelve digits of fen, ten thousand million yuan.
/// No text, stored value or message gives an amount beyond it.
const MAX_GIVEN_FEN: i64 = 999_999_999_999;

/// Sums may reach further, so that a million of the greatest given amounts still add up.
const MAX_FEN: i64 = 1_000_000 * MAX_GIVEN_FEN;

/// The most digits an amount of yuan may have before the point.
const MAX_YUAN_DIGITS: usize = 10;

/// An amount of yuan, exact to the fen (0.01 yuan); negative for a refund or a difference.
///
/// Shown, and given to JSON, with two places always (`4359.00`); stored as an integer of fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money {
    fen: i64,
}

/// Why a text or a number is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyProblem {
    /// Nothing stands there.
    #[error("no amount")]
    Missing,
    /// A sign where only a plain amount belongs.
    #[error("an amount has no sign here")]
    Signed,
    /// Anything but digits and one point.
    #[error("not an amount")]
    NotAnAmount,
    /// Parts of a fen.
    #[error("an amount has at most two places")]
    TooManyPlaces,
    /// More than ten digits before the point.
    #[error("an amount has at most ten digits before the point")]
    TooLarge,
}

impl MoneyProblem {
    /// The code of its sentence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "money.missing",
            Self::Signed => "money.signed",
            Self::NotAnAmount => "money.not_an_amount",
            Self::TooManyPlaces => "money.too_many_places",
            Self::TooLarge => "money.too_large",
        }
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::bare(self.code())
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self { fen: 0 };

    /// This many fen, for amounts of our own making; a number from outside goes through
    /// `Money::try_from`.
    ///
    /// # Panics
    /// Beyond a million times the greatest amount that can be given.
    #[must_use]
    pub const fn from_fen(fen: i64) -> Self {
        assert!(
            -MAX_FEN <= fen && fen <= MAX_FEN,
            "an amount beyond every bound"
        );
        Self { fen }
    }

    /// Whole yuan, for amounts of our own making.
    ///
    /// # Panics
    /// As [`Money::from_fen`].
    #[must_use]
    pub const fn from_yuan(yuan: i64) -> Self {
        assert!(
            -MAX_FEN / 100 <= yuan && yuan <= MAX_FEN / 100,
            "an amount beyond every bound"
        );
        Self { fen: yuan * 100 }
    }

    /// The amount in fen.
    #[must_use]
    pub const fn fen(self) -> i64 {
        self.fen
    }

    /// Reads an amount that may be negative, as `-12.50`; `FromStr` refuses the sign.
    ///
    /// # Errors
    /// [`MoneyProblem`], the first that applies.
    pub fn parse_signed(text: &str) -> Result<Self, MoneyProblem> {
        match text.strip_prefix('-') {
            Some(amount) => parse_unsigned(amount).map(Neg::neg),
            None => parse_unsigned(text),
        }
    }

    /// The sum, unless it is more than can be given.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.fen.checked_add(other.fen)?.try_into().ok()
    }

    /// The difference, unless it is more than can be given.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.fen.checked_sub(other.fen)?.try_into().ok()
    }

    /// The sum of amounts that come from outside, unless it is more than can be given.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount times a rate, rounded half-up to the fen (half of a fen goes away from zero).
    ///
    /// # Panics
    /// Never: a rate is at most one, so the product is no greater than the amount.
    #[must_use]
    pub fn times(self, rate: Rate) -> Self {
        Self::rounded(self.decimal() * rate.decimal(), 2)
    }

    /// The nearest whole yuan, half a yuan going away from zero.
    ///
    /// # Panics
    /// Within 50 fen of where [`Money::from_fen`] does.
    #[must_use]
    pub fn rounded_to_yuan(self) -> Self {
        Self::rounded(self.decimal(), 0)
    }

    /// The amount in yuan, with its two places.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.fen, 2)
    }

    fn rounded(yuan: Decimal, places: u32) -> Self {
        let rounded = yuan.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        let fen = (rounded * Decimal::ONE_HUNDRED).to_i64();
        Self::from_fen(fen.expect("rounding leaves a whole number of fen within the bounds"))
    }
}

impl TryFrom<i64> for Money {
    type Error = MoneyProblem;

    /// This many fen, from outside.
    fn try_from(fen: i64) -> Result<Self, MoneyProblem> {
        if (-MAX_GIVEN_FEN..=MAX_GIVEN_FEN).contains(&fen) {
            Ok(Self { fen })
        } else {
            Err(MoneyProblem::TooLarge)
        }
    }
}

impl FromStr for Money {
    type Err = MoneyProblem;

    /// Reads `4359`, `4359.5` or `10233.40`: digits, then at most two places, no sign.
    fn from_str(text: &str) -> Result<Self, MoneyProblem> {
        if text.starts_with(['-', '+']) {
            return Err(MoneyProblem::Signed);
        }
        parse_unsigned(text)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.fen < 0 { "-" } else { "" };
        let fen = self.fen.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

/// Panics where [`Money::from_fen`] does, which a million given amounts do not reach.
impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::from_fen(self.fen + other.fen)
    }
}

/// Panics where `Add` does.
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::from_fen(self.fen - other.fen)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self { fen: -self.fen }
    }
}

/// Panics where `Add` does; what may have a million lines goes through [`Money::checked_sum`].
impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Panics as the sum of owned amounts does.
impl<'a> Sum<&'a Self> for Money {
    fn sum<I: Iterator<Item = &'a Self>>(amounts: I) -> Self {
        amounts.copied().sum()
    }
}

impl<C> Encode<C> for Money {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        // What could not be read back must not be written.
        let given = Self::try_from(self.fen).map_err(encode::Error::message)?;
        e.i64(given.fen)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Money {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        d.i64()?.try_into().map_err(decode::Error::message)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse_signed(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

fn parse_unsigned(text: &str) -> Result<Money, MoneyProblem> {
    if text.is_empty() {
        return Err(MoneyProblem::Missing);
    }
    let (yuan, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(yuan) || !digits(places) {
        return Err(MoneyProblem::NotAnAmount);
    }
    if places.len() > 2 {
        return Err(MoneyProblem::TooManyPlaces);
    }
    if yuan.len() > MAX_YUAN_DIGITS {
        return Err(MoneyProblem::TooLarge);
    }
    let fen = format!("{yuan}{places:0<2}").parse::<i64>();
    fen.map_err(|_| MoneyProblem::TooLarge)?.try_into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_to_the_fen_and_shown_with_two_places() {
        let check = |text: &str, fen: i64, shown: &str| {
            let money: Money = text.parse().unwrap();
            assert_eq!(
                (money.fen(), money.to_string().as_str()),
                (fen, shown),
                "{text}"
            );
        };
        check("4359", 435_900, "4359.00");
        check("4359.5", 435_950, "4359.50");
        check("10233.40", 1_023_340, "10233.40");
        check("0.05", 5, "0.05");
        check("0000000001", 100, "1.00");
        check("9999999999.99", 999_999_999_999, "9999999999.99");
        assert_eq!(Money::parse_signed("-0.05").unwrap().to_string(), "-0.05");
    }

    #[test]
    fn what_is_no_amount_is_refused_by_name() {
        let check = |text: &str, problem| {
            assert_eq!(text.parse::<Money>(), Err(problem), "{text}");
        };
        check("", MoneyProblem::Missing);
        check("-1", MoneyProblem::Signed);
        check("+1", MoneyProblem::Signed);
        check("4,359.00", MoneyProblem::NotAnAmount);
        check("4359.", MoneyProblem::NotAnAmount);
        check(".5", MoneyProblem::NotAnAmount);
        check("1e3", MoneyProblem::NotAnAmount);
        check("4.3.5", MoneyProblem::NotAnAmount);
        check("４３５９", MoneyProblem::NotAnAmount);
        check("10233.401", MoneyProblem::TooManyPlaces);
        check("10233.400", MoneyProblem::TooManyPlaces);
        check("10000000000", MoneyProblem::TooLarge);
        assert_eq!(Money::parse_signed("--1"), Err(MoneyProblem::NotAnAmount));
    }

    #[test]
    fn sums_beyond_the_bounds_are_none() {
        let most = Money::from_fen(MAX_GIVEN_FEN);
        assert_eq!(most.checked_add(Money::from_fen(1)), None);
        assert_eq!((-most).checked_sub(Money::from_fen(1)), None);
        assert_eq!(Money::checked_sum([most, -most, most]), Some(most));
        assert_eq!(Money::checked_sum([most, most]), None);
        assert_eq!(
            std::iter::repeat_n(most, 1_000_000).sum::<Money>(),
            Money::from_fen(MAX_FEN)
        );
        assert_eq!(Money::try_from(i64::MIN), Err(MoneyProblem::TooLarge));
    }

    #[test]
    fn a_stored_amount_beyond_the_bounds_is_refused() {
        let bytes = minicbor::to_vec(i64::MAX).unwrap();
        assert!(minicbor::decode::<Money>(&bytes).is_err());
        assert!(minicbor::to_vec(Money::from_fen(MAX_FEN)).is_err());
        let bytes = minicbor::to_vec(Money::from_fen(-435_900)).unwrap();
        assert_eq!(
            minicbor::decode::<Money>(&bytes).unwrap(),
            Money::from_fen(-435_900)
        );
        assert_eq!(minicbor::decode::<i64>(&bytes).unwrap(), -435_900);
    }

    #[test]
    fn json_holds_amounts_as_text() {
        let amount = Money::from_fen(-1_023_340);
        assert_eq!(serde_json::to_string(&amount).unwrap(), "\"-10233.40\"");
        assert_eq!(
            serde_json::from_str::<Money>("\"-10233.40\"").unwrap(),
            amount
        );
        assert!(serde_json::from_str::<Money>("10233.40").is_err());
    }

    #[test]
    fn negative_amounts_round_away_from_zero() {
        let half: Rate = "0.005".parse().unwrap();
        assert_eq!(Money::from_yuan(-4361).times(half), Money::from_fen(-2181));
        assert_eq!(
            Money::from_fen(-150).rounded_to_yuan(),
            Money::from_yuan(-2)
        );
    }

    proptest! {
        #[test]
        fn half_up_is_what_integer_arithmetic_gives(
            fen in 0..=MAX_GIVEN_FEN,
            millionths in 0..=1_000_000_u32,
        ) {
            let rate = Rate::from_millionths(millionths).unwrap();
            let product = i128::from(fen) * i128::from(millionths);
            let expected = (2 * product + 1_000_000) / 2_000_000;
            prop_assert_eq!(i128::from(Money::from_fen(fen).times(rate).fen()), expected);
            let yuan = (fen + 50) / 100;
            prop_assert_eq!(Money::from_fen(fen).rounded_to_yuan(), Money::from_yuan(yuan));
        }

        #[test]
        fn what_is_shown_is_read_back(fen in -MAX_GIVEN_FEN..=MAX_GIVEN_FEN) {
            let money = Money::from_fen(fen);
            prop_assert_eq!(Money::parse_signed(&money.to_string()), Ok(money));
        }
    }
}
