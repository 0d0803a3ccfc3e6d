//! What goes to tax: each sending with its two states and its step, and sending again what tax
//! refused (QRY-1, QRY-9, STA-2).

use canbao_core::declaration::Field;
use canbao_core::facts::{
    Receiving, Sending, TransactionId, TransactionKind, TransactionView, UnitView,
};
use canbao_core::message::Lang;
use canbao_core::month::Month;
use canbao_core::statement::Statement;

use crate::app::App;
use crate::assess::month;
use crate::captions::{self, coded};
use crate::fault::{Fault, Trouble, troubles};
use crate::request::Context;
use crate::response::{Coded, ProblemView, TransactionRow};
use crate::rows::person_of;
use crate::tables::{code_of, named};

impl App {
    /// What was sent to tax, oldest first.
    pub(crate) fn transactions(
        &self,
        context: &Context,
        from: Option<String>,
        to: Option<String>,
        kind: Option<String>,
    ) -> Result<Vec<TransactionRow>, Fault> {
        let unit = self.unit(context)?;
        let from = from.map(|it| month(&it, Field::From)).transpose()?;
        let to = to.map(|it| month(&it, Field::To)).transpose()?;
        let kinds = self.tables().transaction_kinds;
        let kind: Option<String> = kind
            .map(|it| code_of(kinds, &it, "tax.no_such_kind"))
            .transpose()?;
        let mut transactions: Vec<(&TransactionId, &TransactionView)> =
            unit.transactions.iter().collect();
        transactions.sort_by_key(|(_, it)| it.position);
        let rows = transactions
            .into_iter()
            .filter(|(_, it)| {
                let month = month_of(&it.kind);
                from.is_none_or(|from| from <= month) && to.is_none_or(|to| month <= to)
            })
            .map(|(id, it)| self.transaction_row(unit, id, it, context.lang))
            .filter(|row| kind.as_ref().is_none_or(|kind| row.kind.code == *kind));
        Ok(rows.collect())
    }

    /// Asks that a refused transaction is sent again.
    pub(crate) fn send_again(
        &mut self,
        context: &Context,
        typed: &str,
    ) -> Result<TransactionRow, Fault> {
        let unit = self.unit(context)?;
        let unit_id = unit.record.id;
        let transaction = TransactionId(typed.trim().to_owned());
        let refused = unit
            .to_send_again(&transaction)
            .map_err(|code| Fault::refused(code.as_str()))?;
        let attempt = refused.next_request();
        if self.resend_waits(&transaction) {
            return Err(Fault::refused("tax.resend_queued"));
        }
        let request = Statement::ResendRequest {
            unit: unit_id,
            transaction: transaction.clone(),
            attempt,
        };
        self.state(context, |it| it.employs(unit_id), vec![request])?;
        let unit = self.unit(context)?;
        let view = unit.transactions.get(&transaction);
        let view = view.ok_or_else(|| Fault::refused("tax.transaction_unknown"))?;
        Ok(self.transaction_row(unit, &transaction, view, context.lang))
    }

    fn resend_waits(&self, transaction: &TransactionId) -> bool {
        let newest = self.outbox.newest_resend(transaction);
        newest.is_some_and(|(item, _)| self.outbox.waits(item.id, &self.feed))
    }

    fn transaction_row(
        &self,
        unit: &UnitView,
        id: &TransactionId,
        view: &TransactionView,
        lang: Lang,
    ) -> TransactionRow {
        let (person, total) = match &view.kind {
            TransactionKind::RosterChange { change, .. } => {
                (person_of(unit, change.person()), None)
            }
            TransactionKind::Assessment { settlement } => {
                let totals = unit
                    .assessments
                    .get(settlement)
                    .map(|it| it.assessment.totals);
                (None, totals.map(|it| (it.unit + it.person).to_string()))
            }
        };
        let (resend, problems) = self.resend_of(id, view, lang);
        TransactionRow {
            id: id.to_string(),
            unit: unit.record.id.to_string(),
            kind: self.transaction_kind(&view.kind, lang),
            person,
            month: month_of(&view.kind).to_string(),
            attempt: view.attempt,
            sending: captions::sending(&view.sending, lang),
            receiving: captions::receiving(&view.receiving, lang),
            step: captions::step(unit.step(view), lang),
            reason: reason_of(view),
            collected: view.collected,
            total,
            queued_at: view.queued_at.to_string(),
            changed_at: view.changed_at.to_string(),
            may_be_sent_again: unit.to_send_again(id).is_ok(),
            sent_again_as: view.again.as_ref().map(ToString::to_string),
            resend,
            problems,
        }
    }

    /// 交易类型.
    fn transaction_kind(&self, kind: &TransactionKind, lang: Lang) -> Coded {
        let code = match kind {
            TransactionKind::RosterChange { .. } => "roster",
            TransactionKind::Assessment { .. } => "assessment",
        };
        Coded {
            code: code.to_owned(),
            text: named(self.tables().transaction_kinds, code, lang),
        }
    }

    /// Where the newest request to send it again stands, and why one came to nothing.
    fn resend_of(
        &self,
        id: &TransactionId,
        view: &TransactionView,
        lang: Lang,
    ) -> (Option<Coded>, Vec<ProblemView>) {
        let void = view.void.iter().flat_map(|(_, it)| troubles(&it.problems));
        let mut problems: Vec<ProblemView> = void.map(|it| it.in_words(lang)).collect();
        let asked = match self.outbox.newest_resend(id) {
            Some((_, Some(end))) => {
                let trouble = Trouble::new(Field::Whole, &end.code).with("detail", &end.detail);
                problems.push(trouble.in_words(lang));
                Some(coded("refused", lang, "中心拒收", "refused by the centre"))
            }
            Some((item, None)) if self.outbox.waits(item.id, &self.feed) => Some(coded(
                "queued",
                lang,
                "已申请再次发送,等待中心",
                "asked to send again, waiting for the centre",
            )),
            Some((_, None)) | None => None,
        };
        (asked, problems)
    }
}

fn month_of(kind: &TransactionKind) -> Month {
    match kind {
        TransactionKind::RosterChange { change, .. } => change.month(),
        TransactionKind::Assessment { settlement } => *settlement,
    }
}

/// Why sending or receiving failed.
fn reason_of(view: &TransactionView) -> Option<String> {
    match (&view.sending, &view.receiving) {
        (_, Receiving::Refused { reason, .. }) | (Sending::Failed(reason), _) => {
            Some(reason.clone())
        }
        (
            Sending::Waiting | Sending::Sending | Sending::Sent,
            Receiving::NotYet | Receiving::Accepted,
        ) => None,
    }
}
