//! The flags of the agency's review.

use canbao_client::request::Request;
use clap::{Args, Subcommand};

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

impl Review {
    pub(super) fn into_request(self) -> Request {
        match self {
            Self::Queue => Request::ReviewQueue,
            Self::Approve { ids } => Request::ReviewApprove { ids },
            Self::Return(Negative { ids, reason }) => Request::ReviewReturn { ids, reason },
            Self::Reject(Negative { ids, reason }) => Request::ReviewReject { ids, reason },
        }
    }
}
