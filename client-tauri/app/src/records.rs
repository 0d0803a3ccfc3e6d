//! Payment records and receipts (QRY-4, QRY-5, SUB-3).

use canbao_core::declaration::Field;
use canbao_core::facts::{PaymentQuery, RecordView, SubmissionState, SubmissionView, UnitView};
use canbao_core::message::Lang;
use canbao_core::money::Money;
use canbao_core::parameters::CodeTable;
use canbao_core::statement::Verdict;

use crate::app::App;
use crate::assess::month;
use crate::captions::{self, coded};
use crate::fault::Fault;
use crate::queries::find_person;
use crate::request::{Context, PaymentsWanted};
use crate::response::{Coded, PersonRef, ReceiptRow, RecordRow, RecordsView};
use crate::rows::{person_of, subject_of};
use crate::tables::{Tables, code_of, named};

impl App {
    /// The unit's payment records that are asked for, in their running order.
    pub(crate) fn records(
        &self,
        context: &Context,
        asked: &PaymentsWanted,
    ) -> Result<RecordsView, Fault> {
        let unit = self.unit(context)?;
        let query = self.payment_query(unit, asked)?;
        let wanted: Vec<&RecordView> = query.of(unit).collect();
        let unit_amount: Money = wanted.iter().map(|it| it.record.paid().unit).sum();
        let personal_amount: Money = wanted.iter().map(|it| it.record.paid().person).sum();
        Ok(RecordsView {
            records: wanted
                .into_iter()
                .map(|it| record_row(unit, it, &self.tables(), context.lang))
                .collect(),
            unit_amount: unit_amount.to_string(),
            personal_amount: personal_amount.to_string(),
            total: (unit_amount + personal_amount).to_string(),
        })
    }

    /// Every filter as it was typed, or the first that is none.
    fn payment_query(
        &self,
        unit: &UnitView,
        asked: &PaymentsWanted,
    ) -> Result<PaymentQuery, Fault> {
        let PaymentsWanted {
            person,
            settlement,
            insurance,
            kind,
            period_from,
            period_to,
        } = asked;
        let person = person
            .as_ref()
            .map(|it| find_person(unit, it))
            .transpose()?;
        let month =
            |typed: &Option<String>, field| typed.as_ref().map(|it| month(it, field)).transpose();
        let tables = self.tables();
        let code = |table: Option<&CodeTable>, typed: &Option<String>, refusal| {
            let typed = typed.as_ref();
            typed.map(|it| code_of(table, it, refusal)).transpose()
        };
        Ok(PaymentQuery {
            person: person.map(|it| it.record.id),
            settlement: month(settlement, Field::Month)?,
            insurance: code(tables.insurances, insurance, "records.no_such_insurance")?,
            kind: code(tables.receivable_kinds, kind, "records.no_such_kind")?,
            from: month(period_from, Field::From)?,
            to: month(period_to, Field::To)?,
        })
    }

    pub(crate) fn record_row(&self, unit: &UnitView, view: &RecordView, lang: Lang) -> RecordRow {
        record_row(unit, view, &self.tables(), lang)
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

fn record_row(unit: &UnitView, view: &RecordView, tables: &Tables<'_>, lang: Lang) -> RecordRow {
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
        insurance_text: named(tables.insurances, record.insurance, lang),
        payment_kind: record.kind,
        payment_kind_text: named(tables.receivable_kinds, record.kind, lang),
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
