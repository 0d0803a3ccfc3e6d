//! The formats against programs written by others: the crates `tlog_tiles` and `signed_note`.

use std::collections::BTreeMap;

use signed_note::{Note, StandardSigner, StandardVerifier, Verifier, VerifierList};
use tlog_tiles as theirs;
use tlog_tiles::HashReader;

use super::checkpoint::Checkpoint;
use super::commitment::Commitment;
use super::consistency::{prove_consistency, verify_consistency};
use super::frontier::Frontier;
use super::inclusion::{prove_inclusion, verify_inclusion};
use super::merkle::{Hash, TreeHead};
use super::nodes::TileNodes;
use super::note::{NoteError, SignedNote, VerifierKey};
use super::sample::{commitments, log_key};
use super::tile::{Row, TileId};

/// Their store of a tree's hashes, in the order in which they complete.
struct TheirTree(Vec<theirs::Hash>);

impl HashReader for TheirTree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<theirs::Hash>, theirs::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[*index as usize])
            .collect())
    }
}

impl TheirTree {
    fn grow(&mut self, index: u64, commitment: &Commitment) {
        let more = theirs::stored_hashes(index, &commitment.0, self).unwrap();
        self.0.extend(more);
    }
}

/// Our log, grown leaf by leaf, with its tiles as stored.
struct OurLog {
    frontier: Frontier,
    tiles: BTreeMap<(Row, u64), (TileId, Vec<u8>)>,
}

impl OurLog {
    fn grow(&mut self, commitments: &[Commitment]) {
        let growth = self.frontier.append(commitments);
        for tile in growth.tiles {
            self.tiles
                .insert((tile.id.row(), tile.id.index()), (tile.id, tile.bytes));
        }
        self.frontier = growth.frontier;
    }

    fn load(&self, id: TileId) -> Option<Vec<u8>> {
        self.tiles
            .get(&(id.row(), id.index()))
            .map(|(_, bytes)| bytes.clone())
    }

    fn head(&self) -> TreeHead {
        self.frontier.head()
    }
}

/// Calls `check` with both implementations' trees of each of these sizes, which must ascend.
fn for_each_size(sizes: impl Iterator<Item = u64>, check: impl Fn(&OurLog, &TheirTree, u64)) {
    let mut ours = OurLog {
        frontier: Frontier::empty(),
        tiles: BTreeMap::new(),
    };
    let mut theirs = TheirTree(Vec::new());
    let mut grown = 0;
    let all = commitments(65_540);
    for size in sizes {
        let new = &all[grown as usize..size as usize];
        ours.grow(new);
        (grown..)
            .zip(new)
            .for_each(|(index, leaf)| theirs.grow(index, leaf));
        grown = size;
        check(&ours, &theirs, size);
    }
}

/// Sizes of one and two levels of tiles.
fn small() -> impl Iterator<Item = u64> {
    1..=600
}

/// Some places of a tree: its ends, its middle, and around the ends of its tiles.
fn places(size: u64) -> impl Iterator<Item = u64> {
    [0, size / 2, 255, 256, size - 1]
        .into_iter()
        .filter(move |place| *place < size)
}

fn theirs_of(hash: Hash) -> theirs::Hash {
    theirs::Hash(hash.0)
}

#[test]
fn roots_agree() {
    for_each_size(small(), check_root);
}

#[test]
fn inclusion_proofs_agree_and_each_accepts_the_others() {
    for_each_size(small(), check_inclusion);
}

#[test]
fn consistency_proofs_agree_and_each_accepts_the_others() {
    for_each_size(small(), check_consistency);
}

#[test]
fn tiles_agree() {
    for_each_size(small(), check_tiles);
}

#[test]
fn everything_agrees_where_a_third_level_begins() {
    for_each_size(
        [65_535, 65_536, 65_537].into_iter(),
        |ours, theirs, size| {
            check_root(ours, theirs, size);
            check_inclusion(ours, theirs, size);
            check_consistency(ours, theirs, size);
            check_tiles(ours, theirs, size);
        },
    );
}

fn check_root(ours: &OurLog, theirs: &TheirTree, size: u64) {
    let root = theirs::tree_hash(size, theirs).unwrap();
    assert_eq!(theirs_of(ours.head().root), root, "size {size}");
}

fn check_inclusion(ours: &OurLog, theirs: &TheirTree, size: u64) {
    let load = |id| ours.load(id);
    let tiles = TileNodes::new(size, &load);
    let nodes = |level, index| tiles.node(level, index);
    let root = theirs_of(ours.head().root);
    for index in places(size) {
        let made = prove_inclusion(&nodes, index, size).unwrap();
        let expected = theirs::prove_record(size, index, theirs).unwrap();
        let expected: Vec<_> = expected.iter().map(|hash| Hash(hash.0)).collect();
        assert_eq!(made, expected, "leaf {index} of {size}");
        let leaf = tiles.node(0, index).unwrap();
        let accepted = verify_inclusion(&leaf, index, &expected, &ours.head());
        assert_eq!(accepted, Ok(()), "leaf {index} of {size}");
        let made = made.into_iter().map(theirs_of).collect();
        theirs::check_record(&made, size, root, index, theirs_of(leaf)).unwrap();
    }
}

