//! Everything about declaring, assessing and recording unemployment insurance that is true
//! without a network, a clock or a window.
//!
//! Time, randomness and ids are arguments; the only module that touches the world is [`store`].

pub mod identity;
pub mod ids;
pub mod money;
pub mod month;
pub mod parameters;

pub mod contribution;
pub mod declaration;
pub mod message;
pub mod panics;

pub mod certificate;
pub mod enrolment;
pub mod passphrase;
pub mod refusal;
pub mod retirement;
pub mod signed;
pub mod signing;
pub mod statement;
pub mod time;

pub mod admission;
pub mod comparison;
pub mod document;
pub mod facts;
pub mod ledger;
pub mod newest;
pub mod pension;
pub mod structure;
pub mod sync;

pub mod store;
