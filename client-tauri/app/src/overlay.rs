//! What the employer keeps on a person beside the facts: 部门 and 联系电话, in its roster document.

use std::collections::BTreeMap;

use canbao_core::document::{Action, DocumentId, FieldName, Overlay, OverlayError, OverlayField};
use canbao_core::ids::{PersonId, UnitId};

use crate::app::App;
use crate::fault::Fault;
use crate::queries::find_person;
use crate::request::Context;
use crate::response::PersonDetail;

impl App {
    /// Fills in what is given and leaves the rest; an empty text clears. It also chooses: a
    /// field in conflict has this value afterwards.
    pub(crate) fn set_overlay(
        &mut self,
        context: &Context,
        person: &str,
        department: Option<&str>,
        phone: Option<&str>,
    ) -> Result<PersonDetail, Fault> {
        let unit = self.unit(context)?;
        let (unit, person) = (unit.record.id, find_person(unit, person)?.record.id);
        let given: Vec<OverlayField> = [
            department.map(OverlayField::department),
            phone.map(OverlayField::phone),
        ]
        .into_iter()
        .flatten()
        .collect::<Result<_, _>>()?;
        if given.is_empty() {
            return Err(Fault::usage("overlay.nothing_given"));
        }
        let kept = self.overlay_on(unit, person);
        let fields: Vec<OverlayField> = given
            .into_iter()
            .filter(|it| !says(kept.as_ref(), it))
            .collect();
        if !fields.is_empty() {
            let action = Action::Overlay { person, fields };
            self.act(context, DocumentId::EmployerRoster(unit), action)?;
        }
        self.roster_person(context, &person.to_string())
    }

    /// What is kept on one person.
    pub(crate) fn overlay_on(&self, unit: UnitId, person: PersonId) -> Option<Overlay> {
        let roster = DocumentId::EmployerRoster(unit);
        self.drafts.document(&roster)?.overlay(person)
    }

    /// What is kept on the persons of a unit.
    pub(crate) fn overlays_of(&self, unit: UnitId) -> BTreeMap<PersonId, Overlay> {
        let roster = self.drafts.document(&DocumentId::EmployerRoster(unit));
        let overlays = roster.map(|it| it.overlays()).unwrap_or_default();
        overlays.into_iter().map(|it| (it.person, it)).collect()
    }
}

/// Whether the field says this already, and nothing else.
fn says(kept: Option<&Overlay>, field: &OverlayField) -> bool {
    let (said, wanted) = match field {
        OverlayField::Department(text) => (kept.map(|it| &it.department), text),
        OverlayField::Phone(text) => (kept.map(|it| &it.phone), text),
    };
    let in_conflict = |name: FieldName| {
        let mut conflicts = kept.iter().flat_map(|it| &it.conflicts);
        conflicts.any(|it| it.field == name)
    };
    said.map_or("", String::as_str) == wanted && !in_conflict(field.field())
}

impl From<OverlayError> for Fault {
    fn from(error: OverlayError) -> Self {
        let message = error.message();
        Self {
            args: message.args,
            ..Self::usage(message.code)
        }
    }
}
