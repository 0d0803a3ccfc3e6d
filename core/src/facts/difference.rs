//! What differs between two states of something that another authority keeps, cut into parts
//! that fit an entry each: the rule that tax's roster and the pension feed share.

use std::collections::BTreeMap;

/// How many items of one sort a part names.
pub(super) const ITEMS_PER_PART: usize = 250;

/// What leads from one state to the next: the items that are new or differ, and the keys of
/// those that are there no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference<K, V> {
    changed: Vec<V>,
    gone: Vec<K>,
}

impl<K: Ord + Clone, V: Clone + PartialEq> Difference<K, V> {
    /// The difference of two states; everything, where there was none before.
    pub(super) fn between(before: Option<&BTreeMap<K, V>>, now: &BTreeMap<K, V>) -> Self {
        let nothing = BTreeMap::new();
        let before = before.unwrap_or(&nothing);
        let changed = now.iter().filter(|(key, it)| before.get(key) != Some(it));
        let gone = before.keys().filter(|key| !now.contains_key(key));
        Self {
            changed: changed.map(|(_, it)| it.clone()).collect(),
            gone: gone.cloned().collect(),
        }
    }

    /// How many parts it fills.
    pub(super) fn parts(&self) -> usize {
        let longest = self.changed.len().max(self.gone.len());
        longest.div_ceil(ITEMS_PER_PART)
    }

    /// What the part of this place, from 0 on, holds of it.
    pub(super) fn part(&self, place: usize) -> (Vec<V>, Vec<K>) {
        (piece(&self.changed, place), piece(&self.gone, place))
    }
}

fn piece<T: Clone>(items: &[T], place: usize) -> Vec<T> {
    let mut pieces = items.chunks(ITEMS_PER_PART);
    pieces.nth(place).unwrap_or_default().to_vec()
}

/// Makes the next state of the one before.
pub(super) fn advance<K: Ord, V>(
    state: &mut BTreeMap<K, V>,
    changed: Vec<V>,
    gone: &[K],
    key: impl Fn(&V) -> K,
) {
    for it in gone {
        state.remove(it);
    }
    state.extend(changed.into_iter().map(|it| (key(&it), it)));
}

/// One of the entries that carry a state together.
pub(super) trait Part: Clone {
    /// Its number, from 1 on, and how many there are.
    fn place(&self) -> (u32, u32);
    /// Whether both belong to one state.
    fn is_of(&self, other: &Self) -> bool;
}

/// The parts of a newer state whose last part was not seen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gathered<P>(Vec<P>);

impl<P> Default for Gathered<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: Part> Gathered<P> {
    /// Takes in the next part, and gives all of them with the last. One that does not follow on
    /// those before is left out, and they with it.
    pub(super) fn take(&mut self, part: &P) -> Option<Vec<P>> {
        let (number, parts) = part.place();
        if number == 1 {
            self.0.clear();
        }
        let follows = self.0.len() as u64 + 1 == u64::from(number)
            && self.0.last().is_none_or(|it| it.is_of(part));
        if !follows {
            self.0.clear();
            return None;
        }
        self.0.push(part.clone());
        (number == parts).then(|| std::mem::take(&mut self.0))
    }
}
