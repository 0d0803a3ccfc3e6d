//! From a TOML text to dated values, collecting every problem on the way.

use std::str::FromStr;

use jiff::civil::Date;
use toml::{Table, Value};

use super::MAX_TEXT;
use super::dated::{Confidence, Dated, Parameter};
use super::problem::{ParameterFault, ParameterProblem};
use super::values::CodeName;
use crate::month::Month;

/// Enough to mend a text by; a hostile one gives no more.
const MAX_PROBLEMS: usize = 200;

/// The most values a parameter may have; collisions are looked for between all pairs.
const MAX_VALUES: usize = 500;

/// A parameter set being read.
pub(super) struct Reader {
    tables: Table,
    problems: Vec<ParameterProblem>,
}

/// One value being read: its fields are taken one by one, and what is left is unknown.
pub(super) struct Entry<'a> {
    fields: Table,
    faults: &'a mut Vec<ParameterFault>,
}

impl Reader {
    pub(super) fn open(text: &str) -> Result<Self, ParameterProblem> {
        let whole = |fault| ParameterProblem {
            parameter: "*",
            entry: 0,
            fault,
        };
        if text.len() > MAX_TEXT {
            return Err(whole(ParameterFault::TooLong(MAX_TEXT)));
        }
        let tables = text.parse::<Table>().map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or("");
            whole(ParameterFault::NotToml {
                line: before.matches('\n').count() + 1,
            })
        })?;
        Ok(Self {
            tables,
            problems: Vec::new(),
        })
    }

    /// Reads a parameter that must have values, no two of which collide.
    pub(super) fn parameter<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Entry<'_>) -> Option<T>,
    ) -> Parameter<T> {
        let numbered = self.numbered(name, read);
        for (place, (later, value)) in numbered.iter().enumerate() {
            for (earlier, other) in &numbered[..place] {
                if value.collides_with(other) {
                    self.report(name, *later, ParameterFault::Collides(*earlier));
                }
            }
        }
        Parameter::new(name, numbered.into_iter().map(|(_, value)| value).collect())
    }

    /// Reads a parameter that came after the first sets were adopted; a set without it has no
    /// value of it.
    pub(super) fn later_parameter<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Entry<'_>) -> Option<T>,
    ) -> Parameter<T> {
        if self.tables.contains_key(name) {
            self.parameter(name, read)
        } else {
            Parameter::new(name, Vec::new())
        }
    }

    /// Reads values that stand beside each other.
    pub(super) fn entries<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Entry<'_>) -> Option<T>,
    ) -> Vec<Dated<T>> {
        self.numbered(name, read)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    pub(super) fn finish(self) -> Result<(), Vec<ParameterProblem>> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(self.problems)
        }
    }

    fn numbered<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Entry<'_>) -> Option<T>,
    ) -> Vec<(usize, Dated<T>)> {
        let values = match self.tables.remove(name) {
            Some(Value::Array(values)) if (1..=MAX_VALUES).contains(&values.len()) => values,
            Some(_) | None => {
                self.report(name, 0, ParameterFault::NoValues);
                return Vec::new();
            }
        };
        let mut read_values = Vec::new();
        for (number, value) in (1..).zip(values) {
            let mut faults = Vec::new();
            let dated = read_entry(value, &mut faults, &read);
            for fault in faults {
                self.report(name, number, fault);
            }
            read_values.extend(dated.map(|dated| (number, dated)));
        }
        read_values
    }

    fn report(&mut self, parameter: &'static str, entry: usize, fault: ParameterFault) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(ParameterProblem {
                parameter,
                entry,
                fault,
            });
        }
    }
}

