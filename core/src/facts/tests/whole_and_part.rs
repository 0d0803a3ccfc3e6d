//! The projection for a unit from the facts it may see equals that of all facts restricted.

use proptest::prelude::*;

use crate::facts::{Audience, Entry, Projection};

use super::*;

/// What happens next in some unit.
#[derive(Debug, Clone)]
enum Step {
    Submit {
        unit: u8,
        person: u8,
        wage: i64,
        from: i32,
    },
    Stop {
        unit: u8,
        person: u8,
        month: i32,
    },
    Decide {
        unit: u8,
        verdict: Verdict,
    },
    Assess {
        unit: u8,
        settlement: &'static str,
    },
    Move {
        unit: u8,
        to: u16,
    },
    Everyone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let unit = 1_u8..=3;
    let person = 1_u8..=4;
    let verdict = prop_oneof![
        Just(Verdict::Approve),
        Just(Verdict::Return("缺材料".to_owned())),
        Just(Verdict::Reject("不符合".to_owned())),
    ];
    let step = prop_oneof![
        (
            unit.clone(),
            person.clone(),
            300_000_i64..2_000_000,
            0..6_i32
        )
            .prop_map(|(unit, person, wage, from)| Step::Submit {
                unit,
                person,
                wage,
                from
            }),
        (unit.clone(), person, 0..6_i32).prop_map(|(unit, person, month)| Step::Stop {
            unit,
            person,
            month
        }),
        (unit.clone(), verdict).prop_map(|(unit, verdict)| Step::Decide { unit, verdict }),
        (unit.clone(), 1..=3_u16).prop_map(|(unit, to)| Step::Move { unit, to }),
        (unit, prop_oneof![Just("2022-01"), Just("2022-02")])
            .prop_map(|(unit, settlement)| Step::Assess { unit, settlement }),
        Just(Step::Everyone),
    ];
    proptest::collection::vec(step, 0..40)
}

fn run(steps: &[Step]) -> Log {
    let mut log = Log::open();
    for unit in 1..=3 {
        log.register(
            unit,
            &[Some("5000"), Some("6000"), Some("7000"), Some("8000")],
        );
    }
    for (step, number) in steps.iter().zip(1..) {
        carry_out(&mut log, step, number);
    }
    log
}

fn carry_out(log: &mut Log, step: &Step, number: u8) {
    let later = |months: i32| month("2022-01").plus(months).expect("in range").to_string();
    let declared = |log: &mut Log, unit: u8, draft: Draft| {
        if let Ok(declaration) = log.parse(UnitId([unit; 16]), &draft) {
            log.submit(&declaration);
        }
    };
    match step {
        Step::Submit {
            unit,
            person: line,
            wage: fen,
            from,
        } => {
            let amount = Money::from_fen(*fen).to_string();
            let who = person(*unit, *line).to_string();
            let draft = wage(number, &who, &later(*from), &later(from + 2), &amount);
            declared(log, *unit, draft);
        }
        Step::Stop {
            unit,
            person: line,
            month,
        } => {
            let who = person(*unit, *line).to_string();
            declared(
                log,
                *unit,
                interruption(number, &who, &later(*month), "辞职"),
            );
        }
        Step::Decide { unit, verdict } => decide_one(log, UnitId([*unit; 16]), verdict),
        Step::Assess { unit, settlement } => {
            let _ = log.assess(UnitId([*unit; 16]), settlement);
        }
        Step::Move { unit, to } => {
            let unit = UnitId([*unit; 16]);
            let from = log.unit(unit).record.district;
            let to = DistrictId(*to);
            log.add(Fact::UnitMoved { unit, from, to });
            assert_eq!(log.unit(unit).record.district, to);
        }
        Step::Everyone => {
            log.add(Fact::VolumeOpened {
                volume: crate::ids::VolumeId(u32::from(number)),
            });
        }
    }
}

fn decide_one(log: &mut Log, unit: UnitId, verdict: &Verdict) {
    let undecided = log
        .unit(unit)
        .submissions
        .values()
        .find(|it| it.state == SubmissionState::Undecided)
        .map(|it| it.declaration.clone());
    if let Some(declaration) = undecided {
        log.decide(&declaration, verdict.clone());
    }
}

proptest! {
    #[test]
    fn a_units_own_facts_project_what_all_facts_project_for_it(steps in steps()) {
        let log = run(&steps);
        for number in 1..=3 {
            let unit = UnitId([number; 16]);
            let mut own = Projection::default();
            for placed in &log.facts {
                let entry = Entry::new(placed.at, &placed.fact);
                let audience = Entry::from_bytes(&entry.to_bytes()).expect("reads back").audience;
                let visible = [Audience::Everyone, Audience::Unit(unit), Audience::Employer(unit)];
                if audience.iter().any(|it| visible.contains(it)) {
                    own.apply(placed);
                }
            }
            prop_assert_eq!(own, log.projection.restricted_to(unit));
        }
    }

    #[test]
    fn entries_read_back_what_was_written(steps in steps()) {
        for placed in run(&steps).facts {
            let entry = Entry::new(placed.at, &placed.fact);
            let read = Entry::from_bytes(&entry.to_bytes()).expect("reads back");
            prop_assert_eq!(read.fact(), Ok(placed.fact));
        }
    }

    #[test]
    fn head_counts_agree_for_every_month(steps in steps()) {
        let log = run(&steps);
        for view in log.projection.units.values() {
            for (settlement, assessed) in &view.assessments {
                let normal = view.receivables(*settlement).filter(|it| it.receivable.kind == NORMAL);
                prop_assert_eq!(normal.count(), assessed.assessment.persons as usize);
            }
        }
    }
}
