//! A unit as its facts have it: the official roster, submissions, assessments, payments.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::declaration::{Kind, PersonNumber, Problem, Subject, SubjectKey};
use crate::identity::{CreditCode, PensionNumber, UnemploymentNumber};
use crate::ids::{DeclarationId, DistrictId, PersonId, Position, StatementId, UnitId};
use crate::month::Month;
use crate::time::Timestamp;

use super::assessment::{Assessment, NORMAL, Receivable};
use super::pension::{PensionState, TakenFeed};
use super::person::PersonView;
use super::posting::Incident;
use super::record::{PaymentRecord, RecordHash};
use super::submission::{RefusedView, SubmissionView};
use super::tax::{TransactionId, TransactionView, Transactions};
use super::tax_roster::{TaxRoster, TaxRosterState};

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

/// The requests for assessment of one settlement month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentView {
    /// The assessment.
    pub assessment: Assessment,
    /// When it was made.
    pub at: Timestamp,
    /// Where in the feed: what is approved behind it never alters it (SIL-20).
    pub position: Position,
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

/// An approved enrolment (REG).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// Its submission.
    pub submission: StatementId,
    /// The first payable month.
    pub month: Month,
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
    pub(super) tax_roster: TaxRosterState,
    pub(super) pension: PensionState,
    pub(super) receivables: BTreeMap<(Month, u32), ReceivableView>,
    /// The receivables of a person's month, in the order they were raised.
    pub(super) due: BTreeMap<(PersonId, Month), Vec<(Month, u32)>>,
    pub(super) newest: BTreeMap<DeclarationId, StatementId>,
    /// The submissions about a person, in the order in which they were taken in.
    pub(super) about: BTreeMap<SubjectKey, Vec<StatementId>>,
    pub(super) by_personal_number: BTreeMap<String, PersonId>,
    pub(super) by_document: BTreeMap<String, PersonId>,
    /// Ids that were found to be another person's.
    pub(super) merged: BTreeMap<PersonId, PersonId>,
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
            tax_roster: TaxRosterState::default(),
            pension: PensionState::default(),
            receivables: BTreeMap::new(),
            due: BTreeMap::new(),
            newest: BTreeMap::new(),
            about: BTreeMap::new(),
            by_personal_number: BTreeMap::new(),
            by_document: BTreeMap::new(),
            merged: BTreeMap::new(),
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
        self.person(id)
    }

    /// Whom a declaration is about, where the roster has them: by id, or by the number that is
    /// declared.
    #[must_use]
    pub fn person_meant(&self, subject: &Subject<'_>) -> Option<&PersonView> {
        match subject {
            Subject::Known(person) => self.person(*person),
            Subject::New(entrant) => self.find_person(entrant.document.number()),
            Subject::Elsewhere(PersonNumber::Document(document), _) => {
                self.find_person(document.number())
            }
            Subject::Elsewhere(PersonNumber::Personal(number), _) => {
                self.find_person(number.as_str())
            }
        }
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

    /// Tax's own roster, the newest that was fetched whole; none where none ever was.
    #[must_use]
    pub fn tax_roster(&self) -> Option<&TaxRoster> {
        self.tax_roster.whole()
    }

    /// The newest pension feed that was taken in whole (PEN-1); none where none ever was.
    #[must_use]
    pub fn pension_feed(&self) -> Option<&TakenFeed> {
        self.pension.whole()
    }

    /// The newest sending of what this transaction carries: itself, or one after a refusal.
    #[must_use]
    pub fn newest_sending(&self, transaction: &TransactionId) -> Option<&TransactionView> {
        let mut view = self.transactions.get(transaction)?;
        // Each link leads to what was queued later, so that they end.
        while let Some(next) = view.again.as_ref().and_then(|it| self.transactions.get(it)) {
            view = next;
        }
        Some(view)
    }

    /// The submission that stands for a declaration: its newest revision taken in.
    #[must_use]
    pub fn submission_of(&self, declaration: DeclarationId) -> Option<&SubmissionView> {
        self.submissions.get(self.newest.get(&declaration)?)
    }

    /// The submissions about a person, in the order in which they were taken in.
    pub fn submissions_about(
        &self,
        subject: &Subject<'_>,
    ) -> impl Iterator<Item = &SubmissionView> {
        let ids = self.about.get(&subject.key());
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.submissions.get(id))
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
        let raised = self.due.get(&(self.canonical(person), month));
        raised
            .into_iter()
            .flatten()
            .filter_map(|key| self.receivables.get(key))
    }

    /// Whether a payment record of the person's month is there: nothing about it changes any more.
    #[must_use]
    pub fn is_posted(&self, person: PersonId, month: Month) -> bool {
        self.receivables_for(person, month)
            .any(|due| due.record.is_some())
    }

    /// The enrolment that an interruption with this last paid month would void: the person pays
    /// by it alone, from the month behind on, and nothing of it is posted (SIL-2).
    #[must_use]
    pub fn voided_by(&self, person: &PersonView, last_paid: Month) -> Option<Enrolment> {
        let start = person.open_interval()?.start;
        let submission = person.counting().next_back()?.submission?;
        let declared = &self.submissions.get(&submission)?.declaration.content;
        let mut raised = self
            .due
            .range((person.record.id, start)..=(person.record.id, Month::MAX));
        let voids = declared.kind() == Kind::Registration
            && last_paid.next() == Some(start)
            && !raised.any(|((person, month), _)| self.is_posted(*person, *month));
        voids.then_some(Enrolment {
            submission,
            month: start,
        })
    }

    /// The receivables for the months themselves (kind 10) that were raised for a person, by the
    /// month paid for.
    pub fn normal_receivables(
        &self,
        person: PersonId,
    ) -> impl DoubleEndedIterator<Item = &ReceivableView> {
        let person = self.canonical(person);
        self.due
            .range((person, Month::MIN)..=(person, Month::MAX))
            .flat_map(|(_, keys)| keys)
            .filter_map(|key| self.receivables.get(key))
            .filter(|it| it.receivable.kind == NORMAL)
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
}
