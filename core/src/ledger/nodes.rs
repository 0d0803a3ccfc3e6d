//! The tree's nodes, read from tiles.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::merkle::{Hash, tree_root};
use super::tile::{Row, TileId, read_hashes};

/// Tiles by level and place; `None` where the source has none.
type Loaded = BTreeMap<(u8, u64), Option<Vec<Hash>>>;

/// The nodes of a tree of a fixed size, read from its tiles, each of which is loaded once.
///
/// What the loader gives is not checked here: a proof made from wrong tiles does not verify.
pub struct TileNodes<'a> {
    size: u64,
    load: &'a dyn Fn(TileId) -> Option<Vec<u8>>,
    loaded: RefCell<Loaded>,
}

impl<'a> TileNodes<'a> {
    /// Reads a tree of `size` leaves through `load`, which gives the bytes of a tile, or of a
    /// wider one at its place, or `None` where it has none.
    #[must_use]
    pub fn new(size: u64, load: &'a dyn Fn(TileId) -> Option<Vec<u8>>) -> Self {
        Self {
            size,
            load,
            loaded: RefCell::default(),
        }
    }

    /// The hash over the leaves `index << level .. (index + 1) << level`.
    ///
    /// `None` where these are not all in the tree, or their tile is missing or too short.
    #[must_use]
    pub fn node(&self, level: u8, index: u64) -> Option<Hash> {
        let (row, height) = (level / 8, level % 8);
        let tile = index >> (8 - height);
        let mut loaded = self.loaded.borrow_mut();
        let hashes = loaded.entry((row, tile)).or_insert_with(|| {
            let id = TileId::in_tree(Row::Hashes(row), tile, self.size)?;
            read_hashes(id.take(&(self.load)(id)?)?)
        });
        let width = 1 << height;
        let from = usize::try_from(index - (tile << (8 - height))).ok()? * width;
        hashes.as_ref()?.get(from..from + width).map(tree_root)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{leaves, log, node_of};
    use super::*;

    #[test]
    fn every_node_is_read_from_tiles_as_computed_from_leaves() {
        for size in [1, 2, 255, 256, 257, 600] {
            let all = leaves(size);
            let (_, tiles) = log(size);
            let stored: BTreeMap<_, _> = tiles.into_iter().map(|t| (t.id, t.bytes)).collect();
            let load = |id| stored.get(&id).cloned();
            let nodes = TileNodes::new(size, &load);
            for level in 0..12 {
                for index in 0..=size >> level {
                    let expected = node_of(&all, level, index);
                    assert_eq!(
                        nodes.node(level, index),
                        expected,
                        "{level} {index} of {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_smaller_tree_is_read_from_the_tiles_of_a_grown_one() {
        let (_, tiles) = log(600);
        let stored: BTreeMap<_, _> = tiles
            .into_iter()
            .map(|tile| ((tile.id.row(), tile.id.index()), tile.bytes))
            .collect();
        let load = |id: TileId| stored.get(&(id.row(), id.index())).cloned();
        let nodes = TileNodes::new(300, &load);
        assert_eq!(nodes.node(0, 299), Some(leaves(300)[299]));
        assert_eq!(nodes.node(0, 300), None);
    }

    #[test]
    fn a_missing_or_short_tile_has_no_nodes() {
        let none = |_| None;
        assert_eq!(TileNodes::new(5, &none).node(0, 0), None);
        let short = |_| Some(vec![0; 31]);
        assert_eq!(TileNodes::new(5, &short).node(0, 0), None);
        let empty = |_| Some(Vec::new());
        assert_eq!(TileNodes::new(5, &empty).node(63, u64::MAX), None);
    }
}
