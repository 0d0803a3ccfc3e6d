//! A unit as its facts have it: the official roster, submissions, assessments, payments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::declaration::{Declaration, Problem};
use crate::identity::{CreditCode, PensionNumber, UnemploymentNumber};
use crate::ids::{
    CertificateSerial, DeclarationId, DistrictId, PersonId, Position, StatementId, UnitId,
};
use crate::month::{Interval, Month};
use crate::statement::{Statement, Verdict, Verified, read_admitted};
use crate::time::Timestamp;

use super::assessment::{Assessment, Receivable};
use super::fact::{AssessmentOutcome, Effect, Fact, ListedPerson, Placed, Void};
use super::person::{BaseSpan, PersonView};
use super::posting::Incident;
use super::record::{PaymentRecord, RecordHash};
use super::tax::{Receiving, Sending, TransactionView, Transactions};

/// A unit (参保单位) as the centre registered it (SIL-22).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct UnitRecord {
    /// The centre's id.
    #[n(0)]
    pub id: UnitId,
    /// 单位名称.
    #[n(1)]
    pub name: String,
    /// The district it belongs to (DIST-2).
    #[n(2)]
    pub district: DistrictId,
    /// 统一社会信用代码, by which tax knows it.
    #[n(3)]
    pub credit_code: CreditCode,
    /// 失业单位编号.
    #[n(4)]
    pub unemployment_number: UnemploymentNumber,
    /// 养老单位编号.
    #[n(5)]
    pub pension_number: PensionNumber,
}

/// 受理回执: the settlement month of intake and the submission's place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct ReceiptNumber(pub String);

impl ReceiptNumber {
    /// The receipt of what was taken in at this place, in this settlement period.
    #[must_use]
    pub fn of(settlement: Month, position: Position) -> Self {
        Self(format!("{}{:010}", settlement.compact(), position.0))
    }
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A submission that was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionView {
    /// What was submitted.
    pub declaration: Declaration,
    /// Its receipt.
    pub receipt: ReceiptNumber,
    /// The settlement period given at intake.
    pub settlement: Month,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// Who submitted.
    pub signer: CertificateSerial,
    /// Where it stands.
    pub state: SubmissionState,
    /// Decisions and withdrawals that came too late, with what stood against them.
    pub void: Vec<(StatementId, Void)>,
}

/// Where a submission stands (STA-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmissionState {
    /// 已受理, not decided yet.
    Undecided,
    /// 审核通过, 已退回 or 审核不通过.
    Decided(Decided),
    /// 已撤回.
    Withdrawn,
}

/// A decision in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// How.
    pub verdict: Verdict,
    /// The clerk's name.
    pub by: String,
    /// When it was taken in.
    pub at: Timestamp,
}

impl SubmissionView {
    /// The number that the next decision on it carries.
    #[must_use]
    pub fn next_attempt(&self) -> u32 {
        u32::try_from(self.void.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }
}

impl Decided {
    /// Whether nothing can follow: a return alone may be changed and submitted again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self.verdict, Verdict::Return(_))
    }
}

/// A submission that was not taken in (未受理).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedView {
    /// What was submitted.
    pub declaration: Declaration,
    /// Why not.
    pub problems: Vec<Problem>,
    /// When.
    pub at: Timestamp,
}

/// The requests for assessment of one settlement month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentView {
    /// The assessment.
    pub assessment: Assessment,
    /// When it was made.
    pub at: Timestamp,
}

/// A request for assessment that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub problems: Vec<Problem>,
}

/// A receivable and the record that paid it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivableView {
    /// What is due.
    pub receivable: Receivable,
    /// The place in [`UnitView::records`] of the record that paid it.
    pub record: Option<usize>,
}

/// A payment record and its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordView {
    /// Its leaf.
    pub position: Position,
    /// The record.
    pub record: PaymentRecord,
    /// Whether this device verified the log's proof of it.
    pub proven: bool,
    /// Whether it has the number and the hash that follow from the unit's record before it. If
    /// not, a record was withheld or one was put in.
    pub chained: bool,
}

impl RecordView {
    /// Whether it is 已记账: the log proves it, and it continues the unit's chain.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.proven && self.chained
    }
}

