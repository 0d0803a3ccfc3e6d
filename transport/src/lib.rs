//! Sync sessions over QUIC and questions over a local socket, for client and server alike.
//!
//! Endpoints give connections of TLS 1.3 in which both sides are known by their raw Ed25519
//! keys; pumps run a sans-IO session of `canbao_core::sync` over one stream of a connection,
//! between it and a backend. What a key may do is not known here, nor what the bytes mean.
//! [`local`] joins the processes of one machine, and does not know what they ask.

mod connection;
mod device;
mod endpoint;
mod enrolment;
mod hub;
pub mod local;
mod pump;
mod tls;

pub use connection::{Connection, Statistics, Transport};
pub use device::{DeviceBackend, DeviceEvent, drive_device};
pub use endpoint::{
    AcceptError, Accepted, BindError, CONNECT_WITHIN, ClientEndpoint, ConnectError, Connected,
    Handshake, Limits, ServerEndpoint,
};
pub use enrolment::{EnrolError, EnrolmentRequested, ask_to_enrol, offer_enrolment};
pub use hub::{HubBackend, HubEvent, drive_hub};
pub use pump::SessionEnd;
pub use tls::Alpn;
