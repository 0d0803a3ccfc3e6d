//! What may be typed: global options, commands and their flags.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use canbao_client::request::{Context, Request};
use canbao_core::ids::DeclarationId;
use canbao_core::message::{Lang, Message, render};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

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

/// Options that stand before or after the command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The data directory of the device.
    #[arg(long, global = true, env = "CANBAO_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The unit it is about.
    #[arg(long, global = true, value_name = "UNIT")]
    pub(crate) unit: Option<String>,
    /// The operator who does it.
    #[arg(long, global = true, value_name = "OPERATOR")]
    pub(crate) operator: Option<String>,
    /// One JSON document on the standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of sentences.
    #[arg(long, global = true, value_name = "LANG", default_value = "zh")]
    pub(crate) lang: Lang,
}

impl Options {
    /// On whose behalf the application is asked.
    pub(crate) fn context(&self) -> Context {
        Context {
            unit: self.unit.clone(),
            operator: self.operator.clone(),
            lang: self.lang,
        }
    }
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
    /// Shows where everything stands.
    Status,
    /// Exchanges with the centre.
    Sync {
        /// Stays connected and answers other commands until stopped.
        #[arg(long)]
        watch: bool,
    },
    /// The insured persons of the unit.
    #[command(subcommand)]
    Roster(Roster),
    /// Declarations.
    #[command(subcommand)]
    Declare(Declare),
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
    /// The agency's review.
    #[command(subcommand)]
    Review(Review),
    /// Payment records.
    #[command(subcommand)]
    Records(Records),
    /// The centre's receipts.
    #[command(subcommand)]
    Receipt(Receipt),
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

/// `roster`.
#[derive(Debug, Subcommand)]
pub(crate) enum Roster {
    /// Lists everyone.
    List,
    /// Shows one person.
    Show {
        /// ID number, personal number or person id.
        #[arg(value_name = "PERSON")]
        person: String,
    },
}

/// `declare`.
#[derive(Debug, Subcommand)]
pub(crate) enum Declare {
    /// Declares an interruption.
    Int {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: String,
        /// The last month paid.
        #[arg(long)]
        month: String,
        /// Why the person stops.
        #[arg(long)]
        reason: String,
    },
    /// Declares a wage.
    Wage {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: String,
        /// The first month.
        #[arg(long, value_name = "MONTH")]
        from: String,
        /// The last month.
        #[arg(long, value_name = "MONTH")]
        to: String,
        /// The wage in yuan.
        #[arg(long)]
        wage: String,
    },
    /// Lists the declarations with their status.
    List,
    /// Changes the fields given; the others stay.
    Edit(Edit),
    /// Voids a draft.
    Void {
        /// The declaration.
        #[arg(value_name = "ID")]
        id: DeclarationId,
    },
}

/// `declare edit`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct Edit {
    /// The declaration.
    #[arg(value_name = "ID")]
    id: DeclarationId,
    /// ID number, personal number or person id.
    #[arg(long, group = "change")]
    person: Option<String>,
    /// The last month paid.
    #[arg(long, group = "change")]
    month: Option<String>,
    /// Why the person stops.
    #[arg(long, group = "change")]
    reason: Option<String>,
    /// The first month.
    #[arg(long, value_name = "MONTH", group = "change")]
    from: Option<String>,
    /// The last month.
    #[arg(long, value_name = "MONTH", group = "change")]
    to: Option<String>,
    /// The wage in yuan.
    #[arg(long, group = "change")]
    wage: Option<String>,
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
}

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

/// `records`.
#[derive(Debug, Subcommand)]
pub(crate) enum Records {
    /// Lists payment records and their sum.
    List {
        /// ID number, personal number or person id.
        #[arg(long)]
        person: Option<String>,
        /// The first month paid for.
        #[arg(long, value_name = "MONTH")]
        period_from: Option<String>,
        /// The last month paid for.
        #[arg(long, value_name = "MONTH")]
        period_to: Option<String>,
    },
}

