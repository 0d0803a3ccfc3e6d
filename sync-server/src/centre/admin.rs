//! Facts of the administration: each guarded, all of a request appended or none.

use std::collections::HashSet;

use canbao_core::facts::{CommonView, Fact, ListedPerson, UnitRecord};
use canbao_core::ids::{DistrictId, Position, UnitId, VolumeId};
use canbao_core::parameters::ParameterSet;
use canbao_core::time::Timestamp;

use super::answer::{AdminError, Unavailable};
use super::desk::Desk;
use super::index::{self, Place};

/// The most persons of one fact.
const PERSONS_PER_FACT: usize = 250;

impl Desk {
    /// Appends facts that the administration may state, or says why none is appended.
    pub(super) fn append_facts(
        &mut self,
        facts: Vec<Fact>,
        now: Timestamp,
    ) -> Result<Result<Vec<Position>, AdminError>, Unavailable> {
        let mut guard = Guard {
            desk: self,
            common: self.common.clone(),
            units: HashSet::new(),
            taken: HashSet::new(),
            row: 0,
        };
        for fact in &facts {
            if let Err(refused) = guard.check(fact)? {
                return Ok(Err(refused));
            }
        }
        let first = self.append_all(facts, now)?;
        tracing::info!(first = first.0, end = self.next().0, "administration");
        Ok(Ok((first.0..self.next().0).map(Position).collect()))
    }
}

/// Looks at the facts of one request in order, each as if those before were appended.
struct Guard<'a> {
    desk: &'a Desk,
    common: CommonView,
    units: HashSet<UnitId>,
    taken: HashSet<Place>,
    row: usize,
}

impl Guard<'_> {
    fn check(&mut self, fact: &Fact) -> Result<Result<(), AdminError>, Unavailable> {
        let checked = match fact {
            Fact::AgencyListed(_) => Ok(()),
            Fact::ParametersAdopted { text } => parameters(text),
            Fact::SettlementOpened { month } => {
                let expected = self.common.current_settlement().and_then(|it| it.next());
                match expected {
                    Some(expected) if expected != *month => {
                        Err(AdminError::SettlementOrder { expected })
                    }
                    Some(_) | None => Ok(()),
                }
            }
            Fact::VolumeOpened { volume } => self.volume_to_open(*volume),
            Fact::VolumeSealed { volume } if self.common.volume_is_open(*volume) => Ok(()),
            Fact::VolumeSealed { volume } => Err(AdminError::VolumeNotOpen(*volume)),
            Fact::UnitRegistered(record) => self.unit(record)?,
            Fact::PersonsListed { unit, persons } => self.persons(*unit, persons)?,
            Fact::CodeIssued { .. }
            | Fact::DeviceEnrolled { .. }
            | Fact::CertificateRevoked { .. }
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
            | Fact::StatementRefused { .. } => Err(AdminError::NotAdministrative),
        };
        if checked.is_ok() {
            self.common.apply(fact);
        }
        Ok(checked)
    }

    fn volume_to_open(&self, volume: VolumeId) -> Result<(), AdminError> {
        if self.common.volumes().any(|it| it == volume) {
            return Err(AdminError::VolumeKnown(volume));
        }
        match self.common.newest_volume() {
            Some(newest) if volume < newest => Err(AdminError::VolumeOrder(volume)),
            Some(_) | None => Ok(()),
        }
    }

    fn unit(&mut self, record: &UnitRecord) -> Result<Result<(), AdminError>, Unavailable> {
        let district: DistrictId = record.district;
        if !self.common.agencies.contains_key(&district) {
            return Ok(Err(AdminError::UnknownDistrict(district)));
        }
        if self.has_unit(record.id)? {
            return Ok(Err(AdminError::UnitKnown(record.id)));
        }
        let store = &self.desk.store;
        let code = index::credit_code(store, record.credit_code.as_str());
        let number = index::unemployment_number(store, record.unemployment_number.as_str());
        if !self.is_free(code)? {
            return Ok(Err(AdminError::CreditCodeTaken));
        }
        if !self.is_free(number)? {
            return Ok(Err(AdminError::UnemploymentNumberTaken));
        }
        self.units.insert(record.id);
        Ok(Ok(()))
    }

    fn persons(
        &mut self,
        unit: UnitId,
        persons: &[ListedPerson],
    ) -> Result<Result<(), AdminError>, Unavailable> {
        if !self.has_unit(unit)? {
            return Ok(Err(AdminError::UnknownUnit(unit)));
        }
        if persons.len() > PERSONS_PER_FACT {
            return Ok(Err(AdminError::TooManyPersons {
                limit: PERSONS_PER_FACT,
            }));
        }
        for ListedPerson { person, .. } in persons {
            self.row += 1;
            let (store, row) = (&self.desk.store, self.row);
            let number = index::personal_number(store, person.personal_number.as_str());
            let document = index::identity_document(store, person.document.number());
            if !self.is_free(number)? {
                return Ok(Err(AdminError::PersonalNumberTaken { row }));
            }
            if !self.is_free(document)? {
                return Ok(Err(AdminError::DocumentTaken { row }));
            }
        }
        Ok(Ok(()))
    }

    fn has_unit(&self, unit: UnitId) -> Result<bool, Unavailable> {
        Ok(self.units.contains(&unit) || self.desk.look_up(&index::unit(unit))?.is_some())
    }

    /// Whether nothing before, in the log or in this request, has taken the key; takes it.
    fn is_free(&mut self, place: Place) -> Result<bool, Unavailable> {
        let free = self.desk.look_up(&place)?.is_none();
        Ok(self.taken.insert(place) && free)
    }
}

fn parameters(text: &str) -> Result<(), AdminError> {
    match ParameterSet::parse(text) {
        Ok(_) => Ok(()),
        Err(problems) => {
            let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(AdminError::Parameters(shown.join("; ")))
        }
    }
}
