//! Why a command was not carried out, as the screen and scripts read it.

use canbao_core::facts::MAX_EVIDENCE;
use canbao_core::message::{Lang, Message};
use canbao_transport::local::LocalError;
use canbao_workbook::{RowProblem, SheetError};
use serde::{Deserialize, Serialize};

use crate::baseline::FileError;
use crate::centre::{AdminError, OpenError, PensionError, TaxError, Unavailable};
use crate::keys::KeysError;
use crate::pension::NoFeed;
use crate::tax::NoRoster;

/// A failure in a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stable code that scripts and tests branch on.
    pub code: String,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Every problem of a file.
    pub problems: Vec<ProblemView>,
    /// Its class.
    pub class: FailureClass,
}

/// One thing wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The row, from 1; none where the file as a whole is meant.
    pub row: Option<u32>,
    /// The cell, as `C7`.
    #[serde(default)]
    pub cell: Option<String>,
    /// The caption of the column.
    pub column: Option<String>,
    /// The stable code.
    pub code: String,
    /// What is the matter.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The classes of failure, by which a script branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// A rule or the input stands against it.
    Refused,
    /// The disk, the store or another process.
    Store,
}

impl FailureClass {
    /// The process exit code of the class; 2 is the command line's own.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Store => 4,
        }
    }
}

impl Failure {
    /// A failure without problems of a file.
    #[must_use]
    pub fn new(message: &Message, class: FailureClass, lang: Lang) -> Self {
        let text = message.text(lang);
        Self {
            code: message.code.to_owned(),
            message: text.message,
            hint: text.hint,
            problems: Vec::new(),
            class,
        }
    }

    /// A rule or the input.
    #[must_use]
    pub fn refused(message: &Message, lang: Lang) -> Self {
        Self::new(message, FailureClass::Refused, lang)
    }

    /// A file that is not read.
    #[must_use]
    pub fn of_file(error: &FileError, lang: Lang) -> Self {
        let class = match error {
            FileError::Sheet(SheetError::Unreadable(_)) => FailureClass::Store,
            FileError::Sheet(_) | FileError::Rows(_) => FailureClass::Refused,
        };
        let mut failure = Self::new(&error.message(), class, lang);
        if let FileError::Rows(problems) = error {
            failure.problems = problems
                .iter()
                .map(|it| ProblemView::of_row(it, lang))
                .collect();
        }
        failure
    }

    /// The engine's refusal.
    #[must_use]
    pub fn of_engine(error: &AdminError, lang: Lang) -> Self {
        let message = Message::bare(error.code());
        let message = match error {
            AdminError::Unavailable(error) => return Self::of_unavailable(error, lang),
            AdminError::Parameters(detail) => message.with("detail", detail),
            AdminError::SettlementOrder { expected } => message.with("expected", expected),
            AdminError::VolumeKnown(volume)
            | AdminError::VolumeOrder(volume)
            | AdminError::VolumeNotOpen(volume) => message.with("volume", volume),
            AdminError::UnknownDistrict(district) => message.with("district", district),
            AdminError::UnknownUnit(unit) | AdminError::UnitKnown(unit) => {
                message.with("unit", unit)
            }
            AdminError::UnitBelongs { unit, district } => {
                message.with("unit", unit).with("district", district)
            }
            AdminError::PersonalNumberTaken { row } | AdminError::DocumentTaken { row } => {
                message.with("row", row)
            }
            AdminError::UnknownPerson(number) => message.with("number", number),
            AdminError::MonthOwnedTwice(month) => message.with("month", month),
            AdminError::EvidenceLength => message.with("most", MAX_EVIDENCE),
            AdminError::TooManyPersons { limit } => message.with("limit", limit),
            AdminError::UnknownCertificate(serial) => message.with("serial", serial.0),
            AdminError::NotAdministrative
            | AdminError::CreditCodeTaken
            | AdminError::UnemploymentNumberTaken
            | AdminError::NothingToAmend
            | AdminError::DocumentOfAnother
            | AdminError::OnePersonAlready
            | AdminError::EmptyMandate => message,
        };
        Self::refused(&message, lang)
    }

