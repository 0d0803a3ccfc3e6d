//! The simulation in the tests: many seeds hold, a seed replays, and every rule that is broken by
//! hand is found by the invariant that guards it.

use canbao_tests::simulation::{Broken, Met, run};

/// The seeds of one test; there are five such. Fewer do not meet everything.
const SEEDS: u64 = 100;

/// So many seeds a broken rule may need to show.
const SEEDS_TO_FIND: u64 = 60;

/// Every seed of a part holds, and together they meet what there is to meet.
fn seeds_hold(part: u64) {
    let mut met = Met::ALL.map(|it| (it, 0));
    for seed in part * SEEDS..(part + 1) * SEEDS {
        let ran = run(seed, None);
        if let Some(complaint) = ran.complaint() {
            panic!("{complaint}");
        }
        for (it, times) in &mut met {
            *times += ran.journal.times(*it);
        }
    }
    for (it, times) in met {
        assert!(times > 0, "{it:?} never happened");
    }
}

macro_rules! seeds_hold {
    ($($name:ident: $part:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            seeds_hold($part);
        }
    )*};
}

seeds_hold! {
    seeds_from_0_hold: 0,
    seeds_from_100_hold: 1,
    seeds_from_200_hold: 2,
    seeds_from_300_hold: 3,
    seeds_from_400_hold: 4,
}

#[test]
fn one_seed_gives_one_event_log() {
    for seed in [3, 11, 27] {
        let (first, second) = (run(seed, None), run(seed, None));
        let lines = first.journal.lines().iter().zip(second.journal.lines());
        for (first, second) in lines {
            assert_eq!(first, second, "seed {seed}");
        }
        let lengths = (first.journal.lines().len(), second.journal.lines().len());
        assert_eq!(lengths.0, lengths.1, "seed {seed}");
        assert!(lengths.0 > 100, "seed {seed}: hardly anything happened");
    }
}

/// The invariant that guards the rule finds that it is broken, by its own name.
fn finds(broken: Broken) {
    let found = (0..SEEDS_TO_FIND).find_map(|seed| run(seed, Some(broken)).violation);
    let found = found.unwrap_or_else(|| panic!("{} was not found", broken.name()));
    assert_eq!(found.invariant, broken.guard(), "{}", found.detail);
}

macro_rules! broken_rules_are_found {
    ($($name:ident: $broken:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                finds(Broken::$broken);
            }
        )*

        #[test]
        fn every_broken_rule_has_its_test() {
            let tested = [$(Broken::$broken),*];
            for broken in Broken::ALL {
                assert!(tested.contains(&broken), "{}", broken.name());
            }
        }
    };
}

broken_rules_are_found! {
    a_centre_that_forgets_is_found: CentreForgets,
    a_device_that_forgets_is_found: DeviceForgets,
    a_second_decision_with_effect_is_found: DecidesTwice,
    an_entry_stepped_over_is_found: SkipsEntry,
    a_decision_misprojected_is_found: MisprojectsDecision,
    a_record_shown_unproven_is_found: ShowsUnproven,
    a_batch_left_out_is_found: LosesBatch,
    a_rewritten_log_is_found: RewritesLog,
    a_device_that_never_retries_is_found: NeverRetries,
    a_garbled_frame_is_found: GarblesFrame,
    an_entry_that_a_purge_left_is_found: LeavesEntry,
    an_entry_that_a_backfill_left_out_is_found: BackfillsLess,
    a_scope_that_was_not_told_is_found: KeepsScope,
    a_revocation_passed_over_is_found: PassesOverRevocation,
    a_person_who_pays_in_two_units_is_found: OwnsTwice,
}
