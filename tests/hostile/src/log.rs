//! An honest log, its key and its files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use canbao_core::ledger::checkpoint::Checkpoint;
use canbao_core::ledger::commitment::{Commitment, SALT_BYTES, commitment};
use canbao_core::ledger::frontier::Frontier;
use canbao_core::ledger::merkle::{Hash, TreeHead, tree_root};
use canbao_core::ledger::note::{KeyName, SignedNote, VerifierKey};
use canbao_core::signing::SigningKey;

/// More than a tile and a half.
pub(super) const SIZE: u64 = 400;
/// An earlier size of the same log.
pub(super) const EARLIER: u64 = 300;
/// The salt of all entries.
pub(super) const SALT: [u8; SALT_BYTES] = [7; SALT_BYTES];

/// A log of [`SIZE`] entries.
pub(super) struct Log {
    pub(super) name: KeyName,
    pub(super) key: SigningKey,
    pub(super) verifier: VerifierKey,
    pub(super) commitments: Vec<Commitment>,
    pub(super) leaves: Vec<Hash>,
    pub(super) head: TreeHead,
    pub(super) note: SignedNote,
    /// Every file of a copy by its path.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// The one log of these targets.
pub(super) fn log() -> &'static Log {
    static LOG: LazyLock<Log> = LazyLock::new(make);
    &LOG
}

/// The entry at an index.
pub(super) fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

impl Log {
    /// A node of the tree of all entries.
    pub(super) fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let from = usize::try_from(index.checked_shl(u32::from(level))?).ok()?;
        let to = from.checked_add(1_usize.checked_shl(u32::from(level))?)?;
        self.leaves.get(from..to).map(tree_root)
    }

    /// The head of the tree of the first so many entries.
    pub(super) fn head_at(&self, size: u64) -> TreeHead {
        let leaves = usize::try_from(size)
            .ok()
            .and_then(|to| self.leaves.get(..to));
        TreeHead {
            size,
            root: tree_root(leaves.expect("a size within the log")),
        }
    }
}

fn make() -> Log {
    let name: KeyName = "log.example/shenyang".parse().expect("a name of a key");
    let key = SigningKey::from_seed([5; 32]);
    let commitments: Vec<Commitment> = (0..SIZE)
        .map(|index| commitment(&SALT, &entry(index)))
        .collect();
    let growth = Frontier::empty().append(&commitments);
    let head = growth.frontier.head();
    let checkpoint = Checkpoint {
        origin: name.clone(),
        size: head.size,
        root: head.root,
    };
    let note = checkpoint.sign(&key);
    let tiles = growth.tiles.into_iter();
    let mut files: BTreeMap<String, Vec<u8>> = tiles
        .map(|tile| (tile.id.to_string(), tile.bytes))
        .collect();
    files.insert("checkpoint".to_owned(), note.to_string().into_bytes());
    Log {
        verifier: VerifierKey::new(name.clone(), key.public()),
        leaves: commitments.iter().map(Commitment::leaf_hash).collect(),
        name,
        key,
        commitments,
        head,
        note,
        files,
    }
}
