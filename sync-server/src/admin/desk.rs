//! Carries the commands out on an open centre.

use std::sync::Arc;

use canbao_core::certificate::Mandate;
use canbao_core::facts::{Agency, Audience, Entry, Fact, Incident, PersonRecord, Sending};
use canbao_core::ids::{DistrictId, UnitId};
use canbao_core::message::{Lang, Message};
use canbao_core::parameters::ParameterSet;
use canbao_core::time::Timestamp;

use super::command::{Call, Command, IssueCode, MandateWanted, Reply};
use super::copy::copy_log;
use super::devices;
use super::failure::{Failure, ProblemView};
use super::outcome::{
    CodeIssued, ContactStatus, FailedTransaction, HeldEvent, IncidentListed, Outcome, PersonHeld,
    Status, TaxRosterFetched, TaxStatus,
};
use super::units;
use crate::baseline::AgencyRow;
use crate::border;
use crate::centre::{Amendment, Centre, CodeOrder, Revocation};
use crate::contact::Contact;
use crate::{pension, tax};

/// The longest name of an operator, in characters.
const MAX_NAME: usize = 50;
/// A code is for soon: at most 30 days.
const MAX_HOURS: u16 = 30 * 24;
/// Transactions and entries are read in pages of so many.
const PAGE: usize = 64;

/// Where the administrator's commands are carried out.
#[derive(Clone)]
pub struct Desk {
    centre: Centre,
    serving: bool,
    lines: Lines,
}

/// A server's lines to other authorities, where it has them.
#[derive(Clone, Default)]
pub struct Lines {
    /// To tax.
    pub tax: Option<Line<tax::Client>>,
    /// To the pension side.
    pub pension: Option<Line<pension::Client>>,
}

/// A line to another authority.
#[derive(Clone)]
pub struct Line<C> {
    /// What the adapter knows of it.
    pub contact: Arc<Contact>,
    /// What asks.
    pub client: C,
}

impl Desk {
    /// The desk of a running server, with the lines that are configured.
    #[must_use]
    pub fn of_server(centre: Centre, lines: Lines) -> Self {
        Self {
            centre,
            serving: true,
            lines,
        }
    }

    /// The desk of a command that opened the store itself.
    #[must_use]
    pub fn of_command(centre: Centre) -> Self {
        Self {
            centre,
            serving: false,
            lines: Lines::default(),
        }
    }

    /// Carries out a command.
    pub async fn answer(&self, call: Call) -> Reply {
        let Call { lang, command } = call;
        match self.carry_out(command, lang).await {
            Ok(outcome) => Reply::Done(Box::new(outcome)),
            Err(failure) => {
                tracing::info!(
                    code = failure.code,
                    "a command of the administrator was refused"
                );
                Reply::Failed(failure)
            }
        }
    }

