//! Who takes part: two districts' agencies, their units and insured persons, all invented.

use canbao_core::certificate::Mandate;
use canbao_core::facts::{Agency, Audience, Fact, ListedPerson, PersonRecord, UnitRecord};
use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::ids::{DistrictId, PersonId, UnitId, VolumeId};
use canbao_core::month::Month;
use canbao_core::parameters;

/// The persons of each unit who pay in it at first.
pub(crate) const PERSONS: u8 = 3;
/// Another one of each unit, who left before: any unit may take them over.
const LEFT: u8 = PERSONS + 1;
/// The volume that is open from the start.
pub(crate) const FIRST_VOLUME: VolumeId = VolumeId(2022);
/// The volume that may open later.
pub(crate) const NEXT_VOLUME: VolumeId = VolumeId(2023);
/// The settlement periods open from the start.
pub(crate) const SETTLEMENTS: [&str; 2] = ["2022-01", "2022-02"];

/// Who is insured nowhere at first: number of the resident ID, name.
pub(crate) const NEWCOMERS: [(&str, &str); 2] = [
    ("210199199511030015", "新职工一"),
    ("210199199607040023", "新职工二"),
];

const CREDIT_CODES: [&str; 2] = ["91350100M000100Y43", "91210102MA0DEM0C6Y"];

/// Whose a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A unit's own.
    Employer(UnitId),
    /// A district agency's.
    Agency(DistrictId),
}

/// The units, each with the district to which it belongs at first, and the districts.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub(crate) units: Vec<(UnitId, DistrictId)>,
    pub(crate) districts: Vec<DistrictId>,
}

impl Cast {
    /// One or two units and districts; a district may have no unit until one moves there.
    pub(crate) fn new(units: u16, districts: u16) -> Self {
        let districts: Vec<DistrictId> = (0..districts).map(|it| DistrictId(2 + it)).collect();
        let units = (0..units)
            .map(|it| (unit(it), districts[usize::from(it) % districts.len()]))
            .collect();
        Self { units, districts }
    }

    /// Everyone who can have a device.
    pub(crate) fn owners(&self) -> Vec<Owner> {
        let employers = self.units.iter().map(|(unit, _)| Owner::Employer(*unit));
        let agencies = self.districts.iter().copied().map(Owner::Agency);
        employers.chain(agencies).collect()
    }

    /// Every audience of the log.
    pub(crate) fn every_audience(&self) -> Vec<Audience> {
        let units = self.units.iter();
        let units = units.flat_map(|(it, _)| [Audience::Unit(*it), Audience::Employer(*it)]);
        let agencies = self.districts.iter().map(|it| Audience::Agency(*it));
        [Audience::Everyone, Audience::Centre]
            .into_iter()
            .chain(units)
            .chain(agencies)
            .collect()
    }

    /// What the administration states before anyone is enrolled.
    pub(crate) fn opening_facts(&self) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self.districts.iter().copied().map(agency).collect();
        facts.push(Fact::ParametersAdopted {
            text: parameters::builtin_text().to_string(),
        });
        facts.extend(SETTLEMENTS.map(|it| Fact::SettlementOpened { month: month(it) }));
        facts.push(Fact::VolumeOpened {
            volume: FIRST_VOLUME,
        });
        for (number, (unit, district)) in self.units.iter().enumerate() {
            facts.push(registration(number, *unit, *district));
            facts.push(persons(*unit));
        }
        facts
    }
}

impl Owner {
    pub(crate) fn mandate(self) -> Mandate {
        match self {
            Self::Employer(unit) => Mandate::Employer(vec![unit]),
            Self::Agency(district) => Mandate::Agency(district),
        }
    }
}

/// The personal number of a unit's person, counted from 1.
pub(crate) fn personal_number(unit: UnitId, line: u8) -> String {
    format!("{:04}{line:06}", unit.0[0])
}

fn unit(number: u16) -> UnitId {
    let byte = u8::try_from(number + 1).expect("there are few units");
    UnitId([byte; 16])
}

fn month(text: &str) -> Month {
    text.parse().expect("a month of this file")
}

fn agency(district: DistrictId) -> Fact {
    Fact::AgencyListed(Agency {
        district,
        district_name: format!("示例{district}区"),
        name: "示例经办机构".to_owned(),
        address: "示例路1号".to_owned(),
        phone: "024-00000000".to_owned(),
    })
}

fn registration(number: usize, id: UnitId, district: DistrictId) -> Fact {
    let line = number + 1;
    let valid = "a number of this file";
    Fact::UnitRegistered(UnitRecord {
        id,
        name: format!("示例{line}厂"),
        district,
        credit_code: CREDIT_CODES[number].parse().expect(valid),
        unemployment_number: format!("02103{line:05}").parse().expect(valid),
        pension_number: format!("01103{line:05}").parse().expect(valid),
    })
}

fn persons(unit: UnitId) -> Fact {
    let valid = "a value of this file";
    let persons = (1..=LEFT)
        .map(|line| {
            let mut id = unit.0;
            id[15] = line;
            let passport = format!("E{:03}{line:05}", unit.0[0]);
            ListedPerson {
                person: PersonRecord {
                    id: PersonId(id),
                    personal_number: personal_number(unit, line).parse().expect(valid),
                    document: IdDocument::parse(IdKind::Passport, &passport).expect(valid),
                    name: format!("员工{line}"),
                },
                paying_since: month("2021-07"),
                wage: Some("6000".parse().expect(valid)),
                bases_until: month("2022-12"),
                last_paid: (line == LEFT).then(|| month("2021-12")),
            }
        })
        .collect();
    Fact::PersonsListed { unit, persons }
}
