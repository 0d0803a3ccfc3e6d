//! The loop: send what waits, take in what tax reports, wait for either.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use canbao_core::facts::{Sending, TransactionId, TransactionKind};
use canbao_core::month::Month;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use super::client::{self, Client, Sent};
use super::event::event;
use super::rosters::Rosters;
use super::sent::transaction;
use crate::border::now;
use crate::centre::{Centre, Outgoing, TaxAnswer, TaxError, Unavailable};
use crate::contact::{Contact, Held};
use crate::remote::{NoAnswer, off_thread};

/// The pause while something is on its way, and the least pause ever.
const BRISK: Duration = Duration::from_millis(200);
/// The pause while nothing happens.
const CALM: Duration = Duration::from_secs(2);
/// For how long after a sending or an event the adapter stays brisk.
const BRISK_FOR: Duration = Duration::from_secs(20);
/// The longest pause after failures.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// How many transactions are held in memory at once.
const PAGE: usize = 16;
/// How many of tax's events are in the writer's hands at once: they share its commits.
pub const EVENTS_AT_ONCE: usize = 16;

/// The adapter of one centre to one tax bureau.
pub struct Adapter {
    centre: Centre,
    client: Client,
    contact: Arc<Contact>,
    /// What tax will not take however often it is sent. Forgotten at the end of the process: a
    /// newer program may write the transaction otherwise.
    given_up: BTreeSet<TransactionId>,
    rosters: Rosters,
    brisk_until: Instant,
    failures: u32,
}

/// Why a round did not go through.
enum Trouble {
    Tax(NoAnswer),
    Centre(TaxError),
    Held(Held),
}

impl From<NoAnswer> for Trouble {
    fn from(error: NoAnswer) -> Self {
        Self::Tax(error)
    }
}

impl From<TaxError> for Trouble {
    fn from(error: TaxError) -> Self {
        Self::Centre(error)
    }
}

impl From<Unavailable> for Trouble {
    fn from(error: Unavailable) -> Self {
        Self::Centre(error.into())
    }
}

impl Adapter {
    /// An adapter that tells `contact` how it stands.
    #[must_use]
    pub fn new(centre: Centre, client: Client, contact: Arc<Contact>) -> Self {
        let brisk_until = Instant::now() + BRISK_FOR;
        Self {
            centre,
            client,
            contact,
            given_up: BTreeSet::new(),
            rosters: Rosters::new(),
            brisk_until,
            failures: 0,
        }
    }

    /// Runs until the future is dropped, which is safe at every moment.
    pub async fn run(mut self) {
        let mut growth = self.centre.growth();
        loop {
            growth.borrow_and_update();
            let pause = match self.round().await {
                Ok(()) => {
                    self.failures = 0;
                    self.contact.well();
                    if Instant::now() < self.brisk_until {
                        BRISK
                    } else {
                        CALM
                    }
                }
                Err(trouble) => {
                    self.tell(trouble);
                    sleep(self.backoff()).await;
                    continue;
                }
            };
            // Never brisker than this, however fast the log grows.
            sleep(BRISK).await;
            let grew = async {
                if growth.changed().await.is_err() {
                    // The writer is gone; time alone is left.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = grew => {}
                () = sleep(pause.saturating_sub(BRISK)) => {}
            }
        }
    }

    /// Events are asked for even where sending fails: they are what clears a failure up.
    async fn round(&mut self) -> Result<(), Trouble> {
        let sent = self.send_waiting().await;
        let taken = self.take_events().await;
        self.rosters.look(&self.centre, &self.client).await?;
        sent.and(taken)
    }

    async fn send_waiting(&mut self) -> Result<(), Trouble> {
        let mut after: Option<TransactionId> = None;
        loop {
            let centre = self.centre.clone();
            let from = after.clone();
            let read = move || centre.transactions_to_send(from.as_ref(), PAGE);
            let mut page = off_thread(read).await??;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.transaction.clone());
            page.retain(|outgoing| !self.given_up.contains(&outgoing.transaction));
            page.sort_by_key(order);
            for outgoing in page {
                self.send(outgoing).await?;
            }
        }
    }

    /// One transaction. That an attempt begins is durable before tax can know of it; where an
    /// earlier attempt has no known end, tax is asked before it is sent again.
    async fn send(&mut self, outgoing: Outgoing) -> Result<(), Trouble> {
        let id = outgoing.transaction.clone();
        let message = match transaction(&outgoing, now()) {
            Ok(message) => message,
            Err(error) => return self.give_up(id, error.to_string()).await,
        };
        self.brisk_until = Instant::now() + BRISK_FOR;
        if self.attempt_began(&outgoing)? {
            let (client, asked) = (self.client.clone(), id.clone());
            let has = off_thread(move || client.has(&asked)).await??;
            self.contact.answered(now());
            if has {
                return self.set(id, Sending::Sent).await;
            }
        } else {
            self.set(id.clone(), Sending::Sending).await?;
        }
        let client = self.client.clone();
        let sent = off_thread(move || client.send(&message)).await??;
        self.contact.answered(now());
        match sent {
            Sent::Held => {
                tracing::info!(transaction = %id, "sent to tax");
                self.set(id, Sending::Sent).await
            }
            Sent::Refused(reason) => self.give_up(id, reason).await,
        }
    }

