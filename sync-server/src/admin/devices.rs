//! The certificates of devices: listed, and revoked.

use canbao_core::certificate::Mandate;
use canbao_core::facts::{MAX_REVOCATION_REASON, Revoker};
use canbao_core::ids::CertificateSerial;
use canbao_core::message::{Lang, Message};

use super::desk::text_of;
use super::failure::Failure;
use super::outcome::{DeviceListed, RevocationListed, RevokedNow};
use crate::border;
use crate::centre::{Centre, Issued, Revocation};

/// Certificates are read in pages of so many.
const PAGE: usize = 256;

/// Every certificate, by serial.
pub(super) fn list(centre: &Centre, lang: Lang) -> Result<Vec<DeviceListed>, Failure> {
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = centre
            .certificates(after, PAGE)
            .map_err(|error| Failure::of_unavailable(&error, lang))?;
        let Some(last) = page.last() else {
            return Ok(listed);
        };
        after = Some(last.certificate.serial);
        listed.extend(page.into_iter().map(listed_of));
    }
}

/// Revokes by order of the administrator.
pub(super) async fn revoke(
    centre: &Centre,
    order: Revocation,
    lang: Lang,
) -> Result<Vec<RevokedNow>, Failure> {
    let reason = order.reason.trim().to_owned();
    if !(1..=MAX_REVOCATION_REASON).contains(&reason.chars().count()) {
        let message = Message::bare("admin.revocation_reason").with("most", MAX_REVOCATION_REASON);
        return Err(Failure::refused(&message, lang));
    }
    let revoked = centre
        .revoke(Revocation { reason, ..order }, border::now())
        .await
        .map_err(|error| Failure::of_engine(&error, lang))?;
    let each = revoked.into_iter().map(|(serial, position)| RevokedNow {
        serial: serial.0,
        position: position.0,
    });
    Ok(each.collect())
}

fn listed_of(issued: Issued) -> DeviceListed {
    let Issued {
        certificate,
        revoked,
    } = issued;
    let (role, units, district) = match certificate.mandate {
        Mandate::Employer(units) => ("employer", units, None),
        Mandate::Agency(district) => ("agency", Vec::new(), Some(district)),
        Mandate::Centre => ("centre", Vec::new(), None),
    };
    DeviceListed {
        serial: certificate.serial.0,
        operator: certificate.operator,
        operator_name: certificate.operator_name,
        device: certificate.device,
        role: role.to_owned(),
        units,
        district,
        issued_at: text_of(certificate.issued_at),
        expires_at: text_of(certificate.expires_at),
        revoked: revoked.map(|it| RevocationListed {
            position: it.position.0,
            reason: it.reason,
            replaced_by: match it.by {
                Revoker::Administration => None,
                Revoker::Holder(CertificateSerial(serial)) => Some(serial),
            },
        }),
    }
}
