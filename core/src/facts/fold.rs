//! How each fact changes the view of its unit.

use crate::declaration::Problem;
use crate::ids::Position;
use crate::month::Month;
use crate::statement::{Statement, Verified, read_admitted};
use crate::time::Timestamp;

use super::assessment::{AssessmentOutcome, Receivable};
use super::effect::{Effect, Joining};
use super::entry::Placed;
use super::fact::{Fact, Void};
use super::movement::{Movement, Turn};
use super::person::{BaseSpan, ListedPerson, PersonRecord, PersonView};
use super::record::PaymentRecord;
use super::submission::{Decided, ReceiptNumber, RefusedView, SubmissionState, SubmissionView};
use super::tax::{Receiving, Sending, TransactionView};
use super::unit::{AssessmentView, FailedRequest, ReceivableView, RecordView, UnitView};

impl UnitView {
    /// Takes in the unit's next fact.
    ///
    /// A statement inside a fact that this program cannot read yet changes nothing; the facts
    /// that follow from it (effects, receivables, records) are facts of their own.
    pub fn apply(&mut self, placed: &Placed) {
        let Placed { position, at, fact } = placed;
        match fact {
            Fact::UnitRegistered(record) => self.record = record.clone(),
            Fact::UnitMoved { to, .. } => self.record.district = *to,
            Fact::PersonsListed { persons, .. } => {
                persons
                    .iter()
                    .for_each(|person| self.list(person, *position));
            }
            Fact::Received {
                statement,
                receipt,
                settlement,
                ..
            } => {
                self.receive(statement, receipt, *settlement, *at);
            }
            Fact::NotReceived {
                statement,
                problems,
                ..
            } => {
                self.refuse(statement, problems, *at);
            }
            Fact::WithdrawalTaken {
                statement, void, ..
            } => self.withdraw(statement, void.as_ref()),
            Fact::DecisionTaken {
                statement,
                decided_by,
                effect,
                void,
                ..
            } => {
                self.decide(statement, decided_by, void.as_ref(), *at);
                self.take_effect(effect.as_ref(), *position);
            }
            Fact::AssessmentTaken {
                statement, outcome, ..
            } => {
                self.take_assessment(statement, outcome, *at, *position);
            }
            Fact::ReceivablesRaised { lines, .. } => self.raise(lines),
            Fact::TransactionQueued {
                transaction,
                kind,
                attempt,
                ..
            } => {
                let before = kind.id(self.record.id, attempt.saturating_sub(1));
                if let Some(view) = self.transactions.get_mut(&before) {
                    view.again = Some(transaction.clone());
                }
                let view = TransactionView {
                    kind: kind.clone(),
                    attempt: *attempt,
                    again: None,
                    position: *position,
                    answered: None,
                    void: Vec::new(),
                    sending: Sending::Waiting,
                    receiving: Receiving::NotYet,
                    collected: false,
                    queued_at: *at,
                    changed_at: *at,
                };
                self.transactions.insert(transaction.clone(), view);
            }
            Fact::TransactionSending {
                transaction, state, ..
            } => {
                if let Some(view) = self.transactions.get_mut(transaction) {
                    view.sending = state.clone();
                    view.changed_at = *at;
                }
            }
            Fact::TransactionReceiving {
                transaction, state, ..
            } => {
                if let Some(view) = self.transactions.get_mut(transaction) {
                    view.receiving = state.clone();
                    view.answered = Some(*position);
                    view.changed_at = *at;
                }
            }
            Fact::Collected { transaction, .. } => {
                if let Some(view) = self.transactions.get_mut(transaction) {
                    view.collected = true;
                    view.changed_at = *at;
                }
            }
            Fact::PostingTaken {
                serial,
                content,
                transaction,
                ..
            } => {
                self.postings.insert(serial.clone(), *content);
                if let Some(view) = self.transactions.get_mut(transaction) {
                    view.changed_at = *at;
                }
            }
            Fact::Recorded(record) => self.record(*position, record),
            Fact::TaxRosterTaken { part, .. } => self.tax_roster.take(part, *position, *at),
            Fact::PensionTaken { part, .. } => self.pension.take(part, *position, *at),
            Fact::ResendTaken {
                statement, void, ..
            } => self.take_resend(statement, void.as_ref()),
            Fact::PersonAmended { person, .. } => self.amend(person),
            Fact::PersonsMerged { kept, gone, .. } => self.merge(kept, gone.id),
            Fact::IncidentRaised { incident, .. } => self.incidents.push((*at, incident.clone())),
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::CodeIssued { .. }
            | Fact::DeviceEnrolled { .. }
            | Fact::CertificateRevoked { .. }
            | Fact::BatchAdmitted { .. }
            | Fact::BatchRefused { .. }
            | Fact::TaxEventsTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::StatementRefused { .. }
            | Fact::Audited { .. }
            | Fact::LogKeyChanged { .. } => {}
        }
    }

