//! The employer's and agency's application without its window.
//!
//! One [`App`] per data directory, one door: [`App::dispatch`] for what works offline,
//! [`App::enrol`] and [`App::sync`] for what needs the network. The command line, a local
//! socket and a window use the same door.

pub mod request;
pub mod response;
