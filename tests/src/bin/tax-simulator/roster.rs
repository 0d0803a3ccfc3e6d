//! Tax's own roster of one unit: who pays from when to when, and what is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::messages::{AssessmentLine, Change, ChangeKind, ReasonCode, Unit, bounded};
use crate::values::{CreditCode, IdKind, IdNumber, Money, Month, Name, PersonNumber};

/// One unit as tax knows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UnitRoster {
    pub(crate) unit: Unit,
    /// Whether tax has the whole roster, by a load or by a first assessment. Until then an
    /// assessment introduces its persons; afterwards a person it does not know is refused.
    pub(crate) complete: bool,
    /// The newest settlement month that was paid.
    pub(crate) last_settlement: Option<Month>,
    pub(crate) persons: BTreeMap<PersonNumber, Person>,
}

/// One person as tax knows them in one unit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Person {
    #[serde(flatten)]
    identity: Identity,
    /// In order, never overlapping; only the last can be open.
    intervals: Vec<Interval>,
    base: Option<Money>,
    last_collected: Option<Month>,
}

/// A unit's roster as `/simulate/roster` gives it to tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterLoad {
    unit: Unit,
    #[serde(deserialize_with = "bounded")]
    persons: Vec<LoadedPerson>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadedPerson {
    person_number: PersonNumber,
    id_kind: IdKind,
    id_number: IdNumber,
    name: Name,
    start: Month,
    stop: Option<Month>,
    base: Option<Money>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Identity {
    id_kind: IdKind,
    id_number: IdNumber,
    name: Name,
}

#[derive(Debug, Clone, Serialize)]
struct Interval {
    start: Month,
    stop: Option<Month>,
}

impl UnitRoster {
    pub(crate) fn new(unit: Unit) -> Self {
        Self {
            unit,
            complete: false,
            last_settlement: None,
            persons: BTreeMap::new(),
        }
    }

    /// Takes over a loaded roster; a person who is there already is replaced.
    pub(crate) fn load(&mut self, load: RosterLoad) {
        self.unit = load.unit;
        self.complete = true;
        for person in load.persons {
            let LoadedPerson {
                person_number,
                id_kind,
                id_number,
                name,
                start,
                stop,
                base,
            } = person;
            let identity = Identity {
                id_kind,
                id_number,
                name,
            };
            let intervals = vec![Interval { start, stop }];
            let person = Person {
                identity,
                intervals,
                base,
                last_collected: None,
            };
            self.persons.insert(person_number, person);
        }
    }

    /// Takes one line of a roster change.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), ReasonCode> {
        let identity = change.identity();
        match (self.persons.get_mut(&change.person_number), change.change) {
            (Some(person), _) if person.identity != identity => Err(ReasonCode::UnknownPerson),
            (Some(person), ChangeKind::Start) => person.start(change.month),
            (Some(person), ChangeKind::Stop) => person.stop(change.month),
            (None, ChangeKind::Start) => {
                self.introduce(change.person_number.clone(), identity, change.month);
                Ok(())
            }
            (None, ChangeKind::Stop) => Err(ReasonCode::UnknownPerson),
        }
    }

    /// Takes one line of an assessment for this settlement month.
    pub(crate) fn assess(
        &mut self,
        line: &AssessmentLine,
        settlement: Month,
    ) -> Result<(), ReasonCode> {
        let normal = line.kind.is_normal();
        if (normal && line.month != settlement) || line.month > settlement {
            return Err(ReasonCode::WrongMonth);
        }
        if !self.complete && !self.persons.contains_key(&line.person_number) {
            self.introduce(line.person_number.clone(), line.identity(), line.month);
        }
        let person = self
            .persons
            .get_mut(&line.person_number)
            .filter(|person| person.identity == line.identity())
            .ok_or(ReasonCode::UnknownPerson)?;
        if normal && !person.pays_in(line.month) {
            return Err(ReasonCode::WrongMonth);
        }
        if normal {
            person.base = Some(line.base);
        }
        Ok(())
    }

    /// Notes that a month of a person was collected on this base.
    pub(crate) fn collect(&mut self, person: &PersonNumber, month: Month, base: Money) {
        if let Some(person) = self.persons.get_mut(person)
            && person.last_collected <= Some(month)
        {
            person.last_collected = Some(month);
            person.base = Some(base);
        }
    }

    fn introduce(&mut self, number: PersonNumber, identity: Identity, start: Month) {
        let intervals = vec![Interval { start, stop: None }];
        self.persons.insert(
            number,
            Person {
                identity,
                intervals,
                base: None,
                last_collected: None,
            },
        );
    }
}

impl Person {
    /// `first` is the first paid month; two intervals never share a month.
    fn start(&mut self, first: Month) -> Result<(), ReasonCode> {
        match self.intervals.last() {
            Some(Interval { stop: None, .. }) => Err(ReasonCode::WrongMonth),
            Some(Interval {
                stop: Some(last), ..
            }) if first <= *last => Err(ReasonCode::WrongMonth),
            Some(_) | None => {
                self.intervals.push(Interval {
                    start: first,
                    stop: None,
                });
                Ok(())
            }
        }
    }

    /// `last` is the last paid month. A stop repeated with another month corrects it (MON-3),
    /// as long as it leaves every collected month in.
    fn stop(&mut self, last: Month) -> Result<(), ReasonCode> {
        match self.intervals.last_mut() {
            Some(interval) if last >= interval.start && self.last_collected <= Some(last) => {
                interval.stop = Some(last);
                Ok(())
            }
            Some(_) | None => Err(ReasonCode::WrongMonth),
        }
    }

    fn pays_in(&self, month: Month) -> bool {
        self.intervals.iter().any(|interval| {
            interval.start <= month && interval.stop.is_none_or(|last| month <= last)
        })
    }
}

impl RosterLoad {
    pub(crate) fn unit(&self) -> &Unit {
        &self.unit
    }

    pub(crate) fn credit_code(&self) -> &CreditCode {
        &self.unit.credit_code
    }

    pub(crate) fn count(&self) -> usize {
        self.persons.len()
    }
}

impl Change {
    fn identity(&self) -> Identity {
        Identity {
            id_kind: self.id_kind.clone(),
            id_number: self.id_number.clone(),
            name: self.name.clone(),
        }
    }
}

impl AssessmentLine {
    fn identity(&self) -> Identity {
        Identity {
            id_kind: self.id_kind.clone(),
            id_number: self.id_number.clone(),
            name: self.name.clone(),
        }
    }
}
