//! What an approval changes: resolved once, by the centre, and kept in the decision's fact.

use minicbor::{Decode, Encode};

use crate::declaration::{
    Content, Declaration, Entrant, Field, Ground, Pool, PoolPerson, Problem, ProblemCode, Who,
};
use crate::identity::{BirthDate, PersonalNumber, Sex};
use crate::ids::{PersonId, StatementId};
use crate::money::Money;
use crate::month::Month;
use crate::parameters;

use super::person::{PersonRecord, PersonView};
use super::submission::SubmissionView;
use super::tax::RosterChange;

/// What an approval changes, resolved by the centre so that nobody recomputes it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Effect {
    /// The person's open interval closes at this month, the last payable one (MON-1).
    #[n(1)]
    Stopped {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// The last payable month.
        #[n(1)]
        month: Month,
        /// 终止 rather than 暂停 (STA-3).
        #[n(2)]
        terminated: bool,
        /// The approved submission.
        #[n(3)]
        submission: StatementId,
        /// The approved submission that it does again (MON-3).
        #[n(4)]
        redoes: Option<StatementId>,
    },
    /// The person's wage is declared for these months.
    #[n(2)]
    WageSet {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// The first month.
        #[n(1)]
        from: Month,
        /// The last month.
        #[n(2)]
        to: Month,
        /// The wage.
        #[n(3)]
        wage: Money,
    },
    /// An interval opens for the person, who may be new to the unit (REG, RES).
    #[n(3)]
    Entered(#[n(0)] Box<Joining>),
    /// 作废: an enrolment that never led to a payment opens no month any more (SIL-2).
    #[n(4)]
    Voided {
        /// Who.
        #[n(0)]
        person: PersonId,
        /// The first month of the enrolment.
        #[n(1)]
        month: Month,
        /// The approved submission of the interruption that voids it.
        #[n(2)]
        submission: StatementId,
        /// The approved submission of the enrolment.
        #[n(3)]
        enrolment: StatementId,
    },
}

/// How a person came into a unit's payment, or back: all that the unit learns of someone from
/// elsewhere (architecture, section 1).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Joining {
    /// Who, as the centre holds it.
    #[n(0)]
    pub person: PersonRecord,
    /// The birth date, where the document does not state it.
    #[n(1)]
    pub born: Option<BirthDate>,
    /// The sex, where the document does not state it.
    #[n(2)]
    pub sex: Option<Sex>,
    /// The first payable month (MON-2).
    #[n(3)]
    pub month: Month,
    /// The declared wage.
    #[n(4)]
    pub wage: Money,
    /// The last month for which the wage counts.
    #[n(5)]
    pub wage_until: Month,
    /// The last payable month at other units, where there was one (SIL-3).
    #[n(6)]
    pub left_elsewhere: Option<Month>,
    /// The approved submission.
    #[n(7)]
    pub submission: StatementId,
    /// The approved submission that it does again (MON-3).
    #[n(8)]
    pub redoes: Option<StatementId>,
}

/// The numbers that the centre gives to a person enrolled for the first time (SIL-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshNumbers {
    /// The centre's id.
    pub id: PersonId,
    /// 个人编号.
    pub personal_number: PersonalNumber,
}

impl Effect {
    /// What the approval of a submission changes; it parses without a problem on this ground.
    ///
    /// # Errors
    /// What the facts do not hold any more, by its problem.
    pub fn of(
        submission: &SubmissionView,
        ground: &Ground<'_>,
        fresh: FreshNumbers,
    ) -> Result<Self, Problem> {
        let declaration = &submission.declaration;
        match &declaration.content {
            Content::Interruption {
                person,
                month,
                reason,
            } => {
                let submission = declaration.submission_id();
                let view = ground.unit.person(*person);
                let voided = view.filter(|_| declaration.redoes.is_none());
                if let Some(enrolment) = voided.and_then(|it| ground.unit.voided_by(it, *month)) {
                    return Ok(Self::Voided {
                        person: *person,
                        month: enrolment.month,
                        submission,
                        enrolment: enrolment.submission,
                    });
                }
                let effect = ground
                    .common
                    .stop_effect(reason, *month, ground.known_on)
                    .ok_or_else(|| Problem::new(ProblemCode::ReasonUnknown, Field::Reason))?;
                Ok(Self::Stopped {
                    person: *person,
                    month: *month,
                    terminated: effect == parameters::Effect::Terminate,
                    submission,
                    redoes: redone(declaration, ground),
                })
            }
            Content::Wage {
                person,
                from,
                to,
                wage,
            } => Ok(Self::WageSet {
                person: *person,
                from: *from,
                to: *to,
                wage: *wage,
            }),
            Content::Registration {
                entrant,
                month,
                wage,
                ..
            } => {
                let redo = declaration.redoes.is_some();
                let who = Newcomer::of_entrant(entrant, redo, ground, fresh);
                Ok(who.joins(*month, *wage, submission, ground))
            }
            Content::Resumption {
                who, month, wage, ..
            } => {
                let who = Newcomer::of_person(who, ground)?;
                Ok(who.joins(*month, *wage, submission, ground))
            }
        }
    }

