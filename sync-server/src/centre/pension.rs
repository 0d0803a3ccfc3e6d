//! Pension feeds: whose is due, and what became of one (PEN-1).

use canbao_core::facts::{Fact, PensionFeed, PensionPart};
use canbao_core::identity::PensionNumber;
use canbao_core::ids::UnitId;
use canbao_core::time::Timestamp;

use super::answer::Unavailable;
use super::desk::Desk;
use super::handle::Centre;
use super::places;
use super::rosters::page;

/// So far, in seconds, another authority's clock may go before ours.
const CLOCK_TOLERANCE: i64 = 24 * 60 * 60;

/// What a look at a unit's pension feed brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PensionNews {
    /// The feed, whole.
    Whole(PensionFeed),
    /// Pension insurance still names the state that was taken in before.
    Same {
        /// When it made its answer, by its clock.
        as_of: Timestamp,
        /// The name.
        version: String,
    },
}

/// Whether a feed that says the same as the one held is recorded anew, which renews its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Yes: somebody asked for it.
    Always,
    /// When the one held has half of the age at which it is no longer believed.
    HalfAged,
}

/// What became of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PensionAnswer {
    /// It is the one that counts.
    Taken {
        /// How many things are new, differ or are gone.
        changes: usize,
    },
    /// It says what the one held says, and nothing was recorded.
    Same,
    /// Another feed was taken in since it was asked for; nothing was recorded.
    Outdated,
}

/// Why a feed is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PensionError {
    /// No answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// No such unit is registered.
    #[error("no such unit")]
    UnknownUnit,
    /// The one held is newer, by pension insurance's clock.
    #[error("the feed held is as of {held}")]
    Older {
        /// When that one was made.
        held: Timestamp,
    },
    /// The one held was made at the same moment and says something else.
    #[error("the feed held is of the same moment and says something else")]
    OtherContent,
    /// It was made later than now: every later one would be older than it.
    #[error("the feed is dated in the future")]
    FromTheFuture,
}

impl PensionError {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(error) => error.code(),
            Self::UnknownUnit => "pension.unknown_unit",
            Self::Older { .. } => "pension.older_feed",
            Self::OtherContent => "pension.other_content",
            Self::FromTheFuture => "pension.from_the_future",
        }
    }
}

/// A unit as pension insurance knows it, and what was taken in of its feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PensionAsk {
    /// 养老单位编号.
    pub number: PensionNumber,
    /// Pension insurance's name for the state that counts.
    pub version: Option<String>,
}

/// A unit, and when its feed was last taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitAtPension {
    /// Which.
    pub unit: UnitId,
    /// By the centre's clock; none where no feed ever came.
    pub taken_at: Option<Timestamp>,
}

impl Centre {
    /// The units with this number at pension insurance.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn units_at_pension(&self, number: &PensionNumber) -> Result<Vec<UnitId>, Unavailable> {
        let store = &self.shared.store;
        let (view, prefix) = places::pension_number(store, number.as_str());
        let keys = store.view_prefix(view, &prefix, usize::MAX)?;
        let unit = |(key, _): &(Vec<u8>, Vec<u8>)| places::unit_id(&key[prefix.len()..]);
        Ok(keys.iter().filter_map(unit).collect())
    }

    /// The units after this one, in the order of their ids, with the age of their feeds.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn pension_feeds(
        &self,
        after: Option<UnitId>,
        limit: usize,
    ) -> Result<Vec<UnitAtPension>, Unavailable> {
        let store = &self.shared.store;
        let taken_at = |unit| {
            let (view, key) = places::pension_taken(unit);
            let bytes = store.view(view, &key)?;
            let seconds = bytes.and_then(|it| it.try_into().ok());
            Ok(UnitAtPension {
                unit,
                taken_at: seconds.map(|it| Timestamp(i64::from_be_bytes(it))),
            })
        };
        let page = page(store, places::unit, after, limit)?;
        page.into_iter().map(|(unit, _)| taken_at(unit)).collect()
    }

    /// What is needed to ask for a unit's feed; [`None`] where there is no such unit.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn pension_ask(&self, unit: UnitId) -> Result<Option<PensionAsk>, Unavailable> {
        self.with_unit(unit, |view| PensionAsk {
            number: view.record.pension_number.clone(),
            version: view.pension_feed().map(|it| it.feed.version.clone()),
        })
    }

    /// Takes in a unit's feed, whole or not at all. Returns after the commit.
    ///
    /// # Errors
    /// [`PensionError`].
    pub async fn take_pension_feed(
        &self,
        unit: UnitId,
        news: PensionNews,
        renewal: Renewal,
        now: Timestamp,
    ) -> Result<PensionAnswer, PensionError> {
        self.ask(move |desk| desk.take_pension_feed(unit, news, renewal, now))
            .await?
    }
}

impl Desk {
    fn take_pension_feed(
        &mut self,
        unit: UnitId,
        news: PensionNews,
        renewal: Renewal,
        now: Timestamp,
    ) -> Result<Result<PensionAnswer, PensionError>, Unavailable> {
        self.load_unit(unit)?;
        let Some(view) = self.units.get(unit) else {
            return Ok(Err(PensionError::UnknownUnit));
        };
        let held = view.pension_feed().map(|it| &it.feed);
        let feed = match (news, held) {
            (PensionNews::Whole(feed), _) => feed,
            (PensionNews::Same { as_of, version }, Some(held)) if held.version == version => {
                PensionFeed {
                    as_of,
                    ..held.clone()
                }
            }
            (PensionNews::Same { .. }, _) => return Ok(Ok(PensionAnswer::Outdated)),
        };
        if feed.as_of.0 > now.0.saturating_add(CLOCK_TOLERANCE) {
            return Ok(Err(PensionError::FromTheFuture));
        }
        if let Some(held) = held {
            let same = feed.says_the_same(held);
            if feed.as_of < held.as_of {
                return Ok(Err(PensionError::Older { held: held.as_of }));
            }
            if feed.as_of == held.as_of && !same {
                return Ok(Err(PensionError::OtherContent));
            }
            let renewed = feed.as_of > held.as_of
                && match renewal {
                    Renewal::Always => true,
                    Renewal::HalfAged => self.is_half_aged(held, now),
                };
            if same && !renewed {
                return Ok(Ok(PensionAnswer::Same));
            }
        }
        let parts = feed.parts_since(held);
        let changes = parts.iter().map(PensionPart::changes).sum();
        let facts = parts
            .into_iter()
            .map(|part| Fact::PensionTaken { unit, part });
        let first = self.append_all(facts, now)?;
        tracing::info!(position = first.0, %unit, changes, "a pension feed was taken in");
        Ok(Ok(PensionAnswer::Taken { changes }))
    }

    /// Whether a feed is past half of the age at which it is no longer believed; without a limit
    /// it is not believed at all, and its age matters to nobody.
    fn is_half_aged(&self, held: &PensionFeed, now: Timestamp) -> bool {
        let parameters = self.common.parameters();
        let days = parameters.and_then(|it| it.pension_feed_days(now.month(), now.date()).ok());
        let age = now.0.saturating_sub(held.as_of.0);
        days.is_some_and(|days| age > i64::from(days) * 24 * 60 * 60 / 2)
    }
}
