//! The engine against a real store: stories, repeats, refusals, failures, views derived again.

mod failures;
pub(crate) mod fixture;
mod matrix;
mod movements;
mod moves;
mod pension;
mod persons;
mod refusals;
mod repeats;
mod revocation;
mod rotation;
mod story;
mod tax;
mod views;
