//! A posting (入库) becomes payment records whole, exists already, or is an incident (FAQ-2).

use jiff::civil::Date;
use minicbor::{Decode, Encode};

use crate::contribution;
use crate::ids::PersonId;
use crate::money::Money;
use crate::month::Month;
use crate::parameters::ParameterSet;
use crate::signed::encode;
use crate::signing::hash_parts;

use super::assessment::{Receivable, UNEMPLOYMENT};
use super::record::PaymentRecord;
use super::tax::{TransactionId, TransactionKind};
use super::unit::UnitView;

/// The most lines a posting may have; larger payments come as further serials.
pub const MAX_POSTING_LINES: usize = 10_000;

/// A posting as tax reported it, mapped to our ids.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Posting {
    /// Tax's serial: a serial is taken once.
    #[n(0)]
    pub serial: String,
    /// The transaction it pays.
    #[n(1)]
    pub transaction: TransactionId,
    /// 结算期.
    #[n(2)]
    pub settlement: Month,
    /// The date of the posting.
    #[n(3)]
    pub posted_on: String,
    /// The lines.
    #[n(4)]
    pub lines: Vec<PostingLine>,
    /// The sum tax states over all lines.
    #[n(5)]
    pub total: Money,
}

/// One line of a posting.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PostingLine {
    /// Its line within the posting.
    #[n(0)]
    pub line: u32,
    /// The line of the transaction it pays.
    #[n(1)]
    pub receivable: u32,
    /// The person, where the personal number is known.
    #[n(2)]
    pub person: Option<PersonId>,
    /// 费款所属期.
    #[n(3)]
    pub month: Month,
    /// The base declared at tax.
    #[n(4)]
    pub base: Money,
    /// 单位缴费金额.
    #[n(5)]
    pub unit_amount: Money,
    /// 个人缴费金额.
    #[n(6)]
    pub person_amount: Money,
}

impl Posting {
    /// The hash of everything in it: a repeat has the same, a changed repeat another.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        hash_parts("canbao/posting/1", &[&encode(self)])
    }
}

/// What tax reported and nothing was recorded for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Incident {
    /// Tax's serial.
    #[n(0)]
    pub serial: String,
    /// The hash of the posting's content.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub content: [u8; 32],
    /// Why.
    #[n(2)]
    pub kind: IncidentKind,
}

