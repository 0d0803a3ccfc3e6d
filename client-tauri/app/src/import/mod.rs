//! A file of declarations (批量申报): its good rows become drafts, its failing rows come back
//! with why (INT-2, SIL-6, SIL-12, SIL-21).

mod form;
mod judging;
mod output;

use std::collections::BTreeSet;
use std::path::Path;

use canbao_core::declaration::{Draft, Field, Kind};
use canbao_core::document::{Action, DocumentId, MAX_IMPORTED, StoredDraft};
use canbao_core::facts::{DeclarationStatus, UnitView};
use canbao_core::ids::{DeclarationId, ImportId, UnitId};
use canbao_core::month::{Month, MonthRange};
use canbao_workbook::{Column, FailedRow, FileKind, RowProblem, Sheet, SheetError, Table, bounded};

use crate::app::App;
use crate::assess::month;
use crate::captions;
use crate::fault::{Fault, file};
use crate::request::{Context, Importing};
use crate::response::{ImportReport, ImportRow, ImportUndone, TemplateView};
use form::Form;
use judging::{Grounds, Judge, said};

/// The columns of the months that a wage counts for.
const MONTHS: [Column; 2] = [Column::From, Column::To];

/// The rows of a file, judged.
#[derive(Default)]
struct Judged {
    /// The drafts of the good ones.
    good: Vec<Draft>,
    /// The result of every row.
    rows: Vec<ImportRow>,
    /// The failing ones, as they go back.
    failed: Vec<FailedRow>,
}

impl App {
    /// Reads a file of declarations and makes drafts of its good rows, all in one commit.
    ///
    /// The failing rows are written first: where that fails, nothing is imported.
    pub(crate) fn import(
        &mut self,
        context: &Context,
        importing: &Importing,
    ) -> Result<ImportReport, Fault> {
        let kind = kind_of(&importing.kind)?;
        if let Some(out) = &importing.failures {
            output::check(out, &importing.file)?;
        }
        let months = months_of(importing, kind)?;
        let bytes = bounded(&importing.file).map_err(|it| of_sheet(&it, &importing.file))?;
        let import = import_id(&bytes, months);
        self.check_new(context, import)?;
        let sheet = self.sheet(&importing.file, bytes)?;
        let template = Form::of(kind).template;
        let given: &[Column] = months.map_or(&[], |_| &MONTHS);
        let table = Table::without(template, given, &sheet).map_err(without_columns)?;
        self.check_length(table.records().count())?;

        let Judged { good, rows, failed } = self.judged(context, (import, kind, months), &table)?;
        if let Some(out) = &importing.failures {
            output::write_failed(out, template, &failed)?;
        }
        if !importing.preview && !good.is_empty() {
            let document = self.newest_volume(self.unit(context)?.record.id)?;
            self.act_all(context, document, Action::importing(import, kind, &good))?;
        }
        Ok(ImportReport {
            import: import.to_string(),
            kind: kind.to_string(),
            kind_text: captions::kind(kind, context.lang),
            preview: importing.preview,
            good: good.len() as u64,
            failed: failed.len() as u64,
            rows,
            unknown_columns: table.unknown().to_vec(),
            failures: importing
                .failures
                .as_ref()
                .filter(|_| !failed.is_empty())
                .map(|it| it.display().to_string()),
        })
    }

    /// Voids the drafts of an import that were not submitted yet.
    pub(crate) fn undo_import(
        &mut self,
        context: &Context,
        import: ImportId,
    ) -> Result<ImportUndone, Fault> {
        let unit = self.unit(context)?;
        let imported = self.imported(unit.record.id, import);
        if imported.is_empty() {
            return Err(Fault::usage("import.no_such").with("import", import));
        }
        let (drafts, left): (Vec<_>, Vec<_>) = imported
            .into_iter()
            .partition(|(_, it)| self.is_draft(unit, it));
        let unit = unit.record.id;
        let documents: BTreeSet<DocumentId> = drafts.iter().map(|(it, _)| *it).collect();
        for document in documents {
            let of_it = drafts.iter().filter(|(it, _)| *it == document);
            let stored: Vec<&StoredDraft> = of_it.map(|(_, it)| it).collect();
            self.void_all(context, unit, document, import, &stored)?;
        }
        Ok(ImportUndone {
            import: import.to_string(),
            voided: drafts.len() as u64,
            left: left.len() as u64,
        })
    }

    /// Writes the empty workbook of a kind of declaration (DL-4).
    pub(crate) fn template(&self, kind: &str, out: &Path) -> Result<TemplateView, Fault> {
        let kind = kind_of(kind)?;
        let template = Form::of(kind).template;
        output::write_template(out, template)?;
        let columns = template.columns().iter();
        Ok(TemplateView {
            kind: kind.to_string(),
            path: out.display().to_string(),
            columns: columns.map(|it| it.caption().to_owned()).collect(),
        })
    }

    /// Refuses a file of which drafts or declarations stand, whichever device imported it.
    fn check_new(&self, context: &Context, import: ImportId) -> Result<(), Fault> {
        match self.imported(self.unit(context)?.record.id, import).len() {
            0 => Ok(()),
            drafts => Err(Fault::refused("import.already")
                .with("import", import)
                .with("drafts", drafts)),
        }
    }

    /// What an import made and nobody voided.
    fn imported(&self, unit: UnitId, import: ImportId) -> Vec<(DocumentId, StoredDraft)> {
        let drafts = self.drafts.of(unit).into_values();
        drafts
            .filter(|(_, it)| it.import == Some(import) && !it.voided)
            .collect()
    }

    fn is_draft(&self, unit: &UnitView, stored: &StoredDraft) -> bool {
        self.standing(unit, stored.draft.id, stored.voided) == DeclarationStatus::Draft
    }

