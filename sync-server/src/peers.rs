//! Devices over QUIC: who may have a session, what it sees, and enrolment.

mod allowance;
mod enrolment;
mod places;
mod scope;

#[cfg(test)]
pub(crate) mod tests;

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use canbao_core::facts::Insured;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::PublicKey;
use canbao_core::statement::{Statement, read_admitted};
use canbao_core::sync::hub::{FeedPage, FeedWanted, PartPage, Visible};
use canbao_core::sync::message::{BackfillWanted, ProofWanted, StatusWanted};
use canbao_core::sync::{Hello, Item, ItemId, NeedsUpdate, RangeProof, Refusal, Verdict};
use canbao_core::time::Timestamp;
use canbao_transport::{
    Accepted, BindError, Connection, Handshake, HubBackend, HubEvent, Limits, ServerEndpoint,
    drive_hub,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::centre::{Answer, Centre, Head, Unavailable};
use crate::metrics::Metrics;
use allowance::Allowance;
use places::{Places, turns_true};
use scope::Scope;

/// Most entries of one page of the feed.
const PAGE_ITEMS: usize = 1024;
/// After so many refusals a session ends: a device that goes on is broken or hostile.
const MOST_REFUSALS: u32 = 200;
/// The questions about persons that a device may ask within a minute: a clerk types one number
/// after the other.
const QUESTIONS: u32 = 30;
/// How many addresses, or devices, are counted at once.
const COUNTED: usize = 10_000;
/// How long sessions may take to end when the centre stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// The centre's clock, such as [`crate::border::now`].
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The centre's QUIC endpoint.
pub struct Peers {
    centre: Centre,
    endpoint: ServerEndpoint,
    clock: Clock,
    tries: Arc<Mutex<Allowance<IpAddr>>>,
    questions: Questions,
    places: Arc<Places>,
    metrics: Arc<Metrics>,
}

impl Peers {
    /// Listens with the centre's TLS key. Within a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn listen(
        centre: Centre,
        addr: SocketAddr,
        limits: Limits,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<Self, BindError> {
        let endpoint = ServerEndpoint::bind(addr, centre.tls_key(), limits)?;
        Ok(Self {
            centre,
            endpoint,
            clock,
            metrics,
            tries: Arc::new(Mutex::new(Allowance::new(enrolment::TRIES, COUNTED))),
            questions: questions(),
            places: Arc::default(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Serves peers until `stop`, then lets their sessions end. No peer's failure touches
    /// another: each has a task of its own.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                handshake = self.endpoint.accept() => match handshake {
                    Some(handshake) => {
                        let peer = self.peer(stopped.clone());
                        tasks.spawn(async move { peer.serve(handshake).await });
                    }
                    None => break,
                },
                Some(_) = tasks.join_next() => {}
            }
        }
        // Nobody is left to hear it where no session runs.
        let _ = stopping.send(true);
        let farewell = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("sessions were cut");
        }
        self.endpoint.close("stopping");
    }

    fn peer(&self, stopped: watch::Receiver<bool>) -> Peer {
        Peer {
            centre: self.centre.clone(),
            clock: Arc::clone(&self.clock),
            metrics: Arc::clone(&self.metrics),
            tries: Arc::clone(&self.tries),
            questions: Arc::clone(&self.questions),
            places: Arc::clone(&self.places),
            stopped,
        }
    }
}

/// What serves one connection.
struct Peer {
    centre: Centre,
    clock: Clock,
    tries: Arc<Mutex<Allowance<IpAddr>>>,
    questions: Questions,
    places: Arc<Places>,
    metrics: Arc<Metrics>,
    stopped: watch::Receiver<bool>,
}

impl Peer {
    async fn serve(self, handshake: Handshake) {
        match handshake.complete().await {
            Ok(Accepted::Sync { connection, device }) => self.sync(&connection, device).await,
            Ok(Accepted::Enrol { connection }) => {
                enrolment::serve(&self.centre, &connection, &self.tries, &self.clock).await;
            }
            Err(error) => tracing::debug!(code = error.code(), "no handshake"),
        }
    }

