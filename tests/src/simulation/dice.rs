//! Everything that happens by chance, from one seed.

use canbao_core::store::simulated::Seeded;

/// A run's chance: the same seed throws the same.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Seeded);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Seeded::new(seed))
    }

    /// Dice of their own for someone, whose throws do not move these.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.0.below(u64::MAX))
    }

    /// Numbers for a disk's cut.
    pub(crate) fn seeded(&mut self) -> Seeded {
        Seeded::new(self.0.below(u64::MAX))
    }

    /// A number below `limit`, which is above 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.below(limit)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.0.below(100) < chance
    }

    /// A place in a list of this length; none in an empty one.
    pub(crate) fn place(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.index(length))
    }

    /// One of several; none of none.
    pub(crate) fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        self.place(several.len()).map(|place| &several[place])
    }

    /// One of several by their weights, of which one at least is above 0.
    pub(crate) fn weighted<T: Copy>(&mut self, several: &[(u64, T)]) -> T {
        let mut left = self.0.below(several.iter().map(|(weight, _)| weight).sum());
        for (weight, it) in several {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *it,
            }
        }
        unreachable!("a number below the sum of the weights falls into one of them")
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = u8::try_from(self.0.below(256)).expect("a number below 256 is a byte");
        }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.0.below(length as u64)).expect("a place in a list is an index")
    }
}
