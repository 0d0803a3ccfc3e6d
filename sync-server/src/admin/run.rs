//! Runs an administrator's command: its files are read here, in a process of their own; the
//! process that has the store open carries it out, or this one where none runs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use canbao_core::identity::{IdDocument, IdKind};
use canbao_core::message::{Lang, Message};
use canbao_core::parameters::{self, MAX_TEXT};
use canbao_transport::local::ask;
use canbao_workbook::Reader;

use super::command::{
    Call, Command, IssueCode, LoadUnit, LoadedPerson, MandateWanted, Reply, SOCKET,
};
use super::desk::Desk;
use super::failure::Failure;
use crate::args::{
    Admin, Agencies, Audit, Code, CodeArgs, Device, Incident, Log, Parameters, Pension, Person,
    Settlement, Tax, Unit, UnitArgs, Volume,
};
use crate::baseline::{RosterPerson, read_agencies, read_roster};
use crate::centre::Centre;

/// The largest file of a pension feed: 100,000 persons fit.
const MAX_FEED_MIB: usize = 24;

/// Carries a command out on the centre in a directory.
#[must_use]
pub fn run(directory: &Path, command: Admin, lang: Lang) -> Reply {
    match command_of(command, lang) {
        Ok(command) => {
            let call = Call { lang, command };
            match ask(directory, &SOCKET, &call) {
                Ok(Some(reply)) => reply,
                Ok(None) => alone(directory, call).unwrap_or_else(Reply::Failed),
                Err(error) => Reply::Failed(Failure::of_local(&error, lang)),
            }
        }
        Err(failure) => Reply::Failed(failure),
    }
}

/// Opens the store for this one command.
fn alone(directory: &Path, call: Call) -> Result<Reply, Failure> {
    let lang = call.lang;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::of_store("serve.runtime", error, lang))?;
    let centre = Centre::open(directory).map_err(|error| Failure::of_opening(&error, lang))?;
    Ok(runtime.block_on(async {
        let reply = Desk::of_command(centre.clone()).answer(call).await;
        centre.stop().await;
        reply
    }))
}

fn command_of(command: Admin, lang: Lang) -> Result<Command, Failure> {
    Ok(match command {
        Admin::Agencies(Agencies::Load { file }) => Command::LoadAgencies(
            read_agencies(&file, &reader(lang)?).map_err(|error| Failure::of_file(&error, lang))?,
        ),
        Admin::Parameters(Parameters::Load { file: None }) => {
            Command::AdoptParameters(parameters::builtin_text().to_owned())
        }
        Admin::Parameters(Parameters::Load { file: Some(file) }) => {
            Command::AdoptParameters(text_of(&file, lang)?)
        }
        Admin::Settlement(Settlement::Open { month }) => Command::OpenSettlement(month),
        Admin::Volume(Volume::Open { volume }) => Command::OpenVolume(volume),
        Admin::Volume(Volume::Seal { volume }) => Command::SealVolume(volume),
        Admin::Unit(Unit::Load(unit)) => Command::LoadUnit(Box::new(unit_of(unit, lang)?)),
        Admin::Unit(Unit::Move { unit, district }) => Command::MoveUnit { unit, district },
        Admin::Unit(Unit::List) => Command::ListUnits,
        Admin::Person(Person::Amend(amend)) => Command::AmendPerson {
            document: document_of(amend.id_kind, amend.id_number.as_deref(), lang)?,
            personal_number: amend.number,
            name: amend.name,
            evidence: amend.evidence,
        },
        Admin::Person(Person::Merge {
            kept,
            gone,
            evidence,
        }) => Command::MergePersons {
            kept,
            gone,
            evidence,
        },
        Admin::Code(Code::Issue(code)) => Command::IssueCode(code_of(code)),
        Admin::Device(Device::List) => Command::ListDevices,
        Admin::Device(Device::Revoke {
            serial,
            reason,
            device,
        }) => Command::RevokeDevice {
            serial,
            whole_device: device,
            reason,
        },
        Admin::Tax(Tax::Status) => Command::TaxStatus,
        Admin::Tax(Tax::Roster { unit }) => Command::FetchTaxRoster(unit),
        Admin::Pension(Pension::Status) => Command::PensionStatus,
        Admin::Pension(Pension::Take { file }) => Command::TakePensionFeed(feed_of(&file, lang)?),
        Admin::Pension(Pension::Fetch { unit }) => Command::FetchPensionFeed(unit),
        Admin::Incident(Incident::List) => Command::ListIncidents,
        Admin::Audit(Audit::List) => Command::ListAudit,
        Admin::Log(Log::Copy { out }) => Command::CopyLog(absolute(&out, lang)?),
        Admin::Status => Command::Status,
    })
}

