//! INT 职工缴费中断申报 and RES 职工缴费恢复申报: a person out of payment, and back (section 3).

use crate::contribution::contribution_base;
use crate::facts::{
    Clash, Insured, Movement, PersonView, SubmissionView, Turn, insured, with_movement,
};
use crate::identity::{Holder, IdDocument, IdKind, PersonalNumber, looks_like_a_resident_id};
use crate::ids::{Position, StatementId};
use crate::money::Money;
use crate::month::{Interval, Month};
use crate::parameters::{Effect, LookBack, MissingParameter};

use super::form::{Form, id_problem, moves};
use super::{
    Content, Field, Ground, PersonNumber, Pool, PoolPerson, Problem, ProblemCode, Subject, Who,
};

/// Stands for a submission that has no id yet.
const THIS: StatementId = StatementId([0; 32]);

impl<'a> Form<'a> {
    pub(super) fn interruption(&mut self, redoes: Option<&SubmissionView>) -> Option<Content> {
        let person = self.person();
        let month = self.month(Field::Month, &self.draft.month);
        let effect = self.stop_reason(month);
        if let (Some(person), Some(month)) = (person, month) {
            let terminated = matches!(effect, Some((_, Effect::Terminate)));
            let voids = redoes.is_none() && self.ground.unit.voided_by(person, month).is_some();
            if !voids {
                self.fits(person, Turn::Out { month, terminated }, redoes);
            }
            self.within_look_back(month, redoes);
            let subject = Subject::Known(person.record.id);
            self.none_undecided(&subject, moves);
        }
        Some(Content::Interruption {
            person: person?.record.id,
            month: month?,
            reason: effect?.0,
        })
    }

    pub(super) fn resumption(&mut self, redoes: Option<&SubmissionView>) -> Option<Content> {
        let who = self.who();
        let month = self.month(Field::Month, &self.draft.month);
        let reason = self.in_reason(month);
        let wage = self.amount();
        let ticked = self.insurance();
        if let (Some((who, known)), Some(month)) = (&who, month) {
            match known {
                Some(person) => self.resumes_here(person, month, redoes),
                None => self.resumes_from_elsewhere(who, month),
            }
            self.not_retired(self.holder(who, *known), month);
            self.within_look_back(month, redoes);
            let subject = match who {
                Who::Known(person) => Subject::Known(*person),
                Who::Elsewhere { number, name } => Subject::Elsewhere(number, name),
            };
            self.none_undecided(&subject, moves);
        }
        if let (Some(month), Some(wage)) = (month, wage) {
            self.months_have_their_parameters(month, wage);
        }
        ticked?;
        Some(Content::Resumption {
            who: who?.0,
            month: month?,
            reason: reason?,
            wage: wage?,
        })
    }

    /// One of the reasons of an interruption, and what it does to the insurance.
    fn stop_reason(&mut self, month: Option<Month>) -> Option<(String, Effect)> {
        let ground = self.ground;
        let month = self.month_of_reasons(month)?;
        let reasons = ground.common.stop_reasons(month, ground.known_on);
        let names = reasons.iter().flat_map(|it| it.all()).map(|(name, _)| name);
        let reason = self.reason(names)?;
        let effect = reasons?.effect(&reason)?;
        Some((reason, effect))
    }

    /// One of the reasons of an enrolment or a resumption.
    pub(super) fn in_reason(&mut self, month: Option<Month>) -> Option<String> {
        let ground = self.ground;
        let month = self.month_of_reasons(month)?;
        let parameters = ground.common.parameters();
        let reasons = parameters.and_then(|it| it.in_reasons(month, ground.known_on).ok());
        let names = reasons.into_iter().flatten().map(String::as_str);
        self.reason(names)
    }

    /// Someone of the roster, or someone of another unit by number and name (SIL-15).
    fn who(&mut self) -> Option<(Who, Option<&'a PersonView>)> {
        let typed = self.number()?;
        if let Some(person) = self.in_roster(typed) {
            return Some((Who::Known(person.record.id), Some(person)));
        }
        let kind = self.id_kind()?;
        let by_document = looks_like_a_resident_id(typed) || kind != IdKind::ResidentId;
        let number = if by_document {
            IdDocument::parse(kind, typed)
                .map(PersonNumber::Document)
                .map_err(id_problem)
        } else {
            let unknown = |_| Problem::new(ProblemCode::PersonUnknown, Field::Person);
            let number: Result<PersonalNumber, _> = typed.parse();
            number.map(PersonNumber::Personal).map_err(unknown)
        };
        match number {
            Ok(number) => {
                let name = self.name()?;
                Some((Who::Elsewhere { number, name }, None))
            }
            Err(problem) => {
                self.report(problem);
                None
            }
        }
    }

    fn resumes_here(&mut self, person: &PersonView, month: Month, redoes: Option<&SubmissionView>) {
        // The newest stop counts, whichever unit it was in.
        let terminated = match self.ground.pool {
            Pool::Known(known) => known.terminated,
            Pool::Unknown | Pool::Absent => person.terminated,
        };
        if terminated && redoes.is_none() {
            self.add_named(ProblemCode::Terminated, Field::Person, person);
            return;
        }
        // Whose only enrolment was voided (SIL-2).
        if insured(Some(person), self.ground.pool) == Some(Insured::Never) {
            self.add_named(ProblemCode::EnrolInstead, Field::Person, person);
            return;
        }
        self.fits(person, Turn::In(month), redoes);
    }

