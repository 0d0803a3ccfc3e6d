//! What the application is asked by each command.

use std::path::{Path, PathBuf};

use canbao_client::request::{Choice, Form, Importing, Request};
use canbao_client::response::Failure;
use canbao_core::declaration::Kind;

use super::options::within;
use super::{
    Assess, Choosing, Command, Conflicts, Declare, Edit, Enrolment, Negative, Passphrase, Pension,
    Proof, Quarantine, Receipt, Records, Resumption, Review, Roster, Tax,
};
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
            Self::Compare { person, class } => Request::Compare { person, class },
            Self::Pension(Pension::Roster {
                id_number,
                personal_number,
                status,
            }) => Request::PensionRoster {
                id_number,
                personal_number,
                status,
            },
            Self::Pension(Pension::Counts) => Request::PensionCounts,
            Self::Results { month, insurance } => Request::Results {
                settlement: month,
                insurance,
            },
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

impl Roster {
    fn into_request(self) -> Request {
        match self {
            Self::List => Request::RosterList,
            Self::Show { person } => Request::RosterShow { person },
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

impl Choosing {
    fn into_request(self) -> Request {
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

impl Declare {
    fn into_request(self, here: &Path) -> Request {
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
pub(in crate::cli) fn proof_file_name(id: &str) -> PathBuf {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = id.chars().take(100).map(plain).collect();
    format!("{name}.tlog-proof").into()
}
