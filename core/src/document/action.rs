//! What a user does to a document; kept beside the change it made, so that a refused change can
//! be made again.

use minicbor::{Decode, Encode};

use crate::declaration::{Draft, Kind};
use crate::ids::{DeclarationId, ImportId, NoteId, PersonId};
use crate::money::Money;

use super::field::{FieldName, Value};
use super::import::ImportedDraft;
use super::overlay::OverlayField;

/// One user action; it becomes one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// 确定: a declaration is created. Where its record is there already, another device redid
    /// the same draft and this amends it: a record is created once.
    #[n(1)]
    Declare {
        /// Its id.
        #[n(0)]
        id: DeclarationId,
        /// Its form.
        #[n(1)]
        kind: Kind,
        /// The fields as filled in.
        #[n(2)]
        fields: Vec<Change>,
    },
    /// 修改: fields of a declaration get other values. A field in conflict has one value then:
    /// this is how a person chooses.
    #[n(2)]
    Amend {
        /// Which.
        #[n(0)]
        id: DeclarationId,
        /// The fields that change.
        #[n(1)]
        fields: Vec<Change>,
    },
    /// 删除: the declaration is voided, never deleted.
    #[n(3)]
    Void {
        /// Which.
        #[n(0)]
        id: DeclarationId,
    },
    /// The employer notes something on a person of its roster. Each note is a record of its own,
    /// so that two devices' notes never hide each other.
    #[n(4)]
    Annotate {
        /// The note's id.
        #[n(0)]
        id: NoteId,
        /// On whom.
        #[n(1)]
        person: PersonId,
        /// What.
        #[n(2)]
        text: String,
    },
    /// A note is taken back: voided, never deleted.
    #[n(5)]
    VoidNote {
        /// Which.
        #[n(0)]
        id: NoteId,
    },
    /// What the employer keeps on a person of its roster beside the facts. The record is the
    /// person's: two devices that fill it in write into one.
    #[n(6)]
    Overlay {
        /// On whom.
        #[n(0)]
        person: PersonId,
        /// The fields that change.
        #[n(1)]
        fields: Vec<OverlayField>,
    },
    /// 数据提交: the good rows of a file become declarations, at most
    /// [`MAX_IMPORTED`](super::MAX_IMPORTED) by one action. Where another device imported the
    /// same file, they are the same declarations.
    #[n(7)]
    Import {
        /// Which file.
        #[n(0)]
        import: ImportId,
        /// Their form.
        #[n(1)]
        kind: Kind,
        /// The declarations.
        #[n(2)]
        drafts: Vec<ImportedDraft>,
    },
    /// An import is undone: its declarations are voided as one, as many as one action imports.
    #[n(8)]
    VoidAll {
        /// Which.
        #[n(0)]
        ids: Vec<DeclarationId>,
    },
}

impl Action {
    /// The one declaration it is about.
    #[must_use]
    pub fn declaration(&self) -> Option<DeclarationId> {
        match self {
            Self::Declare { id, .. } | Self::Amend { id, .. } | Self::Void { id } => Some(*id),
            Self::Annotate { .. }
            | Self::VoidNote { .. }
            | Self::Overlay { .. }
            | Self::Import { .. }
            | Self::VoidAll { .. } => None,
        }
    }
}

/// Declares a change for each text field of a draft once: the enum, and how each is read, put
/// and shown.
macro_rules! changes {
    ($($(#[$doc:meta])* $n:literal $name:ident in $field:ident),* $(,)?) => {
        /// A field of a draft and its new value.
        #[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
        pub enum Change {
            /// 工资.
            #[n(6)]
            Wage(#[n(0)] Money),
            $($(#[$doc])* #[n($n)] $name(#[n(0)] String)),*
        }

        impl Change {
            /// The change that puts a value into a field; `None` where no draft has the field, or
            /// the field no such value.
            #[must_use]
            pub fn of(field: FieldName, value: Value) -> Option<Self> {
                match (field, value) {
                    $((FieldName::$name, Value::Text(text)) => Some(Self::$name(text)),)*
                    (FieldName::Wage, Value::Amount(wage)) => Some(Self::Wage(wage)),
                    (FieldName::Department | FieldName::Phone, _)
                    | (_, Value::Text(_) | Value::Amount(_)) => None,
                }
            }

            /// The filled fields of a draft.
            #[must_use]
            pub fn all_of(draft: &Draft) -> Vec<Self> {
                let texts = [$((&draft.$field, Self::$name as fn(String) -> Self)),*];
                texts
                    .into_iter()
                    .filter(|(text, _)| !text.is_empty())
                    .map(|(text, field)| field(text.clone()))
                    .chain(draft.wage.map(Self::Wage))
                    .collect()
            }

            /// Which field it changes.
            #[must_use]
            pub fn field(&self) -> FieldName {
                match self {
                    $(Self::$name(_) => FieldName::$name,)*
                    Self::Wage(_) => FieldName::Wage,
                }
            }

            /// Puts the value into a draft.
            pub fn apply_to(&self, draft: &mut Draft) {
                match self {
                    $(Self::$name(text) => draft.$field.clone_from(text),)*
                    Self::Wage(wage) => draft.wage = Some(*wage),
                }
            }

            pub(super) fn value(&self) -> Value {
                match self {
                    $(Self::$name(text))|* => Value::Text(text.clone()),
                    Self::Wage(wage) => Value::Amount(*wage),
                }
            }
        }
    };
}

changes! {
    /// The person, as resolved or as typed.
    1 Person in person,
    /// 变更时间.
    2 Month in month,
    /// 变更原因.
    3 Reason in reason,
    /// 开始年月.
    4 From in from,
    /// 结束年月.
    5 To in to,
    /// 证件类型.
    7 IdKind in id_kind,
    /// 姓名.
    8 Name in name,
    /// 出生日期.
    9 Born in born,
    /// 性别.
    10 Sex in sex,
    /// 险种.
    11 Insurance in insurance,
    /// 重做.
    12 Redo in redo,
}

#[cfg(test)]
mod tests {
    use super::super::overlay::OverlayField;
    use super::*;

    #[test]
    fn a_change_is_made_again_from_its_field_and_value() {
        let text = || Value::Text("2022-01".to_owned());
        let amount = || Value::Amount(Money::from_fen(1));
        for field in FieldName::OF_DRAFT {
            let value = match field {
                FieldName::Wage => amount(),
                _ => text(),
            };
            let change = Change::of(field, value.clone()).unwrap();
            assert_eq!((change.field(), change.value()), (field, value));
            assert_eq!(OverlayField::of(field, text()), None);
        }
        for field in FieldName::OF_OVERLAY {
            let change = OverlayField::of(field, text()).unwrap();
            assert_eq!((change.field(), change.value()), (field, text()));
            assert_eq!(Change::of(field, text()), None);
        }
        assert_eq!(Change::of(FieldName::Wage, text()), None);
        assert_eq!(Change::of(FieldName::Month, amount()), None);
    }
}
