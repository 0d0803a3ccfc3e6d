//! Statements: who signed, whether they may, and whether they were answered before.

use canbao_core::certificate::Certificate;
use canbao_core::declaration::{Declaration, Pool};
use canbao_core::facts::{Fact, TransactionView, UnitView};
use canbao_core::ids::{CertificateSerial, StatementId};
use canbao_core::newest::Newest;
use canbao_core::refusal::RefusalName;
use canbao_core::statement::{Statement, StatementError, Unverified, Verified};
use canbao_core::store::Store;
use canbao_core::time::Timestamp;

use super::answer::{Answer, Unavailable};
use super::certificates::{Opened, Standing};
use super::desk::Desk;
use super::intake::Intake;
use super::places;
use crate::keys::Keys;

/// A statement whose signature holds, and the certificate by which it does.
pub(super) struct Checked {
    pub(super) verified: Verified,
    pub(super) certificate: Certificate,
    pub(super) bytes: Vec<u8>,
}

/// Reads a statement and checks its signature, before it waits for the writer.
pub(super) fn check(
    (store, keys): (&Store, &Keys),
    opened: &Opened,
    newest: &Newest,
    bytes: Vec<u8>,
) -> Result<Result<Checked, Answer>, Unavailable> {
    let refuse = |error: &StatementError| {
        let held = || Answer::Held;
        let refused = |name| Answer::refused(name, error);
        error.refusal().map_or_else(held, refused)
    };
    let unverified = match Unverified::read(&bytes) {
        Ok(unverified) => unverified,
        Err(error) => return Ok(Err(refuse(&error))),
    };
    let Some(certificate) = opened.certificate_of(store, keys, unverified.signer())? else {
        return Ok(Err(Answer::refused(
            RefusalName::StatementUnknownSigner,
            "no such certificate",
        )));
    };
    Ok(
        match unverified.verify_up_to(&certificate, newest.statement) {
            Ok(verified) => Ok(Checked {
                verified,
                certificate,
                bytes,
            }),
            Err(error) => Err(refuse(&error)),
        },
    )
}

impl Desk {
    /// Answers a statement: a repeat as before, everything else by new facts.
    pub(super) fn take_statement(
        &mut self,
        checked: Checked,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let Checked {
            verified: Verified {
                statement, signer, ..
            },
            certificate,
            bytes,
        } = checked;
        let (id, unit) = (statement.id(), statement.unit());
        if let Some(name) = self.refused_before(&places::refused(signer, &id))? {
            return Ok(Answer::refused(name, ""));
        }
        let known = self.load_unit(unit)?;
        let view = self.units.get(unit).filter(|_| known);
        let Some(view) =
            view.filter(|view| outside_mandate(&statement, &certificate, view).is_none())
        else {
            let name = view
                .and_then(|view| outside_mandate(&statement, &certificate, view))
                .unwrap_or(RefusalName::StatementNotYourUnit);
            return self.refuse_statement(signer, id, name, now);
        };
        if let Some(position) = self.led_to(&places::answered(&id))? {
            return Ok(Answer::Taken(position));
        }
        let ended = match self.standing(&certificate, now)? {
            Standing::InForce => None,
            Standing::Revoked => Some(RefusalName::StatementCertificateRevoked),
            Standing::Expired => Some(RefusalName::StatementCertificateExpired),
        };
        if let Some(name) = ended.or_else(|| out_of_turn(&statement, view)) {
            return self.refuse_statement(signer, id, name, now);
        }
        let about =
            declaration_of(&statement, view).map(|it| (it.submission_id(), it.content.clone()));
        let decided = matches!(statement, Statement::Decision { .. });
        let (pool, fresh) = match about {
            Some((submission, content)) => (
                self.pool(unit, &content.subject())?,
                decided
                    .then(|| self.fresh_numbers(&submission))
                    .transpose()?,
            ),
            None => (Pool::Unknown, None),
        };
        let view = self
            .units
            .get(unit)
            .expect("loaded above, and nothing is forgotten within a group");
        let intake = Intake {
            unit: view,
            common: &self.common,
            pool: &pool,
            fresh: fresh.as_ref(),
            next: self.next(),
            now,
        };
        let facts = intake.answer(statement, bytes, &certificate);
        let first = self.append_all(facts, now)?;
        tracing::info!(position = first.0, %unit, signer = signer.0, "statement taken in");
        Ok(Answer::Taken(first))
    }

