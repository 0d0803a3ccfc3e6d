//! What may be typed: global options, commands and their flags.

mod conflicts;
mod declare;
mod options;
mod queries;
mod requests;
mod review;
mod roster;

use std::path::PathBuf;

use canbao_core::ids::DeclarationId;
use clap::{Parser, Subcommand};

use conflicts::Conflicts;
use declare::Declare;
pub(crate) use options::Options;
use queries::{Comparing, Payments};
use review::Review;
use roster::Roster;

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
    /// Searches the table of the district agencies.
    Agencies {
        /// Words of the district, the name, the address or the telephone; all without any.
        #[arg(value_name = "WORDS")]
        words: Vec<String>,
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
    /// Compares the roster with tax's, and says what mends each difference or mends it.
    Compare(Comparing),
    /// What pension insurance tells of the unit.
    #[command(subcommand)]
    Pension(Pension),
    /// Lists what was decided at both insurances, with the flag of linked business.
    Results {
        /// The settlement month; all without it.
        #[arg(long, value_name = "MONTH")]
        settlement: Option<String>,
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
        person_status: Option<String>,
    },
    /// Compares the head counts and the totals of the bases.
    Counts,
}

/// `records`.
#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// Lists payment records and their sum.
    List(Payments),
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
