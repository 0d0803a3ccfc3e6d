//! Exchanging with the centre: the feed in, the outbox out, proofs verified on the way.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use canbao_core::certificate::Chain;
use canbao_core::declaration::Field;
use canbao_core::ids::Position;
use canbao_core::message::Lang;
use canbao_core::signed::{decode_canonical, encode};
use canbao_core::signing::PublicKey;
use canbao_core::store::{Commit, Stream, View};
use canbao_core::sync::device::{Advance, DeviceStart, Outgoing, SessionReport};
use canbao_core::sync::message::ProofWanted;
use canbao_core::sync::{CloseReason, ItemId, ProofRefused, RangeProof, Verdict, retry_after};
use canbao_core::time::Timestamp;
use canbao_transport::{
    Alpn, ClientEndpoint, ConnectError, Connected, DeviceBackend, DeviceEvent, EnrolError,
    SessionEnd, Statistics, ask_to_enrol, drive_device,
};
use minicbor::{Decode, Encode};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::app::App;
use crate::door::Door;
use crate::enrol::refusal_fault;
use crate::fault::{Fault, Trouble};
use crate::feed;
use crate::identity::Step;
use crate::outbox::Made;
use crate::response::{FailureClass, SyncReport};

/// The key of the cursor view.
pub(crate) const CURSOR_KEY: &[u8] = b"feed";

/// How long a single `sync` may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// How long a proof that the centre does not have yet is left alone.
const PROOF_AGAIN: Duration = Duration::from_secs(1);

/// How often a single `sync` asks again for proofs that are not to be had.
const PROOF_TIMES: u32 = 10;

/// Proofs asked for and not answered, at most: fewer than a session holds.
const PROOFS_OUT: usize = 64;

/// Seconds between two moments of contact that are kept.
const CONTACT_EVERY: i64 = 60;

/// How far the feed was read; a cache: without it the device goes on behind its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Cursor {
    #[n(0)]
    cursor: u64,
    #[n(1)]
    scope_version: u64,
}

impl Door {
    /// Syncs once, or until stopped. Where a watching sync runs already, a single one waits
    /// until that has nothing open.
    pub(crate) async fn sync(&self, lang: Lang, watch: bool) -> Result<SyncReport, Fault> {
        let Some(_one) = self.one_session() else {
            return if watch {
                Err(Fault::usage("sync.already_watching"))
            } else {
                self.join().await
            };
        };
        let mut backend = Backend::new(self, lang, watch);
        let ended = if watch {
            self.watch(&mut backend).await
        } else {
            timeout(DEADLINE, self.once(&mut backend))
                .await
                .unwrap_or_else(|_| Err(Fault::network("sync.deadline")))
        };
        let mut app = self.app();
        app.transport = None;
        app.keep_contact(backend.heard)?;
        let report = app.so_far(backend.report);
        let queued = report.queued;
        ended
            .map(|()| report)
            .map_err(|fault| fault.with("queued", queued))
    }

