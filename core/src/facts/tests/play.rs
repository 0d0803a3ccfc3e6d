//! A log and its persons by the words of a case, and the steps that a case is made of.

use std::collections::BTreeMap;

use super::movements::id;
use super::story::{posting, record};
use super::*;
use crate::declaration::outlook;
use crate::facts::{DeclarationStatus, Receiving, RosterChange, declaration_status};
use crate::message::Lang;

/// A log, and who is meant by the words of a case.
pub(super) struct Play {
    log: Log,
    units: BTreeMap<String, UnitId>,
    persons: BTreeMap<String, PersonRecord>,
    declared: Vec<Declaration>,
    /// Whether what is declared next is left for the agency.
    undecided: bool,
    /// The parameters, as far as a case changes them.
    parameters: String,
}

impl Play {
    pub(super) fn new() -> Self {
        Self {
            log: Log::open(),
            units: BTreeMap::new(),
            persons: BTreeMap::new(),
            declared: Vec::new(),
            undecided: false,
            parameters: parameters::builtin_text().to_string(),
        }
    }

    /// Carries a step out; what comes of it, as the case writes it.
    pub(super) fn step(&mut self, order: &str) -> String {
        let words: Vec<&str> = order.split_whitespace().collect();
        match words[..] {
            ["在册", unit, person, since] => self.list(unit, person, since, None),
            ["在册", unit, person, since, wage] => self.list(unit, person, since, Some(wage)),
            ["登记", unit, person, month, wage] => {
                let form = self.registration(person, month, wage);
                self.declare(unit, form)
            }
            ["登记", unit, person, month, wage, ref rest @ ..] => {
                let form = filled(self.registration(person, month, wage), rest);
                self.declare(unit, form)
            }
            ["中断", unit, person, month, reason, ref rest @ ..] => {
                let who = self.number_in(unit, person);
                let form = interruption(self.next(), &who, month, reason);
                self.declare(unit, filled(form, rest))
            }
            ["恢复", unit, person, month, wage, ref rest @ ..] => {
                let form = self.resumption(unit, person, month, wage);
                self.declare(unit, filled(form, rest))
            }
            ["工资", unit, person, from, to, amount, ref rest @ ..] => {
                let who = self.number_in(unit, person);
                let form = wage(self.next(), &who, from, to, amount);
                self.declare(unit, filled(form, rest))
            }
            ["重做", number, ref rest @ ..] => self.redo(number, rest),
            ["提交", ref rest @ ..] => {
                self.undecided = true;
                let result = self.step(&rest.join(" "));
                self.undecided = false;
                result
            }
            ["审核", number, "通过"] => self.decide(number, Verdict::Approve),
            ["审核", number, "退回", reason] => {
                self.decide(number, Verdict::Return(reason.to_owned()))
            }
            ["审核", number, "不通过", reason] => {
                self.decide(number, Verdict::Reject(reason.to_owned()))
            }
            ["撤回", number] => self.withdraw(number),
            ["税务接收", number] => self.tax_answers(number, Receiving::Accepted),
            ["税务拒收", number, reason] => {
                let refused = Receiving::Refused {
                    code: "wrong_month".to_owned(),
                    reason: reason.to_owned(),
                };
                self.tax_answers(number, refused)
            }
            ["提示", ref rest @ ..] => self.outlook(rest),
            ["开放结算期", month_text] => {
                self.log.add(Fact::SettlementOpened {
                    month: month(month_text),
                });
                "通过".to_owned()
            }
            ["参数", name, value] => self.set_parameter(name, value),
            ["核定", unit, settlement] => self.assess(unit, settlement),
            ["入账", unit, settlement] => {
                let unit = self.units[unit];
                let serial = format!("S{}", self.log.facts.len());
                let paid = posting(&self.log, unit, settlement, &serial);
                record(&mut self.log, unit, &paid);
                "通过".to_owned()
            }
            ["应缴月份", unit, person] => self.months(unit, person),
            ["缴费状态", unit, person] => self.status(unit, person),
            ["缴费工资", unit, person, month_text] => {
                let wage = self
                    .view(unit, person)
                    .and_then(|it| it.wage(month(month_text)));
                wage.map_or_else(|| "无".to_owned(), |it| it.to_string())
            }
            ["应收", unit, settlement] => self.receivables(unit, settlement),
            ["应收", unit, settlement, person] => self.due(unit, settlement, person),
            ["缴费记录", unit] => self.log.unit(self.units[unit]).records.len().to_string(),
            ["申报状态", number] => self.standing(number).code().to_owned(),
            ["月状态", number, month_text] => {
                let DeclarationStatus::Months(months) = self.standing(number) else {
                    return "不按月".to_owned();
                };
                let wanted = month(month_text);
                let stage = months.iter().find(|it| it.0 == wanted).map(|it| it.1);
                format!("{stage:?}")
                    .trim_start_matches("Some(")
                    .trim_end_matches(')')
                    .to_owned()
            }
            ["未申报人数", unit, settlement] => {
                let view = self.log.unit(self.units[unit]);
                let assessed = &view.assessments[&month(settlement)].assessment;
                assessed.undeclared.to_string()
            }
            ["实缴", unit] => {
                let records = self.log.unit(self.units[unit]).records.iter();
                let paid = records.map(|it| it.record.paid().total());
                paid.sum::<crate::money::Money>().to_string()
            }
            ["核定人数", unit, settlement] => {
                let view = self.log.unit(self.units[unit]);
                view.assessments[&month(settlement)]
                    .assessment
                    .persons
                    .to_string()
            }
            _ => panic!("no such step: {order}"),
        }
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// How many declarations were made.
    pub(super) fn count(&self) -> usize {
        self.declared.len()
    }

    pub(super) fn view_of(&self, unit: &str) -> &UnitView {
        self.log.unit(self.units[unit])
    }

    pub(super) fn id_of(&self, person: &str) -> PersonId {
        self.persons[person].id
    }

    /// Whether an assessment waits for its posting.
    pub(super) fn is_to_post(&self, unit: &str, settlement: &str) -> bool {
        let mut lines = self.view_of(unit).receivables(month(settlement));
        lines.next().is_some_and(|it| it.record.is_none())
    }

    fn numbered(&self, number: &str) -> Declaration {
        let place: usize = number.parse().expect("the number of a declaration");
        self.declared[place - 1].clone()
    }

    fn standing(&self, number: &str) -> DeclarationStatus {
        let declaration = self.numbered(number);
        declaration_status(declaration.id, false, None, self.log.unit(declaration.unit))
    }

    fn decide(&mut self, number: &str, verdict: Verdict) -> String {
        let declaration = self.numbered(number);
        let pool = self.pool(declaration.unit, &Draft::from(&declaration));
        self.log.decide_in(&declaration, verdict, &pool);
        "通过".to_owned()
    }

    fn withdraw(&mut self, number: &str) -> String {
        let declaration = self.numbered(number);
        let unit = declaration.unit;
        let submission = declaration.submission_id();
        let statement = sign(&Statement::Withdrawal { unit, submission });
        self.log.add(Fact::WithdrawalTaken {
            unit,
            statement,
            void: None,
        });
        "通过".to_owned()
    }

    /// Sends what moves a person, and tax answers.
    fn tax_answers(&mut self, number: &str, state: Receiving) -> String {
        let declaration = self.numbered(number);
        let (unit, submission) = (declaration.unit, declaration.submission_id());
        let change = RosterChange::Stop {
            person: person(200, 1),
            month: declaration.content.month(),
        };
        let kind = TransactionKind::RosterChange { submission, change };
        let transaction = kind.id(unit, 1);
        self.log.add(Fact::TransactionQueued {
            unit,
            transaction: transaction.clone(),
            kind,
            attempt: 1,
        });
        self.log.add(Fact::TransactionReceiving {
            unit,
            transaction,
            state,
        });
        "通过".to_owned()
    }

    fn next(&self) -> u8 {
        u8::try_from(self.declared.len() + 1).expect("a case is short")
    }

    fn unit(&mut self, name: &str) -> UnitId {
        if let Some(unit) = self.units.get(name) {
            return *unit;
        }
        let number = u8::try_from(self.units.len() + 1).expect("few units");
        let unit = self.log.register(number, &[]);
        self.units.insert(name.to_owned(), unit);
        unit
    }

    /// Who is meant: with a document of their own, which follows from the order of naming.
    fn person(&mut self, name: &str) -> PersonRecord {
        let line = self.persons.len() + 1;
        let made = || PersonRecord {
            id: person(200, u8::try_from(line).expect("few persons")),
            personal_number: format!("2100{line:06}").parse().expect("valid"),
            document: IdDocument::parse(
                IdKind::ResidentId,
                &id(&format!("2101991990010100{}0", line % 10)),
            )
            .expect("valid"),
            name: name.to_owned(),
        };
        self.persons
            .entry(name.to_owned())
            .or_insert_with(made)
            .clone()
    }

    fn list(&mut self, unit: &str, name: &str, since: &str, wage: Option<&str>) -> String {
        let (unit, person) = (self.unit(unit), self.person(name));
        let listed = ListedPerson {
            person,
            paying_since: month(since),
            wage: wage.map(yuan),
            bases_until: month("2022-12"),
            last_paid: None,
        };
        self.log.add(Fact::PersonsListed {
            unit,
            persons: vec![listed],
        });
        "通过".to_owned()
    }

    fn registration(&mut self, person: &str, month: &str, wage: &str) -> Draft {
        let record = self.person(person);
        Draft {
            name: record.name,
            wage: wage.parse().ok(),
            ..super::movements::registration(self.next(), record.document.number(), month)
        }
    }

    /// By personal number in the roster, else by document number and name.
    fn resumption(&mut self, unit: &str, person: &str, month: &str, wage: &str) -> Draft {
        let known = self.view(unit, person).is_some();
        let record = self.person(person);
        let form = super::movements::resumption(self.next(), record.document.number(), month, wage);
        let name = if known { String::new() } else { record.name };
        Draft { name, ..form }
    }

    fn number_in(&mut self, unit: &str, person: &str) -> String {
        self.unit(unit);
        let record = self.person(person);
        let held = self.view(unit, person);
        held.map_or(record.document.number().to_owned(), |it| {
            it.record.personal_number.to_string()
        })
    }

    fn view(&self, unit: &str, name: &str) -> Option<&PersonView> {
        let unit = self.log.unit(*self.units.get(unit)?);
        unit.find_person(self.persons.get(name)?.document.number())
    }

    /// Declared, received and approved; or everything that stands against it.
    fn declare(&mut self, unit: &str, draft: Draft) -> String {
        let unit = self.unit(unit);
        let pool = self.pool(unit, &draft);
        match self.log.parse_in(unit, &draft, &pool) {
            Err(codes) => codes.join(" "),
            Ok(declaration) => {
                self.log.submit(&declaration);
                if !self.undecided {
                    self.log.decide_in(&declaration, Verdict::Approve, &pool);
                }
                self.declared.push(declaration);
                "通过".to_owned()
            }
        }
    }

    /// What the centre knows of the draft's person.
    fn pool(&self, unit: UnitId, draft: &Draft) -> Pool {
        let number = draft.person.as_str();
        let document = self.log.unit(unit).find_person(number).map_or_else(
            || number.to_owned(),
            |it| it.record.document.number().to_owned(),
        );
        let held = self.log.projection.units.iter();
        let held = held.filter_map(|(at, view)| Some((*at, view.find_person(&document)?)));
        Pool::of(unit, held)
    }

    fn redo(&mut self, number: &str, rest: &[&str]) -> String {
        let place: usize = number.parse().expect("the number of a declaration");
        let original = self.declared[place - 1].id;
        let redo = format!("重做={original}");
        let order = rest.join(" ");
        self.step(&format!("{order} {redo}"))
    }

    /// What is said before a declaration is made: the codes of the sentences.
    fn outlook(&mut self, rest: &[&str]) -> String {
        let before = self.log.facts.len();
        let (facts, declared) = (self.log.facts.clone(), self.declared.len());
        let projection = self.log.projection.clone();
        let result = self.step(&rest.join(" "));
        let said = self.declared.get(declared).cloned();
        self.log.facts = facts;
        self.log.projection = projection;
        self.declared.truncate(declared);
        assert_eq!(self.log.facts.len(), before);
        let Some(declaration) = said else {
            return result;
        };
        let ground = Ground {
            unit: self.log.unit(declaration.unit),
            common: &self.log.projection.common,
            pool: &Pool::Unknown,
            known_on: NOW.date(),
        };
        let said = outlook(&declaration, &ground);
        let shown = said.iter().map(|it| it.text(Lang::Zh).message);
        shown.collect::<Vec<_>>().join(";")
    }

    fn set_parameter(&mut self, name: &str, value: &str) -> String {
        let (key, old) = match name {
            "追溯月数" => ("look_back", "months = \"unlimited\""),
            "未申报按110%" => ("undeclared_110", "policy = \"refuse\""),
            "最低年龄" => ("minimum_age", "years = 16"),
            other => panic!("no such parameter: {other}"),
        };
        let new = match key {
            "look_back" => format!("months = \"{value}\""),
            "undeclared_110" => format!("policy = \"{value}\""),
            _ => format!("years = {value}"),
        };
        assert!(self.parameters.contains(old), "{old}");
        self.parameters = self.parameters.replace(old, &new);
        let text = self.parameters.clone();
        assert!(
            crate::parameters::ParameterSet::parse(&text).is_ok(),
            "{new}"
        );
        self.log.add(Fact::ParametersAdopted { text });
        "通过".to_owned()
    }

    fn assess(&mut self, unit: &str, settlement: &str) -> String {
        let unit = self.units[unit];
        match self.log.assess(unit, settlement) {
            Ok(()) => "通过".to_owned(),
            Err(codes) => codes.join(" "),
        }
    }

    fn months(&self, unit: &str, person: &str) -> String {
        let view = self.view(unit, person);
        let shown = view.map_or_else(Vec::new, |it| {
            let text = |it: &crate::month::Interval| {
                let stop = it.stop.map_or_else(String::new, |it| it.to_string());
                format!("{}..{stop}", it.start)
            };
            it.intervals.iter().map(text).collect()
        });
        if shown.is_empty() {
            return "无".to_owned();
        }
        shown.join(" ")
    }

    fn status(&self, unit: &str, person: &str) -> String {
        let status = self.view(unit, person).map(PersonView::status);
        match status {
            None | Some(PaymentStatus::NotInsured) => "未参保",
            Some(PaymentStatus::Paying) => "参保缴费",
            Some(PaymentStatus::Suspended) => "暂停缴费",
            Some(PaymentStatus::Terminated) => "终止缴费",
        }
        .to_owned()
    }

    fn receivables(&self, unit: &str, settlement: &str) -> String {
        let lines = self
            .log
            .unit(self.units[unit])
            .receivables(month(settlement));
        lines.count().to_string()
    }

    /// The lines of a person in a settlement period: kind, month, base, unit and personal part.
    fn due(&self, unit: &str, settlement: &str, person: &str) -> String {
        let Some(view) = self.view(unit, person) else {
            return "无".to_owned();
        };
        let lines = self
            .log
            .unit(self.units[unit])
            .receivables(month(settlement));
        let shown: Vec<String> = lines
            .map(|it| &it.receivable)
            .filter(|it| it.person == view.record.id)
            .map(|it| {
                let amounts = format!("{}+{}", it.unit_amount, it.person_amount);
                format!("{} {} {} {amounts}", it.kind, it.month, it.base)
            })
            .collect();
        if shown.is_empty() {
            return "无".to_owned();
        }
        shown.join("; ")
    }
}

/// The form with `field=value` words filled in.
fn filled(draft: Draft, words: &[&str]) -> Draft {
    let mut draft = draft;
    for word in words {
        let (field, value) = word.split_once('=').expect("field=value");
        let place = match field {
            "证件类型" => &mut draft.id_kind,
            "证件号码" => &mut draft.person,
            "姓名" => &mut draft.name,
            "出生日期" => &mut draft.born,
            "性别" => &mut draft.sex,
            "险种" => &mut draft.insurance,
            "原因" => &mut draft.reason,
            "重做" => &mut draft.redo,
            other => panic!("no such field: {other}"),
        };
        value.clone_into(place);
    }
    draft
}