    /// The change of tax's roster that follows; a wage goes to tax with its assessment.
    #[must_use]
    pub fn roster_change(&self) -> Option<RosterChange> {
        match self {
            Self::Stopped { person, month, .. } => Some(RosterChange::Stop {
                person: *person,
                month: *month,
            }),
            Self::Entered(joining) => Some(RosterChange::Start {
                person: joining.person.id,
                month: joining.month,
            }),
            Self::Voided { person, month, .. } => Some(RosterChange::Cancel {
                person: *person,
                month: *month,
            }),
            Self::WageSet { .. } => None,
        }
    }
}

/// Who comes into payment.
struct Newcomer {
    person: PersonRecord,
    born: Option<BirthDate>,
    sex: Option<Sex>,
}

impl Newcomer {
    /// A redo enrols nobody twice: whom the unit has is that person. Whose enrolment was voided
    /// keeps the numbers, here or at another unit.
    fn of_entrant(entrant: &Entrant, redo: bool, ground: &Ground<'_>, fresh: FreshNumbers) -> Self {
        let here = ground.unit.find_person(entrant.document.number());
        if let (Some(person), true) = (here, redo) {
            return Self::of_view(person);
        }
        let known = match (here, ground.pool) {
            (Some(person), _) => Some(&person.record),
            (None, Pool::Known(person)) => Some(&person.record),
            (None, Pool::Unknown | Pool::Absent) => None,
        };
        let FreshNumbers {
            id,
            personal_number,
        } = known.map_or(fresh, |it| FreshNumbers {
            id: it.id,
            personal_number: it.personal_number.clone(),
        });
        Self {
            person: PersonRecord {
                id,
                personal_number,
                document: entrant.document.clone(),
                name: entrant.name.clone(),
            },
            born: entrant.born.clone(),
            sex: entrant.sex,
        }
    }

    fn of_person(who: &Who, ground: &Ground<'_>) -> Result<Self, Problem> {
        let found = match (who, ground.pool) {
            (Who::Known(person), _) => ground.unit.person(*person).map(Self::of_view),
            (Who::Elsewhere { .. }, Pool::Known(person)) => Some(Self::of_pool(person)),
            (Who::Elsewhere { .. }, Pool::Unknown | Pool::Absent) => None,
        };
        found.ok_or_else(|| Problem::new(ProblemCode::PersonUnknown, Field::Person))
    }

    fn of_view(view: &PersonView) -> Self {
        Self {
            person: view.record.clone(),
            born: view.born.clone(),
            sex: view.sex,
        }
    }

    fn of_pool(person: &PoolPerson) -> Self {
        Self {
            person: person.record.clone(),
            born: person.born.clone(),
            sex: person.sex,
        }
    }

    /// A wage without an end of its own counts to the end of the year in which it begins or is
    /// declared, whichever is later: bases are declared by calendar year.
    fn joins(
        self,
        month: Month,
        wage: Money,
        submission: &SubmissionView,
        ground: &Ground<'_>,
    ) -> Effect {
        let Self { person, born, sex } = self;
        let left_elsewhere = match ground.pool {
            Pool::Known(person) => person.last_stop(),
            Pool::Unknown | Pool::Absent => None,
        };
        Effect::Entered(Box::new(Joining {
            person,
            born,
            sex,
            month,
            wage,
            wage_until: month.max(submission.settlement).last_of_year(),
            left_elsewhere,
            submission: submission.declaration.submission_id(),
            redoes: redone(&submission.declaration, ground),
        }))
    }
}

/// The submission that a redo does again.
fn redone(declaration: &Declaration, ground: &Ground<'_>) -> Option<StatementId> {
    let before = ground.unit.submission_of(declaration.redoes?)?;
    Some(before.declaration.submission_id())
}