    async fn carry_out(&self, command: Command, lang: Lang) -> Result<Outcome, Failure> {
        match command {
            Command::LoadAgencies(rows) => {
                let count = rows.len();
                self.append(rows.into_iter().map(listed).collect(), lang)
                    .await?;
                Ok(Outcome::AgenciesLoaded(count))
            }
            Command::AdoptParameters(text) => self.adopt(text, lang).await,
            Command::OpenSettlement(month) => {
                self.append(vec![Fact::SettlementOpened { month }], lang)
                    .await?;
                Ok(Outcome::SettlementOpened(month))
            }
            Command::OpenVolume(volume) => {
                self.append(vec![Fact::VolumeOpened { volume }], lang)
                    .await?;
                Ok(Outcome::VolumeOpened(volume))
            }
            Command::SealVolume(volume) => {
                self.append(vec![Fact::VolumeSealed { volume }], lang)
                    .await?;
                Ok(Outcome::VolumeSealed(volume))
            }
            Command::LoadUnit(load) => units::load(&self.centre, *load, lang).await,
            Command::MoveUnit { unit, district } => {
                units::move_to(&self.centre, &unit, &district, lang).await
            }
            Command::ListUnits => units::list(&self.centre)
                .map(Outcome::Units)
                .map_err(|error| Failure::of_unavailable(&error, lang)),
            Command::AmendPerson {
                personal_number,
                document,
                name,
                evidence,
            } => {
                let amendment = Amendment {
                    personal_number,
                    document,
                    name,
                    evidence,
                };
                let amended = self.centre.amend_person(amendment, border::now()).await;
                amended
                    .map(|it| Outcome::Person(held(&it)))
                    .map_err(|error| Failure::of_engine(&error, lang))
            }
            Command::MergePersons {
                kept,
                gone,
                evidence,
            } => {
                let now = border::now();
                let merged = self.centre.merge_persons(kept, gone, evidence, now).await;
                merged
                    .map(|it| Outcome::Person(held(&it)))
                    .map_err(|error| Failure::of_engine(&error, lang))
            }
            Command::IssueCode(wanted) => self.issue(wanted, lang).await,
            Command::ListDevices => devices::list(&self.centre, lang).map(Outcome::Devices),
            Command::RevokeDevice {
                serial,
                whole_device,
                reason,
            } => {
                let order = Revocation {
                    serial,
                    whole_device,
                    reason,
                };
                let revoked = devices::revoke(&self.centre, order, lang).await?;
                Ok(Outcome::Revoked(revoked))
            }
            Command::TaxStatus => self.tax_status(lang).map(Outcome::Tax),
            Command::FetchTaxRoster(unit) => self.fetch_tax_roster(&unit, lang).await,
            Command::PensionStatus => {
                let line = self.lines.pension.as_ref();
                super::pension::status(&self.centre, line, lang).map(Outcome::Pension)
            }
            Command::TakePensionFeed(text) => super::pension::take(&self.centre, text, lang).await,
            Command::FetchPensionFeed(unit) => {
                let line = self.lines.pension.as_ref();
                super::pension::fetch(&self.centre, line, &unit, lang).await
            }
            Command::ListAudit => super::audit::list(&self.centre, lang).map(Outcome::Audit),
            Command::ListIncidents => self.incidents(lang).map(Outcome::Incidents),
            Command::CopyLog(directory) => {
                let centre = self.centre.clone();
                let copied = tokio::task::spawn_blocking(move || copy_log(&centre, &directory));
                match copied.await {
                    Ok(copied) => copied
                        .map(Outcome::LogCopied)
                        .map_err(|error| error.failure(lang)),
                    Err(error) => Err(Failure::of_store("log.copy_failed", error, lang)),
                }
            }
            Command::Status => self.status(lang).map(|it| Outcome::Status(Box::new(it))),
        }
    }

    async fn append(&self, facts: Vec<Fact>, lang: Lang) -> Result<(), Failure> {
        let appended = self.centre.append_facts(facts, border::now()).await;
        appended
            .map(|_| ())
            .map_err(|error| Failure::of_engine(&error, lang))
    }

    async fn adopt(&self, text: String, lang: Lang) -> Result<Outcome, Failure> {
        let set = ParameterSet::parse(&text).map_err(|problems| {
            let message = Message::bare("baseline.rows").with("count", problems.len());
            let problems = problems
                .iter()
                .map(|it| ProblemView::of_whole(&it.message(), lang))
                .collect();
            Failure {
                problems,
                ..Failure::refused(&message, lang)
            }
        })?;
        self.append(vec![Fact::ParametersAdopted { text }], lang)
            .await?;
        Ok(Outcome::ParametersAdopted(set.id()))
    }

