//! The fields of a record and what stands in them.

use std::fmt;
use std::str::FromStr;

use automerge::ScalarValue;

use crate::declaration::Kind;
use crate::money::Money;

/// A field that a person fills in, of a declaration's draft or of a roster overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldName {
    /// The person.
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
    /// 证件类型.
    IdKind,
    /// 姓名, of an enrolment or of a person from elsewhere.
    Name,
    /// 出生日期.
    Born,
    /// 性别.
    Sex,
    /// 险种, which is ticked.
    Insurance,
    /// 重做: the declaration that is done again.
    Redo,
    /// 部门, of an overlay.
    Department,
    /// 联系电话, of an overlay.
    Phone,
}

impl FieldName {
    /// The fields of a draft, in the order of the form.
    pub const OF_DRAFT: [Self; 12] = [
        Self::IdKind,
        Self::Person,
        Self::Name,
        Self::Born,
        Self::Sex,
        Self::Month,
        Self::Reason,
        Self::From,
        Self::To,
        Self::Wage,
        Self::Insurance,
        Self::Redo,
    ];

    /// The fields of one form, in its order.
    #[must_use]
    pub fn of_form(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Registration => &[
                Self::IdKind,
                Self::Person,
                Self::Name,
                Self::Born,
                Self::Sex,
                Self::Insurance,
                Self::Month,
                Self::Reason,
                Self::Wage,
                Self::Redo,
            ],
            Kind::Resumption => &[
                Self::IdKind,
                Self::Person,
                Self::Name,
                Self::Insurance,
                Self::Month,
                Self::Reason,
                Self::Wage,
                Self::Redo,
            ],
            Kind::Interruption => &[Self::Person, Self::Month, Self::Reason, Self::Redo],
            Kind::Wage => &[Self::Person, Self::From, Self::To, Self::Wage],
        }
    }

    /// The fields of a roster overlay.
    pub const OF_OVERLAY: [Self; 2] = [Self::Department, Self::Phone];

    /// Its stable name, which is also its key in the document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Month => "month",
            Self::Reason => "reason",
            Self::From => "from",
            Self::To => "to",
            Self::Wage => "wage",
            Self::IdKind => "id_kind",
            Self::Name => "name",
            Self::Born => "born",
            Self::Sex => "sex",
            Self::Insurance => "insurance",
            Self::Redo => "redo",
            Self::Department => "department",
            Self::Phone => "phone",
        }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Text that names no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no field has this name")]
pub struct NoSuchField;

impl FromStr for FieldName {
    type Err = NoSuchField;

    fn from_str(text: &str) -> Result<Self, NoSuchField> {
        Self::OF_DRAFT
            .into_iter()
            .chain(Self::OF_OVERLAY)
            .find(|it| it.name() == text)
            .ok_or(NoSuchField)
    }
}

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Of every field but the wage; empty where it was cleared.
    Text(String),
    /// Of the wage; kept in fen.
    Amount(Money),
}

impl Value {
    /// The value as a document holds it under this field; `None` where the type is not the
    /// field's, which the structure check keeps out.
    pub(super) fn of(field: FieldName, held: &automerge::Value<'_>) -> Option<Self> {
        match field {
            FieldName::Wage => {
                let fen = held.as_i64()?;
                Money::try_from(fen).ok().map(Self::Amount)
            }
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
            | FieldName::Phone => Some(Self::Text(held.as_str()?.to_owned())),
        }
    }
}

impl From<&Value> for ScalarValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Text(text) => text.as_str().into(),
            Value::Amount(amount) => amount.fen().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name() {
        for field in FieldName::OF_DRAFT.into_iter().chain(FieldName::OF_OVERLAY) {
            assert_eq!(field.name().parse(), Ok(field));
        }
        assert_eq!("voided".parse::<FieldName>(), Err(NoSuchField));
    }
}
