//! What the centre in memory answers, by the real rules.

use canbao_core::declaration::{Declaration, Draft, Ground, PersonNumber, Pool};
use canbao_core::facts::{
    AssessmentOutcome, Effect, Fact, FreshNumbers, Insured, Posting, PostingAnswer, PostingLine,
    ReceiptNumber, TransactionId, TransactionKind, UnitView, assess, insured, take_posting,
};
use canbao_core::ids::{PersonId, Position, StatementId, UnitId};
use canbao_core::month::Month;
use canbao_core::statement::{Statement, Verdict};
use canbao_core::sync::Refusal;
use canbao_core::sync::message::StatusWanted;

use super::{Centre, NOW, UNIT};

impl Centre {
    pub(super) fn state(&mut self, statement: Statement, bytes: Vec<u8>) -> Position {
        match statement {
            Statement::Submission(declaration) => self.submission(&declaration, bytes),
            Statement::Withdrawal { unit, .. } => self.add(&Fact::WithdrawalTaken {
                unit,
                statement: bytes,
                void: None,
            }),
            Statement::Decision {
                unit,
                submission,
                verdict,
                ..
            } => {
                let effect = self.effect(submission, &verdict);
                let decided_by = "李窗口".to_owned();
                self.add(&Fact::DecisionTaken {
                    unit,
                    statement: bytes,
                    decided_by,
                    effect,
                    void: None,
                })
            }
            Statement::Audit { unit, .. } => self.add(&Fact::Audited {
                unit,
                statement: bytes,
                by: "王经办".to_owned(),
                agency: None,
            }),
            Statement::AssessmentRequest {
                unit, settlement, ..
            } => self.assessment(unit, settlement, bytes),
            Statement::ResendRequest {
                unit, transaction, ..
            } => self.send_again(unit, &transaction, bytes),
        }
    }

    fn send_again(
        &mut self,
        unit: UnitId,
        transaction: &TransactionId,
        statement: Vec<u8>,
    ) -> Position {
        let refused = &self.projection.units[&unit].transactions[transaction];
        let (kind, attempt) = (refused.kind.clone(), refused.attempt + 1);
        let position = self.add(&Fact::ResendTaken {
            unit,
            statement,
            void: None,
        });
        self.add(&Fact::TransactionQueued {
            unit,
            transaction: kind.id(unit, attempt),
            kind,
            attempt,
        });
        position
    }

    fn submission(&mut self, declaration: &Declaration, statement: Vec<u8>) -> Position {
        let unit = declaration.unit;
        let view = &self.projection.units[&unit];
        let draft = Draft::from(declaration);
        let ground = self.ground(view);
        if let Err(problems) = Declaration::parse(&draft, declaration.revision, &ground) {
            return self.add(&Fact::NotReceived {
                unit,
                statement,
                problems,
            });
        }
        let settlement: Month = "2022-02".parse().expect("a month");
        let receipt = ReceiptNumber::of(settlement, Position(self.entries.len() as u64));
        self.add(&Fact::Received {
            unit,
            statement,
            receipt,
            settlement,
        })
    }

    /// Where a person is insured, as the centre says it.
    pub(crate) fn insured(&self, wanted: &StatusWanted) -> Result<Insured, Refusal> {
        let number = match &wanted.person {
            PersonNumber::Document(document) => document.number(),
            PersonNumber::Personal(number) => number.as_str(),
        };
        let units = &self.projection.units;
        let held = units
            .iter()
            .filter_map(|(unit, view)| Some((*unit, view.find_person(number)?)));
        let here = units
            .get(&wanted.unit)
            .and_then(|it| it.find_person(number));
        let pool = Pool::of(wanted.unit, held);
        Ok(insured(here, &pool).expect("the centre knows the pool"))
    }

    fn effect(&self, submission: StatementId, verdict: &Verdict) -> Option<Effect> {
        let view = &self.projection.units[&UNIT];
        let number = self.entries.len();
        let fresh = FreshNumbers {
            id: PersonId([u8::try_from(number).unwrap_or(u8::MAX); 16]),
            personal_number: format!("9{number:09}").parse().expect("a number"),
        };
        let submission = &view.submissions[&submission];
        let effect = Effect::of(submission, &self.ground(view), fresh);
        (*verdict == Verdict::Approve).then(|| effect.expect("what was taken in holds"))
    }

    fn ground<'a>(&'a self, unit: &'a UnitView) -> Ground<'a> {
        Ground {
            unit,
            common: &self.projection.common,
            pool: &Pool::Absent,
            known_on: NOW.date(),
        }
    }

    pub(super) fn assessment(
        &mut self,
        unit: UnitId,
        settlement: Month,
        statement: Vec<u8>,
    ) -> Position {
        let view = &self.projection.units[&unit];
        match assess(view, &self.projection.common, settlement, NOW.date()) {
            Err(problems) => {
                let outcome = AssessmentOutcome::Failed(problems);
                self.add(&Fact::AssessmentTaken {
                    unit,
                    statement,
                    outcome,
                })
            }
            Ok((assessment, lines)) => {
                let outcome = AssessmentOutcome::Assessed(assessment);
                let position = self.add(&Fact::AssessmentTaken {
                    unit,
                    statement,
                    outcome,
                });
                self.add(&Fact::ReceivablesRaised { unit, lines });
                let kind = TransactionKind::Assessment { settlement };
                let transaction = kind.id(unit, 1);
                self.add(&Fact::TransactionQueued {
                    unit,
                    transaction,
                    kind,
                    attempt: 1,
                });
                position
            }
        }
    }

    /// Tax posts a settlement period as assessed.
    pub(crate) fn post(&mut self, settlement: &str, serial: &str) {
        let settlement: Month = settlement.parse().expect("a month");
        let view = &self.projection.units[&UNIT];
        let lines: Vec<PostingLine> = view
            .receivables(settlement)
            .map(|it| PostingLine {
                line: it.receivable.line,
                receivable: it.receivable.line,
                person: Some(it.receivable.person),
                month: it.receivable.month,
                base: it.receivable.base,
                unit_amount: it.receivable.unit_amount,
                person_amount: it.receivable.person_amount,
            })
            .collect();
        let posting = Posting {
            serial: serial.to_owned(),
            transaction: TransactionKind::Assessment { settlement }.id(UNIT, 1),
            settlement,
            posted_on: "2022-03-18".to_owned(),
            total: lines
                .iter()
                .map(|it| it.unit_amount + it.person_amount)
                .sum(),
            lines,
        };
        let parameters = self.projection.common.parameters().expect("adopted");
        let PostingAnswer::Recorded(records) = take_posting(view, &posting, parameters, NOW.date())
        else {
            panic!("recorded");
        };
        self.add(&Fact::PostingTaken {
            unit: UNIT,
            serial: serial.to_owned(),
            transaction: posting.transaction.clone(),
            content: posting.content_hash(),
            lines: records.len() as u32,
            total: posting.total,
            posted_on: posting.posted_on.clone(),
        });
        for record in records {
            self.add(&Fact::Recorded(record));
        }
    }
}
