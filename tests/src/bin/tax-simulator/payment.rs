//! What a unit's payment becomes: the postings of one assessment.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::messages::{Assessment, AssessmentLine, Posting, PostingLine, Reversal};
use crate::values::{LineNumber, Money, PersonNumber, Serial, TransactionId};

/// How the unit pays.
pub(crate) struct Payment {
    /// Bases declared at tax instead of the assessed ones (FAQ-2).
    pub(crate) bases: BTreeMap<PersonNumber, Money>,
    /// Into how many postings the lines are split.
    pub(crate) parts: usize,
    pub(crate) date: Date,
}

/// Why an assessment cannot be paid so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CannotPay {
    #[error("a base is given for a person whom the assessment does not have")]
    BaseOfNobody,
    #[error("an assessment is paid in at least one part and at most as many as it has lines")]
    Parts,
    #[error("the amounts exceed what the interface can say")]
    TooLarge,
    #[error("the posting does not have these lines, or one is named twice")]
    NoSuchLine,
}

/// The postings that pay this assessment, one for each serial that `serial` gives.
pub(crate) fn postings(
    assessment: &Assessment,
    payment: &Payment,
    serial: impl Fn(usize) -> Serial,
) -> Result<Vec<Posting>, CannotPay> {
    let (lines, parts) = (&assessment.lines, payment.parts);
    if parts == 0 || parts > lines.len() {
        return Err(CannotPay::Parts);
    }
    let has = |person: &PersonNumber| lines.iter().any(|line| line.person_number == *person);
    if !payment.bases.keys().all(has) {
        return Err(CannotPay::BaseOfNobody);
    }
    (0..parts)
        .map(|part| {
            let of_part = &lines[part * lines.len() / parts..(part + 1) * lines.len() / parts];
            let lines = posting_lines(of_part, &payment.bases);
            Ok(Posting {
                serial: serial(part),
                transaction: assessment.id.clone(),
                credit_code: assessment.unit.credit_code.clone(),
                settlement: assessment.settlement,
                date: payment.date,
                total: total(&lines).ok_or(CannotPay::TooLarge)?,
                lines,
            })
        })
        .collect()
}

/// A fault: the posting under its serial, with a higher base in its first line.
pub(crate) fn altered(posting: &Posting) -> Result<Posting, CannotPay> {
    const HUNDRED_YUAN: u64 = 10_000;
    let mut posting = posting.clone();
    let line = &mut posting.lines[0];
    line.base = Money::from_fen(line.base.fen() + HUNDRED_YUAN).ok_or(CannotPay::TooLarge)?;
    line.unit_amount = line.base.half_percent();
    line.person_amount = line.base.half_percent();
    retotalled(posting)
}

/// A fault: seven fen more for the unit than base and rate explain, in the first line.
pub(crate) fn unexplained(mut posting: Posting) -> Result<Posting, CannotPay> {
    let line = &mut posting.lines[0];
    line.unit_amount = Money::from_fen(line.unit_amount.fen() + 7).ok_or(CannotPay::TooLarge)?;
    retotalled(posting)
}

/// A fault: the posting pays a transaction that nobody ever sent.
pub(crate) fn stray(mut posting: Posting) -> Posting {
    let never_sent = format!("stray-{}", posting.serial);
    posting.transaction = TransactionId::try_from(never_sent).expect("a serial has 12 digits");
    posting
}

/// What takes these lines of a posting back; all of them where none is named.
pub(crate) fn reversal(
    posting: &Posting,
    lines: Vec<LineNumber>,
    serial: Serial,
    date: Date,
) -> Result<Reversal, CannotPay> {
    let taken: Vec<PostingLine> = posting
        .lines
        .iter()
        .filter(|line| lines.is_empty() || lines.contains(&line.line))
        .cloned()
        .collect();
    if !lines.is_empty() && taken.len() != lines.len() {
        return Err(CannotPay::NoSuchLine);
    }
    Ok(Reversal {
        serial,
        reverses: posting.serial.clone(),
        credit_code: posting.credit_code.clone(),
        settlement: posting.settlement,
        date,
        lines,
        total: total(&taken).ok_or(CannotPay::TooLarge)?,
    })
}

fn posting_lines(
    lines: &[AssessmentLine],
    bases: &BTreeMap<PersonNumber, Money>,
) -> Vec<PostingLine> {
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let (base, unit_amount, person_amount) = match bases.get(&line.person_number) {
                Some(base) => (*base, base.half_percent(), base.half_percent()),
                None => (line.base, line.unit_amount, line.person_amount),
            };
            PostingLine {
                line: LineNumber::at(index),
                transaction_line: line.line,
                person_number: line.person_number.clone(),
                month: line.month,
                base,
                unit_amount,
                person_amount,
            }
        })
        .collect()
}

fn retotalled(mut posting: Posting) -> Result<Posting, CannotPay> {
    posting.total = total(&posting.lines).ok_or(CannotPay::TooLarge)?;
    Ok(posting)
}

fn total(lines: &[PostingLine]) -> Option<Money> {
    Money::sum(
        lines
            .iter()
            .flat_map(|line| [line.unit_amount, line.person_amount]),
    )
}
