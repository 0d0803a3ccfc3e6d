//! Intake of statements: who signed, whether they may, and the facts that answer.

use canbao_core::certificate::Certificate;
use canbao_core::declaration::check_revision;
use canbao_core::declaration::{Content, Declaration, Draft, Field, Problem, ProblemCode};
use canbao_core::facts::{
    AssessmentOutcome, CommonView, Effect as Resolved, Fact, ReceiptNumber, RosterChange,
    SubmissionState, SubmissionView, TransactionKind, UNEMPLOYMENT, UnitView, Void, assess,
};
use canbao_core::ids::{CertificateSerial, Position, StatementId, UnitId};
use canbao_core::month::Month;
use canbao_core::parameters::Effect;
use canbao_core::statement::{Statement, StatementError, Unverified, Verdict, Verified};
use canbao_core::store::Store;
use canbao_core::time::Timestamp;

use super::answer::{Answer, Unavailable};
use super::desk::Desk;
use super::enrol::certificate_of;
use super::index;
use crate::keys::Keys;

/// How many receivables go into one fact.
const RECEIVABLES_PER_FACT: usize = 250;

/// A statement whose signature holds, and the certificate by which it does.
pub(super) struct Checked {
    pub(super) verified: Verified,
    pub(super) certificate: Certificate,
    pub(super) bytes: Vec<u8>,
}

/// Reads a statement and checks its signature, before it waits for the writer.
pub(super) fn check(
    store: &Store,
    keys: &Keys,
    bytes: Vec<u8>,
) -> Result<Result<Checked, Answer>, Unavailable> {
    let refuse = |error: &StatementError| match error {
        StatementError::NewerKind => Answer::Held,
        StatementError::TooLarge | StatementError::Signed(_) | StatementError::TextTooLong => {
            Answer::refused(error.code(), error)
        }
    };
    let unverified = match Unverified::read(&bytes) {
        Ok(unverified) => unverified,
        Err(error) => return Ok(Err(refuse(&error))),
    };
    let Some(certificate) = certificate_of(store, keys, unverified.signer())? else {
        return Ok(Err(Answer::refused(
            "statement.unknown_signer",
            "no such certificate",
        )));
    };
    Ok(match unverified.verify(&certificate) {
        Ok(verified) => Ok(Checked {
            verified,
            certificate,
            bytes,
        }),
        Err(error) => Err(refuse(&error)),
    })
}

impl Desk {
    /// Answers a statement: a repeat as before, everything else by new facts.
    pub(super) fn take_statement(
        &mut self,
        checked: Checked,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let Checked {
            verified: Verified {
                statement, signer, ..
            },
            certificate,
            bytes,
        } = checked;
        let (id, unit) = (statement.id(), statement.unit());
        if let Some(reason) = self.look_up(&index::refused(signer, &id))? {
            return Ok(Answer::refused(&String::from_utf8_lossy(&reason), ""));
        }
        let known = self.load_unit(unit)?;
        let view = self.units.get(unit).filter(|_| known);
        let Some(view) =
            view.filter(|view| outside_mandate(&statement, &certificate, view).is_none())
        else {
            let code = view
                .and_then(|view| outside_mandate(&statement, &certificate, view))
                .unwrap_or(ProblemCode::NotYourUnit);
            return self.refuse_statement(signer, id, code.as_str(), now);
        };
        if let Some(position) = self.led_to(&index::answered(&id))? {
            return Ok(Answer::Taken(position));
        }
        if now >= certificate.expires_at {
            return self.refuse_statement(signer, id, "statement.certificate_expired", now);
        }
        let intake = Intake {
            unit: view,
            common: &self.common,
            next: self.next(),
            now,
        };
        let facts = intake.answer(statement, bytes, &certificate);
        let first = self.append_all(facts, now)?;
        tracing::info!(position = first.0, %unit, signer = signer.0, "statement taken in");
        Ok(Answer::Taken(first))
    }

    /// Refuses by name what is well signed, and keeps the refusal for the audit.
    pub(super) fn refuse_statement(
        &mut self,
        signer: CertificateSerial,
        statement: StatementId,
        code: &str,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let reason = code.to_owned();
        let position = self.append(
            Fact::StatementRefused {
                signer,
                statement,
                reason,
            },
            now,
        )?;
        tracing::warn!(position = position.0, signer = signer.0, code, "refused");
        Ok(Answer::refused(code, ""))
    }
}