/// The fold of one unit's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitView {
    /// The unit.
    pub record: UnitRecord,
    /// The official roster.
    pub persons: BTreeMap<PersonId, PersonView>,
    /// Submissions taken in.
    pub submissions: BTreeMap<StatementId, SubmissionView>,
    /// Submissions not taken in.
    pub refused: BTreeMap<StatementId, RefusedView>,
    /// Successful assessments of 失业 by settlement month.
    pub assessments: BTreeMap<Month, AssessmentView>,
    /// Failed requests for assessment by insurance and settlement month, in order.
    pub failures: BTreeMap<(u16, Month), Vec<FailedRequest>>,
    /// What goes to tax.
    pub transactions: Transactions,
    /// Postings taken: serial and content hash.
    pub postings: BTreeMap<String, [u8; 32]>,
    /// Payment records in their running order.
    pub records: Vec<RecordView>,
    /// What tax reported without effect.
    pub incidents: Vec<(Timestamp, Incident)>,
    receivables: BTreeMap<(Month, u32), ReceivableView>,
    /// The receivables of a person's month, in the order they were raised.
    due: BTreeMap<(PersonId, Month), Vec<(Month, u32)>>,
    newest: BTreeMap<DeclarationId, StatementId>,
    by_personal_number: BTreeMap<String, PersonId>,
    by_document: BTreeMap<String, PersonId>,
}

impl UnitView {
    /// A unit just registered.
    #[must_use]
    pub fn new(record: UnitRecord) -> Self {
        Self {
            record,
            persons: BTreeMap::new(),
            submissions: BTreeMap::new(),
            refused: BTreeMap::new(),
            assessments: BTreeMap::new(),
            failures: BTreeMap::new(),
            transactions: BTreeMap::new(),
            postings: BTreeMap::new(),
            records: Vec::new(),
            incidents: Vec::new(),
            receivables: BTreeMap::new(),
            due: BTreeMap::new(),
            newest: BTreeMap::new(),
            by_personal_number: BTreeMap::new(),
            by_document: BTreeMap::new(),
        }
    }

    /// A person by personal number or document number, as printed on either (COM-1, COM-2).
    #[must_use]
    pub fn find_person(&self, number: &str) -> Option<&PersonView> {
        let id = self
            .by_personal_number
            .get(number)
            .or_else(|| self.by_document.get(&number.to_uppercase()))
            .copied()
            .or_else(|| number.parse().ok())?;
        self.persons.get(&id)
    }

    /// Whether anyone is payable in a month.
    #[must_use]
    pub fn anyone_payable(&self, month: Month) -> bool {
        self.persons.values().any(|person| person.payable(month))
    }