fn reader(lang: Lang) -> Result<Reader, Failure> {
    Reader::apart().map_err(|error| Failure::of_store("file.unreadable", error, lang))
}

fn unit_of(unit: UnitArgs, lang: Lang) -> Result<LoadUnit, Failure> {
    let roster =
        read_roster(&unit.file, &reader(lang)?).map_err(|error| Failure::of_file(&error, lang))?;
    Ok(LoadUnit {
        name: unit.name,
        district: unit.district,
        credit_code: unit.credit_code,
        unemployment_number: roster.unemployment_number,
        pension_number: unit.pension_number,
        paying_since: unit.paying_since,
        bases_until: unit.bases_until,
        persons: roster.persons.into_iter().map(person_of).collect(),
        ignored_columns: roster.ignored_columns,
    })
}

fn document_of(
    kind: IdKind,
    number: Option<&str>,
    lang: Lang,
) -> Result<Option<IdDocument>, Failure> {
    let document = number.map(|it| IdDocument::parse(kind, it)).transpose();
    document.map_err(|problem| Failure::refused(&problem.message(), lang))
}

fn person_of(person: RosterPerson) -> LoadedPerson {
    let RosterPerson {
        row,
        personal_number,
        document,
        name,
        wage,
        last_paid,
    } = person;
    LoadedPerson {
        row,
        personal_number,
        document,
        name,
        wage,
        last_paid,
    }
}

fn code_of(code: CodeArgs) -> IssueCode {
    let mandate = match code.mandate.agency {
        Some(district) => MandateWanted::Agency(district),
        None if code.mandate.centre => MandateWanted::Centre,
        None => MandateWanted::Employer(code.mandate.employer),
    };
    IssueCode {
        mandate,
        operator_name: code.operator_name,
        valid_hours: code.valid_hours,
    }
}

/// The text of a parameter file, one byte over the bound at most: the parser names the excess.
fn text_of(file: &Path, lang: Lang) -> Result<String, Failure> {
    bounded_text(file, MAX_TEXT, lang)
}

/// The text of a pension feed.
fn feed_of(file: &Path, lang: Lang) -> Result<String, Failure> {
    let text = bounded_text(file, MAX_FEED_MIB << 20, lang)?;
    if text.len() > MAX_FEED_MIB << 20 {
        let message = Message::bare("pension.file_too_large").with("most", MAX_FEED_MIB);
        return Err(Failure::refused(&message, lang));
    }
    Ok(text)
}

/// The text of a file, one byte over the bound at most.
fn bounded_text(file: &Path, most: usize, lang: Lang) -> Result<String, Failure> {
    let failed = |error| Failure::of_store("file.unreadable", error, lang);
    let mut bytes = Vec::new();
    let file = File::open(file).map_err(failed)?;
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    String::from_utf8(bytes).map_err(|_| Failure::refused(&Message::bare("file.not_utf8"), lang))
}

/// The running server has another working directory.
fn absolute(path: &Path, lang: Lang) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::of_store("log.copy_failed", error, lang))
}
