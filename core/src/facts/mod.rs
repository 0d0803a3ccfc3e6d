//! Facts: what the centre ordered in its one append-only log, and what follows from them.
//!
//! A view is a pure fold over facts, the same on desktop and server: [`CommonView`] of what
//! everyone sees, [`UnitView`] of one unit. The projection of a unit from the facts it may see
//! equals the projection of all facts restricted to it.

mod answered;
mod assessment;
mod audience;
mod common;
mod difference;
mod effect;
mod entry;
mod fact;
mod fold;
mod insured;
mod late;
mod merging;
mod movement;
mod pension;
mod person;
mod posting;
mod projection;
mod query;
mod record;
mod resend;
mod reversal;
mod status;
mod step;
mod submission;
mod tax;
mod tax_roster;
mod unit;
mod window;

pub use answered::Answered;
pub use assessment::{
    ADJUSTMENT, Assessment, AssessmentOutcome, BACK_PAYMENT, NORMAL, REFUND, Receivable, Totalled,
    UNEMPLOYMENT, assess, pays,
};
pub use audience::Audience;
pub use common::{Agency, CommonView};
pub use effect::{Effect, FreshNumbers, Joining};
pub(crate) use entry::kind;
pub use entry::{Entry, EntryError, FactError, Placed};
pub use fact::{Fact, MAX_REVOCATION_REASON, Revoker, Void};
pub use insured::{Insured, insured};
pub use merging::shared_months;
pub use movement::{Clash, Movement, Turn, with_movement};
pub use pension::{
    CarriedOver, Delivered, FeedFault, LinkedOperation, MAX_PENSION_OPERATIONS,
    MAX_PENSION_PERSONS, MAX_PENSION_RESULTS, Matter, PensionFeed, PensionPart, PensionPerson,
    PensionResult, PensionTotals, PersonState, RegistrationState, TakenFeed,
};
pub use person::{BaseSpan, ListedPerson, MAX_EVIDENCE, PaymentStatus, PersonRecord, PersonView};
pub use posting::{
    Incident, IncidentKind, MAX_POSTING_LINES, Posting, PostingAnswer, PostingLine, take_posting,
};
pub use projection::Projection;
pub use query::{PaymentQuery, PeopleQuery};
pub use record::{PaymentRecord, RecordHash, RecordId};
pub use reversal::{Reversal, take_reversal};
pub use status::{DeclarationStatus, MonthStage, declaration_status, month_stage};
pub use step::TransactionStep;
pub use submission::{Decided, ReceiptNumber, RefusedView, SubmissionState, SubmissionView};
pub use tax::{Receiving, RosterChange, Sending, TransactionId, TransactionKind, TransactionView};
pub use tax_roster::{FetchedRoster, TaxPerson, TaxRoster, TaxRosterPart};
pub use unit::{
    AssessmentView, Enrolment, FailedRequest, ReceivableView, RecordView, UnitRecord, UnitView,
};
pub use window::WINDOW;

#[cfg(test)]
pub(crate) use pension::sample as pension_sample;

#[cfg(test)]
pub(crate) mod tests;
