//! New keys of a device and its operators, by the keys they have.

use canbao_core::certificate::{Certificate, RootHash};
use canbao_core::enrolment::{Rekey, RekeyAnswer};
use canbao_core::facts::{Fact, Revoker};
use canbao_core::ids::CertificateSerial;
use canbao_core::signed::{Signed, encode};
use canbao_core::sync::enrolment::MAX_ENROLMENT;
use canbao_core::time::Timestamp;

use super::answer::{EnrolError, Unavailable};
use super::certificates::Standing;
use super::desk::Desk;
use super::places;

/// The reason of the revocations that follow.
const REPLACED: &str = "replaced";

impl Desk {
    /// Certifies new keys for the mandates and terms of certificates in force, and revokes those,
    /// all in one commit; the same request again gets the same certificates.
    pub(super) fn rekey(
        &mut self,
        rekey: &Rekey,
        now: Timestamp,
    ) -> Result<Result<RekeyAnswer, EnrolError>, Unavailable> {
        let claim = &rekey.claim;
        if claim.root != RootHash::of(&self.keys.trust.root) {
            return Ok(Err(EnrolError::OtherCentre));
        }
        if !rekey.is_well_formed() {
            return Ok(Err(EnrolError::Malformed));
        }
        let mut before = Vec::with_capacity(claim.operators.len());
        for replacement in &claim.operators {
            let Some(issued) = self.led_to(&places::certificate(replacement.serial))? else {
                return Ok(Err(EnrolError::UnknownCertificate));
            };
            before.push(self.certificate_at(issued)?.1);
        }
        if rekey.verify(&before).is_err() {
            return Ok(Err(EnrolError::BadProof));
        }
        if before.iter().any(|it| it.device != claim.device) {
            return Ok(Err(EnrolError::OtherDevice));
        }
        // The other half is for signatures and the chain.
        if before.iter().map(|it| encode(it).len()).sum::<usize>() > MAX_ENROLMENT / 2 {
            return Ok(Err(EnrolError::TooLarge));
        }
        if let Some(made) = self.rekeyed_before(rekey, &before)? {
            return Ok(Ok(self.rekey_answer(made)));
        }
        for certificate in &before {
            match self.standing(certificate, now)? {
                Standing::InForce => {}
                Standing::Revoked => return Ok(Err(EnrolError::CertificateRevoked)),
                Standing::Expired => return Ok(Err(EnrolError::CertificateExpired)),
            }
        }
        if !self.certificates_of(&claim.device_key)?.is_empty() {
            return Ok(Err(EnrolError::OtherDevice));
        }
        let made = self.replace(rekey, &before, now)?;
        Ok(Ok(self.rekey_answer(made)))
    }

    fn replace(
        &mut self,
        rekey: &Rekey,
        before: &[Certificate],
        now: Timestamp,
    ) -> Result<Vec<Signed>, Unavailable> {
        let mut made = Vec::with_capacity(before.len());
        for (old, replacement) in before.iter().zip(&rekey.claim.operators) {
            // The term stays the one that the administration granted.
            let new = Certificate {
                serial: self.take_serial(),
                operator_key: replacement.operator_key,
                device_key: rekey.claim.device_key,
                issued_at: now,
                ..old.clone()
            };
            let certificate = new.issue(&self.keys.authority);
            made.push(certificate.clone());
            let enrolled = Fact::DeviceEnrolled {
                certificate,
                code_hash: None,
            };
            self.append(enrolled, now)?;
            self.revoke_one(old, REPLACED, Revoker::Holder(new.serial), now)?;
        }
        Ok(made)
    }

    /// The certificates of the same request, where it was answered before.
    fn rekeyed_before(
        &self,
        rekey: &Rekey,
        before: &[Certificate],
    ) -> Result<Option<Vec<Signed>>, Unavailable> {
        let mut made = Vec::with_capacity(before.len());
        for (old, replacement) in before.iter().zip(&rekey.claim.operators) {
            let Some(serial) = self.replaced_by(old.serial)? else {
                return Ok(None);
            };
            let Some(issued) = self.led_to(&places::certificate(serial))? else {
                return Ok(None);
            };
            let (signed, new) = self.certificate_at(issued)?;
            let same = new.operator_key == replacement.operator_key
                && new.device_key == rekey.claim.device_key;
            if !same {
                return Ok(None);
            }
            made.push(signed);
        }
        Ok(Some(made))
    }

    /// The certificate that its holder has instead of this one.
    fn replaced_by(
        &self,
        serial: CertificateSerial,
    ) -> Result<Option<CertificateSerial>, Unavailable> {
        let Some(revoked) = self.led_to(&places::revoked(serial))? else {
            return Ok(None);
        };
        Ok(match self.fact_at(revoked)? {
            Some(Fact::CertificateRevoked {
                by: Revoker::Holder(successor),
                ..
            }) => Some(successor),
            _ => None,
        })
    }

    fn rekey_answer(&self, certificates: Vec<Signed>) -> RekeyAnswer {
        RekeyAnswer {
            certificates,
            chain: self.keys.chain.clone(),
        }
    }
}
