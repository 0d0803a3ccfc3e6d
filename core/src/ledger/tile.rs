//! Tiles (C2SP tlog-tiles): where they are and what their bytes mean.
//!
//! A tile holds 256 consecutive hashes of every eighth level of the tree; the levels between are
//! computed. Beside the leaf tiles stand the entry bundles with the leaves' data. A tree's last
//! tile of a row may be partial, and a partial tile's bytes are a prefix of its later, wider self.

use std::fmt;
use std::str::FromStr;

use super::commitment::Commitment;
use super::merkle::Hash;
use super::parse_decimal;

/// The hashes in a full tile, and the entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// The bytes of a hash in a tile.
pub(super) const HASH_BYTES: usize = 32;

/// The bytes of an entry in a bundle: a big-endian length, which is always 32, and a commitment.
pub(super) const ENTRY_BYTES: usize = 34;

/// The longest tile path there can be; longer text is refused unread.
const MAX_PATH_BYTES: usize = 64;

/// A row of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// Hash tiles of this tile level, 0 to 63: its hashes cover `256^level` leaves each.
    Hashes(u8),
    /// The entry bundles.
    Entries,
}

/// The name of a tile: row, place in the row, and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    row: Row,
    index: u64,
    width: u16,
}

/// A tile or bundle and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which one.
    pub id: TileId,
    /// Exactly [`TileId::byte_len`] bytes.
    pub bytes: Vec<u8>,
}

/// Text that is not the canonical path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct BadTilePath;

impl BadTilePath {
    /// The error's code for the screen and for tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "log.bad_tile_path"
    }
}

impl TileId {
    /// The full tile at a place.
    #[must_use]
    pub fn full(row: Row, index: u64) -> Self {
        Self {
            row,
            index,
            width: TILE_WIDTH,
        }
    }

    /// The tile at a place as it stands in a tree of `size` leaves; `None` where it is empty.
    #[must_use]
    pub fn in_tree(row: Row, index: u64, size: u64) -> Option<Self> {
        let before = index.checked_mul(u64::from(TILE_WIDTH))?;
        let width = row
            .len(size)
            .checked_sub(before)?
            .min(u64::from(TILE_WIDTH)) as u16;
        (width > 0).then_some(Self { row, index, width })
    }

    /// All tiles of a tree of `size` leaves: the bundles, then the rows of hashes upward.
    pub fn all_in_tree(size: u64) -> impl Iterator<Item = Self> {
        let levels = (0..8).map(Row::Hashes);
        std::iter::once(Row::Entries)
            .chain(levels)
            .flat_map(move |row| {
                let tiles = row.len(size).div_ceil(u64::from(TILE_WIDTH));
                (0..tiles).filter_map(move |index| Self::in_tree(row, index, size))
            })
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> Row {
        self.row
    }

    /// The place in the row.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// The length of the tile's bytes.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        usize::from(self.width) * self.row.item_bytes()
    }

    /// The full tiles one level below whose hashes this tile holds, in order; none below the
    /// leaf tiles.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        let below = match self.row {
            Row::Hashes(level) => level.checked_sub(1),
            Row::Entries => None,
        };
        let first = self.index.saturating_mul(u64::from(TILE_WIDTH));
        below.into_iter().flat_map(move |level| {
            (0..u64::from(self.width)).map(move |at| Self::full(Row::Hashes(level), first + at))
        })
    }

    /// The tile that holds a full hash tile's hash, in a tree of `size` leaves.
    pub(super) fn parent(self, size: u64) -> Option<Self> {
        match self.row {
            Row::Hashes(level) => Self::in_tree(
                Row::Hashes(level + 1),
                self.index / u64::from(TILE_WIDTH),
                size,
            ),
            Row::Entries => None,
        }
    }

    /// The bundle of a leaf tile's entries.
    pub(super) fn bundle(self) -> Option<Self> {
        (self.row == Row::Hashes(0)).then_some(Self {
            row: Row::Entries,
            ..self
        })
    }

    /// This tile's bytes, taken from the bytes of the same or a wider tile at its place; `None`
    /// where those are too few.
    #[must_use]
    pub fn take<'a>(&self, stored: &'a [u8]) -> Option<&'a [u8]> {
        stored.get(..self.byte_len())
    }

    /// The partial tile at the end of a row in a tree of `size` leaves; `None` where the row ends
    /// with a full tile.
    #[must_use]
    pub fn edge(row: Row, size: u64) -> Option<Self> {
        let items = row.len(size);
        let width = (items % u64::from(TILE_WIDTH)) as u16;
        (width > 0).then_some(Self {
            row,
            index: items / u64::from(TILE_WIDTH),
            width,
        })
    }
}

impl Row {
    /// How many hashes or entries the row has in a tree of `size` leaves.
    fn len(self, size: u64) -> u64 {
        match self {
            Self::Hashes(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
            Self::Entries => size,
        }
    }

    /// The bytes of one hash or entry.
    fn item_bytes(self) -> usize {
        match self {
            Self::Hashes(_) => HASH_BYTES,
            Self::Entries => ENTRY_BYTES,
        }
    }
}

/// The path of the tile below the log's prefix, such as `tile/0/x001/234.p/17`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Hashes(level) => write!(f, "tile/{level}/")?,
            Row::Entries => f.write_str("tile/entries/")?,
        }
        let mut upper = Vec::new();
        let mut rest = self.index / 1000;
        while rest > 0 {
            upper.push(rest % 1000);
            rest /= 1000;
        }
        for group in upper.iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

impl FromStr for TileId {
    type Err = BadTilePath;

