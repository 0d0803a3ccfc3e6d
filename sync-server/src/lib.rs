//! The centre: peers, intake, tax, the public log over HTTP.

pub mod border;
pub mod centre;
pub mod keys;
pub mod peers;
