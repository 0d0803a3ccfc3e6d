//! Range proofs: some contiguous leaves are in the tree, with one proof for all of them.
//!
//! A posting's records are appended together and travel with one such proof; the inclusion path
//! of a single record is cut from it where a payment proof is made.

use std::slice;

use minicbor::{Decode, Encode};

use super::merkle::{
    Hash, Nodes, ProveError, TreeHead, VerifyError, complete_subtree, left_leaves, node_hash,
};

/// The hashes that lead from a run of leaves to the root.
///
/// The leaves outside the run are covered by the fewest complete subtrees; their hashes stand
/// here from left to right, at most 127 of them whatever the run's length.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RangeProof {
    /// The index of the run's first leaf.
    #[n(0)]
    pub first: u64,
    /// The subtrees left of the run, then those right of it.
    #[n(1)]
    pub hashes: Vec<Hash>,
}

impl RangeProof {
    /// Proves the leaves `first .. first + count` of the tree of the first `size` leaves.
    ///
    /// # Errors
    /// [`ProveError`]; an empty run is out of range, since it would prove nothing.
    pub fn make(nodes: Nodes, first: u64, count: u64, size: u64) -> Result<Self, ProveError> {
        let end = end_of(first, count, size).ok_or(ProveError::OutOfRange { size })?;
        let mut hashes = Vec::new();
        collect_outside(nodes, (0, size), (first, end), &mut hashes)?;
        Ok(Self { first, hashes })
    }

    /// Checks that `leaves` are the tree's leaves from [`first`](Self::first) on.
    ///
    /// Costs one hash per leaf and a logarithm of the tree's size.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, leaves: &[Hash], head: &TreeHead) -> Result<(), VerifyError> {
        let (root, _) = self.fold(leaves, head.size, None)?;
        if root == head.root {
            Ok(())
        } else {
            Err(VerifyError::RootMismatch)
        }
    }

    /// The standard inclusion path of leaf `index`, which must be one of `leaves`, in the tree of
    /// `size` leaves.
    ///
    /// The path holds exactly if this proof does, so the caller verifies one of the two.
    ///
    /// # Errors
    /// [`VerifyError::OutOfRange`], [`VerifyError::ProofLength`].
    pub fn cut(&self, leaves: &[Hash], size: u64, index: u64) -> Result<Vec<Hash>, VerifyError> {
        let within = index
            .checked_sub(self.first)
            .is_some_and(|at| at < leaves.len() as u64);
        if !within {
            return Err(VerifyError::OutOfRange { size });
        }
        let (_, path) = self.fold(leaves, size, Some(index))?;
        Ok(path)
    }

    /// The root that leaves and proof lead to, and the siblings met on the way up from `target`.
    fn fold(
        &self,
        leaves: &[Hash],
        size: u64,
        target: Option<u64>,
    ) -> Result<(Hash, Vec<Hash>), VerifyError> {
        let end = end_of(self.first, leaves.len() as u64, size)
            .ok_or(VerifyError::OutOfRange { size })?;
        let outside = self.hashes.iter();
        let mut fold = Fold {
            first: self.first,
            end,
            leaves,
            outside,
            target,
            path: Vec::new(),
        };
        let root = fold.subtree(0, size)?;
        match fold.outside.next() {
            None => Ok((root, fold.path)),
            Some(_) => Err(VerifyError::ProofLength),
        }
    }
}

/// One walk over the tree, which takes the run's leaves and the proof's hashes as it meets them.
struct Fold<'a> {
    first: u64,
    end: u64,
    leaves: &'a [Hash],
    outside: slice::Iter<'a, Hash>,
    target: Option<u64>,
    path: Vec<Hash>,
}

