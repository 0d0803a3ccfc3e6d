//! Persons over all units: where one is insured (REG-1), another document or name, and two ids
//! that turn out to be one person.

use canbao_core::declaration::{PersonNumber, Subject, newest};
use canbao_core::facts::{Fact, Insured, MAX_EVIDENCE, PersonRecord, insured, shared_months};
use canbao_core::identity::IdDocument;
use canbao_core::ids::{CertificateSerial, PersonId, UnitId};
use canbao_core::month::Interval;
use canbao_core::refusal::RefusalName;
use canbao_core::signing::PublicKey;
use canbao_core::sync::Refusal;
use canbao_core::sync::message::StatusWanted;
use canbao_core::time::Timestamp;

use super::answer::{AdminError, Unavailable};
use super::certificates::Standing;
use super::desk::Desk;
use super::handle::Centre;
use super::places;

/// What the centre holds of a person from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// 个人编号.
    pub personal_number: String,
    /// The document; none where it stays.
    pub document: Option<IdDocument>,
    /// 姓名; none where it stays.
    pub name: Option<String>,
    /// By what the change was shown.
    pub evidence: String,
}

impl Centre {
    /// Says where a person is insured, to a device that may ask for the unit (REG-1). Returns after
    /// the commit of the fact that keeps it for the audit.
    ///
    /// # Errors
    /// [`Unavailable`]: nothing was told.
    pub async fn person_status(
        &self,
        device: PublicKey,
        wanted: StatusWanted,
        now: Timestamp,
    ) -> Result<Result<Insured, Refusal>, Unavailable> {
        self.ask(move |desk| desk.person_status(&device, &wanted, now))
            .await
    }

    /// Holds another document or name of a person, in every unit they are or were in.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn amend_person(
        &self,
        amendment: Amendment,
        now: Timestamp,
    ) -> Result<PersonRecord, AdminError> {
        self.ask(move |desk| desk.amend_person(amendment, now))
            .await?
    }

    /// Makes two person ids one, by personal number: the first stays.
    ///
    /// # Errors
    /// [`AdminError`]; `admin.month_owned_twice` where both own a month.
    pub async fn merge_persons(
        &self,
        kept: String,
        gone: String,
        evidence: String,
        now: Timestamp,
    ) -> Result<PersonRecord, AdminError> {
        self.ask(move |desk| desk.merge_persons(&kept, &gone, &evidence, now))
            .await?
    }
}

impl Desk {
    /// Says where a person is insured, to a device whose operators act for the unit that asks or
    /// decide on it; what was told is kept for the audit.
    pub(super) fn person_status(
        &mut self,
        device: &PublicKey,
        wanted: &StatusWanted,
        now: Timestamp,
    ) -> Result<Result<Insured, Refusal>, Unavailable> {
        let unit = wanted.unit;
        let Some(by) = self.asks_by(device, unit, now)? else {
            let refusal = Refusal::new(RefusalName::PeersNotYourUnit, "");
            return Ok(Err(refusal));
        };
        let subject = Subject::Elsewhere(&wanted.person, "");
        let person = self.person_of(&subject)?;
        let pool = self.pool(unit, &subject)?;
        let here = person.and_then(|it| self.units.get(unit)?.person(it));
        let insured = insured(here, &pool).expect("the centre knows the pool");
        let told = Fact::PersonStatusTold {
            unit,
            by,
            person,
            insured,
        };
        let position = self.append(told, now)?;
        tracing::info!(position = position.0, %unit, "told where a person is insured");
        Ok(Ok(insured))
    }

    /// The certificate in force by which a device may ask for a unit.
    fn asks_by(
        &mut self,
        device: &PublicKey,
        unit: UnitId,
        now: Timestamp,
    ) -> Result<Option<CertificateSerial>, Unavailable> {
        let known = self.load_unit(unit)?;
        let district = self.units.get(unit).filter(|_| known);
        let Some(district) = district.map(|it| it.record.district) else {
            return Ok(None);
        };
        for certificate in self.certificates_of(device)? {
            let mandate = &certificate.mandate;
            if (mandate.employs(unit) || mandate.reviews(district))
                && self.standing(&certificate, now)? == Standing::InForce
            {
                return Ok(Some(certificate.serial));
            }
        }
        Ok(None)
    }

