//! The administrator's commands: what they ask, what they bring about, and how both are shown.
//!
//! [`run`] reads the files a command names, then lets the process that has the store open carry
//! it out, or opens the store itself where none runs.

mod audit;
mod command;
mod copy;
mod desk;
mod devices;
mod failure;
mod outcome;
mod pension;
mod render;
mod run;
mod units;

pub use command::{Call, Command, IssueCode, LoadUnit, LoadedPerson, MandateWanted, Reply, SOCKET};
pub use desk::{Desk, Line, Lines};
pub use failure::{Failure, FailureClass, ProblemView};
pub use outcome::{
    CodeIssued, CopiedLog, IncidentListed, Outcome, PensionFeedTaken, PensionStatus, Status,
    TaxRosterFetched, TaxStatus, UnitListed, UnitLoaded, UnitMoved,
};
pub use render::{show, shown};
pub use run::run;
