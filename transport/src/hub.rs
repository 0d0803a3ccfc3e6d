//! The hub's pump: one session over one connection, between it and the centre's engine.

use std::future::Future;

use canbao_core::facts::Insured;
use canbao_core::ids::FeedId;
use canbao_core::refusal::RefusalName;
use canbao_core::sync::hub::{
    FeedPage, FeedWanted, HubInput, HubOutput, HubSession, PartPage, Visible,
};
use canbao_core::sync::message::{BackfillWanted, ProofWanted, StatusWanted};
use canbao_core::sync::{
    CloseReason, Hello, Item, ItemId, NeedsUpdate, ProofRefused, RangeProof, Refusal, Verdict,
};

use crate::connection::Connection;
use crate::pump::{Clock, PATIENCE, Reader, SessionEnd, Writer};

/// Something at the centre that a session must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubEvent {
    /// The log grew.
    LogGrew,
    /// The device may not have a session any more, e.g. it was revoked.
    Refuse(Refusal),
    /// The session shall end.
    Stop,
}

/// What a session needs of the centre, for one device.
pub trait HubBackend: Send {
    /// Why the centre cannot go on, e.g. its disk is full.
    type Error: std::error::Error + Send;

    /// Judges whether the device may have a session; gives what it may see.
    fn admit(
        &mut self,
        hello: &Hello,
    ) -> impl Future<Output = Result<Result<Visible, Refusal>, Self::Error>> + Send;

    /// Reads the feed for this device from a position on, until about so many bytes of entries.
    /// A page that is not at the head gets on by at least one position. With it comes what the
    /// device may see, where the page was read with another scope than the one before.
    fn read_feed(
        &mut self,
        wanted: FeedWanted,
    ) -> impl Future<Output = Result<(Option<Visible>, FeedPage), Self::Error>> + Send;

    /// Reads what a part has in a range, as [`HubInput::Backfilled`] takes it, until about
    /// `max_bytes` of entries, of which there are at most a few thousand; gets on by at least
    /// one position. `None` where the part was not in the scope of the newest page.
    fn backfill(
        &mut self,
        wanted: &BackfillWanted,
        max_bytes: usize,
    ) -> impl Future<Output = Result<Option<PartPage>, Self::Error>> + Send;

    /// Hands an item to the engine; returns after the commit. The same item may come again.
    fn take_in(
        &mut self,
        item: ItemId,
        content: Item,
    ) -> impl Future<Output = Result<Verdict, Self::Error>> + Send;

    /// Makes a range proof.
    fn range_proof(
        &mut self,
        wanted: ProofWanted,
    ) -> impl Future<Output = Result<Result<RangeProof, Refusal>, Self::Error>> + Send;

    /// Says where a person is insured, or why that is not said (REG-1).
    fn person_status(
        &mut self,
        wanted: StatusWanted,
    ) -> impl Future<Output = Result<Result<Insured, Refusal>, Self::Error>> + Send;

    /// The device sent something that only a newer program reads.
    fn needs_update(&mut self, what: NeedsUpdate);

    /// Waits for the next event. It is dropped and called again at will, and must lose none:
    /// growth since the last page or the last event counts as one event.
    fn next_event(&mut self) -> impl Future<Output = HubEvent> + Send;
}

/// Runs a session until it ends; dropping the future cuts it.
///
/// Nothing is read before what was read is handled, and a page of the feed is written before
/// the next is read: a slow device holds up itself alone, and for a minute at most.
///
/// # Errors
/// The backend's; the device was told `sync.hub_failed`.
pub async fn drive_hub<B: HubBackend>(
    connection: &Connection,
    feed: FeedId,
    backend: &mut B,
) -> Result<SessionEnd, B::Error> {
    let (send, recv) = match tokio::time::timeout(PATIENCE, connection.quic().accept_bi()).await {
        Ok(Ok(streams)) => streams,
        Ok(Err(error)) => return Ok(SessionEnd::cut(error).named_by_peer(connection.quic())),
        Err(_) => return Ok(SessionEnd::cut("no stream was opened")),
    };
    let counters = connection.counters();
    let mut pump = HubPump {
        clock: Clock::start(),
        session: HubSession::new(feed, 0),
        writer: Writer {
            stream: send,
            counters,
        },
        reader: Reader {
            stream: recv,
            counters,
        },
        next_page: None,
    };
    let end = match pump.run(backend).await {
        Err(Stop::Failed(error)) => {
            pump.say_failed().await;
            Err(error)
        }
        Err(Stop::Ended(end)) => Ok(end.named_by_peer(connection.quic())),
        Ok(reason) => {
            pump.writer.finish().await;
            Ok(SessionEnd::Closed(reason))
        }
    };
    connection.close(match &end {
        Ok(end) => end.code(),
        Err(_) => HUB_FAILED.as_str(),
    });
    end
}

