//! The engine of the centre: the only writer of the log.
//!
//! [`Centre`] is the handle that everyone shares. What changes the log goes over a bounded
//! channel to one thread, which decides a group of requests against its views, commits the group
//! with one sync and answers only then. Everything else reads what is durable.

mod admin;
mod answer;
mod batches;
mod certificates;
mod desk;
mod enrol;
mod feed;
mod gathering;
mod handle;
mod index;
mod intake;
mod listed;
mod outgoing;
mod pension;
mod persons;
mod places;
mod pool;
mod postings;
mod rebuild;
mod recent;
mod rekey;
mod resend;
mod rosters;
mod statements;
mod stored;
mod tax;
mod units;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use answer::{AdminError, Answer, EnrolError, OpenError, TaxAnswer, TaxError, Unavailable};
pub use certificates::{Issued, Revocation, Revoked, Standing};
pub use gathering::Gathering;
pub use handle::{Centre, CodeOrder, Head};
pub use pension::{PensionAnswer, PensionAsk, PensionError, PensionNews, Renewal, UnitAtPension};
pub use persons::Amendment;
pub use rosters::{RosterAnswer, RosterAsk, RosterNews};
pub use tax::{Outgoing, OutgoingContent, RawLine, RawPosting, TaxEvent};