impl Fold<'_> {
    /// The hash over the leaves `from..to`. As deep as the tree; a proof too short for its place
    /// ends the walk, so the work is bounded by what the caller holds, not by the tree's size.
    fn subtree(&mut self, from: u64, to: u64) -> Result<Hash, VerifyError> {
        let outside = to <= self.first || from >= self.end;
        if outside && complete_subtree(from, to).is_some() {
            return self.outside.next().copied().ok_or(VerifyError::ProofLength);
        }
        if to - from == 1 {
            let at = usize::try_from(from - self.first).expect("a leaf within the slice");
            return Ok(self.leaves[at]);
        }
        let middle = from + left_leaves(to - from);
        let left = self.subtree(from, middle)?;
        let right = self.subtree(middle, to)?;
        match self.target {
            Some(leaf) if (from..middle).contains(&leaf) => self.path.push(right),
            Some(leaf) if (middle..to).contains(&leaf) => self.path.push(left),
            Some(_) | None => {}
        }
        Ok(node_hash(&left, &right))
    }
}

/// The hashes of the complete subtrees within `tree` that do not touch `run`, left to right.
fn collect_outside(
    nodes: Nodes,
    tree: (u64, u64),
    run: (u64, u64),
    hashes: &mut Vec<Hash>,
) -> Result<(), ProveError> {
    let (from, to) = tree;
    if run.0 <= from && to <= run.1 {
        return Ok(());
    }
    let outside = to <= run.0 || from >= run.1;
    if let (true, Some((level, index))) = (outside, complete_subtree(from, to)) {
        hashes.push(nodes(level, index).ok_or(ProveError::MissingNode { level, index })?);
        return Ok(());
    }
    let middle = from + left_leaves(to - from);
    collect_outside(nodes, (from, middle), run, hashes)?;
    collect_outside(nodes, (middle, to), run, hashes)
}

/// The end of a run that is not empty and ends in the tree.
fn end_of(first: u64, count: u64, size: u64) -> Option<u64> {
    first
        .checked_add(count)
        .filter(|end| count > 0 && *end <= size)
}

#[cfg(test)]
mod tests {
    use super::super::inclusion::{prove_inclusion, verify_inclusion};
    use super::super::merkle::tree_root;
    use super::super::sample::{leaves, node_of};
    use super::*;
    use proptest::prelude::*;

    fn make(leaves: &[Hash], first: u64, count: u64) -> RangeProof {
        let nodes = |level, index| node_of(leaves, level, index);
        RangeProof::make(&nodes, first, count, leaves.len() as u64).unwrap()
    }

    fn run(leaves: &[Hash], first: u64, count: u64) -> &[Hash] {
        &leaves[first as usize..(first + count) as usize]
    }

    #[test]
    fn every_run_of_every_small_tree_verifies() {
        let all = leaves(40);
        for size in 1..=40u64 {
            let tree = &all[..size as usize];
            let head = TreeHead {
                size,
                root: tree_root(tree),
            };
            for first in 0..size {
                for count in 1..=size - first {
                    let proof = make(tree, first, count);
                    let verdict = proof.verify(run(tree, first, count), &head);
                    assert_eq!(verdict, Ok(()), "{first}+{count} of {size}");
                }
            }
        }
    }

    #[test]
    fn the_whole_tree_needs_no_hashes() {
        let all = leaves(21);
        assert_eq!(
            make(&all, 0, 21),
            RangeProof {
                first: 0,
                hashes: vec![]
            }
        );
    }

    #[test]
    fn an_empty_run_or_one_past_the_end_is_refused_by_name() {
        let all = leaves(8);
        let nodes = |level, index| node_of(&all, level, index);
        let head = TreeHead {
            size: 8,
            root: tree_root(&all),
        };
        for (first, count) in [(0, 0), (8, 0), (8, 1), (5, 4), (u64::MAX, 1), (1, u64::MAX)] {
            let made = RangeProof::make(&nodes, first, count, 8);
            assert_eq!(
                made,
                Err(ProveError::OutOfRange { size: 8 }),
                "{first}+{count}"
            );
        }
        for (first, leaves) in [(0, &all[..0]), (8, &all[..1]), (u64::MAX, &all[..])] {
            let proof = RangeProof {
                first,
                hashes: vec![],
            };
            let verdict = proof.verify(leaves, &head);
            assert_eq!(verdict, Err(VerifyError::OutOfRange { size: 8 }), "{first}");
        }
    }

