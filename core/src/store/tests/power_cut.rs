//! Power cuts: what was acknowledged is there and nothing is half there, at whatever operation
//! the power goes, however often it goes again during recovery, and whichever of the writes
//! since the last sync reached the disk.

use std::collections::BTreeMap;
use std::ops::Range;

use super::model::Model;
use super::{Seeded, key};
use crate::store::simulated::SimulatedDisk;
use crate::store::{Commit, CommitError, ReadError, Store, Stream, View};

/// How often the power goes in one trial.
const CUTS: u64 = 5;

/// What a cut interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// The first opening, which makes the store.
    Creation,
    /// A group of commits.
    Commit,
    /// The removal of every view.
    ClearViews,
    /// The closing of a whole store, or its opening again.
    Reopening,
    /// The opening after a cut; after a cut in that; after yet another.
    Recovery,
    SecondRecovery,
    LaterRecovery,
}

impl Moment {
    const ALL: [Self; 7] = [
        Self::Creation,
        Self::Commit,
        Self::ClearViews,
        Self::Reopening,
        Self::Recovery,
        Self::SecondRecovery,
        Self::LaterRecovery,
    ];

    /// What an opening is that follows a cut at this moment.
    fn recovery(self) -> Self {
        match self {
            Self::Creation | Self::Commit | Self::ClearViews | Self::Reopening => Self::Recovery,
            Self::Recovery => Self::SecondRecovery,
            Self::SecondRecovery | Self::LaterRecovery => Self::LaterRecovery,
        }
    }
}

/// Where cuts fell, and whether what they interrupted was there afterwards.
#[derive(Debug, Default)]
struct Tally {
    cuts: BTreeMap<Moment, u64>,
    kept: u64,
    lost: u64,
}

/// A store that is used until the power goes, again and again.
struct Trial {
    random: Seeded,
    disk: SimulatedDisk,
    /// What was acknowledged.
    acknowledged: Model,
    /// The same with what was in progress when the power went.
    attempted: Option<Model>,
    /// What the opening under way is, should it be interrupted.
    opening: Moment,
}

impl Trial {
    fn new(seed: u64) -> Self {
        Self {
            random: Seeded::new(seed),
            disk: SimulatedDisk::new(seed),
            acknowledged: Model::default(),
            attempted: None,
            opening: Moment::Creation,
        }
    }

    fn run(mut self, tally: &mut Tally) {
        for _ in 0..CUTS {
            // A recovery is a few operations long, and many cuts must meet one.
            let power = match self.random.below(3) {
                0 => self.random.below(60),
                _ => self.random.below(10),
            };
            self.disk.set_power(power);
            let moment = self.live(tally);
            *tally.cuts.entry(moment).or_default() += 1;
            self.opening = moment.recovery();
            self.disk.cut(&mut self.random);
        }
        let store = self.open(tally).expect("there is power");
        let next = commit(&mut self.random, &self.acknowledged);
        assert!(self.acknowledged.take_in(&next));
        store.commit(next).unwrap();
        drop(store);
        self.open(tally).expect("there is power");
    }

