//! The cases of `core/cases/comparison.toml`, and what holds for a roster as a whole.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;
use crate::declaration::{Content, Declaration, Draft, Who};
use crate::facts::{
    Fact, FetchedRoster, ListedPerson, Movement, PaymentRecord, PersonRecord, Placed,
    ReceiptNumber, Receivable, RecordHash, RosterChange, Sending, Turn, UnitRecord,
};
use crate::identity::{IdDocument, IdKind};
use crate::ids::{CertificateSerial, DeclarationId, DistrictId, Position, StatementId, UnitId};
use crate::message::Lang;
use crate::signing::SigningKey;
use crate::statement::Statement;

const UNIT: UnitId = UnitId([1; 16]);
const WHO: PersonId = PersonId([7; 16]);
/// The declaration behind the newest start, and that behind the newest stop.
const START: DeclarationId = DeclarationId([5; 16]);
const STOP: DeclarationId = DeclarationId([6; 16]);
/// The draft of a repair.
const DRAFT: DeclarationId = DeclarationId([9; 16]);
const NUMBER: &str = "0001000001";
const DOCUMENT: &str = "E00100001";
const NAME: &str = "员工一";
const BASE: &str = "4359.00";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    name: String,
    ours: Option<String>,
    loaded: bool,
    tax: Option<String>,
    tax_base: Option<String>,
    tax_name: Option<String>,
    tax_document: Option<String>,
    tax_number: Option<String>,
    sent: Option<String>,
    recorded: Option<String>,
    posted_base: Option<String>,
    assessed: Option<String>,
    class: String,
    also: Vec<String>,
    repair: Option<String>,
    draft: Option<String>,
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// A unit's facts in the making.
struct Log {
    view: UnitView,
    next: u64,
}

impl Log {
    fn open() -> Self {
        let record = UnitRecord {
            id: UNIT,
            name: "沈阳甲户机械有限公司".to_owned(),
            district: DistrictId(2),
            credit_code: "91350100M000100Y43".parse().unwrap(),
            unemployment_number: "0210300178".parse().unwrap(),
            pension_number: "0110300178".parse().unwrap(),
        };
        Self {
            view: UnitView::new(record),
            next: 1,
        }
    }

    fn add(&mut self, fact: Fact) {
        let placed = Placed {
            position: Position(self.next),
            at: Timestamp(1_647_500_000),
            fact,
        };
        self.view.apply(&placed);
        self.next += 1;
    }

    fn list(&mut self, id: PersonId, number: &str, document: &str, since: Month) {
        let person = PersonRecord {
            id,
            personal_number: number.parse().unwrap(),
            document: IdDocument::parse(IdKind::Passport, document).unwrap(),
            name: NAME.to_owned(),
        };
        let listed = ListedPerson {
            person,
            paying_since: since,
            wage: None,
            bases_until: since,
            last_paid: None,
        };
        self.add(Fact::PersonsListed {
            unit: UNIT,
            persons: vec![listed],
        });
    }

    fn stop(&mut self, month: Month) {
        let person = self.view.persons.get_mut(&WHO).unwrap();
        let open = person.intervals.pop().unwrap();
        person.intervals.push(open.closing(month).unwrap());
        person.movements.push(Movement {
            submission: None,
            position: Position(self.next),
            turn: Turn::Out {
                month,
                terminated: false,
            },
            redone_by: None,
        });
    }

    /// The movements come from declarations, and not from the centre's loading.
    fn declare_movements(&mut self) {
        let turns: Vec<Turn> = self.view.persons[&WHO]
            .movements
            .iter()
            .map(|it| it.turn)
            .collect();
        for (place, turn) in turns.into_iter().enumerate() {
            let declaration = declared(turn);
            let submission = declaration.submission_id();
            let key = SigningKey::from_seed([5; 32]);
            let statement = Statement::Submission(declaration);
            let statement = statement
                .sign(&key, CertificateSerial(1), Timestamp(0))
                .to_bytes();
            let settlement = turn.month();
            self.add(Fact::Received {
                unit: UNIT,
                statement,
                receipt: ReceiptNumber::of(settlement, Position(self.next)),
                settlement,
            });
            let person = self.view.persons.get_mut(&WHO).unwrap();
            person.movements[place].submission = Some(submission);
        }
    }

    fn queue(&mut self, kind: TransactionKind) -> TransactionId {
        let transaction = kind.id(UNIT, 1);
        self.add(Fact::TransactionQueued {
            unit: UNIT,
            transaction: transaction.clone(),
            kind,
            attempt: 1,
        });
        self.add(Fact::TransactionSending {
            unit: UNIT,
            transaction: transaction.clone(),
            state: Sending::Sent,
        });
        transaction
    }

    fn answer(&mut self, transaction: TransactionId, state: Receiving) {
        self.add(Fact::TransactionReceiving {
            unit: UNIT,
            transaction,
            state,
        });
    }