/// Why a posting is an incident, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum IncidentKind {
    /// The serial was taken with other content.
    #[n(1)]
    OtherContent,
    /// No unit of this credit code.
    #[n(2)]
    UnknownUnit,
    /// No such assessment was sent.
    #[n(3)]
    UnknownTransaction,
    /// No lines, or more than allowed.
    #[n(4)]
    LineCount,
    /// The line pays no receivable of the transaction.
    #[n(5)]
    UnknownReceivable(#[n(0)] u32),
    /// The receivable was recorded already.
    #[n(6)]
    AlreadyRecorded(#[n(0)] u32),
    /// The amounts are not the line's own base times the month's rates.
    #[n(7)]
    AmountsUnexplained(#[n(0)] u32),
    /// The stated total is not the sum of the lines.
    #[n(8)]
    TotalWrong,
    /// A reversal of a posting that was never taken.
    #[n(9)]
    UnknownPosting,
    /// A reversal of a line that the posting does not have.
    #[n(10)]
    UnknownLine(#[n(0)] u32),
    /// The line was reversed already.
    #[n(11)]
    AlreadyReversed(#[n(0)] u32),
}

impl IncidentKind {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherContent => "incident.other_content",
            Self::UnknownUnit => "incident.unknown_unit",
            Self::UnknownTransaction => "incident.unknown_transaction",
            Self::LineCount => "incident.line_count",
            Self::UnknownReceivable(_) => "incident.unknown_receivable",
            Self::AlreadyRecorded(_) => "incident.already_recorded",
            Self::AmountsUnexplained(_) => "incident.amounts_unexplained",
            Self::TotalWrong => "incident.total_wrong",
            Self::UnknownPosting => "incident.unknown_posting",
            Self::UnknownLine(_) => "incident.unknown_line",
            Self::AlreadyReversed(_) => "incident.already_reversed",
        }
    }
}

/// The ledger's answer to a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostingAnswer {
    /// Taken whole: these records arise, in this order.
    Recorded(Vec<PaymentRecord>),
    /// The same posting was taken before; nothing changes.
    Exists,
    /// It records nothing.
    Incident(IncidentKind),
}

/// Decides on a posting for a unit: in whole or not at all.
///
/// `known_on` is the date by which parameter values count as known.
#[must_use]
pub fn take_posting(
    unit: &UnitView,
    posting: &Posting,
    parameters: &ParameterSet,
    known_on: Date,
) -> PostingAnswer {
    if let Some(taken) = unit.postings.get(&posting.serial) {
        return if *taken == posting.content_hash() {
            PostingAnswer::Exists
        } else {
            PostingAnswer::Incident(IncidentKind::OtherContent)
        };
    }
    match check(unit, posting, parameters, known_on) {
        Err(incident) => PostingAnswer::Incident(incident),
        Ok(()) => PostingAnswer::Recorded(records(unit, posting)),
    }
}

fn check(
    unit: &UnitView,
    posting: &Posting,
    parameters: &ParameterSet,
    known_on: Date,
) -> Result<(), IncidentKind> {
    let transaction = unit
        .transactions
        .get(&posting.transaction)
        .ok_or(IncidentKind::UnknownTransaction)?;
    if transaction.kind
        != (TransactionKind::Assessment {
            settlement: posting.settlement,
        })
    {
        return Err(IncidentKind::UnknownTransaction);
    }
    if posting.lines.is_empty() || posting.lines.len() > MAX_POSTING_LINES {
        return Err(IncidentKind::LineCount);
    }
    let mut paid = std::collections::BTreeSet::new();
    for line in &posting.lines {
        let receivable = unit
            .receivable(posting.settlement, line.receivable)
            .filter(|it| matches(&it.receivable, line))
            .ok_or(IncidentKind::UnknownReceivable(line.line))?;
        if receivable.record.is_some() || !paid.insert(line.receivable) {
            return Err(IncidentKind::AlreadyRecorded(line.line));
        }
        if !explained(&receivable.receivable, line, parameters, known_on) {
            return Err(IncidentKind::AmountsUnexplained(line.line));
        }
    }
    let sum: Money = posting
        .lines
        .iter()
        .map(|it| it.unit_amount + it.person_amount)
        .sum();
    if sum == posting.total {
        Ok(())
    } else {
        Err(IncidentKind::TotalWrong)
    }
}

fn matches(receivable: &Receivable, line: &PostingLine) -> bool {
    Some(receivable.person) == line.person && receivable.month == line.month
}

/// As assessed (the rule `round_of_sum` may have put a tail on the line), or its own base times
/// the month's rates.
fn explained(
    due: &Receivable,
    line: &PostingLine,
    parameters: &ParameterSet,
    known_on: Date,
) -> bool {
    let amounts = (line.base, line.unit_amount, line.person_amount);
    if amounts == (due.base, due.unit_amount, due.person_amount) {
        return true;
    }
    parameters.rates(line.month, known_on).is_ok_and(|rates| {
        let due = contribution::contribution(line.base, rates);
        due.unit == line.unit_amount && due.person == line.person_amount
    })
}

fn records(unit: &UnitView, posting: &Posting) -> Vec<PaymentRecord> {
    let mut previous = unit.last_record_hash();
    let mut records = Vec::with_capacity(posting.lines.len());
    let next = unit.records.len() as u64 + 1;
    for (line, number) in posting.lines.iter().zip(next..) {
        let person = line
            .person
            .expect("checked: the line pays a receivable of this person");
        let record = &unit.persons[&person].record;
        let made = PaymentRecord {
            serial: posting.serial.clone(),
            line: line.line,
            unit: unit.record.id,
            credit_code: unit.record.credit_code.to_string(),
            person,
            personal_number: record.personal_number.as_str().to_owned(),
            name: record.name.clone(),
            insurance: UNEMPLOYMENT,
            kind: unit
                .receivable(posting.settlement, line.receivable)
                .expect("checked")
                .receivable
                .kind,
            settlement: posting.settlement,
            month: line.month,
            base: line.base,
            unit_amount: line.unit_amount,
            person_amount: line.person_amount,
            posted_on: posting.posted_on.clone(),
            transaction: posting.transaction.clone(),
            receivable: line.receivable,
            number,
            previous,
            reverses: None,
        };
        previous = made.hash();
        records.push(made);
    }
    let sum: Money = records.iter().map(PaymentRecord::total).sum();
    assert_eq!(sum, posting.total, "a posting's records sum to its total");
    records
}