    /// Waits for the session that runs.
    async fn join(&self) -> Result<SyncReport, Fault> {
        if self.app().transport.is_none() {
            let queued = {
                let app = self.app();
                app.outbox.waiting(&app.feed).count()
            };
            return Err(Fault::network("transport.unreachable").with("queued", queued));
        }
        let mut settled = self.settled.subscribe();
        self.grew.notify_one();
        timeout(DEADLINE, settled.changed())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| Fault::network("sync.deadline"))?;
        Ok(self.app().so_far(SyncReport::default()))
    }

    async fn once(&self, backend: &mut Backend<'_>) -> Result<(), Fault> {
        let connected = self.connect().await?;
        self.session(&connected, backend).await
    }

    /// Keeps a session; after a cut it tries again by the retry policy. It ends when stopped,
    /// or where trying again cannot help.
    async fn watch(&self, backend: &mut Backend<'_>) -> Result<(), Fault> {
        let mut stopped = self.stopped();
        let seed = self.retry_seed();
        let mut attempt = 0;
        while !*stopped.borrow_and_update() {
            backend.welcomed = false;
            let ended = match self.connect().await {
                Ok(connected) => self.session(&connected, backend).await,
                Err(fault) => Err(fault),
            };
            self.app().transport = None;
            match ended {
                Ok(()) => {}
                Err(fault) if fault.class == FailureClass::Network => {
                    tracing::info!(code = %fault.code, attempt, "the link is down");
                }
                Err(fault) => return Err(fault),
            }
            attempt = if backend.welcomed { 0 } else { attempt + 1 };
            let wait = Duration::from_millis(retry_after(attempt, seed));
            tokio::select! {
                () = sleep(wait) => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        }
        Ok(())
    }

    /// Connects to the pinned server; where it shows another key, follows its chain from the
    /// pinned root first.
    async fn connect(&self) -> Result<Connected, Fault> {
        let (endpoint, server, tls) = {
            let app = self.app();
            let centre = app.identity.centre()?;
            let (_, key) = app
                .identity
                .device
                .as_ref()
                .expect("an enrolled device has its key");
            (
                ClientEndpoint::new(Some(key)),
                centre.server.clone(),
                centre.trust.tls,
            )
        };
        let address = resolve(&server).await?;
        match endpoint.connect(address, Some(tls), Alpn::Sync).await {
            Ok(connected) => Ok(connected),
            Err(ConnectError::WrongServer { found, .. }) => {
                self.follow_chain(address, found).await?;
                endpoint
                    .connect(address, Some(found), Alpn::Sync)
                    .await
                    .map_err(|error| connect_fault(&error))
            }
            Err(error) => Err(connect_fault(&error)),
        }
    }

    /// Takes over a new TLS key of the same centre.
    async fn follow_chain(&self, address: SocketAddr, found: PublicKey) -> Result<(), Fault> {
        let connected = ClientEndpoint::new(None)
            .connect(address, Some(found), Alpn::Enrol)
            .await
            .map_err(|error| connect_fault(&error))?;
        // Only the chain is wanted: refusing it after it was read sends nothing.
        let shown = ask_to_enrol(&connected.connection, |chain| Err(Shown(chain.to_vec()))).await;
        let chain = match shown {
            Err(EnrolError::Chain(Shown(chain))) => chain,
            Err(error) => return Err(Fault::network(error.code()).with("detail", &error)),
            Ok(_) => return Err(Fault::network("enrolment.violation")),
        };
        let chain: Chain = decode_canonical(&chain)
            .map_err(|error| Fault::trust("chain.broken").with("detail", error))?;
        let mut app = self.app();
        let centre = app.identity.centre()?;
        let trust = chain.follow(&centre.root)?;
        if trust.tls != found {
            return Err(Fault::trust("transport.wrong_server"));
        }
        let same_log = trust.log == centre.trust.log
            && trust.origin == centre.trust.origin
            && trust.feed == centre.trust.feed;
        if !same_log {
            return Err(Fault::trust("trust.other_log"));
        }
        app.step(Step::Chain(chain))
    }

    async fn session(&self, connected: &Connected, backend: &mut Backend<'_>) -> Result<(), Fault> {
        let start = {
            let mut app = self.app();
            app.transport = Some(connected.connection.statistics().transport.name());
            app.session_start()?
        };
        backend.begin();
        match drive_device(&connected.connection, start, backend).await? {
            SessionEnd::Closed(CloseReason::Stopped) => Ok(()),
            SessionEnd::Closed(CloseReason::Refused(refusal)) => Err(refusal_fault(&refusal)),
            SessionEnd::Closed(CloseReason::NeedsUpdate(what)) => {
                Err(Fault::refused("sync.needs_update").with("detail", what))
            }
            end @ (SessionEnd::Closed(CloseReason::Silent | CloseReason::Violation(_))
            | SessionEnd::Cut(_)
            | SessionEnd::Stalled) => Err(Fault::network(end.code()).with("detail", &end)),
        }
    }

    fn retry_seed(&self) -> u64 {
        self.app().identity.device_id().map_or(0, |device| {
            let mut seed = [0; 8];
            seed.copy_from_slice(&device.0[8..]);
            u64::from_be_bytes(seed)
        })
    }
}

impl App {
    fn session_start(&self) -> Result<DeviceStart, Fault> {
        let feed = self.identity.centre()?.trust.feed;
        let Cursor {
            cursor,
            scope_version,
        } = self.cursor();
        let waiting = self.outbox.waiting(&self.feed).count();
        Ok(DeviceStart {
            feed,
            scope_version,
            cursor,
            offers: u32::try_from(waiting).unwrap_or(u32::MAX),
        })
    }