    /// Works until the power goes; what that interrupted.
    fn live(&mut self, tally: &mut Tally) -> Moment {
        let Some(mut store) = self.open(tally) else {
            return self.opening;
        };
        loop {
            let mut after = self.acknowledged.clone();
            let (moment, done) = match self.random.below(12) {
                0 => {
                    after.clear_views();
                    (Moment::ClearViews, store.clear_views())
                }
                1 => {
                    drop(store);
                    match self.open(tally) {
                        Some(opened) => store = opened,
                        None => return Moment::Reopening,
                    }
                    continue;
                }
                _ => {
                    let group = self.group(&mut after);
                    (Moment::Commit, store.commit_group(&group))
                }
            };
            match done {
                Ok(()) => self.acknowledged = after,
                Err(CommitError::Disk { .. }) => {
                    self.attempted = Some(after);
                    return moment;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Opens the store and looks whether it holds what it must; `None` where the power goes.
    fn open(&mut self, tally: &mut Tally) -> Option<Store> {
        let store = match Store::on_simulated_disk(&self.disk, &key()) {
            Ok(store) => store,
            Err(error) => {
                assert_eq!(error.code(), "store.cannot_open", "{error}");
                return None;
            }
        };
        let found = match Model::of(&store) {
            Ok(found) => found,
            Err(ReadError::Disk { .. }) => return None,
            Err(error) => panic!("{error}"),
        };
        match self.attempted.take() {
            Some(attempted) if found == attempted => {
                tally.kept += 1;
                self.acknowledged = attempted;
            }
            attempted => {
                tally.lost += u64::from(attempted.is_some());
                assert!(found == self.acknowledged, "it holds something else");
            }
        }
        Some(store)
    }

    /// Some commits that fit what the store holds, and what it holds after them.
    fn group(&mut self, after: &mut Model) -> Vec<Commit> {
        let length = 1 + self.random.below(8) / 6;
        (0..length)
            .map(|_| {
                let commit = commit(&mut self.random, after);
                assert!(after.take_in(&commit));
                commit
            })
            .collect()
    }
}

/// Up to four values, up to three changes of views, and now and then a value is erased.
fn commit(random: &mut Seeded, held: &Model) -> Commit {
    let mut commit = Stream::ALL.iter().fold(Commit::new(), |commit, &stream| {
        commit.expecting(stream, held.length(stream))
    });
    let stream = one_of(random, &Stream::ALL);
    if held.length(stream) > 0 && random.below(4) == 0 {
        commit = commit.erase(stream, random.below(held.length(stream)));
    }
    for _ in 0..random.below(5) {
        commit = commit.append(one_of(random, &Stream::ALL), value(random));
    }
    for _ in 0..random.below(4) {
        let (view, key) = (one_of(random, &View::ALL), [random.below(6) as u8]);
        commit = match random.below(4) {
            0 => commit.remove(view, key),
            _ => commit.put(view, key, value(random)),
        };
    }
    commit
}

/// A value of a few bytes, of a page, of some pages, or so long that the file grows.
fn value(random: &mut Seeded) -> Vec<u8> {
    let longest = match random.below(128) {
        0 => 60_000,
        1..4 => 10_000,
        4..32 => 1_500,
        _ => 60,
    };
    vec![random.below(256) as u8; random.below(longest) as usize]
}

fn one_of<T: Copy>(random: &mut Seeded, all: &[T]) -> T {
    all[random.below(all.len() as u64) as usize]
}

/// Runs a trial for each seed; every moment must have been met.
fn check(seeds: Range<u64>) {
    let mut tally = Tally::default();
    let cuts = CUTS * (seeds.end - seeds.start);
    for seed in seeds {
        let trial = std::panic::AssertUnwindSafe(|| Trial::new(seed).run(&mut tally));
        if let Err(panic) = std::panic::catch_unwind(trial) {
            eprintln!("the seed is {seed}");
            std::panic::resume_unwind(panic);
        }
    }
    println!("{tally:?}");
    assert_eq!(tally.cuts.values().sum::<u64>(), cuts);
    for moment in Moment::ALL {
        assert!(tally.cuts.contains_key(&moment), "{moment:?}: {tally:?}");
    }
    assert!(tally.kept > 0 && tally.lost > 0, "{tally:?}");
}

// 10,000 cuts. Each test takes a share of the seeds, so that they run side by side.

#[test]
fn a_power_cut_loses_nothing_acknowledged_in_seeds_0_to_499() {
    check(0..500);
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_in_seeds_500_to_999() {
    check(500..1_000);
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_in_seeds_1000_to_1499() {
    check(1_000..1_500);
}

#[test]
fn a_power_cut_loses_nothing_acknowledged_in_seeds_1500_to_1999() {
    check(1_500..2_000);
}
