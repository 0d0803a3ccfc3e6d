//! Payment records and receipts (QRY-4, QRY-5, SUB-3).

use canbao_core::declaration::Field;
use canbao_core::facts::{RecordView, SubmissionState, SubmissionView, UnitView};
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::statement::Verdict;

use crate::app::App;
use crate::assess::month;
use crate::captions::{self, coded};
use crate::fault::Fault;
use crate::queries::find_person;
use crate::request::Context;
use crate::response::{Coded, PersonRef, ReceiptRow, RecordRow, RecordsView};
use crate::rows::{person_of, subject_of};

impl App {
    /// The unit's payment records in their running order, or one person's, by 费款所属期.
    pub(crate) fn records(
        &self,
        context: &Context,
        person: Option<String>,
        from: Option<String>,
        to: Option<String>,
    ) -> Result<RecordsView, Fault> {
        let unit = self.unit(context)?;
        let person = person.map(|it| find_person(unit, &it)).transpose()?;
        let from = from.map(|it| month(&it, Field::From)).transpose()?;
        let to = to.map(|it| month(&it, Field::To)).transpose()?;
        let wanted: Vec<&RecordView> = unit
            .records
            .iter()
            .filter(|it| {
                let paid_for = unit.canonical(it.record.person);
                person.is_none_or(|person| paid_for == person.record.id)
            })
            .filter(|it| from.is_none_or(|from| from <= it.record.month))
            .filter(|it| to.is_none_or(|to| it.record.month <= to))
            .collect();
        let unit_amount: Money = wanted.iter().map(|it| it.record.unit_amount).sum();
        let personal_amount: Money = wanted.iter().map(|it| it.record.person_amount).sum();
        Ok(RecordsView {
            records: wanted
                .into_iter()
                .map(|it| record_row(unit, it, context.lang))
                .collect(),
            unit_amount: unit_amount.to_string(),
            personal_amount: personal_amount.to_string(),
            total: (unit_amount + personal_amount).to_string(),
        })
    }

    /// Every receipt of the unit, in the order they were given.
    pub(crate) fn receipts(&self, context: &Context) -> Result<Vec<ReceiptRow>, Fault> {
        let unit = self.unit(context)?;
        let mut rows: Vec<ReceiptRow> = unit
            .submissions
            .values()
            .map(|it| receipt_row(unit, it, context.lang))
            .collect();
        rows.sort_by(|a, b| a.receipt.cmp(&b.receipt));
        Ok(rows)
    }
}

/// A record's id: tax's serial and the line, without the amount.
pub(crate) fn record_id(serial: &str, line: u32) -> String {
    format!("{serial}/{line}")
}

pub(crate) fn record_row(unit: &UnitView, view: &RecordView, lang: Lang) -> RecordRow {
    let record = &view.record;
    let person = person_of(unit, record.person).unwrap_or_else(|| PersonRef {
        id: record.person.to_string(),
        name: record.name.clone(),
        personal_number: record.personal_number.clone(),
        masked_id: String::new(),
    });
    RecordRow {
        id: record_id(&record.serial, record.line),
        unit: record.unit.to_string(),
        person,
        insurance: record.insurance,
        payment_kind: record.kind,
        settlement: record.settlement.to_string(),
        period: record.month.to_string(),
        base: record.base.to_string(),
        unit_amount: record.unit_amount.to_string(),
        personal_amount: record.person_amount.to_string(),
        total: record.total().to_string(),
        posted_on: record.posted_on.clone(),
        serial: record.serial.clone(),
        line: record.line,
        number: record.number,
        leaf: view.position.0,
        reverses: record.reverses.as_ref().map(ToString::to_string),
        state: if view.is_recorded() {
            coded("recorded", lang, "已记账", "recorded")
        } else {
            coded("in_treasury", lang, "已到账", "in the treasury")
        },
    }
}

fn receipt_row(unit: &UnitView, view: &SubmissionView, lang: Lang) -> ReceiptRow {
    let declaration = &view.declaration;
    ReceiptRow {
        receipt: view.receipt.to_string(),
        declaration: declaration.id.to_string(),
        revision: declaration.revision,
        submission: declaration.submission_id().to_string(),
        unit: unit.record.id.to_string(),
        kind: declaration.content.kind().to_string(),
        kind_text: captions::kind(declaration.content.kind(), lang),
        person: subject_of(unit, &declaration.content),
        settlement: view.settlement.to_string(),
        received_at: view.received_at.to_string(),
        status: submission_state(&view.state, lang),
    }
}

fn submission_state(state: &SubmissionState, lang: Lang) -> Coded {
    match state {
        SubmissionState::Undecided => coded("received", lang, "已受理", "received"),
        SubmissionState::Withdrawn => coded("withdrawn", lang, "已撤回", "withdrawn"),
        SubmissionState::Decided(decided) => match &decided.verdict {
            Verdict::Approve => coded("approved", lang, "审核通过", "approved"),
            Verdict::Return(_) => coded("returned", lang, "已退回", "returned"),
            Verdict::Reject(_) => coded("rejected", lang, "审核不通过", "rejected"),
        },
    }
}