    fn sheet(&self, path: &Path, bytes: Vec<u8>) -> Result<Sheet, Fault> {
        let reader = self.world.reader().map_err(|error| file(path, &error))?;
        let read = FileKind::of(path).and_then(|kind| reader.read(kind, bytes));
        read.map_err(|error| of_sheet(&error, path))
    }

    /// No more rows than a batch may have (SIL-6).
    fn check_length(&self, rows: usize) -> Result<(), Fault> {
        let common = &self.feed.projection.common;
        let today = self.presumed_now().date();
        let month = common.current_settlement().or(Month::of(today).ok());
        let (Some(parameters), Some(month)) = (common.parameters(), month) else {
            return Err(Fault::refused("import.no_parameters"));
        };
        let most = parameters
            .batch_rows(month, today)
            .map_err(|missing| Fault::refused_for(missing.message()))?;
        if rows as u64 > u64::from(most) {
            return Err(Fault::refused("import.too_many_rows")
                .with("rows", rows)
                .with("most", most));
        }
        Ok(())
    }

    /// Judges every row.
    fn judged(
        &self,
        context: &Context,
        (import, kind, months): (ImportId, Kind, Option<MonthRange>),
        table: &Table<'_>,
    ) -> Result<Judged, Fault> {
        let unit = self.unit(context)?;
        let drafts = self.drafts.of(unit.record.id);
        let waiting = drafts.values().map(|(_, it)| it);
        let waiting = waiting.filter(|it| self.is_draft(unit, it));
        let mut judge = Judge::of(Grounds {
            unit,
            common: &self.feed.projection.common,
            today: self.presumed_now().date(),
            import,
            kind,
            months,
            lang: context.lang,
            waiting: waiting.map(|it| said(&it.draft)).collect(),
            known: drafts.keys().copied().collect(),
        });
        let mut judged = Judged::default();
        for record in table.records() {
            match judge.judge(&record) {
                Ok(draft) => {
                    let row = output::good_row(&record, unit, &draft);
                    judged.rows.push(row);
                    judged.good.push(draft);
                }
                Err(problems) => {
                    let reason = output::reason(&problems);
                    let failed = FailedRow::of(&record, table.template(), reason);
                    judged.failed.push(failed);
                    judged.rows.push(output::failing_row(&record, problems));
                }
            }
        }
        Ok(judged)
    }

    /// Voids drafts of an import as one; those in a sealed volume are brought into the open one.
    fn void_all(
        &mut self,
        context: &Context,
        unit: UnitId,
        document: DocumentId,
        import: ImportId,
        drafts: &[&StoredDraft],
    ) -> Result<(), Fault> {
        let common = &self.feed.projection.common;
        let is_open = document
            .volume()
            .is_some_and(|it| common.volume_is_open(it));
        let (target, mut actions) = if is_open {
            (document, Vec::new())
        } else {
            let kind = drafts[0].draft.kind;
            let drafts: Vec<Draft> = drafts.iter().map(|it| it.draft.clone()).collect();
            let again = Action::importing(import, kind, &drafts);
            (self.newest_volume(unit)?, again)
        };
        let ids: Vec<DeclarationId> = drafts.iter().map(|it| it.draft.id).collect();
        let some = ids.chunks(MAX_IMPORTED).map(<[_]>::to_vec);
        actions.extend(some.map(|ids| Action::VoidAll { ids }));
        self.act_all(context, target, actions)
    }
}

fn kind_of(typed: &str) -> Result<Kind, Fault> {
    let kind = typed.to_uppercase().parse();
    kind.map_err(|()| Fault::usage("import.no_such_kind").with("kind", typed))
}

/// The months that were said for a file of wages: both or none.
fn months_of(importing: &Importing, kind: Kind) -> Result<Option<MonthRange>, Fault> {
    let (from, to) = match (&importing.from, &importing.to) {
        (None, None) => return Ok(None),
        (Some(from), Some(to)) if kind == Kind::Wage => (from, to),
        (Some(_), Some(_)) => return Err(Fault::usage("import.no_months_there")),
        (Some(_), None) | (None, Some(_)) => return Err(Fault::usage("import.half_of_the_months")),
    };
    let range = MonthRange::new(month(from, Field::From)?, month(to, Field::To)?);
    range
        .map(Some)
        .map_err(|it| Fault::refused_for(it.message()))
}

/// The file's hash; the same file with other months is another import.
fn import_id(bytes: &[u8], months: Option<MonthRange>) -> ImportId {
    match months {
        None => ImportId::of(bytes),
        Some(months) => {
            let said = format!("\n{} {}", months.first(), months.last());
            ImportId::of(&[bytes, said.as_bytes()].concat())
        }
    }
}

/// The columns that are missing or stand twice. A file of wages that lacks its months alone is
/// one of the field's (SIL-12), whose months are said with the order to read it.
fn without_columns(problems: Vec<RowProblem>) -> Fault {
    let is_month = |it: &RowProblem| {
        it.message.code == "file.column_missing"
            && MONTHS
                .iter()
                .any(|month| it.column.as_deref() == Some(month.caption()))
    };
    if problems.len() == MONTHS.len() && problems.iter().all(is_month) {
        return Fault::refused("import.months_missing");
    }
    output::without_columns(problems)
}

fn of_sheet(error: &SheetError, path: &Path) -> Fault {
    match error {
        SheetError::Unreadable(error) => file(path, error),
        SheetError::TooLarge { .. }
        | SheetError::UnknownKind
        | SheetError::NotAWorkbook
        | SheetError::Damaged(_)
        | SheetError::NotUtf8
        | SheetError::Empty
        | SheetError::TooManyCells => Fault::refused_for(error.message()),
    }
}