    /// Reads a path as [`TileId`] shows it; every other spelling is refused, so that one tile
    /// has one name.
    fn from_str(path: &str) -> Result<Self, BadTilePath> {
        let id = parse_path(path).ok_or(BadTilePath)?;
        if id.to_string() == path {
            Ok(id)
        } else {
            Err(BadTilePath)
        }
    }
}

/// The hashes in a hash tile's bytes, which must be whole.
#[must_use]
pub fn read_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    rest.is_empty()
        .then(|| hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// The commitments in a bundle's bytes, which must be whole, each entry 32 bytes long.
#[must_use]
pub fn read_entries(bytes: &[u8]) -> Option<Vec<Commitment>> {
    let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    let entries = entries.iter().map(|entry| match entry {
        [0, 32, data @ ..] => Some(Commitment(*data)),
        _ => None,
    });
    if rest.is_empty() {
        entries.collect()
    } else {
        None
    }
}

/// The bytes of one entry in a bundle.
pub(super) fn entry_bytes(commitment: &Commitment) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[1] = 32;
    bytes[2..].copy_from_slice(&commitment.0);
    bytes
}

fn parse_path(path: &str) -> Option<TileId> {
    let rest = path
        .strip_prefix("tile/")
        .filter(|_| path.len() <= MAX_PATH_BYTES)?;
    let (row, rest) = rest.split_once('/')?;
    let row = match row {
        "entries" => Row::Entries,
        level => Row::Hashes(parse_decimal(level).filter(|level| *level < 64)? as u8),
    };
    let (place, width) = match rest.split_once(".p/") {
        Some((place, width)) => {
            let width = parse_decimal(width)?;
            (
                place,
                (1..u64::from(TILE_WIDTH))
                    .contains(&width)
                    .then_some(width as u16)?,
            )
        }
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0u64;
    for group in place.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let three = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
        let value = three.then(|| digits.parse::<u64>().ok()).flatten()?;
        index = index.checked_mul(1000)?.checked_add(value)?;
    }
    Some(TileId { row, index, width })
}

#[cfg(test)]
mod tests {
    use super::super::sample::commitments;
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification_and_read_back() {
        let hashes = |level, index, width| TileId {
            row: Row::Hashes(level),
            index,
            width,
        };
        let entries = |index, width| TileId {
            row: Row::Entries,
            index,
            width,
        };
        for (id, path) in [
            (hashes(0, 0, 256), "tile/0/000"),
            (hashes(0, 1234, 17), "tile/0/x001/234.p/17"),
            (hashes(3, 1_234_067, 256), "tile/3/x001/x234/067"),
            (hashes(63, 1000, 1), "tile/63/x001/000.p/1"),
            (entries(999, 255), "tile/entries/999.p/255"),
            (
                entries(u64::MAX, 256),
                "tile/entries/x018/x446/x744/x073/x709/x551/615",
            ),
        ] {
            assert_eq!(id.to_string(), path);
            assert_eq!(path.parse(), Ok(id));
        }
    }

    #[test]
    fn any_other_spelling_of_a_path_is_refused() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/+00",
            "tile/0/x000/001",
            "tile/0/001/000",
            "tile/0/x001/x000",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000.p/1.p/1",
            "tile/0/000\r",
            "tile/0/000/",
            "tile/0/../000",
            "tile/data/000",
            "tile/entries/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(path.parse::<TileId>(), Err(BadTilePath), "{path:?}");
        }
        let long = format!("tile/0/{}000", "x000/".repeat(100_000));
        assert_eq!(long.parse::<TileId>(), Err(BadTilePath));
    }

    #[test]
    fn a_tree_has_the_tiles_that_the_specification_lists() {
        let count = |row, full| {
            TileId::all_in_tree(70_000)
                .filter(|id| id.row == row && (id.width == TILE_WIDTH) == full)
                .count()
        };
        let partial = |row| {
            let width = |id: TileId| (id.row == row && id.width < TILE_WIDTH).then_some(id.width);
            TileId::all_in_tree(70_000)
                .filter_map(width)
                .collect::<Vec<_>>()
        };
        assert_eq!(count(Row::Hashes(0), true), 273);
        assert_eq!(partial(Row::Hashes(0)), [112]);
        assert_eq!(count(Row::Entries, true), 273);
        assert_eq!(partial(Row::Entries), [112]);
        assert_eq!(count(Row::Hashes(1), true), 1);
        assert_eq!(partial(Row::Hashes(1)), [17]);
        assert_eq!(count(Row::Hashes(2), true), 0);
        assert_eq!(partial(Row::Hashes(2)), [1]);
        assert_eq!(
            count(Row::Hashes(3), true) + partial(Row::Hashes(3)).len(),
            0
        );
        assert_eq!(TileId::all_in_tree(0).count(), 0);
    }

    #[test]
    fn no_tile_is_past_the_end_of_the_greatest_tree() {
        assert_eq!(
            TileId::in_tree(Row::Hashes(7), 0, u64::MAX).map(|id| id.width),
            Some(255)
        );
        assert_eq!(TileId::in_tree(Row::Hashes(8), 0, u64::MAX), None);
        assert_eq!(TileId::in_tree(Row::Hashes(63), 0, u64::MAX), None);
        assert_eq!(TileId::in_tree(Row::Entries, u64::MAX, u64::MAX), None);
    }

    #[test]
    fn bundles_hold_whole_entries_of_32_bytes() {
        let all = commitments(3);
        let bytes: Vec<u8> = all.iter().flat_map(entry_bytes).collect();
        assert_eq!(read_entries(&bytes), Some(all));
        assert_eq!(read_entries(&bytes[..bytes.len() - 1]), None);
        let mut longer = bytes.clone();
        longer[1] = 33;
        assert_eq!(read_entries(&longer), None);
        assert_eq!(read_hashes(&bytes[..33]), None);
    }
}
