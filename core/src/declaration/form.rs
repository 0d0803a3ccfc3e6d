//! A draft being read: every field is looked at, and problems gather on the way.

use crate::facts::{PersonView, SubmissionState, SubmissionView, UNEMPLOYMENT, WINDOW};
use crate::identity::{IdDocument, IdKind, IdentityProblem, looks_like_a_resident_id};
use crate::ids::DeclarationId;
use crate::message;
use crate::money::Money;
use crate::month::Month;
use crate::statement::Verdict;

use super::{Content, Draft, Field, Ground, Problem, ProblemCode, Subject};

/// How many months beyond the current settlement period a declaration may reach: a wage runs to
/// the end of the next year at most, and a slip of the year shows.
const MONTHS_AHEAD: i32 = 24;

/// The longest name that is taken, in characters.
const MAX_NAME: usize = 50;

/// A draft, what it is judged against, and what is wrong with it so far.
pub(super) struct Form<'a> {
    pub(super) draft: &'a Draft,
    pub(super) ground: &'a Ground<'a>,
    problems: Vec<Problem>,
}

impl<'a> Form<'a> {
    pub(super) fn open(draft: &'a Draft, ground: &'a Ground<'a>) -> Self {
        Self {
            draft,
            ground,
            problems: Vec::new(),
        }
    }