    fn list(&mut self, listed: &ListedPerson, position: Position) {
        let record = &listed.person;
        let baseline = listed.wage.map(|wage| BaseSpan {
            from: listed.paying_since,
            to: listed.bases_until,
            wage,
            position,
        });
        let left = listed.last_paid.map(|month| Turn::Out {
            month,
            terminated: false,
        });
        let view = self.know(record);
        view.baseline = baseline;
        for turn in [Turn::In(listed.paying_since)].into_iter().chain(left) {
            let loaded = Movement {
                submission: None,
                position,
                turn,
                redone_by: None,
            };
            view.take(loaded, None);
        }
    }

    /// The view of a person, who may be new here.
    pub(super) fn know(&mut self, record: &PersonRecord) -> &mut PersonView {
        self.by_personal_number
            .insert(record.personal_number.as_str().to_owned(), record.id);
        self.by_document
            .insert(record.document.number().to_owned(), record.id);
        let new = || PersonView {
            record: record.clone(),
            born: None,
            sex: None,
            movements: Vec::new(),
            intervals: Vec::new(),
            baseline: None,
            declared: Vec::new(),
            terminated: false,
        };
        self.persons.entry(record.id).or_insert_with(new)
    }

    fn join(&mut self, joining: &Joining, position: Position) {
        let view = self.know(&joining.person);
        view.record.clone_from(&joining.person);
        view.born.clone_from(&joining.born);
        view.sex = joining.sex;
        view.declared.push(BaseSpan {
            from: joining.month,
            to: joining.wage_until,
            wage: joining.wage,
            position,
        });
        let movement = Movement {
            submission: Some(joining.submission),
            position,
            turn: Turn::In(joining.month),
            redone_by: None,
        };
        view.take(movement, joining.redoes);
    }

    fn receive(
        &mut self,
        statement: &[u8],
        receipt: &ReceiptNumber,
        settlement: Month,
        at: Timestamp,
    ) {
        let Ok(Verified {
            statement: Statement::Submission(declaration),
            signer,
            ..
        }) = read_admitted(statement)
        else {
            return;
        };
        let id = declaration.submission_id();
        self.newest.insert(declaration.id, id);
        let key = declaration.content.subject().key();
        self.about.entry(key).or_default().push(id);
        let view = SubmissionView {
            declaration,
            receipt: receipt.clone(),
            settlement,
            received_at: at,
            signer,
            state: SubmissionState::Undecided,
            void: Vec::new(),
        };
        self.submissions.insert(id, view);
    }

    fn refuse(&mut self, statement: &[u8], problems: &[Problem], at: Timestamp) {
        if let Ok(Verified {
            statement: Statement::Submission(declaration),
            ..
        }) = read_admitted(statement)
        {
            let id = declaration.submission_id();
            let problems = problems.to_vec();
            self.refused.insert(
                id,
                RefusedView {
                    declaration,
                    problems,
                    at,
                },
            );
        }
    }

    fn withdraw(&mut self, statement: &[u8], void: Option<&Void>) {
        let Ok(Verified { statement, .. }) = read_admitted(statement) else {
            return;
        };
        let id = statement.id();
        if let Statement::Withdrawal { submission, .. } = statement
            && let Some(view) = self.submissions.get_mut(&submission)
        {
            match void {
                Some(void) => view.void.push((id, void.clone())),
                None => view.state = SubmissionState::Withdrawn,
            }
        }
    }

