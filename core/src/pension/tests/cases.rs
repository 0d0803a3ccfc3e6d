//! The cases of `core/cases/pension.toml`: readable by a clerk, run as they stand.

use serde::Deserialize;

use super::*;
use crate::declaration::{Content, Entrant, Kind, Who};
use crate::facts::{CarriedOver, LinkedOperation};
use crate::identity::{IdDocument, IdKind};

const DAY: i64 = 24 * 60 * 60;
const OPERATION: &str = "YL1";
const REASON: &str = "无对应人员";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    declared: String,
    operation: Option<String>,
    #[serde(default)]
    whose: Whose,
    carried: Option<String>,
    #[serde(default = "one")]
    days: i64,
    #[serde(default = "yes")]
    feed: bool,
    #[serde(default = "yes")]
    limit: bool,
    flag: String,
    why: Option<String>,
}

#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whose {
    #[default]
    Same,
    Other,
    SameNumber,
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[test]
fn every_case_of_the_flag_holds() {
    let cases: Cases = toml::from_str(include_str!("../../../cases/pension.toml")).unwrap();
    assert!(cases.case.len() > 10);
    for case in cases.case {
        check(&case);
    }
}

fn check(case: &Case) {
    let mut stage = Stage::set();
    let declaration = declared(&stage, &case.declared);
    if case.feed {
        stage.take(told(case));
    }
    let parameters = ParameterSet::parse(parameters::builtin_text()).unwrap();
    let parameters = case.limit.then_some(&parameters);
    let found = linked(&declaration, stage.view(), parameters, NOW);
    let expected = match (case.flag.as_str(), &case.why) {
        ("无", None) => None,
        ("成功", None) => Some(Linked::Succeeded {
            operation: OPERATION,
        }),
        ("失败", None) => Some(Linked::Failed {
            operation: OPERATION,
            reason: REASON,
        }),
        ("不适用", None) => Some(Linked::NotApplicable {
            operation: OPERATION,
        }),
        ("未知", Some(why)) => {
            let why = Unknown::ALL.into_iter().find(|it| it.code() == why);
            Some(Linked::Unknown(why.expect("a reason")))
        }
        other => panic!("{}: {other:?}", case.name),
    };
    assert_eq!(found, expected, "{}", case.name);
}

/// A declaration of 员工1 that reads so.
fn declared(stage: &Stage, text: &str) -> Declaration {
    let (kind, month) = kind_and_month(text);
    let person = stage.view().find_person(FIRST).unwrap();
    let (reason, wage) = (String::new(), Money::from_yuan(5000));
    let content = match kind {
        Kind::Interruption => Content::Interruption {
            person: person.record.id,
            month,
            reason,
        },
        Kind::Wage => Content::Wage {
            person: person.record.id,
            from: month,
            to: month,
            wage,
        },
        Kind::Registration => Content::Registration {
            entrant: Entrant {
                document: IdDocument::parse(IdKind::Passport, "E00100001").unwrap(),
                name: person.record.name.clone(),
                born: None,
                sex: None,
            },
            month,
            reason,
            wage,
        },
        Kind::Resumption => Content::Resumption {
            who: Who::Known(person.record.id),
            month,
            reason,
            wage,
        },
    };
    let parsed = stage
        .log
        .parse(stage.unit, &interruption(1, FIRST, "2022-01", "辞职"));
    Declaration {
        content,
        ..parsed.unwrap()
    }
}

/// The feed of the case.
fn told(case: &Case) -> Delivered {
    let mut feed = feed((1..=3).map(person).collect());
    feed.as_of = Timestamp(NOW.0 - case.days * DAY);
    feed.operations.clear();
    let Some(operation) = &case.operation else {
        return feed;
    };
    let whose = match case.whose {
        Whose::Same => 0,
        Whose::Other => 1,
        Whose::SameNumber => {
            feed.persons[1].personal_number = FIRST.to_owned();
            1
        }
    };
    let (kind, month) = kind_and_month(operation);
    feed.operations.push(LinkedOperation {
        id: OPERATION.to_owned(),
        personal_number: feed.persons[whose].personal_number.clone(),
        kind,
        month,
        carried_over: match case.carried.as_deref() {
            Some("成功") => CarriedOver::Succeeded,
            Some("失败") => CarriedOver::Failed(REASON.to_owned()),
            Some("不适用") => CarriedOver::NotApplicable,
            other => panic!("{}: {other:?}", case.name),
        },
    });
    feed
}

fn kind_and_month(text: &str) -> (Kind, crate::month::Month) {
    let (kind, at) = text.split_once(' ').expect("a kind and a month");
    let kind = match kind {
        "中断" => Kind::Interruption,
        "恢复" => Kind::Resumption,
        "登记" => Kind::Registration,
        "工资" => Kind::Wage,
        other => panic!("no kind {other}"),
    };
    (kind, month(at))
}

fn one() -> i64 {
    1
}

fn yes() -> bool {
    true
}
