//! The right edge of the log's tree: all that appending needs, and what it changes.

use super::commitment::Commitment;
use super::merkle::{Hash, TreeHead, node_hash, peaks_of, root_of_peaks};
use super::tile::{Row, TILE_WIDTH, Tile, TileId, entry_bytes, read_entries, read_hashes};

/// The length of a full hash tile.
const FULL_TILE_BYTES: usize = TILE_WIDTH as usize * super::tile::HASH_BYTES;

/// The length of a full bundle.
const FULL_BUNDLE_BYTES: usize = TILE_WIDTH as usize * super::tile::ENTRY_BYTES;

/// The partial tiles at the right edge of a tree, at most 70 KiB.
///
/// A value: appending gives the next one and leaves this one as it was, so that a writer goes on
/// from here when a commit fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the greatest complete subtrees, from left to right.
    peaks: Vec<Hash>,
    /// The bytes of the partial hash tile of each level, empty where there is none.
    edges: Vec<Vec<u8>>,
    /// The bytes of the partial bundle.
    bundle: Vec<u8>,
}

/// What appending gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Growth {
    /// The tree's new right edge.
    pub frontier: Frontier,
    /// Every tile and bundle that is new or wider, each once, to be stored over its narrower
    /// self.
    pub tiles: Vec<Tile>,
}

/// The stored tiles are not those of a log of the size given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A tile at the right edge is not stored.
    #[error("{0} is missing")]
    MissingTile(TileId),
    /// A tile at the right edge is too short, is no tile, or is not the hash of its bundle.
    #[error("{0} is damaged")]
    DamagedTile(TileId),
}

impl RestoreError {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingTile(_) => "log.missing_tile",
            Self::DamagedTile(_) => "log.damaged_tile",
        }
    }
}

impl Frontier {
    /// The right edge of a log without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
            edges: Vec::new(),
            bundle: Vec::new(),
        }
    }

    /// The right edge of a stored log of `size` leaves. `load` gives the bytes of a tile, or of a
    /// wider one at its place; it is asked for partial tiles only, one per level.
    ///
    /// The caller compares [`head`](Self::head) with the last signed checkpoint.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn restore(
        size: u64,
        mut load: impl FnMut(TileId) -> Option<Vec<u8>>,
    ) -> Result<Self, RestoreError> {
        let mut frontier = Self {
            size,
            ..Self::empty()
        };
        for level in 0..8 {
            if size >> (8 * u32::from(level)) == 0 {
                break;
            }
            frontier
                .edges
                .push(load_partial(Row::Hashes(level), size, &mut load)?);
        }
        frontier.bundle = load_partial(Row::Entries, size, &mut load)?;
        frontier.check_bundle()?;
        for edge in frontier.edges.iter().rev() {
            let hashes = read_hashes(edge).expect("a partial tile was cut to whole hashes");
            frontier.peaks.extend(peaks_of(&hashes));
        }
        Ok(frontier)
    }

    /// The tree's size alone: its root costs a hash for each of its peaks.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: root_of_peaks(&self.peaks),
        }
    }

    /// Appends leaves in order. Two hashes per leaf, and two copies of the right edge per call.
    ///
    /// # Panics
    /// Never in practice: only past 2^64 leaves.
    pub fn append(&self, leaves: &[Commitment]) -> Growth {
        let mut frontier = self.clone();
        let mut tiles = Vec::new();
        for leaf in leaves {
            frontier.push(leaf, &mut tiles);
        }
        frontier.partial_tiles_since(self.size, &mut tiles);
        Growth { frontier, tiles }
    }

    /// Adds one leaf, and hands out the tiles that it fills.
    fn push(&mut self, leaf: &Commitment, tiles: &mut Vec<Tile>) {
        let place = self.size / u64::from(TILE_WIDTH);
        self.bundle.extend_from_slice(&entry_bytes(leaf));
        if self.bundle.len() == FULL_BUNDLE_BYTES {
            let bytes = std::mem::take(&mut self.bundle);
            tiles.push(Tile {
                id: TileId::full(Row::Entries, place),
                bytes,
            });
        }
        let mut hash = leaf.leaf_hash();
        self.push_to_edge(0, self.size, &hash, tiles);
        // Each trailing one bit of the leaf's index is a subtree that the leaf completes.
        for level in 1..=self.size.trailing_ones() {
            let left = self
                .peaks
                .pop()
                .expect("a peak for every one bit of the size");
            hash = node_hash(&left, &hash);
            if level % 8 == 0 {
                self.push_to_edge(level as usize / 8, self.size >> level, &hash, tiles);
            }
        }
        self.peaks.push(hash);
        self.size = self.size.checked_add(1).expect("fewer than 2^64 leaves");
    }

    /// Adds the node `index` of a tile level to its partial tile.
    fn push_to_edge(&mut self, level: usize, index: u64, hash: &Hash, tiles: &mut Vec<Tile>) {
        if self.edges.len() == level {
            self.edges.push(Vec::new());
        }
        let edge = &mut self.edges[level];
        edge.extend_from_slice(&hash.0);
        if edge.len() == FULL_TILE_BYTES {
            let id = TileId::full(Row::Hashes(level as u8), index / u64::from(TILE_WIDTH));
            tiles.push(Tile {
                id,
                bytes: std::mem::take(edge),
            });
        }
    }

    /// The partial tiles that a tree of `old` leaves did not have, or had narrower.
    fn partial_tiles_since(&self, old: u64, tiles: &mut Vec<Tile>) {
        let mut add = |row: Row, bytes: &Vec<u8>| {
            let before = TileId::edge(row, old);
            if let Some(id) = TileId::edge(row, self.size).filter(|id| Some(*id) != before) {
                tiles.push(Tile {
                    id,
                    bytes: bytes.clone(),
                });
            }
        };
        add(Row::Entries, &self.bundle);
        for (level, edge) in self.edges.iter().enumerate() {
            add(Row::Hashes(level as u8), edge);
        }
    }

    /// Leaf tile and bundle are stored in one commit; where they differ, one of them is damaged.
    fn check_bundle(&self) -> Result<(), RestoreError> {
        let Some(id) = TileId::edge(Row::Entries, self.size) else {
            return Ok(());
        };
        let entries = read_entries(&self.bundle).ok_or(RestoreError::DamagedTile(id))?;
        let hashes: Vec<u8> = entries
            .iter()
            .flat_map(|entry| entry.leaf_hash().0)
            .collect();
        if self.edges.first() == Some(&hashes) {
            Ok(())
        } else {
            Err(RestoreError::DamagedTile(id))
        }
    }
}

