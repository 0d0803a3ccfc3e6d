//! Inclusion proofs: one leaf is in the tree (RFC 9162, section 2.1.3).

use super::merkle::{Hash, Nodes, ProveError, TreeHead, VerifyError, node_hash, subtree_root};
use super::range::RangeProof;

/// The inclusion path of leaf `index` in the tree of the first `size` leaves: the sibling hashes
/// from the leaf's own up to the root's child, at most 64.
///
/// # Errors
/// [`ProveError`].
pub fn prove_inclusion(nodes: Nodes, index: u64, size: u64) -> Result<Vec<Hash>, ProveError> {
    let proof = RangeProof::make(nodes, index, 1, size)?;
    let leaf = subtree_root(nodes, index, index + 1)?;
    Ok(proof
        .cut(&[leaf], size, index)
        .expect("a proof just made fits its own place and size"))
}

/// Checks that `leaf` is leaf `index` of the tree with this head.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    path: &[Hash],
    head: &TreeHead,
) -> Result<(), VerifyError> {
    if index >= head.size {
        return Err(VerifyError::OutOfRange { size: head.size });
    }
    // `last` is the place, at the present level, of the tree's last node: where the node is that
    // one and has no sibling, it moves up unhashed.
    let (mut node, mut last) = (index, head.size - 1);
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(VerifyError::ProofLength);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(VerifyError::ProofLength);
    }
    if hash == head.root {
        Ok(())
    } else {
        Err(VerifyError::RootMismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::tree_root;
    use super::super::sample::{leaves, node_of, rfc_6962_leaves};
    use super::*;
    use proptest::prelude::*;

    fn prove(leaves: &[Hash], index: u64) -> Vec<Hash> {
        let nodes = |level, index| node_of(leaves, level, index);
        prove_inclusion(&nodes, index, leaves.len() as u64).unwrap()
    }

    fn head(leaves: &[Hash]) -> TreeHead {
        TreeHead {
            size: leaves.len() as u64,
            root: tree_root(leaves),
        }
    }

    /// PATH(m, D[n]) as RFC 6962, section 2.1.1 defines it, word by word.
    fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(k);
        let (mut path, sibling) = if index < k {
            (path(index, left), tree_root(right))
        } else {
            (path(index - k, right), tree_root(left))
        };
        path.push(sibling);
        path
    }

    #[test]
    fn paths_are_those_of_the_definition_and_verify() {
        let all = leaves(70);
        for size in 1..=70 {
            let tree = &all[..size];
            for index in 0..size {
                let made = prove(tree, index as u64);
                assert_eq!(made, path(index, tree), "leaf {index} of {size}");
                assert_eq!(
                    verify_inclusion(&tree[index], index as u64, &made, &head(tree)),
                    Ok(())
                );
            }
        }
    }

    #[test]
    fn a_known_path_verifies() {
        let all = rfc_6962_leaves();
        let known = [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ];
        let shown: Vec<_> = prove(&all, 0)
            .iter()
            .map(|hash| data_encoding::HEXLOWER.encode(&hash.0))
            .collect();
        assert_eq!(shown, known);
    }

    #[test]
    fn a_place_outside_the_tree_is_refused_by_name() {
        let all = leaves(5);
        let nodes = |level, index| node_of(&all, level, index);
        assert_eq!(
            prove_inclusion(&nodes, 5, 5),
            Err(ProveError::OutOfRange { size: 5 })
        );
        let outside = verify_inclusion(&all[0], 5, &[], &head(&all));
        assert_eq!(outside, Err(VerifyError::OutOfRange { size: 5 }));
        let empty = TreeHead {
            size: 0,
            root: tree_root(&[]),
        };
        let nothing = verify_inclusion(&all[0], 0, &[], &empty);
        assert_eq!(nothing, Err(VerifyError::OutOfRange { size: 0 }));
    }

    proptest! {
        #[test]
        fn a_changed_leaf_place_or_path_does_not_verify(
            (size, index, other) in (2u64..300).prop_flat_map(|n| (Just(n), 0..n, 0..n)),
            bit in 0usize..256,
            at in any::<prop::sample::Index>(),
        ) {
            let all = leaves(size);
            let head = head(&all);
            let path = prove(&all, index);
            let leaf = all[index as usize];
            prop_assert_eq!(verify_inclusion(&leaf, index, &path, &head), Ok(()));

            if other != index {
                prop_assert!(verify_inclusion(&leaf, other, &path, &head).is_err());
            }
            let mut flipped = path.clone();
            at.get_mut(&mut flipped).0[bit / 8] ^= 1 << (bit % 8);
            let refused = verify_inclusion(&leaf, index, &flipped, &head);
            prop_assert_eq!(refused, Err(VerifyError::RootMismatch));

            let mut longer = path.clone();
            longer.push(leaf);
            let refused = verify_inclusion(&leaf, index, &longer, &head);
            prop_assert_eq!(refused, Err(VerifyError::ProofLength));
            let refused = verify_inclusion(&leaf, index, &path[1..], &head);
            prop_assert!(refused.is_err());
        }
    }
}
