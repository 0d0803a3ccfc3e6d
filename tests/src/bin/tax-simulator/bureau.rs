//! Tax at work: every request becomes records, which are durable before they count.

use std::path::Path;

use jiff::civil::Date;

use crate::books::{Books, Record};
use crate::faults::{Deaths, On, Point};
use crate::journal::{CannotOpen, Journal};
use crate::judge::judge;
use crate::messages::{Assessment, Posting, Transaction};
use crate::payment::{self, CannotPay, Payment};
use crate::roster::{CannotCorrect, Correction, RosterLoad};
use crate::values::{CreditCode, Instant, LineNumber, Month, Serial};

/// A request that tax cannot do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CannotDo {
    #[error("the id belongs to a transaction with other content, which stays")]
    OtherContent,
    #[error("no accepted assessment of this unit and settlement month")]
    NotAssessed,
    #[error("this assessment is paid already")]
    AlreadyPaid,
    #[error("nothing of this assessment is collected and not yet posted")]
    NothingCollected,
    #[error("no posting with this serial")]
    NotPosted,
    #[error("tax has no such unit")]
    UnknownUnit,
    #[error(transparent)]
    Payment(#[from] CannotPay),
    #[error(transparent)]
    Correction(#[from] CannotCorrect),
}

/// What was done, for the answer.
#[derive(Debug)]
pub(crate) struct Done {
    /// The postings concerned.
    pub(crate) serials: Vec<Serial>,
    /// Whether the process was told to die once this is answered.
    pub(crate) dies_after_answer: bool,
}

/// How postings that are faults are made from right ones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Amounts that base and rates do not explain.
    Unexplained,
    /// A receivable that nobody sent.
    Stray,
}

#[derive(Debug)]
pub(crate) struct Bureau {
    books: Books,
    journal: Journal,
    pub(crate) deaths: Deaths,
}

impl Bureau {
    pub(crate) fn open(directory: &Path) -> Result<Self, CannotOpen> {
        let (journal, books) = Journal::open(directory)?;
        let mut bureau = Self {
            books,
            journal,
            deaths: Deaths::default(),
        };
        bureau.decide_pending();
        Ok(bureau)
    }

    pub(crate) fn books(&self) -> &Books {
        &self.books
    }

    /// Takes a transaction in; a repeat changes nothing.
    pub(crate) fn receive(&mut self, transaction: Transaction) -> Result<Done, CannotDo> {
        if let Some(known) = self.books.transaction(transaction.id()) {
            if !known.has_content_of(&transaction) {
                return Err(CannotDo::OtherContent);
            }
            return Ok(self.commit(Vec::new(), Some(On::Transaction)));
        }
        let decision = (!self.books.held()).then(|| decision(&self.books, &transaction));
        let mut records = vec![Record::Received { transaction }];
        records.extend(decision);
        Ok(self.commit(records, Some(On::Transaction)))
    }

    pub(crate) fn load_roster(&mut self, load: RosterLoad) -> Done {
        self.commit(vec![Record::RosterLoaded { load }], None)
    }

    /// Tax's own clerk changes a roster.
    pub(crate) fn correct(
        &mut self,
        unit: CreditCode,
        correction: Correction,
    ) -> Result<Done, CannotDo> {
        let roster = self.books.roster(&unit).ok_or(CannotDo::UnknownUnit)?;
        roster.clone().correct(correction.clone())?;
        Ok(self.commit(vec![Record::Corrected { unit, correction }], None))
    }

    /// While held, transactions stay undecided; released, they are judged in their order.
    pub(crate) fn hold(&mut self, held: bool) -> Done {
        let done = self.commit(vec![Record::Held { held }], None);
        self.decide_pending();
        done
    }

    /// The unit pays an assessment; with `post` the treasury books it at once.
    pub(crate) fn pay(
        &mut self,
        unit: &CreditCode,
        settlement: Month,
        payment: &Payment,
        post: bool,
    ) -> Result<Done, CannotDo> {
        let assessment = self.assessment(unit, settlement)?;
        if self.books.is_paid(&assessment.id) {
            return Err(CannotDo::AlreadyPaid);
        }
        let postings = payment::postings(assessment, payment, |n| self.books.next_serial(n))?;
        let mut records = Vec::new();
        for posting in postings {
            records.push(Record::Collected {
                at: now(),
                posting: posting.clone(),
            });
            if post {
                records.push(Record::Posted { at: now(), posting });
            }
        }
        Ok(self.commit(records, Some(On::Pay)))
    }

