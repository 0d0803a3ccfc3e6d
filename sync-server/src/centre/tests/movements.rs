//! Enrolment, resumption, take-over and redo: what the centre knows of a person over all units
//! decides (SIL-3, SIL-15, MON-3).

use canbao_core::declaration::{Content, Declaration, Entrant, PersonNumber, Who};
use canbao_core::facts::{Effect, Fact, RosterChange, TransactionKind};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{DeclarationId, PersonId};
use canbao_core::month::Interval;
use canbao_core::statement::{Statement, Verdict};

use super::fixture::*;

pub(super) const NEWCOMER: &str = "210199199511030015";

pub(super) fn declared(number: u8, id: u8, content: Content) -> Declaration {
    Declaration {
        id: DeclarationId([id; 16]),
        revision: 1,
        unit: unit(number),
        content,
        redoes: None,
    }
}

pub(super) fn resumption(number: u8, id: u8, who: Who, of: &str) -> Declaration {
    let content = Content::Resumption {
        who,
        month: month(of),
        reason: "续保".to_owned(),
        wage: yuan("6000.00"),
    };
    declared(number, id, content)
}

/// The first person of a unit, as another unit names them.
fn from_unit(number: u8, name: &str) -> Who {
    Who::Elsewhere {
        number: PersonNumber::Personal(personal_number(number, 1).parse().unwrap()),
        name: name.to_owned(),
    }
}

pub(super) fn enrolment(number: u8, id: u8, document: &str, of: &str) -> Declaration {
    let content = Content::Registration {
        entrant: Entrant {
            document: IdDocument::parse(IdKind::ResidentId, document).unwrap(),
            name: "新职工一".to_owned(),
            born: None,
            sex: None,
        },
        month: month(of),
        reason: "新参保".to_owned(),
        wage: yuan("5200.00"),
    };
    declared(number, id, content)
}

