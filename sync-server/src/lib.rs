//! The centre: peers, intake, tax, the public log over HTTP.

pub mod admin;
pub mod args;
pub mod baseline;
pub mod border;
pub mod centre;
pub mod http;
pub mod init;
pub mod keys;
pub mod metrics;
pub mod peers;
pub mod rotate;
pub mod serve;
pub mod tax;