    async fn issue(&self, wanted: IssueCode, lang: Lang) -> Result<Outcome, Failure> {
        let IssueCode {
            mandate,
            operator_name,
            valid_hours,
        } = wanted;
        let refuse = |code, most: usize| {
            Err(Failure::refused(
                &Message::bare(code).with("most", most),
                lang,
            ))
        };
        let operator_name = operator_name.trim().to_owned();
        if !(1..=MAX_NAME).contains(&operator_name.chars().count()) {
            return refuse("admin.operator_name", MAX_NAME);
        }
        if !(1..=MAX_HOURS).contains(&valid_hours) {
            return refuse("admin.valid_hours", MAX_HOURS.into());
        }
        let mandate = match mandate {
            MandateWanted::Centre => Mandate::Centre,
            MandateWanted::Agency(district) => {
                Mandate::Agency(units::district(&self.centre, &district, lang)?.district)
            }
            MandateWanted::Employer(named) => {
                let found = named.iter().map(|it| units::find(&self.centre, it, lang));
                Mandate::Employer(found.collect::<Result<Vec<UnitId>, _>>()?)
            }
        };
        let secret =
            border::random().map_err(|error| Failure::of_store(error.code(), error, lang))?;
        let now = border::now();
        let valid_seconds = u32::from(valid_hours) * 3600;
        let order = CodeOrder {
            mandate,
            operator_name,
            valid_seconds,
            secret,
        };
        let issued = self.centre.issue_code(order, now).await;
        let code = issued.map_err(|error| Failure::of_engine(&error, lang))?;
        let expires_at = text_of(Timestamp(now.0 + i64::from(valid_seconds)));
        Ok(Outcome::CodeIssued(CodeIssued {
            code: code.to_string(),
            expires_at,
        }))
    }

    fn tax_status(&self, lang: Lang) -> Result<TaxStatus, Failure> {
        let silent = |error| Failure::of_unavailable(&error, lang);
        let mut waiting = 0;
        let mut failed = Vec::new();
        let mut after = None;
        loop {
            let page = self
                .centre
                .transactions_to_send(after.as_ref(), PAGE)
                .map_err(silent)?;
            let Some(last) = page.last() else { break };
            after = Some(last.transaction.clone());
            waiting += page.len();
            for outgoing in &page {
                let sending = self.centre.with_unit(outgoing.unit.id, |unit| {
                    unit.transactions
                        .get(&outgoing.transaction)
                        .map(|it| it.sending.clone())
                });
                if let Some(Some(Sending::Failed(reason))) = sending.map_err(silent)? {
                    let transaction = outgoing.transaction.to_string();
                    failed.push(FailedTransaction {
                        transaction,
                        unit: outgoing.unit.id,
                        reason,
                    });
                }
            }
        }
        let events_taken = self.centre.tax_events_taken().map_err(silent)?;
        let contact = self.lines.tax.as_ref().map(|it| contact_of(&it.contact));
        Ok(TaxStatus {
            events_taken,
            waiting,
            failed,
            contact,
        })
    }

    async fn fetch_tax_roster(&self, unit: &str, lang: Lang) -> Result<Outcome, Failure> {
        let unit = units::find(&self.centre, unit, lang)?;
        let Some(line) = &self.lines.tax else {
            return Err(Failure::refused(&Message::bare("tax.no_line"), lang));
        };
        let changes = tax::fetch_roster(&self.centre, &line.client, unit, false)
            .await
            .map_err(|error| Failure::of_roster(&error, lang))?;
        let shown = self.centre.with_unit(unit, |view| {
            view.tax_roster().map(|roster| TaxRosterFetched {
                unit,
                persons: roster.persons.len(),
                changes,
                unit_known: roster.version.is_some(),
                as_of: text_of(roster.as_of),
            })
        });
        let shown = shown.map_err(|error| Failure::of_unavailable(&error, lang))?;
        let fetched = shown
            .flatten()
            .expect("a roster that was taken in is there");
        Ok(Outcome::TaxRoster(fetched))
    }

    fn incidents(&self, lang: Lang) -> Result<Vec<IncidentListed>, Failure> {
        let silent = |error| Failure::of_unavailable(&error, lang);
        let mut incidents = self.incidents_of_unknown_units(lang)?;
        for unit in units::ids(&self.centre).map_err(silent)? {
            let found = self.centre.with_unit(unit, |view| view.incidents.clone());
            let found = found.map_err(silent)?.unwrap_or_default();
            incidents.extend(
                found
                    .into_iter()
                    .map(|(at, it)| incident_of(at, Some(unit), &it, lang)),
            );
        }
        Ok(incidents)
    }

