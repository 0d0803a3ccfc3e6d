//! Exchanging with the centre: connecting to the right server, once or for as long as wanted.

use std::net::SocketAddr;
use std::time::Duration;

use canbao_core::certificate::Chain;
use canbao_core::message::Lang;
use canbao_core::refusal::RefusalName;
use canbao_core::signed::decode_canonical;
use canbao_core::signing::PublicKey;
use canbao_core::sync::{CloseReason, retry_after};
use canbao_transport::{
    Alpn, ClientEndpoint, ConnectError, Connected, EnrolError, SessionEnd, ask_to_enrol,
    drive_device,
};
use tokio::time::{sleep, timeout};

use crate::door::Door;
use crate::fault::Fault;
use crate::identity::Step;
use crate::packs;
use crate::response::{FailureClass, SyncReport};
use crate::session::Backend;

/// How long a single `sync` may take.
const DEADLINE: Duration = Duration::from_secs(120);

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
        let queued = app.outbox.waiting(&app.feed).count() as u64;
        let report = SyncReport {
            queued,
            held: app.outbox.held(&app.feed).count() as u64,
            checkpoint: app.checkpoint(),
            ..backend.report
        };
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
        let app = self.app();
        let queued = app.outbox.waiting(&app.feed).count() as u64;
        Ok(SyncReport {
            queued,
            held: app.outbox.held(&app.feed).count() as u64,
            checkpoint: app.checkpoint(),
            ..SyncReport::default()
        })
    }

    async fn once(&self, backend: &mut Backend<&Door>) -> Result<(), Fault> {
        let connected = self.connect().await?;
        match self.session(&connected, backend).await {
            // The next session asks for entries instead.
            Err(fault) if fault.code == packs::REFUSED => {
                let connected = self.connect().await?;
                self.session(&connected, backend).await
            }
            ended => ended,
        }
    }

    /// Keeps a session; after a cut it tries again by the retry policy. It ends when stopped,
    /// or where trying again cannot help.
    async fn watch(&self, backend: &mut Backend<&Door>) -> Result<(), Fault> {
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

    /// Takes over the keys of the same centre's newer chain.
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
        let trust = chain.follow_from(&centre.chain, &centre.root)?;
        if trust.tls != found {
            return Err(Fault::trust("transport.wrong_server"));
        }
        app.step(Step::Chain(chain))
    }

    async fn session(
        &self,
        connected: &Connected,
        backend: &mut Backend<&Door>,
    ) -> Result<(), Fault> {
        let start = {
            let mut app = self.app();
            app.transport = Some(connected.connection.statistics().transport.name());
            app.begin_session()?
        };
        backend.begin();
        let ended = drive_device(&connected.connection, start, backend).await;
        let refused = match &ended {
            Ok(SessionEnd::Closed(CloseReason::Refused(refusal))) => Some(refusal),
            Ok(_) | Err(_) => None,
        };
        self.app().end_session(refused)?;
        match ended? {
            SessionEnd::Closed(CloseReason::Stopped) => Ok(()),
            SessionEnd::Closed(CloseReason::Refused(refusal)) => Err(Fault::of_hub(&refusal)),
            SessionEnd::Closed(CloseReason::NeedsUpdate(what)) => {
                Err(Fault::refused(RefusalName::SyncNeedsUpdate.as_str()).with("detail", what))
            }
            end @ (SessionEnd::Closed(CloseReason::Silent | CloseReason::Violation(_))
            | SessionEnd::Left(_)
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
