//! What users do: employers on several devices, clerks of agencies, the administration.

use canbao_client::request::{Choice, Form, Request};
use canbao_client::response::{DeclarationRow, Response};
use canbao_core::declaration::Kind;
use canbao_core::facts::Fact;
use canbao_core::ids::{NoteId, UnitId};
use canbao_core::month::Month;

use super::cast::{
    FIRST_VOLUME, NEWCOMERS, NEXT_VOLUME, Owner, PERSONS, SETTLEMENTS, personal_number,
};
use super::credentials::Needs;
use super::invariants::{Step, Violation};
use super::journal::Met;
use super::requests::Order;
use super::world::World;

/// What an employer's clerk does.
#[derive(Debug, Clone, Copy)]
enum Employers {
    DeclareWage,
    DeclareInterruption,
    Resume,
    TakeOver,
    Enrol,
    Redo,
    Edit,
    Void,
    Note,
    Unnote,
    Set,
    Resolve,
    SubmitAll,
    SubmitOne,
    Withdraw,
    Assess,
}

/// What the administration does.
#[derive(Debug, Clone, Copy)]
enum Administration {
    Calendar,
    Move,
    Revoke,
}

/// What an agency's clerk does.
#[derive(Debug, Clone, Copy)]
enum Clerks {
    Approve,
    Return,
    Reject,
}

