//! The engine of the centre: the only writer of the log.
//!
//! [`Centre`] is the handle that everyone shares. What changes the log goes over a bounded
//! channel to one thread, which decides a group of requests against its views, commits the group
//! with one sync and answers only then. Everything else reads what is durable.

mod answer;
mod handle;
mod tax;

pub use answer::{AdminError, Answer, EnrolError, OpenError, TaxError, Unavailable};
pub use handle::{Centre, CodeOrder, Head};
pub use tax::{
    Outgoing, OutgoingContent, RawLine, RawPosting, TaxAnswer, TaxEvent,
};
