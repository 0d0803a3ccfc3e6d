//! Endpoints: a client that connects, a server that accepts, both within limits.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use canbao_core::refusal::RefusalName;
use canbao_core::signing::{PublicKey, SigningKey};
use quinn::crypto::rustls::{HandshakeData, QuicClientConfig, QuicServerConfig};
use quinn::{IdleTimeout, TransportConfig, TransportErrorCode, VarInt};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::Connection;
use crate::tls::{self, Alpn};

/// How long a handshake may take before a server counts as unreachable. A closed UDP port
/// gives no answer, so that only time can tell.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(5);

const IDLE: Duration = Duration::from_secs(30);
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const CLIENT_RECEIVES: u32 = 1024 * 1024;
/// Of one connection; times the concurrent ones, what peers can make the server hold.
const SERVER_RECEIVES: u32 = 256 * 1024;
const SEND_WINDOW: u64 = 1024 * 1024;

/// Why a client has no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No socket could be opened here.
    #[error("no socket could be opened: {0}")]
    Socket(#[source] std::io::Error),
    /// The address cannot be one of a server.
    #[error("{addr} is not an address to connect to")]
    BadAddress {
        /// The address.
        addr: SocketAddr,
    },
    /// Nothing answered in time.
    #[error("{addr} does not answer")]
    Unreachable {
        /// The address.
        addr: SocketAddr,
    },
    /// The server showed another key than the one expected.
    #[error("{addr} is another server: it shows {found} instead of {expected}")]
    WrongServer {
        /// The address.
        addr: SocketAddr,
        /// The key expected.
        expected: PublicKey,
        /// The key shown.
        found: PublicKey,
    },
    /// The server has no place for a further connection.
    #[error("{addr} has no place for a further connection")]
    Full {
        /// The address.
        addr: SocketAddr,
    },
    /// What answers does not speak this protocol, or refused the handshake.
    #[error("{addr} did not complete the handshake: {detail}")]
    Handshake {
        /// The address.
        addr: SocketAddr,
        /// What happened.
        detail: String,
    },
}

impl ConnectError {
    /// The name of this error for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Socket(_) => "transport.no_socket",
            Self::BadAddress { .. } => "transport.bad_address",
            Self::Unreachable { .. } => "transport.unreachable",
            Self::WrongServer { .. } => "transport.wrong_server",
            Self::Full { .. } => "transport.server_full",
            Self::Handshake { .. } => "transport.handshake",
        }
    }
}

/// A client: connects with its device's key, or without one for enrolment.
#[derive(Debug)]
pub struct ClientEndpoint {
    key: Option<Arc<CertifiedKey>>,
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub connection: Connection,
    /// The key that the server proved to hold.
    pub server: PublicKey,
}

impl ClientEndpoint {
    /// A client that shows this device's key, or none.
    #[must_use]
    pub fn new(device_key: Option<&SigningKey>) -> Self {
        Self {
            key: device_key.map(tls::certified),
        }
    }

    /// Connects within [`CONNECT_WITHIN`]. When another server than `expected` answers, the
    /// client refuses it before it shows its own key.
    ///
    /// # Errors
    /// [`ConnectError`].
    ///
    /// # Panics
    /// Never: the cipher suites are fixed.
    pub async fn connect(
        &self,
        addr: SocketAddr,
        expected: Option<PublicKey>,
        alpn: Alpn,
    ) -> Result<Connected, ConnectError> {
        let found = Arc::new(OnceLock::new());
        let tls = tls::client_config(self.key.clone(), expected, Arc::clone(&found), alpn);
        let tls = QuicClientConfig::try_from(tls).expect("TLS 1.3 with AES-128-GCM");
        let mut config = quinn::ClientConfig::new(Arc::new(tls));
        let mut transport = transport_config(CLIENT_RECEIVES);
        transport.keep_alive_interval(Some(KEEP_ALIVE));
        config.transport_config(Arc::new(transport));

        let local: SocketAddr = match addr {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = quinn::Endpoint::client(local).map_err(ConnectError::Socket)?;
        // The name is not looked at: the server is known by its key.
        let connecting = socket
            .connect_with(config, addr, "canbao")
            .map_err(|_| ConnectError::BadAddress { addr })?;
        let quic = match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok(quic)) => quic,
            Err(_) | Ok(Err(quinn::ConnectionError::TimedOut)) => {
                return Err(ConnectError::Unreachable { addr });
            }
            Ok(Err(error)) => return Err(refused(addr, expected, found.get(), &error)),
        };
        let server = *found.get().expect("a handshake verifies the server's key");
        Ok(Connected {
            connection: Connection::of_client(quic, socket),
            server,
        })
    }
}

/// What a server bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most concurrent connections, handshakes included.
    pub connections: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2048,
            handshake: Duration::from_secs(10),
        }
    }
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
#[error("{addr} cannot be listened on: {source}")]
pub struct BindError {
    /// The address.
    pub addr: SocketAddr,
    /// What the system says.
    pub source: std::io::Error,
}

impl BindError {
    /// The name of this error for screens and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "transport.bind"
    }
}

/// A server that accepts connections for sync and enrolment.
#[derive(Debug)]
pub struct ServerEndpoint {
    endpoint: quinn::Endpoint,
    places: Arc<Semaphore>,
    limits: Limits,
}

/// A connection that has not shaken hands yet.
#[derive(Debug)]
pub struct Handshake {
    incoming: quinn::Incoming,
    place: OwnedSemaphorePermit,
    within: Duration,
}

