//! The handle that peers, HTTP, tax and administration share.

use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use canbao_core::certificate::{Chain, Mandate, Trust};
use canbao_core::enrolment::{self, EnrolmentCode};
use canbao_core::facts::{Audience, CommonView, Fact, UnitView};
use canbao_core::ids::{CertificateSerial, DistrictId, Position, UnitId};
use canbao_core::ledger::merkle::TreeHead;
use canbao_core::newest::Newest;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::store::Store;
use canbao_core::sync::hub::{FeedPage, PartPage};
use canbao_core::sync::message::ProofWanted;
use canbao_core::sync::{RangeProof, Refusal};
use canbao_core::time::Timestamp;
use tokio::sync::{mpsc, watch};

use super::answer::{AdminError, Answer, EnrolError, OpenError, TaxAnswer, TaxError, Unavailable};
use super::certificates::{Issued, Opened, Revocation};
use super::desk::Desk;
use super::recent::Recent;
use super::tax::TaxEvent;
use super::units::Units;
use super::writer::{Job, WAITING, Writer, job};
use super::{batches, certificates, feed, places, statements};
use crate::border::{self, Salts};
use crate::keys::{self, Keys};

/// The durable head of the log and what everyone sees at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Size and root.
    pub tree: TreeHead,
    /// The signed checkpoint, as served.
    pub note: Arc<str>,
    /// The fold of the facts for everyone.
    pub common: Arc<CommonView>,
    /// Changes whenever a unit was registered or moved, a device enrolled or a certificate revoked:
    /// what a device may see may have changed with it.
    pub scopes: u64,
    /// Whom the newest entries are for.
    pub(super) recent: Arc<Recent>,
}

/// An order for an enrolment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeOrder {
    /// What the enrolled operator may act for.
    pub mandate: Mandate,
    /// The operator's name, as shown beside what they sign.
    pub operator_name: String,
    /// For how many seconds the code may be used.
    pub valid_seconds: u32,
    /// 16 random bytes.
    pub secret: [u8; 16],
}

