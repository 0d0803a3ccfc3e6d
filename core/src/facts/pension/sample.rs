//! A feed for tests: two operations about the first persons, a result of each sort.

use super::{
    CarriedOver, Delivered, LinkedOperation, Matter, PensionPerson, PensionResult, PersonState,
    RegistrationState,
};
use crate::declaration::Kind;
use crate::facts::PaymentStatus;
use crate::money::Money;
use crate::month::Month;
use crate::time::Timestamp;

/// Days into the test.
pub(crate) fn at(days: i64) -> Timestamp {
    Timestamp(1_645_000_000 + days * 86_400)
}

pub(crate) fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// Someone with a passport, whose number has no check digit.
pub(crate) fn person(number: usize, base: i64) -> PensionPerson {
    PensionPerson {
        personal_number: format!("11{number:08}"),
        id_kind: "08".to_owned(),
        id_number: format!("E{number:08}"),
        name: format!("示例{number}"),
        person_state: PersonState::Working,
        registration_state: RegistrationState::Normal,
        payment: PaymentStatus::Paying,
        base: Some(Money::from_yuan(base)),
    }
}

/// A feed of these persons, with the totals that are theirs.
pub(crate) fn delivered(persons: impl IntoIterator<Item = PensionPerson>) -> Delivered {
    let persons: Vec<PensionPerson> = persons.into_iter().collect();
    let paying = || persons.iter().filter(|it| it.pays());
    let operation = |(number, person): (usize, &PensionPerson)| LinkedOperation {
        id: format!("op-{number}"),
        personal_number: person.personal_number.clone(),
        kind: Kind::Interruption,
        month: month("2022-01"),
        carried_over: match number {
            0 => CarriedOver::Succeeded,
            _ => CarriedOver::Failed("无对应人员".to_owned()),
        },
    };
    let result = |matter, failure: Option<&str>| PensionResult {
        month: month("2022-01"),
        matter,
        failure: failure.map(str::to_owned),
    };
    Delivered {
        unit: "0110300254".parse().unwrap(),
        as_of: at(1),
        version: "17".to_owned(),
        settlement: month("2022-02"),
        head_count: paying().count() as u32,
        total_base: paying().filter_map(|it| it.base).sum(),
        results: vec![
            result(Matter::Wages, None),
            result(Matter::Assessment, Some("缴费基数未申报")),
        ],
        operations: persons.iter().take(2).enumerate().map(operation).collect(),
        persons,
    }
}