    fn decide(&mut self, statement: &[u8], by: &str, void: Option<&Void>, at: Timestamp) {
        let Ok(Verified { statement, .. }) = read_admitted(statement) else {
            return;
        };
        let id = statement.id();
        if let Statement::Decision {
            submission,
            verdict,
            ..
        } = statement
            && let Some(view) = self.submissions.get_mut(&submission)
        {
            match void {
                Some(void) => view.void.push((id, void.clone())),
                None => {
                    let by = by.to_owned();
                    view.state = SubmissionState::Decided(Decided { verdict, by, at });
                }
            }
        }
    }

    fn take_effect(&mut self, effect: Option<&Effect>, position: Position) {
        match effect {
            None => {}
            Some(Effect::Stopped {
                person,
                month,
                terminated,
                submission,
                redoes,
            }) => {
                if let Some(view) = self.persons.get_mut(&self.canonical(*person)) {
                    let movement = Movement {
                        submission: Some(*submission),
                        position,
                        turn: Turn::Out {
                            month: *month,
                            terminated: *terminated,
                        },
                        redone_by: None,
                    };
                    view.take(movement, *redoes);
                }
            }
            Some(Effect::Entered(joining)) => self.join(joining, position),
            Some(Effect::Voided {
                person,
                month,
                submission,
                enrolment,
            }) => {
                if let Some(view) = self.persons.get_mut(&self.canonical(*person)) {
                    let movement = Movement {
                        submission: Some(*submission),
                        position,
                        turn: Turn::Void(*month),
                        redone_by: None,
                    };
                    view.take(movement, Some(*enrolment));
                }
            }
            Some(Effect::WageSet {
                person,
                from,
                to,
                wage,
            }) => {
                if let Some(view) = self.persons.get_mut(&self.canonical(*person)) {
                    view.declared.push(BaseSpan {
                        from: *from,
                        to: *to,
                        wage: *wage,
                        position,
                    });
                }
            }
        }
    }

    fn take_assessment(
        &mut self,
        statement: &[u8],
        outcome: &AssessmentOutcome,
        at: Timestamp,
        position: Position,
    ) {
        match outcome {
            AssessmentOutcome::Assessed(assessment) => {
                let view = AssessmentView {
                    assessment: assessment.clone(),
                    at,
                    position,
                };
                self.assessments.insert(assessment.settlement, view);
            }
            AssessmentOutcome::Failed(problems) => {
                if let Ok(Verified {
                    statement:
                        Statement::AssessmentRequest {
                            insurance,
                            settlement,
                            ..
                        },
                    ..
                }) = read_admitted(statement)
                {
                    self.failures
                        .entry((insurance, settlement))
                        .or_default()
                        .push(FailedRequest {
                            at,
                            problems: problems.clone(),
                        });
                }
            }
        }
    }

    /// What is sent again is a fact of its own; what came to nothing counts the requests.
    fn take_resend(&mut self, statement: &[u8], void: Option<&Void>) {
        let Ok(Verified { statement, .. }) = read_admitted(statement) else {
            return;
        };
        let id = statement.id();
        if let Statement::ResendRequest { transaction, .. } = statement
            && let Some(void) = void
            && let Some(view) = self.transactions.get_mut(&transaction)
        {
            view.void.push((id, void.clone()));
        }
    }

    fn raise(&mut self, lines: &[Receivable]) {
        for receivable in lines {
            let key = (receivable.settlement, receivable.line);
            let view = ReceivableView {
                receivable: receivable.clone(),
                record: None,
            };
            if self.receivables.insert(key, view).is_none() {
                self.due
                    .entry((receivable.person, receivable.month))
                    .or_default()
                    .push(key);
            }
        }
    }

    fn record(&mut self, position: Position, record: &PaymentRecord) {
        if let Some(view) = self
            .receivables
            .get_mut(&(record.settlement, record.receivable))
        {
            view.record = match record.reverses {
                None => Some(self.records.len()),
                Some(_) => None,
            };
        }
        let chained = self.continues_chain(record);
        self.records.push(RecordView {
            position,
            record: record.clone(),
            proven: false,
            chained,
        });
    }
}