    /// The treasury books what was collected.
    pub(crate) fn post(&mut self, unit: &CreditCode, settlement: Month) -> Result<Done, CannotDo> {
        let assessment = self.assessment(unit, settlement)?;
        let records: Vec<_> = self
            .books
            .unposted(&assessment.id)
            .cloned()
            .map(posted)
            .collect();
        if records.is_empty() {
            return Err(CannotDo::NothingCollected);
        }
        Ok(self.commit(records, None))
    }

    /// The same posting, told once more.
    pub(crate) fn repeat(&mut self, serial: &Serial) -> Result<Done, CannotDo> {
        let posting = self
            .books
            .posted(serial)
            .ok_or(CannotDo::NotPosted)?
            .clone();
        Ok(self.commit(vec![posted(posting)], None))
    }

    /// The treasury takes a posting back, or some of its lines; it does not ask whether it did so
    /// before.
    pub(crate) fn reverse(
        &mut self,
        serial: &Serial,
        lines: Vec<LineNumber>,
        date: Date,
    ) -> Result<Done, CannotDo> {
        let posting = self.books.posted(serial).ok_or(CannotDo::NotPosted)?;
        let own = self.books.next_serial(0);
        let reversal = payment::reversal(posting, lines, own, date)?;
        let record = Record::Reversed {
            at: now(),
            reversal,
        };
        Ok(self.commit(vec![record], None))
    }

    /// Other content under a serial that was told already.
    pub(crate) fn alter(&mut self, serial: &Serial) -> Result<Done, CannotDo> {
        let posting = self.books.posted(serial).ok_or(CannotDo::NotPosted)?;
        let posting = payment::altered(posting)?;
        Ok(self.commit(vec![posted(posting)], None))
    }

    /// A posting that a receiver must not record; the assessment stays unpaid.
    pub(crate) fn post_wrongly(
        &mut self,
        unit: &CreditCode,
        settlement: Month,
        payment: &Payment,
        fault: Fault,
    ) -> Result<Done, CannotDo> {
        let assessment = self.assessment(unit, settlement)?;
        let records = payment::postings(assessment, payment, |n| self.books.next_serial(n))?
            .into_iter()
            .map(|posting| match fault {
                Fault::Unexplained => payment::unexplained(posting).map(posted),
                Fault::Stray => Ok(posted(payment::stray(posting))),
            })
            .collect::<Result<_, _>>()?;
        Ok(self.commit(records, None))
    }

    fn assessment(&self, unit: &CreditCode, settlement: Month) -> Result<&Assessment, CannotDo> {
        self.books
            .assessment(unit, settlement)
            .ok_or(CannotDo::NotAssessed)
    }

    fn decide_pending(&mut self) {
        while !self.books.held()
            && let Some(transaction) = self.books.first_pending()
        {
            let record = decision(&self.books, transaction);
            self.commit(vec![record], None);
        }
    }

    /// Writes and applies what a request did. A journal that cannot be written ends the process:
    /// nothing may be answered that a restart would not know.
    fn commit(&mut self, records: Vec<Record>, on: Option<On>) -> Done {
        let dies = on.and_then(|on| self.deaths.take(on));
        if let Err(error) = self.journal.append(&records, dies) {
            eprintln!("tax-simulator: the journal cannot be written: {error}");
            std::process::exit(1);
        }
        let mut serials = Vec::new();
        for record in records {
            match &record {
                Record::Collected { posting, .. } | Record::Posted { posting, .. } => {
                    serials.push(posting.serial.clone());
                }
                Record::Reversed { reversal, .. } => serials.push(reversal.serial.clone()),
                Record::Received { .. }
                | Record::Accepted { .. }
                | Record::Refused { .. }
                | Record::RosterLoaded { .. }
                | Record::Corrected { .. }
                | Record::Held { .. } => {}
            }
            self.books
                .apply(record)
                .expect("records are made from the books they apply to");
        }
        serials.dedup();
        Done {
            serials,
            dies_after_answer: dies == Some(Point::AfterAnswer),
        }
    }
}

fn decision(books: &Books, transaction: &Transaction) -> Record {
    let (at, id) = (now(), transaction.id().clone());
    match judge(books, transaction) {
        Ok(_) => Record::Accepted {
            at,
            transaction: id,
        },
        Err(refusal) => Record::Refused {
            at,
            transaction: id,
            refusal,
        },
    }
}

fn posted(posting: Posting) -> Record {
    Record::Posted { at: now(), posting }
}

fn now() -> Instant {
    jiff::Timestamp::now()
        .to_string()
        .try_into()
        .expect("a timestamp is shown in UTC")
}
