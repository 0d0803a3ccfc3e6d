//! Proofs against an honest log: what verifies is in the log.

use canbao_core::ledger::audit::{audit, verify_records};
use canbao_core::ledger::commitment::{Commitment, commitment};
use canbao_core::ledger::consistency::{prove_consistency, verify_consistency};
use canbao_core::ledger::frontier::Frontier;
use canbao_core::ledger::inclusion::{prove_inclusion, verify_inclusion};
use canbao_core::ledger::merkle::{Hash, TreeHead};
use canbao_core::ledger::proof::{EntryProof, MAX_PROOF_BYTES};
use canbao_core::ledger::range::RangeProof;
use canbao_core::ledger::tile::{TileId, read_entries, read_hashes};
use canbao_core::ledger::{LogKeys, checkpoint::Checkpoint};

use super::input::{Input, piece};
use super::log::{EARLIER, Log, SALT, SIZE, entry, log};

const RANGE: u8 = 1;
const INCLUSION: u8 = 2;
const CONSISTENCY: u8 = 3;
const COPY: u8 = 4;
const TILE_PATH: u8 = 5;

/// Reads proofs of the kind that the first byte says; any other is a proof file.
///
/// # Panics
/// Where something is proven that is not so, or where what is read is not shown again byte for
/// byte.
pub fn proofs(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.byte() {
        RANGE => range(input),
        INCLUSION => inclusion(input),
        CONSISTENCY => consistency(input),
        COPY => copy(input),
        TILE_PATH => tile_path(input),
        _ => file(bytes),
    }
}

fn file(bytes: &[u8]) {
    let Ok(proof) = EntryProof::parse(bytes) else {
        return;
    };
    assert!(bytes.len() <= MAX_PROOF_BYTES);
    assert_eq!(proof.to_string().as_bytes(), bytes);
    if let Ok(proven) = proof.verify(&log().verifier) {
        assert_eq!(proven.tree_size, SIZE);
        assert_eq!(proven.entry, entry(proven.index));
    }
}

/// A run of leaves, honest ones or others, and hashes.
fn range(mut input: Input<'_>) {
    let log = log();
    let size = input.number();
    let first = input.number();
    let from = usize::from(input.short());
    let honest = log
        .leaves
        .iter()
        .skip(from)
        .take(usize::from(input.short()));
    let mut leaves: Vec<Hash> = honest.copied().collect();
    leaves.extend(hashes(input.piece()));
    let proof = RangeProof {
        first,
        hashes: hashes(input.rest()),
    };
    // Another size under the same root, as a centre that lies might say.
    for size in [size, SIZE] {
        let root = log.head.root;
        let verified = proof.verify(&leaves, &TreeHead { size, root });
        if verified.is_ok() && size == SIZE {
            assert_eq!(run(first, leaves.len()), Some(&leaves[..]));
        }
        for index in [first, first.wrapping_add(1), input.number()] {
            if let Ok(path) = proof.cut(&leaves, size, index) {
                let leaf = index - first;
                let leaf = leaves[usize::try_from(leaf).expect("within the run")];
                let included = verify_inclusion(&leaf, index, &path, &TreeHead { size, root });
                assert_eq!(included.is_ok(), verified.is_ok());
            }
        }
    }
}

fn run(first: u64, count: usize) -> Option<&'static [Hash]> {
    let first = usize::try_from(first).ok()?;
    log().leaves.get(first..first.checked_add(count)?)
}

fn inclusion(mut input: Input<'_>) {
    let log = log();
    let (index, size) = (input.number(), input.number());
    let leaf = match hashes(input.piece()).first() {
        Some(leaf) => *leaf,
        None => *input.pick(&log.leaves),
    };
    let path = hashes(input.rest());
    for size in [size, SIZE] {
        let root = log.head.root;
        let verified = verify_inclusion(&leaf, index, &path, &TreeHead { size, root });
        if verified.is_ok() && size == SIZE {
            assert_eq!(run(index, 1), Some(&[leaf][..]));
        }
    }
}

fn consistency(mut input: Input<'_>) {
    let old_size = input.number();
    let new_size = input.number();
    let root = hashes(input.piece()).first().copied();
    let proof = hashes(input.rest());
    let new = log().head;
    let honest = log().head_at(old_size % (SIZE + 1));
    let old = TreeHead {
        size: old_size,
        root: root.unwrap_or(honest.root),
    };
    let verified = verify_consistency(&old, &new, &proof);
    if verified.is_ok() {
        assert!(old.size <= SIZE);
        assert_eq!(old.root, log().head_at(old.size).root);
    }
    let elsewhere = TreeHead {
        size: new_size,
        ..new
    };
    let _ = verify_consistency(&old, &elsewhere, &proof);
}

