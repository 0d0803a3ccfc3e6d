//! 失业协同标志: whether a declaration's pension operation was carried over (SIL-9).

use crate::declaration::{Declaration, PersonNumber, Subject};
use crate::facts::{CarriedOver, LinkedOperation, TakenFeed, UnitView};
use crate::identity::IdDocument;
use crate::parameters::ParameterSet;
use crate::time::Timestamp;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// 失业协同标志 of a declaration, with the pension operation that it is linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked<'a> {
    /// 成功.
    Succeeded {
        /// The operation's id at pension insurance.
        operation: &'a str,
    },
    /// 失败.
    Failed {
        /// The operation's id at pension insurance.
        operation: &'a str,
        /// Why, in pension insurance's words.
        reason: &'a str,
    },
    /// 不适用, as pension insurance says itself.
    NotApplicable {
        /// The operation's id at pension insurance.
        operation: &'a str,
    },
    /// 未知.
    Unknown(Unknown),
}

/// Why the flag is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unknown {
    /// No feed of the unit ever came.
    NoFeed,
    /// The feed is older than the parameter `pension_feed_days` lets it be.
    Old,
    /// No parameter says how old a feed may be.
    NoLimit,
    /// The feed tells of no such operation.
    NotNamed,
}

impl Unknown {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::NoFeed, Self::Old, Self::NoLimit, Self::NotNamed];

    /// The stable name, which is the code of its sentence.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFeed => "pension.no_feed",
            Self::Old => "pension.feed_old",
            Self::NoLimit => "pension.feed_no_limit",
            Self::NotNamed => "pension.not_named",
        }
    }
}

impl Linked<'_> {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::NotApplicable { .. } => "not_applicable",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The unit's feed, where there is one that is still believed.
///
/// Its age is counted by pension insurance's clock; a feed that seems to come from the future is
/// as new as can be.
///
/// # Errors
/// Why nothing can be said by it.
pub fn usable_feed<'a>(
    unit: &'a UnitView,
    parameters: Option<&ParameterSet>,
    now: Timestamp,
) -> Result<&'a TakenFeed, Unknown> {
    let taken = unit.pension_feed().ok_or(Unknown::NoFeed)?;
    let days = parameters
        .and_then(|it| it.pension_feed_days(now.month(), now.date()).ok())
        .ok_or(Unknown::NoLimit)?;
    let age = now.0.saturating_sub(taken.feed.as_of.0);
    if age > i64::from(days) * SECONDS_A_DAY {
        return Err(Unknown::Old);
    }
    Ok(taken)
}

/// The flag of a declaration; none where its kind is no linked business.
///
/// The operation is found by the person's document, since each insurance gives its own personal
/// number (SIL-22), by the kind and by the change month.
#[must_use]
pub fn linked<'a>(
    declaration: &Declaration,
    unit: &'a UnitView,
    parameters: Option<&ParameterSet>,
    now: Timestamp,
) -> Option<Linked<'a>> {
    let content = &declaration.content;
    if !content.kind().is_movement() {
        return None;
    }
    let month = content.month();
    let taken = match usable_feed(unit, parameters, now) {
        Ok(taken) => taken,
        Err(unknown) => return Some(Linked::Unknown(unknown)),
    };
    let feed = &taken.feed;
    let subject = content.subject();
    let document =
        stated_document(&subject).or_else(|| Some(&unit.person_meant(&subject)?.record.document));
    let is_meant = |it: &&LinkedOperation| {
        let person = feed.persons.get(&it.personal_number);
        it.kind == declaration.content.kind()
            && it.month == month
            && person.is_some_and(|it| document.is_some_and(|document| it.has_document(document)))
    };
    let found = feed.operations.values().find(is_meant);
    Some(found.map_or(Linked::Unknown(Unknown::NotNamed), flag))
}

fn flag(operation: &LinkedOperation) -> Linked<'_> {
    let id = operation.id.as_str();
    match &operation.carried_over {
        CarriedOver::Succeeded => Linked::Succeeded { operation: id },
        CarriedOver::Failed(reason) => Linked::Failed {
            operation: id,
            reason,
        },
        CarriedOver::NotApplicable => Linked::NotApplicable { operation: id },
    }
}

/// The document that a declaration itself states.
fn stated_document<'a>(subject: &Subject<'a>) -> Option<&'a IdDocument> {
    match subject {
        Subject::New(entrant) => Some(&entrant.document),
        Subject::Elsewhere(PersonNumber::Document(document), _) => Some(document),
        Subject::Elsewhere(PersonNumber::Personal(_), _) | Subject::Known(_) => None,
    }
}
