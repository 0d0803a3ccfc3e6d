//! Intake: the facts that answer a statement, as pure rules over a unit and what everyone sees.

use canbao_core::certificate::{Certificate, Mandate};
use canbao_core::declaration::{
    Declaration, Draft, Field, Ground, Pool, Problem, ProblemCode, check_revision,
};
use canbao_core::facts::{
    AssessmentOutcome, CommonView, Effect, Fact, FreshNumbers, ReceiptNumber, SubmissionState,
    SubmissionView, TransactionKind, UNEMPLOYMENT, UnitView, Void, assess,
};
use canbao_core::ids::{Position, StatementId, UnitId};
use canbao_core::month::Month;
use canbao_core::statement::{Statement, Verdict};
use canbao_core::time::Timestamp;

/// How many receivables go into one fact.
const RECEIVABLES_PER_FACT: usize = 250;

/// What a statement is answered from: pure, so that it can be read as rules.
pub(super) struct Intake<'a> {
    pub(super) unit: &'a UnitView,
    pub(super) common: &'a CommonView,
    /// The person of the submission at other units.
    pub(super) pool: &'a Pool,
    /// Numbers for the person of the submission, who may be new.
    pub(super) fresh: Option<&'a FreshNumbers>,
    /// Where the answer will stand.
    pub(super) next: Position,
    pub(super) now: Timestamp,
}

