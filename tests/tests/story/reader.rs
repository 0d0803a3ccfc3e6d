//! A reader of the public formats that others wrote: the crates `signed_note` and `tlog_tiles`
//! accept what the centre serves.

use std::path::Path;

use canbao_core::ledger::note::VerifierKey;
use canbao_core::signing::PublicKey;
use canbao_tests::harness::Centre;
use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Error, Hash, HashReader, Tile, TileHashReader, TileReader};

/// Tiles of 256 hashes, as C2SP tlog-tiles fixes it.
const HEIGHT: u8 = 8;

/// The centre's tiles over HTTP.
struct Served<'a>(&'a Centre<'a>);

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(tiles
            .iter()
            .map(|tile| self.0.get(&served_path(&tile.path())))
            .collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Checks the served checkpoint by the key of the trust bundle, the tiles by the checkpoint, and
/// every leaf's data by the tiles.
pub(crate) fn accepts(centre: &Centre<'_>, trust: &Path) {
    let trust: Value =
        serde_json::from_slice(&std::fs::read(trust).expect("exported")).expect("JSON");
    let note = Note::from_bytes(&centre.get("/checkpoint")).expect("a signed note");
    let key = StandardVerifier::new(&verifier_key(&trust)).expect("a verifier key");
    let keys = VerifierList::new(vec![Box::new(key)]);
    let (known, _) = note.verify(&keys).expect("signed by the log");
    assert_eq!(known.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).expect("a checkpoint");
    let (size, root) = (checkpoint.size(), Hash(checkpoint.hash().0));
    assert!(size > 639, "the story's records are in it");

    let served = Served(centre);
    let tiles = TileHashReader::new(size, root, &served);
    assert_eq!(
        tlog_tiles::tree_hash(size, &tiles).expect("the tiles fit the head"),
        root
    );
    for (leaf, data) in (0..).zip(leaves(centre, size)) {
        let index = tlog_tiles::stored_hash_index(0, leaf);
        let hash = tiles.read_hashes(&[index]).expect("in the tiles")[0];
        assert_eq!(hash, tlog_tiles::record_hash(&data), "leaf {leaf}");
        assert_eq!(data.len(), 32, "a commitment and nothing else");
    }
    let proof = tlog_tiles::prove_record(size, size / 2, &tiles).expect("provable");
    let middle = tlog_tiles::stored_hash_index(0, size / 2);
    let hash = tiles.read_hashes(&[middle]).expect("in the tiles")[0];
    tlog_tiles::check_record(&proof, size, root, size / 2, hash).expect("proven");
}

/// The leaves' data, from the entry bundles.
fn leaves(centre: &Centre<'_>, size: u64) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    for bundle in 0..size.div_ceil(256) {
        let width = (size - bundle * 256).min(256);
        let partial = if width < 256 {
            format!(".p/{width}")
        } else {
            String::new()
        };
        let bytes = centre.get(&format!("/tile/entries/{bundle:03}{partial}"));
        let mut rest = &bytes[..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (data, after) = after.split_at(u16::from_be_bytes(*length).into());
            leaves.push(data.to_vec());
            rest = after;
        }
    }
    assert_eq!(leaves.len() as u64, size);
    leaves
}

/// Their paths name the height, C2SP's do not.
fn served_path(path: &str) -> String {
    format!("/{}", path.replacen("tile/8/", "tile/", 1))
}

fn verifier_key(trust: &Value) -> String {
    let bytes = data_encoding::HEXLOWER
        .decode(trust["log_key"].as_str().expect("a key").as_bytes())
        .expect("hexadecimal");
    let key = PublicKey(bytes.try_into().expect("32 bytes"));
    let origin = trust["origin"].as_str().expect("an origin");
    VerifierKey::new(origin.parse().expect("a name"), key).to_string()
}
