//! The flags of fields that two devices filled in differently.

use canbao_client::request::{Choice, Request};
use clap::{Args, Subcommand};

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

impl Choosing {
    pub(super) fn into_request(self) -> Request {
        // The grammar lets exactly one of the two through.
        let choice = match (self.value, self.keep) {
            (Some(number), _) => Choice::Value(number),
            (None, text) => Choice::Keep(text.unwrap_or_default()),
        };
        Request::ConflictsResolve {
            record: self.record,
            field: self.field,
            choice,
        }
    }
}