    /// Holds another document or name of a person, in every unit they are or were in.
    pub(super) fn amend_person(
        &mut self,
        amendment: Amendment,
        now: Timestamp,
    ) -> Result<Result<PersonRecord, AdminError>, Unavailable> {
        let evidence = match evidence(&amendment.evidence) {
            Ok(evidence) => evidence,
            Err(error) => return Ok(Err(error)),
        };
        let Some((id, units)) = self.held(&amendment.personal_number)? else {
            return Ok(Err(AdminError::UnknownPerson(amendment.personal_number)));
        };
        let before = self.record_in(&units, id);
        let person = PersonRecord {
            document: amendment.document.unwrap_or(before.document.clone()),
            name: amendment.name.unwrap_or(before.name.clone()),
            ..before.clone()
        };
        if person == before {
            return Ok(Err(AdminError::NothingToAmend));
        }
        let taken = places::identity_document(&self.store, person.document.number());
        let owner = self.look_up(&taken)?;
        if owner
            .as_deref()
            .and_then(places::person_id)
            .is_some_and(|it| it != id)
        {
            return Ok(Err(AdminError::DocumentOfAnother));
        }
        for unit in units {
            let fact = Fact::PersonAmended {
                unit,
                person: person.clone(),
                evidence: evidence.clone(),
            };
            self.append(fact, now)?;
        }
        Ok(Ok(person))
    }

    /// Makes two person ids one: what was held under the second goes to the first. Not while both
    /// own a month, which then would be payable twice (SIL-3).
    pub(super) fn merge_persons(
        &mut self,
        kept: &str,
        gone: &str,
        evidence: &str,
        now: Timestamp,
    ) -> Result<Result<PersonRecord, AdminError>, Unavailable> {
        let evidence = match self::evidence(evidence) {
            Ok(evidence) => evidence,
            Err(error) => return Ok(Err(error)),
        };
        let Some((kept_id, kept_units)) = self.held(kept)? else {
            return Ok(Err(AdminError::UnknownPerson(kept.to_owned())));
        };
        let Some((gone_id, gone_units)) = self.held(gone)? else {
            return Ok(Err(AdminError::UnknownPerson(gone.to_owned())));
        };
        if kept_id == gone_id {
            return Ok(Err(AdminError::OnePersonAlready));
        }
        let own = self.intervals_in(&kept_units, kept_id);
        let other = self.intervals_in(&gone_units, gone_id);
        if let Some((one, two)) = shared_months(&own, &other) {
            let month = one.start.max(two.start);
            return Ok(Err(AdminError::MonthOwnedTwice(month)));
        }
        let (kept, gone) = (
            self.record_in(&kept_units, kept_id),
            self.record_in(&gone_units, gone_id),
        );
        for unit in gone_units {
            let fact = Fact::PersonsMerged {
                unit,
                kept: kept.clone(),
                gone: gone.clone(),
                evidence: evidence.clone(),
            };
            self.append(fact, now)?;
        }
        Ok(Ok(kept))
    }

    /// The person of a personal number and the units they are or were in, loaded.
    fn held(&mut self, number: &str) -> Result<Option<(PersonId, Vec<UnitId>)>, Unavailable> {
        let Ok(number) = number.trim().parse() else {
            return Ok(None);
        };
        let number = PersonNumber::Personal(number);
        let Some(person) = self.person_of(&Subject::Elsewhere(&number, ""))? else {
            return Ok(None);
        };
        Ok(Some((person, self.load_units_of(person)?)))
    }

    fn record_in(&self, units: &[UnitId], person: PersonId) -> PersonRecord {
        newest(self.held_in(units, person).map(|(_, it)| it))
            .expect("a person that a number leads to is in a unit")
            .record
            .clone()
    }

    fn intervals_in(&self, units: &[UnitId], person: PersonId) -> Vec<Interval> {
        self.held_in(units, person)
            .flat_map(|(_, it)| it.intervals.iter().copied())
            .collect()
    }
}

fn evidence(typed: &str) -> Result<String, AdminError> {
    let typed = typed.trim();
    if (1..=MAX_EVIDENCE).contains(&typed.chars().count()) {
        Ok(typed.to_owned())
    } else {
        Err(AdminError::EvidenceLength)
    }
}
