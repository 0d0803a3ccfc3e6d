//! The log's tree: hashes, heads and roots after RFC 6962, section 2.1.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use minicbor::{Decode, Encode};
use ring::digest;

use super::parse_base64;
use crate::refusal::RefusalName;

/// A SHA-256 hash of a leaf or an inner node; shown in base64, as the public formats do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Hash(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

/// A state of the log: its number of leaves, and the root over them.
///
/// A root does not say how many leaves it covers; only the pair, under a signature, means
/// anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
}

/// A source of complete subtrees' hashes: `nodes(level, index)` is the hash over the leaves
/// `index << level .. (index + 1) << level`, or `None` where the source does not hold it.
///
/// [`TileNodes`](super::nodes::TileNodes) reads them from tiles.
pub type Nodes<'a> = &'a dyn Fn(u8, u64) -> Option<Hash>;

/// Why no proof could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The leaves asked for are none, or not all in the tree.
    #[error("the leaves asked for are not in a tree of {size} leaves")]
    OutOfRange {
        /// The tree's number of leaves.
        size: u64,
    },
    /// The source of nodes is incomplete.
    #[error("the log's copy lacks node {index} at level {level}")]
    MissingNode {
        /// The node's height above the leaves.
        level: u8,
        /// The node's place in its level.
        index: u64,
    },
}

impl ProveError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        RefusalName::from(self).as_str()
    }
}

impl From<&ProveError> for RefusalName {
    fn from(error: &ProveError) -> Self {
        match error {
            ProveError::OutOfRange { .. } => Self::LogOutOfRange,
            ProveError::MissingNode { .. } => Self::LogMissingNode,
        }
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The leaves are none, or not all in the tree.
    #[error("the leaves are not in a tree of {size} leaves")]
    OutOfRange {
        /// The tree's number of leaves.
        size: u64,
    },
    /// The proof has more or fewer hashes than a proof about these leaves has.
    #[error("the proof has not the number of hashes that its place in the tree needs")]
    ProofLength,
    /// The leaves and the proof lead to another root.
    #[error("the proof leads to another root")]
    RootMismatch,
}

impl VerifyError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange { .. } => RefusalName::LogOutOfRange.as_str(),
            Self::ProofLength => "log.proof_length",
            Self::RootMismatch => "log.root_mismatch",
        }
    }
}

/// The hash of a leaf with this data: `SHA-256(0x00 || data)`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[0]);
    context.update(data);
    digest_bytes(context.finish())
}

/// The hash of a node over two subtrees: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    digest_bytes(digest::digest(&digest::SHA256, &input))
}

/// The root of a tree without leaves: the hash of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    digest_bytes(digest::digest(&digest::SHA256, &[]))
}

/// The root over these leaf hashes; one hash per inner node, nothing kept.
#[must_use]
pub fn tree_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        more => {
            let (left, right) = more.split_at(1 << (more.len() - 1).ilog2());
            node_hash(&tree_root(left), &tree_root(right))
        }
    }
}

/// The root of the first `size` leaves, from a source of complete subtrees.
///
/// # Errors
/// [`ProveError::MissingNode`].
pub fn root_from_nodes(nodes: Nodes, size: u64) -> Result<Hash, ProveError> {
    if size == 0 {
        Ok(empty_root())
    } else {
        subtree_root(nodes, 0, size)
    }
}

/// The hash over the leaves `from..to`, which must be a subtree of some tree of the log.
pub(super) fn subtree_root(nodes: Nodes, from: u64, to: u64) -> Result<Hash, ProveError> {
    if let Some((level, index)) = complete_subtree(from, to) {
        return nodes(level, index).ok_or(ProveError::MissingNode { level, index });
    }
    let middle = from + left_leaves(to - from);
    Ok(node_hash(
        &subtree_root(nodes, from, middle)?,
        &subtree_root(nodes, middle, to)?,
    ))
}

/// The roots of the greatest complete subtrees over these hashes, from left to right.
pub(super) fn peaks_of(hashes: &[Hash]) -> Vec<Hash> {
    let mut peaks = Vec::new();
    let mut rest = hashes;
    while !rest.is_empty() {
        let (complete, more) = rest.split_at(1 << rest.len().ilog2());
        peaks.push(tree_root(complete));
        rest = more;
    }
    peaks
}

/// The root of the tree with these greatest complete subtrees.
pub(super) fn root_of_peaks(peaks: &[Hash]) -> Hash {
    let joined = peaks
        .iter()
        .copied()
        .rev()
        .reduce(|right, left| node_hash(&left, &right));
    joined.unwrap_or_else(empty_root)
}

/// How many of a tree's leaves are in its left subtree: the greatest power of two below `size`,
/// which must be at least 2.
pub(super) fn left_leaves(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Level and index of the subtree `from..to`, if it is complete.
///
/// A subtree of a log's tree starts at a multiple of the power of two that covers it, so only
/// its length decides.
pub(super) fn complete_subtree(from: u64, to: u64) -> Option<(u8, u64)> {
    let leaves = to - from;
    let level = leaves.trailing_zeros();
    leaves
        .is_power_of_two()
        .then(|| (level as u8, from >> level))
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Text that is not a SHA-256 hash in canonical base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 hash in base64")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = parse_base64(text).ok_or(NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

fn digest_bytes(digest: digest::Digest) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    Hash(hash)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{node_of, rfc_6962_leaves};
    use super::*;

    /// Roots of the first n of the eight leaves with which Certificate Transparency's programs
    /// are commonly tested.
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_agree_with_the_known_ones() {
        let leaves = rfc_6962_leaves();
        for (size, expected) in ROOTS.iter().enumerate() {
            let root = tree_root(&leaves[..size]);
            assert_eq!(
                &data_encoding::HEXLOWER.encode(&root.0),
                expected,
                "size {size}"
            );
            let nodes = |level, index| node_of(&leaves, level, index);
            assert_eq!(
                root_from_nodes(&nodes, size as u64),
                Ok(root),
                "size {size}"
            );
        }
    }

    #[test]
    fn an_incomplete_source_is_named() {
        let leaves = rfc_6962_leaves();
        let nodes = |level, index| node_of(&leaves[..4], level, index);
        let missing = ProveError::MissingNode { level: 0, index: 4 };
        assert_eq!(root_from_nodes(&nodes, 5), Err(missing));
        assert_eq!(missing.code(), "log.missing_node");
    }

    #[test]
    fn a_hash_is_read_in_canonical_base64_only() {
        let hash = leaf_hash(b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        let text = hash.to_string();
        for bad in [
            &text[..43],
            "",
            &format!("{text}\n"),
            &text.replace('=', ""),
        ] {
            assert_eq!(bad.parse::<Hash>(), Err(NotAHash), "{bad:?}");
        }
        let trailing_bits = format!("{}B=", "A".repeat(42));
        assert_eq!(trailing_bits.parse::<Hash>(), Err(NotAHash));
    }
}
