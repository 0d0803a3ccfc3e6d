//! The tax simulator and the interface's description, held against each other.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod messages;
mod payments;
mod refusals;
mod rosters;
mod sending;
mod simulator;
mod through_the_proxy;
