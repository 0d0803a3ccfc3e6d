//! Enrolment over QUIC: the chain first, then the request; few tries for each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use canbao_core::enrolment::Ask;
use canbao_core::signed::encode;
use canbao_transport::{Connection, offer_enrolment};

use super::Clock;
use crate::centre::{Centre, EnrolError};

/// The tries of one address within [`WINDOW`].
const TRIES: u32 = 30;
/// How long tries are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How many addresses are counted; more are refused until some are forgotten.
const ADDRESSES: usize = 10_000;

/// Counts the tries of each address.
#[derive(Default)]
pub(super) struct Allowance {
    tries: HashMap<IpAddr, (Instant, u32)>,
}

impl Allowance {
    /// Whether this address may try once more.
    fn take(&mut self, address: IpAddr, now: Instant) -> bool {
        let address = network(address);
        if self.tries.len() >= ADDRESSES && !self.tries.contains_key(&address) {
            self.tries
                .retain(|_, (since, _)| now.duration_since(*since) < WINDOW);
            if self.tries.len() >= ADDRESSES {
                return false;
            }
        }
        let (since, tries) = self.tries.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *tries) = (now, 0);
        }
        *tries += 1;
        *tries <= TRIES
    }
}

/// One customer has as many addresses of version 6 as it likes, in one network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(it) => IpAddr::V6(Ipv6Addr::from(u128::from(it) >> 64 << 64)),
    }
}

/// Serves one enrolment.
pub(super) async fn serve(
    centre: &Centre,
    connection: &Connection,
    allowance: &Mutex<Allowance>,
    clock: &Clock,
) {
    let requested = match offer_enrolment(connection, encode(centre.chain())).await {
        Ok(requested) => requested,
        Err(error) => return tracing::debug!(code = error.code(), "no enrolment"),
    };
    let address = connection.peer_address().ip();
    let allowed = allowance
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take(address, Instant::now());
    let answer = if allowed {
        enrol(centre, requested.request(), clock).await
    } else {
        Err(EnrolError::TooMany)
    };
    let answer = answer.map_err(|error| {
        tracing::warn!(code = error.code(), "not enrolled");
        error.refusal()
    });
    if let Err(error) = requested.answer(answer).await {
        tracing::debug!(code = error.code(), "the answer may not have arrived");
    }
}

async fn enrol(centre: &Centre, bytes: &[u8], clock: &Clock) -> Result<Vec<u8>, EnrolError> {
    match Ask::from_bytes(bytes).map_err(|_| EnrolError::Malformed)? {
        Ask::Enrol(request) => Ok(centre.enrol(request, clock()).await?.to_bytes()),
        Ask::Rekey(rekey) => Ok(centre.rekey(rekey, clock()).await?.to_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_tries_a_window_and_another_has_its_own() {
        let mut allowance = Allowance::default();
        let (start, one) = (Instant::now(), IpAddr::from([192, 0, 2, 1]));
        for _ in 0..TRIES {
            assert!(allowance.take(one, start));
        }
        assert!(!allowance.take(one, start));
        assert!(allowance.take(IpAddr::from([192, 0, 2, 2]), start));
        assert!(allowance.take(one, start + WINDOW));
    }

    #[test]
    fn a_network_of_version_six_counts_as_one_address() {
        let address = |last| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        assert_eq!(network(address(1)), network(address(2)));
    }

    #[test]
    fn the_count_of_addresses_is_bounded() {
        let mut allowance = Allowance::default();
        let start = Instant::now();
        for number in 0..ADDRESSES as u32 {
            assert!(allowance.take(IpAddr::from(number.to_be_bytes()), start));
        }
        assert!(!allowance.take(IpAddr::from([255, 0, 0, 1]), start));
        assert!(allowance.take(IpAddr::from([255, 0, 0, 1]), start + WINDOW));
    }
}