    async fn sync(self, connection: &Connection, device: PublicKey) {
        let feed = self.centre.trust().feed;
        let _connected = self.metrics.connected();
        let mut session = Session::new(self.centre, device, self.clock, self.metrics, self.stopped);
        let mut place = self.places.take(device);
        session.displaced = Some(place.displaced());
        session.questions = self.questions;
        tokio::select! {
            end = drive_hub(connection, feed, &mut session) => match end {
                Ok(end) => tracing::debug!(code = end.code(), "session ended"),
                Err(error) => tracing::error!(code = error.code(), "session failed"),
            },
            () = place.overstayed() => {
                connection.close(RefusalName::PeersTooManySessions.as_str());
                tracing::debug!("a session gave its place to a newer one");
            }
        }
    }
}

/// The hub's side of one device's session, whatever drives it.
pub struct Session {
    centre: Centre,
    clock: Clock,
    device: PublicKey,
    scope: Scope,
    heads: watch::Receiver<Head>,
    metrics: Arc<Metrics>,
    stopped: watch::Receiver<bool>,
    refusals: u32,
    /// Turns true when a newer session of the device takes this one's place.
    displaced: Option<watch::Receiver<bool>>,
    /// Why the session shall end.
    ending: Option<Refusal>,
    questions: Questions,
}

/// How often each device asks about persons.
type Questions = Arc<Mutex<Allowance<PublicKey>>>;

fn questions() -> Questions {
    Arc::new(Mutex::new(Allowance::new(QUESTIONS, COUNTED)))
}

impl Session {
    /// The session of a device that proved to hold this key; it ends when `stopped` says so.
    #[must_use]
    pub fn new(
        centre: Centre,
        device: PublicKey,
        clock: Clock,
        metrics: Arc<Metrics>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self {
            heads: centre.growth(),
            centre,
            clock,
            device,
            scope: Scope::default(),
            metrics,
            stopped,
            refusals: 0,
            displaced: None,
            ending: None,
            questions: questions(),
        }
    }

    /// Brings the scope up to date; a device without a certificate in force has none.
    fn look_at_scope(&mut self) -> Result<Result<(), Refusal>, Unavailable> {
        let scopes = self.heads.borrow().scopes;
        let scope = Scope::of(&self.centre, &self.device, (self.clock)(), scopes)?;
        Ok(scope.map(|scope| self.scope = scope))
    }

    /// Why the device may have no session any more, where what it may see has changed: so that
    /// it ends at once, whatever it was about to read.
    fn locked_out(&self) -> Option<Refusal> {
        let scopes = self.heads.borrow().scopes;
        if scopes == self.scope.scopes {
            return None;
        }
        // A store that cannot be read ends the session when the feed is.
        let scope = Scope::of(&self.centre, &self.device, (self.clock)(), scopes).ok()?;
        scope.err()
    }

    async fn page(&self, wanted: FeedWanted) -> Result<FeedPage, Unavailable> {
        let FeedWanted {
            from,
            late_from,
            max_bytes,
        } = wanted;
        let centre = self.centre.clone();
        let (audiences, range) = if from < late_from {
            (Arc::clone(&self.scope.at_once), from..late_from)
        } else {
            (Arc::clone(&self.scope.audiences), from..u64::MAX)
        };
        let read = move || centre.feed(&audiences, range, PAGE_ITEMS, max_bytes);
        blocking(read).await
    }
}

impl HubBackend for Session {
    type Error = Unavailable;

    async fn admit(&mut self, _: &Hello) -> Result<Result<Visible, Refusal>, Unavailable> {
        if let Some(refusal) = &self.ending {
            return Ok(Err(refusal.clone()));
        }
        Ok(self.look_at_scope()?.map(|()| self.scope.visible()))
    }

    /// A page is read with the scope as of its head: where a unit was registered or moved in
    /// between, it is read again, so that nothing of the new unit is passed over.
    async fn read_feed(
        &mut self,
        wanted: FeedWanted,
    ) -> Result<(Option<Visible>, FeedPage), Unavailable> {
        let before = self.scope.version;
        loop {
            let scopes = self.heads.borrow_and_update().scopes;
            if (scopes != self.scope.scopes || (self.clock)() >= self.scope.until)
                && let Err(refusal) = self.look_at_scope()?
            {
                self.ending = Some(refusal);
                return Ok((None, nothing_more(wanted.from)));
            }
            let page = self.page(wanted).await?;
            if self.heads.borrow().scopes == self.scope.scopes {
                let changed = self.scope.version != before;
                return Ok((changed.then(|| self.scope.visible()), page));
            }
        }
    }

