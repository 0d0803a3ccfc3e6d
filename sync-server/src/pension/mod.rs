//! The pension side's adapter: the client side of `docs/pension-interface.yaml`, and the same
//! feed as a file.
//!
//! A feed is read whole or not at all. Nothing is kept here that the log does not hold: the
//! adapter can be stopped at any moment.

mod adapter;
mod client;
mod fetch;
mod reading;
mod wire;

pub use adapter::Adapter;
pub use client::Client;
pub use fetch::{NoFeed, fetch_feed, take_file};
