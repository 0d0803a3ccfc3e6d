//! The flags of declarations, typed one by one or in a file.

use std::path::{Path, PathBuf};

use canbao_client::request::{Form, Importing, Request};
use canbao_core::declaration::Kind;
use canbao_core::ids::{DeclarationId, ImportId};
use clap::{Args, Subcommand};

/// `declare`.
#[derive(Debug, Subcommand)]
pub(crate) enum Declare {
    /// Declares an enrolment: a person who was never insured.
    Reg(Enrolment),
    /// Declares an interruption.
    Int {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: String,
        /// The last month paid.
        #[arg(long)]
        month: String,
        /// Why the person stops.
        #[arg(long)]
        reason: String,
        /// The approved interruption that this one does again.
        #[arg(long, value_name = "ID")]
        redo: Option<String>,
    },
    /// Declares a resumption: a person suspended here or in another unit.
    Res(Resumption),
    /// Declares a wage.
    Wage {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: String,
        /// The first month.
        #[arg(long, value_name = "MONTH")]
        from: String,
        /// The last month.
        #[arg(long, value_name = "MONTH")]
        to: String,
        /// The wage in yuan.
        #[arg(long)]
        wage: String,
    },
    /// Lists the declarations with their status.
    List,
    /// Changes the fields given; the others stay.
    Edit(Edit),
    /// Voids a draft.
    Void {
        /// The declaration.
        #[arg(value_name = "ID")]
        id: DeclarationId,
    },
    /// Makes drafts of the good rows of a file.
    Import(Import),
    /// Voids the drafts of an import that were not submitted.
    ImportUndo {
        /// The import, as its answer names it: the SHA-256 of the file.
        #[arg(value_name = "HASH")]
        import: ImportId,
    },
    /// Writes an empty workbook to fill in.
    Template {
        /// reg, int, res or wage.
        #[arg(value_name = "KIND")]
        form: String,
        /// The file, an .xlsx.
        #[arg(long = "out", value_name = "FILE")]
        workbook: PathBuf,
    },
}

/// `declare import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// reg, int, res or wage.
    #[arg(value_name = "KIND")]
    form: String,
    /// The .xls, .xlsx or .csv.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The first month of the wages of a file that has no months.
    #[arg(long, value_name = "MONTH", requires = "to")]
    from: Option<String>,
    /// The last month of the wages of a file that has no months.
    #[arg(long, value_name = "MONTH", requires = "from")]
    to: Option<String>,
    /// Where the failing rows are written with why they failed, as .xlsx.
    #[arg(long, value_name = "FILE")]
    failures: Option<PathBuf>,
    /// Only says what would become of each row.
    #[arg(long)]
    preview: bool,
}

/// `declare reg`.
#[derive(Debug, Args)]
pub(crate) struct Enrolment {
    /// The number of the person's document.
    #[arg(long, value_name = "NUMBER")]
    id_number: String,
    /// The kind of document: 01 resident ID, 04, 06, 07, 08 passport, 99.
    #[arg(long, value_name = "CODE", default_value = "01")]
    id_kind: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// The birth date, YYYY-MM-DD, where the document does not state it.
    #[arg(long, value_name = "DATE")]
    born: Option<String>,
    /// 男 or 女, where the document does not state it.
    #[arg(long)]
    sex: Option<String>,
    /// The first month paid.
    #[arg(long)]
    month: String,
    /// Why the person is enrolled.
    #[arg(long, default_value = "新参保")]
    reason: String,
    /// The wage in yuan.
    #[arg(long)]
    wage: String,
    /// The insurance that is ticked: 210 unemployment.
    #[arg(long, value_name = "CODE", default_value = "210")]
    insurance: String,
    /// The approved enrolment that this one does again.
    #[arg(long, value_name = "ID")]
    redo: Option<String>,
}

/// `declare res`.
#[derive(Debug, Args)]
pub(crate) struct Resumption {
    /// ID number, personal number or person id.
    #[arg(long)]
    person: String,
    /// The kind of document, where the number is that of another than a resident ID.
    #[arg(long, value_name = "CODE")]
    id_kind: Option<String>,
    /// The name of a person who is not in the unit's roster.
    #[arg(long)]
    name: Option<String>,
    /// The first month paid.
    #[arg(long)]
    month: String,
    /// Why the person pays again.
    #[arg(long, default_value = "续保")]
    reason: String,
    /// The wage in yuan.
    #[arg(long)]
    wage: String,
    /// The insurance that is ticked: 210 unemployment.
    #[arg(long, value_name = "CODE", default_value = "210")]
    insurance: String,
    /// The approved resumption that this one does again.
    #[arg(long, value_name = "ID")]
    redo: Option<String>,
}

