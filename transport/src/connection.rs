//! A connection with one peer, and what is counted about it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use quinn::VarInt;
use tokio::sync::OwnedSemaphorePermit;

/// Which transport carries a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// QUIC over UDP.
    Quic,
}

impl Transport {
    /// Its name in `status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quic => "quic",
        }
    }
}

/// What a connection has carried so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statistics {
    /// The transport in use.
    pub transport: Transport,
    /// Bytes of stream data written; the handshake and packet headers are not among them.
    pub sent: u64,
    /// Bytes of stream data read.
    pub received: u64,
    /// Bytes of UDP payload sent, all included.
    pub datagram_bytes_sent: u64,
    /// Bytes of UDP payload received, all included.
    pub datagram_bytes_received: u64,
}

/// A connection with one peer. It closes when it is dropped.
#[derive(Debug)]
pub struct Connection {
    quic: quinn::Connection,
    counters: Counters,
    /// A client's socket lives as long as its connection.
    _socket: Option<quinn::Endpoint>,
    /// A server's place among its concurrent connections.
    _place: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Counters {
    pub(crate) fn add_sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Connection {
    pub(crate) fn of_client(quic: quinn::Connection, socket: quinn::Endpoint) -> Self {
        Self {
            quic,
            counters: Counters::default(),
            _socket: Some(socket),
            _place: None,
        }
    }

    pub(crate) fn of_server(quic: quinn::Connection, place: OwnedSemaphorePermit) -> Self {
        Self {
            quic,
            counters: Counters::default(),
            _socket: None,
            _place: Some(place),
        }
    }

    /// Where the peer is.
    #[must_use]
    pub fn peer_address(&self) -> SocketAddr {
        self.quic.remote_address()
    }

    /// What has been carried so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let quic = self.quic.stats();
        Statistics {
            transport: Transport::Quic,
            sent: self.counters.sent.load(Ordering::Relaxed),
            received: self.counters.received.load(Ordering::Relaxed),
            datagram_bytes_sent: quic.udp_tx.bytes,
            datagram_bytes_received: quic.udp_rx.bytes,
        }
    }

    /// Closes the connection at once; the peer sees `reason`.
    pub fn close(&self, reason: &str) {
        self.quic.close(VarInt::from_u32(0), reason.as_bytes());
    }

    pub(crate) fn quic(&self) -> &quinn::Connection {
        &self.quic
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close("dropped");
    }
}
