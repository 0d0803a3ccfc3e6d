//! Addresses that a program can come back to.

use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that systems hand out on their own: while a program is down, nobody else is
/// given its port.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A local address, free for UDP and TCP now; other processes of a test run look elsewhere first.
///
/// # Panics
/// When no port is free.
pub(super) fn steady_address() -> String {
    let start = std::process::id().wrapping_mul(37);
    (0..COUNT)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
        .map(|at| format!("127.0.0.1:{}", FIRST + at % COUNT))
        .find(|address| UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok())
        .expect("a free port")
}
