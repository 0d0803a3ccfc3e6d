//! A row of a file becomes a draft, or everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use canbao_core::declaration::{Declaration, Draft, Field, Ground, Kind, Pool, Problem};
use canbao_core::facts::{CommonView, PersonView, UNEMPLOYMENT, UnitView};
use canbao_core::identity::{IdDocument, IdKind, looks_like_a_resident_id};
use canbao_core::ids::{DeclarationId, ImportId};
use canbao_core::message::{self, Lang, Message};
use canbao_core::money::Money;
use canbao_core::month::{Month, MonthRange};
use canbao_core::parameters::Effect;
use canbao_workbook::{Column, Record, RowProblem};
use jiff::civil::Date;

use super::form::Form;
use crate::response::ImportProblem;

/// What rows are judged by.
pub(super) struct Grounds<'a> {
    pub(super) unit: &'a UnitView,
    pub(super) common: &'a CommonView,
    pub(super) today: Date,
    pub(super) import: ImportId,
    pub(super) kind: Kind,
    /// The months of a file of wages that has none of its own (SIL-12).
    pub(super) months: Option<MonthRange>,
    pub(super) lang: Lang,
    /// The drafts there are: those of an earlier import of the file among them are voided.
    pub(super) known: BTreeSet<DeclarationId>,
    /// What the drafts that wait to be submitted say.
    pub(super) waiting: BTreeSet<Said>,
}

/// The reason of an enrolment whose row says none.
const ENROLMENT: &str = "新参保";

/// Judges the rows of a file, one after the other.
pub(super) struct Judge<'a> {
    grounds: Grounds<'a>,
    /// The rows taken so far, by person.
    taken: BTreeMap<String, Vec<Taken>>,
}

/// What a draft says, whichever id it has: its person, its months, its reason and its wage.
pub(super) type Said = (Kind, String, String, String, String, String, Option<Money>);

/// The months of a row that was taken, as `2022-01`; both empty where its kind has none.
struct Taken {
    row: u32,
    from: String,
    to: String,
}

/// What a draft says.
pub(super) fn said(draft: &Draft) -> Said {
    let text = String::clone;
    (
        draft.kind,
        text(&draft.person),
        text(&draft.month),
        text(&draft.reason),
        text(&draft.from),
        text(&draft.to),
        draft.wage,
    )
}

impl<'a> Judge<'a> {
    pub(super) fn of(grounds: Grounds<'a>) -> Self {
        Self {
            grounds,
            taken: BTreeMap::new(),
        }
    }

    /// The draft of a row, its person found and its months in one spelling.
    ///
    /// # Errors
    /// Everything that is wrong with the row.
    pub(super) fn judge(&mut self, record: &Record<'_>) -> Result<Draft, Vec<ImportProblem>> {
        let form = Form::of(self.grounds.kind);
        let mut draft = Draft::empty(self.id_of(record.row()), self.grounds.kind);
        let mut wrong = form.fill(&mut draft, record, self.grounds.months);
        if let Err(problems) = self.name_person(&mut draft, record) {
            wrong.extend(problems.into_iter().map(|it| (Field::Person, it)));
        }
        let parsed = Declaration::parse(
            &draft,
            1,
            &Ground {
                unit: self.grounds.unit,
                common: self.grounds.common,
                pool: &Pool::Unknown,
                known_on: self.grounds.today,
            },
        );
        let mut problems: Vec<ImportProblem> = Vec::new();
        for (_, problem) in &wrong {
            problems.push(of_row(problem, self.grounds.lang));
        }
        if let Err(found) = &parsed {
            // A field whose cell is wrong is empty here: what is wrong was said.
            let unsaid = |it: &&Problem| wrong.iter().all(|(field, _)| *field != it.field);
            let found = found.iter().filter(unsaid);
            problems.extend(found.map(|it| of_field(it, &form, record, self.grounds.lang)));
        }
        match parsed {
            Ok(declaration) if problems.is_empty() => self
                .taken_once(record, Draft::from(&declaration))
                .map_err(|problem| vec![of_row(&problem, self.grounds.lang)]),
            Ok(_) | Err(_) => Err(problems),
        }
    }

    /// A new draft of the row: the first attempt of which there is none.
    fn id_of(&self, row: u32) -> DeclarationId {
        let unit = self.grounds.unit.record.id;
        (0..)
            .map(|attempt| {
                DeclarationId::of_row(unit, self.grounds.import, self.grounds.kind, row, attempt)
            })
            .find(|id| !self.grounds.known.contains(id))
            .expect("there are fewer drafts than attempts")
    }