/// `receipt`.
#[derive(Debug, Subcommand)]
pub(crate) enum Receipt {
    /// Lists the centre's receipts.
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
    /// Writes the proof of a payment record to a file.
    Export {
        /// The record, serial/line.
        #[arg(value_name = "ID")]
        id: String,
        /// The file; without it one named after the record, in the working directory.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl Command {
    /// What the application is asked. Paths are made absolute within `here`, since another
    /// process with another working directory may answer.
    pub(crate) fn into_request(self, here: &Path) -> Request {
        match self {
            Self::Enrol { code, server } => Request::Enrol { code, server },
            Self::Status => Request::Status,
            Self::Sync { watch } => Request::Sync { watch },
            Self::Roster(Roster::List) => Request::RosterList,
            Self::Roster(Roster::Show { person }) => Request::RosterShow { person },
            Self::Declare(declare) => declare.into_request(),
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
            Self::Proof(Proof::Show { id }) => Request::ProofShow { id },
            Self::Proof(Proof::Export { id, out }) => {
                let out = out.unwrap_or_else(|| proof_file_name(&id));
                Request::ProofExport {
                    id,
                    out: Some(here.join(out)),
                }
            }
            Self::Verify { path, trust } => Request::Verify {
                path: here.join(path),
                trust: trust.map(|it| here.join(it)),
            },
        }
    }
}

impl Declare {
    fn into_request(self) -> Request {
        match self {
            Self::Int {
                person,
                month,
                reason,
            } => Request::DeclareInterruption {
                person,
                month,
                reason,
            },
            Self::Wage {
                person,
                from,
                to,
                wage,
            } => Request::DeclareWage {
                person,
                from,
                to,
                wage,
            },
            Self::List => Request::DeclareList,
            Self::Edit(edit) => Request::DeclareEdit {
                id: edit.id,
                person: edit.person,
                month: edit.month,
                reason: edit.reason,
                from: edit.from,
                to: edit.to,
                wage: edit.wage,
            },
            Self::Void { id } => Request::DeclareVoid { id },
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
fn proof_file_name(id: &str) -> PathBuf {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    let name: String = id.chars().take(100).map(plain).collect();
    format!("{name}.tlog-proof").into()
}

/// Reads the arguments of the process, the program's name first.
///
/// # Errors
/// Clap's, which is also how a request for help or the version comes back.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    let matches = command(language(arguments)).try_get_matches_from(arguments)?;
    Arguments::from_arg_matches(&matches)
}

/// The grammar, its help in a language.
pub(crate) fn command(lang: Lang) -> clap::Command {
    let codes = render("help.exit_codes", &[], lang);
    localised(Arguments::command(), None, lang)
        .after_help(format!("{}: {}", codes.message, codes.hint))
}

/// The language asked for, found before anything is parsed: an error of the arguments wants it.
pub(crate) fn language(arguments: &[OsString]) -> Lang {
    let words = || arguments.iter().filter_map(|it| it.to_str());
    let joined = words().find_map(|it| it.strip_prefix("--lang="));
    let apart = || words().skip_while(|it| *it != "--lang").nth(1);
    joined
        .or_else(apart)
        .and_then(|it| it.parse().ok())
        .unwrap_or_default()
}

/// Whether JSON was asked for, found before anything is parsed.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .take_while(|it| *it != "--")
        .any(|it| it == "--json")
}

/// What clap found, as one sentence: its own text is English and several lines long.
pub(crate) fn misused(error: &clap::Error) -> Message {
    let named = |kind| error.get(kind).map(ToString::to_string);
    let (code, what) = match error.kind() {
        ErrorKind::InvalidSubcommand => ("usage.no_such_command", ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => ("usage.no_such_option", ContextKind::InvalidArg),
        ErrorKind::MissingRequiredArgument => ("usage.missing", ContextKind::InvalidArg),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if has_value(error) => {
            ("usage.bad_value", ContextKind::InvalidArg)
        }
        ErrorKind::InvalidValue => ("usage.no_value", ContextKind::InvalidArg),
        ErrorKind::ArgumentConflict => ("usage.conflict", ContextKind::InvalidArg),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            return Message::bare("usage.no_command");
        }
        _ => ("usage.not_understood", ContextKind::InvalidArg),
    };
    let value = named(ContextKind::InvalidValue).unwrap_or_default();
    Message::bare(code)
        .with("what", named(what).unwrap_or_default())
        .with("value", value)
}

fn has_value(error: &clap::Error) -> bool {
    matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(it)) if !it.is_empty())
}

/// Puts the sentences of a language in place of clap's: `help.declare_int` for a command,
/// `help.arg_person` for a flag.
fn localised(command: clap::Command, path: Option<&str>, lang: Lang) -> clap::Command {
    let nested: Vec<String> = command
        .get_subcommands()
        .map(|it| it.get_name().to_owned())
        .collect();
    let command = command
        .about(sentence(path.unwrap_or("canbao"), lang))
        .help_template(format!(
            "{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}",
            sentence("usage", lang)
        ))
        .subcommand_help_heading(sentence("heading_commands", lang))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(|argument| {
            let heading = if argument.is_positional() {
                "heading_arguments"
            } else if argument.is_global_set() {
                "heading_everywhere"
            } else {
                "heading_options"
            };
            let help = sentence(&format!("arg_{}", argument.get_id()), lang);
            argument.help(help).help_heading(sentence(heading, lang))
        })
        .arg(flag("help", 'h', ArgAction::Help, lang));
    let command = match path {
        None => command.arg(flag("version", 'V', ArgAction::Version, lang)),
        Some(_) => command,
    };
    nested.into_iter().fold(command, |command, name| {
        let path = match path {
            None => name.clone(),
            Some(path) => format!("{path}_{name}"),
        };
        command.mut_subcommand(name, |it| localised(it, Some(&path), lang))
    })
}

fn flag(name: &'static str, short: char, action: ArgAction, lang: Lang) -> Arg {
    Arg::new(name)
        .short(short)
        .long(name)
        .action(action)
        .help(sentence(&format!("arg_{name}"), lang))
        .help_heading(sentence("heading_everywhere", lang))
}

