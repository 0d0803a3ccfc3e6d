//! Who may see and sign what, at every length of the log: certificates and the homes of units.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::certificate::{Certificate, Mandate};
use canbao_core::facts::{Audience, Fact};
use canbao_core::ids::{CertificateSerial, DeviceId, DistrictId, UnitId};
use canbao_core::signed::decode_canonical;
use canbao_core::signing::PublicKey;

/// What the log says of certificates and moves.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    certificates: Vec<Issued>,
    /// The districts of a unit, each with the place from which on it belongs there.
    homes: BTreeMap<UnitId, Vec<(u64, DistrictId)>>,
    /// The lengths of the log at which something of this changed, ascending.
    changes: Vec<u64>,
}

/// A certificate, and where in the log it counts.
#[derive(Debug)]
struct Issued {
    serial: CertificateSerial,
    mandate: Mandate,
    device: DeviceId,
    key: PublicKey,
    /// Its place.
    from: u64,
    /// The place of its revocation.
    until: Option<u64>,
}

impl Issued {
    /// Whether it counts in a log of this length.
    fn is_in_force(&self, length: u64) -> bool {
        self.from < length && self.until.is_none_or(|it| it >= length)
    }
}

impl Scopes {
    /// Takes in the fact at a position.
    pub(super) fn take(&mut self, position: u64, fact: &Fact) {
        match fact {
            Fact::DeviceEnrolled { certificate, .. } => {
                let certificate: Certificate = decode_canonical(&certificate.content)
                    .expect("the centre's certificates are of this program's form");
                self.certificates.push(Issued {
                    serial: certificate.serial,
                    mandate: certificate.mandate,
                    device: certificate.device,
                    key: certificate.device_key,
                    from: position,
                    until: None,
                });
            }
            Fact::CertificateRevoked { serial, .. } => self.end(*serial, position),
            Fact::UnitRegistered(unit) => {
                self.homes.insert(unit.id, vec![(position, unit.district)]);
            }
            Fact::UnitMoved { unit, to, .. } => {
                self.homes.entry(*unit).or_default().push((position, *to));
            }
            Fact::AgencyListed(_)
            | Fact::ParametersAdopted { .. }
            | Fact::SettlementOpened { .. }
            | Fact::VolumeOpened { .. }
            | Fact::VolumeSealed { .. }
            | Fact::PersonsListed { .. }
            | Fact::CodeIssued { .. }
            | Fact::LogKeyChanged { .. }
            | Fact::Received { .. }
            | Fact::NotReceived { .. }
            | Fact::WithdrawalTaken { .. }
            | Fact::DecisionTaken { .. }
            | Fact::AssessmentTaken { .. }
            | Fact::ReceivablesRaised { .. }
            | Fact::TransactionQueued { .. }
            | Fact::TransactionSending { .. }
            | Fact::TransactionReceiving { .. }
            | Fact::Collected { .. }
            | Fact::PostingTaken { .. }
            | Fact::Recorded(_)
            | Fact::IncidentRaised { .. }
            | Fact::BatchAdmitted { .. }
            | Fact::BatchRefused { .. }
            | Fact::TaxEventsTaken { .. }
            | Fact::TaxRosterTaken { .. }
            | Fact::PensionTaken { .. }
            | Fact::ResendTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::PersonAmended { .. }
            | Fact::PersonsMerged { .. }
            | Fact::StatementRefused { .. }
            | Fact::Audited { .. } => return,
        }
        self.changes.push(position + 1);
    }

    /// A certificate counts no more from a place on.
    pub(super) fn end(&mut self, serial: CertificateSerial, position: u64) {
        let named = self.certificates.iter_mut().find(|it| it.serial == serial);
        if let Some(it) = named.filter(|it| it.until.is_none()) {
            it.until = Some(position);
        }
    }

    /// The mandate of a certificate that counts for what comes at a place.
    pub(super) fn mandate(&self, serial: CertificateSerial, position: u64) -> Option<&Mandate> {
        let mut all = self.certificates.iter();
        let named = all.find(|it| it.serial == serial)?;
        named.is_in_force(position).then_some(&named.mandate)
    }

    /// Where a unit belongs when something comes at a place.
    pub(super) fn home(&self, unit: UnitId, position: u64) -> Option<DistrictId> {
        let mut homes = self.homes.get(&unit)?.iter().rev();
        homes
            .find(|(from, _)| *from < position)
            .map(|(_, home)| *home)
    }

    /// The certificates of a device that count now, the newest last.
    pub(super) fn in_force_of(&self, device: DeviceId) -> Vec<CertificateSerial> {
        let counts = |it: &&Issued| it.device == device && it.is_in_force(u64::MAX);
        let counting = self.certificates.iter().filter(counts);
        counting.map(|it| it.serial).collect()
    }

    /// What a device's key may see of a log of this length; none where no certificate counts.
    pub(super) fn seen_by(&self, key: PublicKey, length: u64) -> Option<BTreeSet<Audience>> {
        let counts = |it: &&Issued| it.key == key && it.is_in_force(length);
        let mut counting = self.certificates.iter().filter(counts).peekable();
        counting.peek()?;
        let mut seen = BTreeSet::from([Audience::Everyone]);
        for it in counting {
            match &it.mandate {
                Mandate::Employer(units) => {
                    seen.extend(units.iter().map(|it| Audience::Unit(*it)));
                    seen.extend(units.iter().map(|it| Audience::Employer(*it)));
                }
                Mandate::Agency(district) => {
                    seen.insert(Audience::Agency(*district));
                    let own = |it: &&UnitId| self.home(**it, length) == Some(*district);
                    let units = self.homes.keys().filter(own);
                    seen.extend(units.map(|it| Audience::Unit(*it)));
                }
                Mandate::Centre => {
                    seen.insert(Audience::Centre);
                }
            }
        }
        Some(seen)
    }

    /// The lengths from one on at which what is seen may be another than before, itself first.
    pub(super) fn lengths_from(&self, length: u64) -> impl Iterator<Item = u64> {
        let later = self.changes.iter().copied().filter(move |it| *it > length);
        std::iter::once(length).chain(later)
    }
}
