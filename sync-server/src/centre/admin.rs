//! Facts of the administration: each guarded, all of a request appended or none.

use std::collections::{HashMap, HashSet};

use canbao_core::facts::{CommonView, Fact, ListedPerson, UnitRecord};
use canbao_core::ids::{DistrictId, Position, UnitId, VolumeId};
use canbao_core::parameters::ParameterSet;
use canbao_core::time::Timestamp;

use super::answer::{AdminError, Unavailable};
use super::desk::Desk;
use super::places::{self, Place};

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
            homes: HashMap::new(),
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

    /// Tells everyone of the log key in use, where the log does not tell of it yet.
    pub(super) fn announce_log_key(
        &mut self,
        now: Timestamp,
    ) -> Result<Option<Position>, Unavailable> {
        let told = self.look_up(&places::log_keys())?;
        let told = told.as_deref().and_then(places::number).unwrap_or(1);
        if told >= self.keys.chain.logs.len() as u64 {
            return Ok(None);
        }
        let chain = Box::new(self.keys.chain.clone());
        let position = self.append(Fact::LogKeyChanged { chain }, now)?;
        tracing::info!(position = position.0, "the log has another key");
        Ok(Some(position))
    }
}

/// Looks at the facts of one request in order, each as if those before were appended.
struct Guard<'a> {
    desk: &'a Desk,
    common: CommonView,
    /// Where the units that this request registers or moves belong.
    homes: HashMap<UnitId, DistrictId>,
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
            Fact::UnitMoved { unit, from, to } => self.moved(*unit, *from, *to)?,
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
            | Fact::TaxRosterTaken { .. }
            | Fact::PensionTaken { .. }
            | Fact::ResendTaken { .. }
            | Fact::PersonStatusTold { .. }
            | Fact::PersonAmended { .. }
            | Fact::PersonsMerged { .. }
            | Fact::StatementRefused { .. }
            | Fact::Audited { .. }
            | Fact::LogKeyChanged { .. } => Err(AdminError::NotAdministrative),
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
        if self.home(record.id)?.is_some() {
            return Ok(Err(AdminError::UnitKnown(record.id)));
        }
        let store = &self.desk.store;
        let code = places::credit_code(store, record.credit_code.as_str());
        let number = places::unemployment_number(store, record.unemployment_number.as_str());
        if !self.is_free(code)? {
            return Ok(Err(AdminError::CreditCodeTaken));
        }
        if !self.is_free(number)? {
            return Ok(Err(AdminError::UnemploymentNumberTaken));
        }
        self.homes.insert(record.id, district);
        Ok(Ok(()))
    }

    fn persons(
        &mut self,
        unit: UnitId,
        persons: &[ListedPerson],
    ) -> Result<Result<(), AdminError>, Unavailable> {
        if self.home(unit)?.is_none() {
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
            let number = places::personal_number(store, person.personal_number.as_str());
            let document = places::identity_document(store, person.document.number());
            if !self.is_free(number)? {
                return Ok(Err(AdminError::PersonalNumberTaken { row }));
            }
            if !self.is_free(document)? {
                return Ok(Err(AdminError::DocumentTaken { row }));
            }
        }
        Ok(Ok(()))
    }

    /// DIST-2: a unit moves from the district it belongs to, to another that has an agency.
    fn moved(
        &mut self,
        unit: UnitId,
        from: DistrictId,
        to: DistrictId,
    ) -> Result<Result<(), AdminError>, Unavailable> {
        let Some(home) = self.home(unit)? else {
            return Ok(Err(AdminError::UnknownUnit(unit)));
        };
        if home != from || from == to {
            let district = home;
            return Ok(Err(AdminError::UnitBelongs { unit, district }));
        }
        if !self.common.agencies.contains_key(&to) {
            return Ok(Err(AdminError::UnknownDistrict(to)));
        }
        self.homes.insert(unit, to);
        Ok(Ok(()))
    }

    /// The district a unit belongs to; [`None`] where there is no such unit.
    fn home(&self, unit: UnitId) -> Result<Option<DistrictId>, Unavailable> {
        match self.homes.get(&unit) {
            Some(district) => Ok(Some(*district)),
            None => self.desk.home(unit),
        }
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
