//! Consistency proofs: a later tree only appended to an earlier one (RFC 9162, section 2.1.4).

use super::merkle::{
    Hash, Nodes, ProveError, TreeHead, VerifyError, empty_root, left_leaves, node_hash,
    subtree_root,
};

/// Proves that the tree of the first `old` leaves is a prefix of that of the first `new` leaves.
///
/// Every tree continues the empty one and itself, by an empty proof.
///
/// # Errors
/// [`ProveError`]; an `old` above `new` is out of range.
pub fn prove_consistency(nodes: Nodes, old: u64, new: u64) -> Result<Vec<Hash>, ProveError> {
    if old > new {
        return Err(ProveError::OutOfRange { size: new });
    }
    let mut proof = Vec::new();
    if old > 0 {
        collect(nodes, old, (0, new), true, &mut proof)?;
    }
    Ok(proof)
}

/// Checks that the log with head `new` continues the log with head `old`.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_consistency(
    old: &TreeHead,
    new: &TreeHead,
    proof: &[Hash],
) -> Result<(), VerifyError> {
    if old.size > new.size {
        return Err(VerifyError::OutOfRange { size: new.size });
    }
    if old.size == 0 || old.size == new.size {
        let known = if old.size == new.size {
            new.root
        } else {
            empty_root()
        };
        return match (proof.is_empty(), old.root == known) {
            (false, _) => Err(VerifyError::ProofLength),
            (true, false) => Err(VerifyError::RootMismatch),
            (true, true) => Ok(()),
        };
    }
    // Where the old tree is complete, it is itself the node that the proof starts from.
    let (start, rest) = match proof {
        rest if old.size.is_power_of_two() => (old.root, rest),
        [start, rest @ ..] => (*start, rest),
        [] => return Err(VerifyError::ProofLength),
    };
    let (old_root, new_root) = fold(old.size, new.size, start, rest)?;
    if old_root == old.root && new_root == new.root {
        Ok(())
    } else {
        Err(VerifyError::RootMismatch)
    }
}

/// The two roots that a proof leads to, from the node that both trees share.
fn fold(old: u64, new: u64, start: Hash, rest: &[Hash]) -> Result<(Hash, Hash), VerifyError> {
    let (mut node, mut last) = (old - 1, new - 1);
    let shared = node.trailing_ones();
    node >>= shared;
    last >>= shared;
    let (mut old_root, mut new_root) = (start, start);
    for hash in rest {
        if last == 0 {
            return Err(VerifyError::ProofLength);
        }
        if node & 1 == 1 || node == last {
            old_root = node_hash(hash, &old_root);
            new_root = node_hash(hash, &new_root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_root = node_hash(&new_root, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 {
        Ok((old_root, new_root))
    } else {
        Err(VerifyError::ProofLength)
    }
}

/// SUBPROOF of RFC 6962, section 2.1.2, over the subtree `tree`, for the leaves before `old`.
/// `known` says that the old tree's part of it is a whole old tree, whose root the verifier has.
fn collect(
    nodes: Nodes,
    old: u64,
    tree: (u64, u64),
    known: bool,
    proof: &mut Vec<Hash>,
) -> Result<(), ProveError> {
    let (from, to) = tree;
    if old == to {
        if !known {
            proof.push(subtree_root(nodes, from, to)?);
        }
        return Ok(());
    }
    let middle = from + left_leaves(to - from);
    if old <= middle {
        collect(nodes, old, (from, middle), known, proof)?;
        proof.push(subtree_root(nodes, middle, to)?);
    } else {
        collect(nodes, old, (middle, to), false, proof)?;
        proof.push(subtree_root(nodes, from, middle)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::merkle::tree_root;
    use super::super::sample::{leaves, node_of, rfc_6962_leaves};
    use super::*;
    use proptest::prelude::*;

    fn prove(leaves: &[Hash], old: u64) -> Vec<Hash> {
        let nodes = |level, index| node_of(leaves, level, index);
        prove_consistency(&nodes, old, leaves.len() as u64).unwrap()
    }

    fn head(leaves: &[Hash]) -> TreeHead {
        TreeHead {
            size: leaves.len() as u64,
            root: tree_root(leaves),
        }
    }

    #[test]
    fn every_small_tree_continues_every_smaller_one() {
        let all = leaves(70);
        for new in 0..=70 {
            for old in 0..=new {
                let proof = prove(&all[..new], old as u64);
                let verdict = verify_consistency(&head(&all[..old]), &head(&all[..new]), &proof);
                assert_eq!(verdict, Ok(()), "{old} to {new}");
            }
        }
    }

    #[test]
    fn a_known_proof_is_made() {
        let shown: Vec<_> = prove(&rfc_6962_leaves(), 6)
            .iter()
            .map(|hash| data_encoding::HEXLOWER.encode(&hash.0))
            .collect();
        let known = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(shown, known);
    }

    #[test]
    fn a_shrunken_log_and_another_empty_root_are_refused_by_name() {
        let all = leaves(5);
        let (old, new) = (head(&all), head(&all[..4]));
        let shrunken = VerifyError::OutOfRange { size: 4 };
        assert_eq!(verify_consistency(&old, &new, &[]), Err(shrunken));
        let nothing = TreeHead {
            size: 0,
            root: all[0],
        };
        assert_eq!(
            verify_consistency(&nothing, &new, &[]),
            Err(VerifyError::RootMismatch)
        );
        let padded = verify_consistency(&new, &new, &all[..1]);
        assert_eq!(padded, Err(VerifyError::ProofLength));
    }

    proptest! {
        #[test]
        fn a_rewritten_past_or_a_changed_proof_does_not_verify(
            (new, old) in (2u64..300).prop_flat_map(|new| (Just(new), 1..new)),
            bit in 0usize..256,
            at in any::<prop::sample::Index>(),
        ) {
            let all = leaves(new);
            let (old_head, new_head) = (head(&all[..old as usize]), head(&all));
            let proof = prove(&all, old);
            prop_assert_eq!(verify_consistency(&old_head, &new_head, &proof), Ok(()));

            let mut rewritten = all.clone();
            rewritten[at.index(old as usize)].0[bit / 8] ^= 1 << (bit % 8);
            let other = prove(&rewritten, old);
            let verdict = verify_consistency(&old_head, &head(&rewritten), &other);
            prop_assert_eq!(verdict, Err(VerifyError::RootMismatch));

            let mut flipped = proof.clone();
            at.get_mut(&mut flipped).0[bit / 8] ^= 1 << (bit % 8);
            let verdict = verify_consistency(&old_head, &new_head, &flipped);
            prop_assert_eq!(verdict, Err(VerifyError::RootMismatch));
            let verdict = verify_consistency(&old_head, &new_head, &proof[1..]);
            prop_assert!(verdict.is_err());
            let mut longer = proof.clone();
            longer.push(all[0]);
            let verdict = verify_consistency(&old_head, &new_head, &longer);
            prop_assert_eq!(verdict, Err(VerifyError::ProofLength));
        }
    }
}