/// A connection after its handshake.
#[derive(Debug)]
pub enum Accepted {
    /// A device that proved to hold its key.
    Sync {
        /// The connection.
        connection: Connection,
        /// The device's key.
        device: PublicKey,
    },
    /// A client that wants to enrol.
    Enrol {
        /// The connection.
        connection: Connection,
    },
}

/// Why a connection was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The handshake took too long.
    #[error("the handshake took too long")]
    TooSlow,
    /// The handshake failed.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// A client of a sync session showed no key.
    #[error("a sync session without a device key")]
    NoDeviceKey,
}

impl AcceptError {
    /// The name of this error for logs and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooSlow => "transport.handshake_too_slow",
            Self::Handshake(_) => "transport.handshake",
            Self::NoDeviceKey => NO_DEVICE_KEY,
        }
    }
}

const NO_DEVICE_KEY: &str = RefusalName::TransportNoDeviceKey.as_str();

impl ServerEndpoint {
    /// Listens on `addr` with the server's TLS key. Within a tokio runtime.
    ///
    /// # Errors
    /// [`BindError`].
    ///
    /// # Panics
    /// Never: the cipher suites are fixed.
    pub fn bind(addr: SocketAddr, key: &SigningKey, limits: Limits) -> Result<Self, BindError> {
        let tls = QuicServerConfig::try_from(tls::server_config(key)).expect("TLS 1.3");
        let mut config = quinn::ServerConfig::with_crypto(Arc::new(tls));
        config.transport_config(Arc::new(transport_config(SERVER_RECEIVES)));
        config.max_incoming(limits.connections);
        let endpoint =
            quinn::Endpoint::server(config, addr).map_err(|source| BindError { addr, source })?;
        let places = Arc::new(Semaphore::new(limits.connections));
        Ok(Self {
            endpoint,
            places,
            limits,
        })
    }

    /// Where it listens; the port is a real one even when 0 was asked for.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// The next connection that has a place; `None` after [`ServerEndpoint::close`]. Those
    /// without a place are refused. Complete it in a task of its own.
    pub async fn accept(&self) -> Option<Handshake> {
        loop {
            let incoming = self.endpoint.accept().await?;
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                incoming.refuse();
                continue;
            };
            // When it gets crowded, an address must prove that it receives before it costs.
            let crowded = self.places.available_permits() < self.limits.connections / 2;
            if crowded && incoming.may_retry() && !incoming.remote_address_validated() {
                // An error means that it was retried already, and `may_retry` excluded that.
                let _ = incoming.retry();
                continue;
            }
            return Some(Handshake {
                incoming,
                place,
                within: self.limits.handshake,
            });
        }
    }

    /// Closes every connection and stops accepting.
    pub fn close(&self, reason: &str) {
        self.endpoint.close(VarInt::from_u32(0), reason.as_bytes());
    }
}

impl Handshake {
    /// Where the client is.
    #[must_use]
    pub fn peer_address(&self) -> SocketAddr {
        self.incoming.remote_address()
    }

    /// Completes the handshake.
    ///
    /// # Errors
    /// [`AcceptError`].
    pub async fn complete(self) -> Result<Accepted, AcceptError> {
        let failed = |error: quinn::ConnectionError| AcceptError::Handshake(error.to_string());
        let connecting = self.incoming.accept().map_err(failed)?;
        let quic = tokio::time::timeout(self.within, connecting)
            .await
            .map_err(|_| AcceptError::TooSlow)?
            .map_err(failed)?;
        let alpn = agreed_alpn(&quic)
            .ok_or_else(|| AcceptError::Handshake("no protocol was agreed".to_owned()))?;
        let device = peer_key(&quic);
        let connection = Connection::of_server(quic, self.place);
        match (alpn, device) {
            (Alpn::Enrol, _) => Ok(Accepted::Enrol { connection }),
            (Alpn::Sync, Some(device)) => Ok(Accepted::Sync { connection, device }),
            (Alpn::Sync, None) => {
                connection.close(NO_DEVICE_KEY);
                Err(AcceptError::NoDeviceKey)
            }
        }
    }
}

fn transport_config(receives: u32) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from_u32(receives))
        .receive_window(VarInt::from_u32(receives))
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(IdleTimeout::try_from(IDLE).expect("30 s fit")));
    config
}

fn refused(
    addr: SocketAddr,
    expected: Option<PublicKey>,
    found: Option<&PublicKey>,
    error: &quinn::ConnectionError,
) -> ConnectError {
    if let (Some(expected), Some(&found)) = (expected, found)
        && expected != found
    {
        return ConnectError::WrongServer {
            addr,
            expected,
            found,
        };
    }
    match error {
        quinn::ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::CONNECTION_REFUSED =>
        {
            ConnectError::Full { addr }
        }
        error => ConnectError::Handshake {
            addr,
            detail: error.to_string(),
        },
    }
}

fn agreed_alpn(quic: &quinn::Connection) -> Option<Alpn> {
    let data = quic.handshake_data()?.downcast::<HandshakeData>().ok()?;
    Alpn::from_label(&data.protocol?)
}

fn peer_key(quic: &quinn::Connection) -> Option<PublicKey> {
    let shown = quic
        .peer_identity()?
        .downcast::<Vec<CertificateDer<'static>>>()
        .ok()?;
    match shown.as_slice() {
        [spki] => tls::public_key(spki),
        _ => None,
    }
}