    fn attempt_began(&self, outgoing: &Outgoing) -> Result<bool, Trouble> {
        let began = self.centre.with_unit(outgoing.unit.id, |unit| {
            let known = unit.transactions.get(&outgoing.transaction);
            known.is_some_and(|it| it.sending == Sending::Sending)
        })?;
        Ok(began.unwrap_or(false))
    }

    async fn give_up(&mut self, id: TransactionId, reason: String) -> Result<(), Trouble> {
        tracing::error!(transaction = %id, %reason, "tax does not take a transaction");
        self.given_up.insert(id.clone());
        self.set(id, Sending::Failed(reason)).await
    }

    async fn set(&self, id: TransactionId, state: Sending) -> Result<(), Trouble> {
        Ok(self.centre.set_sending(id, state, now()).await?)
    }

    async fn take_events(&mut self) -> Result<(), Trouble> {
        loop {
            let after = self.centre.tax_events_taken()?;
            let client = self.client.clone();
            let page = off_thread(move || client.events(after)).await??;
            self.contact.answered(now());
            if page.events.is_empty() {
                return Ok(());
            }
            self.brisk_until = Instant::now() + BRISK_FOR;
            self.take(page.events, after).await?;
        }
    }

    /// Takes a page's events in, several at a time: they keep their order and share commits. What
    /// cannot be read is held, and nothing behind it is taken.
    async fn take(&self, events: Vec<serde_json::Value>, after: u64) -> Result<(), Trouble> {
        let mut readable = Vec::new();
        let mut unreadable = None;
        for (value, expected) in events.into_iter().zip(after + 1..) {
            match event(value) {
                Ok(event) => readable.push((expected, event)),
                Err(fault) => {
                    unreadable = Some(held(expected, fault.code(), fault.to_string()));
                    break;
                }
            }
        }
        let mut answers = stream::iter(readable)
            .map(async |(expected, (sequence, event))| {
                (
                    expected,
                    self.centre.take_tax_event(sequence, event, now()).await,
                )
            })
            .buffered(EVENTS_AT_ONCE);
        while let Some((sequence, answer)) = answers.next().await {
            match answer {
                Ok(answer) => tell_taken(sequence, &answer),
                Err(error @ TaxError::SequenceGap { .. }) => {
                    return Err(held(sequence, error.code(), error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        unreadable.map_or(Ok(()), Err)
    }

    fn tell(&mut self, trouble: Trouble) {
        self.failures = self.failures.saturating_add(1);
        let (code, detail) = match trouble {
            Trouble::Tax(error) => (client::code(&error), error.to_string()),
            Trouble::Centre(error) => (error.code(), error.to_string()),
            Trouble::Held(held) => {
                tracing::error!(
                    sequence = held.sequence,
                    code = held.code,
                    "tax's event is held"
                );
                let told = (held.code, held.detail.clone());
                self.contact.holding(held);
                told
            }
        };
        if self.failures == 1 {
            tracing::warn!(code, detail, "no progress with tax; trying again");
        }
        self.contact.in_trouble(code, detail);
    }

    /// Doubles from a brisk pause up to the longest.
    fn backoff(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        BRISK.saturating_mul(1 << doublings).min(LONGEST_BACKOFF)
    }
}

/// Changes of the roster come before the assessments that may need them, and those in the order
/// of their settlement months, since tax closes earlier months.
fn order(outgoing: &Outgoing) -> Option<Month> {
    match &outgoing.kind {
        TransactionKind::RosterChange { .. } => None,
        TransactionKind::Assessment { settlement } => Some(*settlement),
    }
}

fn held(sequence: u64, code: &'static str, detail: String) -> Trouble {
    Trouble::Held(Held {
        sequence,
        code,
        detail,
    })
}

fn tell_taken(sequence: u64, answer: &TaxAnswer) {
    match answer {
        TaxAnswer::AlreadyTaken | TaxAnswer::Noted | TaxAnswer::Exists => {
            tracing::debug!(sequence, "an event of tax was taken in");
        }
        TaxAnswer::Recorded { first, count } => {
            tracing::info!(
                sequence,
                first = first.0,
                count,
                "payment records were made"
            );
        }
        TaxAnswer::UnknownTransaction => {
            tracing::warn!(sequence, "tax names a transaction that was never queued");
        }
        TaxAnswer::Incident(kind) => {
            tracing::warn!(sequence, incident = kind.code(), "tax reported an incident");
        }
    }
}

#[cfg(test)]
mod tests;
