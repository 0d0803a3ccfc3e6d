//! The centre: peers, intake, tax, the public log over HTTP.

pub mod admin;
pub mod args;
pub mod baseline;
pub mod border;
pub mod centre;
pub mod contact;
pub mod http;
pub mod init;
pub mod keys;
mod members;
pub mod metrics;
pub mod peers;
pub mod pension;
pub mod remote;
pub mod rotate;
pub mod serve;
pub mod tax;
