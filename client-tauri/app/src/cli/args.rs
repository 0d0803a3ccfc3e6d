//! What may be typed: global options, commands and their flags.

use std::path::{Path, PathBuf};

use canbao_client::request::{Context, Request};
use canbao_core::ids::{DeclarationId, NoteId};
use canbao_core::message::Lang;
use clap::{Args, Parser, Subcommand};

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

/// Options that stand before or after the command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The data directory of the device.
    #[arg(long, global = true, env = "CANBAO_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The unit it is about.
    #[arg(long, global = true, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// The operator who does it.
    #[arg(long, global = true, value_name = "OPERATOR")]
    pub(crate) operator: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of sentences.
    #[arg(long, global = true, value_name = "LANG", default_value = "zh")]
    pub(crate) lang: Lang,
}

impl Options {
    /// On whose behalf the application is asked.
    pub(crate) fn context(&self) -> Context {
        Context {
            unit: self.unit.clone(),
            operator: self.operator.clone(),
            lang: self.lang,
        }
    }
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
    /// The agency's review.
    #[command(subcommand)]
    Review(Review),
    /// Payment records.
    #[command(subcommand)]
    Records(Records),
    /// The centre's receipts.
    #[command(subcommand)]
    Receipt(Receipt),
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

/// `declare`.
#[derive(Debug, Subcommand)]
pub(crate) enum Declare {
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
    },
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
}

/// `declare edit`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct Edit {
    /// The declaration.
    #[arg(value_name = "ID")]
    id: DeclarationId,
    /// ID number, personal number or person id.
    #[arg(long, group = "change")]
    person: Option<String>,
    /// The last month paid.
    #[arg(long, group = "change")]
    month: Option<String>,
    /// Why the person stops.
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

impl Command {
    /// What the application is asked. Paths are made absolute within `here`, since another
    /// process with another working directory may answer.
    pub(crate) fn into_request(self, here: &Path) -> Request {
        match self {
            Self::Enrol { code, server } => Request::Enrol { code, server },
            Self::Rekey => Request::Rekey,
            Self::Status => Request::Status,
            Self::Sync { watch } => Request::Sync { watch },
            Self::Roster(Roster::List) => Request::RosterList,
            Self::Roster(Roster::Show { person }) => Request::RosterShow { person },
            Self::Roster(Roster::Note { person, text }) => Request::RosterNote { person, text },
            Self::Roster(Roster::Unnote { id }) => Request::RosterUnnote { id },
            Self::Declare(declare) => declare.into_request(),
            Self::Submit { ids, all } => Request::Submit { ids, all },
            Self::Withdraw { id } => Request::Withdraw { id },
            Self::Assess(Assess::Apply {
                settlement,
                insurance,
            }) => Request::AssessApply {
                settlement,
                insurance,
            },
            Self::Assess(Assess::List) => Request::AssessList,
            Self::Tax(Tax::List { from, to, kind }) => Request::TaxList { from, to, kind },
            Self::Review(review) => review.into_request(),
            Self::Records(Records::List {
                person,
                period_from,
                period_to,
            }) => Request::RecordsList {
                person,
                period_from,
                period_to,
            },
            Self::Receipt(Receipt::List) => Request::ReceiptList,
            Self::Proof(Proof::Show { id }) => Request::ProofShow { id },
            Self::Proof(Proof::Export { id, out, all: _ }) => match id {
                Some(id) => {
                    let out = out.unwrap_or_else(|| proof_file_name(&id));
                    Request::ProofExport {
                        id,
                        out: Some(here.join(out)),
                    }
                }
                None => Request::ProofExportAll {
                    out: here.join(out.unwrap_or_default()),
                },
            },
            Self::Verify { path, trust } => Request::Verify {
                path: here.join(path),
                trust: trust.map(|it| here.join(it)),
            },
        }
    }
}

impl Declare {
    fn into_request(self) -> Request {
        match self {
            Self::Int {
                person,
                month,
                reason,
            } => Request::DeclareInterruption {
                person,
                month,
                reason,
            },
            Self::Wage {
                person,
                from,
                to,
                wage,
            } => Request::DeclareWage {
                person,
                from,
                to,
                wage,
            },
            Self::List => Request::DeclareList,
            Self::Edit(edit) => Request::DeclareEdit {
                id: edit.id,
                person: edit.person,
                month: edit.month,
                reason: edit.reason,
                from: edit.from,
                to: edit.to,
                wage: edit.wage,
            },
            Self::Void { id } => Request::DeclareVoid { id },
        }
    }
}

impl Review {
    fn into_request(self) -> Request {
        match self {
            Self::Queue => Request::ReviewQueue,
            Self::Approve { ids } => Request::ReviewApprove { ids },
            Self::Return(Negative { ids, reason }) => Request::ReviewReturn { ids, reason },
            Self::Reject(Negative { ids, reason }) => Request::ReviewReject { ids, reason },
        }
    }
}

/// The file of a record's proof: its serial comes from outside, so only plain characters stay.
pub(super) fn proof_file_name(id: &str) -> PathBuf {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = id.chars().take(100).map(plain).collect();
    format!("{name}.tlog-proof").into()
}
