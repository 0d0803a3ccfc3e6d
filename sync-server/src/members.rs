//! Members as the interfaces of other authorities spell them: one spelling each, short, bounded.

use canbao_core::money::Money;
use canbao_core::month::Month;
use canbao_core::time::Timestamp;

/// A member that is not as an interface describes it; what stands there is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not as the interface describes: {0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// An id, a serial or a code: opaque, short, without blanks.
pub(crate) fn token(text: &str, member: &'static str) -> Result<String, Malformed> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = (1..=64).contains(&text.len()) && text.bytes().all(known);
    if good {
        Ok(text.to_owned())
    } else {
        Err(Malformed(member))
    }
}

/// A text of so many characters at most.
pub(crate) fn short(text: String, most: usize, member: &'static str) -> Result<String, Malformed> {
    let good = (1..=most).contains(&text.chars().count());
    if good {
        Ok(text)
    } else {
        Err(Malformed(member))
    }
}

/// The interfaces' one spelling of a month; the core reads others as well.
pub(crate) fn month(text: &str) -> Result<Month, Malformed> {
    let read = text
        .parse::<Month>()
        .ok()
        .filter(|month| month.to_string() == text);
    read.ok_or(Malformed("month"))
}

/// Their one spelling of an amount.
pub(crate) fn money(text: &str) -> Result<Money, Malformed> {
    let read = text
        .parse::<Money>()
        .ok()
        .filter(|money| money.to_string() == text);
    read.ok_or(Malformed("amount"))
}

/// To the second: what stands behind it says nothing to anyone.
pub(crate) fn instant(text: &str) -> Result<Timestamp, Malformed> {
    let read: Result<jiff::Timestamp, _> = text.parse();
    read.map(|it| Timestamp(it.as_second()))
        .map_err(|_| Malformed("as_of"))
}
