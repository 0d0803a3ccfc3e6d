//! What a user does to a document; kept beside the change it made, so that a refused change can
//! be made again.

use minicbor::{Decode, Encode};

use crate::declaration::{Draft, Kind};
use crate::ids::{DeclarationId, NoteId, PersonId};
use crate::money::Money;

/// One user action; it becomes one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// 确定: a declaration is created.
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
    /// 修改: fields of a declaration get other values.
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
}

impl Action {
    /// The declaration it is about.
    #[must_use]
    pub fn declaration(&self) -> Option<DeclarationId> {
        match self {
            Self::Declare { id, .. } | Self::Amend { id, .. } | Self::Void { id } => Some(*id),
            Self::Annotate { .. } | Self::VoidNote { .. } => None,
        }
    }
}

/// A field and its new value.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// The person, as resolved or as typed.
    #[n(1)]
    Person(#[n(0)] String),
    /// 变更时间.
    #[n(2)]
    Month(#[n(0)] String),
    /// 变更原因.
    #[n(3)]
    Reason(#[n(0)] String),
    /// 开始年月.
    #[n(4)]
    From(#[n(0)] String),
    /// 结束年月.
    #[n(5)]
    To(#[n(0)] String),
    /// 工资.
    #[n(6)]
    Wage(#[n(0)] Money),
}

impl Change {
    /// The filled fields of a draft.
    #[must_use]
    pub fn all_of(draft: &Draft) -> Vec<Self> {
        let texts = [
            (&draft.person, Self::Person as fn(String) -> Self),
            (&draft.month, Self::Month),
            (&draft.reason, Self::Reason),
            (&draft.from, Self::From),
            (&draft.to, Self::To),
        ];
        texts
            .into_iter()
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, field)| field(text.clone()))
            .chain(draft.wage.map(Self::Wage))
            .collect()
    }

    /// Puts the value into a draft.
    pub fn apply_to(&self, draft: &mut Draft) {
        match self {
            Self::Person(text) => draft.person.clone_from(text),
            Self::Month(text) => draft.month.clone_from(text),
            Self::Reason(text) => draft.reason.clone_from(text),
            Self::From(text) => draft.from.clone_from(text),
            Self::To(text) => draft.to.clone_from(text),
            Self::Wage(wage) => draft.wage = Some(*wage),
        }
    }
}
