//! The tax simulator and the interface's description, held against each other.

mod faults;
mod messages;
mod payments;
mod refusals;
mod sending;
mod simulator;
mod through_the_proxy;