fn load_partial(
    row: Row,
    size: u64,
    load: &mut impl FnMut(TileId) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, RestoreError> {
    let Some(id) = TileId::edge(row, size) else {
        return Ok(Vec::new());
    };
    let stored = load(id).ok_or(RestoreError::MissingTile(id))?;
    let bytes = id.take(&stored).ok_or(RestoreError::DamagedTile(id))?;
    Ok(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::merkle::tree_root;
    use super::super::sample::{commitments, leaves, log};
    use super::*;
    use proptest::prelude::*;

    type Stored = BTreeMap<(Row, u64), Tile>;

    /// Stores tiles as the centre does: each over its narrower self.
    fn store(stored: &mut Stored, tiles: Vec<Tile>) {
        for tile in tiles {
            assert_eq!(tile.bytes.len(), tile.id.byte_len(), "{}", tile.id);
            let replaced = stored.insert((tile.id.row(), tile.id.index()), tile.clone());
            if let Some(narrower) = replaced {
                assert!(narrower.id.width() < tile.id.width(), "{} again", tile.id);
                assert!(
                    tile.bytes.starts_with(&narrower.bytes),
                    "{} rewritten",
                    tile.id
                );
            }
        }
    }

    fn load(stored: &Stored, id: TileId) -> Option<Vec<u8>> {
        stored
            .get(&(id.row(), id.index()))
            .map(|tile| tile.bytes.clone())
    }

    #[test]
    fn a_log_has_exactly_the_tiles_of_its_size_and_the_root_of_its_leaves() {
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_537] {
            let (frontier, tiles) = log(size);
            assert_eq!(
                frontier.head(),
                TreeHead {
                    size,
                    root: tree_root(&leaves(size))
                }
            );
            let mut ids: Vec<_> = tiles.iter().map(|tile| tile.id).collect();
            ids.sort();
            let mut expected: Vec<_> = TileId::all_in_tree(size).collect();
            expected.sort();
            assert_eq!(ids, expected, "size {size}");
        }
    }

    #[test]
    fn appending_nothing_changes_nothing() {
        let (frontier, _) = log(300);
        assert_eq!(
            frontier.append(&[]),
            Growth {
                frontier: frontier.clone(),
                tiles: vec![]
            }
        );
    }

    #[test]
    fn a_missing_short_or_altered_edge_is_named() {
        let (_, tiles) = log(70_000);
        let mut stored = Stored::new();
        store(&mut stored, tiles);
        let restore = |stored: &Stored| Frontier::restore(70_000, |id| load(stored, id));
        assert!(restore(&stored).is_ok());
        for row in [Row::Hashes(0), Row::Hashes(1), Row::Hashes(2), Row::Entries] {
            let id = TileId::edge(row, 70_000).unwrap();
            let mut less = stored.clone();
            less.remove(&(row, id.index()));
            assert_eq!(restore(&less), Err(RestoreError::MissingTile(id)));
            let mut short = stored.clone();
            short.get_mut(&(row, id.index())).unwrap().bytes.pop();
            assert_eq!(restore(&short), Err(RestoreError::DamagedTile(id)));
        }
        let id = TileId::edge(Row::Entries, 70_000).unwrap();
        for byte in [0, 1, 2, 33] {
            let mut altered = stored.clone();
            altered.get_mut(&(Row::Entries, id.index())).unwrap().bytes[byte] ^= 1;
            assert_eq!(restore(&altered), Err(RestoreError::DamagedTile(id)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_groups_give_the_same_tiles_and_survive_reopening(
            groups in prop::collection::vec(0usize..300, 1..10),
            reopen in any::<prop::sample::Index>(),
        ) {
            let total: usize = groups.iter().sum();
            let all = commitments(total as u64);
            let reopen = reopen.index(groups.len());
            let (mut frontier, mut stored, mut at) = (Frontier::empty(), Stored::new(), 0);
            for (number, group) in groups.iter().enumerate() {
                if number == reopen {
                    let again = Frontier::restore(at as u64, |id| load(&stored, id));
                    prop_assert_eq!(again.as_ref(), Ok(&frontier));
                    frontier = again.unwrap();
                }
                let growth = frontier.append(&all[at..at + group]);
                at += group;
                store(&mut stored, growth.tiles);
                frontier = growth.frontier;
            }
            let (once, tiles) = log(total as u64);
            prop_assert_eq!(&frontier.head(), &once.head());
            let mut expected = Stored::new();
            store(&mut expected, tiles);
            prop_assert_eq!(stored, expected);
        }
    }
}
