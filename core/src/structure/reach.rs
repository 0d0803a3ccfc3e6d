//! Which changes a change builds on, directly or not.

use super::lineage::{Cover, Lineage};

/// The ancestors of one set of dependencies, themselves included; then of the change made on
/// them, and so on along a chain.
///
/// Memory is one number a change, whatever the graph looks like. Aiming costs nothing where the
/// dependencies are the heads or include the change just added, and otherwise as many steps as
/// there are changes since the oldest one that is not an ancestor.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The aim at which each change was last reached.
    stamps: Vec<u64>,
    aim: u64,
    /// Every change before it is reached.
    floor: u32,
    /// The change whose ancestors these are, while it is the newest.
    newest: Option<u32>,
}

impl Reach {
    pub(super) fn contains(&self, change: u32) -> bool {
        change < self.floor || self.covers(change)
    }

    /// Turns to the ancestors of these dependencies.
    pub(super) fn aim<T>(&mut self, changes: &Lineage<T>, dependencies: &[u32]) {
        let goes_on = self.newest.is_some_and(|it| dependencies.contains(&it));
        if goes_on {
            self.widen(changes, dependencies);
        } else {
            self.aim += 1;
            self.floor = 0;
            for dependency in dependencies {
                self.cover(*dependency);
            }
            self.floor = changes.walk(self, |_, _, covered| covered);
        }
        self.newest = None;
    }

    /// Adds the ancestors of further dependencies.
    fn widen<T>(&mut self, changes: &Lineage<T>, dependencies: &[u32]) {
        let mut waiting: Vec<u32> = dependencies.to_vec();
        while let Some(change) = waiting.pop() {
            if !self.contains(change) {
                self.cover(change);
                waiting.extend(changes.parents(change));
            }
        }
    }

    /// The change made on the dependencies aimed at was added.
    pub(super) fn push(&mut self, change: u32) {
        self.stamps.push(self.aim);
        self.newest = Some(change);
    }

    /// The newest change was taken back.
    pub(super) fn pop(&mut self) {
        self.stamps.pop();
        self.floor = 0;
        self.newest = None;
    }
}

impl Cover for Reach {
    fn covers(&self, change: u32) -> bool {
        self.stamps[change as usize] == self.aim
    }

    fn cover(&mut self, change: u32) {
        self.stamps[change as usize] = self.aim;
    }
}
