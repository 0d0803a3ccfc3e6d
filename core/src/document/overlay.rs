//! What an employer keeps on a person of its roster beside the facts: 部门 and 联系电话.

use minicbor::{Decode, Encode};

use crate::message::Message;

use super::field::{FieldName, Value};

/// The longest 部门, in characters.
pub const MAX_DEPARTMENT_CHARS: usize = 60;
/// The longest 联系电话, in characters: two numbers with an extension fit.
pub const MAX_PHONE_CHARS: usize = 40;

/// A field of a roster overlay and its new text; an empty one clears it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum OverlayField {
    /// 部门.
    #[n(1)]
    Department(#[n(0)] String),
    /// 联系电话.
    #[n(2)]
    Phone(#[n(0)] String),
}

/// Why a text is not taken into an overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverlayError {
    /// Longer than [`MAX_DEPARTMENT_CHARS`].
    #[error("a department has at most {MAX_DEPARTMENT_CHARS} characters")]
    DepartmentTooLong,
    /// Longer than [`MAX_PHONE_CHARS`].
    #[error("a phone number has at most {MAX_PHONE_CHARS} characters")]
    PhoneTooLong,
    /// A line end or another control character: what is shown in one line is written in one.
    #[error("a text of one line holds no control characters")]
    NotOneLine,
}

impl OverlayError {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::DepartmentTooLong => "overlay.department_too_long",
            Self::PhoneTooLong => "overlay.phone_too_long",
            Self::NotOneLine => "overlay.not_one_line",
        }
    }

    /// The sentence.
    #[must_use]
    pub fn message(self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::DepartmentTooLong => message.with("most", MAX_DEPARTMENT_CHARS),
            Self::PhoneTooLong => message.with("most", MAX_PHONE_CHARS),
            Self::NotOneLine => message,
        }
    }
}

impl OverlayField {
    /// 部门 as typed, without the blanks around it.
    ///
    /// # Errors
    /// [`OverlayError::DepartmentTooLong`], [`OverlayError::NotOneLine`].
    pub fn department(typed: &str) -> Result<Self, OverlayError> {
        one_line(typed, MAX_DEPARTMENT_CHARS, OverlayError::DepartmentTooLong).map(Self::Department)
    }

    /// 联系电话 as typed, without the blanks around it: people write extensions, names and
    /// several numbers.
    ///
    /// # Errors
    /// [`OverlayError::PhoneTooLong`], [`OverlayError::NotOneLine`].
    pub fn phone(typed: &str) -> Result<Self, OverlayError> {
        one_line(typed, MAX_PHONE_CHARS, OverlayError::PhoneTooLong).map(Self::Phone)
    }

    /// The change that puts a value into a field; `None` where no overlay has the field, or the
    /// field no such value.
    #[must_use]
    pub fn of(field: FieldName, value: Value) -> Option<Self> {
        match (field, value) {
            (FieldName::Department, Value::Text(text)) => Some(Self::Department(text)),
            (FieldName::Phone, Value::Text(text)) => Some(Self::Phone(text)),
            (FieldName::Department | FieldName::Phone, Value::Amount(_))
            | (
                FieldName::Person
                | FieldName::Month
                | FieldName::Reason
                | FieldName::From
                | FieldName::To
                | FieldName::Wage
                | FieldName::IdKind
                | FieldName::Name
                | FieldName::Born
                | FieldName::Sex
                | FieldName::Insurance
                | FieldName::Redo,
                Value::Text(_) | Value::Amount(_),
            ) => None,
        }
    }

    /// Which field it changes.
    #[must_use]
    pub fn field(&self) -> FieldName {
        match self {
            Self::Department(_) => FieldName::Department,
            Self::Phone(_) => FieldName::Phone,
        }
    }

    pub(super) fn value(&self) -> Value {
        match self {
            Self::Department(text) | Self::Phone(text) => Value::Text(text.clone()),
        }
    }
}

fn one_line(typed: &str, most: usize, too_long: OverlayError) -> Result<String, OverlayError> {
    let text = typed.trim();
    if text.chars().count() > most {
        return Err(too_long);
    }
    if text.contains(char::is_control) {
        return Err(OverlayError::NotOneLine);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_takes_one_line_of_a_bounded_length() {
        let longest = "部".repeat(MAX_DEPARTMENT_CHARS);
        let spaced = format!(" {longest} ");
        assert_eq!(
            OverlayField::department(&spaced),
            Ok(OverlayField::Department(longest.clone()))
        );
        assert_eq!(
            OverlayField::department(&format!("{longest}门")),
            Err(OverlayError::DepartmentTooLong)
        );
        assert_eq!(
            OverlayField::phone(&"1".repeat(MAX_PHONE_CHARS + 1)),
            Err(OverlayError::PhoneTooLong)
        );
        assert_eq!(
            OverlayField::phone("024-1\n024-2"),
            Err(OverlayError::NotOneLine)
        );
        assert_eq!(
            OverlayField::phone(" "),
            Ok(OverlayField::Phone(String::new()))
        );
    }
}
