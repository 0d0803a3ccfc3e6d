//! What may be typed: global options, commands and their flags.

mod options;
mod requests;

use std::path::PathBuf;

use canbao_core::ids::{DeclarationId, ImportId, NoteId};
use clap::{Args, Parser, Subcommand};

pub(crate) use options::Options;

#[cfg(test)]
pub(super) use requests::proof_file_name;

/// The employer's and agency's application on the command line.
#[derive(Debug, Parser)]
#[command(name = "canbao", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) options: Options,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enrols this device and an operator.
    Enrol {
        /// The enrolment code.
        code: String,
        /// The centre's address, host:port.
        #[arg(long, value_name = "ADDR")]
        server: String,
    },
    /// Replaces the keys of this device and its operators; needs no code.
    Rekey,
    /// The passphrase that locks the operator's key.
    #[command(subcommand)]
    Passphrase(Passphrase),
    /// Unlocks the operator's key for some minutes, and signs what waits for it.
    Unlock,
    /// Forgets unlocked keys at once.
    Lock,
    /// Shows where everything stands.
    Status,
    /// Exchanges with the centre.
    Sync {
        /// Stays connected and answers other commands until stopped.
        #[arg(long)]
        watch: bool,
    },
    /// The insured persons of the unit.
    #[command(subcommand)]
    Roster(Roster),
    /// Declarations.
    #[command(subcommand)]
    Declare(Declare),
    /// Fields that two devices filled in differently.
    #[command(subcommand)]
    Conflicts(Conflicts),
    /// Signs declarations and queues them for the centre.
    Submit {
        /// The declarations.
        #[arg(
            value_name = "ID",
            required_unless_present = "all",
            conflicts_with = "all"
        )]
        ids: Vec<DeclarationId>,
        /// Every draft of the unit.
        #[arg(long)]
        all: bool,
    },
    /// Takes an undecided submission back.
    Withdraw {
        /// The declaration.
        #[arg(value_name = "ID")]
        id: DeclarationId,
    },
    /// Assessments of what is due.
    #[command(subcommand)]
    Assess(Assess),
    /// What was sent to tax.
    #[command(subcommand)]
    Tax(Tax),
    /// Compares the roster with tax's, and says what mends each difference.
    Compare {
        /// ID number, personal number or person id; everyone without it.
        #[arg(value_name = "PERSON")]
        person: Option<String>,
        /// consistent, only_ours, only_tax, state_differs, months_differ, base_differs,
        /// name_differs or unknown; or its caption.
        #[arg(long, value_name = "CLASS")]
        class: Option<String>,
    },
    /// What pension insurance tells of the unit.
    #[command(subcommand)]
    Pension(Pension),
    /// Lists what was decided at both insurances, with the flag of linked business.
    Results {
        /// The settlement month; all without it.
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
        /// 210 unemployment, 110 pension; both without it.
        #[arg(long, value_name = "CODE")]
        insurance: Option<u16>,
    },
    /// The agency's review.
    #[command(subcommand)]
    Review(Review),
    /// Payment records.
    #[command(subcommand)]
    Records(Records),
    /// The centre's receipts.
    #[command(subcommand)]
    Receipt(Receipt),
    /// Changes made here that the centre refused.
    #[command(subcommand)]
    Quarantine(Quarantine),
    /// Payment proofs.
    #[command(subcommand)]
    Proof(Proof),
    /// Verifies a payment proof or a copy of the log, offline.
    Verify {
        /// A proof file, or the directory of a copy of the log.
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
        /// The trust bundle; without it this device's own.
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
}

