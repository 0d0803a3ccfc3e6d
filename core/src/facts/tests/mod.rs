//! Facts in small stories: each builds a centre's log by hand and looks at the views.

mod cases;
mod late;
mod merging;
mod movements;
mod play;
mod properties;
mod reversals;
mod steps;
mod story;
mod whole_and_part;

use crate::declaration::{Declaration, Draft, Ground, Kind, Pool, Problem};
use crate::identity::{IdDocument, IdKind};
use crate::ids::{CertificateSerial, DeclarationId, DistrictId, PersonId, Position, UnitId};
use crate::money::Money;
use crate::month::Month;
use crate::parameters;
use crate::signing::SigningKey;
use crate::statement::{Statement, Verdict};
use crate::time::Timestamp;

use super::*;

/// 2026-11-24 in Shenyang: every notice about 2022 is known.
pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000);

pub(crate) fn month(text: &str) -> Month {
    text.parse().expect("a month")
}

pub(crate) fn yuan(text: &str) -> Money {
    text.parse().expect("an amount")
}

/// How many persons an assessment of `month` would take up.
pub(crate) fn assessable(unit: &UnitView, month: Month) -> usize {
    unit.persons
        .values()
        .filter(|person| person.payable(month) && person.wage(month).is_some())
        .count()
}

/// A log under construction and everything it says so far.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) facts: Vec<Placed>,
    pub(crate) projection: Projection,
}

impl Log {
    /// A log with parameters, two settlement periods and one volume.
    pub(crate) fn open() -> Self {
        let mut log = Self::default();
        log.add(Fact::ParametersAdopted {
            text: parameters::builtin_text().to_string(),
        });
        for text in ["2022-01", "2022-02"] {
            log.add(Fact::SettlementOpened { month: month(text) });
        }
        log
    }

    pub(crate) fn add(&mut self, fact: Fact) -> Position {
        let position = Position(self.facts.len() as u64);
        let placed = Placed {
            position,
            at: NOW,
            fact,
        };
        self.projection.apply(&placed);
        self.facts.push(placed);
        position
    }

    /// A unit with persons on these wages, paying since 2021-07, bases until 2022-12.
    pub(crate) fn register(&mut self, number: u8, wages: &[Option<&str>]) -> UnitId {
        let unit = UnitId([number; 16]);
        self.add(Fact::UnitRegistered(UnitRecord {
            id: unit,
            name: format!("甲{number}户"),
            district: DistrictId(2),
            credit_code: "91350100M000100Y43".parse().expect("valid"),
            unemployment_number: format!("02103{number:05}").parse().expect("valid"),
            pension_number: format!("01103{number:05}").parse().expect("valid"),
        }));
        let persons = wages
            .iter()
            .zip(1..)
            .map(|(wage, line)| ListedPerson {
                person: PersonRecord {
                    id: person(number, line),
                    personal_number: format!("{number:04}{line:06}").parse().expect("valid"),
                    document: IdDocument::parse(
                        IdKind::Passport,
                        &format!("E{number:03}{line:05}"),
                    )
                    .expect("valid"),
                    name: format!("员工{line}"),
                },
                paying_since: month("2021-07"),
                wage: wage.map(yuan),
                bases_until: month("2022-12"),
                last_paid: None,
            })
            .collect();
        self.add(Fact::PersonsListed { unit, persons });
        unit
    }

    pub(crate) fn unit(&self, unit: UnitId) -> &UnitView {
        &self.projection.units[&unit]
    }