/// A centre that is open. Clones share it; it stops with [`Centre::stop`] or its last clone.
#[derive(Clone)]
pub struct Centre {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) store: Arc<Store>,
    pub(super) keys: Arc<Keys>,
    newest: Newest,
    opened: Opened,
    jobs: mpsc::Sender<Job>,
    heads: watch::Receiver<Head>,
    /// Views for readers; the writer has its own, which run ahead.
    pub(super) units: Mutex<Units>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Centre {
    /// Opens the centre in `dir`, which needs nothing but what is there; views that are missing
    /// or behind are derived from the log first.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let (store, keys) = keys::open(dir)?;
        Self::over(store, keys, Arc::new(border::salt), Newest::KNOWN)
    }

    /// Opens the centre of a store that is open, with the keys it holds. What devices offer beyond
    /// the newest it knows it leaves with them.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn over(store: Store, keys: Keys, salts: Salts, newest: Newest) -> Result<Self, OpenError> {
        let (store, keys) = (Arc::new(store), Arc::new(keys));
        let desk = Desk::load(Arc::clone(&store), Arc::clone(&keys))?;
        let mut desk = desk.salted(Arc::clone(&salts));
        let (heads, shown) = watch::channel(desk.head(None));
        let (sender, jobs) = mpsc::channel(WAITING);
        let writer = Writer {
            store: Arc::clone(&store),
            keys: Arc::clone(&keys),
            salts,
            jobs,
            heads,
        };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || writer.run(desk))
            .map_err(OpenError::Thread)?;
        let shared = Shared {
            store,
            keys,
            newest,
            opened: Opened::default(),
            jobs: sender,
            heads: shown,
            units: Mutex::default(),
            writer: Mutex::new(Some(thread)),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Stops the writer after what it has in hand. Requests made later get
    /// [`Unavailable::Stopped`]; once every clone is gone the store is closed.
    pub async fn stop(&self) {
        // A writer that has ended already has nothing in hand.
        let _ = self.shared.jobs.send(Job::Stop).await;
        let writer = lock(&self.shared.writer).take();
        if let Some(writer) = writer {
            // It catches the panics of requests; one of its own is in the log already.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }

    /// Takes in a signed statement. Returns after the commit.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was acknowledged.
    pub async fn take_statement(
        &self,
        bytes: Vec<u8>,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let Shared {
            store,
            keys,
            newest,
            opened,
            ..
        } = &*self.shared;
        match statements::check((store, keys), opened, newest, bytes)? {
            Err(answer) => Ok(answer),
            Ok(checked) => {
                self.ask(move |desk| desk.take_statement(checked, now))
                    .await
            }
        }
    }

    /// Admits a signed batch of document changes, or refuses it. Returns after the commit.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was acknowledged.
    pub async fn take_batch(&self, bytes: Vec<u8>, now: Timestamp) -> Result<Answer, Unavailable> {
        let Shared {
            store,
            keys,
            newest,
            opened,
            ..
        } = &*self.shared;
        match batches::check((store, keys), opened, newest, bytes)? {
            Err(answer) => Ok(answer),
            Ok(checked) => self.ask(move |desk| desk.take_batch(checked, now)).await,
        }
    }

    /// Issues a one-time enrolment code; of its secret the log keeps the hash alone.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn issue_code(
        &self,
        order: CodeOrder,
        now: Timestamp,
    ) -> Result<EnrolmentCode, AdminError> {
        self.ask(move |desk| desk.issue_code(order, now)).await?
    }

    /// Certifies the keys of a request that carries an unused code; the same request again gets
    /// the same certificate.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub async fn enrol(
        &self,
        request: enrolment::Request,
        now: Timestamp,
    ) -> Result<enrolment::Answer, EnrolError> {
        self.ask(move |desk| desk.enrol(&request, now)).await?
    }

    /// Certifies new keys of a device and its operators by the keys they have, and revokes the
    /// certificates before; the same request again gets the same certificates.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub async fn rekey(
        &self,
        rekey: enrolment::Rekey,
        now: Timestamp,
    ) -> Result<enrolment::RekeyAnswer, EnrolError> {
        self.ask(move |desk| desk.rekey(&rekey, now)).await?
    }

    /// Tells everyone of a log key that was changed while the centre was closed; where there is
    /// nothing to tell, nothing is appended. Whoever opens a centre to run it asks for this first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn announce_log_key(&self, now: Timestamp) -> Result<Option<Position>, Unavailable> {
        self.ask(move |desk| desk.announce_log_key(now)).await
    }

    /// Appends facts of the administration (agencies, parameters, settlement periods, volumes,
    /// units, persons), all or none; gives their places.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn append_facts(
        &self,
        facts: Vec<Fact>,
        now: Timestamp,
    ) -> Result<Vec<Position>, AdminError> {
        self.ask(move |desk| desk.append_facts(facts, now)).await?
    }

    /// Takes in an event of the tax bureau with its bookmark, in one commit.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn take_tax_event(
        &self,
        sequence: u64,
        event: TaxEvent,
        now: Timestamp,
    ) -> Result<TaxAnswer, TaxError> {
        self.ask(move |desk| desk.take_tax_event(sequence, event, now))
            .await?
    }

    /// The number of tax's newest event that was taken in; 0 before the first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn tax_events_taken(&self) -> Result<u64, Unavailable> {
        let (view, key) = places::tax_events();
        let taken = self.shared.store.view(view, &key)?;
        Ok(taken.as_deref().and_then(places::number).unwrap_or(0))
    }

    /// The durable head.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.heads.borrow().clone()
    }

    /// Tells of every growth of the log.
    #[must_use]
    pub fn growth(&self) -> watch::Receiver<Head> {
        self.shared.heads.clone()
    }

    /// The entries of these audiences from a position on, at most `max_items` and, but for one
    /// larger entry alone, at most `max_bytes`.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn feed(
        &self,
        audiences: &[Audience],
        range: Range<u64>,
        max_items: usize,
        max_bytes: usize,
    ) -> Result<FeedPage, Unavailable> {
        let (head, recent) = {
            let newest = self.shared.heads.borrow();
            (newest.tree.size, Arc::clone(&newest.recent))
        };
        let store = &self.shared.store;
        let range = range.start..range.end.min(head);
        let page = feed::page(store, &recent, audiences, range, max_items, max_bytes)?;
        Ok(FeedPage { head, ..page })
    }

    /// The entries of one audience in a range of positions, bounded as those of
    /// [`Centre::feed`]; where they may be `packed`, a pack stands for some.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn part_of_feed(
        &self,
        audience: Audience,
        range: Range<u64>,
        packed: bool,
        max_items: usize,
        max_bytes: usize,
    ) -> Result<PartPage, Unavailable> {
        let head = self.shared.heads.borrow().tree.size;
        feed::part(
            &self.shared.store,
            audience,
            (range.start, range.end.min(head)),
            packed,
            max_items,
            max_bytes,
        )
    }

    /// Proves a run of entries against the durable checkpoint.
    ///
    /// # Errors
    /// A refusal where the run is not in the log, or its tiles cannot be read.
    pub fn range_proof(&self, wanted: ProofWanted) -> Result<RangeProof, Refusal> {
        let Head { tree, note, .. } = self.head();
        feed::prove(&self.shared.store, wanted, tree, &note)
    }

    /// The bytes of a tile or entry bundle by its path (`tile/0/000`, `tile/entries/000.p/7`);
    /// [`None`] where the log has no such tile.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Unavailable> {
        let size = self.shared.heads.borrow().tree.size;
        feed::tile(&self.shared.store, path, size)
    }

    /// The certificates that were issued to a device, in force or not.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn certificates_of(&self, device: &PublicKey) -> Result<Vec<Issued>, Unavailable> {
        certificates::certificates_of(&self.shared.store, &self.shared.keys, device)
    }

    /// The certificates issued, in force or not, by serial: at most `limit` behind `after`.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn certificates(
        &self,
        after: Option<CertificateSerial>,
        limit: usize,
    ) -> Result<Vec<Issued>, Unavailable> {
        certificates::page(&self.shared.store, &self.shared.keys, after, limit)
    }

    /// Revokes a certificate, or all of its device: what was admitted before stands, what is
    /// signed by it is refused from then on. Gives the place of each revocation; one that was
    /// revoked before keeps its own.
    ///
    /// # Errors
    /// [`AdminError::UnknownCertificate`].
    pub async fn revoke(
        &self,
        order: Revocation,
        now: Timestamp,
    ) -> Result<Vec<(CertificateSerial, Position)>, AdminError> {
        self.ask(move |desk| desk.revoke(&order, now)).await?
    }

    /// The units of a district.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn units_of(&self, district: DistrictId) -> Result<Vec<UnitId>, Unavailable> {
        let (view, prefix) = places::district(district);
        let keys = self.shared.store.view_prefix(view, &prefix, usize::MAX)?;
        Ok(keys
            .iter()
            .filter_map(|(key, _)| places::unit_id(&key[prefix.len()..]))
            .collect())
    }

    /// A unit by its unemployment number (失业单位编号) or credit code.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn find_unit(&self, number: &str) -> Result<Option<UnitId>, Unavailable> {
        let store = &self.shared.store;
        for (view, key) in [
            places::unemployment_number(store, number),
            places::credit_code(store, number),
        ] {
            if let Some(found) = store.view(view, &key)? {
                return Ok(places::unit_id(&found));
            }
        }
        Ok(None)
    }

    /// What `read` makes of a unit's view at the durable head; [`None`] where there is none.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn with_unit<T>(
        &self,
        unit: UnitId,
        read: impl FnOnce(&UnitView) -> T,
    ) -> Result<Option<T>, Unavailable> {
        let mut units = lock(&self.shared.units);
        units.catch_up(&self.shared.store, unit)?;
        let made = units.get(unit).map(read);
        units.trim();
        Ok(made)
    }

    /// The chain from the root to the centre's keys.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.shared.keys.chain
    }

    /// The keys that the chain leads to.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        &self.shared.keys.trust
    }

    /// The key of the server's TLS.
    #[must_use]
    pub fn tls_key(&self) -> &SigningKey {
        &self.shared.keys.tls
    }

    /// Has the writer decide; returns after the commit.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Desk) -> Result<T, Unavailable> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (job, answered) = job(decide);
        self.hand(job).await?;
        answered.await.map_err(|_| Unavailable::Stopped)?
    }

    /// Puts a request before the writer.
    pub(super) async fn hand(&self, job: Job) -> Result<(), Unavailable> {
        let handed = self.shared.jobs.send(job).await;
        handed.map_err(|_| Unavailable::Stopped)
    }
}

/// Views are replaced whole, so that one left by a panicking reader is still good.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