/// `declare edit`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct Edit {
    /// The declaration.
    #[arg(value_name = "ID")]
    id: DeclarationId,
    /// ID number, personal number or person id; of an enrolment the document's number.
    #[arg(long, group = "change", visible_alias = "id-number")]
    person: Option<String>,
    /// The kind of document.
    #[arg(long, value_name = "CODE", group = "change")]
    id_kind: Option<String>,
    /// The name.
    #[arg(long, group = "change")]
    name: Option<String>,
    /// The birth date, YYYY-MM-DD.
    #[arg(long, value_name = "DATE", group = "change")]
    born: Option<String>,
    /// 男 or 女.
    #[arg(long, group = "change")]
    sex: Option<String>,
    /// The last month paid, or the first.
    #[arg(long, group = "change")]
    month: Option<String>,
    /// The reason of the change.
    #[arg(long, group = "change")]
    reason: Option<String>,
    /// The first month.
    #[arg(long, value_name = "MONTH", group = "change")]
    from: Option<String>,
    /// The last month.
    #[arg(long, value_name = "MONTH", group = "change")]
    to: Option<String>,
    /// The wage in yuan.
    #[arg(long, group = "change")]
    wage: Option<String>,
    /// The approved declaration that is done again.
    #[arg(long, value_name = "ID", group = "change")]
    redo: Option<String>,
}

impl Declare {
    pub(super) fn into_request(self, here: &Path) -> Request {
        let declare = |kind, form| Request::Declare {
            kind,
            form: Box::new(form),
        };
        match self {
            Self::Reg(enrolment) => declare(Kind::Registration, enrolment.into()),
            Self::Res(resumption) => declare(Kind::Resumption, resumption.into()),
            Self::Int {
                person,
                month,
                reason,
                redo,
            } => declare(
                Kind::Interruption,
                Form {
                    person: Some(person),
                    month: Some(month),
                    reason: Some(reason),
                    redo,
                    ..Form::default()
                },
            ),
            Self::Wage {
                person,
                from,
                to,
                wage,
            } => declare(
                Kind::Wage,
                Form {
                    person: Some(person),
                    from: Some(from),
                    to: Some(to),
                    wage: Some(wage),
                    ..Form::default()
                },
            ),
            Self::List => Request::DeclareList,
            Self::Edit(edit) => Request::DeclareEdit {
                id: edit.id,
                form: Box::new(edit.into()),
            },
            Self::Void { id } => Request::DeclareVoid { id },
            Self::Import(import) => Request::DeclareImport(Importing {
                kind: import.form,
                file: here.join(import.file),
                from: import.from,
                to: import.to,
                failures: import.failures.map(|it| here.join(it)),
                preview: import.preview,
            }),
            Self::ImportUndo { import } => Request::DeclareImportUndo { import },
            Self::Template { form, workbook } => Request::DeclareTemplate {
                kind: form,
                out: here.join(workbook),
            },
        }
    }
}

impl From<Enrolment> for Form {
    fn from(typed: Enrolment) -> Self {
        Self {
            person: Some(typed.id_number),
            id_kind: Some(typed.id_kind),
            name: Some(typed.name),
            born: typed.born,
            sex: typed.sex,
            insurance: Some(typed.insurance),
            month: Some(typed.month),
            reason: Some(typed.reason),
            wage: Some(typed.wage),
            redo: typed.redo,
            ..Self::default()
        }
    }
}

impl From<Resumption> for Form {
    fn from(typed: Resumption) -> Self {
        Self {
            person: Some(typed.person),
            id_kind: typed.id_kind,
            name: typed.name,
            insurance: Some(typed.insurance),
            month: Some(typed.month),
            reason: Some(typed.reason),
            wage: Some(typed.wage),
            redo: typed.redo,
            ..Self::default()
        }
    }
}

impl From<Edit> for Form {
    fn from(typed: Edit) -> Self {
        Self {
            person: typed.person,
            id_kind: typed.id_kind,
            name: typed.name,
            born: typed.born,
            sex: typed.sex,
            insurance: None,
            month: typed.month,
            reason: typed.reason,
            from: typed.from,
            to: typed.to,
            wage: typed.wage,
            redo: typed.redo,
        }
    }
}
