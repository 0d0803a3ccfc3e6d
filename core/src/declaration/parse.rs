//! From a draft to a declaration: every problem at once, each with its code, field and values.

use jiff::civil::Date;

use crate::facts::{CommonView, PersonView, SubmissionState, SubmissionView, UnitView};
use crate::identity::{IdDocument, IdKind, IdentityProblem};
use crate::ids::DeclarationId;
use crate::money::Money;
use crate::month::Month;

use super::{Content, Declaration, Draft, Field, Kind, Problem, ProblemCode};

/// How many months beyond the current settlement period a declaration may reach: a wage runs to
/// the end of the next year at most, and a slip of the year shows.
const MONTHS_AHEAD: i32 = 24;

impl Declaration {
    /// Parses a draft against the unit's roster: the one check on desktop, command line and at
    /// the centre's intake.
    ///
    /// `revision` is the number the frozen declaration gets; `known_on` decides which parameter
    /// values were known (SIL-23).
    ///
    /// # Errors
    /// Every problem of the draft, in the order of the form's fields.
    pub fn parse(
        draft: &Draft,
        revision: u32,
        unit: &UnitView,
        common: &CommonView,
        known_on: Date,
    ) -> Result<Self, Vec<Problem>> {
        let mut form = Form {
            draft,
            unit,
            common,
            known_on,
            problems: Vec::new(),
        };
        let content = match draft.kind {
            Kind::Interruption => form.interruption(),
            Kind::Wage => form.wage(),
        };
        match content {
            Some(content) if form.problems.is_empty() => Ok(Self {
                id: draft.id,
                revision,
                unit: unit.record.id,
                content,
            }),
            _ => Err(form.problems),
        }
    }
}

/// A draft being read; problems gather while every field is looked at.
struct Form<'a> {
    draft: &'a Draft,
    unit: &'a UnitView,
    common: &'a CommonView,
    known_on: Date,
    problems: Vec<Problem>,
}

impl<'a> Form<'a> {
    fn interruption(&mut self) -> Option<Content> {
        let person = self.person();
        let month = self.month(Field::Month, &self.draft.month);
        let reason = self.reason(month);
        if let (Some(person), Some(month)) = (person, month) {
            self.interruption_month(person, month);
        }
        if let Some(person) = person {
            self.one_undecided(person, None);
        }
        Some(Content::Interruption {
            person: person?.record.id,
            month: month?,
            reason: reason?,
        })
    }

    fn wage(&mut self) -> Option<Content> {
        let person = self.person();
        let from = self.month(Field::From, &self.draft.from);
        let to = self.month(Field::To, &self.draft.to);
        let wage = self.amount();
        let range = match (from, to) {
            (Some(from), Some(to)) => self.range(from, to),
            _ => None,
        };
        if let (Some(person), Some((from, to))) = (person, range) {
            self.wage_months(person, from, to);
            self.one_undecided(person, Some((from, to)));
        }
        let (from, to) = range?;
        Some(Content::Wage {
            person: person?.record.id,
            from,
            to,
            wage: wage?,
        })
    }