/// An honest copy of the log with one file replaced, or lost.
fn copy(mut input: Input<'_>) {
    let Log { files, head, .. } = log();
    let paths: Vec<&String> = files.keys().collect();
    let path = *input.pick(&paths);
    let lost = input.byte() == 1;
    let bytes = input.rest();
    let read = |wanted: &str| -> Result<Option<Vec<u8>>, String> {
        if wanted != path {
            Ok(files.get(wanted).cloned())
        } else if lost {
            Ok(None)
        } else {
            Ok(Some(bytes.to_vec()))
        }
    };
    if let Ok(checkpoint) = audit(&read, &LogKeys::from(log().verifier.clone())) {
        assert_eq!(checkpoint.head(), *head);
        assert!(same_start(&files[path], bytes) && !lost, "{path}");
    }
    let checkpoint = Checkpoint {
        origin: log().name.clone(),
        size: head.size,
        root: head.root,
    };
    // A copy that is damaged may prove less, but nothing else.
    let other = commitment(&SALT, b"another");
    let mut records: Vec<Commitment> = log().commitments[255..260].to_vec();
    let _ = verify_records(&read, &checkpoint, 255, &records);
    records[2] = other;
    assert!(verify_records(&read, &checkpoint, 255, &records).is_err());
    let restored = Frontier::restore(SIZE, |id| read(&id.to_string()).ok().flatten());
    if let Ok(frontier) = restored
        && frontier.head() == *head
    {
        let growth = frontier.append(&[other]);
        assert_eq!(growth.frontier.head().size, SIZE + 1);
    }
}

/// A file of a copy may be longer: a wider tile stands for a narrower one.
fn same_start(honest: &[u8], bytes: &[u8]) -> bool {
    bytes.starts_with(honest) || bytes.starts_with(b"log.example/shenyang\n")
}

fn tile_path(input: Input<'_>) {
    let bytes = input.rest();
    if let Ok(path) = std::str::from_utf8(bytes)
        && let Ok(id) = path.parse::<TileId>()
    {
        assert_eq!(id.to_string(), path);
        assert!((1..=256).contains(&id.width()));
        assert!(id.byte_len() <= 256 * 34);
    }
    if let Some(hashes) = read_hashes(bytes) {
        assert_eq!(hashes.len() * 32, bytes.len());
    }
    if let Some(entries) = read_entries(bytes) {
        assert_eq!(entries.len() * 34, bytes.len());
    }
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.iter().map(|hash| Hash(*hash)).collect()
}

/// Honest proofs of every kind, and an honest copy file by file.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let log = log();
    let nodes = |level: u8, index: u64| log.node(level, index);
    let mut seeds = Vec::new();
    for index in [0, 255, 256, 399] {
        let path = prove_inclusion(&nodes, index, SIZE).expect("an entry of the log");
        let proof = EntryProof {
            index,
            salt: SALT,
            entry: entry(index),
            path: path.clone(),
            checkpoint_note: log.note.clone(),
        };
        seeds.push(proof.to_string().into_bytes());
        let leaf = log.leaves[usize::try_from(index).expect("a small index")];
        let numbers = [index.to_be_bytes(), SIZE.to_be_bytes()].concat();
        let parts = [&[INCLUSION], &numbers[..], &piece(&leaf.0), &joined(&path)];
        seeds.push(parts.concat());
    }
    for (first, count) in [(0, 400), (1, 1), (250, 20), (380, 20)] {
        let proof = RangeProof::make(&nodes, first, count, SIZE).expect("a run of the log");
        let numbers = [SIZE.to_be_bytes(), first.to_be_bytes()].concat();
        let run = [first, count].map(|it| u16::try_from(it).expect("small").to_be_bytes());
        let parts = [
            &[RANGE],
            &numbers[..],
            &run.concat(),
            &piece(&[]),
            &joined(&proof.hashes),
        ];
        seeds.push(parts.concat());
    }
    for old in [0, 1, 256, EARLIER, SIZE] {
        let proof = prove_consistency(&nodes, old, SIZE).expect("an earlier size");
        let numbers = [old.to_be_bytes(), SIZE.to_be_bytes()].concat();
        let parts = [&[CONSISTENCY], &numbers[..], &piece(&[]), &joined(&proof)];
        seeds.push(parts.concat());
    }
    for (at, (path, bytes)) in (0..).zip(&log.files) {
        seeds.push([&[COPY, at, 0], &bytes[..]].concat());
        seeds.push([&[TILE_PATH], path.as_bytes()].concat());
    }
    seeds
}

fn joined(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
