//! The loop: each unit's feed is asked for once a day.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use canbao_core::ids::UnitId;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::fetch::{NoFeed, fetch_feed};
use crate::border::now;
use crate::centre::{Centre, PensionAnswer, Renewal, Unavailable};
use crate::contact::Contact;

/// A unit's feed is asked for again after so long.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// One that was refused or could not be read, already after this.
const AFTER_FAILURE: Duration = Duration::from_secs(60 * 60);
/// Between two searches for feeds that are due.
const SEARCH: Duration = Duration::from_secs(60);
/// Between two rounds of one search.
const BRISK: Duration = Duration::from_millis(200);
/// How many feeds one round asks for.
const LOOKS: usize = 16;
/// How many units are searched at once.
const PAGE: usize = 1024;

/// The adapter of one centre to the pension side.
pub struct Adapter {
    centre: Centre,
    client: Client,
    contact: Arc<Contact>,
    /// When each unit's feed is asked for next. Forgotten at the end of the process; what is due
    /// then stands in the log.
    next: BTreeMap<UnitId, Instant>,
    /// Behind which unit the search goes on.
    after: Option<UnitId>,
}

impl Adapter {
    /// An adapter that tells `contact` how it stands.
    #[must_use]
    pub fn new(centre: Centre, client: Client, contact: Arc<Contact>) -> Self {
        Self {
            centre,
            client,
            contact,
            next: BTreeMap::new(),
            after: None,
        }
    }

    /// Runs until the future is dropped, which is safe at every moment.
    pub async fn run(mut self) {
        loop {
            let pause = match self.round().await {
                Ok(true) => BRISK,
                Ok(false) => SEARCH,
                Err(error) => {
                    tracing::warn!(code = error.code(), detail = %error, "no pension feeds now");
                    self.contact.in_trouble(error.code(), error.to_string());
                    SEARCH
                }
            };
            sleep(pause).await;
        }
    }

    /// Asks for some of the feeds that are due; says whether the search goes on. Where nobody
    /// answers, the others are not asked for either.
    async fn round(&mut self) -> Result<bool, NoFeed> {
        let due = self.due()?;
        for unit in due {
            let fetched = fetch_feed(&self.centre, &self.client, unit, Renewal::HalfAged).await;
            if let Err(error) = &fetched
                && error.is_silence()
            {
                self.after = None;
                return Err(error.clone());
            }
            self.contact.answered(now());
            self.contact.well();
            let rest = match fetched {
                Ok(PensionAnswer::Taken { .. } | PensionAnswer::Same | PensionAnswer::Outdated)
                | Err(NoFeed::NoSuchUnit) => DAY,
                Err(error) => {
                    tracing::warn!(%unit, code = error.code(), detail = %error, "no pension feed");
                    AFTER_FAILURE
                }
            };
            self.next.insert(unit, Instant::now() + rest);
        }
        Ok(self.after.is_some())
    }

    /// The next units whose feed is due; nothing is left to search where `after` is none then.
    fn due(&mut self) -> Result<Vec<UnitId>, Unavailable> {
        let old_before = now().0 - DAY.as_secs() as i64;
        let mut due = Vec::new();
        loop {
            let page = self.centre.pension_feeds(self.after, PAGE)?;
            for it in &page {
                self.after = Some(it.unit);
                let is_old = it.taken_at.is_none_or(|at| at.0 < old_before);
                if is_old && !self.rests(it.unit) {
                    due.push(it.unit);
                }
                if due.len() == LOOKS {
                    return Ok(due);
                }
            }
            if page.len() < PAGE {
                self.after = None;
                return Ok(due);
            }
        }
    }

    fn rests(&self, unit: UnitId) -> bool {
        let next = self.next.get(&unit);
        next.is_some_and(|it| Instant::now() < *it)
    }
}