    /// Refuses by name what is well signed, and keeps the refusal for the audit.
    pub(super) fn refuse_statement(
        &mut self,
        signer: CertificateSerial,
        statement: StatementId,
        name: RefusalName,
        now: Timestamp,
    ) -> Result<Answer, Unavailable> {
        let code = name.as_str();
        let reason = code.to_owned();
        let position = self.append(
            Fact::StatementRefused {
                signer,
                statement,
                reason,
            },
            now,
        )?;
        tracing::warn!(position = position.0, signer = signer.0, code, "refused");
        Ok(Answer::refused(name, ""))
    }

    /// The name by which an item was refused when it came before. One that this program does not
    /// know is a newer program's, whose log it must not answer from.
    pub(super) fn refused_before(
        &self,
        place: &places::Place,
    ) -> Result<Option<RefusalName>, Unavailable> {
        let Some(reason) = self.look_up(place)? else {
            return Ok(None);
        };
        let name = str::from_utf8(&reason).ok().and_then(|it| it.parse().ok());
        name.map(Some).ok_or(Unavailable::Verdict)
    }
}

/// The declaration that a statement submits or decides on.
fn declaration_of<'a>(statement: &'a Statement, unit: &'a UnitView) -> Option<&'a Declaration> {
    match statement {
        Statement::Submission(declaration) => Some(declaration),
        Statement::Decision { submission, .. } => {
            unit.submissions.get(submission).map(|it| &it.declaration)
        }
        Statement::Withdrawal { .. }
        | Statement::AssessmentRequest { .. }
        | Statement::Audit { .. }
        | Statement::ResendRequest { .. } => None,
    }
}

/// Why the signer may not make this statement for this unit (DIST-2, SIL-13).
fn outside_mandate(
    statement: &Statement,
    certificate: &Certificate,
    unit: &UnitView,
) -> Option<RefusalName> {
    let mandate = &certificate.mandate;
    match statement {
        Statement::Submission(_)
        | Statement::Withdrawal { .. }
        | Statement::AssessmentRequest { .. }
        | Statement::ResendRequest { .. } => {
            (!mandate.employs(unit.record.id)).then_some(RefusalName::StatementNotYourUnit)
        }
        Statement::Decision { .. } => {
            (!mandate.reviews(unit.record.district)).then_some(RefusalName::DecisionOtherDistrict)
        }
        Statement::Audit { .. } => {
            let sees = mandate.employs(unit.record.id) || mandate.reviews(unit.record.district);
            (!sees).then_some(RefusalName::StatementNotYourUnit)
        }
    }
}

/// Why the attempt is not answered: a fact that answers one which nobody can have come to yet
/// would stand in its way later, since a statement is answered once.
fn out_of_turn(statement: &Statement, unit: &UnitView) -> Option<RefusalName> {
    match statement {
        Statement::Submission(_) | Statement::Withdrawal { .. } | Statement::Audit { .. } => None,
        Statement::Decision {
            submission,
            attempt,
            ..
        } => {
            // The signer may not have seen the newest void decisions.
            let submission = unit.submissions.get(submission)?;
            let known = (1..=submission.next_attempt()).contains(attempt);
            (!known).then_some(RefusalName::DecisionAttemptOrder)
        }
        Statement::AssessmentRequest {
            insurance,
            settlement,
            attempt,
            ..
        } => {
            let next = unit.next_attempt(*insurance, *settlement);
            (*attempt != next).then_some(RefusalName::AssessmentAttemptOrder)
        }
        Statement::ResendRequest {
            transaction,
            attempt,
            ..
        } => {
            // Two devices of the unit may ask before either saw what the other came to.
            let view = unit.transactions.get(transaction);
            let next = view.map_or(1, TransactionView::next_request);
            let known = (1..=next).contains(attempt);
            (!known).then_some(RefusalName::ResendAttemptOrder)
        }
    }
}
