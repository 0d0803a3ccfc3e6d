//! A device that is not honest: properly enrolled, it offers what it likes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use canbao_core::certificate::Certificate;
use canbao_core::declaration::Kind;
use canbao_core::document::{
    Action, ActorId, Batch, DocumentId, SCHEMA_VERSION, SignedBatch, Volume,
};
use canbao_core::enrolment::{Answer, EnrolmentCode, Request};
use canbao_core::facts::Insured;
use canbao_core::ids::{DeclarationId, DeviceId, OperatorId, StatementId, UnitId, VolumeId};
use canbao_core::signed::decode_canonical;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::statement::Statement;
use canbao_core::sync::device::{
    Advance, Backfilled, DeviceStart, Outgoing, Parts, Rescope, SessionReport,
};
use canbao_core::sync::{Item, ItemId, ProofRefused, RangeProof, Refusal, Verdict};
use canbao_core::time::Timestamp;
use canbao_transport::{
    Alpn, ClientEndpoint, Connected, DeviceBackend, DeviceEvent, Statistics, ask_to_enrol,
    drive_device,
};

/// Any moment: no rule depends on a device's clock.
const SOMETIME: Timestamp = Timestamp(1_795_500_000);

/// An enrolled device that offers what it likes.
#[derive(Debug)]
pub struct Stranger {
    server: SocketAddr,
    tls: PublicKey,
    feed: canbao_core::ids::FeedId,
    certificate: Certificate,
    operator_key: SigningKey,
    device_key: SigningKey,
}

impl Stranger {
    /// Enrols with a code, with keys made from `seed`.
    ///
    /// # Panics
    /// When the centre refuses it.
    #[must_use]
    pub fn enrol(code: &str, server: &str, seed: u8) -> Self {
        let code: EnrolmentCode = code.parse().expect("a code");
        let server = server.parse().expect("an address");
        let operator_key = SigningKey::from_seed([seed; 32]);
        let device_key = SigningKey::from_seed([seed + 1; 32]);
        let request = Request::make(
            &code,
            OperatorId([seed; 16]),
            &operator_key,
            DeviceId([seed; 16]),
            &device_key,
        );
        let answer = block_on(async {
            let connected = ClientEndpoint::new(None)
                .connect(server, None, Alpn::Enrol)
                .await
                .expect("reachable");
            ask_to_enrol(&connected.connection, |_| {
                Ok::<_, Infallible>(request.to_bytes())
            })
            .await
            .expect("enrolled")
        });
        let answer: Answer = decode_canonical(&answer).expect("an answer");
        let trust = answer
            .chain
            .follow(&code.root)
            .expect("the centre's own chain");
        let certificate =
            Certificate::open(&answer.certificate, &trust.authorities).expect("certified");
        Self {
            server,
            tls: trust.tls,
            feed: trust.feed,
            certificate,
            operator_key,
            device_key,
        }
    }

    /// A signed statement in the name of a unit.
    #[must_use]
    pub fn withdrawal_for(&self, unit: UnitId) -> Item {
        let statement = Statement::Withdrawal {
            unit,
            submission: StatementId([7; 32]),
        };
        let signed = statement.sign(&self.operator_key, self.certificate.serial, SOMETIME);
        Item::Statement(signed.to_bytes())
    }

    /// A signed batch of a unit's drafts.
    ///
    /// # Panics
    /// Never: an empty volume takes a declaration.
    #[must_use]
    pub fn batch_for(&self, unit: UnitId) -> Item {
        let document = DocumentId::EmployerVolume(unit, VolumeId(1));
        let mut volume = Volume::replay(document, []).expect("a genesis");
        let actor = ActorId::new(self.certificate.device, [1; 8]);
        let id = DeclarationId([3; 16]);
        let action = Action::Declare {
            id,
            kind: Kind::Wage,
            fields: Vec::new(),
        };
        let own = volume
            .act(&actor, &action, SOMETIME)
            .expect("an empty volume takes it");
        let batch = Batch {
            document,
            actor: own.actor.0.into(),
            from: own.seq,
            to: own.seq,
            signer: self.certificate.serial,
            chunks: vec![own.chunk],
            schema: SCHEMA_VERSION,
        };
        Item::Batch(SignedBatch::make(&batch, &self.operator_key).0)
    }

    /// Syncs from a cursor until nothing is open.
    ///
    /// # Panics
    /// When the session is refused.
    #[must_use]
    pub fn catch_up(&self, cursor: u64, scope_version: u64) -> CaughtUp {
        self.follow(DeviceStart {
            feed: self.feed,
            scope_version,
            parts: Parts::new(),
            cursor,
            offers: 0,
            late_from: Some(0),
            packed: false,
        })
    }

    /// The same device, which reaches the server by another address from now on.
    #[must_use]
    pub fn by(self, server: SocketAddr) -> Self {
        Self { server, ..self }
    }