    fn incidents_of_unknown_units(&self, lang: Lang) -> Result<Vec<IncidentListed>, Failure> {
        let mut incidents = Vec::new();
        let mut from = 0;
        loop {
            let page = self
                .centre
                .feed(&[Audience::Centre], from..u64::MAX, 1024, 1 << 20)
                .map_err(|error| Failure::of_unavailable(&error, lang))?;
            for entry in &page.entries {
                if let Ok(entry) = Entry::from_bytes(&entry.bytes)
                    && let Ok(Fact::IncidentRaised { unit, incident }) = entry.fact()
                {
                    incidents.push(incident_of(entry.at, unit, &incident, lang));
                }
            }
            if page.upto >= page.head || page.upto <= from {
                return Ok(incidents);
            }
            from = page.upto;
        }
    }

    fn status(&self, lang: Lang) -> Result<Status, Failure> {
        let silent = |error| Failure::of_unavailable(&error, lang);
        let head = self.centre.head();
        let common = &head.common;
        Ok(Status {
            origin: self.centre.trust().origin.clone(),
            log_size: head.tree.size,
            agencies: common.agencies.len(),
            units: units::ids(&self.centre).map_err(silent)?.len(),
            parameters: common.parameters().map(ParameterSet::id),
            settlement: common.current_settlement(),
            open_volumes: common
                .volumes()
                .filter(|it| common.volume_is_open(*it))
                .collect(),
            serving: self.serving,
            tax: self.tax_status(lang)?,
        })
    }
}

fn held(person: &PersonRecord) -> PersonHeld {
    PersonHeld {
        person: person.id,
        personal_number: person.personal_number.to_string(),
        name: person.name.clone(),
        document_kind: person.document.kind().code().to_owned(),
        masked_id: person.document.masked(),
    }
}

fn listed(row: AgencyRow) -> Fact {
    let AgencyRow {
        district,
        district_name,
        name,
        address,
        phone,
    } = row;
    Fact::AgencyListed(Agency {
        district,
        district_name,
        name,
        address,
        phone,
    })
}

/// A contact, as it is shown.
pub(super) fn contact_of(contact: &Contact) -> ContactStatus {
    let known = contact.known();
    ContactStatus {
        last_contact: known.last_contact.map(text_of),
        trouble: known.trouble.map(|(code, _)| code.to_owned()),
        held: known.held.map(|held| HeldEvent {
            sequence: held.sequence,
            code: held.code.to_owned(),
            detail: held.detail,
        }),
    }
}

fn incident_of(
    at: Timestamp,
    unit: Option<UnitId>,
    incident: &Incident,
    lang: Lang,
) -> IncidentListed {
    let code = incident.kind.code();
    let text = Message::bare(code).text(lang);
    IncidentListed {
        at: text_of(at),
        unit,
        serial: incident.serial.clone(),
        code: code.to_owned(),
        line: line_of(incident),
        message: text.message,
        hint: text.hint,
    }
}

fn line_of(incident: &Incident) -> Option<u32> {
    use canbao_core::facts::IncidentKind::{
        AlreadyRecorded, AlreadyReversed, AmountsUnexplained, LineCount, OtherContent, TotalWrong,
        UnknownLine, UnknownPosting, UnknownReceivable, UnknownTransaction, UnknownUnit,
    };
    match incident.kind {
        UnknownReceivable(line)
        | AlreadyRecorded(line)
        | AmountsUnexplained(line)
        | UnknownLine(line)
        | AlreadyReversed(line) => Some(line),
        OtherContent | UnknownUnit | UnknownTransaction | UnknownPosting | LineCount
        | TotalWrong => None,
    }
}

/// A moment in RFC 3339, with the pool's offset.
pub(super) fn text_of(moment: Timestamp) -> String {
    match serde_json::to_value(moment) {
        Ok(serde_json::Value::String(text)) => text,
        _ => moment.to_string(),
    }
}

/// A district of the table.
pub(super) fn district_named<'a>(
    agencies: impl Iterator<Item = &'a Agency>,
    named: &str,
) -> Option<&'a Agency> {
    let number = named.parse().ok().map(DistrictId);
    agencies
        .into_iter()
        .find(|agency| Some(agency.district) == number || agency.district_name == named)
}
