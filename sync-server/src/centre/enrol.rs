//! Enrolment codes, and the certificates they are used up for.

use canbao_core::certificate::{Certificate, Mandate, RootHash};
use canbao_core::enrolment::{self, EnrolmentCode};
use canbao_core::facts::Fact;
use canbao_core::signed::Signed;
use canbao_core::time::Timestamp;

use super::answer::{AdminError, EnrolError, Unavailable};
use super::desk::Desk;
use super::handle::CodeOrder;
use super::places;
use super::stored::unreadable;

/// For how many seconds a certificate is in force: two years.
const CERTIFICATE_SECONDS: i64 = 2 * 365 * 24 * 60 * 60;

impl Desk {
    /// Issues a code for a mandate whose units and district exist.
    pub(super) fn issue_code(
        &mut self,
        order: CodeOrder,
        now: Timestamp,
    ) -> Result<Result<EnrolmentCode, AdminError>, Unavailable> {
        if let Some(error) = self.outside(&order.mandate)? {
            return Ok(Err(error));
        }
        let root = RootHash::of(&self.keys.trust.root);
        let code = EnrolmentCode {
            root,
            secret: order.secret,
        };
        let issued = Fact::CodeIssued {
            code_hash: code.secret_hash(),
            mandate: order.mandate,
            operator_name: order.operator_name,
            expires_at: Timestamp(now.0.saturating_add(i64::from(order.valid_seconds))),
        };
        let position = self.append(issued, now)?;
        tracing::info!(position = position.0, "enrolment code issued");
        Ok(Ok(code))
    }

    fn outside(&self, mandate: &Mandate) -> Result<Option<AdminError>, Unavailable> {
        Ok(match mandate {
            Mandate::Employer(units) if units.is_empty() => Some(AdminError::EmptyMandate),
            Mandate::Employer(units) => {
                let mut unknown = None;
                for unit in units {
                    if self.look_up(&places::unit(*unit))?.is_none() {
                        unknown = Some(AdminError::UnknownUnit(*unit));
                        break;
                    }
                }
                unknown
            }
            Mandate::Agency(district) => (!self.common.agencies.contains_key(district))
                .then_some(AdminError::UnknownDistrict(*district)),
            Mandate::Centre => None,
        })
    }

    /// Uses a code up for the keys of a request, or answers the same request again.
    pub(super) fn enrol(
        &mut self,
        request: &enrolment::Request,
        now: Timestamp,
    ) -> Result<Result<enrolment::Answer, EnrolError>, Unavailable> {
        let (claim, code_hash) = (&request.claim, request.secret_hash());
        if claim.root != RootHash::of(&self.keys.trust.root) {
            return Ok(Err(EnrolError::OtherCentre));
        }
        if request.verify().is_err() {
            return Ok(Err(EnrolError::BadProof));
        }
        let Some(issued) = self.led_to(&places::code_issued(&code_hash))? else {
            return Ok(Err(EnrolError::CodeUnknown));
        };
        if let Some(used) = self.led_to(&places::code_used(&code_hash))? {
            let (signed, made) = self.certificate_at(used)?;
            let same = made.operator_key == claim.operator_key
                && made.device_key == claim.device_key
                && made.operator == claim.operator
                && made.device == claim.device;
            return Ok(if same {
                Ok(self.answer(signed))
            } else {
                Err(EnrolError::CodeUsed)
            });
        }
        let Some(Fact::CodeIssued {
            mandate,
            operator_name,
            expires_at,
            ..
        }) = self.fact_at(issued)?
        else {
            return Err(unreadable(issued.0, &"no enrolment code"));
        };
        if now >= expires_at {
            return Ok(Err(EnrolError::CodeExpired));
        }
        let others = self.certificates_of(&claim.device_key)?;
        if others.iter().any(|it| it.device != claim.device) {
            return Ok(Err(EnrolError::OtherDevice));
        }
        let certificate = Certificate {
            serial: self.take_serial(),
            mandate,
            operator: claim.operator,
            operator_name,
            operator_key: claim.operator_key,
            device: claim.device,
            device_key: claim.device_key,
            issued_at: now,
            expires_at: Timestamp(now.0.saturating_add(CERTIFICATE_SECONDS)),
        };
        let signed = certificate.issue(&self.keys.authority);
        let enrolled = Fact::DeviceEnrolled {
            certificate: signed.clone(),
            code_hash: Some(code_hash),
        };
        let position = self.append(enrolled, now)?;
        tracing::info!(
            position = position.0,
            serial = certificate.serial.0,
            "device enrolled"
        );
        Ok(Ok(self.answer(signed)))
    }

    fn answer(&self, certificate: Signed) -> enrolment::Answer {
        enrolment::Answer {
            certificate,
            chain: self.keys.chain.clone(),
        }
    }
}