impl Entry<'_> {
    /// Says that the value as a whole cannot be.
    pub(super) fn refuse(&mut self, fault: ParameterFault) {
        self.faults.push(fault);
    }

    /// A text that parses as a `T`.
    pub(super) fn parsed<T: FromStr>(&mut self, field: &'static str) -> Option<T> {
        let parse = |value: Value| value.as_str().and_then(|text| text.parse().ok());
        self.required(field, parse)
    }

    /// As [`Entry::parsed`]; absent is none and no problem.
    pub(super) fn optional<T: FromStr>(&mut self, field: &'static str) -> Option<T> {
        if self.fields.contains_key(field) {
            self.parsed(field)
        } else {
            None
        }
    }

    /// A text of at least one character.
    pub(super) fn text(&mut self, field: &'static str) -> Option<String> {
        self.required(field, |value| match value {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        })
    }

    /// A whole number that is not negative.
    pub(super) fn number<T: TryFrom<i64>>(&mut self, field: &'static str) -> Option<T> {
        self.required(field, |value| {
            value.as_integer().and_then(|number| number.try_into().ok())
        })
    }

    /// As [`Entry::number`]; absent is none and no problem.
    pub(super) fn optional_number<T: TryFrom<i64>>(&mut self, field: &'static str) -> Option<T> {
        if self.fields.contains_key(field) {
            self.number(field)
        } else {
            None
        }
    }

    /// A list of texts, each at least one character, none twice.
    pub(super) fn names(&mut self, field: &'static str) -> Option<Vec<String>> {
        let names: Vec<String> = self.required(field, |value| match value {
            Value::Array(values) => values
                .into_iter()
                .map(|value| match value {
                    Value::String(name) if !name.trim().is_empty() => Some(name),
                    _ => None,
                })
                .collect(),
            _ => None,
        })?;
        self.refuse_repeated(names.iter().map(String::as_str));
        Some(names)
    }

    /// A list of `{ code, name }`, with or without `en`, no code twice.
    pub(super) fn codes(&mut self, field: &'static str) -> Option<Vec<CodeName>> {
        let codes: Vec<CodeName> = self.required(field, |value| match value {
            Value::Array(rows) => rows.into_iter().map(code_and_name).collect(),
            _ => None,
        })?;
        self.refuse_repeated(codes.iter().map(|it| it.code.as_str()));
        Some(codes)
    }

    /// Reports each text that stands more than once.
    pub(super) fn refuse_repeated<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let mut seen = std::collections::BTreeSet::new();
        for text in texts {
            if !seen.insert(text) {
                self.refuse(ParameterFault::Twice(text.to_owned()));
            }
        }
    }

    fn required<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.fields.remove(field) else {
            self.refuse(ParameterFault::FieldMissing(field));
            return None;
        };
        let read = read(value);
        if read.is_none() {
            self.refuse(ParameterFault::FieldWrong(field));
        }
        read
    }
}

fn read_entry<T>(
    value: Value,
    faults: &mut Vec<ParameterFault>,
    read: impl Fn(&mut Entry<'_>) -> Option<T>,
) -> Option<Dated<T>> {
    let Value::Table(fields) = value else {
        faults.push(ParameterFault::NoValues);
        return None;
    };
    let mut entry = Entry { fields, faults };
    // Each field is read before the first missing one ends it, so that all are reported.
    let from = entry.parsed::<Month>("from");
    let to = entry.optional::<Month>("to");
    let known = entry.parsed::<Date>("known");
    let reference = entry.text("reference");
    let confidence = entry.parsed::<Confidence>("confidence");
    let note = entry.optional::<String>("note").unwrap_or_default();
    let value = read(&mut entry);
    for (field, _) in std::mem::take(&mut entry.fields) {
        entry.refuse(ParameterFault::FieldUnknown(field));
    }
    let from = from?;
    if to.is_some_and(|to| to < from) {
        entry.refuse(ParameterFault::EndsBeforeStart);
    }
    Some(Dated {
        from,
        to,
        known: known?,
        reference: reference?,
        confidence: confidence?,
        note,
        value: value?,
    })
}

fn code_and_name(row: Value) -> Option<CodeName> {
    let Value::Table(mut row) = row else {
        return None;
    };
    let mut text = |field: &str| match row.remove(field) {
        None => Some(None),
        Some(Value::String(text)) if !text.is_empty() => Some(Some(text)),
        Some(_) => None,
    };
    let read = CodeName {
        code: text("code")??,
        name: text("name")??,
        en: text("en")?,
    };
    row.is_empty().then_some(read)
}

impl FromStr for Confidence {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "H" => Ok(Self::High),
            "M" => Ok(Self::Medium),
            "L" => Ok(Self::Low),
            _ => Err(()),
        }
    }
}
