//! Certificates as the log has them: issued at one place, revoked from another on.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use canbao_core::certificate::Certificate;
use canbao_core::facts::{Fact, Revoker};
use canbao_core::ids::{CertificateSerial, Position};
use canbao_core::signed::Signed;
use canbao_core::signing::PublicKey;
use canbao_core::store::Store;
use canbao_core::time::Timestamp;

use super::answer::{AdminError, Unavailable};
use super::desk::Desk;
use super::places;
use super::stored::{read_at, unreadable};
use crate::keys::Keys;

/// The most certificates looked at for one device: operators of one PC, and those before them.
const OPERATORS: usize = 256;

/// A certificate, and how it ended where it was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// What the authority certified.
    pub certificate: Certificate,
    /// The revocation.
    pub revoked: Option<Revoked>,
}

/// How a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// From where in the feed it is refused.
    pub position: Position,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Revoker,
}

/// Whether a certificate still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    InForce,
    /// It was revoked, whether or not it has expired since.
    Revoked,
    /// It is past its expiry, by the centre's clock.
    Expired,
}

impl Issued {
    /// Whether it counts at this time.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        standing(&self.certificate, self.revoked.is_some(), now)
    }
}

/// The revocation of a certificate, or of every certificate of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Which.
    pub serial: CertificateSerial,
    /// Every certificate of the same device with it: the device is lost.
    pub whole_device: bool,
    /// Why, at most [`canbao_core::facts::MAX_REVOCATION_REASON`] characters.
    pub reason: String,
}

fn standing(certificate: &Certificate, revoked: bool, now: Timestamp) -> Standing {
    if revoked {
        Standing::Revoked
    } else if now >= certificate.expires_at {
        Standing::Expired
    } else {
        Standing::InForce
    }
}

/// Certificates that were read and verified: none ever changes, and each statement asks for its
/// signer's. Whether one is in force is judged apart.
#[derive(Default)]
pub(super) struct Opened(Mutex<HashMap<CertificateSerial, Certificate>>);

/// The most that are kept; then they are read anew.
const OPENED: usize = 1_024;