    fn assess(&mut self, settlement: Month) -> TransactionId {
        let line = Receivable {
            line: 1,
            settlement,
            month: settlement,
            person: WHO,
            kind: 10,
            base: money(BASE),
            unit_amount: money("21.80"),
            person_amount: money("21.80"),
        };
        self.add(Fact::ReceivablesRaised {
            unit: UNIT,
            lines: vec![line],
        });
        self.queue(TransactionKind::Assessment { settlement })
    }

    fn record(&mut self, month: Month, base: Money) {
        self.add(Fact::Recorded(PaymentRecord {
            serial: "S1".to_owned(),
            line: 1,
            unit: UNIT,
            credit_code: String::new(),
            person: WHO,
            personal_number: NUMBER.to_owned(),
            name: NAME.to_owned(),
            insurance: 210,
            kind: 10,
            settlement: month,
            month,
            base,
            unit_amount: money("21.80"),
            person_amount: money("21.80"),
            posted_on: "2022-02-16".to_owned(),
            transaction: TransactionId(String::new()),
            receivable: 1,
            number: 1,
            previous: RecordHash::START,
            reverses: None,
        }));
    }

    fn fetch(&mut self, persons: Vec<TaxPerson>) {
        let keyed = |it: TaxPerson| (it.personal_number.clone(), it);
        let fetched = FetchedRoster {
            as_of: Timestamp(1_647_500_000),
            version: Some("1".to_owned()),
            persons: persons.into_iter().map(keyed).collect(),
        };
        for part in fetched.parts_since(self.view.tax_roster()) {
            self.add(Fact::TaxRosterTaken { unit: UNIT, part });
        }
    }
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// The declaration that a movement comes from.
fn declared(turn: Turn) -> Declaration {
    let (id, content) = match turn {
        Turn::In(month) => {
            let content = Content::Resumption {
                who: Who::Known(WHO),
                month,
                reason: "内转入".to_owned(),
                wage: money(BASE),
            };
            (START, content)
        }
        Turn::Void(_) => unreachable!("no case voids an enrolment"),
        Turn::Out { month, .. } => {
            let content = Content::Interruption {
                person: WHO,
                month,
                reason: "辞职".to_owned(),
            };
            (STOP, content)
        }
    };
    Declaration {
        id,
        revision: 1,
        unit: UNIT,
        content,
        redoes: None,
    }
}

/// `FIRST` or `FIRST..LAST`.
fn interval(text: &str) -> (Month, Option<Month>) {
    match text.split_once("..") {
        Some((first, last)) => (month(first), Some(month(last))),
        None => (month(text), None),
    }
}

/// The change of `sent`, and the moment of tax's answer to it.
fn send(log: &mut Log, sent: &str, ours: (Month, Option<Month>)) -> (Option<Sent_>, bool) {
    let mut words = sent.split(' ');
    let change = match words.next() {
        Some("stop") => change(ChangeKind::Stop, ours.1.unwrap()),
        Some("start") => change(ChangeKind::Start, ours.0),
        other => panic!("{other:?}"),
    };
    let kind = TransactionKind::RosterChange {
        submission: StatementId([3; 32]),
        change,
    };
    let transaction = log.queue(kind);
    let answered = |state| Some((transaction.clone(), state));
    match words.next() {
        Some("waiting") => (None, false),
        Some("accepted") => (answered(Receiving::Accepted), false),
        Some("late") => (answered(Receiving::Accepted), true),
        Some("refused") => {
            let code = words.next().unwrap().to_owned();
            let reason = "税务的理由".to_owned();
            (answered(Receiving::Refused { code, reason }), false)
        }
        other => panic!("{other:?}"),
    }
}

type Sent_ = (TransactionId, Receiving);

fn change(kind: ChangeKind, month: Month) -> RosterChange {
    match kind {
        ChangeKind::Stop => RosterChange::Stop { person: WHO, month },
        ChangeKind::Start => RosterChange::Start { person: WHO, month },
    }
}

impl Case {
    fn log(&self) -> Log {
        let mut log = Log::open();
        let january = month("2022-01");
        let mut late = Vec::new();
        if let Some(ours) = &self.ours {
            let ours = interval(ours);
            log.list(WHO, NUMBER, DOCUMENT, ours.0);
            let assessment = log.assess(january);
            let accepted = (assessment, Receiving::Accepted);
            match self.assessed.as_deref() {
                None => log.answer(accepted.0, accepted.1),
                Some("late") => late.push(accepted),
                Some("sent") => {}
                Some(other) => panic!("{other}"),
            }
            if let Some(stop) = ours.1 {
                log.stop(stop);
            }
            if !self.loaded {
                log.declare_movements();
            }
            if let Some(recorded) = &self.recorded {
                let base = self.posted_base.as_deref().unwrap_or(BASE);
                log.record(month(recorded), money(base));
            }
            if let Some(sent) = &self.sent {
                match send(&mut log, sent, ours) {
                    (Some(answer), true) => late.push(answer),
                    (Some((transaction, state)), false) => log.answer(transaction, state),
                    (None, _) => {}
                }
            }
        }
        if let Some(tax) = &self.tax {
            log.fetch(self.at_tax(tax).into_iter().collect());
        }
        for (transaction, state) in late {
            log.answer(transaction, state);
        }
        log
    }

