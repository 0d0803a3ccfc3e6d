//! A unit's feed from the pension side, page by page, or from a file: whole or not at all.

use canbao_core::facts::FeedFault;
use canbao_core::identity::PensionNumber;
use canbao_core::ids::UnitId;

use super::client::Client;
use super::reading::{first, following};
use super::wire::{self, MAX_PAGE};
use crate::border::now;
use crate::centre::{
    Centre, PensionAnswer, PensionAsk, PensionError, PensionNews, Renewal, Unavailable,
};
use crate::members::instant;
use crate::remote::{NoAnswer, off_thread};

/// How often a feed that changes while it is read is begun again.
const TRIES: usize = 3;

/// Why there is no feed now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFeed {
    /// The pension side gives no answer to go on with.
    #[error("{detail}")]
    NoAnswer {
        /// Which failure, as a code.
        code: &'static str,
        /// In words without personal data.
        detail: String,
    },
    /// The pension side has no such unit.
    #[error("the pension side has no such unit")]
    NoSuchUnit,
    /// It answered about another unit.
    #[error("the pension side answered about another unit")]
    OtherUnit,
    /// No unit has the number that a file names.
    #[error("no unit has the pension unit number {0}")]
    UnknownUnit(PensionNumber),
    /// Several units have it.
    #[error("several units have the pension unit number {0}")]
    WhichUnit(PensionNumber),
    /// The feed is refused, whole.
    #[error(transparent)]
    Refused(#[from] FeedFault),
    /// It changed each time while it was read.
    #[error("the feed changes while it is read")]
    Unsteady,
    /// The centre.
    #[error(transparent)]
    Centre(#[from] PensionError),
}

impl NoFeed {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAnswer { code, .. } => code,
            Self::NoSuchUnit => "pension.no_such_unit",
            Self::OtherUnit => "pension.other_unit",
            Self::UnknownUnit(_) => "pension.unknown_unit",
            Self::WhichUnit(_) => "pension.which_unit",
            Self::Refused(fault) => fault.code(),
            Self::Unsteady => "pension.unsteady",
            Self::Centre(error) => error.code(),
        }
    }

    /// Whether nobody answers there, of whatever unit one asks.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::NoAnswer { .. })
    }
}

impl From<NoAnswer> for NoFeed {
    fn from(error: NoAnswer) -> Self {
        let code = match error {
            NoAnswer::Unreachable(_) => "pension.unreachable",
            NoAnswer::Status(_) => "pension.unavailable",
            NoAnswer::Malformed => "pension.malformed_answer",
        };
        let detail = error.to_string();
        Self::NoAnswer { code, detail }
    }
}

impl From<Unavailable> for NoFeed {
    fn from(error: Unavailable) -> Self {
        Self::Centre(error.into())
    }
}

/// Fetches a unit's feed and takes it in.
///
/// # Errors
/// [`NoFeed`].
pub async fn fetch_feed(
    centre: &Centre,
    client: &Client,
    unit: UnitId,
    renewal: Renewal,
) -> Result<PensionAnswer, NoFeed> {
    for _ in 0..TRIES {
        let ask = centre.pension_ask(unit)?.ok_or(PensionError::UnknownUnit)?;
        let client = client.clone();
        let Some(news) = off_thread(move || read(&client, &ask)).await?? else {
            continue;
        };
        match centre.take_pension_feed(unit, news, renewal, now()).await? {
            PensionAnswer::Outdated => {}
            answer => return Ok(answer),
        }
    }
    Err(NoFeed::Unsteady)
}

/// Takes in a feed that came as a file's text; says of which unit it is.
///
/// # Errors
/// [`NoFeed`].
pub async fn take_file(centre: &Centre, text: String) -> Result<(UnitId, PensionAnswer), NoFeed> {
    let read = off_thread(move || {
        // What serde says of a value may quote it.
        let file: wire::Feed =
            serde_json::from_str(&text).map_err(|_| FeedFault::Malformed("members"))?;
        let (delivered, next) = first(file)?;
        if next.is_some() {
            return Err(FeedFault::Malformed("next"));
        }
        let unit = delivered.unit.clone();
        delivered.check().map(|feed| (unit, feed))
    });
    let (number, feed) = read.await??;
    let unit = match centre.units_at_pension(&number)?[..] {
        [unit] => unit,
        [] => return Err(NoFeed::UnknownUnit(number)),
        _ => return Err(NoFeed::WhichUnit(number)),
    };
    let news = PensionNews::Whole(feed);
    let taken = centre.take_pension_feed(unit, news, Renewal::Always, now());
    Ok((unit, taken.await?))
}

/// Reads a feed from its first page to its last; [`None`] where it changed on the way.
fn read(client: &Client, ask: &PensionAsk) -> Result<Option<PensionNews>, NoFeed> {
    let page = page(client, ask, None)?.ok_or(NoFeed::NoSuchUnit)?;
    if ask.version.as_ref() == Some(&page.version) {
        return Ok(Some(PensionNews::Same {
            as_of: instant(&page.as_of).map_err(FeedFault::from)?,
            version: page.version,
        }));
    }
    let (mut delivered, mut next) = first(page)?;
    while let Some(after) = next {
        let following_page = self::page(client, ask, Some(&after))?;
        let Some(page) = following_page.filter(|it| it.version == delivered.version) else {
            return Ok(None);
        };
        next = following(&mut delivered, page)?;
    }
    Ok(Some(PensionNews::Whole(delivered.check()?)))
}

fn page(
    client: &Client,
    ask: &PensionAsk,
    after: Option<&str>,
) -> Result<Option<wire::Feed>, NoFeed> {
    let Some(page) = client.feed(&ask.number, after)? else {
        return Ok(None);
    };
    if page.pension_unit_number != ask.number.as_str() {
        return Err(NoFeed::OtherUnit);
    }
    if page.persons.len() > MAX_PAGE {
        return Err(FeedFault::TooMany("persons").into());
    }
    Ok(Some(page))
}
