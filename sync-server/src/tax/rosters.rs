//! Which rosters the adapter looks at: those of units that tax answered about, soon; each other
//! one that was ever looked at, once a day, since tax's own clerk may have changed it.

use std::collections::BTreeMap;
use std::time::Duration;

use canbao_core::ids::UnitId;
use tokio::time::Instant;

use super::client::Client;
use super::roster::fetch_roster;
use crate::border::now;
use crate::centre::{Centre, Unavailable};

/// Between two looks at the roster of one unit, however much tax answers about it.
const REST: Duration = Duration::from_secs(5);
/// The same after a look that failed.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(60);
/// After so long a roster is looked at although nothing was heard of its unit.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two searches for rosters that nothing was heard of for a day.
const SEARCH: Duration = Duration::from_secs(10 * 60);
/// How many looks one round of the adapter takes: sending and events do not wait for more.
const LOOKS: usize = 16;

/// When each roster was last looked at. Forgotten at the end of the process; what is due then
/// stands in the log.
#[derive(Debug)]
pub(super) struct Rosters {
    looked: BTreeMap<UnitId, Look>,
    /// Behind which unit the next round goes on.
    after: Option<UnitId>,
    search_at: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    failed: bool,
}

impl Rosters {
    pub(super) fn new() -> Self {
        Self {
            looked: BTreeMap::new(),
            after: None,
            search_at: Instant::now(),
        }
    }

    /// Looks at some rosters. One that tax cannot tell now is tried again later; it keeps none of
    /// the others from its turn, and neither sending nor events.
    pub(super) async fn look(
        &mut self,
        centre: &Centre,
        client: &Client,
    ) -> Result<(), Unavailable> {
        for unit in self.due(centre)? {
            self.look_at(centre, client, unit, false).await;
        }
        if Instant::now() >= self.search_at {
            let old = self.old(centre)?;
            if old.len() < LOOKS {
                self.search_at = Instant::now() + SEARCH;
            }
            for unit in old {
                self.look_at(centre, client, unit, true).await;
            }
        }
        Ok(())
    }

    async fn look_at(&mut self, centre: &Centre, client: &Client, unit: UnitId, silent: bool) {
        let fetched = fetch_roster(centre, client, unit, silent).await;
        if let Err(error) = &fetched {
            tracing::warn!(%unit, code = error.code(), detail = %error, "no roster of tax's");
        }
        let look = Look {
            at: Instant::now(),
            failed: fetched.is_err(),
        };
        self.looked.insert(unit, look);
    }

    /// Units that tax answered about, but those looked at just now.
    fn due(&mut self, centre: &Centre) -> Result<Vec<UnitId>, Unavailable> {
        let mut page = centre.rosters_due(self.after, LOOKS)?;
        self.after = page.last().copied().filter(|_| page.len() == LOOKS);
        page.retain(|it| !self.rests(*it));
        Ok(page)
    }

    /// Units of which nothing was heard for a day.
    fn old(&self, centre: &Centre) -> Result<Vec<UnitId>, Unavailable> {
        const PAGE: usize = 1024;
        let old_before = now().0 - DAY.as_secs() as i64;
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = centre.rosters_taken(after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(found);
            };
            after = Some(*last);
            let old = page
                .into_iter()
                .filter(|(unit, at)| at.0 < old_before && !self.looked_today(*unit));
            for (unit, _) in old {
                found.push(unit);
                if found.len() == LOOKS {
                    return Ok(found);
                }
            }
        }
    }

    fn rests(&self, unit: UnitId) -> bool {
        let rest = |it: &Look| if it.failed { REST_AFTER_FAILURE } else { REST };
        let look = self.looked.get(&unit);
        look.is_some_and(|it| it.at.elapsed() < rest(it))
    }

    fn looked_today(&self, unit: UnitId) -> bool {
        let look = self.looked.get(&unit);
        look.is_some_and(|it| it.at.elapsed() < DAY)
    }
}
