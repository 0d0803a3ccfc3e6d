//! What a record may hold: the fields, their names in a document and their types.

/// The most bytes of a text field.
pub(crate) const MAX_TEXT_BYTES: usize = 4 * 1024;

pub(super) const KIND: &str = "kind";
pub(super) const PERSON: &str = "person";
pub(super) const MONTH: &str = "month";
pub(super) const REASON: &str = "reason";
pub(super) const FROM: &str = "from";
pub(super) const TO: &str = "to";
pub(super) const WAGE: &str = "wage";
pub(super) const NOTE: &str = "note";
const DEPARTMENT: &str = "department";
const PHONE: &str = "phone";
pub(super) const VOIDED: &str = "voided";

/// A field of a record, whichever document the record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// A declaration's form.
    Kind,
    /// Whom it is about.
    Person,
    /// 变更时间.
    Month,
    /// 变更原因.
    Reason,
    /// 开始年月.
    From,
    /// 结束年月.
    To,
    /// 工资.
    Wage,
    /// A note's text.
    Note,
    /// 部门.
    Department,
    /// 联系电话.
    Phone,
    /// 删除.
    Voided,
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
        Some(match name {
            KIND => Self::Kind,
            PERSON => Self::Person,
            MONTH => Self::Month,
            REASON => Self::Reason,
            FROM => Self::From,
            TO => Self::To,
            WAGE => Self::Wage,
            NOTE => Self::Note,
            DEPARTMENT => Self::Department,
            PHONE => Self::Phone,
            VOIDED => Self::Voided,
            _ => return None,
        })
    }

    /// Its type.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Kind
            | Self::Person
            | Self::Month
            | Self::Reason
            | Self::From
            | Self::To
            | Self::Note
            | Self::Department
            | Self::Phone => Shape::Text,
            Self::Wage => Shape::Fen,
            Self::Voided => Shape::Mark,
        }
    }
}
