//! The employer's and agency's application without its window.
//!
//! One [`App`] per data directory holds everything that is true offline; [`Door::ask`] is the
//! one way in, for the command line, a local socket and a window alike.

pub mod driver;
pub mod request;
pub mod response;
pub mod world;

mod agencies;
mod app;
mod assess;
mod audit;
mod captions;
mod compare;
mod conflicts;
mod declare;
mod door;
mod drafts;
mod enrol;
mod fault;
mod feed;
mod held;
mod identity;
mod import;
mod insured;
mod keyring;
mod notes;
mod outbox;
mod overlay;
mod packs;
mod passphrase;
mod pension;
mod proof;
mod quarantine;
mod queries;
mod records;
mod rekey;
mod repair;
mod review;
mod rows;
mod scope;
mod session;
mod status;
mod submit;
mod succession;
mod sync;
mod tables;
mod transactions;
mod verify;

#[cfg(test)]
mod tests;

pub use app::App;
pub use door::Door;
pub use verify::verify_offline;
