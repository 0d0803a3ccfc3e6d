//! Where documents come from: the batches the feed admitted, and those made here that wait.

use std::collections::BTreeSet;

use canbao_core::document::{ActorId, BatchId, DocumentId};
use canbao_core::ids::CertificateSerial;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::{Domain, PublicKey};
use canbao_core::store::{Store, Stream};
use canbao_core::structure::{BatchError, CheckedBatch, check_batch, check_batch_up_to};

use crate::fault::Fault;
use crate::feed::{Admitted, Feed};
use crate::identity::Identity;
use crate::outbox::{BatchState, Made, Outbox, Waiting};

/// The truth about documents, as a device holds it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) store: &'a Store,
    pub(crate) feed: &'a Feed,
    pub(crate) outbox: &'a Outbox,
    /// Whose signatures certificates carry; none before the device is enrolled.
    pub(crate) authorities: &'a [PublicKey],
}

impl<'a> Source<'a> {
    pub(crate) fn of(
        store: &'a Store,
        feed: &'a Feed,
        outbox: &'a Outbox,
        identity: &'a Identity,
    ) -> Self {
        let centre = identity.centre.as_ref();
        let authorities = centre.map_or(&[][..], |it| &it.trust.authorities);
        Self {
            store,
            feed,
            outbox,
            authorities,
        }
    }

    /// Every document of which there is a batch.
    pub(super) fn documents(&self) -> BTreeSet<DocumentId> {
        let admitted = self.feed.admitted.keys().copied();
        admitted
            .chain(self.outbox.batches().map(|(document, _)| document))
            .collect()
    }

    /// The batches admitted to a document, in the order of the log.
    pub(super) fn admitted(&self, document: &DocumentId) -> &'a [Admitted] {
        self.feed.admitted.get(document).map_or(&[], Vec::as_slice)
    }

    /// The batches made here for a document, in order, with where each stands.
    pub(super) fn own(
        &self,
        document: DocumentId,
    ) -> impl Iterator<Item = (&'a Waiting, BatchState<'a>)> {
        let Self { feed, outbox, .. } = *self;
        outbox
            .batches()
            .filter(move |(of, _)| *of == document)
            .map(move |(_, item)| (item, outbox.batch_state(item, feed)))
    }

    /// Those of them that wait: they are in the document here, and nowhere else.
    pub(super) fn waiting(&self, document: DocumentId) -> impl Iterator<Item = &'a Waiting> {
        self.own(document)
            .filter(|(_, state)| *state == BatchState::Waiting)
            .map(|(item, _)| item)
    }

    /// Whether this device made the batch itself.
    pub(super) fn is_own(&self, id: &BatchId) -> bool {
        self.outbox.made_batch(&id.0)
    }

    /// An admitted batch, of good form.
    pub(super) fn read(&self, admitted: &Admitted) -> Result<Vec<u8>, Fault> {
        Feed::batch_at(self.store, admitted.place)
    }

    /// What was made here, by its place in the local stream.
    pub(crate) fn made(&self, sequence: u64) -> Result<Made, Fault> {
        let bytes = self
            .store
            .get(Stream::Local, sequence)?
            .ok_or_else(|| lost(sequence))?;
        Made::from_bytes(&bytes)
    }

    /// A batch made here.
    pub(super) fn own_batch(&self, sequence: u64) -> Result<CheckedBatch, Fault> {
        match self.made(sequence)? {
            Made::Batch { batch, .. } => check_batch(&batch)
                .map_err(|error| Fault::store(error.code()).with("detail", error)),
            Made::Statement { .. }
            | Made::Ended { .. }
            | Made::GivenUp { .. }
            | Made::Held { .. } => Err(lost(sequence)),
        }
    }

    /// Checks the form of an admitted batch, as far as this program knows it.
    pub(super) fn check(
        &self,
        admitted: &Admitted,
    ) -> Result<Result<CheckedBatch, BatchError>, Fault> {
        let newest = self.feed.newest.schema;
        Ok(check_batch_up_to(&self.read(admitted)?, newest))
    }

    /// Checks that an operator of the owner signed the batch. Whether they might was decided by
    /// the centre.
    pub(super) fn verify(&self, checked: &CheckedBatch) -> Result<(), &'static str> {
        let signer = self
            .feed
            .certificate(checked.batch.signer, self.authorities)
            .ok_or("document.unknown_signer")?;
        let signed = &checked.signed;
        signer
            .operator_key
            .verify(Domain::Batch, &signed.content, &signed.signature)
            .map_err(|_| RefusalName::AdmissionBadSignature.as_str())
    }

    /// Who signed an actor's change of a document, by its sequence number.
    pub(crate) fn signer_of(
        &self,
        document: DocumentId,
        actor: &ActorId,
        seq: u64,
    ) -> Option<CertificateSerial> {
        let admitted = self.admitted(&document).iter();
        let admitted = admitted.filter_map(|it| check_batch(&self.read(it).ok()?).ok());
        let waiting = self.waiting(document);
        let waiting = waiting.filter_map(|it| self.own_batch(it.sequence).ok());
        admitted
            .chain(waiting)
            .map(|checked| checked.batch)
            .find(|it| **it.actor == *actor.0 && (it.from..=it.to).contains(&seq))
            .map(|it| it.signer)
    }
}

fn lost(sequence: u64) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("local: {sequence}"))
}