    /// The number that the next request for an assessment carries: 1, and one more after each
    /// failure (重新核定).
    #[must_use]
    pub fn next_attempt(&self, insurance: u16, settlement: Month) -> u32 {
        let failed = self
            .failures
            .get(&(insurance, settlement))
            .map_or(0, Vec::len);
        u32::try_from(failed).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The submission that stands for a declaration: its newest revision taken in.
    #[must_use]
    pub fn submission_of(&self, declaration: DeclarationId) -> Option<&SubmissionView> {
        self.submissions.get(self.newest.get(&declaration)?)
    }

    /// The receivable of a line of a settlement period.
    #[must_use]
    pub fn receivable(&self, settlement: Month, line: u32) -> Option<&ReceivableView> {
        self.receivables.get(&(settlement, line))
    }

    /// The receivables of a settlement period, in the order of their lines.
    pub fn receivables(&self, settlement: Month) -> impl Iterator<Item = &ReceivableView> {
        self.receivables
            .range((settlement, 0)..=(settlement, u32::MAX))
            .map(|(_, view)| view)
    }

    /// The receivables raised for a person and the month paid for.
    pub fn receivables_for(
        &self,
        person: PersonId,
        month: Month,
    ) -> impl Iterator<Item = &ReceivableView> {
        let raised = self.due.get(&(person, month));
        raised
            .into_iter()
            .flatten()
            .filter_map(|key| self.receivables.get(key))
    }

    /// The hash the unit's next record carries.
    #[must_use]
    pub fn last_record_hash(&self) -> RecordHash {
        self.records
            .last()
            .map_or(RecordHash::START, |view| view.record.hash())
    }

    /// Whether a record continues the unit's chain: it has the next number and the last hash.
    #[must_use]
    pub fn continues_chain(&self, record: &PaymentRecord) -> bool {
        let last = self.records.last().map_or(0, |it| it.record.number);
        last.checked_add(1) == Some(record.number) && record.previous == self.last_record_hash()
    }

    /// The record that paid a receivable.
    #[must_use]
    pub fn record_of(&self, due: &ReceivableView) -> Option<&RecordView> {
        self.records.get(due.record?)
    }

    /// Marks the records at these leaves as proven by the log, here on this device.
    pub fn mark_proven(&mut self, first: Position, count: u64) {
        let range = first.0..first.0.saturating_add(count);
        for view in self
            .records
            .iter_mut()
            .filter(|view| range.contains(&view.position.0))
        {
            view.proven = true;
        }
    }

    /// Takes in the unit's next fact.
    ///
    /// A statement inside a fact that this program cannot read yet changes nothing; the facts
    /// that follow from it (effects, receivables, records) are facts of their own.
    pub fn apply(&mut self, placed: &Placed) {
        let Placed { position, at, fact } = placed;
        match fact {
            Fact::UnitRegistered(record) => self.record = record.clone(),
            Fact::PersonsListed { persons, .. } => {
                persons.iter().for_each(|person| self.list(person));
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
                self.take_effect(effect.as_ref());
            }
            Fact::AssessmentTaken {
                statement, outcome, ..
            } => {
                self.take_assessment(statement, outcome, *at);
            }
            Fact::ReceivablesRaised { lines, .. } => self.raise(lines),
            Fact::TransactionQueued {
                transaction, kind, ..
            } => {
                let view = TransactionView {
                    kind: kind.clone(),
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
                    view.changed_at = *at;
                }
            }
            Fact::Collected { transaction, .. } => {
                if let Some(view) = self.transactions.get_mut(transaction) {
                    view.collected = true;
                }
            }
            Fact::PostingTaken {
                serial, content, ..
            } => {
                self.postings.insert(serial.clone(), *content);
            }
            Fact::Recorded(record) => self.record(*position, record),
            Fact::IncidentRaised { incident, .. } => self.incidents.push((*at, incident.clone())),
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::CodeIssued { .. }
            | Fact::DeviceEnrolled { .. }
            | Fact::BatchAdmitted { .. }
            | Fact::BatchRefused { .. }
            | Fact::TaxEventsTaken { .. }
            | Fact::StatementRefused { .. } => {}
        }
    }

    fn list(&mut self, listed: &ListedPerson) {
        let record = &listed.person;
        self.by_personal_number
            .insert(record.personal_number.as_str().to_owned(), record.id);
        self.by_document
            .insert(record.document.number().to_owned(), record.id);
        let baseline = listed.wage.map(|wage| BaseSpan {
            from: listed.paying_since,
            to: listed.bases_until,
            wage,
        });
        let view = PersonView {
            record: record.clone(),
            intervals: vec![Interval::opening(listed.paying_since)],
            baseline,
            declared: Vec::new(),
            terminated: false,
        };
        self.persons.insert(record.id, view);
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

    fn take_effect(&mut self, effect: Option<&Effect>) {
        match effect {
            None => {}
            Some(Effect::Stopped {
                person,
                month,
                terminated,
            }) => {
                if let Some(view) = self.persons.get_mut(person) {
                    view.stop(*month, *terminated);
                }
            }
            Some(Effect::WageSet {
                person,
                from,
                to,
                wage,
            }) => {
                if let Some(view) = self.persons.get_mut(person) {
                    view.declared.push(BaseSpan {
                        from: *from,
                        to: *to,
                        wage: *wage,
                    });
                }
            }
        }
    }

    fn take_assessment(&mut self, statement: &[u8], outcome: &AssessmentOutcome, at: Timestamp) {
        match outcome {
            AssessmentOutcome::Assessed(assessment) => {
                let assessment = assessment.clone();
                self.assessments
                    .insert(assessment.settlement, AssessmentView { assessment, at });
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
            view.record = Some(self.records.len());
        }
        let chained = self.continues_chain(record);
        self.records.push(RecordView {
            position,
            record: record.clone(),
            proven: false,
            chained,
        });
    }

    /// The persons with a base who are payable in a month (WAGE-3).
    #[must_use]
    pub fn assessable(&self, month: Month) -> BTreeSet<PersonId> {
        self.persons
            .values()
            .filter(|person| person.payable(month) && person.wage(month).is_some())
            .map(|person| person.record.id)
            .collect()
    }
}
