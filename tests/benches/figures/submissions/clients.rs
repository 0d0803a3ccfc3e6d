//! 64 sessions of 64 devices: each submits, waits for the answer, and submits again.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use canbao_core::facts::Insured;
use canbao_core::ids::{Position, StatementId, UnitId};
use canbao_core::sync::device::{
    Advance, Backfilled, DeviceStart, Outgoing, Parts, Rescope, SessionReport,
};
use canbao_core::sync::{Item, ItemId, ProofRefused, RangeProof, Refusal, Verdict};
use canbao_transport::{
    Alpn, ClientEndpoint, DeviceBackend, DeviceEvent, Statistics, drive_device,
};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::prepared::{Device, Prepared};

/// A submission that the centre acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(super) id: StatementId,
    pub(super) unit: UnitId,
    pub(super) position: Position,
    pub(super) took: Duration,
}

/// The devices, connected and caught up.
pub(crate) struct Clients {
    runtime: Runtime,
    tasks: Vec<JoinHandle<()>>,
    go: watch::Sender<bool>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// Connects the devices on one thread and waits until nothing of theirs is open.
pub(super) fn connect(address: &str, devices: &[Device], prepared: Vec<Vec<Prepared>>) -> Clients {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let address = address.parse().expect("an address");
    let (go, going) = watch::channel(false);
    let (ready, mut readied) = mpsc::unbounded_channel();
    let taken = Arc::default();
    let mut tasks = Vec::new();
    for (device, prepared) in devices.iter().zip(prepared) {
        let endpoint = ClientEndpoint::new(Some(device.key()));
        let (tls, feed) = (device.tls, device.feed);
        let mut submitter = Submitter {
            prepared,
            next: 0,
            sent: None,
            told: false,
            go: going.clone(),
            ready: Some(ready.clone()),
            taken: Arc::clone(&taken),
        };
        tasks.push(runtime.spawn(async move {
            let connected = endpoint.connect(address, Some(tls), Alpn::Sync).await;
            let connected = connected.expect("reachable");
            let start = DeviceStart {
                feed,
                scope_version: 0,
                parts: Parts::new(),
                cursor: 0,
                offers: 0,
                late_from: Some(0),
                packed: false,
            };
            // It ends when the server is killed.
            let _ = drive_device(&connected.connection, start, &mut submitter).await;
        }));
    }
    drop(ready);
    runtime.block_on(async {
        for _ in devices {
            readied.recv().await.expect("each of them catches up");
        }
    });
    Clients {
        runtime,
        tasks,
        go,
        taken,
    }
}

impl Clients {
    /// Lets them submit and gives the time that passed; they do not stop.
    pub(super) fn submit_for(&self, time: Duration) -> Duration {
        let begun = Instant::now();
        self.go.send_replace(true);
        self.runtime
            .block_on(async { tokio::time::sleep(time).await });
        begun.elapsed()
    }

    /// What was acknowledged, to the end.
    pub(super) fn end(self) -> Vec<Taken> {
        for task in &self.tasks {
            task.abort();
        }
        drop(self.runtime);
        std::mem::take(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A device's outbox, of which one item is under way at a time.
struct Submitter {
    prepared: Vec<Prepared>,
    next: usize,
    sent: Option<Instant>,
    /// The session was told of the next.
    told: bool,
    go: watch::Receiver<bool>,
    ready: Option<mpsc::UnboundedSender<()>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl DeviceBackend for Submitter {
    type Error = Infallible;

    async fn persist(&mut self, _: Advance) -> Result<(), Infallible> {
        Ok(())
    }

    async fn rescope(&mut self, _: Rescope) -> Result<(), Infallible> {
        Ok(())
    }

    async fn backfill(&mut self, _: Backfilled) -> Result<(), Infallible> {
        Ok(())
    }

    async fn outbox(
        &mut self,
        _: Option<u64>,
        _: usize,
        _: usize,
    ) -> Result<Vec<Outgoing>, Infallible> {
        let free = self.sent.is_none() && *self.go.borrow();
        let Some(next) = self.prepared.get(self.next).filter(|_| free) else {
            return Ok(Vec::new());
        };
        self.sent = Some(Instant::now());
        Ok(vec![Outgoing {
            sequence: self.next as u64,
            item: ItemId(next.id.0),
            content: Item::Statement(next.bytes.clone()),
        }])
    }

    async fn answered(&mut self, item: ItemId, verdict: Verdict) -> Result<(), Infallible> {
        let Some(sent) = self.sent.take() else {
            return Ok(());
        };
        let Verdict::Taken { position } = verdict else {
            panic!("a submission was refused: {verdict:?}");
        };
        let taken = Taken {
            id: StatementId(item.0),
            unit: self.prepared[self.next].unit,
            position,
            took: sent.elapsed(),
        };
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(taken);
        self.next += 1;
        self.told = false;
        Ok(())
    }

    async fn proof(&mut self, _: Result<RangeProof, ProofRefused>) -> Result<(), Infallible> {
        Ok(())
    }

    async fn status(&mut self, _: u32, _: Result<Insured, Refusal>) -> Result<(), Infallible> {
        Ok(())
    }

    fn report(&mut self, report: SessionReport, _: Statistics) {
        if report == SessionReport::Settled
            && let Some(ready) = self.ready.take()
        {
            // Nobody waits where the run has ended.
            let _ = ready.send(());
        }
    }

    async fn next_event(&mut self) -> DeviceEvent {
        // An error means that the run has ended.
        let _ = self.go.wait_for(|go| *go).await;
        if self.sent.is_some() || self.told || self.next == self.prepared.len() {
            pending::<()>().await;
        }
        self.told = true;
        DeviceEvent::OutboxGrew
    }
}