    /// Syncs for the first time as the application does: documents come packed.
    ///
    /// # Panics
    /// When the session is refused.
    #[must_use]
    pub fn first_sync(&self) -> CaughtUp {
        self.follow(DeviceStart {
            feed: self.feed,
            scope_version: 0,
            parts: Parts::new(),
            cursor: 0,
            offers: 0,
            late_from: None,
            packed: true,
        })
    }

    fn follow(&self, start: DeviceStart) -> CaughtUp {
        let (cursor, scope_version) = (start.cursor, start.scope_version);
        let mut ear = Mouth::default();
        let (handshake, began, end) = block_on(async {
            let connected = self.connect().await;
            let handshake = connected.connection.statistics();
            let began = Instant::now();
            let end = drive_device(&connected.connection, start, &mut ear).await;
            (handshake, began, end)
        });
        assert_eq!(end.expect("nothing here can fail").code(), "sync.stopped");
        let (statistics, settled) = ear.settled.expect("it settled");
        CaughtUp {
            cursor: ear.cursor.unwrap_or(cursor),
            scope_version: ear.scope_version.unwrap_or(scope_version),
            statistics,
            took: settled.duration_since(began),
            handshake_sent: handshake.datagram_bytes_sent,
            handshake_received: handshake.datagram_bytes_received,
        }
    }

    async fn connect(&self) -> Connected {
        ClientEndpoint::new(Some(&self.device_key))
            .connect(self.server, Some(self.tls), Alpn::Sync)
            .await
            .expect("reachable")
    }

    /// Offers items in one session; the centre's verdict on each, in their order.
    ///
    /// # Panics
    /// When the session is refused.
    #[must_use]
    pub fn offer(&self, items: Vec<Item>) -> Vec<Verdict> {
        let waiting: Vec<Outgoing> = items
            .into_iter()
            .zip(1_u8..)
            .map(|(content, number)| Outgoing {
                sequence: u64::from(number),
                item: ItemId([number; 32]),
                content,
            })
            .collect();
        let start = DeviceStart {
            feed: self.feed,
            scope_version: 0,
            parts: Parts::new(),
            cursor: 0,
            offers: waiting.len() as u32,
            late_from: Some(0),
            packed: false,
        };
        let mut mouth = Mouth {
            waiting,
            ..Mouth::default()
        };
        block_on(async {
            let connected = self.connect().await;
            drive_device(&connected.connection, start, &mut mouth).await
        })
        .expect("nothing here can fail");
        mouth.verdicts.into_values().collect()
    }
}

/// How a sync that offered nothing ended.
#[derive(Debug)]
pub struct CaughtUp {
    /// Where to go on from.
    pub cursor: u64,
    /// The version of the scope it was told.
    pub scope_version: u64,
    /// What the session carried.
    pub statistics: Statistics,
    /// How long it took from its first message on, the handshake behind it.
    pub took: Duration,
    /// UDP payload sent until the handshake was done.
    pub handshake_sent: u64,
    /// UDP payload received until then.
    pub handshake_received: u64,
}

/// What it has to say and what it heard.
#[derive(Default)]
struct Mouth {
    waiting: Vec<Outgoing>,
    verdicts: BTreeMap<[u8; 32], Verdict>,
    cursor: Option<u64>,
    scope_version: Option<u64>,
    settled: Option<(Statistics, Instant)>,
}

impl DeviceBackend for Mouth {
    type Error = Infallible;

    async fn persist(&mut self, advance: Advance) -> Result<(), Infallible> {
        self.cursor = Some(advance.cursor);
        self.scope_version = Some(advance.scope_version);
        Ok(())
    }

    async fn rescope(&mut self, rescope: Rescope) -> Result<(), Infallible> {
        self.cursor = Some(rescope.cursor);
        self.scope_version = Some(rescope.version);
        Ok(())
    }

    async fn backfill(&mut self, _: Backfilled) -> Result<(), Infallible> {
        Ok(())
    }

    async fn outbox(
        &mut self,
        after: Option<u64>,
        limit: usize,
        _: usize,
    ) -> Result<Vec<Outgoing>, Infallible> {
        let next = self.waiting.iter().filter(|it| Some(it.sequence) > after);
        Ok(next.take(limit).cloned().collect())
    }

    async fn answered(&mut self, item: ItemId, verdict: Verdict) -> Result<(), Infallible> {
        self.verdicts.insert(item.0, verdict);
        Ok(())
    }

    async fn proof(&mut self, _: Result<RangeProof, ProofRefused>) -> Result<(), Infallible> {
        Ok(())
    }

    async fn status(&mut self, _: u32, _: Result<Insured, Refusal>) -> Result<(), Infallible> {
        Ok(())
    }

    fn report(&mut self, report: SessionReport, statistics: Statistics) {
        if report == SessionReport::Settled {
            self.settled.get_or_insert((statistics, Instant::now()));
        }
    }

    async fn next_event(&mut self) -> DeviceEvent {
        let answered = self.verdicts.len() == self.waiting.len();
        if answered && (self.settled.is_some() || !self.waiting.is_empty()) {
            DeviceEvent::Stop
        } else {
            std::future::pending().await
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