    /// Fills in whom the row is about: someone of the roster, or with REG and RES someone by
    /// document and name whom the roster does not have (SIL-15). The file of an unemployment
    /// insurance declaration is the tick at 失业保险.
    fn name_person(&self, draft: &mut Draft, record: &Record<'_>) -> Result<(), Vec<RowProblem>> {
        let enters = match draft.kind {
            Kind::Registration | Kind::Resumption => true,
            Kind::Interruption | Kind::Wage => false,
        };
        let mut problems = Vec::new();
        if enters {
            draft.insurance = UNEMPLOYMENT.to_string();
        }
        let known = [Column::IdNumber, Column::PersonalNumber]
            .into_iter()
            .filter_map(|column| record.number(column).ok().flatten())
            .any(|text| self.grounds.unit.find_person(&text).is_some());
        if !enters || (known && draft.kind == Kind::Resumption) {
            draft.person = self.person(record)?.record.id.to_string();
            return Ok(());
        }
        let kind = kept(record.id_kind(Column::IdKind), &mut problems);
        let id = kept(record.id_number(Column::IdNumber), &mut problems);
        let number = kept(record.number(Column::PersonalNumber), &mut problems);
        let name = kept(record.text(Column::Name), &mut problems);
        problems.extend(self.other_unit(record));
        draft.id_kind = kind.map_or("", IdKind::code).to_owned();
        draft.person = id.or(number).unwrap_or_default();
        draft.name = name.unwrap_or_default().to_owned();
        if draft.kind == Kind::Registration && draft.reason.is_empty() {
            ENROLMENT.clone_into(&mut draft.reason);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// The person whom everything in the row names (COM-1).
    fn person(&self, record: &Record<'_>) -> Result<&'a PersonView, Vec<RowProblem>> {
        let mut problems = Vec::new();
        let id = kept(record.id_number(Column::IdNumber), &mut problems);
        let number = kept(record.number(Column::PersonalNumber), &mut problems);
        let name = kept(record.text(Column::Name), &mut problems);
        let mut found: Option<&PersonView> = None;
        let given = [(Column::IdNumber, &id), (Column::PersonalNumber, &number)];
        for (column, text) in given {
            let Some(text) = text else { continue };
            match (self.grounds.unit.find_person(text), found) {
                (None, _) => problems.push(record.problem(column, nobody(column, text))),
                (Some(person), Some(other)) if person.record.id != other.record.id => {
                    problems.push(record.problem(column, Message::bare("import.two_persons")));
                }
                (Some(person), _) => found = Some(person),
            }
        }
        if problems.is_empty() && found.is_none() {
            let message = Message::bare("import.nobody");
            problems.push(record.problem(Column::IdNumber, message));
        }
        if let (Some(person), Some(name)) = (found, name)
            && unspaced(&person.record.name) != unspaced(name)
        {
            problems.push(record.problem(Column::Name, Message::bare("import.other_name")));
        }
        problems.extend(self.other_unit(record));
        found.filter(|_| problems.is_empty()).ok_or(problems)
    }

    /// 单位编号, where the file has it, is the unit's own.
    fn other_unit(&self, record: &Record<'_>) -> Option<RowProblem> {
        match record.number(Column::Unit) {
            Ok(Some(number)) if number != self.grounds.unit.record.unemployment_number.as_str() => {
                Some(record.problem(Column::Unit, Message::bare("import.other_unit")))
            }
            Ok(_) => None,
            Err(problem) => Some(problem),
        }
    }

    /// The draft, where a batch may hold it and neither a row before nor a draft that waits says
    /// the same.
    fn taken_once(&mut self, record: &Record<'_>, draft: Draft) -> Result<Draft, RowProblem> {
        if self.terminates(&draft) {
            let message = Message::bare("import.terminates").with("reason", &draft.reason);
            return Err(record.problem(Column::Reason, message));
        }
        if self.grounds.waiting.contains(&said(&draft)) {
            return Err(RowProblem::of_row(
                record.row(),
                Message::bare("import.drafted"),
            ));
        }
        let taken = self.taken.entry(draft.person.clone()).or_default();
        let same = taken
            .iter()
            .find(|it| it.from <= draft.to && draft.from <= it.to);
        if let Some(first) = same {
            let message = Message::bare("import.twice").with("first", first.row);
            return Err(RowProblem::of_row(record.row(), message));
        }
        taken.push(Taken {
            row: record.row(),
            from: draft.from.clone(),
            to: draft.to.clone(),
        });
        Ok(draft)
    }

    /// 终止 reasons are declared one by one (SIL-6).
    fn terminates(&self, draft: &Draft) -> bool {
        let Ok(month) = draft.month.parse::<Month>() else {
            return false;
        };
        let Grounds { common, today, .. } = &self.grounds;
        common.stop_effect(&draft.reason, month, *today) == Some(Effect::Terminate)
    }
}

/// Why nobody is found for a number: it is no ID number, or nobody's in the unit.
fn nobody(column: Column, text: &str) -> Message {
    let meant_as_one = column == Column::IdNumber && looks_like_a_resident_id(text);
    match IdDocument::parse(IdKind::ResidentId, text) {
        Err(problem) if meant_as_one => problem.message(),
        Ok(_) | Err(_) => Message::bare("declaration.person_unknown"),
    }
}

fn kept<T>(read: Result<Option<T>, RowProblem>, problems: &mut Vec<RowProblem>) -> Option<T> {
    read.unwrap_or_else(|problem| {
        problems.push(problem);
        None
    })
}

fn unspaced(name: &str) -> String {
    name.split_whitespace().collect()
}

/// A problem of a cell or a row, in a language.
pub(super) fn of_row(problem: &RowProblem, lang: Lang) -> ImportProblem {
    let text = problem.message.text(lang);
    ImportProblem {
        cell: problem.cell.clone(),
        column: problem.column.clone(),
        code: problem.message.code.to_owned(),
        message: text.message,
        hint: text.hint,
    }
}

/// A problem of the declaration, in the column of its field.
fn of_field(problem: &Problem, form: &Form, record: &Record<'_>, lang: Lang) -> ImportProblem {
    let code = problem.code.as_str();
    let args: Vec<(&str, String)> = problem
        .args
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let text = message::render(code, &args, lang);
    let place = form.column(problem.field).map(|it| record.place(it));
    let (cell, column) = place.map_or((None, None), |(cell, caption)| (cell, Some(caption)));
    ImportProblem {
        cell,
        column,
        code: code.to_owned(),
        message: text.message,
        hint: text.hint,
    }
}