    async fn backfill(
        &mut self,
        wanted: &BackfillWanted,
        max_bytes: usize,
    ) -> Result<Option<PartPage>, Unavailable> {
        let Some(audience) = self.scope.audience(&wanted.part) else {
            return Ok(None);
        };
        let centre = self.centre.clone();
        let (range, packed) = (wanted.from..wanted.upto, wanted.packed);
        let read = move || centre.part_of_feed(audience, range, packed, PAGE_ITEMS, max_bytes);
        blocking(read).await.map(Some)
    }

    async fn take_in(&mut self, _: ItemId, content: Item) -> Result<Verdict, Unavailable> {
        let arrived = Instant::now();
        let submits = is_submission(&content);
        let answer = match content {
            Item::Statement(bytes) => self.centre.take_statement(bytes, (self.clock)()).await?,
            Item::Batch(bytes) => self.centre.take_batch(bytes, (self.clock)()).await?,
        };
        self.metrics.answered_after(arrived.elapsed());
        if submits && matches!(answer, Answer::Taken(_)) {
            self.metrics.submission_taken();
        }
        if answer == Answer::Held {
            tracing::warn!(
                "an item of a newer program waits on its device for this centre's update"
            );
        }
        if let Answer::Refused(refusal) = &answer {
            tracing::warn!(code = refusal.code(), "item refused");
            self.metrics.refused(refusal.code());
            self.refusals += 1;
            if self.refusals >= MOST_REFUSALS {
                let refusal = Refusal::new(RefusalName::PeersTooManyRefusals, "");
                self.ending = Some(refusal);
            }
        }
        Ok(answer.into())
    }

    async fn range_proof(
        &mut self,
        wanted: ProofWanted,
    ) -> Result<Result<RangeProof, Refusal>, Unavailable> {
        let centre = self.centre.clone();
        blocking(move || Ok(centre.range_proof(wanted))).await
    }

    async fn person_status(
        &mut self,
        wanted: StatusWanted,
    ) -> Result<Result<Insured, Refusal>, Unavailable> {
        let allowed = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(self.device, Instant::now());
        let answer = if allowed {
            let now = (self.clock)();
            self.centre.person_status(self.device, wanted, now).await?
        } else {
            Err(Refusal::new(RefusalName::PeersTooManyQuestions, ""))
        };
        if let Err(refusal) = &answer {
            tracing::warn!(
                code = refusal.code(),
                "a question about a person was refused"
            );
            self.metrics.refused(refusal.code());
        }
        Ok(answer)
    }

    fn needs_update(&mut self, what: NeedsUpdate) {
        tracing::warn!(%what, "a device is newer than this centre");
    }

    async fn next_event(&mut self) -> HubEvent {
        if let Some(refusal) = &self.ending {
            return HubEvent::Refuse(refusal.clone());
        }
        let grown = tokio::select! {
            grown = self.heads.changed() => grown.is_ok(),
            // An error means that the endpoint is gone.
            _ = self.stopped.wait_for(|stopped| *stopped) => false,
            () = turns_true(self.displaced.as_mut()) => {
                let refusal = Refusal::new(RefusalName::PeersTooManySessions, "");
                return HubEvent::Refuse(refusal);
            }
        };
        if !grown {
            return HubEvent::Stop;
        }
        self.locked_out()
            .map_or(HubEvent::LogGrew, HubEvent::Refuse)
    }
}

/// Reads the store beside the tasks that wait for the network.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Unavailable> + Send + 'static,
) -> Result<T, Unavailable> {
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or(Err(Unavailable::Broken))
}

/// The page of a device that may see nothing any more: its cursor stays before what it was not
/// shown, so that a new certificate goes on there.
fn nothing_more(from: u64) -> FeedPage {
    FeedPage {
        entries: Vec::new(),
        upto: from,
        head: from,
    }
}

/// For counting alone: nothing of the statement is proven yet.
fn is_submission(item: &Item) -> bool {
    match item {
        Item::Statement(bytes) => {
            let read = read_admitted(bytes).map(|it| it.statement);
            matches!(read, Ok(Statement::Submission(_)))
        }
        Item::Batch(_) => false,
    }
}
