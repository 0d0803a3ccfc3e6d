//! The engine against a real store: stories, repeats, refusals, failures, views derived again.

mod failures;
pub(crate) mod fixture;
mod refusals;
mod repeats;
mod revocation;
mod story;
mod views;