/// `passphrase`.
#[derive(Debug, Subcommand)]
pub(crate) enum Passphrase {
    /// Locks a key that is open.
    Set,
    /// Locks the key by another one.
    Change {
        /// A file whose first line locks the key from now on.
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Takes the lock off.
    Remove,
}

/// `roster`.
#[derive(Debug, Subcommand)]
pub(crate) enum Roster {
    /// Lists everyone.
    List,
    /// Shows one person.
    Show {
        /// ID number, personal number or person id.
        #[arg(value_name = "PERSON")]
        person: String,
    },
    /// Keeps the department or the telephone number of a person, for the employer alone.
    Set(Kept),
    /// Shows a person's document number in full; that and the reason are told to the centre.
    Reveal {
        /// ID number, personal number or person id.
        #[arg(value_name = "PERSON")]
        person: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Notes something on a person, for the employer alone.
    Note {
        /// ID number, personal number or person id.
        #[arg(value_name = "PERSON")]
        person: String,
        /// What.
        #[arg(long, value_name = "TEXT")]
        text: String,
    },
    /// Takes a note back.
    Unnote {
        /// The note, by the id that `roster show` gives.
        #[arg(value_name = "ID")]
        id: NoteId,
    },
}

/// `roster set`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("kept").required(true).multiple(true)))]
pub(crate) struct Kept {
    /// ID number, personal number or person id.
    #[arg(value_name = "PERSON")]
    person: String,
    /// The department; an empty text clears it.
    #[arg(long, value_name = "TEXT", group = "kept")]
    department: Option<String>,
    /// The telephone number; an empty text clears it.
    #[arg(long, value_name = "TEXT", group = "kept")]
    phone: Option<String>,
}

/// `conflicts`.
#[derive(Debug, Subcommand)]
pub(crate) enum Conflicts {
    /// Lists them with who wrote what, when and where.
    List,
    /// Chooses one of the values.
    Resolve(Choosing),
}

/// `conflicts resolve`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("choice").required(true).multiple(false)))]
pub(crate) struct Choosing {
    /// The record, as the list shows it, or a person of the roster.
    #[arg(value_name = "RECORD")]
    record: String,
    /// The field, as the list shows it.
    #[arg(value_name = "FIELD")]
    field: String,
    /// The value of this number in the list.
    #[arg(long, value_name = "NUMBER", group = "choice")]
    value: Option<u32>,
    /// The value that reads so.
    #[arg(long, value_name = "TEXT", group = "choice")]
    keep: Option<String>,
}

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

/// `assess`.
#[derive(Debug, Subcommand)]
pub(crate) enum Assess {
    /// Applies for the assessment of a settlement month.
    Apply {
        /// The settlement month.
        #[arg(long, value_name = "MONTH")]
        settlement: String,
        /// 210 unemployment, 110 pension.
        #[arg(long, value_name = "CODE", default_value_t = canbao_core::facts::UNEMPLOYMENT)]
        insurance: u16,
    },
    /// Lists assessments and requests for one.
    List,
}

/// `tax`.
#[derive(Debug, Subcommand)]
pub(crate) enum Tax {
    /// Lists the transactions with both their states.
    List {
        /// The first month.
        #[arg(long, value_name = "MONTH")]
        from: Option<String>,
        /// The last month.
        #[arg(long, value_name = "MONTH")]
        to: Option<String>,
        /// `roster` or `assessment`.
        #[arg(long)]
        kind: Option<String>,
    },
    /// Asks that what tax refused is sent again.
    Resend {
        /// The refused transaction, by the id that the list shows.
        #[arg(value_name = "TRANSACTION")]
        transaction: String,
    },
}

/// `pension`.
#[derive(Debug, Subcommand)]
pub(crate) enum Pension {
    /// Lists its roster beside the unit's own.
    Roster {
        /// Only the person of this ID number.
        #[arg(long, value_name = "NUMBER")]
        id_number: Option<String>,
        /// Only the person of this personal number, of either insurance.
        #[arg(long, value_name = "NUMBER")]
        personal_number: Option<String>,
        /// Only persons who are working, retired or dead there; or its caption.
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
    },
    /// Compares the head counts and the totals of the bases.
    Counts,
}

/// `review`.
#[derive(Debug, Subcommand)]
pub(crate) enum Review {
    /// Lists what is undecided.
    Queue,
    /// Approves.
    Approve {
        /// Declaration ids or receipt numbers.
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    /// Returns to the employer for correction.
    Return(Negative),
    /// Rejects for good.
    Reject(Negative),
}

/// `review return` and `review reject`.
#[derive(Debug, Args)]
pub(crate) struct Negative {
    /// Declaration ids or receipt numbers.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Why; the employer reads it.
    #[arg(long)]
    reason: String,
}

/// `records`.
#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// Lists payment records and their sum.
    List {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: Option<String>,
        /// The first month paid for.
        #[arg(long, value_name = "MONTH")]
        period_from: Option<String>,
        /// The last month paid for.
        #[arg(long, value_name = "MONTH")]
        period_to: Option<String>,
    },
}

/// `receipt`.
#[derive(Debug, Subcommand)]
pub(crate) enum Receipt {
    /// Lists the centre's receipts.
    List,
}

/// `quarantine`.
#[derive(Debug, Subcommand)]
pub(crate) enum Quarantine {
    /// Lists refused changes and what became of each.
    List,
}

/// `proof`.
#[derive(Debug, Subcommand)]
pub(crate) enum Proof {
    /// Shows the proof of a payment record.
    Show {
        /// The record, serial/line.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Writes the proof of a payment record to a file, or those of all to a directory.
    Export {
        /// The record, serial/line.
        #[arg(value_name = "ID", required_unless_present = "all")]
        id: Option<String>,
        /// Every proven record of the unit.
        #[arg(long, conflicts_with = "id", requires = "out")]
        all: bool,
        /// The file, or with --all the directory; without it a file named after the record, in
        /// the working directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}
