//! Fields and values of conflicts: as they are typed, as they read.

use canbao_core::declaration::Field;
use canbao_core::document::{Conflict, FieldName, Standing, Value};
use canbao_core::facts::UnitView;
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::month::Month;

use crate::captions;
use crate::fault::{Fault, some_of};
use crate::request::Choice;

/// The field of this name, or of this caption in either language.
pub(super) fn field_named(typed: &str) -> Result<FieldName, Fault> {
    let typed = typed.trim();
    let is_called = |field: &FieldName| {
        let captioned = |lang| {
            captions::field(*field, lang)
                .text
                .eq_ignore_ascii_case(typed)
        };
        field.name().eq_ignore_ascii_case(typed) || captioned(Lang::Zh) || captioned(Lang::En)
    };
    FieldName::OF_DRAFT
        .into_iter()
        .chain(FieldName::OF_OVERLAY)
        .find(is_called)
        .ok_or_else(|| Fault::usage("conflict.no_such_field").with("field", typed))
}

/// The value that is chosen, by its number in the list or as it reads.
pub(super) fn chosen<'a>(
    unit: &UnitView,
    conflict: &'a Conflict,
    choice: &Choice,
) -> Result<&'a Standing, Fault> {
    let found = match choice {
        Choice::Value(number) => {
            let place = usize::try_from(*number).unwrap_or(usize::MAX);
            conflict.values.get(place.wrapping_sub(1))
        }
        Choice::Keep(typed) => {
            let reads_so = |it: &&Standing| reads_as(unit, conflict.field, &it.value, typed.trim());
            conflict.values.iter().find(reads_so)
        }
    };
    found.ok_or_else(|| {
        let values = conflict.values.iter().zip(1..);
        let values = values
            .map(|(it, number)| format!("{number} {}", text_of(unit, conflict.field, &it.value)));
        Fault::usage("conflict.no_such_value").with("values", some_of(values))
    })
}

/// Whether the value is what was typed, in any spelling that the form takes.
fn reads_as(unit: &UnitView, field: FieldName, value: &Value, typed: &str) -> bool {
    let text = match value {
        Value::Amount(amount) => return typed.parse::<Money>().is_ok_and(|it| it == *amount),
        Value::Text(text) => text,
    };
    let same_month = || match (text.parse::<Month>(), typed.parse::<Month>()) {
        (Ok(one), Ok(other)) => one == other,
        (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    let same_person = || match (unit.find_person(text), unit.find_person(typed)) {
        (Some(one), Some(other)) => one.record.id == other.record.id,
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    text == typed
        || match field {
            FieldName::Person => same_person(),
            FieldName::Month | FieldName::From | FieldName::To => same_month(),
            FieldName::Reason
            | FieldName::Wage
            | FieldName::IdKind
            | FieldName::Name
            | FieldName::Born
            | FieldName::Sex
            | FieldName::Insurance
            | FieldName::Redo
            | FieldName::Department
            | FieldName::Phone => false,
        }
}

/// A value as people read it: a person by name and 个人编号.
pub(super) fn text_of(unit: &UnitView, field: FieldName, value: &Value) -> String {
    match (field, value) {
        (FieldName::Person, Value::Text(text)) => {
            let found = unit.find_person(text).map(|it| &it.record);
            found.map_or_else(String::new, |it| {
                format!("{} {}", it.name, it.personal_number.as_str())
            })
        }
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Amount(amount)) => amount.to_string(),
    }
}

/// A value as scripts read it: a person by id. What is no person of the roster could be an ID
/// number as somebody typed it, and is not shown.
pub(super) fn value_of(unit: &UnitView, field: FieldName, value: &Value) -> String {
    match (field, value) {
        (FieldName::Person, Value::Text(text)) => {
            let found = unit.find_person(text);
            found.map_or_else(String::new, |it| it.record.id.to_string())
        }
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Amount(amount)) => amount.to_string(),
    }
}

pub(super) fn field_of_form(field: FieldName) -> Field {
    match field {
        FieldName::Person => Field::Person,
        FieldName::Month => Field::Month,
        FieldName::Reason => Field::Reason,
        FieldName::From => Field::From,
        FieldName::To => Field::To,
        FieldName::Wage => Field::Wage,
        FieldName::IdKind => Field::IdKind,
        FieldName::Name => Field::Name,
        FieldName::Born => Field::Born,
        FieldName::Sex => Field::Sex,
        FieldName::Insurance => Field::Insurance,
        FieldName::Redo => Field::Redo,
        FieldName::Department | FieldName::Phone => Field::Whole,
    }
}
