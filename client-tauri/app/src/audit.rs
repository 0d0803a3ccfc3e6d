//! What is done with personal data is stated to the centre, before it is done: offline too, and
//! durably (architecture, section 6).

use canbao_core::ids::{AuditId, UnitId};
use canbao_core::statement::{AuditEvent, MAX_REASON_BYTES, Statement};

use crate::app::App;
use crate::fault::Fault;
use crate::queries::find_person;
use crate::request::Context;
use crate::response::RevealedView;
use crate::rows::person_ref;
use crate::world::random;

impl App {
    /// Shows a person's document number in full, which is masked everywhere else.
    pub(crate) fn reveal(
        &mut self,
        context: &Context,
        person: &str,
        reason: &str,
    ) -> Result<RevealedView, Fault> {
        let reason = reason.trim().to_owned();
        if reason.is_empty() || reason.len() > MAX_REASON_BYTES {
            return Err(Fault::usage("audit.reason").with("most", MAX_REASON_BYTES));
        }
        let unit = self.unit(context)?;
        let found = find_person(unit, person)?;
        let unit_id = unit.record.id;
        let event = AuditEvent::Revealed {
            person: found.record.id,
            reason,
        };
        let revealed = RevealedView {
            person: person_ref(found),
            document_kind: found.record.document.kind().code().to_owned(),
            document_number: found.record.document.number().to_owned(),
        };
        self.audit(context, unit_id, event)?;
        Ok(revealed)
    }

    /// States what is about to be done.
    pub(crate) fn audit(
        &mut self,
        context: &Context,
        unit: UnitId,
        event: AuditEvent,
    ) -> Result<(), Fault> {
        let seconds = u64::try_from(self.world.now().0).unwrap_or(0);
        let id = AuditId::from_parts(seconds.saturating_mul(1000), random(self.world.as_mut())?);
        let district = self
            .feed
            .projection
            .units
            .get(&unit)
            .map(|it| it.record.district);
        let sees = |mandate: &canbao_core::certificate::Mandate| {
            mandate.employs(unit) || district.is_some_and(|it| mandate.reviews(it))
        };
        self.state(context, sees, vec![Statement::Audit { unit, id, event }])
    }
}