    /// The engine's silence.
    #[must_use]
    pub fn of_unavailable(error: &Unavailable, lang: Lang) -> Self {
        Self::of_store(error.code(), error, lang)
    }

    /// The engine's answer about tax.
    #[must_use]
    pub fn of_tax(error: &TaxError, lang: Lang) -> Self {
        Self::of_store(error.code(), error, lang)
    }

    /// Tax's roster that is not to be had.
    #[must_use]
    pub fn of_roster(error: &NoRoster, lang: Lang) -> Self {
        match error {
            NoRoster::Centre(error) => Self::of_tax(error, lang),
            NoRoster::NoAnswer { .. } | NoRoster::Malformed(_) | NoRoster::Unsteady => {
                let message = Message::bare(error.code()).with("detail", error);
                Self::refused(&message, lang)
            }
        }
    }

    /// A pension feed that is not taken.
    #[must_use]
    pub fn of_feed(error: &NoFeed, lang: Lang) -> Self {
        let message = Message::bare(error.code());
        let message = match error {
            NoFeed::Centre(PensionError::Unavailable(error)) => {
                return Self::of_unavailable(error, lang);
            }
            NoFeed::Centre(PensionError::Older { held }) => message.with("held", held),
            NoFeed::Centre(PensionError::UnknownUnit) => message.with("unit", ""),
            NoFeed::UnknownUnit(number) | NoFeed::WhichUnit(number) => message.with("unit", number),
            NoFeed::Refused(_) => message.with("detail", error),
            NoFeed::NoAnswer { .. }
            | NoFeed::NoSuchUnit
            | NoFeed::OtherUnit
            | NoFeed::Unsteady
            | NoFeed::Centre(PensionError::OtherContent | PensionError::FromTheFuture) => message,
        };
        Self::refused(&message, lang)
    }

    /// A centre that does not open.
    #[must_use]
    pub fn of_opening(error: &OpenError, lang: Lang) -> Self {
        Self::of_store(error.code(), error, lang)
    }

    /// Keys that are not made or read.
    #[must_use]
    pub fn of_keys(error: &KeysError, lang: Lang) -> Self {
        let class = match error {
            KeysError::RootInside { .. }
            | KeysError::Origin { .. }
            | KeysError::OtherRoot
            | KeysError::Chain(_) => FailureClass::Refused,
            _ => FailureClass::Store,
        };
        Self {
            class,
            ..Self::of_store(error.code(), error, lang)
        }
    }

    /// The local socket.
    #[must_use]
    pub fn of_local(error: &LocalError, lang: Lang) -> Self {
        Self::new(&error.message(), FailureClass::Store, lang)
    }

    /// Anything of the disk or the store; its own words stand behind the sentence.
    #[must_use]
    pub fn of_store(code: &'static str, detail: impl std::fmt::Display, lang: Lang) -> Self {
        let failure = Self::new(&Message::bare(code), FailureClass::Store, lang);
        Self {
            message: format!("{} ({detail})", failure.message),
            ..failure
        }
    }
}

impl ProblemView {
    /// A problem of a row, in a language.
    #[must_use]
    pub fn of_row(problem: &RowProblem, lang: Lang) -> Self {
        Self {
            row: Some(problem.row),
            cell: problem.cell.clone(),
            column: problem.column.clone(),
            ..Self::of_whole(&problem.message, lang)
        }
    }

