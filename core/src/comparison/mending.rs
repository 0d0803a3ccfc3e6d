//! The declaration that mends a difference, filled in as far as the two rosters tell (QRY-3).

use crate::declaration::{Draft, Kind};
use crate::facts::{TaxPerson, UNEMPLOYMENT, UnitView};
use crate::ids::{DeclarationId, PersonId};
use crate::money::Money;
use crate::month::Month;

use super::{Compared, Repair};

/// The reason of an enrolment where nothing else is said.
const ENROLLING: &str = "新参保";
/// The reason of a resumption where nothing else is said.
const RESUMING: &str = "续保";

impl Repair {
    /// The draft that mends this difference of a person's; none where tax, the window or patience
    /// mends it.
    ///
    /// What neither roster tells stays empty and is asked for when the draft is parsed: why
    /// somebody stopped, the birth date and the sex of a document that does not state them. A
    /// redo is the declaration that it corrects with the month that counts (MON-3).
    #[must_use]
    pub fn draft(&self, id: DeclarationId, row: &Compared<'_>, unit: &UnitView) -> Option<Draft> {
        match self {
            Self::Stop { person, month } => Some(Draft {
                person: person.to_string(),
                month: month.to_string(),
                ..Draft::empty(id, Kind::Interruption)
            }),
            Self::Resume { person, month } => Some(Draft {
                person: person.to_string(),
                insurance: UNEMPLOYMENT.to_string(),
                month: month.to_string(),
                reason: RESUMING.to_owned(),
                wage: row.tax_base.or_else(|| wage(unit, *person, *month)),
                ..Draft::empty(id, Kind::Resumption)
            }),
            Self::Enrol { month } => row.tax.map(|it| enrolment(id, it, *month)),
            Self::Redo {
                operation, month, ..
            } => {
                let corrected = unit.submission_of(*operation)?;
                Some(Draft {
                    id,
                    month: month.to_string(),
                    redo: operation.to_string(),
                    ..Draft::from(&corrected.declaration)
                })
            }
            // Bases are declared by calendar year.
            Self::Wage { person, from, base } => Some(Draft {
                person: person.to_string(),
                from: from.to_string(),
                to: from.last_of_year().to_string(),
                wage: Some(*base),
                ..Draft::empty(id, Kind::Wage)
            }),
            Self::SendAgain { .. } | Self::Wait { .. } | Self::AskTax | Self::Window => None,
        }
    }
}

fn enrolment(id: DeclarationId, tax: &TaxPerson, month: Month) -> Draft {
    Draft {
        person: tax.id_number.clone(),
        id_kind: tax.id_kind.clone(),
        name: tax.name.clone(),
        insurance: UNEMPLOYMENT.to_string(),
        month: month.to_string(),
        reason: ENROLLING.to_owned(),
        wage: tax.base,
        ..Draft::empty(id, Kind::Registration)
    }
}

fn wage(unit: &UnitView, person: PersonId, month: Month) -> Option<Money> {
    unit.person(person)?.wage(month)
}