    /// COM-1: by ID number or personal number; COM-3 where nobody is found.
    fn person(&mut self) -> Option<&'a PersonView> {
        let typed = self.draft.person.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, Field::Person);
            return None;
        }
        if let Some(person) = self.unit.find_person(typed) {
            return Some(person);
        }
        let problem = match IdDocument::parse(IdKind::ResidentId, typed) {
            Err(problem) if looks_like_an_id(typed) => {
                let code = match problem {
                    IdentityProblem::WrongCheckDigit => ProblemCode::IdCheckDigit,
                    _ => ProblemCode::IdMalformed,
                };
                Problem::new(code, Field::Person).with("cause", problem.code())
            }
            // Typed in full-width digits or with a small x: the number itself is known.
            Ok(document) => match self.unit.find_person(document.number()) {
                Some(person) => return Some(person),
                None => Problem::new(ProblemCode::PersonUnknown, Field::Person),
            },
            Err(_) => Problem::new(ProblemCode::PersonUnknown, Field::Person),
        };
        self.problems.push(problem);
        None
    }

    fn month(&mut self, field: Field, typed: &str) -> Option<Month> {
        let typed = typed.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, field);
            return None;
        }
        let Ok(month) = typed.parse::<Month>() else {
            let shown: String = typed.chars().take(20).collect();
            self.problems
                .push(Problem::new(ProblemCode::NotAMonth, field).with("text", shown));
            return None;
        };
        let newest = self
            .common
            .current_settlement()
            .and_then(|it| it.plus(MONTHS_AHEAD));
        if newest.is_some_and(|newest| month > newest) {
            let problem = Problem::new(ProblemCode::MonthOutOfRange, field)
                .with("month", month)
                .with(
                    "newest",
                    newest.map(|it| it.to_string()).unwrap_or_default(),
                );
            self.problems.push(problem);
            return None;
        }
        Some(month)
    }

    /// One of the reasons that hold in the change month, or now where that month is missing.
    fn reason(&mut self, month: Option<Month>) -> Option<String> {
        let typed = self.draft.reason.trim();
        if typed.is_empty() {
            self.add(ProblemCode::Missing, Field::Reason);
            return None;
        }
        let month = month.or_else(|| self.common.current_settlement())?;
        let reasons = self
            .common
            .parameters()
            .and_then(|it| it.stop_reasons(month, self.known_on).ok());
        if reasons.is_some_and(|it| it.effect(typed).is_some()) {
            return Some(typed.to_owned());
        }
        let names: Vec<&str> = reasons
            .iter()
            .flat_map(|it| it.all())
            .map(|(name, _)| name)
            .collect();
        self.problems.push(
            Problem::new(ProblemCode::ReasonUnknown, Field::Reason)
                .with("reasons", names.join("、")),
        );
        None
    }

    fn amount(&mut self) -> Option<Money> {
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

    fn range(&mut self, from: Month, to: Month) -> Option<(Month, Month)> {
        if from <= to {
            return Some((from, to));
        }
        let problem = Problem::new(ProblemCode::RangeReversed, Field::To)
            .with("from", from)
            .with("to", to);
        self.problems.push(problem);
        None
    }

    /// The change month is the last payable one (MON-1): it lies in the open interval, and no
    /// month after it was assessed (SIL-20).
    fn interruption_month(&mut self, person: &PersonView, month: Month) {
        let Some(open) = person.open_interval() else {
            self.add_named(ProblemCode::NotPaying, Field::Person, person);
            return;
        };
        if month < open.start {
            let problem = Problem::new(ProblemCode::BeforeStart, Field::Month)
                .with("month", month)
                .with("start", open.start);
            self.problems.push(problem);
        }
        let later = self
            .unit
            .assessments
            .keys()
            .rev()
            .find(|assessed| **assessed > month);
        if let Some(assessed) = later {
            self.assessed(Field::Month, *assessed);
        }
    }

    /// Every month of a wage is payable from its first on, and none of them was assessed or has
    /// another declared wage (SIL-4, SIL-5, SIL-20).
    fn wage_months(&mut self, person: &PersonView, from: Month, to: Month) {
        if !person.payable(from) {
            self.add_named(ProblemCode::NotPaying, Field::From, person);
        }
        if let Some(assessed) = self
            .unit
            .assessments
            .keys()
            .find(|it| (from..=to).contains(*it))
        {
            self.assessed(Field::From, *assessed);
        }
        if let Some(other) = person
            .declared
            .iter()
            .find(|it| it.from <= to && from <= it.to)
        {
            let problem = Problem::new(ProblemCode::WageOverlap, Field::From)
                .with("from", other.from)
                .with("to", other.to);
            self.problems.push(problem);
        }
    }

    /// Another declaration of the person and kind that is undecided; for wages only one whose
    /// months overlap.
    fn one_undecided(&mut self, person: &PersonView, months: Option<(Month, Month)>) {
        let own = self.draft.id;
        let same = |it: &SubmissionView| is_rival(it, own, self.draft.kind, person, months);
        let rival = self.unit.submissions.values().find(|it| same(it));
        if let Some(rival) = rival {
            let receipt = rival.receipt.to_string();
            let problem =
                Problem::new(ProblemCode::Undecided, Field::Person).with("receipt", receipt);
            self.problems.push(problem);
        }
    }

    fn assessed(&mut self, field: Field, month: Month) {
        self.problems
            .push(Problem::new(ProblemCode::AfterAssessment, field).with("month", month));
    }

    fn add(&mut self, code: ProblemCode, field: Field) {
        self.problems.push(Problem::new(code, field));
    }

    fn add_named(&mut self, code: ProblemCode, field: Field, person: &PersonView) {
        self.problems
            .push(Problem::new(code, field).with("name", &person.record.name));
    }
}

/// Whether a submission may be taken in after the ones before it: its revision is the next one
/// and none of them is undecided or final (architecture, section 6).
///
/// # Errors
/// The problem.
pub fn check_revision(declaration: &Declaration, unit: &UnitView) -> Result<(), Problem> {
    let Some(before) = unit.submission_of(declaration.id) else {
        return Ok(());
    };
    let code = match &before.state {
        SubmissionState::Undecided => ProblemCode::RevisionUndecided,
        SubmissionState::Decided(decided) if decided.is_final() => ProblemCode::Final,
        SubmissionState::Decided(_) | SubmissionState::Withdrawn
            if declaration.revision <= before.declaration.revision =>
        {
            ProblemCode::RevisionOrder
        }
        SubmissionState::Decided(_) | SubmissionState::Withdrawn => return Ok(()),
    };
    Err(Problem::new(code, Field::Whole).with("receipt", &before.receipt))
}

/// The revision the next submission of a declaration gets, given those taken in, those refused
/// and the newest one queued on this device.
#[must_use]
pub fn next_revision(id: DeclarationId, queued: Option<u32>, unit: &UnitView) -> u32 {
    let taken = unit.submission_of(id).map(|it| it.declaration.revision);
    let refused = unit
        .refused
        .values()
        .filter(|it| it.declaration.id == id)
        .map(|it| it.declaration.revision)
        .max();
    [taken, refused, queued]
        .into_iter()
        .flatten()
        .max()
        .map_or(1, |newest| newest + 1)
}

fn is_rival(
    submission: &SubmissionView,
    own: DeclarationId,
    kind: Kind,
    person: &PersonView,
    months: Option<(Month, Month)>,
) -> bool {
    let other = &submission.declaration;
    let overlaps = match (&other.content, months) {
        (Content::Wage { from, to, .. }, Some((first, last))) => *from <= last && first <= *to,
        (Content::Wage { .. }, None) | (Content::Interruption { .. }, _) => true,
    };
    submission.state == SubmissionState::Undecided
        && other.id != own
        && other.content.kind() == kind
        && other.content.person() == person.record.id
        && overlaps
}

/// Fifteen to eighteen characters that start with digits: meant as an ID number.
fn looks_like_an_id(typed: &str) -> bool {
    let length = typed.chars().count();
    (15..=19).contains(&length) && typed.chars().take(6).all(char::is_numeric)
}
