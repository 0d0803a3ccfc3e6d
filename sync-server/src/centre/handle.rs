//! The handle that peers, HTTP, tax and administration share.

use std::path::Path;
use std::sync::Arc;

use canbao_core::certificate::{Certificate, Chain, Mandate, Trust};
use canbao_core::enrolment::{self, EnrolmentCode};
use canbao_core::facts::{Audience, CommonView, Fact, Sending, TransactionId, UnitView};
use canbao_core::ids::{Position, UnitId};
use canbao_core::ledger::merkle::TreeHead;
use canbao_core::signing::{PublicKey, SigningKey};
use canbao_core::sync::hub::FeedPage;
use canbao_core::sync::message::ProofWanted;
use canbao_core::sync::{RangeProof, Refusal};
use canbao_core::time::Timestamp;
use tokio::sync::watch;

use super::answer::{AdminError, Answer, EnrolError, OpenError, TaxError, Unavailable};
use super::tax::{Outgoing, TaxAnswer, TaxEvent};

/// The durable head of the log and what everyone sees at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// Size and root.
    pub tree: TreeHead,
    /// The signed checkpoint, as served.
    pub note: Arc<str>,
    /// The fold of the facts for everyone.
    pub common: Arc<CommonView>,
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
pub struct Centre {}

impl Centre {
    /// Opens the centre in `dir`, which needs nothing but what is there; views that are missing
    /// or behind are derived from the log first.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(dir: &Path) -> Result<Self, OpenError> { todo!() }

    /// Stops the writer after what it has in hand. Requests made later get
    /// [`Unavailable::Stopped`]; once every clone is gone the store is closed.
    pub async fn stop(&self) { todo!() }

    /// Takes in a signed statement. Returns after the commit.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was acknowledged.
    pub async fn take_statement(&self, bytes: Vec<u8>, now: Timestamp) -> Result<Answer, Unavailable> { todo!() }

    /// Admits a signed batch of document changes, or refuses it. Returns after the commit.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was acknowledged.
    pub async fn take_batch(&self, bytes: Vec<u8>, now: Timestamp) -> Result<Answer, Unavailable> { todo!() }

    /// Issues a one-time enrolment code; of its secret the log keeps the hash alone.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn issue_code(&self, order: CodeOrder, now: Timestamp) -> Result<EnrolmentCode, AdminError> { todo!() }

    /// Certifies the keys of a request that carries an unused code; the same request again gets
    /// the same certificate.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub async fn enrol(&self, request: enrolment::Request, now: Timestamp) -> Result<enrolment::Answer, EnrolError> { todo!() }

    /// Appends facts of the administration (agencies, parameters, settlement periods, volumes,
    /// units, persons), all or none; gives their places.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn append_facts(&self, facts: Vec<Fact>, now: Timestamp) -> Result<Vec<Position>, AdminError> { todo!() }

    /// Transactions not sent successfully yet, in the order of their ids, at most `limit`, from
    /// the one after `after` on: so that those that fail do not keep others from their turn.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn transactions_to_send(&self, after: Option<&TransactionId>, limit: usize) -> Result<Vec<Outgoing>, Unavailable> { todo!() }

    /// Records a change of 社保发送状态; the same state again, or any after [`Sending::Sent`],
    /// changes nothing.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn set_sending(&self, transaction: TransactionId, state: Sending, now: Timestamp) -> Result<(), TaxError> { todo!() }

    /// Takes in an event of the tax bureau with its bookmark, in one commit.
    ///
    /// # Errors
    /// [`TaxError`].
    pub async fn take_tax_event(&self, sequence: u64, event: TaxEvent, now: Timestamp) -> Result<TaxAnswer, TaxError> { todo!() }

    /// The number of tax's newest event that was taken in; 0 before the first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn tax_events_taken(&self) -> Result<u64, Unavailable> { todo!() }

    /// The durable head.
    #[must_use]
    pub fn head(&self) -> Head { todo!() }

    /// Tells of every growth of the log.
    #[must_use]
    pub fn growth(&self) -> watch::Receiver<Head> { todo!() }

    /// The entries of these audiences from a position on, at most `max_items` and, but for one
    /// larger entry alone, at most `max_bytes`.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn feed(&self, audiences: &[Audience], from: u64, max_items: usize, max_bytes: usize) -> Result<FeedPage, Unavailable> { todo!() }

    /// Proves a run of entries against the durable checkpoint.
    ///
    /// # Errors
    /// [`Unavailable`]; inside, a refusal where the run is not in the log.
    pub fn range_proof(&self, wanted: ProofWanted) -> Result<Result<RangeProof, Refusal>, Unavailable> { todo!() }

    /// The bytes of a tile or entry bundle by its path (`tile/0/000`, `tile/entries/000.p/7`);
    /// [`None`] where the log has no such tile.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, Unavailable> { todo!() }

    /// The certificates that were issued to a device, in force or not.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn certificates_of(&self, device: &PublicKey) -> Result<Vec<Certificate>, Unavailable> { todo!() }

    /// The units of a district.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn units_of(&self, district: canbao_core::ids::DistrictId) -> Result<Vec<UnitId>, Unavailable> { todo!() }

    /// A unit by its unemployment number (失业单位编号) or credit code.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn find_unit(&self, number: &str) -> Result<Option<UnitId>, Unavailable> { todo!() }

    /// What `read` makes of a unit's view at the durable head; [`None`] where there is none.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn with_unit<T>(&self, unit: UnitId, read: impl FnOnce(&UnitView) -> T) -> Result<Option<T>, Unavailable> { todo!() }

    /// The chain from the root to the centre's keys.
    #[must_use]
    pub fn chain(&self) -> &Chain { todo!() }

    /// The keys that the chain leads to.
    #[must_use]
    pub fn trust(&self) -> &Trust { todo!() }

    /// The key of the server's TLS.
    #[must_use]
    pub fn tls_key(&self) -> &SigningKey { todo!() }
}
