//! A reversal (冲销) of a posting: reversing records for its lines, or an incident. What was
//! recorded stays as it is; the receivables are unpaid again.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use crate::money::Money;
use crate::month::Month;
use crate::signed::encode;
use crate::signing::hash_parts;

use super::posting::{IncidentKind, PostingAnswer};
use super::record::{PaymentRecord, RecordId};
use super::unit::UnitView;

/// A reversal as tax reported it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Reversal {
    /// Tax's serial: a serial is taken once, be it a posting's or a reversal's.
    #[n(0)]
    pub serial: String,
    /// The serial of the posting that is reversed.
    #[n(1)]
    pub reverses: String,
    /// 结算期.
    #[n(2)]
    pub settlement: Month,
    /// The date of the reversal, `YYYY-MM-DD`.
    #[n(3)]
    pub posted_on: String,
    /// The lines of that posting; all of them where none is named.
    #[n(4)]
    pub lines: Vec<u32>,
    /// The sum that tax states to be taken back, without a sign.
    #[n(5)]
    pub total: Money,
}

impl Reversal {
    /// The hash of everything in it: a repeat has the same, a changed repeat another.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        hash_parts("canbao/reversal/1", &[&encode(self)])
    }
}

/// Decides on a reversal for a unit: in whole or not at all.
#[must_use]
pub fn take_reversal(unit: &UnitView, reversal: &Reversal) -> PostingAnswer {
    if let Some(taken) = unit.postings.get(&reversal.serial) {
        return if *taken == reversal.content_hash() {
            PostingAnswer::Exists
        } else {
            PostingAnswer::Incident(IncidentKind::OtherContent)
        };
    }
    match reversed_records(unit, reversal) {
        Err(incident) => PostingAnswer::Incident(incident),
        Ok(reversed) => PostingAnswer::Recorded(reversing(unit, reversal, &reversed)),
    }
}

/// The records that are reversed, in the order of their lines.
fn reversed_records<'a>(
    unit: &'a UnitView,
    reversal: &Reversal,
) -> Result<Vec<&'a PaymentRecord>, IncidentKind> {
    let mut posted = Vec::new();
    let mut gone = BTreeSet::new();
    for record in unit.records.iter().map(|it| &it.record) {
        match &record.reverses {
            Some(reversed) if reversed.serial == reversal.reverses => {
                gone.insert(reversed.line);
            }
            None if record.serial == reversal.reverses => posted.push(record),
            Some(_) | None => {}
        }
    }
    if posted.is_empty() || posted[0].settlement != reversal.settlement {
        return Err(IncidentKind::UnknownPosting);
    }
    let known: BTreeSet<u32> = posted.iter().map(|it| it.line).collect();
    let mut wanted = BTreeSet::new();
    for line in &reversal.lines {
        if !known.contains(line) {
            return Err(IncidentKind::UnknownLine(*line));
        }
        if !wanted.insert(*line) {
            return Err(IncidentKind::AlreadyReversed(*line));
        }
    }
    if wanted.is_empty() {
        wanted = known;
    }
    if let Some(line) = wanted.iter().find(|it| gone.contains(it)) {
        return Err(IncidentKind::AlreadyReversed(*line));
    }
    posted.retain(|it| wanted.contains(&it.line));
    let sum: Money = posted.iter().map(|it| it.total()).sum();
    if sum == reversal.total {
        Ok(posted)
    } else {
        Err(IncidentKind::TotalWrong)
    }
}

fn reversing(
    unit: &UnitView,
    reversal: &Reversal,
    reversed: &[&PaymentRecord],
) -> Vec<PaymentRecord> {
    let mut previous = unit.last_record_hash();
    let next = unit.records.len() as u64 + 1;
    let mut records = Vec::with_capacity(reversed.len());
    for ((original, number), line) in reversed.iter().zip(next..).zip(1..) {
        let made = PaymentRecord {
            serial: reversal.serial.clone(),
            line,
            unit_amount: Money::ZERO - original.unit_amount,
            person_amount: Money::ZERO - original.person_amount,
            posted_on: reversal.posted_on.clone(),
            number,
            previous,
            reverses: Some(RecordId {
                serial: original.serial.clone(),
                line: original.line,
            }),
            ..(*original).clone()
        };
        previous = made.hash();
        records.push(made);
    }
    let sum: Money = records.iter().map(PaymentRecord::total).sum();
    assert_eq!(
        sum + reversal.total,
        Money::ZERO,
        "the records of a reversal take back its total"
    );
    records
}
