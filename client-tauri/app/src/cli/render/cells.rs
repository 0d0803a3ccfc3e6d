//! What is shown of one thing in one cell, in several lists.

use canbao_client::response::{Coded, PersonRef};
use canbao_core::message::Lang;

use super::layout::{NONE, caption_with};

/// The fields of a record that wait for a choice, in one cell; nothing where there are none.
pub(super) fn mark(fields: &[Coded], lang: Lang) -> Option<String> {
    let names: Vec<&str> = fields.iter().map(|it| it.text.as_str()).collect();
    let args = [("fields", names.join("、"))];
    (!names.is_empty()).then(|| caption_with("conflict_in", &args, lang))
}

/// Name and masked number, or the sign that there is nobody.
pub(super) fn name_of(person: Option<&PersonRef>) -> String {
    person.map_or_else(
        || NONE.to_owned(),
        |it| format!("{} {}", it.name, it.personal_number),
    )
}
