//! A bad line of one's own: datagrams pass late, or not at all.

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Stands between one device and a server at a time, on this machine.
#[derive(Debug)]
pub struct Relay {
    /// Where the device connects to.
    pub address: SocketAddr,
    line: Arc<Line>,
    threads: Vec<JoinHandle<()>>,
}

/// What both directions share.
#[derive(Debug, Default)]
struct Line {
    /// How late the server's datagrams arrive, in milliseconds.
    delay: AtomicU64,
    /// Whether the server's datagrams are lost.
    cut: AtomicBool,
    /// Whether the server's datagrams wait here.
    held: AtomicBool,
    /// How many of the server's datagrams wait here, and how many were passed on.
    waiting: AtomicU64,
    passed: AtomicU64,
    /// How many of the device's datagrams were lost, and how many more pass before that; `None`
    /// for all.
    lost: AtomicU64,
    passing: Mutex<Option<u64>>,
    ended: AtomicBool,
    device: Mutex<Option<SocketAddr>>,
}

/// How often an idle direction looks whether the relay ended.
const LOOK: Duration = Duration::from_millis(5);

impl Relay {
    /// Relays to a server.
    ///
    /// # Panics
    /// When there is no socket to be had.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        let outer = Arc::new(socket());
        let inner = Arc::new(socket());
        inner.connect(server).expect("a local address");
        let address = outer.local_addr().expect("bound");
        let line = Arc::new(Line::default());
        let threads = vec![
            {
                let (outer, inner, line) = (outer.clone(), inner.clone(), line.clone());
                std::thread::spawn(move || to_server(&outer, &inner, &line))
            },
            {
                let line = line.clone();
                std::thread::spawn(move || to_device(&outer, &inner, &line))
            },
        ];
        Self {
            address,
            line,
            threads,
        }
    }

    /// From now on the server's datagrams arrive so much later.
    pub fn delay(&self, delay: Duration) {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.line.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// From now on nothing of the server arrives, not even what is on its way.
    pub fn cut(&self) {
        self.line.cut.store(true, Ordering::SeqCst);
    }

    /// From now on the server's datagrams wait here.
    pub fn hold(&self) {
        self.line.held.store(true, Ordering::SeqCst);
    }

    /// How many of the server's datagrams wait here.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.line.waiting.load(Ordering::SeqCst)
    }

    /// How many of the server's datagrams were passed on.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.line.passed.load(Ordering::SeqCst)
    }

    /// Only so many more of the device's datagrams reach the server.
    pub fn lose_after(&self, datagrams: u64) {
        self.line.lost.store(0, Ordering::SeqCst);
        *self.line.passing() = Some(datagrams);
    }

    /// How many of the device's datagrams were lost since [`Relay::lose_after`].
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.line.lost.load(Ordering::SeqCst)
    }

    /// From now on everything passes, what waited first.
    pub fn release(&self) {
        *self.line.passing() = None;
        self.line.held.store(false, Ordering::SeqCst);
    }
}

impl Line {
    fn passing(&self) -> MutexGuard<'_, Option<u64>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the next datagram of the device passes.
    fn passes(&self) -> bool {
        match &mut *self.passing() {
            None => true,
            Some(0) => {
                self.lost.fetch_add(1, Ordering::SeqCst);
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.line.ended.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a local socket");
    socket
        .set_read_timeout(Some(LOOK))
        .expect("a timeout above zero");
    socket
}

fn to_server(outer: &UdpSocket, inner: &UdpSocket, line: &Line) {
    let mut buffer = [0; 65_536];
    while !line.ended.load(Ordering::SeqCst) {
        if let Ok((length, from)) = outer.recv_from(&mut buffer) {
            *line.device.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            if line.passes() {
                let _ = inner.send(&buffer[..length]);
            }
        }
    }
}

fn to_device(outer: &UdpSocket, inner: &UdpSocket, line: &Line) {
    let mut buffer = [0; 65_536];
    let mut late: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    while !line.ended.load(Ordering::SeqCst) {
        if let Ok(length) = inner.recv(&mut buffer) {
            let delay = Duration::from_millis(line.delay.load(Ordering::SeqCst));
            late.push_back((Instant::now() + delay, buffer[..length].to_vec()));
        }
        if line.cut.load(Ordering::SeqCst) {
            late.clear();
        }
        let device = *line.device.lock().unwrap_or_else(PoisonError::into_inner);
        while !line.held.load(Ordering::SeqCst)
            && late.front().is_some_and(|(due, _)| *due <= Instant::now())
        {
            if let (Some((_, datagram)), Some(device)) = (late.pop_front(), device) {
                let _ = outer.send_to(&datagram, device);
                line.passed.fetch_add(1, Ordering::SeqCst);
            }
        }
        line.waiting.store(late.len() as u64, Ordering::SeqCst);
    }
}
