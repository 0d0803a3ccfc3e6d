//! Enrolment over QUIC: the chain first, then the request; few tries for each address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use canbao_core::enrolment::Ask;
use canbao_core::signed::encode;
use canbao_transport::{Connection, offer_enrolment};

use super::Clock;
use super::allowance::Allowance;
use crate::centre::{Centre, EnrolError};

/// The tries of one address within a window.
pub(super) const TRIES: u32 = 30;

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
    allowance: &Mutex<Allowance<IpAddr>>,
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
        .take(network(address), Instant::now());
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
    fn a_network_of_version_six_counts_as_one_address() {
        let address = |last| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        assert_eq!(network(address(1)), network(address(2)));
    }
}