const HUB_FAILED: RefusalName = RefusalName::SyncHubFailed;

struct HubPump<'c> {
    clock: Clock,
    session: HubSession,
    writer: Writer<'c>,
    reader: Reader<'c>,
    /// A reading of the feed that is due.
    next_page: Option<FeedWanted>,
}

/// Why a pump stopped without its session's leave.
enum Stop<E> {
    Failed(E),
    Ended(SessionEnd),
}

impl<E> From<SessionEnd> for Stop<E> {
    fn from(end: SessionEnd) -> Self {
        Self::Ended(end)
    }
}

impl HubPump<'_> {
    async fn run<B: HubBackend>(&mut self, backend: &mut B) -> Result<CloseReason, Stop<B::Error>> {
        loop {
            if let Some(reason) = self.perform(backend).await? {
                return Ok(reason);
            }
            let input = match self.next_page.take() {
                Some(wanted) => {
                    // A long feed and a talking device take turns.
                    if let Some(bytes) = self.read_if_ready().await? {
                        self.input(HubInput::Received(bytes));
                        if let Some(reason) = self.perform(backend).await? {
                            return Ok(reason);
                        }
                    }
                    let read = backend.read_feed(wanted).await;
                    let (visible, page) = read.map_err(Stop::Failed)?;
                    if let Some(visible) = visible {
                        self.input(HubInput::Rescoped(visible));
                    }
                    HubInput::Feed(page)
                }
                None => self.next_input(backend).await?,
            };
            self.input(input);
        }
    }

    fn input(&mut self, input: HubInput) {
        self.session.handle(self.clock.now(), input);
    }

    /// Performs the session's outputs in order until it wants an input.
    async fn perform<B: HubBackend>(
        &mut self,
        backend: &mut B,
    ) -> Result<Option<CloseReason>, Stop<B::Error>> {
        while let Some(output) = self.session.poll() {
            match output {
                HubOutput::Send(frame) => self.writer.write_all(&frame).await?,
                HubOutput::Admit(hello) => {
                    let input = match backend.admit(&hello).await.map_err(Stop::Failed)? {
                        Ok(visible) => HubInput::Admitted(visible),
                        Err(refusal) => HubInput::Refused(refusal),
                    };
                    self.input(input);
                }
                HubOutput::ReadFeed(wanted) => self.next_page = Some(wanted),
                HubOutput::ReadBackfill { wanted, max_bytes } => {
                    let read = backend.backfill(&wanted, max_bytes).await;
                    let page = read.map_err(Stop::Failed)?;
                    self.input(HubInput::Backfilled { wanted, page });
                }
                HubOutput::TakeIn { item, content } => {
                    let taken = backend.take_in(item, content).await;
                    let verdict = taken.map_err(Stop::Failed)?;
                    self.input(HubInput::Taken { item, verdict });
                }
                HubOutput::Prove(wanted) => {
                    let proof = backend.range_proof(wanted).await.map_err(Stop::Failed)?;
                    self.input(match proof {
                        Ok(proof) => HubInput::Proved(proof),
                        Err(refusal) => HubInput::NotProved(ProofRefused { wanted, refusal }),
                    });
                }
                HubOutput::PersonStatus(wanted) => {
                    let number = wanted.number;
                    let asked = backend.person_status(wanted).await;
                    let insured = asked.map_err(Stop::Failed)?;
                    self.input(HubInput::Status { number, insured });
                }
                HubOutput::WakeAt(at) => self.clock.set_alarm(at),
                HubOutput::NeedsUpdate(what) => backend.needs_update(what),
                HubOutput::Close(reason) => return Ok(Some(reason)),
            }
        }
        Ok(None)
    }

    async fn next_input<B: HubBackend>(&mut self, backend: &mut B) -> Result<HubInput, SessionEnd> {
        tokio::select! {
            bytes = self.reader.read() => Ok(HubInput::Received(bytes?)),
            event = backend.next_event() => Ok(match event {
                HubEvent::LogGrew => HubInput::LogGrew,
                HubEvent::Refuse(refusal) => HubInput::Refused(refusal),
                HubEvent::Stop => HubInput::Stop,
            }),
            () = self.clock.alarm() => Ok(HubInput::Tick),
        }
    }

    async fn read_if_ready(&mut self) -> Result<Option<Vec<u8>>, SessionEnd> {
        tokio::select! {
            biased;
            bytes = self.reader.read() => bytes.map(Some),
            () = std::future::ready(()) => Ok(None),
        }
    }

    /// Tells the device that the centre cannot go on, so that a person there learns it too.
    async fn say_failed(&mut self) {
        self.input(HubInput::Refused(Refusal::new(HUB_FAILED, "")));
        while let Some(output) = self.session.poll() {
            if let HubOutput::Send(frame) = output
                && self.writer.write_all(&frame).await.is_err()
            {
                return;
            }
        }
        self.writer.finish().await;
    }
}
