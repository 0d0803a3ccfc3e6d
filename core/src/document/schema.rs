//! What a record may hold: the fields, their names in a document and their types.

use super::field::FieldName;

/// The most bytes of a text field.
pub(crate) const MAX_TEXT_BYTES: usize = 4 * 1024;

pub(super) const KIND: &str = "kind";
pub(super) const IMPORT: &str = "import";
pub(super) const NOTE: &str = "note";
pub(super) const VOIDED: &str = "voided";

/// A field of a record, whichever document the record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// A declaration's form.
    Kind,
    /// The import that made a declaration, by the hash of its file.
    Import,
    /// A note's text.
    Note,
    /// 删除.
    Voided,
    /// One that a person fills in.
    Filled(FieldName),
}

/// What a field's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// At most [`MAX_TEXT_BYTES`] of UTF-8.
    Text,
    /// An amount in fen, not negative.
    Fen,
    /// `true`: it is set and never taken back.
    Mark,
}

impl Field {
    /// The field of a name; none that this schema does not have.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            KIND => Some(Self::Kind),
            IMPORT => Some(Self::Import),
            NOTE => Some(Self::Note),
            VOIDED => Some(Self::Voided),
            filled => filled.parse().ok().map(Self::Filled),
        }
    }

    /// Its type.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Voided => Shape::Mark,
            Self::Filled(FieldName::Wage) => Shape::Fen,
            Self::Kind
            | Self::Import
            | Self::Note
            | Self::Filled(
                FieldName::Person
                | FieldName::Month
                | FieldName::Reason
                | FieldName::From
                | FieldName::To
                | FieldName::IdKind
                | FieldName::Name
                | FieldName::Born
                | FieldName::Sex
                | FieldName::Insurance
                | FieldName::Redo
                | FieldName::Department
                | FieldName::Phone,
            ) => Shape::Text,
        }
    }
}
