//! What the application is asked by each command.

use std::path::{Path, PathBuf};

use canbao_client::request::Request;
use canbao_client::response::Failure;

use super::conflicts::Conflicts;
use super::options::within;
use super::{Assess, Command, Passphrase, Pension, Proof, Quarantine, Receipt, Records, Tax};
use crate::cli::secrets::Secrets;

impl Command {
    /// What the application is asked. Paths are made absolute within `here`, since another
    /// process with another working directory may answer. A passphrase that shall lock a key is
    /// asked for now.
    ///
    /// # Errors
    /// A [`Failure`] where none was to be had.
    pub(in crate::cli) fn into_request(
        self,
        here: &Path,
        secrets: &mut Secrets,
    ) -> Result<Request, Failure> {
        Ok(match self {
            Self::Enrol { code, server } => Request::Enrol {
                code,
                server,
                passphrase: secrets.choose()?,
            },
            Self::Rekey => Request::Rekey,
            Self::Passphrase(passphrase) => passphrase.into_request(here, secrets)?,
            Self::Unlock => Request::Unlock,
            Self::Lock => Request::Lock,
            Self::Status => Request::Status,
            Self::Sync { watch } => Request::Sync { watch },
            Self::Agencies { words } => Request::Agencies {
                words: words.join(" "),
            },
            Self::Roster(roster) => roster.into_request(),
            Self::Conflicts(Conflicts::List) => Request::ConflictsList,
            Self::Conflicts(Conflicts::Resolve(choosing)) => choosing.into_request(),
            Self::Declare(declare) => declare.into_request(here),
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
            Self::Tax(Tax::Resend { transaction }) => Request::TaxResend { transaction },
            Self::Compare(asked) => asked.into(),
            Self::Pension(Pension::Roster {
                id_number,
                personal_number,
                person_status,
            }) => Request::PensionRoster {
                id_number,
                personal_number,
                status: person_status,
            },
            Self::Pension(Pension::Counts) => Request::PensionCounts,
            Self::Results {
                settlement,
                insurance,
            } => Request::Results {
                settlement,
                insurance,
            },
            Self::Review(review) => review.into_request(),
            Self::Records(Records::List(asked)) => asked.into(),
            Self::Receipt(Receipt::List) => Request::ReceiptList,
            Self::Quarantine(Quarantine::List) => Request::QuarantineList,
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
        })
    }
}

impl Passphrase {
    fn into_request(self, here: &Path, secrets: &mut Secrets) -> Result<Request, Failure> {
        Ok(match self {
            Self::Set => Request::PassphraseSet {
                passphrase: secrets.choose_now()?,
            },
            Self::Change {
                new_passphrase_file: file,
            } => Request::PassphraseChange {
                passphrase: secrets.choose_other(file.map(|it| within(here, &it)))?,
            },
            Self::Remove => Request::PassphraseRemove,
        })
    }
}

/// The file of a record's proof: its serial comes from outside, so only plain characters stay.
pub(in crate::cli) fn proof_file_name(id: &str) -> PathBuf {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = id.chars().take(100).map(plain).collect();
    format!("{name}.tlog-proof").into()
}