    pub(crate) fn parse(
        &self,
        unit: UnitId,
        draft: &Draft,
    ) -> Result<Declaration, Vec<&'static str>> {
        self.parse_in(unit, draft, &Pool::Unknown)
    }

    pub(crate) fn parse_in(
        &self,
        unit: UnitId,
        draft: &Draft,
        pool: &Pool,
    ) -> Result<Declaration, Vec<&'static str>> {
        let parsed = Declaration::parse(draft, 1, &self.ground(unit, pool));
        let codes = |problems: Vec<Problem>| problems.iter().map(|it| it.code.as_str()).collect();
        parsed.map_err(codes)
    }

    fn ground<'a>(&'a self, unit: UnitId, pool: &'a Pool) -> Ground<'a> {
        Ground {
            unit: self.unit(unit),
            common: &self.projection.common,
            pool,
            known_on: NOW.date(),
        }
    }

    /// Takes a declaration in as the centre does.
    pub(crate) fn submit(&mut self, declaration: &Declaration) {
        let statement = sign(&Statement::Submission(declaration.clone()));
        let position = Position(self.facts.len() as u64);
        let settlement = month("2022-02");
        self.add(Fact::Received {
            unit: declaration.unit,
            statement,
            receipt: ReceiptNumber::of(settlement, position),
            settlement,
        });
    }

    /// Decides as the centre does; an approval has its effect.
    pub(crate) fn decide(&mut self, declaration: &Declaration, verdict: Verdict) {
        self.decide_in(declaration, verdict, &Pool::Unknown);
    }

    pub(crate) fn decide_in(&mut self, declaration: &Declaration, verdict: Verdict, pool: &Pool) {
        let effect = (verdict == Verdict::Approve).then(|| {
            let ground = self.ground(declaration.unit, pool);
            let submission = &ground.unit.submissions[&declaration.submission_id()];
            let number = self.facts.len() as u8;
            let fresh = FreshNumbers {
                id: PersonId([number; 16]),
                personal_number: format!("9{number:09}").parse().expect("valid"),
            };
            Effect::of(submission, &ground, fresh).expect("what was submitted still holds")
        });
        let statement = sign(&Statement::Decision {
            unit: declaration.unit,
            submission: declaration.submission_id(),
            verdict,
            attempt: 1,
        });
        self.add(Fact::DecisionTaken {
            unit: declaration.unit,
            statement,
            decided_by: "窗口甲".to_owned(),
            effect,
            void: None,
        });
    }

    /// Assesses and queues the sending, as the centre does in one commit.
    pub(crate) fn assess(
        &mut self,
        unit: UnitId,
        settlement: &str,
    ) -> Result<(), Vec<&'static str>> {
        let settlement = month(settlement);
        let common = &self.projection.common;
        let (assessment, lines) = super::assess(self.unit(unit), common, settlement, NOW.date())
            .map_err(|problems| {
                problems
                    .iter()
                    .map(|problem| problem.code.as_str())
                    .collect::<Vec<_>>()
            })?;
        let request = Statement::AssessmentRequest {
            unit,
            insurance: 210,
            settlement,
            attempt: 1,
        };
        let outcome = AssessmentOutcome::Assessed(assessment);
        self.add(Fact::AssessmentTaken {
            unit,
            statement: sign(&request),
            outcome,
        });
        self.add(Fact::ReceivablesRaised { unit, lines });
        let kind = TransactionKind::Assessment { settlement };
        self.add(Fact::TransactionQueued {
            unit,
            transaction: kind.id(unit, 1),
            kind,
            attempt: 1,
        });
        Ok(())
    }
}

pub(crate) fn person(unit: u8, line: u8) -> PersonId {
    PersonId([unit, line, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7])
}

pub(crate) fn interruption(number: u8, person: &str, month: &str, reason: &str) -> Draft {
    Draft {
        person: person.to_owned(),
        month: month.to_owned(),
        reason: reason.to_owned(),
        ..Draft::empty(DeclarationId([number; 16]), Kind::Interruption)
    }
}

pub(crate) fn wage(number: u8, person: &str, from: &str, to: &str, wage: &str) -> Draft {
    Draft {
        person: person.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        wage: wage.parse().ok(),
        ..Draft::empty(DeclarationId([number; 16]), Kind::Wage)
    }
}

fn sign(statement: &Statement) -> Vec<u8> {
    statement
        .sign(&SigningKey::from_seed([5; 32]), CertificateSerial(1), NOW)
        .to_bytes()
}
