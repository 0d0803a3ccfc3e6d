//! Reading the JSON that programs print.

use serde_json::Value;

/// The items of a JSON list.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn items(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("not a list: {value}"))
}

/// The text of a JSON string.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

/// How many items have this text at this place.
///
/// # Panics
/// When the value is no list.
#[must_use]
pub fn count(list: &Value, pointer: &str, wanted: &str) -> usize {
    items(list)
        .iter()
        .filter(|item| item.pointer(pointer).is_some_and(|it| it == wanted))
        .count()
}
