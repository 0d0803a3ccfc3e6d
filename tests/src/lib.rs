//! Harness of the tests: what more than one of them needs.

pub mod harness;
pub mod openapi;
pub mod recording_proxy;
pub mod simulation;
pub mod simulator;
pub mod story;
pub mod stranger;
