//! What a device sees: the union of what its operators' certificates in force cover, and for a
//! while what one of them covered that expired.

use std::collections::BTreeSet;
use std::sync::Arc;

use canbao_core::certificate::{Certificate, Mandate};
use canbao_core::facts::Audience;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::{PublicKey, hash_parts};
use canbao_core::sync::hub::Visible;
use canbao_core::sync::message::MAX_PARTS;
use canbao_core::sync::{Part, Refusal};
use canbao_core::time::Timestamp;

use crate::centre::{Centre, Issued, Standing, Unavailable};

/// For so many seconds, thirty days, what an expired certificate covered stays in the scope of a
/// device that has another one in force: a device purges what leaves its scope, and what it had
/// not sent yet must be there still when a renewal comes late. Nothing can be signed meanwhile.
const GRACE: i64 = 30 * 24 * 60 * 60;

/// The audiences of one device.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// Without repeats, in order.
    pub(super) audiences: Arc<[Audience]>,
    /// Those of them that a device always has by the feed; the others, its documents, may come
    /// late.
    pub(super) at_once: Arc<[Audience]>,
    /// Another one for other audiences.
    pub(super) version: u64,
    /// The centre's count of changes that this was made at.
    pub(super) scopes: u64,
    /// When the first of the certificates expires, or leaves the scope after that.
    pub(super) until: Timestamp,
}

impl Default for Scope {
    /// Nothing at all: before a device is admitted.
    fn default() -> Self {
        Self {
            audiences: Arc::from([]),
            at_once: Arc::from([]),
            version: 0,
            scopes: 0,
            until: Timestamp(0),
        }
    }
}

impl Scope {
    /// The scope of a device now.
    pub(super) fn of(
        centre: &Centre,
        device: &PublicKey,
        now: Timestamp,
        scopes: u64,
    ) -> Result<Result<Self, Refusal>, Unavailable> {
        let issued = centre.certificates_of(device)?;
        if issued.is_empty() {
            return Ok(Err(Refusal::new(RefusalName::PeersUnknownDevice, "")));
        }
        let in_force = || {
            let counts = |it: &&Issued| it.standing(now) == Standing::InForce;
            issued.iter().filter(counts).map(|it| &it.certificate)
        };
        let Some(first) = in_force().map(|it| it.expires_at).min() else {
            return Ok(Err(none_in_force(&issued)));
        };
        let expired = || {
            let spared = |it: &&Issued| {
                it.standing(now) == Standing::Expired && now < leaves(&it.certificate)
            };
            issued.iter().filter(spared).map(|it| &it.certificate)
        };
        let until = expired().map(leaves).fold(first, Timestamp::min);
        let mut audiences = BTreeSet::new();
        audiences.insert(Audience::Everyone);
        for certificate in in_force().chain(expired()) {
            add(&mut audiences, centre, &certificate.mandate)?;
        }
        if let Err(refusal) = fits(audiences.len()) {
            return Ok(Err(refusal));
        }
        let audiences: Arc<[Audience]> = audiences.into_iter().collect();
        let at_once = audiences.iter().filter(|it| !it.is_of_documents());
        let at_once = at_once.copied().collect();
        let version = version_of(&audiences);
        Ok(Ok(Self {
            audiences,
            at_once,
            version,
            scopes,
            until,
        }))
    }

    /// The scope as the protocol has it.
    pub(super) fn visible(&self) -> Visible {
        let late = self.audiences.iter().filter(|it| it.is_of_documents());
        Visible {
            version: self.version,
            parts: parts_of(self.audiences.iter()),
            late: parts_of(late),
        }
    }

    /// The audience of a part, where it is in the scope.
    pub(super) fn audience(&self, part: &Part) -> Option<Audience> {
        let audience = Audience::of_key(&part.0)?;
        let found = self.audiences.binary_search(&audience);
        found.is_ok().then_some(audience)
    }
}

/// In ascending order.
fn parts_of<'a>(audiences: impl Iterator<Item = &'a Audience>) -> Vec<Part> {
    let mut parts: Vec<Part> = audiences.map(|it| Part(it.key())).collect();
    parts.sort_unstable();
    parts
}

/// When what a certificate covers leaves the scope.
fn leaves(certificate: &Certificate) -> Timestamp {
    Timestamp(certificate.expires_at.0.saturating_add(GRACE))
}

/// Why a device has no session although it is known: the newest reason given for it.
fn none_in_force(issued: &[Issued]) -> Refusal {
    match issued.iter().rev().find_map(|it| it.revoked.as_ref()) {
        Some(revoked) => Refusal::new(RefusalName::PeersCertificateRevoked, &revoked.reason),
        None => Refusal::new(RefusalName::PeersCertificateExpired, ""),
    }
}

fn add(
    audiences: &mut BTreeSet<Audience>,
    centre: &Centre,
    mandate: &Mandate,
) -> Result<(), Unavailable> {
    match mandate {
        Mandate::Employer(units) => {
            audiences.extend(units.iter().map(|unit| Audience::Unit(*unit)));
            audiences.extend(units.iter().map(|unit| Audience::Employer(*unit)));
        }
        Mandate::Agency(district) => {
            audiences.insert(Audience::Agency(*district));
            audiences.extend(centre.units_of(*district)?.into_iter().map(Audience::Unit));
        }
        Mandate::Centre => {
            audiences.insert(Audience::Centre);
        }
    }
    Ok(())
}

/// Whether a scope of so many parts can be told.
fn fits(parts: usize) -> Result<(), Refusal> {
    if parts <= MAX_PARTS {
        return Ok(());
    }
    let detail = format!("{parts} of {MAX_PARTS}");
    Err(Refusal::new(RefusalName::PeersScopeTooLarge, &detail))
}

fn version_of(audiences: &[Audience]) -> u64 {
    let keys: Vec<Vec<u8>> = audiences.iter().map(Audience::key).collect();
    let parts: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let hash = hash_parts("canbao/scope/1", &parts);
    hash.first_chunk().map_or(0, |it| u64::from_be_bytes(*it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_cannot_be_told_is_refused_by_name() {
        assert_eq!(fits(MAX_PARTS), Ok(()));
        let refused = fits(MAX_PARTS + 1).unwrap_err();
        assert_eq!(refused.code(), "peers.scope_too_large");
    }
}
