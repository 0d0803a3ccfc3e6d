//! Where documents come from: the batches the feed admitted, and those made here that wait.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::document::{ActorId, DocumentId};
use canbao_core::facts::{Entry, Fact};
use canbao_core::ids::{CertificateSerial, Position};
use canbao_core::refusal::RefusalName;
use canbao_core::signing::{Domain, PublicKey};
use canbao_core::store::{Store, Stream};
use canbao_core::structure::{
    BatchError, CheckedBatch, CheckedRun, check_batch, check_batch_up_to, unpack,
};

use crate::fault::Fault;
use crate::feed::{self, Admitted, Feed, Stored};
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

/// An admitted batch as it is held.
#[derive(Debug, Clone)]
pub(super) enum AdmittedBatch {
    Signed(CheckedBatch),
    /// What a later, signed one vouches for.
    Packed(CheckedRun),
}

impl AdmittedBatch {
    pub(super) fn into_run(self) -> CheckedRun {
        match self {
            Self::Signed(batch) => batch.run,
            Self::Packed(run) => run,
        }
    }
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
    pub(super) fn is_own(&self, admitted: &Admitted) -> bool {
        admitted.id.is_some_and(|it| self.outbox.made_batch(&it.0))
    }

    /// Reads admitted batches, each with what its form is refused for.
    pub(super) fn read<'b>(
        &self,
        admitted: impl IntoIterator<Item = &'b Admitted>,
    ) -> impl Iterator<Item = Result<Read, Fault>> {
        let (store, newest) = (self.store, self.feed.newest.schema);
        let mut unpacked = Unpacked::default();
        admitted.into_iter().map(move |it| {
            let batch = match feed::stored_at(store, it.place)? {
                Stored::Entry(held) => {
                    let entry = Entry::from_bytes(&held.bytes).ok();
                    match entry.and_then(|it| it.fact().ok()) {
                        Some(Fact::BatchAdmitted { batch, .. }) => {
                            check_batch_up_to(&batch, newest).map(AdmittedBatch::Signed)
                        }
                        Some(_) | None => return Err(feed::lost(it.place)),
                    }
                }
                Stored::Pack(held) => {
                    let run = unpacked.batch(it, &held.pack)?;
                    Ok(AdmittedBatch::Packed(run))
                }
            };
            Ok(Read {
                admitted: *it,
                batch,
            })
        })
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

    /// Checks that an operator of the owner signed the batch. Whether they might was decided by
    /// the centre.
    pub(super) fn verify(&self, checked: &CheckedBatch) -> Result<(), &'static str> {
        let signer = self
            .feed
            .certificate(checked.run.batch.signer, self.authorities)
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
        let admitted = self.read(self.admitted(&document));
        let admitted = admitted.filter_map(|it| it.ok()?.batch.ok());
        let admitted = admitted.map(AdmittedBatch::into_run);
        let waiting = self.waiting(document);
        let waiting = waiting.filter_map(|it| self.own_batch(it.sequence).ok());
        admitted
            .chain(waiting.map(|it| it.run))
            .map(|run| run.batch)
            .find(|it| **it.actor == *actor.0 && (it.from..=it.to).contains(&seq))
            .map(|it| it.signer)
    }
}

/// An admitted batch that was read.
pub(super) struct Read {
    pub(super) admitted: Admitted,
    pub(super) batch: Result<AdmittedBatch, BatchError>,
}

/// The pack that was unpacked last: its batches are mostly read one after the other.
#[derive(Default)]
struct Unpacked {
    place: Option<u64>,
    runs: BTreeMap<Position, CheckedRun>,
}

impl Unpacked {
    fn batch(&mut self, admitted: &Admitted, pack: &[u8]) -> Result<CheckedRun, Fault> {
        if self.place != Some(admitted.place) {
            // It was unpacked when it came, before it was made durable.
            let packed = unpack(pack).map_err(|_| feed::lost(admitted.place))?;
            self.place = Some(admitted.place);
            self.runs = packed.into_iter().map(|it| (it.position, it.run)).collect();
        }
        let run = self.runs.get(&admitted.position);
        run.cloned().ok_or_else(|| feed::lost(admitted.place))
    }
}

fn lost(sequence: u64) -> Fault {
    Fault::store("store.damaged").with("detail", format_args!("local: {sequence}"))
}
