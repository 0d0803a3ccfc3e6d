//! The employer's notes on persons, in its roster document: they go to its own devices alone.

use canbao_core::document::{Action, DocumentId};
use canbao_core::ids::{NoteId, PersonId, UnitId};
use canbao_core::statement::MAX_REASON_BYTES;

use crate::app::App;
use crate::fault::Fault;
use crate::queries::find_person;
use crate::request::Context;
use crate::response::{NoteView, PersonDetail};
use crate::world::random;

impl App {
    /// Notes something on a person; works offline, like every change of a document.
    pub(crate) fn note(
        &mut self,
        context: &Context,
        person: &str,
        text: &str,
    ) -> Result<PersonDetail, Fault> {
        let unit = self.unit(context)?;
        let (unit, person) = (unit.record.id, find_person(unit, person)?.record.id);
        let text = text.trim().to_owned();
        if text.is_empty() || text.len() > MAX_REASON_BYTES {
            return Err(Fault::usage("note.length").with("most", MAX_REASON_BYTES));
        }
        let seconds = u64::try_from(self.world.now().0).unwrap_or(0);
        let id = NoteId::from_parts(seconds.saturating_mul(1000), random(self.world.as_mut())?);
        let action = Action::Annotate { id, person, text };
        self.act(context, DocumentId::EmployerRoster(unit), action)?;
        self.roster_person(context, &person.to_string())
    }

    /// Takes a note back.
    pub(crate) fn unnote(&mut self, context: &Context, id: NoteId) -> Result<PersonDetail, Fault> {
        let unit = self.unit(context)?.record.id;
        let document = DocumentId::EmployerRoster(unit);
        let notes = self.drafts.document(&document).map(|it| it.notes());
        let note = notes.into_iter().flatten().find(|it| it.id == id);
        let person = note
            .ok_or_else(|| Fault::usage("document.no_such_note"))?
            .person;
        self.act(context, document, Action::VoidNote { id })?;
        self.roster_person(context, &person.to_string())
    }

    /// The notes on a person.
    pub(crate) fn notes_on(&self, unit: UnitId, person: PersonId) -> Vec<NoteView> {
        let roster = self.drafts.document(&DocumentId::EmployerRoster(unit));
        roster
            .iter()
            .flat_map(|it| it.notes())
            .filter(|note| note.person == person)
            .map(|note| NoteView {
                id: note.id.to_string(),
                text: note.text,
            })
            .collect()
    }
}