impl Intake<'_> {
    /// The facts that answer, contiguous; the first one is the answer.
    pub(super) fn answer(
        &self,
        statement: Statement,
        bytes: Vec<u8>,
        certificate: &Certificate,
    ) -> Vec<Fact> {
        let unit = self.id();
        match statement {
            Statement::Submission(declaration) => vec![self.submission(&declaration, bytes)],
            Statement::Withdrawal { submission, .. } => {
                let void = self
                    .undecided(&submission)
                    .err()
                    .map(|it| void_of(vec![it]));
                vec![Fact::WithdrawalTaken {
                    unit,
                    statement: bytes,
                    void,
                }]
            }
            Statement::Decision {
                submission,
                verdict,
                ..
            } => {
                let effect = self.decision(&submission, &verdict);
                self.decided(submission, effect, bytes, &certificate.operator_name)
            }
            Statement::Audit { .. } => vec![Fact::Audited {
                unit,
                statement: bytes,
                by: certificate.operator_name.clone(),
                agency: match certificate.mandate {
                    Mandate::Agency(district) => Some(district),
                    Mandate::Employer(_) | Mandate::Centre => None,
                },
            }],
            Statement::AssessmentRequest {
                insurance,
                settlement,
                ..
            } => self.assessment(insurance, settlement, bytes),
            Statement::ResendRequest { transaction, .. } => self.resend(&transaction, bytes),
        }
    }

    pub(super) fn id(&self) -> UnitId {
        self.unit.record.id
    }

    /// SUB-3: the receipt and the settlement period, or every reason why not.
    fn submission(&self, declaration: &Declaration, statement: Vec<u8>) -> Fact {
        let unit = self.id();
        match self.receivable(declaration) {
            Ok(settlement) => Fact::Received {
                unit,
                statement,
                receipt: ReceiptNumber::of(settlement, self.next),
                settlement,
            },
            Err(problems) => Fact::NotReceived {
                unit,
                statement,
                problems,
            },
        }
    }

    fn receivable(&self, declaration: &Declaration) -> Result<Month, Vec<Problem>> {
        check_revision(declaration, self.unit).map_err(|problem| vec![problem])?;
        let settlement = self
            .common
            .current_settlement()
            .ok_or_else(|| vec![whole(ProblemCode::NoSettlement)])?;
        if self.parse(declaration)? != *declaration {
            return Err(vec![whole(ProblemCode::NotTheForm)]);
        }
        Ok(settlement)
    }

    /// The form's own rules, once more.
    fn parse(&self, declaration: &Declaration) -> Result<Declaration, Vec<Problem>> {
        Declaration::parse(
            &Draft::from(declaration),
            declaration.revision,
            &self.ground(),
        )
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            unit: self.unit,
            common: self.common,
            pool: self.pool,
            known_on: self.now.date(),
        }
    }

    fn undecided(&self, submission: &StatementId) -> Result<&SubmissionView, Problem> {
        self.unit
            .submissions
            .get(submission)
            .filter(|it| it.state == SubmissionState::Undecided)
            .ok_or_else(|| whole(ProblemCode::NotUndecided))
    }

    /// What a decision changes, or what stands against it: the first valid one wins.
    fn decision(
        &self,
        submission: &StatementId,
        verdict: &Verdict,
    ) -> Result<Option<Effect>, Vec<Problem>> {
        let taken = self
            .undecided(submission)
            .map_err(|problem| vec![problem])?;
        match verdict {
            Verdict::Return(reason) | Verdict::Reject(reason) if reason.trim().is_empty() => {
                Err(vec![whole(ProblemCode::ReasonMissing)])
            }
            Verdict::Return(_) | Verdict::Reject(_) => Ok(None),
            Verdict::Approve => {
                let no_longer = |mut problems: Vec<Problem>| {
                    problems.insert(0, whole(ProblemCode::NoLongerApprovable));
                    problems
                };
                self.parse(&taken.declaration).map_err(no_longer)?;
                let fresh = self
                    .fresh
                    .ok_or_else(|| vec![whole(ProblemCode::NotUndecided)])?;
                Effect::of(taken, &self.ground(), fresh.clone())
                    .map(Some)
                    .map_err(|problem| no_longer(vec![problem]))
            }
        }
    }

    /// The decision's fact; what moves a person goes to tax in the same commit.
    fn decided(
        &self,
        submission: StatementId,
        effect: Result<Option<Effect>, Vec<Problem>>,
        statement: Vec<u8>,
        decided_by: &str,
    ) -> Vec<Fact> {
        let unit = self.id();
        let (effect, void) = match effect {
            Ok(effect) => (effect, None),
            Err(problems) => (None, Some(void_of(problems))),
        };
        let change = effect.as_ref().and_then(Effect::roster_change);
        let decided_by = decided_by.to_owned();
        let mut facts = vec![Fact::DecisionTaken {
            unit,
            statement,
            decided_by,
            effect,
            void,
        }];
        if let Some(change) = change {
            facts.push(queued(
                unit,
                TransactionKind::RosterChange { submission, change },
            ));
        }
        facts
    }

    /// ASM-1: the assessment with its receivables and its way to tax, or every reason why not.
    fn assessment(&self, insurance: u16, settlement: Month, statement: Vec<u8>) -> Vec<Fact> {
        let unit = self.id();
        let assessed = if insurance == UNEMPLOYMENT {
            assess(self.unit, self.common, settlement, self.now.date())
        } else {
            Err(vec![whole(ProblemCode::InsuranceUnknown)])
        };
        let (assessment, lines) = match assessed {
            Ok(assessed) => assessed,
            Err(problems) => {
                let outcome = AssessmentOutcome::Failed(problems);
                return vec![Fact::AssessmentTaken {
                    unit,
                    statement,
                    outcome,
                }];
            }
        };
        let outcome = AssessmentOutcome::Assessed(assessment);
        let mut facts = vec![Fact::AssessmentTaken {
            unit,
            statement,
            outcome,
        }];
        for lines in lines.chunks(RECEIVABLES_PER_FACT) {
            facts.push(Fact::ReceivablesRaised {
                unit,
                lines: lines.to_vec(),
            });
        }
        facts.push(queued(unit, TransactionKind::Assessment { settlement }));
        facts
    }
}

pub(super) fn whole(code: ProblemCode) -> Problem {
    Problem::new(code, Field::Whole)
}

pub(super) fn void_of(problems: Vec<Problem>) -> Void {
    Void { problems }
}

fn queued(unit: UnitId, kind: TransactionKind) -> Fact {
    Fact::TransactionQueued {
        unit,
        transaction: kind.id(unit, 1),
        kind,
        attempt: 1,
    }
}
