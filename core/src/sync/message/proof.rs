//! Range proofs on the wire.

use minicbor::{Decode, Encode};

use super::{MessageError, Refusal, bound};
use crate::ids::Position;

/// Most bytes of a checkpoint.
pub const MAX_CHECKPOINT: usize = 16 * 1024;
/// Most hashes of a range proof: twice the height of the tallest tree, and room.
pub const MAX_PROOF_HASHES: usize = 256;
/// Most entries that one range proof covers.
pub const MAX_PROOF_COUNT: u32 = 1 << 20;

/// Device to hub: a proof for a run of positions is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ProofWanted {
    /// The first position.
    #[n(0)]
    pub first: Position,
    /// How many, at least 1.
    #[n(1)]
    pub count: u32,
}

/// Hub to device: the proof that a run of positions is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RangeProof {
    /// The first position.
    #[n(0)]
    pub first: Position,
    /// How many.
    #[n(1)]
    pub count: u32,
    /// The signed note of the head that the proof leads to.
    #[n(2)]
    pub checkpoint: String,
    /// The hashes, in the order the log's verifier wants them.
    #[n(3)]
    pub hashes: Vec<ProofHash>,
}

/// A hash of the log's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct ProofHash(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

/// Hub to device: no such proof.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ProofRefused {
    /// What was wanted.
    #[n(0)]
    pub wanted: ProofWanted,
    /// Why not.
    #[n(1)]
    pub refusal: Refusal,
}

impl ProofWanted {
    pub(super) fn within_bounds(self) -> Result<(), MessageError> {
        if self.count == 0 {
            return Err(MessageError::Malformed("a proof of no entry".to_owned()));
        }
        bound("range", self.count as usize, MAX_PROOF_COUNT as usize)
    }
}
