//! The device's pump: one session over one connection, between it and the device's store.

use std::collections::VecDeque;
use std::future::Future;

use canbao_core::facts::Insured;
use canbao_core::sync::device::{
    Advance, Backfilled, DeviceInput, DeviceOutput, DeviceSession, DeviceStart, Outgoing, Rescope,
    SessionReport,
};
use canbao_core::sync::message::{ProofWanted, StatusWanted};
use canbao_core::sync::{CloseReason, ItemId, ProofRefused, RangeProof, Refusal, Verdict};

use crate::connection::{Connection, Statistics};
use crate::pump::{Clock, Reader, SessionEnd, Writer};

/// Something on the device that a session must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceEvent {
    /// Something was put into the outbox.
    OutboxGrew,
    /// A range proof is wanted.
    WantProof(ProofWanted),
    /// Somebody wants to know where a person is insured (REG-1).
    WantStatus(StatusWanted),
    /// The session shall end.
    Stop,
}

/// What a session needs of the device.
pub trait DeviceBackend: Send {
    /// Why the device cannot go on, e.g. its disk is full.
    type Error: std::error::Error + Send;

    /// Makes entries and cursor durable in one commit.
    fn persist(&mut self, advance: Advance)
    -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Makes a new scope and its cursor durable and purges what left the scope, in one commit.
    fn rescope(&mut self, rescope: Rescope)
    -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Makes a part's older entries durable, with what is held of the part, in one commit.
    fn backfill(
        &mut self,
        backfilled: Backfilled,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The next items of the outbox after a sequence number, in order: at most `limit`, and at
    /// most `max_bytes` except that one larger item may come alone. Empty when none waits.
    fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        max_bytes: usize,
    ) -> impl Future<Output = Result<Vec<Outgoing>, Self::Error>> + Send;

    /// Notes the centre's verdict and takes the item out of the outbox. May come again.
    fn answered(
        &mut self,
        item: ItemId,
        verdict: Verdict,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes a range proof or its refusal.
    fn proof(
        &mut self,
        proof: Result<RangeProof, ProofRefused>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes the answer to a question of [`DeviceEvent::WantStatus`], or its refusal.
    fn status(
        &mut self,
        number: u32,
        insured: Result<Insured, Refusal>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes what `status` shows.
    fn report(&mut self, report: SessionReport, statistics: Statistics);

    /// Waits for the next event. It is dropped and called again at will, and must lose none.
    fn next_event(&mut self) -> impl Future<Output = DeviceEvent> + Send;
}

/// Runs a session until it ends; dropping the future cuts it.
///
/// It reads on while it writes, so that device and hub can never wait for each other; what
/// waits to be written is bounded by the session's window.
///
/// # Errors
/// The backend's.
pub async fn drive_device<B: DeviceBackend>(
    connection: &Connection,
    start: DeviceStart,
    backend: &mut B,
) -> Result<SessionEnd, B::Error> {
    let (send, recv) = match connection.quic().open_bi().await {
        Ok(streams) => streams,
        Err(error) => return Ok(SessionEnd::cut(error).explained(connection.quic())),
    };
    let counters = connection.counters();
    let mut pump = DevicePump {
        connection,
        clock: Clock::start(),
        session: DeviceSession::new(start, 0),
        writer: Writer {
            stream: send,
            counters,
        },
        reader: Reader {
            stream: recv,
            counters,
        },
        waiting: VecDeque::new(),
    };
    let end = pump
        .run(backend)
        .await
        .map(|end| end.explained(connection.quic()));
    connection.close(match &end {
        Ok(end) => end.code(),
        Err(_) => "transport.device_failed",
    });
    end
}

struct DevicePump<'c> {
    connection: &'c Connection,
    clock: Clock,
    session: DeviceSession,
    writer: Writer<'c>,
    reader: Reader<'c>,
    /// Frames to write; of the first, the part not yet written.
    waiting: VecDeque<Vec<u8>>,
}

impl DevicePump<'_> {
    async fn run<B: DeviceBackend>(&mut self, backend: &mut B) -> Result<SessionEnd, B::Error> {
        loop {
            if let Some(reason) = self.perform(backend).await? {
                return Ok(SessionEnd::Closed(reason));
            }
            let input = match self.next_input(backend).await {
                Ok(Some(input)) => input,
                Ok(None) => continue,
                Err(end) => return Ok(end),
            };
            self.session.handle(self.clock.now(), input);
        }
    }

    /// Performs the session's outputs in order until it wants an input.
    async fn perform<B: DeviceBackend>(
        &mut self,
        backend: &mut B,
    ) -> Result<Option<CloseReason>, B::Error> {
        while let Some(output) = self.session.poll() {
            match output {
                DeviceOutput::Send(frame) => self.waiting.push_back(frame),
                DeviceOutput::Persist(advance) => {
                    backend.persist(advance).await?;
                    self.session
                        .handle(self.clock.now(), DeviceInput::Persisted);
                }
                DeviceOutput::Rescope(rescope) => {
                    backend.rescope(rescope).await?;
                    self.session
                        .handle(self.clock.now(), DeviceInput::Persisted);
                }
                DeviceOutput::Backfill(backfilled) => {
                    backend.backfill(backfilled).await?;
                    self.session
                        .handle(self.clock.now(), DeviceInput::Persisted);
                }
                DeviceOutput::ReadOutbox {
                    after,
                    limit,
                    max_bytes,
                } => {
                    let items = backend.outbox(after, limit, max_bytes).await?;
                    self.session
                        .handle(self.clock.now(), DeviceInput::Outbox(items));
                }
                DeviceOutput::Answered { item, verdict } => backend.answered(item, verdict).await?,
                DeviceOutput::Proof(proof) => backend.proof(Ok(proof)).await?,
                DeviceOutput::ProofRefused(refused) => backend.proof(Err(refused)).await?,
                DeviceOutput::Status { number, insured } => {
                    backend.status(number, insured).await?;
                }
                DeviceOutput::WakeAt(at) => self.clock.set_alarm(at),
                DeviceOutput::Report(report) => {
                    backend.report(report, self.connection.statistics());
                }
                DeviceOutput::Close(reason) => return Ok(Some(reason)),
            }
        }
        Ok(None)
    }

    /// Writes, reads, waits: whatever comes first.
    async fn next_input<B: DeviceBackend>(
        &mut self,
        backend: &mut B,
    ) -> Result<Option<DeviceInput>, SessionEnd> {
        let frame = self.waiting.front_mut();
        let to_write = frame.is_some();
        let bytes = frame.as_ref().map_or(&[][..], |frame| frame.as_slice());
        tokio::select! {
            written = self.writer.write_some(bytes), if to_write => {
                let written = written?;
                self.written(written);
                Ok(None)
            }
            bytes = self.reader.read() => Ok(Some(DeviceInput::Received(bytes?))),
            event = backend.next_event() => Ok(Some(match event {
                DeviceEvent::OutboxGrew => DeviceInput::OutboxGrew,
                DeviceEvent::WantProof(wanted) => DeviceInput::WantProof(wanted),
                DeviceEvent::WantStatus(wanted) => DeviceInput::WantStatus(wanted),
                DeviceEvent::Stop => DeviceInput::Stop,
            })),
            () = self.clock.alarm() => Ok(Some(DeviceInput::Tick)),
        }
    }

    fn written(&mut self, bytes: usize) {
        if let Some(frame) = self.waiting.front_mut() {
            if bytes < frame.len() {
                frame.drain(..bytes);
            } else {
                self.waiting.pop_front();
            }
        }
    }
}