/// Both employers and the clerk of their district.
pub(super) struct Stage {
    pub(super) it: Fixture,
    pub(super) employers: [Operator; 2],
    pub(super) clerk: Operator,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let it = start().await;
        let employers = [it.employer(1).await, it.employer(2).await];
        let clerk = it.clerk().await;
        Self {
            it,
            employers,
            clerk,
        }
    }

    /// Submits; the codes of what stands against it, none where it was received.
    pub(super) async fn submit(&self, declaration: &Declaration) -> Vec<&'static str> {
        let employer = &self.employers[usize::from(declaration.unit.0[0]) - 1];
        let statement = Statement::Submission(declaration.clone());
        match self.it.taken(employer, &statement).await {
            Fact::Received { .. } => Vec::new(),
            Fact::NotReceived { problems, .. } => {
                problems.iter().map(|it| it.code.as_str()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Approves; the effect, or the codes of what stands against it.
    async fn approve(&self, declaration: &Declaration) -> Result<Effect, Vec<&'static str>> {
        let decision = decision(
            declaration.unit,
            declaration.submission_id(),
            Verdict::Approve,
        );
        match self.it.taken(&self.clerk, &decision).await {
            Fact::DecisionTaken {
                effect: Some(effect),
                ..
            } => Ok(effect),
            Fact::DecisionTaken {
                void: Some(void), ..
            } => Err(void.problems.iter().map(|it| it.code.as_str()).collect()),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn done(&self, declaration: &Declaration) -> Effect {
        assert_eq!(self.submit(declaration).await, [] as [&str; 0]);
        self.approve(declaration).await.unwrap()
    }

    pub(super) fn intervals(&self, number: u8, person: PersonId) -> Vec<Interval> {
        let intervals = |view: &canbao_core::facts::UnitView| {
            view.persons.get(&person).map(|it| it.intervals.clone())
        };
        let found = self.it.centre.with_unit(unit(number), intervals).unwrap();
        found.flatten().unwrap_or_default()
    }

    /// The document of a person as listed.
    pub(super) fn document_of(&self, number: u8, line: u8) -> IdDocument {
        let document = |view: &canbao_core::facts::UnitView| {
            view.persons[&person(number, line)].record.document.clone()
        };
        let found = self.it.centre.with_unit(unit(number), document).unwrap();
        found.expect("registered")
    }
}

fn closed(start: &str, stop: &str) -> Interval {
    Interval::new(month(start), Some(month(stop))).unwrap()
}

#[tokio::test]
async fn a_person_stopped_in_one_unit_is_taken_over_by_another_which_learns_what_it_needs() {
    let stage = Stage::set().await;
    let taken_over = |name, of| resumption(2, 90, from_unit(1, name), of);
    let refused = stage.submit(&taken_over("员工1", "2022-02")).await;
    assert_eq!(
        refused,
        ["declaration.insured_elsewhere"],
        "still paying there"
    );
    stage.done(&interruption(1, 1, "2022-01")).await;

    let next = |revision, name, of| Declaration {
        revision,
        ..taken_over(name, of)
    };
    let refused = stage.submit(&next(2, "员工2", "2022-02")).await;
    assert_eq!(refused, ["declaration.name_differs"]);
    let refused = stage.submit(&next(3, "员工1", "2022-01")).await;
    assert_eq!(refused, ["declaration.double_elsewhere"]);
    let Effect::Entered(joining) = stage.done(&next(4, "员工1", "2022-02")).await else {
        panic!("entered")
    };
    assert_eq!(joining.person.id, person(1, 1), "one person, two units");
    assert_eq!(joining.left_elsewhere, Some(month("2022-01")));
    assert_eq!(
        stage.intervals(1, person(1, 1)),
        [closed("2021-07", "2022-01")]
    );
    assert_eq!(
        stage.intervals(2, person(1, 1)),
        [Interval::opening(month("2022-02"))]
    );
    let sent = stage.it.kinds_since(stage.it.length() - 1);
    assert_eq!(sent, ["TransactionQueued"], "tax learns the start month");

    // The first unit cannot have them back, nor stretch its own months over the other's.
    let back = resumption(1, 91, Who::Known(person(1, 1)), "2022-03");
    assert_eq!(stage.submit(&back).await, ["declaration.insured_elsewhere"]);
    let stretched = Declaration {
        id: DeclarationId([92; 16]),
        redoes: Some(interruption(1, 1, "2022-01").id),
        ..interruption(1, 1, "2022-02")
    };
    let refused = stage.submit(&stretched).await;
    assert_eq!(refused, ["declaration.insured_elsewhere"]);

    let stage = Stage {
        it: stage.it.reopened().await,
        ..stage
    };
    let back = Declaration {
        revision: 2,
        ..back
    };
    let refused = stage.submit(&back).await;
    assert_eq!(
        refused,
        ["declaration.insured_elsewhere"],
        "from the store too"
    );
}

#[tokio::test]
async fn of_two_take_overs_the_first_approved_wins_and_the_other_is_void() {
    let stage = Stage::set().await;
    stage.done(&interruption(1, 1, "2021-12")).await;
    let theirs = resumption(2, 90, from_unit(1, "员工1"), "2022-01");
    let ours = resumption(1, 91, Who::Known(person(1, 1)), "2022-01");
    assert_eq!(stage.submit(&theirs).await, [] as [&str; 0]);
    assert_eq!(
        stage.submit(&ours).await,
        [] as [&str; 0],
        "undecided is not owned"
    );
    stage.approve(&ours).await.unwrap();
    let void = stage.approve(&theirs).await.unwrap_err();
    assert_eq!(
        void,
        [
            "decision.no_longer_approvable",
            "declaration.insured_elsewhere"
        ]
    );
    assert_eq!(stage.intervals(2, person(1, 1)), []);
}

#[tokio::test]
async fn a_newcomer_is_enrolled_once_in_the_pool_and_gets_a_number() {
    let stage = Stage::set().await;
    let first = enrolment(1, 90, NEWCOMER, "2022-02");
    let second = enrolment(2, 91, NEWCOMER, "2022-02");
    assert_eq!(stage.submit(&first).await, [] as [&str; 0]);
    assert_eq!(stage.submit(&second).await, [] as [&str; 0]);
    let Effect::Entered(joining) = stage.approve(&first).await.unwrap() else {
        panic!("entered")
    };
    assert_eq!(joining.left_elsewhere, None);
    let Fact::TransactionQueued {
        kind: TransactionKind::RosterChange { change, .. },
        ..
    } = stage
        .it
        .fact(canbao_core::ids::Position(stage.it.length() - 1))
    else {
        panic!("queued")
    };
    let start = RosterChange::Start {
        person: joining.person.id,
        month: month("2022-02"),
    };
    assert_eq!(change, start);
    let void = stage.approve(&second).await.unwrap_err();
    assert_eq!(
        void,
        [
            "decision.no_longer_approvable",
            "declaration.insured_elsewhere"
        ]
    );
    // Known by the number they were given.
    let stopped = Content::Interruption {
        person: joining.person.id,
        month: month("2022-02"),
        reason: "辞职".to_owned(),
    };
    stage.done(&declared(1, 92, stopped)).await;
    let refused = stage.submit(&enrolment(2, 93, NEWCOMER, "2022-03")).await;
    let expected = ["declaration.resume_instead", "declaration.undecided"];
    assert_eq!(refused, expected, "SIL-15, and theirs is undecided still");
    let by_number = Who::Elsewhere {
        number: PersonNumber::Personal(joining.person.personal_number.clone()),
        name: "新职工一".to_owned(),
    };
    let unit_withdraws = Statement::Withdrawal {
        unit: unit(2),
        submission: second.submission_id(),
    };
    stage.it.taken(&stage.employers[1], &unit_withdraws).await;
    stage.done(&resumption(2, 94, by_number, "2022-03")).await;
}

#[tokio::test]
async fn who_is_insured_nowhere_cannot_be_resumed_and_who_retired_not_without_the_window() {
    let stage = Stage::set().await;
    let stranger = Who::Elsewhere {
        number: PersonNumber::Personal("7777777777".parse().unwrap()),
        name: "无此人".to_owned(),
    };
    let refused = stage.submit(&resumption(2, 90, stranger, "2022-02")).await;
    assert_eq!(refused, ["declaration.person_unknown"]);
    let retired = Content::Interruption {
        person: person(1, 1),
        month: month("2022-01"),
        reason: "退休".to_owned(),
    };
    stage.done(&declared(1, 91, retired)).await;
    let refused = stage
        .submit(&resumption(2, 92, from_unit(1, "员工1"), "2022-02"))
        .await;
    assert_eq!(refused, ["declaration.terminated"]);
}

#[tokio::test]
async fn a_redo_takes_the_place_of_what_it_does_again_and_tells_tax() {
    let stage = Stage::set().await;
    let first = interruption(1, 1, "2022-02");
    stage.done(&first).await;
    let redone = Declaration {
        id: DeclarationId([90; 16]),
        redoes: Some(first.id),
        ..interruption(1, 1, "2022-01")
    };
    let effect = stage.done(&redone).await;
    assert!(
        matches!(effect, Effect::Stopped { redoes: Some(it), .. } if it == first.submission_id())
    );
    assert_eq!(
        stage.intervals(1, person(1, 1)),
        [closed("2021-07", "2022-01")]
    );
    let again = Declaration {
        id: DeclarationId([91; 16]),
        redoes: Some(first.id),
        ..interruption(1, 1, "2021-12")
    };
    assert_eq!(stage.submit(&again).await, ["declaration.redo_unknown"]);
}