fn sentence(code: &str, lang: Lang) -> String {
    render(&format!("help.{code}"), &[], lang).message
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!("../../../../docs/command-line.md");

    /// A line as a shell splits it, without quotes.
    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        parse(&words)
    }

    #[test]
    fn the_grammar_is_sound_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            command(lang).debug_assert();
        }
    }

    #[test]
    fn every_example_of_the_documentation_is_understood() {
        let examples: Vec<&str> = DOCUMENTED
            .lines()
            .filter(|it| it.starts_with("canbao ") && !it.contains('['))
            .collect();
        assert!(examples.len() > 25, "{}", examples.len());
        for line in &examples {
            if let Err(error) = parsed(line) {
                panic!("{line}\n{error}");
            }
        }
        for path in paths(&command(Lang::En), "canbao") {
            let shown = examples.iter().any(|it| it.starts_with(&path));
            assert!(shown, "`{path}` has no example");
        }
    }

    /// Every command that does something, as typed.
    fn paths(command: &clap::Command, path: &str) -> Vec<String> {
        if !command.has_subcommands() {
            return vec![path.to_owned()];
        }
        command
            .get_subcommands()
            .flat_map(|it| paths(it, &format!("{path} {}", it.get_name())))
            .collect()
    }

    #[test]
    fn help_has_words_for_everything_in_both_languages() {
        fn check(mut command: clap::Command) {
            let help = command.render_help().to_string();
            assert!(!help.contains("help."), "{help}");
            for nested in command.get_subcommands() {
                check(nested.clone());
            }
        }
        for lang in [Lang::Zh, Lang::En] {
            let mut command = command(lang);
            command.build();
            check(command);
        }
    }

    #[test]
    fn what_is_incomplete_or_contradictory_is_refused() {
        let lines = [
            ("canbao", "usage.no_command", ""),
            ("canbao fly", "usage.no_such_command", "fly"),
            ("canbao tax", "usage.no_command", ""),
            ("canbao status --fast", "usage.no_such_option", "--fast"),
            ("canbao enrol CODE", "usage.missing", "--server <ADDR>"),
            ("canbao submit", "usage.missing", "<ID>"),
            ("canbao submit not-an-id", "usage.bad_value", "not-an-id"),
            (
                "canbao submit --all 01KB3T2Z5W8R5N7V4Q6M9C1D0E",
                "usage.conflict",
                "--all",
            ),
            (
                "canbao declare int --person 1 --month 2022-01",
                "usage.missing",
                "--reason <REASON>",
            ),
            (
                "canbao declare edit 01KB3T2Z5W8R5N7V4Q6M9C1D0E",
                "usage.missing",
                "--wage <WAGE>",
            ),
            ("canbao review approve", "usage.missing", "<ID>"),
            ("canbao review return R1", "usage.missing", "--reason"),
            ("canbao status --lang fr", "usage.bad_value", "fr"),
            ("canbao tax list --from", "usage.no_value", "--from <MONTH>"),
        ];
        for (line, code, names) in lines {
            let message = misused(&parsed(line).expect_err(line));
            assert_eq!(message.code, code, "{line}");
            let text = message.text(Lang::Zh).message;
            assert!(text.contains(names), "{line}: {text}");
            assert!(!text.contains(['{', '\n']), "{line}: {text}");
        }
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in [
            "canbao --data d --unit u --operator o --json --lang en declare list",
            "canbao declare list --data d --unit u --operator o --json --lang=en",
        ] {
            let options = parsed(line).unwrap().options;
            let context = options.context();
            assert_eq!(options.data.as_deref(), Some(Path::new("d")), "{line}");
            assert_eq!(context.unit.as_deref(), Some("u"), "{line}");
            assert_eq!(context.operator.as_deref(), Some("o"), "{line}");
            assert_eq!((options.json, context.lang), (true, Lang::En), "{line}");
        }
    }

    #[test]
    fn language_and_json_are_found_where_the_rest_is_wrong() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(language(&words("canbao fly --lang en")), Lang::En);
        assert_eq!(language(&words("canbao --lang=en fly")), Lang::En);
        assert_eq!(language(&words("canbao fly --lang")), Lang::Zh);
        assert!(wants_json(&words("canbao fly --json")));
        assert!(!wants_json(&words("canbao fly -- --json")));
    }

    #[test]
    fn paths_are_those_of_the_caller() {
        let request = |line: &str| {
            let command = parsed(line).unwrap().command;
            command.into_request(Path::new("/here"))
        };
        let exported = |out: &str| Request::ProofExport {
            id: "S1/2".to_owned(),
            out: Some(out.into()),
        };
        assert_eq!(
            request("canbao proof export S1/2"),
            exported("/here/S1-2.tlog-proof")
        );
        assert_eq!(
            request("canbao proof export S1/2 --out /there/p"),
            exported("/there/p")
        );
        assert_eq!(
            request("canbao verify p --trust t"),
            Request::Verify {
                path: "/here/p".into(),
                trust: Some("/here/t".into()),
            }
        );
    }

    #[test]
    fn no_record_leads_its_proof_out_of_the_working_directory() {
        let name = proof_file_name("../../etc/passwd\0");
        assert_eq!(name, Path::new("------etc-passwd-.tlog-proof"));
    }
}
