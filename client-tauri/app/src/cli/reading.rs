//! Reading a command line: help and mistakes in the language asked for.

use std::ffi::OsString;

use canbao_core::message::{Lang, Message, render};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};

use super::args::Arguments;

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
    use std::path::Path;

    use canbao_client::request::Request;

    use super::super::args::proof_file_name;
    use super::super::secrets::Secrets;
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
            let mut nobody = Secrets::none(Lang::En);
            command
                .into_request(Path::new("/here"), &mut nobody)
                .unwrap()
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