    #[test]
    fn a_tree_said_to_be_huge_costs_nothing() {
        let leaf = leaves(1);
        let head = TreeHead {
            size: u64::MAX,
            root: leaf[0],
        };
        for first in [0, u64::MAX / 2, u64::MAX - 1] {
            let short = RangeProof {
                first,
                hashes: vec![leaf[0]; 10],
            };
            assert_eq!(short.verify(&leaf, &head), Err(VerifyError::ProofLength));
            let long = RangeProof {
                first,
                hashes: vec![leaf[0]; 1000],
            };
            assert_eq!(long.verify(&leaf, &head), Err(VerifyError::ProofLength));
        }
    }

    #[test]
    fn a_proof_reads_back_from_its_encoding() {
        let proof = make(&leaves(100), 17, 30);
        let bytes = minicbor::to_vec(&proof).unwrap();
        assert_eq!(minicbor::decode::<RangeProof>(&bytes).unwrap(), proof);
    }

    proptest! {
        #[test]
        fn a_proof_holds_for_its_own_leaves_and_place_only(
            (size, first, count) in (1u64..400)
                .prop_flat_map(|size| (Just(size), 0..size))
                .prop_flat_map(|(size, first)| (Just(size), Just(first), 1..=size - first)),
            other_first in 0u64..400,
            bit in 0usize..256,
            at in any::<prop::sample::Index>(),
        ) {
            let all = leaves(size);
            let head = TreeHead { size, root: tree_root(&all) };
            let proof = make(&all, first, count);
            let run = run(&all, first, count);
            prop_assert_eq!(proof.verify(run, &head), Ok(()));
            prop_assert!(proof.hashes.len() <= 127);

            if other_first != first {
                let moved = RangeProof { first: other_first, ..proof.clone() };
                prop_assert!(moved.verify(run, &head).is_err());
            }
            let mut leaf_flipped = run.to_vec();
            at.get_mut(&mut leaf_flipped).0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(proof.verify(&leaf_flipped, &head), Err(VerifyError::RootMismatch));
            prop_assert!(proof.verify(&run[1..], &head).is_err());

            let mut longer = proof.clone();
            longer.hashes.push(all[0]);
            prop_assert_eq!(longer.verify(run, &head), Err(VerifyError::ProofLength));

            if !proof.hashes.is_empty() {
                let mut hash_flipped = proof.clone();
                at.get_mut(&mut hash_flipped.hashes).0[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(hash_flipped.verify(run, &head), Err(VerifyError::RootMismatch));
                let mut shorter = proof.clone();
                shorter.hashes.remove(at.index(proof.hashes.len()));
                prop_assert_eq!(shorter.verify(run, &head), Err(VerifyError::ProofLength));
            }
        }

        #[test]
        fn a_path_cut_from_a_proof_is_the_leafs_own_path(
            (size, first, count) in (1u64..400)
                .prop_flat_map(|size| (Just(size), 0..size))
                .prop_flat_map(|(size, first)| (Just(size), Just(first), 1..=size - first)),
            at in any::<prop::sample::Index>(),
        ) {
            let all = leaves(size);
            let proof = make(&all, first, count);
            let run = run(&all, first, count);
            let offset = at.index(run.len());
            let index = first + offset as u64;
            let cut = proof.cut(run, size, index).unwrap();
            let nodes = |level, index| node_of(&all, level, index);
            prop_assert_eq!(&cut, &prove_inclusion(&nodes, index, size).unwrap());
            let head = TreeHead { size, root: tree_root(&all) };
            prop_assert_eq!(verify_inclusion(&run[offset], index, &cut, &head), Ok(()));

            let beyond = proof.cut(run, size, first + count);
            prop_assert_eq!(beyond, Err(VerifyError::OutOfRange { size }));
        }
    }
}