    /// A problem of a file as a whole, in a language.
    #[must_use]
    pub fn of_whole(message: &Message, lang: Lang) -> Self {
        let text = message.text(lang);
        Self {
            row: None,
            cell: None,
            column: None,
            code: message.code.to_owned(),
            message: text.message,
            hint: text.hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use canbao_core::facts::FeedFault;
    use canbao_core::ids::{CertificateSerial, DistrictId, UnitId, VolumeId};
    use canbao_core::month::Month;
    use canbao_core::time::Timestamp;

    use super::*;

    #[test]
    fn every_refusal_of_the_counter_says_what_it_is_and_what_to_do() {
        let (volume, unit) = (VolumeId(7), UnitId([1; 16]));
        let admin = [
            AdminError::NotAdministrative,
            AdminError::Parameters(String::new()),
            AdminError::SettlementOrder {
                expected: Month::MIN,
            },
            AdminError::VolumeKnown(volume),
            AdminError::VolumeOrder(volume),
            AdminError::VolumeNotOpen(volume),
            AdminError::UnknownDistrict(DistrictId(7)),
            AdminError::UnknownUnit(unit),
            AdminError::UnitKnown(unit),
            AdminError::CreditCodeTaken,
            AdminError::UnemploymentNumberTaken,
            AdminError::PersonalNumberTaken { row: 7 },
            AdminError::DocumentTaken { row: 7 },
            AdminError::UnknownPerson("2100000001".to_owned()),
            AdminError::NothingToAmend,
            AdminError::DocumentOfAnother,
            AdminError::OnePersonAlready,
            AdminError::MonthOwnedTwice(Month::MIN),
            AdminError::EvidenceLength,
            AdminError::TooManyPersons { limit: 7 },
            AdminError::EmptyMandate,
            AdminError::UnknownCertificate(CertificateSerial(7)),
        ];
        let files = [
            SheetError::Unreadable(std::io::ErrorKind::NotFound.into()),
            SheetError::TooLarge { most: 1 << 20 },
            SheetError::UnknownKind,
            SheetError::NotAWorkbook,
            SheetError::Damaged(String::new()),
            SheetError::NotUtf8,
            SheetError::Empty,
            SheetError::TooManyCells,
        ];
        let local = [
            LocalError::Taken,
            LocalError::PathTooLong,
            LocalError::TooLong { most: 7 },
            LocalError::NotUnderstood,
            LocalError::NoAnswer(std::io::ErrorKind::TimedOut.into()),
            LocalError::Socket(std::io::ErrorKind::NotFound.into()),
        ];
        let number = || "0110300254".parse().expect("a number");
        let feeds = [
            NoFeed::NoSuchUnit,
            NoFeed::OtherUnit,
            NoFeed::UnknownUnit(number()),
            NoFeed::WhichUnit(number()),
            NoFeed::Unsteady,
            NoFeed::Refused(FeedFault::Malformed("base")),
            NoFeed::Refused(FeedFault::TooMany("persons")),
            NoFeed::Refused(FeedFault::Twice("persons")),
            NoFeed::Refused(FeedFault::HeadCount),
            NoFeed::Refused(FeedFault::TotalBase),
            NoFeed::Refused(FeedFault::NobodyThere),
            NoFeed::Centre(PensionError::UnknownUnit),
            NoFeed::Centre(PensionError::Older { held: Timestamp(7) }),
            NoFeed::Centre(PensionError::OtherContent),
            NoFeed::Centre(PensionError::FromTheFuture),
        ];
        for lang in [Lang::Zh, Lang::En] {
            let feeds = feeds.iter().map(|error| Failure::of_feed(error, lang));
            let admin = admin.iter().map(|error| Failure::of_engine(error, lang));
            let local = local.iter().map(|error| Failure::of_local(error, lang));
            let files = files
                .iter()
                .map(|error| Failure::refused(&error.message(), lang));
            for failure in admin.chain(local).chain(files).chain(feeds) {
                assert_ne!(failure.message, failure.code, "no sentence");
                let whole = format!("{}{}", failure.message, failure.hint);
                assert!(!failure.hint.is_empty() && !whole.contains('{'), "{whole}");
            }
        }
    }
}
