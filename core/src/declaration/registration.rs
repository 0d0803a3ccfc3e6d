//! REG 职工参保登记申报: a person who was never insured in the pool.

use crate::facts::{Insured, PersonView, SubmissionView, Turn, insured};
use crate::identity::{BirthDate, Holder, IdDocument, Sex};
use crate::month::Month;
use crate::retirement::may_pay;

use super::form::{Form, id_problem, moves};
use super::{Content, Entrant, Field, Problem, ProblemCode, Subject};

impl Form<'_> {
    pub(super) fn registration(&mut self, redoes: Option<&SubmissionView>) -> Option<Content> {
        let document = self.document();
        let name = self.name();
        let (born, sex) = self.birth_and_sex(document.as_ref());
        let month = self.month(Field::Month, &self.draft.month);
        let reason = self.in_reason(month);
        let wage = self.amount();
        let ticked = self.insurance();
        let entrant = document.zip(name).map(|(document, name)| Entrant {
            document,
            name,
            born,
            sex,
        });
        if let (Some(entrant), Some(month)) = (&entrant, month) {
            self.not_insured(entrant, month, redoes);
            self.old_enough(entrant, month);
            self.not_retired(entrant.holder(), month);
            self.within_look_back(month, redoes);
            let subject = Subject::New(entrant);
            self.none_undecided(&subject, moves);
        }
        if let (Some(month), Some(wage)) = (month, wage) {
            self.months_have_their_parameters(month, wage);
        }
        ticked?;
        Some(Content::Registration {
            entrant: entrant?,
            month: month?,
            reason: reason?,
            wage: wage?,
        })
    }

    fn document(&mut self) -> Option<IdDocument> {
        let number = self.number();
        let kind = self.id_kind();
        let document = IdDocument::parse(kind?, number?);
        document.map_err(|it| self.report(id_problem(it))).ok()
    }

    /// What the document does not state must be given, and nothing given may contradict it
    /// (SIL-14). What it states is not kept twice.
    fn birth_and_sex(&mut self, document: Option<&IdDocument>) -> (Option<BirthDate>, Option<Sex>) {
        let (born, sex) = (self.born(), self.sex());
        let Some(document) = document else {
            return (born, sex);
        };
        if let Some(id) = document.resident_id() {
            if born.is_some_and(|it| it.date() != id.birth_date()) {
                self.add(ProblemCode::DocumentContradicts, Field::Born);
            }
            if sex.is_some_and(|it| it != id.sex()) {
                self.add(ProblemCode::DocumentContradicts, Field::Sex);
            }
            return (None, None);
        }
        if self.draft.born.trim().is_empty() {
            self.add(ProblemCode::Missing, Field::Born);
        }
        if self.draft.sex.trim().is_empty() {
            self.add(ProblemCode::Missing, Field::Sex);
        }
        (born, sex)
    }

    fn born(&mut self) -> Option<BirthDate> {
        let typed = self.draft.born.trim();
        let read = typed.parse().ok();
        if read.is_none() && !typed.is_empty() {
            self.add(ProblemCode::NotABirthDate, Field::Born);
        }
        read
    }

    fn sex(&mut self) -> Option<Sex> {
        let typed = self.draft.sex.trim();
        let read = typed.parse().ok();
        if read.is_none() && !typed.is_empty() {
            self.add(ProblemCode::SexUnknown, Field::Sex);
        }
        read
    }

    /// REG-1, SIL-15: not insured here nor, as far as is known, elsewhere; who was insured before
    /// is resumed.
    fn not_insured(&mut self, entrant: &Entrant, month: Month, redoes: Option<&SubmissionView>) {
        match (
            self.ground.unit.find_person(entrant.document.number()),
            redoes,
        ) {
            (Some(person), Some(_)) => self.fits(person, Turn::In(month), redoes),
            (None, Some(_)) => self.add(ProblemCode::RedoUnknown, Field::Redo),
            (here, None) => self.never_insured(here, &entrant.name),
        }
    }

    fn never_insured(&mut self, here: Option<&PersonView>, name: &str) {
        let name = here.map_or(name, |it| &it.record.name);
        let was_here = here.is_some_and(|it| !it.intervals.is_empty());
        match insured(here, self.ground.pool) {
            Some(Insured::Here) => {
                let problem = Problem::new(ProblemCode::InsuredHere, Field::Person);
                self.report(problem.with("name", name));
            }
            Some(Insured::Elsewhere) => self.add(ProblemCode::InsuredElsewhere, Field::Person),
            Some(Insured::Before) => self.resume_instead(name),
            None if was_here => self.resume_instead(name),
            Some(Insured::Never) | None => {}
        }
    }

    fn resume_instead(&mut self, name: &str) {
        self.report(Problem::new(ProblemCode::ResumeInstead, Field::Person).with("name", name));
    }

    /// 非离退休: an employer can still pay for the person in the first month.
    pub(super) fn not_retired(&mut self, holder: Option<Holder>, month: Month) {
        let ground = self.ground;
        let Some(parameters) = ground.common.parameters() else {
            return;
        };
        if !may_pay(holder.as_ref(), month, parameters, ground.known_on) {
            self.report(Problem::new(ProblemCode::Retired, Field::Month).with("month", month));
        }
    }

    /// At least as old as the law asks, by the end of the first payable month.
    fn old_enough(&mut self, entrant: &Entrant, month: Month) {
        let ground = self.ground;
        let parameters = ground.common.parameters();
        let least = parameters.and_then(|it| it.minimum_age(month, ground.known_on).ok());
        let age = entrant
            .birth_date()
            .map(|born| born.age_on(month.last_day()));
        if let (Some(age), Some(least)) = (age, least)
            && age < u16::from(least)
        {
            let problem = Problem::new(ProblemCode::TooYoung, Field::Person).with("least", least);
            self.report(problem);
        }
    }
}