impl World<'_> {
    /// Somebody does something.
    pub(super) fn work(&mut self) -> Step {
        if self.dice.percent(8) {
            self.administer();
            return Ok(());
        }
        if self.dice.percent(6) {
            return self.mind_certificates();
        }
        if self.dice.percent(2)
            && let Some((unit, _)) = self.dice.pick(&self.cast.units).copied()
        {
            return self.join(unit);
        }
        let clerk = self.dice.percent(30);
        let works = |it: &usize| match self.devices[*it].owner {
            Owner::Employer(_) => !clerk,
            Owner::Agency(_) => clerk,
        };
        let working: Vec<usize> = (0..self.devices.len()).filter(works).collect();
        let Some(device) = self.dice.pick(&working).copied() else {
            return Ok(());
        };
        match self.devices[device].owner {
            Owner::Employer(unit) => self.employer_works(device, unit),
            Owner::Agency(_) => self.clerk_works(device),
        }
    }

    /// Somebody does what the program says about certificates; where it says nothing, keys are
    /// replaced now and then.
    fn mind_certificates(&mut self) -> Step {
        let told = |it: &usize| self.needs(*it).is_some();
        let told: Vec<usize> = (0..self.devices.len()).filter(told).collect();
        if let Some(device) = self.dice.pick(&told).copied() {
            // Whose new keys do not come calls the administration now and then.
            if self.needs(device) == Some(Needs::Keys) && self.dice.percent(50) {
                self.revoke(device);
                return Ok(());
            }
            return self.renew(device);
        }
        match self.dice.place(self.devices.len()) {
            Some(device) if !self.devices[device].lost && self.dice.percent(50) => {
                self.rekey(device)
            }
            Some(_) | None => Ok(()),
        }
    }

    fn employer_works(&mut self, device: usize, unit: UnitId) -> Step {
        let what = self.dice.weighted(&[
            (5, Employers::DeclareWage),
            (3, Employers::DeclareInterruption),
            (2, Employers::Resume),
            (3, Employers::TakeOver),
            (2, Employers::Enrol),
            (6, Employers::Redo),
            (7, Employers::Edit),
            (1, Employers::Void),
            (2, Employers::Note),
            (1, Employers::Unnote),
            (2, Employers::Set),
            (3, Employers::Resolve),
            (3, Employers::SubmitAll),
            (1, Employers::SubmitOne),
            (2, Employers::Withdraw),
            (2, Employers::Assess),
        ]);
        let line = u8::try_from(self.dice.between(1, u64::from(PERSONS))).unwrap_or(1);
        let person = personal_number(unit, line);
        match what {
            Employers::DeclareWage => {
                let first = self.dice.between(1, 6);
                let request = declare(
                    Kind::Wage,
                    Form {
                        person: Some(person),
                        from: Some(month(first)),
                        to: Some(month(first + self.dice.between(0, 6))),
                        wage: Some(self.wage()),
                        ..Form::default()
                    },
                );
                self.ask(device, "declares a wage", request)?;
            }
            Employers::DeclareInterruption => {
                let request = declare(
                    Kind::Interruption,
                    Form {
                        person: Some(person),
                        month: Some(month(self.dice.between(1, 6))),
                        reason: Some("辞职".to_owned()),
                        ..Form::default()
                    },
                );
                self.ask(device, "declares an interruption", request)?;
            }
            Employers::Resume => {
                let first = month(self.dice.between(1, 8));
                let request = self.resumption(person, None, first);
                self.ask(device, "declares a resumption", request)?;
            }
            Employers::TakeOver => {
                if let Some(request) = self.take_over(unit) {
                    self.ask(device, "declares a take-over", request)?;
                }
            }
            Employers::Enrol => {
                let (id_number, name) = self.dice.pick(&NEWCOMERS).copied().unwrap_or_default();
                let form = Form {
                    person: Some(id_number.to_owned()),
                    name: Some(name.to_owned()),
                    month: Some(month(self.dice.between(1, 6))),
                    reason: Some("新参保".to_owned()),
                    wage: Some(self.wage()),
                    insurance: Some("210".to_owned()),
                    ..Form::default()
                };
                self.ask(
                    device,
                    "declares an enrolment",
                    declare(Kind::Registration, form),
                )?;
            }
            Employers::Redo => self.redo(device)?,
            Employers::Edit => self.edit(device)?,
            Employers::Void => {
                if let Some(it) = self.some_declaration(device, |it| it.editable)? {
                    let request = Request::DeclareVoid { id: id_of(&it) };
                    self.ask(device, "voids", request)?;
                }
            }
            Employers::Note => {
                let text = format!("备注{}", self.dice.below(1000));
                let request = Request::RosterNote { person, text };
                self.ask(device, "notes", request)?;
            }
            Employers::Unnote => self.unnote(device, person)?,
            Employers::Set => {
                self.set_department(device, person.clone())?;
                if let Some(other) = self.colleague_of(device) {
                    self.set_department(other, person)?;
                }
            }
            Employers::Resolve => self.resolve(device)?,
            Employers::SubmitAll => {
                let request = Request::Submit {
                    ids: Vec::new(),
                    all: true,
                };
                self.ask(device, "submits all", request)?;
            }
            Employers::SubmitOne => {
                if let Some(it) = self.some_declaration(device, |it| it.editable)? {
                    let request = Request::Submit {
                        ids: vec![id_of(&it)],
                        all: false,
                    };
                    self.ask(device, "submits one", request)?;
                }
            }
            Employers::Withdraw => {
                if let Some(it) = self.some_declaration(device, |it| !it.editable)? {
                    let request = Request::Withdraw { id: id_of(&it) };
                    self.ask(device, "withdraws", request)?;
                }
            }
            Employers::Assess => {
                let settlement = self.dice.pick(&SETTLEMENTS).copied().unwrap_or_default();
                let request = Request::AssessApply {
                    settlement: settlement.to_owned(),
                    insurance: 210,
                };
                self.ask(device, "applies for assessment", request)?;
            }
        }
        Ok(())
    }

    fn edit(&mut self, device: usize) -> Step {
        let Some(it) = self.some_declaration(device, |it| it.editable)? else {
            return Ok(());
        };
        let is_wage = it.kind == "WAGE";
        let request = amend(
            &it,
            Form {
                month: (!is_wage).then(|| month(self.dice.between(1, 6))),
                to: (is_wage && self.dice.percent(30)).then(|| month(self.dice.between(6, 12))),
                wage: is_wage.then(|| self.wage()),
                ..Form::default()
            },
        );
        self.ask(device, "edits", request)?;
        if let Some(other) = self.colleague_of(device)
            && is_wage
        {
            let wage = Some(self.wage());
            let request = amend(
                &it,
                Form {
                    wage,
                    ..Form::default()
                },
            );
            self.ask(other, "edits the same", request)?;
        }
        Ok(())
    }

    fn resumption(&mut self, person: String, name: Option<String>, first: String) -> Request {
        let form = Form {
            person: Some(person),
            name,
            month: Some(first),
            reason: Some("续保".to_owned()),
            wage: Some(self.wage()),
            insurance: Some("210".to_owned()),
            ..Form::default()
        };
        declare(Kind::Resumption, form)
    }

    /// Somebody who left another unit says so here, and mostly since when.
    fn take_over(&mut self, unit: UnitId) -> Option<Request> {
        let others = self.truth.projection.units.iter();
        let left: Vec<(String, String, Month)> = others
            .filter(|(other, _)| **other != unit)
            .flat_map(|(_, view)| view.persons.values())
            .filter_map(|person| {
                let stop = person.intervals.last()?.stop?;
                let record = &person.record;
                Some((
                    record.personal_number.to_string(),
                    record.name.clone(),
                    stop,
                ))
            })
            .collect();
        let (number, name, stop) = self.dice.pick(&left)?.clone();
        let first = match self.dice.percent(70) {
            true => stop.next()?.to_string(),
            false => month(self.dice.between(1, 8)),
        };
        Some(self.resumption(number, Some(name), first))
    }

    /// A movement that was approved is declared again with another month (MON-3).
    fn redo(&mut self, device: usize) -> Step {
        let moved = |it: &DeclarationRow| it.kind != "WAGE" && it.progress == "decided";
        let Some(it) = self.some_declaration(device, moved)? else {
            return Ok(());
        };
        let (Ok(kind), Some(person)) = (it.kind.parse::<Kind>(), it.person) else {
            return Ok(());
        };
        if !kind.is_movement() {
            return Ok(());
        }
        // Enrolled by a document that a row shows masked: only these are known here.
        let newcomer = NEWCOMERS.iter().find(|(_, name)| *name == person.name);
        let enrols = kind == Kind::Registration;
        let form = Form {
            person: match newcomer {
                Some((id_number, _)) if enrols => Some((*id_number).to_owned()),
                Some(_) | None => Some(person.id),
            },
            name: enrols.then_some(person.name),
            month: Some(month(self.dice.between(1, 6))),
            reason: it.change_reason,
            wage: it.wage,
            insurance: (kind != Kind::Interruption).then(|| "210".to_owned()),
            redo: Some(it.id),
            ..Form::default()
        };
        self.ask(device, "does a movement again", declare(kind, form))?;
        // Seldom enough that it comes to a redo at all: it does not wait for another to submit it.
        let all = Request::Submit {
            ids: Vec::new(),
            all: true,
        };
        self.ask(device, "submits all", all)?;
        Ok(())
    }

    fn set_department(&mut self, device: usize, person: String) -> Step {
        let request = Request::RosterSet {
            person,
            department: Some(format!("车间{}", self.dice.below(3))),
            phone: None,
        };
        self.ask(device, "sets a department", request)?;
        Ok(())
    }

    /// Another device of the same owner, where somebody does the same at the same time.
    fn colleague_of(&mut self, device: usize) -> Option<usize> {
        let owner = self.devices[device].owner;
        let others = (0..self.devices.len()).filter(|it| *it != device);
        let others: Vec<usize> = others
            .filter(|it| self.devices[*it].owner == owner)
            .collect();
        if self.dice.percent(50) {
            self.dice.pick(&others).copied()
        } else {
            None
        }
    }

    fn unnote(&mut self, device: usize, person: String) -> Step {
        let shown = self.ask(device, "looks at a person", Request::RosterShow { person })?;
        let Some(Response::Person(person)) = shown else {
            return Ok(());
        };
        let Some(note) = self.dice.pick(&person.notes) else {
            return Ok(());
        };
        let id: NoteId = note.id.parse().expect("a note's id as it was shown");
        self.ask(device, "takes a note back", Request::RosterUnnote { id })?;
        Ok(())
    }

    fn resolve(&mut self, device: usize) -> Step {
        let listed = self.ask(device, "lists conflicts", Request::ConflictsList)?;
        let Some(Response::Conflicts(rows)) = listed else {
            return Ok(());
        };
        let Some(row) = self.dice.pick(&rows) else {
            return Ok(());
        };
        self.journal.meet(Met::Conflict);
        let Some(value) = self.dice.pick(&row.values) else {
            return Ok(());
        };
        let request = Request::ConflictsResolve {
            record: row.record.clone(),
            field: row.field.code.clone(),
            choice: Choice::Value(value.number),
        };
        if self.ask(device, "resolves a conflict", request)?.is_some() {
            self.journal.meet(Met::ConflictResolved);
        }
        Ok(())
    }

    /// A declaration that the device shows; none where it shows none.
    ///
    /// Mostly one that is `wanted`, where there is one.
    fn some_declaration(
        &mut self,
        device: usize,
        wanted: impl Fn(&DeclarationRow) -> bool,
    ) -> Result<Option<DeclarationRow>, Violation> {
        let listed = self.ask(device, "lists", Request::DeclareList)?;
        let Some(Response::Declarations(mut rows)) = listed else {
            return Ok(None);
        };
        if self.dice.percent(90) && rows.iter().any(&wanted) {
            rows.retain(wanted);
        }
        Ok(self.dice.pick(&rows).cloned())
    }

    fn clerk_works(&mut self, device: usize) -> Step {
        let queue = self.ask(device, "looks at the queue", Request::ReviewQueue)?;
        let Some(Response::Queue(rows)) = queue else {
            return Ok(());
        };
        // Mostly the oldest ones, so that two clerks decide on the same.
        let Some(row) = rows.iter().take(3).nth(self.dice.place(3).unwrap_or(0)) else {
            return Ok(());
        };
        let receipt = row.receipt.clone();
        self.review(device, receipt.clone())?;
        if let Some(other) = self.colleague_of(device) {
            self.review(other, receipt)?;
        }
        Ok(())
    }

    fn review(&mut self, device: usize, receipt: String) -> Step {
        let ids = vec![receipt];
        let reason = "缺材料".to_owned();
        let what = self.dice.weighted(&[
            (6, Clerks::Approve),
            (3, Clerks::Return),
            (1, Clerks::Reject),
        ]);
        let (said, request) = match what {
            Clerks::Approve => ("approves", Request::ReviewApprove { ids }),
            Clerks::Return => ("returns", Request::ReviewReturn { ids, reason }),
            Clerks::Reject => ("rejects", Request::ReviewReject { ids, reason }),
        };
        self.ask(device, said, request)?;
        Ok(())
    }

    /// The administration moves a unit, revokes, or lets the calendar go on.
    fn administer(&mut self) {
        let what = self.dice.weighted(&[
            (3, Administration::Calendar),
            (3, Administration::Move),
            (2, Administration::Revoke),
        ]);
        match what {
            Administration::Calendar => self.calendar(),
            Administration::Move => self.move_a_unit(),
            Administration::Revoke => {
                let device = self.dice.place(self.devices.len()).unwrap_or(0);
                self.revoke(device);
            }
        }
    }

    /// The next volume opens, the first is sealed, a settlement period opens.
    fn calendar(&mut self) {
        let common = &self.truth.projection.common;
        let next_is_open = common.volume_is_open(NEXT_VOLUME);
        let (said, fact) = if !next_is_open {
            let volume = NEXT_VOLUME;
            ("opens the next volume", Fact::VolumeOpened { volume })
        } else if common.volume_is_open(FIRST_VOLUME) {
            let volume = FIRST_VOLUME;
            ("seals the first volume", Fact::VolumeSealed { volume })
        } else {
            let Some(month) = common.current_settlement().and_then(|it| it.next()) else {
                return;
            };
            ("opens a period", Fact::SettlementOpened { month })
        };
        self.order(Order::State(said, Box::new(fact)));
    }

    /// A unit moves to another district (DIST-2).
    fn move_a_unit(&mut self) {
        let Some((unit, _)) = self.dice.pick(&self.cast.units).copied() else {
            return;
        };
        let Some(from) = self.truth.scopes.home(unit, u64::MAX) else {
            return;
        };
        let others = self.cast.districts.iter().filter(|it| **it != from);
        let others: Vec<_> = others.copied().collect();
        if let Some(to) = self.dice.pick(&others).copied() {
            let moved = Fact::UnitMoved { unit, from, to };
            self.order(Order::State("moves a unit", Box::new(moved)));
        }
    }

    fn wage(&mut self) -> String {
        // Few different ones: that two devices write the same value happens too.
        (5_000 + 500 * self.dice.below(6)).to_string()
    }
}

fn month(number: u64) -> String {
    format!("2022-{:02}", number.clamp(1, 12))
}

fn declare(kind: Kind, form: Form) -> Request {
    let form = Box::new(form);
    Request::Declare { kind, form }
}

fn amend(row: &DeclarationRow, form: Form) -> Request {
    let form = Box::new(form);
    Request::DeclareEdit {
        id: id_of(row),
        form,
    }
}

fn id_of(row: &DeclarationRow) -> canbao_core::ids::DeclarationId {
    row.id.parse().expect("a declaration's id as it was shown")
}
