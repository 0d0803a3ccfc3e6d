//! Which file makes which declarations, and which of its columns fill which fields.

use canbao_core::declaration::{Draft, Field, Kind};
use canbao_core::month::MonthRange;
use canbao_workbook::{Column, Record, RowProblem, Template};

/// The file of a kind of declaration.
pub(super) struct Form {
    /// Its columns.
    pub(super) template: Template,
    /// The fields they fill, beside the person.
    fields: &'static [(Field, Column)],
}

impl Form {
    /// The file that makes declarations of a kind.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Interruption => Self {
                template: Template::Interruption,
                fields: &[
                    (Field::Month, Column::ChangeMonth),
                    (Field::Reason, Column::Reason),
                ],
            },
            Kind::Resumption => Self {
                template: Template::Resumption,
                fields: &[
                    (Field::Month, Column::ChangeMonth),
                    (Field::Reason, Column::Reason),
                    (Field::Wage, Column::Wage),
                ],
            },
            Kind::Registration => Self {
                template: Template::Registration,
                fields: &[
                    (Field::Born, Column::Born),
                    (Field::Sex, Column::Sex),
                    (Field::Month, Column::FirstPaid),
                    (Field::Reason, Column::Reason),
                    (Field::Wage, Column::Wage),
                ],
            },
            Kind::Wage => Self {
                template: Template::Wage,
                fields: &[
                    (Field::From, Column::From),
                    (Field::To, Column::To),
                    (Field::Wage, Column::Wage),
                ],
            },
        }
    }

    /// Fills the fields of a draft from a row, beside the person. Those whose cells hold no
    /// value of theirs stay empty, and the problems say so; an empty cell of a month takes the
    /// one that was said for the file.
    pub(super) fn fill(
        &self,
        draft: &mut Draft,
        record: &Record<'_>,
        months: Option<MonthRange>,
    ) -> Vec<(Field, RowProblem)> {
        let mut wrong = Vec::new();
        if let Some(months) = months {
            draft.from = months.first().to_string();
            draft.to = months.last().to_string();
        }
        for (field, column) in self.fields {
            if let Err(problem) = fill(draft, *field, *column, record) {
                wrong.push((*field, problem));
            }
        }
        wrong
    }

    /// The column in which a field's problem is shown; none for the row as a whole.
    pub(super) fn column(&self, field: Field) -> Option<Column> {
        let of_field = self.fields.iter().find(|(it, _)| *it == field);
        match (of_field, field) {
            (Some((_, column)), _) => Some(*column),
            (None, Field::Person) => Some(Column::IdNumber),
            (None, Field::IdKind) => Some(Column::IdKind),
            (None, Field::Name) => Some(Column::Name),
            (None, _) => None,
        }
    }
}

fn fill(
    draft: &mut Draft,
    field: Field,
    column: Column,
    record: &Record<'_>,
) -> Result<(), RowProblem> {
    let month = |text: &mut String| {
        if let Some(month) = record.month(column)? {
            *text = month.to_string();
        }
        Ok(())
    };
    match field {
        Field::Month => month(&mut draft.month)?,
        Field::From => month(&mut draft.from)?,
        Field::To => month(&mut draft.to)?,
        Field::Born => {
            let born = record.birth_date(column)?;
            draft.born = born.map(|it| it.to_string()).unwrap_or_default();
        }
        Field::Sex => record
            .text(column)?
            .unwrap_or_default()
            .clone_into(&mut draft.sex),
        Field::Reason => record
            .text(column)?
            .unwrap_or_default()
            .clone_into(&mut draft.reason),
        Field::Wage => draft.wage = record.amount(column)?,
        Field::Person
        | Field::IdKind
        | Field::Name
        | Field::Insurance
        | Field::Redo
        | Field::Whole => {}
    }
    Ok(())
}