impl Opened {
    /// A certificate of this authority by its serial, in force or not.
    pub(super) fn certificate_of(
        &self,
        store: &Store,
        keys: &Keys,
        serial: CertificateSerial,
    ) -> Result<Option<Certificate>, Unavailable> {
        if let Some(known) = self.lock().get(&serial) {
            return Ok(Some(known.clone()));
        }
        let (view, key) = places::certificate(serial);
        let position = store.view(view, &key)?.as_deref().and_then(places::number);
        let Some(position) = position else {
            return Ok(None);
        };
        let read = certificate_at(store, keys, position)?;
        let mut known = self.lock();
        if known.len() >= OPENED {
            known.clear();
        }
        known.insert(serial, read.clone());
        Ok(Some(read))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CertificateSerial, Certificate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every certificate issued to a device, by serial.
pub(super) fn certificates_of(
    store: &Store,
    keys: &Keys,
    device: &PublicKey,
) -> Result<Vec<Issued>, Unavailable> {
    let (view, prefix) = places::device(device);
    store
        .view_prefix(view, &prefix, OPERATORS)?
        .iter()
        .filter_map(|(_, position)| places::number(position))
        .map(|position| issued_at(store, keys, position))
        .collect()
}

/// The certificates issued, by serial, at most `limit` behind `after`.
pub(super) fn page(
    store: &Store,
    keys: &Keys,
    after: Option<CertificateSerial>,
    limit: usize,
) -> Result<Vec<Issued>, Unavailable> {
    let (view, from) = places::certificate(after.unwrap_or(CertificateSerial(0)));
    let (_, last) = places::certificate(CertificateSerial(u64::MAX));
    store
        .view_range(view, Bound::Excluded(&from), Bound::Included(&last), limit)?
        .iter()
        .filter_map(|(_, position)| places::number(position))
        .map(|position| issued_at(store, keys, position))
        .collect()
}

fn issued_at(store: &Store, keys: &Keys, position: u64) -> Result<Issued, Unavailable> {
    let certificate = certificate_at(store, keys, position)?;
    let (view, key) = places::revoked(certificate.serial);
    let revoked = store.view(view, &key)?.as_deref().and_then(places::number);
    let revoked = revoked.map(|it| revoked_at(store, it)).transpose()?;
    Ok(Issued {
        certificate,
        revoked,
    })
}

fn revoked_at(store: &Store, position: u64) -> Result<Revoked, Unavailable> {
    match read_at(store, position)?.fact {
        Some(Fact::CertificateRevoked { reason, by, .. }) => Ok(Revoked {
            position: Position(position),
            reason,
            by,
        }),
        _ => Err(unreadable(position, &"no revocation")),
    }
}

fn certificate_at(store: &Store, keys: &Keys, position: u64) -> Result<Certificate, Unavailable> {
    let signed = enrolled(read_at(store, position)?.fact)
        .ok_or_else(|| unreadable(position, &"no certificate"))?;
    let opened = Certificate::open(&signed, &keys.trust.authorities);
    opened.map_err(|error| unreadable(position, &error))
}

fn enrolled(fact: Option<Fact>) -> Option<Signed> {
    match fact {
        Some(Fact::DeviceEnrolled { certificate, .. }) => Some(certificate),
        _ => None,
    }
}

impl Desk {
    /// Revokes by order of the administration; gives every certificate meant with the place of
    /// its revocation, which is an earlier one where it was revoked before.
    pub(super) fn revoke(
        &mut self,
        order: &Revocation,
        now: Timestamp,
    ) -> Result<Result<Vec<(CertificateSerial, Position)>, AdminError>, Unavailable> {
        let Some(issued) = self.led_to(&places::certificate(order.serial))? else {
            return Ok(Err(AdminError::UnknownCertificate(order.serial)));
        };
        let (_, named) = self.certificate_at(issued)?;
        let meant = if order.whole_device {
            self.certificates_of(&named.device_key)?
        } else {
            vec![named]
        };
        let mut revoked = Vec::with_capacity(meant.len());
        for certificate in &meant {
            let place =
                self.revoke_one(certificate, &order.reason, Revoker::Administration, now)?;
            revoked.push((certificate.serial, place));
        }
        Ok(Ok(revoked))
    }

    /// Revokes a certificate; one that was revoked before keeps its place.
    pub(super) fn revoke_one(
        &mut self,
        certificate: &Certificate,
        reason: &str,
        by: Revoker,
        now: Timestamp,
    ) -> Result<Position, Unavailable> {
        let serial = certificate.serial;
        if let Some(before) = self.led_to(&places::revoked(serial))? {
            return Ok(before);
        }
        let revoked = Fact::CertificateRevoked {
            serial,
            mandate: certificate.mandate.clone(),
            reason: reason.to_owned(),
            by,
        };
        let position = self.append(revoked, now)?;
        tracing::info!(
            position = position.0,
            serial = serial.0,
            "certificate revoked"
        );
        Ok(position)
    }

    /// Whether a certificate counts now, the group in hand included.
    pub(super) fn standing(
        &self,
        certificate: &Certificate,
        now: Timestamp,
    ) -> Result<Standing, Unavailable> {
        let revoked = self.led_to(&places::revoked(certificate.serial))?;
        Ok(standing(certificate, revoked.is_some(), now))
    }

    /// Every certificate of a device's key, the group in hand included.
    pub(super) fn certificates_of(
        &self,
        device: &PublicKey,
    ) -> Result<Vec<Certificate>, Unavailable> {
        let durable = certificates_of(&self.store, &self.keys, device)?;
        let mut all: Vec<Certificate> = durable.into_iter().map(|it| it.certificate).collect();
        for position in self.led_to_by_group(&places::device(device)) {
            all.push(self.certificate_at(position)?.1);
        }
        Ok(all)
    }

    /// A certificate as issued and as read, the group in hand included.
    pub(super) fn certificate_at(
        &self,
        position: Position,
    ) -> Result<(Signed, Certificate), Unavailable> {
        let signed = enrolled(self.fact_at(position)?)
            .ok_or_else(|| unreadable(position.0, &"no certificate"))?;
        let opened = Certificate::open(&signed, &self.keys.trust.authorities);
        let certificate = opened.map_err(|error| unreadable(position.0, &error))?;
        Ok((signed, certificate))
    }
}
