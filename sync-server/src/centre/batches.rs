//! Admission of document batches: decided once, here; the verdict is a fact.

use std::collections::BTreeSet;

use canbao_core::admission::{AdmissionError, Known, admit};
use canbao_core::certificate::Certificate;
use canbao_core::document::{BatchId, SignedBatch, genesis_hash};
use canbao_core::facts::Fact;
use canbao_core::ids::StatementId;
use canbao_core::newest::Newest;
use canbao_core::refusal::RefusalName;
use canbao_core::store::Store;
use canbao_core::structure::{ChangeHash, CheckedBatch, check_batch_up_to};
use canbao_core::time::Timestamp;

use super::answer::{Answer, Unavailable};
use super::certificates::{Opened, Standing};
use super::desk::Desk;
use super::places;
use crate::keys::Keys;

/// A batch of good form, and the certificate it names.
pub(super) struct Checked {
    batch: CheckedBatch,
    certificate: Certificate,
    signed: SignedBatch,
}

/// Checks a batch's form and finds its signer, before it waits for the writer.
pub(super) fn check(
    (store, keys): (&Store, &Keys),
    opened: &Opened,
    newest: &Newest,
    bytes: Vec<u8>,
) -> Result<Result<Checked, Answer>, Unavailable> {
    let batch = match check_batch_up_to(&bytes, newest.schema) {
        Ok(batch) => batch,
        Err(error) => {
            let held = || Answer::Held;
            let refused = |name| Answer::refused(name, &error);
            return Ok(Err(error.refusal().map_or_else(held, refused)));
        }
    };
    let Some(certificate) = opened.certificate_of(store, keys, batch.run.batch.signer)? else {
        return Ok(Err(Answer::refused(
            RefusalName::AdmissionUnknownSigner,
            "no such certificate",
        )));
    };
    Ok(Ok(Checked {
        batch,
        certificate,
        signed: SignedBatch(bytes),
    }))
}

impl Desk {
    /// Admits a batch or refuses it; a batch judged before is judged the same.
    pub(super) fn take_batch(
        &mut self,
        checked: Checked,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let Checked {
            batch,
            certificate,
            signed,
        } = checked;
        let id = signed.id();
        if let Some(position) = self.led_to(&places::batch(&id.0))? {
            return Ok(Answer::Taken(position));
        }
        let audit = places::refused(batch.run.batch.signer, &StatementId(id.0));
        for refused in [places::batch_refused(&id.0), audit] {
            if let Some(name) = self.refused_before(&refused)? {
                return Ok(Answer::refused(name, ""));
            }
        }
        match self.admit(&batch, &certificate, now)? {
            Ok(()) => {
                let document = batch.run.batch.document;
                let fact = Fact::BatchAdmitted {
                    document,
                    batch: signed.0,
                };
                let position = self.append(fact, now)?;
                let signer = certificate.serial.0;
                tracing::info!(position = position.0, signer, "batch admitted");
                Ok(Answer::Taken(position))
            }
            Err(error) => self.refuse_batch(&batch, id, error, now),
        }
    }

    fn admit(
        &self,
        batch: &CheckedBatch,
        certificate: &Certificate,
        now: Timestamp,
    ) -> Result<Result<(), AdmissionError>, Unavailable> {
        let run = &batch.run;
        let document = &run.batch.document;
        let last_seq = self.look_up(&places::actor(document, &run.batch.actor))?;
        let genesis = genesis_hash(document);
        let mut present: BTreeSet<ChangeHash> = BTreeSet::new();
        for hash in run.outside_dependencies() {
            let admitted = self.look_up(&places::change(document, &hash))?.is_some();
            if admitted || hash == genesis {
                present.insert(hash);
            }
        }
        let known = Known {
            revoked: self.standing(certificate, now)? == Standing::Revoked,
            volume_open: document
                .volume()
                .is_none_or(|it| self.common.volume_is_open(it)),
            last_seq: last_seq.as_deref().and_then(places::number).unwrap_or(0),
            has: &|hash| present.contains(hash),
        };
        Ok(admit(batch, certificate, now, &known))
    }

    /// The refusal goes to the document's devices where its author may write it, to the audit
    /// where not, and nowhere where nobody known signed it.
    fn refuse_batch(
        &mut self,
        batch: &CheckedBatch,
        id: BatchId,
        error: AdmissionError,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let run = &batch.run.batch;
        let (document, signer) = (run.document, run.signer);
        let name = RefusalName::from(&error);
        match error {
            AdmissionError::BadSignature => {}
            AdmissionError::Revoked | AdmissionError::Expired | AdmissionError::NotYourDocument => {
                return self.refuse_statement(signer, StatementId(id.0), name, now);
            }
            AdmissionError::VolumeSealed
            | AdmissionError::Sequence
            | AdmissionError::UnknownDependency => {
                let refused = Fact::BatchRefused {
                    document,
                    batch: id.0,
                    reason: name.as_str().to_owned(),
                };
                let position = self.append(refused, now)?;
                let (position, signer) = (position.0, signer.0);
                tracing::warn!(position, signer, code = name.as_str(), "batch refused");
            }
        }
        Ok(Answer::refused(name, ""))
    }
}