    /// Where to go on: a lost cursor costs reading again what is held already.
    fn cursor(&self) -> Cursor {
        let stored = self.store.view(View::Cursor, CURSOR_KEY).ok().flatten();
        let stored = stored.and_then(|bytes| minicbor::decode(&bytes).ok());
        let from = if self.identity.enrolments > 1 {
            0
        } else {
            self.feed.end()
        };
        stored.unwrap_or(Cursor {
            cursor: from,
            scope_version: 0,
        })
    }

    /// Makes entries and cursor durable in one commit, then takes the entries in.
    pub(crate) fn advance(&mut self, advance: Advance) -> Result<u64, Fault> {
        let entries = self.feed.unknown(advance.entries, self.world.now());
        let cursor = Cursor {
            cursor: advance.cursor,
            scope_version: advance.scope_version,
        };
        let start = Commit::new()
            .expecting(Stream::Feed, self.feed.length())
            .put(View::Cursor, CURSOR_KEY, encode(&cursor));
        let commit = entries.iter().fold(start, |commit, it| {
            commit.append(Stream::Feed, feed::to_bytes(it))
        });
        self.store.commit(commit)?;
        if self.feed.extend(&entries, &self.store)? {
            self.mark_proven();
        }
        Ok(entries.len() as u64)
    }

    /// What was exchanged, with what waits still and how far the log is verified.
    fn so_far(&self, exchanged: SyncReport) -> SyncReport {
        SyncReport {
            queued: self.outbox.waiting(&self.feed).count() as u64,
            checkpoint: self.checkpoint(),
            ..exchanged
        }
    }

    /// Notes the end of an item that the hub refused by name.
    fn refused_item(&mut self, item: ItemId, code: &str, detail: &str) -> Result<(), Fault> {
        let at = self.world.now();
        let (code, detail) = (code.to_owned(), detail.to_owned());
        self.keep(&[Made::Ended {
            item: item.0,
            code,
            detail,
            at,
        }])
    }

