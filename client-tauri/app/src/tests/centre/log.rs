//! The log of the centre in memory as the public sees it.

use std::path::Path;

use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::commitment;
use canbao_core::ledger::frontier::Frontier;
use canbao_core::ledger::merkle::{Hash, tree_root};
use canbao_core::ledger::range::RangeProof;
use canbao_core::sync;
use canbao_core::sync::message::{ProofHash, ProofWanted};

use super::{Centre, ORIGIN};

impl Centre {
    fn leaves(&self) -> Vec<Hash> {
        self.entries
            .iter()
            .map(|(bytes, salt)| commitment(salt, bytes).leaf_hash())
            .collect()
    }

    /// The proof of a run of positions in the log as it is.
    pub(crate) fn prove(&self, wanted: ProofWanted) -> sync::RangeProof {
        let leaves = self.leaves();
        let size = leaves.len() as u64;
        let nodes = |level: u8, index: u64| {
            let (from, to) = (index << level, (index + 1) << level);
            leaves.get(from as usize..to as usize).map(tree_root)
        };
        let proof = RangeProof::make(&nodes, wanted.first.0, u64::from(wanted.count), size)
            .expect("in the log");
        sync::RangeProof {
            first: wanted.first,
            count: wanted.count,
            checkpoint: self.checkpoint(),
            hashes: proof.hashes.iter().map(|it| ProofHash(it.0)).collect(),
        }
    }

    fn checkpoint(&self) -> String {
        let leaves = self.leaves();
        let origin = ORIGIN.parse().expect("a name");
        let (size, root) = (leaves.len() as u64, tree_root(&leaves));
        Checkpoint { origin, size, root }
            .sign(&self.log)
            .to_string()
    }

    /// Writes the log's public files, as the server serves them.
    pub(crate) fn copy_log(&self, directory: &Path) {
        let commitments: Vec<_> = self
            .entries
            .iter()
            .map(|(bytes, salt)| commitment(salt, bytes))
            .collect();
        let write = |name: &str, bytes: &[u8]| {
            let path = directory.join(name);
            std::fs::create_dir_all(path.parent().expect("below")).expect("made");
            std::fs::write(path, bytes).expect("written");
        };
        for tile in Frontier::empty().append(&commitments).tiles {
            write(&tile.id.to_string(), &tile.bytes);
        }
        write("checkpoint", self.checkpoint().as_bytes());
    }
}
