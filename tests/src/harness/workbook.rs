//! The field's workbook, read for what tax would know of the same persons.

use std::path::Path;

use calamine::{Reader, open_workbook_auto};
use serde_json::{Value, json};

/// A row of the field's workbook.
#[derive(Debug, Clone)]
pub struct Insured {
    /// 个人编号.
    pub personal_number: String,
    /// 个人名称.
    pub name: String,
    /// 身份证.
    pub id_number: String,
}

/// The rows of a workbook in the field's format.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn insured_of(file: &Path) -> Vec<Insured> {
    let mut workbook = open_workbook_auto(file).expect("a workbook");
    let sheet = workbook
        .worksheet_range_at(0)
        .expect("a sheet")
        .expect("readable");
    sheet
        .rows()
        .skip(1)
        .map(|row| Insured {
            personal_number: row[1].to_string(),
            name: row[2].to_string(),
            id_number: row[3].to_string(),
        })
        .collect()
}

/// The roster that tax already has of these persons, all paying since a month.
#[must_use]
pub fn tax_roster(unit: &Value, insured: &[Insured], since: &str) -> Value {
    let persons: Vec<Value> = insured
        .iter()
        .map(|person| {
            json!({
                "person_number": person.personal_number,
                "id_kind": "01",
                "id_number": person.id_number,
                "name": person.name,
                "start": since,
            })
        })
        .collect();
    json!({"unit": unit, "persons": persons})
}