    fn at_tax(&self, interval_: &str) -> Option<TaxPerson> {
        if interval_ == "nobody" {
            return None;
        }
        let (first, stop) = interval(interval_);
        let or = |given: &Option<String>, usual: &str| given.clone().unwrap_or(usual.to_owned());
        let base = or(&self.tax_base, BASE);
        Some(TaxPerson {
            personal_number: or(&self.tax_number, NUMBER),
            id_kind: "08".to_owned(),
            id_number: or(&self.tax_document, DOCUMENT),
            name: or(&self.tax_name, NAME),
            first,
            stop,
            base: (base != "none").then(|| money(&base)),
        })
    }
}

/// A repair as the cases write it.
fn written(repair: &Repair) -> String {
    let code = repair.code().trim_start_matches("repair.");
    match repair.month() {
        Some(month) => format!("{code} {month}"),
        None => code.to_owned(),
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../cases/comparison.toml");
    toml::from_str::<Cases>(text).unwrap().case
}

#[test]
fn a_person_has_the_class_and_the_repair_of_the_cases() {
    for case in cases() {
        let log = case.log();
        let found = compare(&log.view);
        assert_eq!(found.rows.len(), 1, "{}", case.name);
        let row = &found.rows[0];
        assert_eq!(row.class().code(), case.class, "{}", case.name);
        let others = row.findings.iter().skip(1).map(|it| it.class.code());
        assert_eq!(others.collect::<Vec<_>>(), case.also, "{}", case.name);
        let repair = row.findings.first().and_then(|it| it.repair.as_ref());
        assert_eq!(repair.map(written), case.repair, "{}", case.name);
        assert_eq!(found.as_of.is_some(), case.tax.is_some(), "{}", case.name);
    }
}

#[test]
fn every_class_has_a_case() {
    let classes: BTreeSet<String> = cases().into_iter().map(|it| it.class).collect();
    for class in Class::ALL {
        assert!(classes.contains(class.code()), "{class:?}");
    }
}

#[test]
fn every_repair_of_the_cases_has_its_sentence() {
    for case in cases() {
        let log = case.log();
        for finding in compare(&log.view).rows.iter().flat_map(|it| &it.findings) {
            let Some(repair) = &finding.repair else {
                continue;
            };
            for lang in [Lang::Zh, Lang::En] {
                let text = repair.message().text(lang).message;
                let said = !text.contains("repair.") && !text.contains('{');
                assert!(said, "{}: {text}", case.name);
            }
        }
    }
}

/// A draft as the cases write it: its kind, and the fields that are filled in.
fn filled_in(draft: &Draft) -> String {
    let mut written = draft.kind.to_string();
    for (field, text) in [
        ("id_kind", draft.id_kind.as_str()),
        ("id_number", draft.person.as_str()),
        ("name", &draft.name),
        ("month", &draft.month),
        ("reason", &draft.reason),
        ("from", &draft.from),
        ("to", &draft.to),
        ("redo", &draft.redo),
        ("insurance", &draft.insurance),
    ] {
        if !text.is_empty() && text != WHO.to_string() {
            written += &format!(" {field}={text}");
        }
    }
    if let Some(wage) = draft.wage {
        written += &format!(" wage={wage}");
    }
    let written = written.replace(&START.to_string(), "START");
    written.replace(&STOP.to_string(), "STOP")
}

#[test]
fn a_repair_by_declaration_is_drafted_as_far_as_the_rosters_tell() {
    for case in cases() {
        let log = case.log();
        let found = compare(&log.view);
        let row = &found.rows[0];
        let repair = row.findings.first().and_then(|it| it.repair.as_ref());
        let draft = repair.and_then(|it| it.draft(DRAFT, row, &log.view));
        assert!(draft.iter().all(|it| it.id == DRAFT), "{}", case.name);
        let written = draft.as_ref().map(filled_in);
        assert_eq!(written, case.draft, "{}", case.name);
    }
}

#[test]
fn rows_stand_by_personal_number_and_those_of_tax_alone_among_them() {
    let mut log = Log::open();
    let since = month("2021-07");
    log.list(PersonId([3; 16]), "0001000003", "E00100003", since);
    log.list(PersonId([2; 16]), "0001000002", "E00100002", since);
    let tax = |number: &str, document: &str| TaxPerson {
        personal_number: number.to_owned(),
        id_kind: "08".to_owned(),
        id_number: document.to_owned(),
        name: NAME.to_owned(),
        first: since,
        stop: None,
        base: None,
    };
    log.fetch(vec![
        tax("0001000003", "E00100003"),
        tax("0001000001", "E00100001"),
    ]);
    let found = compare(&log.view);
    let rows: Vec<_> = found
        .rows
        .iter()
        .map(|it| (number(it), it.class()))
        .collect();
    let expected = [
        ("0001000001", Class::OnlyTax),
        ("0001000002", Class::OnlyOurs),
        ("0001000003", Class::Consistent),
    ];
    assert_eq!(rows, expected);
}
