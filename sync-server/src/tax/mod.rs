//! The tax bureau's adapter: the client side of `docs/tax-interface.yaml`.
//!
//! It sends what waits and takes in the bureau's events in order, driven by the growth of the
//! log and by time. What it must not forget lies in the log: that an attempt began, how it ended,
//! and up to which event everything was taken in. It can therefore be stopped at any moment.

mod adapter;
mod client;
mod event;
mod roster;
mod rosters;
mod sent;
mod wire;

pub use adapter::{Adapter, EVENTS_AT_ONCE};
pub use client::Client;
pub use roster::{NoRoster, fetch_roster};
