//! Trees made up for the tests of this module.

use super::commitment::{Commitment, commitment};
use super::frontier::Frontier;
use super::merkle::{Hash, leaf_hash, tree_root};
use super::note::{KeyName, VerifierKey};
use super::tile::Tile;
use crate::signing::SigningKey;

/// The leaf hashes of the eight inputs with which Certificate Transparency's programs are tested.
pub(super) fn rfc_6962_leaves() -> Vec<Hash> {
    let inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    inputs
        .iter()
        .map(|input| leaf_hash(&data_encoding::HEXLOWER.decode(input.as_bytes()).unwrap()))
        .collect()
}

/// Commitments to the entries 0, 1, 2, ...
pub(super) fn commitments(count: u64) -> Vec<Commitment> {
    (0..count)
        .map(|n| commitment(&[7; 16], &n.to_be_bytes()))
        .collect()
}

/// The leaf hashes of [`commitments`].
pub(super) fn leaves(count: u64) -> Vec<Hash> {
    commitments(count)
        .iter()
        .map(Commitment::leaf_hash)
        .collect()
}

/// A node computed from the leaves, the long way.
pub(super) fn node_of(leaves: &[Hash], level: u8, index: u64) -> Option<Hash> {
    let from = usize::try_from(index << level).ok()?;
    leaves.get(from..from + (1 << level)).map(tree_root)
}

/// A log of [`commitments`] made in one go, and all its tiles.
pub(super) fn log(count: u64) -> (Frontier, Vec<Tile>) {
    let growth = Frontier::empty().append(&commitments(count));
    (growth.frontier, growth.tiles)
}

/// A log's origin, its key, and what verifies it.
pub(super) fn log_key() -> (KeyName, SigningKey, VerifierKey) {
    let origin: KeyName = "log.example/shenyang".parse().unwrap();
    let key = SigningKey::from_seed([5; 32]);
    let verifier = VerifierKey::new(origin.clone(), key.public());
    (origin, key, verifier)
}