    /// What was read, where nothing is wrong.
    pub(super) fn close<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(self.problems),
        }
    }

    /// MON-3: the approved declaration that this one does again.
    pub(super) fn redone(&mut self) -> Option<&'a SubmissionView> {
        let typed = self.draft.redo.trim();
        if typed.is_empty() {
            return None;
        }
        let kind = self.draft.kind;
        let of_this_kind = |it: &&SubmissionView| {
            kind.is_movement() && it.declaration.content.kind() == kind && is_approved(it)
        };
        let id = typed.parse::<DeclarationId>().ok();
        let found = id
            .and_then(|id| self.ground.unit.submission_of(id))
            .filter(of_this_kind);
        if found.is_none() {
            self.add(ProblemCode::RedoUnknown, Field::Redo);
        }
        found
    }

    /// COM-1: by ID number or personal number; COM-3 where nobody is found.
    pub(super) fn person(&mut self) -> Option<&'a PersonView> {
        let typed = self.number()?;
        if let Some(person) = self.in_roster(typed) {
            return Some(person);
        }
        let problem = match IdDocument::parse(IdKind::ResidentId, typed) {
            Err(problem) if looks_like_a_resident_id(typed) => id_problem(problem),
            Ok(_) | Err(_) => Problem::new(ProblemCode::PersonUnknown, Field::Person),
        };
        self.report(problem);
        None
    }

    /// The number that was typed.
    pub(super) fn number(&mut self) -> Option<&'a str> {
        let typed = self.draft.person.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, Field::Person);
            return None;
        }
        Some(typed)
    }

    /// The person of the unit's roster whom a number names, typed in full-width digits or with a
    /// small x too.
    pub(super) fn in_roster(&self, number: &str) -> Option<&'a PersonView> {
        let unit = self.ground.unit;
        unit.find_person(number).or_else(|| {
            let document = IdDocument::parse(IdKind::ResidentId, number).ok()?;
            unit.find_person(document.number())
        })
    }

    /// 证件类型: 居民身份证 where nothing else is said.
    pub(super) fn id_kind(&mut self) -> Option<IdKind> {
        let typed = self.draft.id_kind.trim();
        if typed.is_empty() {
            return Some(IdKind::ResidentId);
        }
        let kind = typed.parse().ok();
        if kind.is_none() {
            self.add(ProblemCode::IdKindUnknown, Field::IdKind);
        }
        kind
    }

    /// 姓名.
    pub(super) fn name(&mut self) -> Option<String> {
        let typed = self.draft.name.trim();
        match typed.chars().count() {
            0 => self.add(ProblemCode::Missing, Field::Name),
            1..=MAX_NAME => return Some(typed.to_owned()),
            _ => {
                let problem =
                    Problem::new(ProblemCode::TextTooLong, Field::Name).with("most", MAX_NAME);
                self.report(problem);
            }
        }
        None
    }

    /// The tick 失业保险 (REG, RES).
    pub(super) fn insurance(&mut self) -> Option<()> {
        if self.draft.insurance.trim() == UNEMPLOYMENT.to_string() {
            return Some(());
        }
        self.add(ProblemCode::NotTicked, Field::Insurance);
        None
    }

    pub(super) fn month(&mut self, field: Field, typed: &str) -> Option<Month> {
        let typed = typed.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, field);
            return None;
        }
        let Ok(month) = typed.parse::<Month>() else {
            let shown: String = typed.chars().take(20).collect();
            self.report(Problem::new(ProblemCode::NotAMonth, field).with("text", shown));
            return None;
        };
        let current = self.ground.common.current_settlement();
        let newest = current.and_then(|it| it.plus(MONTHS_AHEAD));
        match newest {
            Some(newest) if month > newest => {
                let problem = Problem::new(ProblemCode::MonthOutOfRange, field)
                    .with("month", month)
                    .with("newest", newest);
                self.report(problem);
                None
            }
            Some(_) | None => Some(month),
        }
    }

    /// One of the reasons of the parameters, by its Chinese name.
    pub(super) fn reason<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Option<String> {
        let typed = self.draft.reason.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, Field::Reason);
            return None;
        }
        let names: Vec<&str> = names.collect();
        if names.contains(&typed) {
            return Some(typed.to_owned());
        }
        let known = names.join("、");
        self.report(Problem::new(ProblemCode::ReasonUnknown, Field::Reason).with("reasons", known));
        None
    }

    /// The month whose reasons hold: the change month, or now where that one is missing.
    pub(super) fn month_of_reasons(&self, month: Option<Month>) -> Option<Month> {
        month.or_else(|| self.ground.common.current_settlement())
    }

    pub(super) fn amount(&mut self) -> Option<Money> {
        match self.draft.wage {
            None => {
                self.add(ProblemCode::Missing, Field::Wage);
                None
            }
            Some(wage) if wage <= Money::ZERO => {
                self.add(ProblemCode::WageNotPositive, Field::Wage);
                None
            }
            Some(wage) => Some(wage),
        }
    }

    /// Another declaration of the person that is undecided and, both approved, might contradict
    /// this one.
    pub(super) fn none_undecided(
        &mut self,
        subject: &Subject<'_>,
        contradicts: impl Fn(&Content) -> bool,
    ) {
        let own = self.draft.id;
        let rival = self.ground.unit.submissions_about(subject).find(|it| {
            it.state == SubmissionState::Undecided
                && it.declaration.id != own
                && contradicts(&it.declaration.content)
        });
        if let Some(rival) = rival {
            let problem =
                Problem::new(ProblemCode::Undecided, Field::Person).with("receipt", &rival.receipt);
            self.report(problem);
        }
    }

    pub(super) fn add(&mut self, code: ProblemCode, field: Field) {
        self.report(Problem::new(code, field));
    }

    pub(super) fn add_named(&mut self, code: ProblemCode, field: Field, person: &PersonView) {
        self.report(Problem::new(code, field).with("name", &person.record.name));
    }

    /// One more problem; one that the window solves names the unit's own (DIST-1).
    pub(super) fn report(&mut self, problem: Problem) {
        let Ground { unit, common, .. } = self.ground;
        let problem = match common.window(Some(unit.record.district)) {
            Some(window) if message::asks_for(problem.code.as_str(), WINDOW) => {
                problem.with(WINDOW, window)
            }
            Some(_) | None => problem,
        };
        self.problems.push(problem);
    }
}

/// Whether a declaration moves its person into or out of payment.
pub(super) fn moves(content: &Content) -> bool {
    content.kind().is_movement()
}

/// What is wrong with the number of a document.
pub(super) fn id_problem(problem: IdentityProblem) -> Problem {
    let code = match problem {
        IdentityProblem::WrongCheckDigit => ProblemCode::IdCheckDigit,
        _ => ProblemCode::IdMalformed,
    };
    Problem::new(code, Field::Person).with("cause", problem.code())
}

fn is_approved(submission: &SubmissionView) -> bool {
    matches!(&submission.state, SubmissionState::Decided(it) if it.verdict == Verdict::Approve)
}
