//! Tax's own roster of one unit: who pays from when to when, and what is refused.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// How often anything of it was touched: the name of its state.
    pub(crate) version: u64,
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

/// What tax's own clerk changes about one person: members that are given replace what is there;
/// a person who is not there is added and needs all but `stop` and `base`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Correction {
    pub(crate) person_number: PersonNumber,
    #[serde(default)]
    pub(crate) remove: bool,
    #[serde(default)]
    pub(crate) id_kind: Option<IdKind>,
    #[serde(default)]
    pub(crate) id_number: Option<IdNumber>,
    #[serde(default)]
    pub(crate) name: Option<Name>,
    #[serde(default)]
    pub(crate) start: Option<Month>,
    #[serde(default)]
    pub(crate) stop: Option<Month>,
    /// Takes a stop back.
    #[serde(default)]
    pub(crate) paying: bool,
    #[serde(default)]
    pub(crate) base: Option<Money>,
}

/// Why a correction is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CannotCorrect {
    #[error("tax has no such person; one who is added needs id_kind, id_number, name and start")]
    NobodyThere,
    #[error("the last month lies before the first")]
    StopsBeforeStart,
}

/// A page of a roster.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    persons: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<PersonNumber>,
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
            version: 0,
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
            (Some(person), ChangeKind::Cancel) => {
                person.cancel(change.month)?;
                if person.intervals.is_empty() {
                    self.persons.remove(&change.person_number);
                }
                Ok(())
            }
            (None, ChangeKind::Stop | ChangeKind::Cancel) => Err(ReasonCode::UnknownPerson),
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

    /// A correction by tax's own clerk, who may do what no rule allows.
    pub(crate) fn correct(&mut self, correction: Correction) -> Result<(), CannotCorrect> {
        let Correction {
            person_number,
            remove,
            id_kind,
            id_number,
            name,
            start,
            stop,
            paying,
            base,
        } = correction;
        if remove {
            let removed = self.persons.remove(&person_number);
            return removed.map(drop).ok_or(CannotCorrect::NobodyThere);
        }
        let known = self.persons.get(&person_number).cloned();
        let newest = known.as_ref().and_then(|it| it.intervals.last());
        let identity = known.as_ref().map(|it| &it.identity);
        let identity = Identity {
            id_kind: id_kind
                .or(identity.map(|it| it.id_kind.clone()))
                .ok_or(CannotCorrect::NobodyThere)?,
            id_number: id_number
                .or(identity.map(|it| it.id_number.clone()))
                .ok_or(CannotCorrect::NobodyThere)?,
            name: name
                .or(identity.map(|it| it.name.clone()))
                .ok_or(CannotCorrect::NobodyThere)?,
        };
        let interval = Interval {
            start: start
                .or(newest.map(|it| it.start))
                .ok_or(CannotCorrect::NobodyThere)?,
            stop: match (paying, stop) {
                (true, _) => None,
                (false, Some(stop)) => Some(stop),
                (false, None) => newest.and_then(|it| it.stop),
            },
        };
        if interval.stop.is_some_and(|stop| stop < interval.start) {
            return Err(CannotCorrect::StopsBeforeStart);
        }
        let mut person = known.unwrap_or(Person {
            identity: identity.clone(),
            intervals: Vec::new(),
            base: None,
            last_collected: None,
        });
        person.identity = identity;
        person.intervals.pop();
        person.intervals.push(interval);
        person.base = base.or(person.base);
        self.persons.insert(person_number, person);
        Ok(())
    }

    /// At most `limit` persons after a number, as the interface shows them, and the number behind
    /// which more follow.
    pub(crate) fn page(&self, after: Option<&PersonNumber>, limit: usize) -> Page {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut following = self.persons.range((from, Bound::Unbounded));
        let persons: Vec<Value> = following
            .by_ref()
            .take(limit)
            .map(|(number, person)| person.shown(number))
            .collect();
        let last = self
            .persons
            .range((from, Bound::Unbounded))
            .nth(limit.saturating_sub(1));
        let next = following.next().and(last.map(|(number, _)| number.clone()));
        Page { persons, next }
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
    /// The person with the newest interval.
    fn shown(&self, number: &PersonNumber) -> Value {
        let newest = self
            .intervals
            .last()
            .expect("a person pays from some month on");
        let mut shown = json!({
            "person_number": number,
            "id_kind": self.identity.id_kind,
            "id_number": self.identity.id_number,
            "name": self.identity.name,
            "state": if newest.stop.is_some() { "stopped" } else { "paying" },
            "first_month": newest.start,
        });
        if let Some(stop) = newest.stop {
            shown["stop_month"] = json!(stop);
        }
        if let Some(base) = self.base {
            shown["base"] = json!(base);
        }
        shown
    }

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
    /// Takes the newest start back, from which on nothing was collected.
    fn cancel(&mut self, start: Month) -> Result<(), ReasonCode> {
        let collected = self.last_collected.is_some_and(|it| it >= start);
        let newest = self.intervals.last();
        if collected || newest.is_none_or(|it| it.stop.is_some() || it.start != start) {
            return Err(ReasonCode::WrongMonth);
        }
        self.intervals.pop();
        Ok(())
    }

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
