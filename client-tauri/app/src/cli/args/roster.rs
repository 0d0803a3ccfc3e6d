//! The flags of the roster: who is there, and what the employer keeps on them.

use canbao_client::request::Request;
use canbao_core::ids::NoteId;
use clap::{Args, Subcommand};

use super::queries::People;

/// `roster`.
#[derive(Debug, Subcommand)]
pub(crate) enum Roster {
    /// Lists everyone, or those of a number or a status.
    List(People),
    /// Shows one person.
    Show {
        /// ID number, personal number or person id.
        #[arg(value_name = "PERSON")]
        person: String,
    },
    /// Says where a person is insured; asks the centre where the unit's own roster does not tell.
    Insured {
        /// The number of a document, or a personal number.
        #[arg(value_name = "NUMBER")]
        number: String,
        /// The kind of document, where the number is that of another than a resident ID.
        #[arg(long, value_name = "CODE")]
        id_kind: Option<String>,
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

impl Roster {
    pub(super) fn into_request(self) -> Request {
        match self {
            Self::List(asked) => asked.into(),
            Self::Show { person } => Request::RosterShow { person },
            Self::Insured { number, id_kind } => Request::PersonInsured { number, id_kind },
            Self::Set(kept) => Request::RosterSet {
                person: kept.person,
                department: kept.department,
                phone: kept.phone,
            },
            Self::Reveal { person, reason } => Request::RosterReveal { person, reason },
            Self::Note { person, text } => Request::RosterNote { person, text },
            Self::Unnote { id } => Request::RosterUnnote { id },
        }
    }
}