/// Why the signer may not make this statement for this unit (DIST-2, SIL-13).
fn outside_mandate(
    statement: &Statement,
    certificate: &Certificate,
    unit: &UnitView,
) -> Option<ProblemCode> {
    let mandate = &certificate.mandate;
    match statement {
        Statement::Submission(_)
        | Statement::Withdrawal { .. }
        | Statement::AssessmentRequest { .. } => {
            (!mandate.employs(unit.record.id)).then_some(ProblemCode::NotYourUnit)
        }
        Statement::Decision { .. } => {
            (!mandate.reviews(unit.record.district)).then_some(ProblemCode::OtherDistrict)
        }
    }
}

/// What a statement is answered from: pure, so that it can be read as rules.
struct Intake<'a> {
    unit: &'a UnitView,
    common: &'a CommonView,
    /// Where the answer will stand.
    next: Position,
    now: Timestamp,
}

impl Intake<'_> {
    fn answer(&self, statement: Statement, bytes: Vec<u8>, certificate: &Certificate) -> Vec<Fact> {
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
            Statement::AssessmentRequest {
                insurance,
                settlement,
                attempt,
                ..
            } => self.assessment(insurance, settlement, attempt, bytes),
        }
    }

    fn id(&self) -> UnitId {
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
            self.unit,
            self.common,
            self.now.date(),
        )
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
    ) -> Result<Option<Resolved>, Vec<Problem>> {
        let taken = self
            .undecided(submission)
            .map_err(|problem| vec![problem])?;
        match verdict {
            Verdict::Return(reason) | Verdict::Reject(reason) if reason.trim().is_empty() => {
                Err(vec![whole(ProblemCode::ReasonMissing)])
            }
            Verdict::Return(_) | Verdict::Reject(_) => Ok(None),
            Verdict::Approve => {
                let declaration = &taken.declaration;
                let no_longer = |mut problems: Vec<Problem>| {
                    problems.insert(0, whole(ProblemCode::NoLongerApprovable));
                    problems
                };
                self.parse(declaration).map_err(no_longer)?;
                self.effect(&declaration.content)
                    .map(Some)
                    .map_err(no_longer)
            }
        }
    }

    fn effect(&self, content: &Content) -> Result<Resolved, Vec<Problem>> {
        match content {
            Content::Interruption {
                person,
                month,
                reason,
            } => {
                let effect = self
                    .common
                    .parameters()
                    .and_then(|it| it.stop_reasons(*month, self.now.date()).ok())
                    .and_then(|it| it.effect(reason))
                    .ok_or_else(|| vec![Problem::new(ProblemCode::ReasonUnknown, Field::Reason)])?;
                let terminated = effect == Effect::Terminate;
                Ok(Resolved::Stopped {
                    person: *person,
                    month: *month,
                    terminated,
                })
            }
            Content::Wage {
                person,
                from,
                to,
                wage,
            } => Ok(Resolved::WageSet {
                person: *person,
                from: *from,
                to: *to,
                wage: *wage,
            }),
        }
    }

    /// The decision's fact; an approved interruption goes to tax in the same commit.
    fn decided(
        &self,
        submission: StatementId,
        effect: Result<Option<Resolved>, Vec<Problem>>,
        statement: Vec<u8>,
        decided_by: &str,
    ) -> Vec<Fact> {
        let unit = self.id();
        let (effect, void) = match effect {
            Ok(effect) => (effect, None),
            Err(problems) => (None, Some(void_of(problems))),
        };
        let change = match effect {
            Some(Resolved::Stopped { person, month, .. }) => {
                Some(RosterChange::Stop { person, month })
            }
            Some(Resolved::WageSet { .. }) | None => None,
        };
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
    fn assessment(
        &self,
        insurance: u16,
        settlement: Month,
        attempt: u32,
        statement: Vec<u8>,
    ) -> Vec<Fact> {
        let unit = self.id();
        let assessed = self
            .may_assess(insurance, settlement, attempt)
            .and_then(|()| assess(self.unit, self.common, settlement, self.now.date()));
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

    fn may_assess(
        &self,
        insurance: u16,
        settlement: Month,
        attempt: u32,
    ) -> Result<(), Vec<Problem>> {
        if insurance != UNEMPLOYMENT {
            return Err(vec![whole(ProblemCode::InsuranceUnknown)]);
        }
        let failures = self.unit.failures.get(&settlement).map_or(0, Vec::len);
        if u64::from(attempt) != failures as u64 + 1 {
            return Err(vec![whole(ProblemCode::AttemptOrder)]);
        }
        Ok(())
    }
}

fn whole(code: ProblemCode) -> Problem {
    Problem::new(code, Field::Whole)
}

fn void_of(problems: Vec<Problem>) -> Void {
    Void { problems }
}

fn queued(unit: UnitId, kind: TransactionKind) -> Fact {
    Fact::TransactionQueued {
        unit,
        transaction: kind.id(unit),
        kind,
    }
}
