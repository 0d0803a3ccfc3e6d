//! Changes of one actor under one signature, stored and forwarded verbatim.

use std::fmt;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::ids::CertificateSerial;
use crate::signed::Signed;
use crate::signing::{Domain, SigningKey, hash_parts};

use super::actor::Own;
use super::genesis::SCHEMA_VERSION;
use super::id::DocumentId;

/// What the signature covers: a run of one actor's changes, raw and never deflated.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Batch {
    /// Of which document.
    #[n(0)]
    pub document: DocumentId,
    /// By which actor.
    #[n(1)]
    pub actor: ByteVec,
    /// The sequence number of the first change.
    #[n(2)]
    pub from: u64,
    /// The sequence number of the last change.
    #[n(3)]
    pub to: u64,
    /// Whose certificate verifies it.
    #[n(4)]
    pub signer: CertificateSerial,
    /// The changes, one chunk each, in order.
    #[n(5)]
    pub chunks: Vec<Chunk>,
    /// The schema of the program that made them: a batch of a newer one is held, not read.
    #[n(6)]
    pub schema: u64,
}

impl Batch {
    /// The batch of one change that was just made, to be signed by the operator of this
    /// certificate.
    #[must_use]
    pub fn of(document: DocumentId, own: Own, signer: CertificateSerial) -> Self {
        Self {
            document,
            actor: own.actor.0.into(),
            from: own.seq,
            to: own.seq,
            signer,
            chunks: vec![own.chunk],
            schema: SCHEMA_VERSION,
        }
    }
}

/// A change as automerge writes it: one uncompressed chunk with its header.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Chunk(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

/// The hash of a signed batch's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub [u8; 32]);

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "BatchId({})",
            data_encoding::HEXLOWER.encode(&self.0[..8])
        )
    }
}

/// A batch as bytes on their way: signed, kept and forwarded verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBatch(pub Vec<u8>);

impl SignedBatch {
    /// Signs a batch.
    #[must_use]
    pub fn make(batch: &Batch, key: &SigningKey) -> Self {
        Self(Signed::make(key, Domain::Batch, batch).to_bytes())
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> BatchId {
        BatchId(hash_parts("canbao/batch-id/1", &[&self.0]))
    }
}