    /// What is known of birth and sex of whoever resumes.
    fn holder(&self, who: &Who, known: Option<&PersonView>) -> Option<Holder> {
        match (known, self.ground.pool, who) {
            (Some(person), _, _) => person.holder(),
            (None, Pool::Known(person), _) => person.holder(),
            (None, Pool::Unknown | Pool::Absent, Who::Elsewhere { number, .. }) => match number {
                PersonNumber::Document(document) => Holder::of(document, None, None),
                PersonNumber::Personal(_) => None,
            },
            (None, Pool::Unknown | Pool::Absent, Who::Known(_)) => None,
        }
    }

    /// SIL-3: the centre decides by what it knows of all units; a device does not know.
    fn resumes_from_elsewhere(&mut self, who: &Who, month: Month) {
        let Who::Elsewhere { name, .. } = who else {
            return;
        };
        match self.ground.pool {
            Pool::Unknown => {}
            Pool::Absent => self.add(ProblemCode::PersonUnknown, Field::Person),
            Pool::Known(person) if person.record.name != *name => {
                self.add(ProblemCode::NameDiffers, Field::Name);
            }
            Pool::Known(person) if person.terminated => {
                let problem = Problem::new(ProblemCode::Terminated, Field::Person);
                self.report(problem.with("name", name));
            }
            Pool::Known(person) => self.disjoint(person, Interval::opening(month)),
        }
    }

    /// The movement makes intervals with those around it (MON-1, MON-2, MON-5), and no other
    /// unit owns any of their months (SIL-3).
    pub(super) fn fits(
        &mut self,
        person: &PersonView,
        turn: Turn,
        redoes: Option<&SubmissionView>,
    ) {
        // A redo of what is not there is refused as that, not as an ordinary movement.
        if redoes.is_none() && !self.draft.redo.trim().is_empty() {
            return;
        }
        let redoes = redoes.map(|it| it.declaration.submission_id());
        // As it would stand, was it approved.
        let movement = Movement {
            submission: Some(THIS),
            position: Position(0),
            turn,
            redone_by: None,
        };
        match with_movement(&person.movements, movement, redoes) {
            Err(clash) => self.report(of_clash(clash, turn, person)),
            Ok((_, intervals)) => {
                if let Pool::Known(elsewhere) = self.ground.pool {
                    for interval in intervals {
                        self.disjoint(elsewhere, interval);
                    }
                }
            }
        }
    }

    fn disjoint(&mut self, elsewhere: &PoolPerson, interval: Interval) {
        let overlapping = elsewhere.elsewhere.iter().find(|it| it.overlaps(interval));
        match overlapping.map(|it| it.stop) {
            None => {}
            Some(None) => self.add(ProblemCode::InsuredElsewhere, Field::Person),
            Some(Some(_)) => self.add(ProblemCode::DoubleElsewhere, Field::Month),
        }
    }

    /// SIL-6: how many months back an ordinary movement may reach. A redo may reach any (MON-3).
    pub(super) fn within_look_back(&mut self, month: Month, redoes: Option<&SubmissionView>) {
        let Ground {
            common, known_on, ..
        } = *self.ground;
        let (Some(parameters), Some(current)) = (common.parameters(), common.current_settlement())
        else {
            return;
        };
        let Ok(LookBack::Months(most)) = parameters.look_back(current, known_on) else {
            return;
        };
        let back = month.months_until(current);
        if redoes.is_none() && back > i32::from(most) {
            let problem = Problem::new(ProblemCode::LookBack, Field::Month)
                .with("month", month)
                .with("most", most);
            self.report(problem);
        }
    }

    /// What is payable from a past month on must be priced: a month without rates or limits
    /// fails by name here (SIL-23), and not when the unit is assessed.
    pub(super) fn months_have_their_parameters(&mut self, first: Month, wage: Money) {
        let Ground {
            common, known_on, ..
        } = *self.ground;
        let (Some(parameters), Some(current)) = (common.parameters(), common.current_settlement())
        else {
            return;
        };
        let priced = |month| -> Result<(), MissingParameter> {
            parameters.rates(month, known_on)?;
            contribution_base(wage, month, parameters, known_on).map(drop)
        };
        let missing = first.through(current).find_map(|month| priced(month).err());
        if let Some(missing) = missing {
            let problem = Problem::new(ProblemCode::ParameterMissing, Field::Month)
                .with("parameter", missing.parameter)
                .with("month", missing.month);
            self.report(problem);
        }
    }
}

fn of_clash(clash: Clash, turn: Turn, person: &PersonView) -> Problem {
    let name = &person.record.name;
    match clash {
        Clash::Open(since) => Problem::new(ProblemCode::AlreadyPaying, Field::Person)
            .with("name", name)
            .with("since", since),
        Clash::NotOpen => Problem::new(ProblemCode::NotPaying, Field::Person).with("name", name),
        Clash::BeforeStart(start) => Problem::new(ProblemCode::BeforeStart, Field::Month)
            .with("month", turn.month())
            .with("start", start),
        Clash::Double { start, stop } => Problem::new(ProblemCode::DoubleMonth, Field::Month)
            .with("start", start)
            .with("stop", stop),
        Clash::NothingToRedo => Problem::new(ProblemCode::RedoUnknown, Field::Redo),
    }
}
