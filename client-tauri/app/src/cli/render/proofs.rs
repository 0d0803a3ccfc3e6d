//! Payment proofs and what was verified.

use canbao_client::response::{CheckpointView, ExportAllView, ExportView, ProofView, VerifiedView};
use canbao_core::message::Lang;

use super::layout::{Fields, caption, harmless, parts};
use super::money::insurance;

/// 缴费凭证: the record, the head of the log, the proof's text as it would be written.
pub(super) fn proof(view: &ProofView, lang: Lang) -> String {
    let record = &view.record;
    let fields = Fields::new(lang)
        .with("record", &record.id)
        .with("name", &record.person.name)
        .with("personal_number", &record.person.personal_number)
        .with("insurance", &record.insurance_text)
        .with("settlement", &record.settlement)
        .with("period", &record.period)
        .with("base", &record.base)
        .with("unit_amount", &record.unit_amount)
        .with("personal_amount", &record.personal_amount)
        .with("posted_on", &record.posted_on)
        .with("record_state", &record.state.text);
    let text: Vec<String> = view.proof.lines().map(harmless).collect();
    parts([head(fields, &view.checkpoint).show(), text.join("\n")])
}

/// Where a proof was written.
pub(super) fn exported(view: &ExportView, lang: Lang) -> String {
    Fields::new(lang)
        .with("record", &view.id)
        .with("proof_file", view.path.display())
        .with("trust_file", view.trust_path.display())
        .show()
}

/// Where every proof was written.
pub(super) fn exported_all(view: &ExportAllView, lang: Lang) -> String {
    Fields::new(lang)
        .with("proofs", view.proofs)
        .with("directory", view.path.display())
        .with("trust_file", view.trust_path.display())
        .show()
}

/// What was verified; that it is shown at all says that it held.
pub(super) fn verified(view: &VerifiedView, lang: Lang) -> String {
    let mut fields = Fields::new(lang)
        .maybe("entries", view.entries)
        .maybe("proofs", view.records);
    if let Some(record) = &view.record {
        fields = fields
            .with("record", &record.id)
            .with("credit_code", &record.credit_code)
            .with("name", &record.name)
            .with("personal_number", &record.personal_number)
            .with("insurance", insurance(record.insurance, lang))
            .with("settlement", &record.settlement)
            .with("period", &record.period)
            .with("base", &record.base)
            .with("unit_amount", &record.unit_amount)
            .with("personal_amount", &record.personal_amount)
            .with("total", &record.total)
            .with("posted_on", &record.posted_on)
            .with("recorded_at", &record.recorded_at);
    }
    let title = caption(&format!("verified_{}", view.what), lang);
    parts([title, head(fields, &view.checkpoint).show()])
}

/// The head of the log, after other fields.
pub(super) fn head(fields: Fields, checkpoint: &CheckpointView) -> Fields {
    fields
        .with("log", &checkpoint.origin)
        .with("log_size", checkpoint.size)
        .with("log_root", &checkpoint.root_hash)
}