    /// Keeps when the centre was heard, unless that is known to the minute already.
    fn keep_contact(&mut self, heard: Option<Timestamp>) -> Result<(), Fault> {
        let known = self.last_contact();
        match heard {
            Some(at) if known.is_none_or(|known| at.0 - known.0 >= CONTACT_EVERY) => {
                self.step(Step::Contact(at))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The device as a session sees it.
struct Backend<'d> {
    door: &'d Door,
    lang: Lang,
    watch: bool,
    stopped: watch::Receiver<bool>,
    report: SyncReport,
    heard: Option<Timestamp>,
    welcomed: bool,
    settled: bool,
    wanted: VecDeque<ProofWanted>,
    /// First positions of proofs asked for, or waiting to be.
    known: BTreeSet<Position>,
    out: usize,
    again: Vec<ProofWanted>,
    again_at: Option<Instant>,
    times: u32,
}

impl<'d> Backend<'d> {
    fn new(door: &'d Door, lang: Lang, watch: bool) -> Self {
        Self {
            door,
            lang,
            watch,
            stopped: door.stopped(),
            report: SyncReport::default(),
            heard: None,
            welcomed: false,
            settled: false,
            wanted: VecDeque::new(),
            known: BTreeSet::new(),
            out: 0,
            again: Vec::new(),
            again_at: None,
            times: 0,
        }
    }

    /// A new session: nothing is asked yet.
    fn begin(&mut self) {
        self.settled = false;
        self.wanted.clear();
        self.known.clear();
        self.again.clear();
        self.again_at = None;
        self.out = 0;
        self.want_proofs();
    }

    fn want_proofs(&mut self) {
        for wanted in self.door.app().wanted_proofs() {
            if self.known.insert(wanted.first) {
                self.wanted.push_back(wanted);
            }
        }
    }

    fn hear(&mut self) {
        self.heard = Some(self.door.app().world.now());
    }

    /// Whether a single sync has done everything.
    fn is_done(&self) -> bool {
        self.settled && !self.watch && self.again.is_empty()
    }
}

impl DeviceBackend for Backend<'_> {
    type Error = Fault;

    async fn persist(&mut self, advance: Advance) -> Result<(), Fault> {
        self.hear();
        self.report.entries += self.door.app().advance(advance)?;
        self.want_proofs();
        Ok(())
    }

    async fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        max_bytes: usize,
    ) -> Result<Vec<Outgoing>, Fault> {
        let app = self.door.app();
        app.outbox
            .next(&app.feed, &app.store, after, limit, max_bytes)
    }

    async fn answered(&mut self, item: ItemId, verdict: Verdict) -> Result<(), Fault> {
        self.hear();
        match verdict {
            Verdict::Taken { .. } => self.report.sent += 1,
            Verdict::Held => {}
            Verdict::Refused(refusal) => {
                self.door
                    .app()
                    .refused_item(item, refusal.code(), refusal.detail())?;
                let trouble = Trouble::new(Field::Whole, refusal.code())
                    .with("detail", refusal.detail())
                    .at(item);
                self.report.refused.push(trouble.in_words(self.lang));
            }
        }
        Ok(())
    }

    async fn proof(&mut self, proof: Result<RangeProof, ProofRefused>) -> Result<(), Fault> {
        self.out = self.out.saturating_sub(1);
        match proof {
            Ok(proof) => {
                let count = u64::from(proof.count);
                self.door.app().take_proof(proof)?;
                self.report.proven += count;
            }
            // Not signed yet: asked again later, but not for ever where nobody watches.
            Err(refused) if self.watch || self.times < PROOF_TIMES => {
                self.again.push(refused.wanted);
                self.again_at = Some(Instant::now() + PROOF_AGAIN);
            }
            Err(refused) => {
                tracing::warn!(code = refused.refusal.code(), "a proof is not to be had");
            }
        }
        Ok(())
    }

    fn report(&mut self, report: SessionReport, _statistics: Statistics) {
        match report {
            SessionReport::Welcomed { .. } => {
                self.welcomed = true;
                self.hear();
                let heard = self.heard;
                if let Err(fault) = self.door.app().keep_contact(heard) {
                    tracing::warn!(code = %fault.code, "the contact was not kept");
                }
            }
            SessionReport::Settled => {
                self.settled = true;
                let so_far = self.door.app().so_far(self.report.clone());
                self.door.settled.send_replace(so_far);
            }
            SessionReport::NeedsUpdate(what) => tracing::warn!(%what, "update needed"),
            SessionReport::FeedHeld { cursor } => {
                tracing::warn!(cursor, "the feed waits for an update of this program");
            }
            SessionReport::ItemTooLarge { item, bytes } => {
                tracing::warn!(%item, bytes, "an item is too large to travel");
            }
            SessionReport::ScopeChanged { from, to } => {
                tracing::info!(from, to, "the scope changed");
            }
            SessionReport::CaughtUp { .. } => {}
        }
    }

    async fn next_event(&mut self) -> DeviceEvent {
        loop {
            if self.out < PROOFS_OUT
                && let Some(wanted) = self.wanted.pop_front()
            {
                self.out += 1;
                self.settled = false;
                return DeviceEvent::WantProof(wanted);
            }
            if self.is_done() || *self.stopped.borrow() {
                return DeviceEvent::Stop;
            }
            let again_at = self.again_at;
            tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return DeviceEvent::Stop,
                () = self.door.grew.notified() => {
                    self.settled = false;
                    return DeviceEvent::OutboxGrew;
                }
                () = at(again_at) => {
                    self.times += 1;
                    self.again_at = None;
                    self.wanted.extend(self.again.drain(..));
                }
            }
        }
    }
}

/// The chain as the server showed it.
struct Shown(Vec<u8>);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("only the chain was wanted")
    }
}

/// The first address of `host:port`.
pub(crate) async fn resolve(server: &str) -> Result<SocketAddr, Fault> {
    let unknown = || Fault::network("transport.unknown_host").with("server", server);
    let mut found = tokio::net::lookup_host(server)
        .await
        .map_err(|_| unknown())?;
    found.next().ok_or_else(unknown)
}

/// Why there is no connection.
pub(crate) fn connect_fault(error: &ConnectError) -> Fault {
    let fault = match error {
        ConnectError::WrongServer { .. } => Fault::trust(error.code()),
        ConnectError::Socket(_)
        | ConnectError::BadAddress { .. }
        | ConnectError::Unreachable { .. }
        | ConnectError::Full { .. }
        | ConnectError::Handshake { .. } => Fault::network(error.code()),
    };
    fault.with("detail", error)
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