fn check_consistency(ours: &OurLog, theirs: &TheirTree, size: u64) {
    let load = |id| ours.load(id);
    let tiles = TileNodes::new(size, &load);
    let nodes = |level, index| tiles.node(level, index);
    let new = ours.head();
    for old in places(size).filter(|old| *old > 0).chain([size]) {
        let made = prove_consistency(&nodes, old, size).unwrap();
        let expected = theirs::prove_tree(size, old, theirs).unwrap();
        let expected: Vec<_> = expected.iter().map(|hash| Hash(hash.0)).collect();
        assert_eq!(made, expected, "{old} to {size}");
        let old_root = theirs::tree_hash(old, theirs).unwrap();
        let old_head = TreeHead {
            size: old,
            root: Hash(old_root.0),
        };
        assert_eq!(verify_consistency(&old_head, &new, &expected), Ok(()));
        let made = made.into_iter().map(theirs_of).collect();
        theirs::check_tree(&made, size, theirs_of(new.root), old, old_root).unwrap();
    }
}

/// Compares the tiles that the last leaf changed; for a large tree, all of them.
fn check_tiles(ours: &OurLog, theirs: &TheirTree, size: u64) {
    let from = if size <= 600 { size - 1 } else { 0 };
    for tile in theirs::Tile::new_tiles(8, from, size) {
        let expected = tile.read_data(theirs).unwrap();
        let place = (Row::Hashes(tile.level()), tile.level_index());
        let (id, bytes) = &ours.tiles[&place];
        assert_eq!(u32::from(id.width()), tile.width(), "{id} of {size}");
        assert_eq!(bytes, &expected, "{id} of {size}");
        // Their paths name the height of a tile, 8, as well.
        assert_eq!(id.to_string().replacen("tile/", "tile/8/", 1), tile.path());
    }
}

#[test]
fn their_programs_open_our_checkpoints() {
    let (origin, key, verifier) = log_key();
    for size in [0, 1, 300] {
        let head = Frontier::empty().append(&commitments(size)).frontier.head();
        let note = Checkpoint {
            origin: origin.clone(),
            size,
            root: head.root,
        }
        .sign(&key);
        let theirs_note = Note::from_bytes(note.to_string().as_bytes()).unwrap();
        let theirs_key = StandardVerifier::new(&verifier.to_string()).unwrap();
        let keys = VerifierList::new(vec![Box::new(theirs_key)]);
        let (known, unknown) = theirs_note.verify(&keys).unwrap();
        assert_eq!((known.len(), unknown.len()), (1, 0));
        let checkpoint = theirs::Checkpoint::from_bytes(theirs_note.text()).unwrap();
        assert_eq!(checkpoint.origin(), origin.to_string());
        assert_eq!(
            (checkpoint.size(), checkpoint.hash().0),
            (size, head.root.0)
        );
    }
}

#[test]
fn our_program_opens_their_checkpoints() {
    let (origin, key, verifier) = log_key();
    let root = theirs::Hash([9; 32]);
    let text = theirs::Checkpoint::new(&origin.to_string(), 77, root, "")
        .unwrap()
        .to_bytes();
    let id = StandardVerifier::new(&verifier.to_string())
        .unwrap()
        .key_id();
    let typed = [[1].as_slice(), key.seed()].concat();
    let base64 = data_encoding::BASE64.encode(&typed);
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+{origin}+{id:08x}+{base64}")).unwrap();
    let mut note = Note::new(&text, &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let note = SignedNote::parse(&note.to_bytes()).unwrap();
    let opened = Checkpoint::open(&note, &verifier).unwrap();
    assert_eq!(
        opened,
        Checkpoint {
            origin,
            size: 77,
            root: Hash([9; 32])
        }
    );
}

#[test]
fn the_example_of_gos_note_package_verifies() {
    // The key and the note of the example in Go's package golang.org/x/mod/sumdb/note.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!(key.to_string(), text);
    let message = "If you think cryptography is the answer to your problem,\n\
                   then you don't know what your problem is.\n";
    let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = SignedNote::parse(format!("{message}\n{line}").as_bytes()).unwrap();
    assert_eq!(note.verify(&key), Ok(message));
    let other = format!("{}\n{line}", message.replace("your", "my"));
    let other = SignedNote::parse(other.as_bytes()).unwrap();
    assert_eq!(other.verify(&key), Err(NoteError::BadSignature));
}
